"""From a finding to a case: which findings open one, which clip it asks for, and when it closes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from cameras import Frame
from edge.evidence.draft import read_draft
from tests.unit.edge.offices import Office, stop, wait_until
from tests.unit.edge.passages import NOON, driven
from tests.unit.edge.test_rules import NO_STOP, standing


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "box")
    office.desk.start()
    yield office
    office.desk.stop()
    office.outbox.close()


def frame(t_s: float, session: int = 1) -> Frame:
    at = NOON + timedelta(seconds=t_s)
    return Frame("cam", session, round(t_s * 10), t_s, at, np.zeros((4, 4, 3), np.uint8))


def test_a_case_closes_when_its_post_roll_is_in(office: Office) -> None:
    finding, _ = office.find(1)
    wait_until(lambda: office.desk.counts.opened == 1)
    office.worker.time_is(frame(finding.proven_s + 4.9))
    assert office.desk.waiting == 1
    office.worker.time_is(frame(finding.proven_s + 5.0))
    wait_until(lambda: office.outbox.depth() == 1)


def test_a_case_closes_when_its_stream_was_cut(office: Office) -> None:
    office.find(1)
    office.worker.time_is(frame(0.0, session=2))
    wait_until(lambda: office.outbox.depth() == 1)


def test_the_same_finding_opens_one_case(office: Office) -> None:
    finding, passage = office.find(1)
    office.worker.found(finding, passage)
    office.worker.finish()
    wait_until(lambda: office.outbox.depth() == 1)
    assert (office.worker.counts.findings, office.worker.counts.repeats, office.desk.counts.sealed) == (2, 1, 1)


def test_a_vehicle_that_stops_where_another_one_stood_is_an_act_of_its_own(office: Office) -> None:
    """The first one has driven on and is still in view."""
    _, first = office.find(1)
    on = [*standing(11), *((400.0 + 70 + 12 * i, 300.0) for i in range(25))]
    moved = driven(NO_STOP, on, number=1)
    office.in_view[first.id] = replace(moved, id=first.id)
    finding, second = stop(2, place=1, first_at=moved.last_at - timedelta(seconds=0.5))
    office.worker.found(finding, replace(second, last_at=second.last_at))
    office.worker.finish()
    wait_until(lambda: office.outbox.depth() == 2)
    assert office.worker.counts.repeats == 0


def test_the_lead_id_is_that_of_the_act_whenever_it_is_found(office: Office, tmp_path: Path) -> None:
    office.find(1)
    office.finish()
    other = Office(tmp_path / "other")
    other.desk.start()
    other.find(1)
    other.finish()
    assert [q.lead_id for q in office.outbox.due(9)] == [q.lead_id for q in other.outbox.due(9)]
    other.outbox.close()


def test_of_a_long_act_the_moments_shown_are_the_last_seconds_before_the_proof(office: Office) -> None:
    passage = driven(NO_STOP, standing(40))
    finding, _ = stop(1)
    long = replace(finding, from_s=0.0, proven_s=39.0)
    office.worker.found(long, passage)
    wait_until(lambda: office.desk.counts.opened == 1)
    (draft,) = office.drafts
    told = read_draft(draft)
    assert told.moments_s == (27.0, 39.0)
    assert (told.act_from_s, told.act_proven_s) == (0.0, 39.0)
