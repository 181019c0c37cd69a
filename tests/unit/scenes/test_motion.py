"""How vehicles move between waypoints."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from scripts.scenes.motion import pose_at, speed_kmh, travelled_m
from scripts.scenes.spec import Waypoint

STOPS = (
    Waypoint(0.0, -40.0, -1.75),
    Waypoint(4.0, 0.0, -5.0),
    Waypoint(9.0, 0.0, -5.0),
    Waypoint(12.0, 30.0, -1.75),
)
"""A van that comes, stands for five seconds, and goes."""


def test_what_has_stopped_neither_creeps_back_nor_overshoots() -> None:
    xs = [pose_at(STOPS, t).x_m for t in np.arange(0, 12, 0.05)]
    assert all(later >= earlier for earlier, later in pairwise(xs))
    assert {pose_at(STOPS, t).x_m for t in (4.0, 6.3, 9.0)} == {0.0}
    assert speed_kmh(STOPS, 6.0) == 0.0


def test_an_even_drive_keeps_its_speed() -> None:
    way = (Waypoint(0.0, 0.0, 0.0), Waypoint(10.0, 100.0, 0.0))
    assert [speed_kmh(way, t) for t in (1.0, 5.0, 9.0)] == pytest.approx([36.0] * 3)


def test_wheels_roll_back_only_when_the_vehicle_backs() -> None:
    assert travelled_m(STOPS, 12.0) == 70.0
    assert travelled_m((Waypoint(0.0, 5.0, 0.0), Waypoint(1.0, 3.0, 0.0)), 1.0) == -2.0


def test_before_its_first_waypoint_a_vehicle_waits_there() -> None:
    assert pose_at(STOPS, -3.0) == pose_at(STOPS, 0.0)


@pytest.mark.parametrize("times", [(), (0.0, 0.0), (1.0, 0.5)])
def test_a_way_must_rise_in_time(times: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="rising times"):
        pose_at([Waypoint(t, 0.0, 0.0) for t in times], 0.0)
