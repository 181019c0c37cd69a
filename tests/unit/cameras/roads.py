"""Cameras over a road, and marks on it as an engineer would give them."""

from __future__ import annotations

import math

import numpy as np

from cameras.calibration_settings import CalibrationSettings, LaneLine
from cameras.calibration_view import Floats, View

SIZE = (1280, 720)


def gantry(fov_deg: float = 54.0, k1: float = 0.0) -> View:
    """A camera on a mast beside the road, 5.2 m up, that looks against X."""
    position, target = np.array([12.0, -9.2, 5.2]), np.array([-8.0, -1.6, 1.2])
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(forward, right), forward])
    return View(position, axes, SIZE[0] / 2 / math.tan(math.radians(fov_deg) / 2), SIZE, k1)


def places() -> Floats:
    """Twelve places (12, 2) that the gantry sees, in metres."""
    return np.array([(x, y) for x in (-32.0, -18.0, -8.0, -1.0) for y in (-5.5, -1.5, 2.5)])


def pixels_of(view: View, road_m: Floats) -> Floats:
    """Pixels (N, 2) of places (N, 2) on the road."""
    return view.pixels(np.c_[road_m, np.zeros(len(road_m))])


def by_points(view: View, road_m: Floats, noise: int | None = None, **more: object) -> CalibrationSettings:
    """Settings with these places as points; with a seed, clicked and taped as people do."""
    pixels = pixels_of(view, road_m)
    if noise is not None:
        rng = np.random.default_rng(noise)
        pixels = pixels + rng.normal(0, 1.5, pixels.shape)
        road_m = road_m + rng.normal(0, 0.03, road_m.shape)
    points = tuple((float(u), float(v), float(x), float(y)) for (u, v), (x, y) in zip(pixels, road_m, strict=True))
    return CalibrationSettings.model_validate({"size": SIZE, "points": points, **more})


def by_lines(view: View) -> CalibrationSettings:
    """Settings with two dashed lines whose marks are not level with each other, and an unbroken one between."""

    def ends(across: float, first: float) -> tuple[tuple[float, float, float], ...]:
        along = np.array([first + 10.0 * number + part for number in range(4) for part in (0.0, 4.0)])
        pixels = pixels_of(view, np.stack([along, np.full_like(along, across)], axis=1))
        return tuple((float(u), float(v), float(x - first)) for (u, v), x in zip(pixels, along, strict=True))

    edge = pixels_of(view, np.array([(-25.0, 0.0), (-12.0, 0.0), (-3.0, 0.0)]))
    return CalibrationSettings(
        size=SIZE,
        lines=(
            LaneLine(across_m=0.0, ends=ends(-3.75, -35.3)),
            LaneLine(across_m=3.75, points=tuple((float(u), float(v)) for u, v in edge)),
            LaneLine(across_m=7.5, ends=ends(3.75, -40.1)),
        ),
    )
