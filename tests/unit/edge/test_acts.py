"""One act, one lead (一事不再罚): when a vehicle that comes back as another track is known again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from detector.passage import Passage
from edge.acts import ActBook, last_box
from edge.outbox import ActPlace, Outbox
from edge.rules import Finding
from tests.unit.edge.passages import NOON, driven
from tests.unit.edge.test_rules import CLOSED, NO_STOP, judged, standing
from tests.unit.leads.samples import sample_lead

PLANS = {"TR-01": CLOSED, "TR-02": NO_STOP}


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def act(rule: str, way: list[tuple[float, float]], at: datetime, number: int) -> tuple[Finding, Passage]:
    """A passage along a way (pixels of 1000×500, ten a second), and what it breaks."""
    passage = driven(PLANS[rule], way, first_at=at, number=number)
    (finding,) = judged(passage, PLANS[rule])
    assert finding.rule.id == rule
    return finding, passage


def book_with(finding: Finding, passage: Passage) -> ActBook:
    """A book that knows one act, whose track has ended."""
    book = ActBook(lambda *_: [])
    assert book.same_act(finding, passage) is None
    book.begin("lead-1", finding, passage)
    assert book.seen(passage) == [("lead-1", passage.last_at, last_box(passage))]
    return book


def test_a_passage_breaks_a_rule_once() -> None:
    first = act("TR-02", standing(12), NOON, 1)
    assert book_with(*first).same_act(*first) == "lead-1"


@pytest.mark.parametrize(("after_s", "same"), [(15, True), (1700, True), (1900, False)])
def test_a_standing_vehicle_is_known_again_for_as_long_as_the_rule_says(after_s: float, same: bool) -> None:
    book = book_with(*act("TR-02", standing(12), NOON, 1))
    again = act("TR-02", standing(12), later(11.9 + after_s), 2)
    assert (book.same_act(*again) == "lead-1") is same


def test_a_track_that_breaks_three_times_is_still_one_act() -> None:
    book = book_with(*act("TR-02", standing(12), NOON, 1))
    for number, after_s in enumerate((1000, 2000, 3000), start=2):
        finding, passage = act("TR-02", standing(12), later(after_s), number)
        assert book.same_act(finding, passage) == "lead-1"
        assert book.seen(passage) == [("lead-1", passage.last_at, last_box(passage))]


@pytest.mark.parametrize(
    ("gap_s", "shift", "same"),
    [
        (2.0, 0.0, True),
        (2.0, 30.0, True),
        (2.0, -120.0, False),
        (4.0, 0.0, False),
    ],
    ids=["where it should be", "a little further", "another one behind", "too late"],
)
def test_a_moving_vehicle_is_looked_for_where_it_should_be_by_then(gap_s: float, shift: float, same: bool) -> None:
    """120 pixels a second, hidden for a while in the middle of the closed section."""
    first = act("TR-01", [(float(x), 300.0) for x in range(50, 200, 12)], NOON, 1)
    x = first[1].boxes[-1][[0, 2]].mean() + 120 * gap_s + shift
    way = [(float(x + 12 * i), 300.0) for i in range(12)]
    again = act("TR-01", way, first[1].last_at + timedelta(seconds=gap_s), 2)
    assert (book_with(*first).same_act(*again) == "lead-1") is same


def test_a_follower_that_appears_where_the_first_one_was_lost_is_another_act() -> None:
    way = [(float(x), 300.0) for x in range(50, 250, 12)]
    first = act("TR-01", way, NOON, 1)
    x, y = way[-1]
    follower = act("TR-01", [(x + 12 * i, y) for i in range(12)], first[1].last_at + timedelta(seconds=2), 2)
    assert book_with(*first).same_act(*follower) is None


def test_a_vehicle_that_is_still_in_view_is_not_another_one() -> None:
    first = act("TR-02", standing(30), NOON, 1)
    beside = act("TR-02", standing(12), later(10), 2)
    assert book_with(*first).same_act(*beside) is None


def test_another_zone_camera_or_rule_is_another_act() -> None:
    first = act("TR-02", standing(12), NOON, 1)
    finding, passage = act("TR-02", standing(12), later(20), 2)
    book = book_with(*first)
    assert book.same_act(replace(finding, zone="elsewhere"), passage) is None
    assert book.same_act(finding, replace(passage, camera="other")) is None
    rule = finding.rule.model_copy(update={"id": "TR-09"})
    assert book.same_act(replace(finding, rule=rule), passage) is None
    assert book.same_act(finding, passage) == "lead-1"


def test_after_a_restart_the_outbox_knows_the_act(tmp_path: Path) -> None:
    _, passage = act("TR-02", standing(12), NOON, 1)
    lead = sample_lead(1)
    place = ActPlace("TR-02", "cam", "bend", last_box(passage), passage.last_at)
    with Outbox(tmp_path / "outbox.db") as outbox:
        outbox.add(lead.lead_id, lead.one_act_key, b"{}", lead.occurred_at, act=place)
        book = ActBook(outbox.acts)
        again = act("TR-02", standing(12), later(100), 1)
        assert book.same_act(*again) == lead.lead_id
        elsewhere = act("TR-02", [(600.0, 300.0)] * 120, later(100), 2)
        assert book.same_act(*elsewhere) is None
        ((lead_id, seen_at, box),) = book.seen(again[1])
        outbox.act_seen_again(lead_id, seen_at, box)
        much_later = act("TR-02", standing(12), again[1].last_at + timedelta(seconds=1790), 5)
        assert ActBook(outbox.acts).same_act(*much_later) == lead.lead_id


def test_thousands_of_acts_do_not_stay_in_memory() -> None:
    finding, passage = act("TR-02", standing(12), NOON, 1)
    book = ActBook(lambda *_: [])
    for number in range(1100):
        book.begin(f"lead-{number}", finding, replace(passage, id=f"p-{number}"))
    fresh = replace(passage, id="fresh", first_at=later(90_000), last_at=later(90_012))
    book.begin("fresh", finding, fresh)
    book.seen(fresh)
    assert book.same_act(finding, fresh) == "fresh"
    assert book.same_act(finding, replace(passage, id="p-7")) is None


@pytest.mark.parametrize(("down", "same"), [(0.0, True), (40.0, False)])
def test_two_tracks_of_one_truck_at_one_time_are_one_act(down: float, same: bool) -> None:
    way = [(500.0, 300.0 + 6 * i) for i in range(30)]
    finding, passage = act("TR-01", way, NOON, 1)
    book = ActBook(lambda *_: [])
    book.begin("lead-1", finding, passage)
    other = driven(CLOSED, [(x + 8, y + down) for x, y in way[5:]], first_at=later(0.5), number=2, box=44)
    (again,) = judged(other, CLOSED)
    assert (book.same_act(again, other) == "lead-1") is same
