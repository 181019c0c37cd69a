"""Inquiries: a pass waits for what is still to be known of it, and is judged once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from cameras import ClipReservation
from detector.facts import Fact, Facts, PlateRead, PlateSought, Proof, Sides
from detector.passage import Passage
from detector.plan import PlanSettings
from detector.shots import Shot
from edge.inquiry import Inquiries, Post
from edge.lookups import Found, LookupDesk, Question
from edge.registry.entries import Lookup, VehicleEntry
from edge.rules import Finding, Known, Place, load_book
from edge.rules.known import Identity, WatchHit, Weighing
from edge.weighing.desk import Settled, WeighDesk
from leads import Plate, WeighRecord
from leads import Scale as ScaleOfRecord
from tests.unit.edge.passages import NOON, driven
from tests.unit.edge.test_people import COMES, VAN, person
from tests.unit.edge.test_rules import SHANGHAI
from tests.unit.edge.watchlists import entry

BOOK = load_book(Path(__file__).resolve().parents[3] / "configs/rules")
WAY = [(float(x), 300.0) for x in range(100, 900, 20)]
PLATE = Fact(PlateRead("闽H31782", "large_car", "yellow", "front"), 0.95, 3, None)
NO_BOXES = np.empty((0, 4), np.float32)
READ = Facts(looked_at=(0.0,), plates=(PLATE,))


class Scale:
    """A scale whose own camera has read every plate."""

    def passed(self, passage: Passage, *, facts_follow: bool) -> int:
        self.passage_id = passage.id
        return 1

    def known(self, passage: Passage) -> None:
        pass

    def finish(self) -> list[Settled]:
        record = WeighRecord(
            pass_id="1",
            site_id="test",
            weighed_at=NOON,
            scale=ScaleOfRecord(device_id="scale-1"),
            lane="1",
            total_kg=1.0,
            plate_front=Plate(text="闽H31782", type="01", score=0.99),
        )
        return [Settled(self.passage_id, "scale-1", Weighing(record, 0.99, 1.0), "")]


class TwoScales(Scale):
    """The first of two scales that a vehicle drove over has no record of it."""

    def passed(self, passage: Passage, *, facts_follow: bool) -> int:
        super().passed(passage, facts_follow=facts_follow)
        return 2

    def tick(self, now: datetime, camera: str) -> list[Settled]:
        return [Settled(self.passage_id, "scale-2", None, "no record of scale scale-2 fits it")]


class Watch:
    """One vehicle is under watch."""

    def hits(self, identity: Identity, at: datetime) -> tuple[WatchHit, ...]:
        return (WatchHit(entry("闽H31782", "01"), exact=True),) if identity.plate == "闽H31782" else ()


class Rig:
    """Inquiries whose register a test fills."""

    def __init__(self, scales: Scale | None = None, watched: Watch | None = None) -> None:
        self.asked: list[Question] = []
        self.entry = VehicleEntry("闽H31782", "01", use_nature="F", state="E")
        self.fault: Exception | None = None
        self.found: list[Finding] = []
        self.known: list[Known] = []
        self.lookups = LookupDesk(self._find)
        self.lookups.start()
        posts = {"cam": Post(Place("test", "cam"), {})}
        desk = cast(WeighDesk | None, scales)
        self.inquiries = Inquiries(posts, BOOK, SHANGHAI, self.lookups, self._found, self._known, desk, watched)

    def _find(self, question: Question) -> Found:
        self.asked.append(question)
        if self.fault:
            raise self.fault
        return Found(question.passage_id, Lookup("found", self.entry, "test"))

    def _found(self, finding: Finding, known: Known, passage: Passage, clip: ClipReservation | None) -> None:
        self.found.append(finding)

    def _known(self, known: Known, passage: Passage) -> None:
        self.known.append(known)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.lookups.stop()


def truck(facts: Facts = READ, number: int = 1) -> Passage:
    return replace(driven(PlanSettings(), WAY, number=number), facts=facts)


def test_a_pass_is_judged_when_its_facts_and_its_register_are_known(rig: Rig) -> None:
    bare = truck(Facts())
    rig.inquiries.passed(bare, None, looking=True)
    assert rig.asked == []
    rig.inquiries.looked(replace(bare, facts=READ))
    rig.inquiries.finish()
    (question,) = rig.asked
    assert question.identity is not None
    assert question.identity.plate == "闽H31782"
    (known,) = rig.known
    assert known.entry == rig.entry
    assert rig.inquiries.open == 0


def test_a_deregistered_vehicle_is_found_by_its_register(rig: Rig) -> None:
    rig.inquiries.passed(truck(), None, looking=False)
    rig.inquiries.finish()
    assert "PL-02" in {f.rule.id for f in rig.found}


def test_one_whose_register_is_in_order_is_not(rig: Rig) -> None:
    rig.entry = replace(rig.entry, state="A")
    rig.inquiries.passed(truck(), None, looking=False)
    rig.inquiries.finish()
    assert rig.found == []


def test_what_was_looked_for_and_not_found_is_known(rig: Rig) -> None:
    shot = Shot(0.0, NOON, (0.0, 0.0, 9.0, 9.0), 1.0, np.zeros((9, 9, 3), np.uint8), (0, 0), NO_BOXES, cut=False)
    sought = PlateSought("rear", shots=3, found=0, proof=Proof(shot))
    rig.inquiries.passed(truck(replace(READ, plate_sought=(sought,), sides=Sides(rear=3, left=2))), None, looking=False)
    rig.inquiries.finish()
    (known,) = rig.known
    assert known.plate_sought == {"rear": (3, 0)}
    assert known.sides_seen == {"front": 0, "rear": 3, "left": 2, "right": 0}


def test_the_second_look_may_fail_to_come_and_the_pass_is_judged_all_the_same(rig: Rig) -> None:
    rig.inquiries.passed(truck(Facts()), None, looking=True)
    rig.inquiries.finish()
    assert [k.identity for k in rig.known] == [None]


@pytest.mark.parametrize("facts", [READ, Facts()])
def test_a_vehicle_under_watch_is_found_once_whoever_read_its_plate(facts: Facts) -> None:
    rig = Rig(Scale(), Watch())
    rig.entry = replace(rig.entry, state="A")
    try:
        rig.inquiries.passed(truck(facts), None, looking=False)
        assert [f.rule.id for f in rig.found] == (["WL-01"] if facts is READ else [])
        rig.inquiries.finish()
    finally:
        rig.lookups.stop()
    assert [f.rule.id for f in rig.found] == ["WL-01"]


def test_a_vehicle_over_two_scales_waits_for_both() -> None:
    rig = Rig(TwoScales())
    try:
        rig.inquiries.passed(truck(), None, looking=False)
        rig.inquiries.time_is(NOON, "cam")
        assert rig.asked == []
        rig.inquiries.finish()
    finally:
        rig.lookups.stop()
    (known,) = rig.known
    assert known.weighing is not None


def test_people_are_remembered_by_their_own_cameras_clock(rig: Rig) -> None:
    rig.inquiries.seen_person(person(COMES, first_s=2.0))
    later = person(COMES, camera="of another year")
    rig.inquiries.seen_person(replace(later, last_at=later.last_at + timedelta(days=365)))
    rig.inquiries.passed(VAN, None, looking=False)
    rig.inquiries.finish()
    assert [b.into for b in rig.known[0].boardings] == [True]


def test_each_pass_is_judged_once_and_answers_of_unknown_ones_are_let_go(rig: Rig) -> None:
    rig.inquiries.passed(truck(), None, looking=False)
    rig.inquiries.finish()
    rig.inquiries.looked(truck())
    rig.lookups.ask(Question("nobody", None, None, datetime(2026, 1, 1, tzinfo=UTC), waybill=False))
    rig.inquiries.finish()
    assert len(rig.known) == 1


def test_a_fault_of_the_look_ups_comes_out_in_the_main_thread(rig: Rig) -> None:
    rig.fault = ZeroDivisionError("broken")
    rig.inquiries.passed(truck(), None, looking=False)
    with pytest.raises(ZeroDivisionError):
        rig.inquiries.finish()


def test_passes_are_answered_in_the_order_they_came(rig: Rig) -> None:
    for number in range(20):
        rig.inquiries.passed(truck(number=number), None, looking=False)
    rig.inquiries.finish()
    assert [q.passage_id for q in rig.asked] == [truck(number=n).id for n in range(20)]
    assert len(rig.known) == 20
