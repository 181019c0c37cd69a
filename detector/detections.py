"""`Detections`: what a network saw in one picture, as a struct of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes of one picture.

    `boxes`: float32 (N, 4), x0 y0 x1 y1 in pixels of the original picture.
    `scores`: float32 (N,), 0 to 1.
    `class_ids`: int64 (N,), index into the network's class names (after mapping to the taxonomy).
    """

    boxes: Boxes
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.scores)
        if self.boxes.shape != (n, 4) or self.class_ids.shape != (n,):
            raise ValueError(
                f"expected boxes (N, 4), scores (N,), class_ids (N,) of one N; "
                f"found {self.boxes.shape}, {self.scores.shape}, {self.class_ids.shape}"
            )

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Detections:
        return Detections(self.boxes[index], self.scores[index], self.class_ids[index])

    @staticmethod
    def empty() -> Detections:
        """No boxes."""
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
