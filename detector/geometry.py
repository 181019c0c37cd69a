"""Pure box geometry: the letterbox and the way back, and overlaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from detector.detections import Boxes

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

    def to_input(self, boxes: Boxes) -> Boxes:
        """Boxes (N, 4) x0 y0 x1 y1 of the picture, as pixels of the input."""
        scale_x, scale_y = self.inner_width / self.width, self.inner_height / self.height
        scale = np.array([scale_x, scale_y, scale_x, scale_y], np.float32)
        shift = np.array([self.left, self.top, self.left, self.top], np.float32)
        return (boxes * scale + shift).astype(np.float32, copy=False)


def iou_matrix(a: Boxes, b: Boxes) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Intersection over union of boxes (N, 4) and (M, 4): float32 (N, M); 0 where both are empty."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    side = np.maximum(high - low, 0)
    inter = side[..., 0] * side[..., 1]
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union = area_a[:, None] + area_b[None, :] - inter
    return np.asarray(inter / np.maximum(union, np.float32(1e-9)), np.float32)
