"""What a nearer vehicle hides, and who comes out again."""

from collections.abc import Sequence

import numpy as np
import pytest

from detector.detections import Detections
from detector.hidden import Sight, cut_by_border, cut_by_others, free_rate, likeness
from detector.kalman import BoxFilterBank, Noise
from detector.tracker import Tracker, TrackerSettings
from models.taxonomy import VEHICLES, group_ids
from tests.unit.detector.roads import Car

SIZE = (1280, 720)
GROUPS = group_ids(VEHICLES)
TRUCK = Car((640.0, 400.0), (0.0, 0.0), (360.0, 300.0))
Box = tuple[float, float, float, float]


def uncovered(box: Box, hider: Box) -> Box | None:
    """What is left of a box beside a nearer one; None when it is next to nothing."""
    x0, _, x1, _ = hider
    if box[0] >= x0 and box[2] <= x1:
        return None
    left, right = (box[0], min(box[2], x0)), (max(box[0], x1), box[2])
    low, high = left if left[1] - left[0] > right[1] - right[0] else right
    return None if high - low < 0.3 * (box[2] - box[0]) else (low, box[1], high, box[3])


def numbers(cars: Sequence[Car], hider: Car, seconds: float, settings: TrackerSettings | None = None) -> list[set[int]]:
    """Numbers that the passages of each car end up with, when all of them drive behind `hider`."""
    tracker = Tracker(settings or TrackerSettings(), GROUPS)
    mine: list[set[int]] = [set() for _ in cars]
    for i in range(int(seconds * 10)):
        t_s = i / 10
        whole = [c.box(t_s) if c.from_s <= t_s <= c.to_s else None for c in cars]
        seen = [None if b is None else uncovered(b, hider.box(t_s)) for b in whole]
        which = [k for k, b in enumerate(seen) if b is not None]
        boxes = np.array([hider.box(t_s), *[b for b in seen if b is not None]], np.float32)
        step = tracker.update(
            t_s, Detections(boxes, np.full(len(boxes), 0.8, np.float32), np.full(len(boxes), 3)), SIZE
        )
        for gone in step.absorbed:
            for known in mine:
                known.discard(gone.number)
        for track, row in step.matched:
            if row > 0 and track.confirmed:
                mine[which[row - 1]].add(track.number)
    return mine


def test_a_car_that_a_truck_hides_for_two_seconds_keeps_its_number() -> None:
    # 80 pixels wide at 180 px/s behind 360 pixels of truck.
    (car,) = numbers([Car((100.0, 300.0), (180.0, 0.0))], TRUCK, 6.0)
    assert len(car) == 1


def test_a_truck_that_drives_by_hides_an_oncoming_car() -> None:
    truck = Car((200.0, 400.0), (100.0, 0.0), (360.0, 300.0))
    (car,) = numbers([Car((1200.0, 300.0), (-150.0, 0.0))], truck, 8.0)
    assert len(car) == 1


def test_nobody_is_waited_for_longer_than_was_asked() -> None:
    (car,) = numbers([Car((100.0, 300.0), (180.0, 0.0))], TRUCK, 6.0, TrackerSettings(hidden_after_s=0.0))
    assert len(car) == 2


def test_another_car_that_comes_out_the_other_way_is_another_car() -> None:
    goes_in = Car((100.0, 300.0), (180.0, 0.0), to_s=3.0)
    comes_out = Car((1000.0, 300.0), (-180.0, 0.0), from_s=3.2)
    first, second = numbers([goes_in, comes_out], TRUCK, 7.0)
    assert first
    assert second
    assert not first & second


def test_of_two_that_went_behind_neither_is_joined_to_the_one_that_comes_out() -> None:
    cars = [Car((100.0, 300.0), (180.0, 0.0)), Car((100.0, 370.0), (180.0, 0.0), to_s=3.0)]
    first, second = numbers(cars, TRUCK, 7.0)
    assert len(first) == 2
    assert not first & second


def test_a_car_hides_no_other_car_for_long() -> None:
    parked = Car((640.0, 330.0), (0.0, 0.0), (90.0, 70.0))
    boxes = np.array([[520.0, 280.0, 596.0, 340.0]])
    assert not cut_by_others(boxes, np.array([parked.box(0.0)])).any()
    assert cut_by_others(boxes, np.array([(590.0, 200.0, 900.0, 420.0)])).tolist() == [[False, False, True, False]]


def test_what_stands_farther_away_hides_nothing() -> None:
    near, far = np.array([[400.0, 300.0, 500.0, 500.0]]), np.array([[490.0, 100.0, 900.0, 400.0]])
    assert not cut_by_others(near, far).any()


def test_the_border_of_the_picture_cuts_what_drives_out() -> None:
    boxes = np.array([[1.0, 300.0, 80.0, 360.0], [600.0, 640.0, 700.0, 719.0]])
    assert cut_by_border(boxes, SIZE).tolist() == [[True, False, False, False], [False, False, False, True]]


@pytest.mark.parametrize(("cut", "expected"), [((False, True), 120.0), ((True, False), 0.0), ((False, False), 60.0)])
def test_the_way_of_a_half_hidden_vehicle_is_that_of_its_free_edge(cut: tuple[bool, bool], expected: float) -> None:
    bank = BoxFilterBank(Noise())
    bank.add(np.array([[100.0, 300.0, 200.0, 380.0]], np.float32))
    for i in range(1, 6):
        bank.predict(0.1)
        # The right edge stands at the hider, the left edge comes nearer.
        bank.correct(np.array([0]), np.array([[100.0 + 12.0 * i, 300.0, 200.0, 380.0]], np.float32))
    edges = np.array([cut[0], False, cut[1], False])
    assert free_rate(bank.mean[0], edges, None)[0] == pytest.approx(expected, abs=12.0)


def seen(t_s: float, x: float, pace: float, size: float = 80.0) -> Sight:
    return Sight(t_s, np.array([x, 300.0]), np.array([pace * size, 0.0]), size, behind=True)


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (seen(2.0, 400.0, 2.0), True),
        (seen(2.0, 400.0, -2.0), False),
        (seen(2.0, -400.0, -2.0), False),
        (seen(2.0, 100.0, 0.0), False),
        (seen(2.0, 2000.0, 2.0), False),
        (seen(2.0, 400.0, 2.0, size=300.0), False),
    ],
    ids=["as expected", "comes back", "other way", "stands there", "much too far", "much too large"],
)
def test_who_comes_out_must_fit_where_and_how_the_other_went_in(found: Sight, same: bool) -> None:
    assert (likeness(seen(0.0, 100.0, 2.0), found) > 0) is same


def test_a_standing_vehicle_behind_passing_ones_is_known_by_its_place() -> None:
    assert likeness(seen(0.0, 100.0, 0.0), seen(2.5, 105.0, 0.05)) > 0
    assert likeness(seen(0.0, 100.0, 0.0), seen(2.5, 400.0, 0.0)) == 0
