"""Pure box geometry: the letterbox and the way back, and overlaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector.detections import Boxes

Floats = NDArray[np.float64]
Placement = Literal["centre", "top_left"]


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture of `width` x `height` lies in an input: scaled to `inner_*` at `left`, `top`."""

    width: int
    height: int
    inner_width: int
    inner_height: int
    left: int
    top: int

    @staticmethod
    def fit(width: int, height: int, input_width: int, input_height: int, placement: Placement) -> Letterbox:
        """Fit a picture into an input, keeping its proportions as far as whole pixels allow.

        Raises ValueError for sizes below one pixel.
        """
        if min(width, height, input_width, input_height) < 1:
            raise ValueError(
                f"sizes must be at least 1 pixel; found picture {width}x{height}, input {input_width}x{input_height}"
            )
        ratio = min(input_width / width, input_height / height)
        inner_width = min(input_width, max(1, round(width * ratio)))
        inner_height = min(input_height, max(1, round(height * ratio)))
        centred = placement == "centre"
        return Letterbox(
            width,
            height,
            inner_width,
            inner_height,
            (input_width - inner_width) // 2 if centred else 0,
            (input_height - inner_height) // 2 if centred else 0,
        )

    def to_picture(self, boxes: Boxes) -> Boxes:
        """Boxes (N, 4) x0 y0 x1 y1 of the input, as pixels of the picture, clipped to it."""
        scale_x, scale_y = self.width / self.inner_width, self.height / self.inner_height
        scale = np.array([scale_x, scale_y, scale_x, scale_y], np.float32)
        shift = np.array([self.left, self.top, self.left, self.top], np.float32)
        high = np.array([self.width, self.height, self.width, self.height], np.float32)
        return np.asarray(np.clip((boxes - shift) * scale, np.float32(0), high), np.float32)


def iou_matrix(a: Boxes, b: Boxes) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Intersection over union of boxes (N, 4) and (M, 4): float32 (N, M); 0 where both are empty."""
    # Coordinate by coordinate: an (N, M, 2) array would be walked in steps of two, several times slower.
    ax0, ay0, ax1, ay1 = a.T[:, :, None]
    bx0, by0, bx1, by1 = np.ascontiguousarray(b.T)[:, None, :]
    zero = np.float32(0)
    inter = np.maximum(np.minimum(ax1, bx1) - np.maximum(ax0, bx0), zero)
    inter *= np.maximum(np.minimum(ay1, by1) - np.maximum(ay0, by0), zero)
    union = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - inter
    return np.asarray(inter / np.maximum(union, np.float32(1e-9)), np.float32)


def share_inside(parts: Floats, wholes: Floats) -> Floats:
    """Share of the area of each box of `parts` (N, 4) that lies inside each box of `wholes` (M, 4): (N, M)."""
    low = np.maximum(parts[:, None, :2], wholes[None, :, :2])
    high = np.minimum(parts[:, None, 2:], wholes[None, :, 2:])
    area = np.prod(parts[:, 2:] - parts[:, :2], axis=1)[:, None]
    return np.asarray(np.prod(np.clip(high - low, 0, None), axis=2) / np.maximum(area, 1e-9), np.float64)
