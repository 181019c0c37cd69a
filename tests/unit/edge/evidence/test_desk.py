"""The evidence desk: from a finding to a sealed lead in the outbox, whatever happens in between."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from edge.acts import last_box
from edge.evidence.draft import read_draft
from edge.evidence.verify import verify_tree
from edge.outbox import ActPlace
from leads import Lead
from tests.unit.cameras.films import film, packets_of
from tests.unit.edge.offices import Office, wait_until
from tests.unit.edge.passages import NOON


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "box")
    yield office
    office.desk.stop()
    office.outbox.close()


def leads_in(office: Office) -> list[Lead]:
    return [Lead.model_validate_json(q.payload) for q in office.outbox.due(100)]


def all_whole(office: Office) -> int:
    """How many folders there are, all of them whole and in one chain."""
    verdicts, chain = verify_tree(office.evidence, office.public)
    assert chain == []
    assert all(v.problems == () for v in verdicts)
    return len(verdicts)


def test_a_finding_is_on_disk_at_once_and_in_the_outbox_at_the_end(office: Office) -> None:
    office.desk.start()
    finding, passage = office.find(1)
    wait_until(lambda: office.desk.counts.opened == 1)
    (draft,) = office.drafts
    assert read_draft(draft).act.rule_id == "TR-02"
    assert {p.name for p in draft.iterdir()} == {"draft.json", "track.json"}
    assert office.outbox.depth() == 0
    office.finish()
    (lead,) = leads_in(office)
    assert lead.lead_id == draft.name
    assert lead.occurred_at == finding.occurred_at
    assert lead.passage.id == passage.id
    assert (office.drafts, all_whole(office), office.rung, office.desk.waiting) == ([], 1, 1, 0)


def test_leads_are_chained_in_the_order_they_are_sealed(office: Office) -> None:
    office.desk.start()
    for number in (1, 2, 3):
        office.find(number)
    office.finish()
    assert [lead.evidence.chain_seq for lead in leads_in(office)] == [1, 2, 3]
    assert all_whole(office) == 3


def test_the_lead_tells_of_the_whole_passage_not_only_of_its_part_before_the_finding(office: Office) -> None:
    office.desk.start()
    _, passage = office.find(1)
    end = passage.last_at + timedelta(seconds=30)
    office.worker.passed(replace(passage, last_at=end, over=True))
    office.finish()
    (lead,) = leads_in(office)
    assert lead.passage.last_seen == end
    (known,) = office.outbox.acts("TR-02", "cam", NOON)
    assert (known.seen_at, known.box) == (end, last_box(passage)), "for knowing the act again after a restart"


def test_a_lost_camera_does_not_hold_back_its_leads(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.desk.start()
    office.find(1)
    wait_until(lambda: office.desk.counts.opened == 1)
    office.now = 14.9
    office.find(2)
    wait_until(lambda: office.desk.counts.opened == 2)
    assert office.outbox.depth() == 0
    office.now = 15.1
    wait_until(lambda: office.outbox.depth() == 1)
    assert "the post-roll did not come in time" in caplog.text
    office.finish()
    assert (office.outbox.depth(), all_whole(office)) == (2, 2)


def test_a_replayed_file_has_no_deadline(tmp_path: Path) -> None:
    office = Office(tmp_path / "box", mode="replay")
    office.desk.start()
    office.find(1)
    office.now = 1e9
    office.find(2)
    wait_until(lambda: office.desk.counts.opened == 2)
    assert office.outbox.depth() == 0
    office.desk.finish()
    assert office.outbox.depth() == 2
    office.outbox.close()


def test_an_act_that_is_seen_again_after_a_restart_gets_no_second_lead(office: Office) -> None:
    office.desk.start()
    office.find(1)
    office.finish()
    office.restart()
    office.desk.start()
    office.find(1)
    office.finish()
    assert office.worker.counts.repeats + office.desk.counts.repeated == 1
    assert office.desk.counts.opened == 0
    assert (office.drafts, office.outbox.depth(), all_whole(office)) == ([], 1, 1)


def test_what_a_power_cut_left_is_sealed_as_it_was(office: Office, tmp_path: Path) -> None:
    office.desk.start()
    office.find(1)
    office.find(2)
    wait_until(lambda: office.desk.counts.opened == 2)
    after = Office(tmp_path / "after", disk=office.evidence)
    drafts = [p.name for p in after.drafts]
    assert after.desk.seal_left_over("another-camera") == 0
    assert after.desk.seal_left_over("cam") == 2
    assert [lead.lead_id for lead in leads_in(after)] == drafts
    assert (after.drafts, all_whole(after)) == ([], 2)
    assert after.desk.seal_left_over() == 0
    after.outbox.close()
    office.finish()


def test_a_draft_whose_lead_is_known_is_dropped(office: Office) -> None:
    office.desk.start()
    office.find(1)
    wait_until(lambda: office.desk.counts.opened == 1)
    (draft,) = office.drafts
    copy = shutil.copytree(draft, office.evidence.parent / "copy")
    office.finish()
    shutil.copytree(copy, draft)
    office.restart()
    office.desk.seal_left_over()
    assert (office.drafts, office.outbox.depth(), all_whole(office)) == ([], 1, 1)
    assert office.desk.counts.repeated == 1


@pytest.mark.parametrize("text", [None, "", '{"lead_id": '])
def test_a_draft_that_is_not_whole_is_set_aside_and_never_deleted(
    office: Office, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    pending = office.evidence / "pending"
    for _ in range(2):
        broken = pending / "01KJKB3TSW8YV6M1S0R70S6C1T"
        broken.mkdir()
        (broken / "track.json").write_text("kept")
        if text is not None:
            (broken / "draft.json").write_text(text)
        assert office.desk.seal_left_over() == 0
    assert "set aside" in caplog.text
    aside = list(pending.glob(".damaged-*-01KJKB3TSW8YV6M1S0R70S6C1T"))
    assert len(aside) == 2
    assert [(p / "track.json").read_text() for p in aside] == ["kept", "kept"]


def test_a_full_disk_makes_leads_wait_and_loses_none(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.desk.start()
    office.sealer.full.set()
    office.find(1)
    office.worker.finish()
    wait_until(lambda: office.desk.short_of_space)
    office.find(2)
    office.worker.finish()
    assert office.outbox.depth() == 0
    assert office.desk.counts.waits_for_space == 1
    assert caplog.text.count("the disk is full") == 1
    office.sealer.full.clear()
    wait_until(lambda: office.outbox.depth() == 2)
    office.desk.finish()
    assert not office.desk.short_of_space
    assert all_whole(office) == 2


def test_at_the_end_a_full_disk_is_waited_for_only_so_long_and_the_drafts_stay(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.desk.LAST_WAIT_S = -1.0
    office.desk.start()
    office.find(1)
    office.find(2)
    wait_until(lambda: office.desk.counts.opened == 2)
    office.sealer.full.set()
    office.finish()
    assert "still full" in caplog.text
    assert (len(office.drafts), office.outbox.depth()) == (2, 0)
    office.sealer.full.clear()
    office.restart()
    assert office.desk.seal_left_over("cam") == 2
    assert all_whole(office) == 2


def test_a_full_outbox_at_the_end_leaves_no_two_links_in_one_place(office: Office) -> None:
    office.desk.LAST_WAIT_S = -1.0
    office.desk.start()
    office.find(1)
    office.find(2)
    wait_until(lambda: office.desk.counts.opened == 2)
    office.outbox.full.set()
    office.finish()
    assert (all_whole(office), len(office.drafts)) == (1, 1)
    assert (office.desk.counts.sealed, office.rung, office.outbox.depth()) == (0, 0, 0)


def test_without_space_a_lead_goes_on_without_its_clip(office: Office) -> None:
    office.free = 0
    office.desk.start()
    office.find(1)
    office.finish()
    (lead,) = leads_in(office)
    assert "clip: no space on the disk" in lead.evidence.missing
    assert office.desk.counts.clips_without_space == 1
    assert office.quota.full


def test_a_clip_that_is_there_stays_when_space_runs_out(office: Office, tmp_path: Path) -> None:
    header, packets = packets_of(film(tmp_path / "road.mp4", frames=120))
    office.ring.begin(1, header)
    for packet in packets:
        office.ring.add(packet)
    office.desk.start()
    office.find(1)
    wait_until(lambda: office.desk.counts.opened == 1)
    office.free = 0
    office.finish()
    (lead,) = leads_in(office)
    assert {"clip", "panorama"} <= {file.kind for file in lead.evidence.files}
    assert any(missing.startswith("clip in part: ") for missing in lead.evidence.missing)
    assert office.desk.counts.clips_without_space == 0


def find_and_close(office: Office, number: int) -> None:
    office.find(number)
    office.worker.finish()


def raises_soon(call: Callable[[], object]) -> bool:
    try:
        call()
    except sqlite3.ProgrammingError:
        return True
    return False


@pytest.mark.parametrize("call", ["open", "close", "seen_again", "finish"])
def test_a_fault_of_the_desk_comes_out_at_the_next_call(office: Office, call: str) -> None:
    office.desk.start()
    office.find(1)
    wait_until(lambda: office.desk.counts.opened == 1)
    office.outbox.close()
    numbers = count(2)
    calls: dict[str, Callable[[], object]] = {
        "open": lambda: office.find(next(numbers)),
        "close": lambda: find_and_close(office, next(numbers)),
        "seen_again": lambda: office.desk.seen_again("x", NOON, (0.0, 0.0, 1.0, 1.0)),
        "finish": office.finish,
    }
    wait_until(lambda: raises_soon(calls[call]))


def test_when_too_many_cases_wait_the_next_one_waits_too(tmp_path: Path) -> None:
    office = Office(tmp_path / "box", depth=2)
    numbers: list[int] = []

    def find_many() -> None:
        for number in range(1, 8):
            office.find(number)
            numbers.append(number)

    finder = threading.Thread(target=find_many)
    finder.start()
    wait_until(lambda: len(numbers) == 2)
    finder.join(0.1)
    assert len(numbers) == 2, "the third waits for room"
    assert office.desk.waiting == 2
    office.desk.start()
    finder.join()
    office.finish()
    assert all_whole(office) == 7
    office.outbox.close()


def test_the_place_of_an_act_survives_with_the_draft(office: Office) -> None:
    office.desk.start()
    _, passage = office.find(1)
    wait_until(lambda: office.desk.counts.opened == 1)
    (draft,) = office.drafts
    assert read_draft(draft).place == ActPlace("TR-02", "cam", "bend", last_box(passage), passage.last_at)
    office.desk.finish()


def test_the_log_names_a_full_disk_once_per_burst(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    office.desk.start()
    for number in (1, 2):
        office.sealer.full.set()
        office.find(number)
        office.worker.finish()
        wait_until(lambda: office.desk.short_of_space)
        office.sealer.full.clear()
        wait_until(lambda: not office.desk.short_of_space)
    office.desk.finish()
    assert caplog.text.count("the disk is full") == office.desk.counts.waits_for_space == 2
