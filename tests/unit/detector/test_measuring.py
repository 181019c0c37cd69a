"""Speed and size come with an interval that holds the truth, or are unknown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.estimates import Estimate
from detector.measuring import measure
from tests.unit.detector.drives import calibration, passage, passing

KMH = 3.6


def even(
    speed_kmh: float, seconds: float = 3.0, start_m: float = -38.0
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return start_m + speed_kmh / KMH * np.arange(0, seconds, 0.1)


@pytest.mark.parametrize(("word", "form"), [("car", 0), ("truck", 1), ("bus", 0), ("motorcycle", 0)])
def test_an_even_speed_is_read_within_three_per_cent(word: str, form: int) -> None:
    found = measure(passing(even(40.0), word=word, form=form), calibration())
    assert found is not None
    assert found.speed_kmh is not None
    assert found.speed_kmh.value == pytest.approx(40.0, rel=0.03)
    assert found.speed_kmh.low < 40.0 < found.speed_kmh.high


def test_a_longer_truck_is_read_longer() -> None:
    lengths = []
    for length in (8.5, 11.5):
        drive = passing(even(30.0, 5.0), word="truck", form=1, size_m=(length, 2.5, 3.4))
        found = measure(drive, calibration())
        assert found is not None
        assert found.length_m is not None
        assert found.length_m.low < length < found.length_m.high
        lengths.append(found.length_m.value)
    assert lengths[1] > lengths[0] + 1.5


def test_the_interval_of_the_speed_holds_the_truth() -> None:
    road, held = calibration(), []
    for seed in range(4):
        found = measure(passing(even(50.0, 2.0), noise=seed), road)
        assert found is not None
        assert found.speed_kmh is not None
        held.append(found.speed_kmh.low < 50.0 < found.speed_kmh.high)
    assert all(held)


def test_boxes_of_another_vehicle_in_between_hardly_matter() -> None:
    drive = passing(even(40.0), word="car", noise=1)
    boxes = drive.boxes.copy()
    boxes[8:11] += np.array([-40, -25, 45, 20], np.float32)
    found = measure(replace(drive, boxes=boxes), calibration())
    assert found is not None
    assert found.speed_kmh is not None
    assert found.speed_kmh.value == pytest.approx(40.0, rel=0.05)


def test_what_cannot_be_told_is_unknown() -> None:
    road, drive = calibration(), passing(even(40.0))
    assert measure(drive, None) is None
    assert measure(replace(drive, class_name="person"), road) is None
    assert measure(replace(drive, size=(640, 480)), road) is None
    assert measure(passing(even(40.0, 0.4)), road) is None
    assert measure(passing(np.full(30, -15.0)), road) is None
    unseen = np.zeros(len(drive.times_s), bool)
    assert measure(replace(drive, seen=unseen), road) is None


def test_a_vehicle_that_stops_hard_has_no_speed() -> None:
    after = np.arange(0, 3, 0.1)
    stopping = -30.0 + np.where(after < 1.0, 12.0 * after, 12.0)
    assert measure(passing(stopping), calibration()) is None


def test_a_size_that_only_the_class_suggests_is_unknown() -> None:
    """Straight from before and far away nothing tells the length of a car but that it is a car."""
    found = measure(passing(even(40.0, 1.2, -45.0)), calibration())
    assert found is None or found.length_m is None


def test_riders_and_loads_of_motorcycles_have_no_size() -> None:
    found = measure(passing(even(40.0), word="motorcycle"), calibration())
    assert found is not None
    assert found.height_m is found.length_m is found.width_m is None


def test_boxes_at_random_give_nothing_and_no_crash() -> None:
    road, rng = calibration(), np.random.default_rng(4)
    for _ in range(10):
        corners = np.sort(rng.uniform(0, 700, (20, 2, 2)), axis=1)
        boxes = corners.reshape(20, 4)
        found = measure(passage(np.arange(20, dtype=np.float64) * 0.1, boxes, "truck"), road)
        assert found is None or found.speed_kmh is None


def test_only_a_whole_interval_over_a_limit_clears_it() -> None:
    assert Estimate(4.3, 4.05, 4.55).surely_over(4.0)
    assert not Estimate(4.3, 3.95, 4.65).surely_over(4.0)
