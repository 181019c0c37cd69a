"""The pinhole in numbers: metres of the road to pixels and back.

Road: X and Y in metres on its plane, Z up. Pixel (0, 0) is the outer corner of the top left one; pixels are square and
the lens looks through the middle of the picture. A road that is not flat is not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 8
"""Ways in which a view can move, see `View.moved`."""


@dataclass(frozen=True, slots=True)
class View:
    """Where a camera stands, where it looks and through which lens."""

    position_m: Floats
    """(3,)"""
    axes: Floats
    """(3, 3): rows right, down, forward in the road's frame."""
    focal_px: float
    size: tuple[int, int]
    """Width and height of the picture."""
    k1: float = 0.0
    """Radial distortion (Brown 1966): pixels lie (1 + k1 r²) times as far out, r in focal lengths."""

    def pixels(self, points_m: Floats) -> Floats:
        """Pixels (..., 2) of points (..., 3); NaN behind the camera."""
        seen = (points_m - self.position_m) @ self.axes.T
        depth = np.where(seen[..., 2:] > 1e-3, seen[..., 2:], np.nan)
        ray = seen[..., :2] / depth
        if self.k1:
            ray = ray * (1 + self.k1 * (ray**2).sum(axis=-1, keepdims=True))
        return np.asarray(ray * self.focal_px + np.array(self.size) / 2)

    def road(self, pixels: Floats) -> Floats:
        """Where on the road (..., 2) pixels (..., 2) look, metres; NaN above the horizon."""
        far = (pixels - np.array(self.size) / 2) / self.focal_px
        ray = far
        for _ in range(20 if self.k1 else 0):
            ray = far / (1 + self.k1 * (ray**2).sum(axis=-1, keepdims=True))
        way = np.concatenate([ray, np.ones_like(ray[..., :1])], axis=-1) @ self.axes
        down = np.where(way[..., 2:] < -1e-9, way[..., 2:], np.nan)
        return np.asarray(self.position_m[:2] - way[..., :2] * self.position_m[2] / down)

    def moved(self, step: Floats) -> View:
        """The view after a small step (8,): position in metres, turn in radians, log of focal length, k1."""
        turn = cv2.Rodrigues(np.ascontiguousarray(step[3:6]))[0]
        return replace(
            self,
            position_m=self.position_m + step[:3],
            axes=turn @ self.axes,
            focal_px=float(self.focal_px * np.exp(step[6])),
            k1=self.k1 + float(step[7]),
        )

    def resized(self, size: tuple[int, int]) -> View:
        """The same camera in a picture of another size. ValueError where it has another shape."""
        scale = size[0] / self.size[0]
        if abs(size[1] - self.size[1] * scale) > 2:
            found = f"the calibration is of a picture of {self.size[0]}x{self.size[1]}, this one is {size[0]}x{size[1]}"
            raise ValueError(f"{found}: calibrate on a picture of the stream in use")
        return replace(self, focal_px=self.focal_px * scale, size=size)
