"""When a vehicle's weighing is settled, and what comes too late."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest

from edge.weighing.matching import Match
from edge.weighing.passes import WeighedPass
from edge.weighing.waiting import ScaleQueue
from tests.accuracy.weighing import SCALE, Stretch, traffic
from tests.unit.edge.weighing.scales import at, scale, truck, weighed


def names(found: Iterable[Match]) -> list[tuple[str | None, str | None]]:
    return [(m.weighed.passage_id if m.weighed else None, m.record.pass_id if m.record else None) for m in found]


def test_a_vehicle_is_settled_when_patience_is_over_and_not_before() -> None:
    queue = ScaleQueue(scale(patience_s=8))
    queue.time_is(at(13), "cam")
    queue.passed(truck("a", 10, gone_s=3))
    queue.take([weighed("r", 10.1)])
    queue.time_is(at(20.9), "cam")
    assert names(queue.settle()) == []
    queue.time_is(at(21), "cam")
    assert names(queue.settle()) == [("a", "r")]


@pytest.mark.parametrize(("patience_s", "got"), [(8, None), (12, "r")])
def test_a_record_that_comes_ten_seconds_late_is_taken_by_who_has_the_patience(patience_s: float, got: str) -> None:
    queue = ScaleQueue(scale(patience_s=patience_s))
    queue.time_is(at(13), "cam")
    queue.passed(truck("a", 10, gone_s=0))
    found: list[Match] = []
    for second in range(13, 30):
        queue.time_is(at(second), "cam")
        if second == 20:
            queue.take([weighed("r", 10.1)])
        found += queue.settle()
    assert names(found) == [("a", got)]


def test_a_late_record_is_kept_alone_with_how_far_the_nearest_vehicle_was() -> None:
    queue = ScaleQueue(scale(patience_s=2, vehicle_patience_s=60))
    queue.passed(truck("a", 10))
    queue.time_is(at(20), "cam")
    assert names(queue.settle()) == [("a", None)]
    late = weighed("r", 10.1)
    queue.take([late])
    assert queue.nearest_s(late) == pytest.approx(0.1, abs=0.01)
    queue.time_is(at(100), "cam")
    assert names(queue.settle()) == [(None, "r")]


def test_a_record_waits_for_a_vehicle_that_stays_in_view() -> None:
    queue = ScaleQueue(scale(vehicle_patience_s=120))
    queue.take([weighed("r", 10.1)])
    queue.time_is(at(100), "cam")
    assert names(queue.settle()) == []
    queue.passed(truck("a", 10, gone_s=90))
    queue.time_is(at(108), "cam")
    assert names(queue.settle()) == [("a", "r")]


def test_a_vehicle_waits_for_the_facts_of_those_near_it() -> None:
    """Its neighbour's plate tells whose record it is."""
    queue = ScaleQueue(scale(), recorded=True)
    queue.time_is(at(13), "cam")
    queue.passed(truck("a", 10.0))
    queue.passed(truck("b", 10.4), facts_follow=True)
    queue.take([weighed("rb", 10.1, plate="闽HB0921"), weighed("ra", 10.3)])
    queue.time_is(at(500), "cam")
    assert names(queue.settle()) == []
    queue.known(truck("b", 10.4, plate="闽HB0921"))
    assert names(queue.settle()) == [("a", "ra"), ("b", "rb")]


def test_live_nobody_waits_for_facts_for_ever() -> None:
    queue = ScaleQueue(scale())
    queue.passed(truck("a", 10), facts_follow=True)
    queue.take([weighed("r", 10.1)])
    queue.time_is(at(60), "cam")
    assert names(queue.settle()) == []
    queue.time_is(at(90), "cam")
    assert names(queue.settle()) == [("a", "r")]


TWO_CAMERAS = {"1": {"camera": "one", "line": "x"}, "2": {"camera": "two", "line": "x"}}


def test_recorded_cameras_wait_for_each_other() -> None:
    queue = ScaleQueue(scale(lanes=TWO_CAMERAS), recorded=True)
    queue.passed(truck("a", 10))
    queue.time_is(at(500), "one")
    assert names(queue.settle()) == []
    queue.time_is(at(15), "two")
    assert names(queue.settle()) == []
    queue.time_is(at(21), "two")
    assert names(queue.settle()) == [("a", None)]


