"""First guesses of a camera's view, from which the fit sets out."""

from __future__ import annotations

import math

import cv2
import numpy as np

from cameras.calibration_view import Floats, View

TRIED_FOV_DEG = (12, 20, 30, 42, 55, 70, 90, 110)


def from_points(pixels: Floats, road_m: Floats, size: tuple[int, int], focal_px: float | None) -> list[View]:
    """Views that see places on the road (N, 2) at pixels (N, 2), at most two; none where the points lie on one line.

    The homography's columns h1, h2 are f-scaled axes of the road, so they must be at right angles and of one length
    (Zhang 2000, section 3.1, with the principal point in the middle): that gives the focal length.
    """
    centred = pixels - np.array(size) / 2
    scale = max(size)
    found = cv2.findHomography(road_m, centred / scale, 0)[0]
    if found is None or abs(np.linalg.det(found)) < 1e-12:
        return []
    homography: Floats = np.array(found, np.float64)
    homography /= np.linalg.norm(homography)
    # The scale's sign: the points lie before the camera.
    if np.mean(np.c_[road_m, np.ones(len(road_m))] @ homography[2]) < 0:
        homography = -homography
    focals = [f / scale for f in ([focal_px] if focal_px else _focals(homography, scale, size))]
    return [_posed(homography, focal, scale, size) for focal in focals]


def _focals(homography: Floats, scale: float, size: tuple[int, int]) -> list[float]:
    (a1, b1, c1), (a2, b2, c2) = homography[:, 0], homography[:, 1]
    found = []
    for above, below in ((-(a1 * a2 + b1 * b2), c1 * c2), (a2**2 + b2**2 - a1**2 - b1**2, c1**2 - c2**2)):
        if abs(below) > 1e-12 and above / below > 0:
            found.append(math.sqrt(above / below) * scale)
    usual = size[0] / 2 / math.tan(math.radians(25))
    return [f for f in found if 0.2 < f / usual < 10] or [usual]


def _posed(homography: Floats, focal: float, scale: float, size: tuple[int, int]) -> View:
    columns = np.diag([1 / focal, 1 / focal, 1]) @ homography
    columns /= math.sqrt(np.linalg.norm(columns[:, 0]) * np.linalg.norm(columns[:, 1]))
    rough = np.stack([columns[:, 0], columns[:, 1], np.cross(columns[:, 0], columns[:, 1])], axis=1)
    u, _, v = np.linalg.svd(rough)
    axes = u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v
    return View(-axes.T @ columns[:, 2], axes, focal * scale, size)


def from_lines(lines: list[Floats], across_m: list[float], size: tuple[int, int], focal_px: float | None) -> list[View]:
    """Upright views, one per tried angle of view, that see parallel lines of a road, each given as pixels (N, 2).

    The lines' vanishing point gives the road's direction, their distances the height; X is 0 at the first line's first
    point. None where the lines do not meet.
    """
    centre = np.array(size) / 2
    through = np.array([np.linalg.svd(np.c_[(p - centre) / size[0], np.ones(len(p))])[2][2] for p in lines])
    # The line through points (x, y, 1) is their null vector; all lines meet where the lines' own null vector says.
    through /= np.linalg.norm(through[:, :2], axis=1, keepdims=True)
    x, y, w = np.linalg.svd(through)[2][2]
    if abs(w) < 1e-9:
        return []
    focals = [focal_px] if focal_px else [size[0] / 2 / math.tan(math.radians(a / 2)) for a in TRIED_FOV_DEG]
    found = []
    for focal in focals:
        for sign in (1.0, -1.0):
            along = sign * np.array([x / w, y / w, focal / size[0]])
            view = _to_scale(_upright(along / np.linalg.norm(along), focal, size), lines, across_m)
            if view is not None:
                found.append(view)
    return found


def _upright(along: Floats, focal: float, size: tuple[int, int]) -> View:
    """A camera one metre above the road that sees the road's X in the direction `along` (3,) of its own frame."""
    left = np.cross([0.0, -1.0, 0.0], along)
    left /= np.linalg.norm(left)
    return View(np.array([0.0, 0.0, 1.0]), np.stack([along, left, np.cross(along, left)], axis=1), focal, size)


def _to_scale(view: View, lines: list[Floats], across_m: list[float]) -> View | None:
    seen = [view.road(pixels) for pixels in lines]
    ways = np.array([np.nanmean(road[:, 1]) if np.isfinite(road).any() else np.nan for road in seen])
    wanted = np.array(across_m)
    if not np.isfinite(ways).all() or np.ptp(ways) < 1e-9:
        return None
    height, shift = np.polyfit(ways, wanted, 1)
    if height <= 0.1:
        return None
    first = height * seen[0][0, 0]
    return View(np.array([-first, shift, height]), view.axes, view.focal_px, view.size)
