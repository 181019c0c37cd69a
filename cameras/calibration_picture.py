"""The calibration drawn into its picture: marks, where the fitted camera sees them, and a grid of 5 m on the road."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.calibration import Calibration
from cameras.calibration_view import Floats, View
from cameras.frame import Image

GRID_M, REACH_M, STEP_M = 5.0, 60.0, 0.5
MARK, SEEN, GRID, TEXT = (60, 60, 255), (60, 255, 60), (255, 190, 60), (255, 255, 255)


def grid_lines(calibration: Calibration) -> list[Floats]:
    """Lines (N, 2) in pixels, every 5 m along and across, round the marks and a little beyond."""
    view = calibration.view
    marks = view.road(np.array([mark.pixel for mark in calibration.marks]))
    marks = marks[np.isfinite(marks).all(axis=1)]
    if not len(marks):
        return []
    middle = np.median(marks, axis=0)
    low = np.floor(np.maximum(marks.min(axis=0), middle - REACH_M) / GRID_M) * GRID_M
    high = np.ceil(np.minimum(marks.max(axis=0), middle + REACH_M) / GRID_M) * GRID_M
    xs, ys = np.arange(low[0], high[0] + STEP_M, STEP_M), np.arange(low[1], high[1] + STEP_M, STEP_M)
    lines = [_seen(view, np.full_like(ys, x), ys) for x in np.arange(low[0], high[0] + 1, GRID_M)]
    lines += [_seen(view, xs, np.full_like(xs, y)) for y in np.arange(low[1], high[1] + 1, GRID_M)]
    return [line for line in lines if len(line) > 1]


def _seen(view: View, xs: Floats, ys: Floats) -> Floats:
    pixels = view.pixels(np.stack([xs, ys, np.zeros_like(xs)], axis=1))
    near = np.abs(np.nan_to_num(pixels, nan=np.inf)) < 4 * max(view.size)
    return np.asarray(pixels[near.all(axis=1)])


def draw(image: Image, calibration: Calibration) -> Image:
    """A copy of the picture (H, W, 3), BGR, with grid and marks. ValueError for a picture of another size."""
    found, expected = (image.shape[1], image.shape[0]), calibration.view.size
    if found != expected:
        of_marks = f"the marks are of one of {expected[0]}x{expected[1]}"
        raise ValueError(f"the picture is {found[0]}x{found[1]}, {of_marks}: give that one, or set size")
    drawn = image.copy()
    for line in grid_lines(calibration):
        cv2.polylines(drawn, [_whole(line)], False, GRID, 1, cv2.LINE_AA)
    for mark in calibration.marks:
        x, y = _whole(np.array([mark.pixel]))[0].tolist()
        if np.isfinite(mark.seen).all():
            seen = _whole(np.array([mark.seen]))[0].tolist()
            cv2.line(drawn, (x, y), seen, SEEN, 2, cv2.LINE_AA)
            cv2.circle(drawn, seen, 3, SEEN, -1, cv2.LINE_AA)
        cv2.drawMarker(drawn, (x, y), MARK, cv2.MARKER_CROSS, 14, 2)
        label = f"{mark.name.removeprefix('points ')}: {mark.error_px:.1f} px {mark.error_m * 100:.0f} cm"
        cv2.putText(drawn, label, (x + 9, y - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.putText(drawn, label, (x + 9, y - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.42, TEXT, 1, cv2.LINE_AA)
    return drawn


def _whole(points: Floats) -> NDArray[np.int32]:
    return np.asarray(np.round(points), np.int32)
