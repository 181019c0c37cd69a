"""The road's plan in numbers: lanes, edges, bends, and what must stay free before the camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.scenes.spec import CameraSpec, RoadSpec

Floats = NDArray[np.float64]

REACH_M = 300
"""How far the road is built both ways."""
STRAIGHT_M = 55
"""The road runs straight along X this far from the origin; beyond it may bend."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where lanes and edges lie. Traffic keeps right: lanes along +X have negative Y."""

    road: RoadSpec
    shoulder_m: float
    path: Floats
    """(2 REACH_M + 1, 3): x, y, heading in radians of the middle line at each metre from -REACH_M."""

    @property
    def forward(self) -> int:
        """Lanes along +X."""
        return math.ceil(self.road.lanes / 2)

    @property
    def backward(self) -> int:
        """Lanes against X."""
        return self.road.lanes - self.forward

    @property
    def right_m(self) -> float:
        """Y of the right edge line."""
        return -self.forward * self.road.lane_width_m

    @property
    def left_m(self) -> float:
        """Y of the left edge line."""
        return self.backward * self.road.lane_width_m

    @property
    def right_end_m(self) -> float:
        """Y where the asphalt ends on the right."""
        return self.right_m - self.shoulder_m

    @property
    def left_end_m(self) -> float:
        """Y where the asphalt ends on the left."""
        return self.left_m + self.shoulder_m

    def place(self, along: Floats, across: Floats) -> Floats:
        """Points (..., 2) of the world at distances along the road and across it."""
        stations = np.arange(-REACH_M, REACH_M + 1, dtype=np.float64)
        x, y, heading = (np.interp(along, stations, self.path[:, column]) for column in range(3))
        return np.stack([x - across * np.sin(heading), y + across * np.cos(heading)], axis=-1)

    def heading(self, along: float) -> float:
        """Heading of the road in radians."""
        return float(np.interp(along, np.arange(-REACH_M, REACH_M + 1), self.path[:, 2]))


def lane_y(road: RoadSpec, lane: int) -> float:
    """Y of the middle of a lane along +X, 1 being nearest the middle of the road."""
    return -(lane - 0.5) * road.lane_width_m


def oncoming_y(road: RoadSpec, lane: int) -> float:
    """Y of the middle of a lane against X, 1 being nearest the middle of the road."""
    return (lane - 0.5) * road.lane_width_m


def layout_of(road: RoadSpec) -> Layout:
    """Plan of a road: in towns straight, elsewhere with bends of 110 to 220 m radius at both ends."""
    rng = np.random.default_rng(road.seed)
    stations = np.arange(-REACH_M, REACH_M + 1, dtype=np.float64)
    curve = np.zeros_like(stations)
    if road.setting in ("mountain", "tunnel"):
        for side in (-1, 1):
            if road.setting == "tunnel" and side == 1:
                continue
            radius = rng.uniform(110, 220) * rng.choice([-1, 1])
            curve += np.clip((side * stations - STRAIGHT_M) / 15, 0, 1) / radius * (side * stations < STRAIGHT_M + 150)
    heading = np.cumsum(curve)
    heading -= heading[REACH_M]
    x, y = np.cumsum(np.cos(heading)), np.cumsum(np.sin(heading))
    path = np.stack([x - x[REACH_M], y - y[REACH_M], heading], axis=1)
    shoulder = {"mountain": 1.0, "tunnel": 1.0, "checkpoint": 2.0, "town": 3.2}[road.setting]
    return Layout(road, shoulder, path)


@dataclass(frozen=True, slots=True)
class ClearView:
    """The ground between camera and traffic, where nothing may stand; site engineers cut it free too."""

    x_m: float
    y_m: float
    azimuth: float
    half: float
    reach_m: float

    def blocks(self, x_m: float, y_m: float, radius_m: float = 0.5) -> bool:
        """Whether something of this radius at this place would hide traffic or the camera's own place."""
        dx, dy = x_m - self.x_m, y_m - self.y_m
        distance = math.hypot(dx, dy)
        if distance < radius_m + 2.0:
            return True
        if distance - radius_m > self.reach_m:
            return False
        off = abs((math.atan2(dy, dx) - self.azimuth + math.pi) % (2 * math.pi) - math.pi)
        return off < self.half + math.asin(min(1.0, radius_m / distance))


def clear_view(camera: CameraSpec, reach_m: float | None = None) -> ClearView:
    """What a camera must see freely: its whole angle as far as its target, or `reach_m`."""
    dx = camera.target_m[0] - camera.position_m[0]
    dy = camera.target_m[1] - camera.position_m[1]
    return ClearView(
        camera.position_m[0],
        camera.position_m[1],
        math.atan2(dy, dx),
        math.radians(camera.horizontal_fov_deg / 2 + 4),
        math.hypot(dx, dy) + 4.0 if reach_m is None else reach_m,
    )
