"""Where things are at a time: smooth ways through waypoints, and their speed."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from scripts.scenes.spec import Waypoint

_STEP_S = 0.02
"""Half the step over which a speed is measured."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Place and heading on the road's plane."""

    x_m: float
    y_m: float
    heading_deg: float


def pose_at(way: Sequence[Waypoint], t_s: float) -> Pose:
    """Pose on a way; before its first waypoint and after its last one it stands still there.

    Between waypoints each coordinate follows a monotone cubic (Fritsch and Carlson 1980): no overshoot, so what has
    stopped does not creep back. Raises ValueError for a way that is empty or whose times do not rise.
    """
    times = [point.t_s for point in way]
    if not times or any(later <= earlier for earlier, later in pairwise(times)):
        raise ValueError(f"a way needs waypoints with rising times, found {times}")
    return Pose(
        _along(times, [point.x_m for point in way], t_s),
        _along(times, [point.y_m for point in way], t_s),
        _along(times, [point.heading_deg for point in way], t_s),
    )


def speed_kmh(way: Sequence[Waypoint], t_s: float) -> float:
    """Speed over ground."""
    before, after = pose_at(way, t_s - _STEP_S), pose_at(way, t_s + _STEP_S)
    return math.hypot(after.x_m - before.x_m, after.y_m - before.y_m) / (2 * _STEP_S) * 3.6


def travelled_m(way: Sequence[Waypoint], t_s: float) -> float:
    """Signed distance along X since the way's first waypoint: what turns the wheels."""
    return pose_at(way, t_s).x_m - way[0].x_m


def _along(times: Sequence[float], values: Sequence[float], t_s: float) -> float:
    if t_s <= times[0]:
        return values[0]
    if t_s >= times[-1]:
        return values[-1]
    tangents = _tangents(times, values)
    i = bisect_right(times, t_s) - 1
    span = times[i + 1] - times[i]
    u = (t_s - times[i]) / span
    return (
        (1 + 2 * u) * (1 - u) ** 2 * values[i]
        + u * (1 - u) ** 2 * span * tangents[i]
        + u * u * (3 - 2 * u) * values[i + 1]
        + u * u * (u - 1) * span * tangents[i + 1]
    )


def _tangents(times: Sequence[float], values: Sequence[float]) -> list[float]:
    slopes = [(b - a) / (u - t) for a, b, t, u in zip(values, values[1:], times, times[1:], strict=False)]
    inner = [0.0 if a * b <= 0 else 2 * a * b / (a + b) for a, b in pairwise(slopes)]
    return [slopes[0], *inner, slopes[-1]]