def test_a_live_camera_that_is_lost_holds_up_no_other() -> None:
    queue = ScaleQueue(scale(lanes=TWO_CAMERAS))
    queue.passed(truck("a", 10))
    queue.time_is(at(15), "two")
    queue.time_is(at(44), "one")
    assert names(queue.settle()) == []
    queue.time_is(at(46), "one")
    assert names(queue.settle()) == [("a", None)]


def test_where_the_scales_camera_is_lost_time_goes_by_the_others_of_the_box() -> None:
    queue = ScaleQueue(scale())
    queue.time_is(at(13), "cam")
    queue.passed(truck("a", 10))
    queue.take([weighed("r", 10.1), weighed("late", 11)])
    queue.time_is(at(43), "gate")
    assert names(queue.settle()) == []
    queue.time_is(at(44), "gate")
    assert names(queue.settle()) == [("a", "r")]
    queue.time_is(at(200), "gate")
    assert names(queue.settle()) == [(None, "late")]


def test_records_of_a_clock_that_is_days_ahead_do_not_pile_up() -> None:
    queue = ScaleQueue(scale())
    queue.take([weighed("soon", 60), weighed("next week", 7 * 86400)])
    queue.time_is(at(0), "cam")
    assert names(queue.settle()) == [(None, "next week")]
    assert queue.waiting == (0, 1)


def test_the_records_of_a_recorded_day_wait_for_their_hour() -> None:
    queue = ScaleQueue(scale(), recorded=True)
    queue.take([weighed("evening", 6 * 3600)])
    queue.time_is(at(0), "cam")
    assert names(queue.settle()) == []


def test_at_the_end_every_vehicle_is_settled_and_records_stay() -> None:
    queue = ScaleQueue(scale())
    queue.time_is(at(13), "cam")
    queue.passed(truck("a", 10), facts_follow=True)
    queue.take([weighed("r", 10.1), weighed("other", 300)])
    assert names(queue.finish()) == [("a", "r")]
    assert queue.waiting == (0, 1)


def _driven(queue: ScaleQueue, stretch: Stretch, off_s: float) -> Iterator[Match]:
    """Traffic as it comes to a box, the scale's clock ahead by `off_s`."""
    later = timedelta(seconds=off_s)
    records = deque(sorted(stretch.records, key=lambda r: r.weighed_at))
    for seen in sorted(stretch.passes, key=lambda p: p.left_at):
        for camera in ("cam-1", "cam-2"):
            queue.time_is(seen.left_at, camera)
        while records and records[0].weighed_at <= seen.left_at:
            record = records.popleft()
            queue.take([record.model_copy(update={"weighed_at": record.weighed_at + later})])
        yield from queue.settle()
        queue.passed(seen)
    yield from queue.finish()


@pytest.mark.parametrize("off_s", [0.0, 2.0, -3.0])
def test_a_clock_that_is_off_is_found_by_plates_that_both_have_read(off_s: float) -> None:
    """Two seconds are a headway: by time alone each vehicle would get the next one's record."""
    stretch, queue = traffic(3), ScaleQueue(SCALE)
    pairs = [n for n in names(_driven(queue, stretch, off_s)) if None not in n]
    assert queue.clock_off_s == pytest.approx(off_s, abs=0.25)
    assert sum(a == b for a, b in pairs) >= 0.97 * len(pairs)
    assert len(pairs) >= 0.97 * len(stretch.true)


def test_recorded_traffic_gives_the_same_however_late_its_facts_come() -> None:
    stretch = traffic(5)
    found = []
    for lag in (1, 30):
        queue = ScaleQueue(SCALE, recorded=True)
        queue.take(stretch.records)
        late: list[WeighedPass] = []
        told: list[Match] = []
        for seen in sorted(stretch.passes, key=lambda p: p.left_at)[:45]:
            for camera in ("cam-1", "cam-2"):
                queue.time_is(seen.left_at, camera)
            queue.passed(seen, facts_follow=True)
            late.append(seen)
            if len(late) > lag:
                queue.known(late.pop(0))
            told += queue.settle()
        for seen in late:
            queue.known(seen)
        told += [*queue.settle(), *queue.finish()]
        found.append({(*n, round(m.confidence, 9)) for n, m in zip(names(told), told, strict=True) if n[0]})
    assert found[0] == found[1]
