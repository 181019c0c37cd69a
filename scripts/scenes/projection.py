"""The pinhole camera in numbers: from the road's metres to the picture's pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.scenes.spec import CameraSpec

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Projection:
    """A camera without distortion; pixel (0, 0) is the outer corner of the top left pixel."""

    position_m: Floats
    """(3,)"""
    axes: Floats
    """(3, 3): rows right, down, forward in the world."""
    focal_px: float
    width: int
    height: int

    def pixels(self, points_m: Floats) -> tuple[Floats, Floats]:
        """Pixels (N, 2) and depths along the axis (N,) in metres of points (N, 3); behind the camera pixels are NaN."""
        seen = (points_m - self.position_m) @ self.axes.T
        depth = seen[:, 2]
        scale = np.divide(self.focal_px, depth, out=np.full_like(depth, np.nan), where=depth > 1e-3)
        centre = np.array([self.width / 2, self.height / 2])
        return seen[:, :2] * scale[:, None] + centre, depth

    def ground(self, pixel: tuple[float, float]) -> tuple[float, float] | None:
        """Where a pixel's ray meets the road's surface (x, y in metres); None above the horizon."""
        right, down = pixel[0] - self.width / 2, pixel[1] - self.height / 2
        ray = self.axes.T @ np.array([right, down, self.focal_px])
        if ray[2] >= -1e-9:
            return None
        x, y, _ = self.position_m - ray * (self.position_m[2] / ray[2])
        return float(x), float(y)


def projection_of(camera: CameraSpec) -> Projection:
    """The projection of a camera; Z stays upright in the picture."""
    position = np.array(camera.position_m, dtype=np.float64)
    forward = np.array(camera.target_m, dtype=np.float64) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    focal = camera.width / 2 / math.tan(math.radians(camera.horizontal_fov_deg) / 2)
    axes = np.stack([right, np.cross(forward, right), forward])
    return Projection(position, axes, focal, camera.width, camera.height)


def box_corners(
    x_m: float, y_m: float, heading_deg: float, size_m: tuple[float, float, float], margin_m: float = 0.0
) -> Floats:
    """Corners (8, 3) of a vehicle's box (length, width, height) standing at a pose."""
    length, width, height = size_m
    along = np.array([-1.0, 1.0]) * (length / 2 + margin_m)
    across = np.array([-1.0, 1.0]) * (width / 2 + margin_m)
    xs, ys, zs = (grid.ravel() for grid in np.meshgrid(along, across, [0.0, height + margin_m], indexing="ij"))
    angle = math.radians(heading_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    return np.stack([x_m + xs * cos - ys * sin, y_m + xs * sin + ys * cos, zs], axis=1)


def road_points(camera: CameraSpec, count: int = 12) -> list[tuple[float, float, float, float]]:
    """Pixels and metres (x_px, y_px, x_m, y_m) of points of the road, spread over the picture, for a calibration."""
    projection = projection_of(camera)
    found: list[tuple[float, float, float, float]] = []
    for y_px in np.linspace(0.98, 0.3, 5) * camera.height:
        for x_px in np.linspace(0.1, 0.9, 4) * camera.width:
            place = projection.ground((float(x_px), float(y_px)))
            if place is not None and math.hypot(place[0] - camera.position_m[0], place[1]) < 80 and abs(place[1]) < 9:
                found.append((round(float(x_px), 1), round(float(y_px), 1), round(place[0], 3), round(place[1], 3)))
    step = max(1, len(found) // count)
    return found[::step][:count]
