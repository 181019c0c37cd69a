"""Axles by the wheels of one side: counted, grouped, lifted ones apart; nothing said of a frontal view."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.axles import Axles, AxleView, Heading, count_axles
from detector.detections import Boxes

DIAMETER, TYRE = 1.05, 0.3
SPACINGS = {
    "1+1": (4.0,),
    "1+2": (4.2, 1.35),
    "2+2": (1.95, 3.9, 1.35),
    "1+1+2": (3.6, 6.5, 1.31),
    "1+1+3": (3.6, 6.5, 1.31, 1.31),
    "1+2+3": (3.3, 1.35, 6.9, 1.31, 1.31),
}
"""Distances in metres from axle to axle, from the front."""


def seen(spacings: tuple[float, ...], yaw: float = 0.0, away_m: float = 18.0, side_m: float = 0.0) -> Boxes:
    """Boxes of the wheels at distances along a vehicle turned by `yaw` degrees from a side view, from the left.

    A pinhole camera of 1000 pixels, 3 m above the road; `side_m` shifts the line of wheels away from it.
    """
    along = np.array([0.0, *accumulate(spacings)])
    along -= along.mean()
    turn = np.radians(yaw)
    x, z = along * np.cos(turn), away_m + side_m + along * np.sin(turn)
    half = (DIAMETER * np.cos(turn) + TYRE * np.sin(abs(turn))) / 2
    foot, top = 3.0, 3.0 - DIAMETER
    boxes = np.stack([(x - half) / z, top / z, (x + half) / z, foot / z], axis=1) * 1000
    return np.asarray(boxes, np.float32)


def told(
    wheels: Boxes, scores: float = 0.8, lifted: tuple[int, ...] = (), heading: Heading | None = None
) -> Axles | str:
    up = np.isin(np.arange(len(wheels)), lifted)
    view = count_axles(wheels, np.full(len(wheels), scores, np.float32), up, heading)
    return view.axles if isinstance(view, AxleView) else view


@pytest.mark.parametrize("pattern", SPACINGS)
def test_axles_are_counted_and_grouped_from_the_front(pattern: str) -> None:
    spacings = SPACINGS[pattern]
    count = len(spacings) + 1
    assert told(seen(spacings), heading="left") == Axles(count, pattern, 0)
    assert told(seen(spacings[::-1]), heading="right") == Axles(count, pattern, 0)


def test_groups_are_not_put_in_order_where_nobody_knows_which_end_is_the_front() -> None:
    assert told(seen(SPACINGS["1+2"])) == Axles(3, "", 0)
    assert told(seen(SPACINGS["2+2"])) == Axles(4, "2+2", 0)


@given(pattern=st.sampled_from(sorted(SPACINGS)), yaw=st.floats(-62, 62), away_m=st.floats(14, 40))
def test_a_slanting_view_gives_the_same_groups(pattern: str, yaw: float, away_m: float) -> None:
    wheels = seen(SPACINGS[pattern], yaw, away_m)
    assert told(wheels, heading="left") == Axles(len(wheels), pattern, 0)


def test_wheels_of_the_far_side_are_not_counted() -> None:
    near, far = seen(SPACINGS["1+2"], yaw=20), seen(SPACINGS["1+2"], yaw=20, side_m=2.2)[1:]
    assert told(np.vstack([near, far]), heading="left") == Axles(3, "1+2", 0)


def test_a_smaller_vehicle_behind_is_not_counted_though_it_shows_more_wheels() -> None:
    near, far = seen(SPACINGS["1+1"], away_m=12), seen(SPACINGS["1+2+3"], away_m=40)
    assert told(np.vstack([near, far])) == Axles(2, "1+1", 0)


def test_one_wheel_that_is_found_twice_is_counted_once() -> None:
    wheels = seen(SPACINGS["1+2"])
    twin = wheels[1:2] + np.array([4, 1, 6, 2], np.float32)
    assert told(np.vstack([wheels, twin]), heading="left") == Axles(3, "1+2", 0)


def test_a_lifted_axle_is_counted_apart() -> None:
    wheels = seen(SPACINGS["1+2+3"])
    wheels[3] -= np.array([0, 8, 0, 8], np.float32)
    assert told(wheels, lifted=(3,), heading="left") == Axles(5, "1+2+2", 1)


def test_a_faint_wheel_counts_where_it_stands_in_line_and_only_there() -> None:
    wheels = seen(SPACINGS["1+2"])
    astray = wheels[:1] + np.array([150, -60, 150, -60], np.float32)
    scores = np.array([0.8, 0.8, 0.3, 0.3], np.float32)
    view = count_axles(np.vstack([wheels, astray]), scores, np.zeros(4, bool))
    assert isinstance(view, AxleView)
    assert view.axles.count == 3
    sure = count_axles(wheels, np.full(3, 0.8, np.float32), np.zeros(3, bool))
    assert isinstance(sure, AxleView)
    assert view.confidence < sure.confidence


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_wheels_tell_nothing(count: int) -> None:
    assert told(seen(SPACINGS["1+2"])[:count]) == "fewer than two wheels of one side are seen"


def test_a_vehicle_seen_from_the_front_is_not_counted() -> None:
    tyres = np.array([[100, 100, 130, 200], [400, 100, 430, 200]], np.float32)
    assert told(tyres) == "the vehicle is seen from the front or the rear"


def test_a_tandem_alone_is_a_part_of_a_vehicle() -> None:
    assert told(seen((1.35,))) == "only one group of axles is seen"


def test_specks_and_slivers_are_no_wheels() -> None:
    specks = np.array([[5, 5, 6, 6], [9, 5, 9, 9], [20, 5, 21, 6]], np.float32)
    assert told(specks) == "fewer than two wheels of one side are seen"
