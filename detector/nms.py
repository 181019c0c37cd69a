"""Non-maximum suppression within groups of classes: one vehicle gives one box, whatever it is called."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.detections import Boxes
from detector.geometry import iou_matrix

MOST_CANDIDATES = 1000
"""Boxes compared with each other, best first; bounds time and memory on a picture full of noise."""


def suppress(
    boxes: Boxes, scores: NDArray[np.float32], groups: NDArray[np.int64], iou: float, limit: int
) -> NDArray[np.int64]:
    """Rows that stay, best score first, at most `limit`: int64 (K,).

    `boxes`: float32 (N, 4) x0 y0 x1 y1; `scores`: float32 (N,); `groups`: int64 (N,). A box goes when a better
    one of its group overlaps it by more than `iou`. Equal scores keep their order.
    """
    order = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
    if len(order) < 2:
        return order[:limit].astype(np.int64)
    best, kind = boxes[order], groups[order]
    clash = (iou_matrix(best, best) > iou) & (kind[:, None] == kind[None, :])
    alive = np.ones(len(order), bool)
    kept: list[int] = []
    for row in range(len(order)):
        if alive[row]:
            kept.append(row)
            if len(kept) == limit:
                break
            alive &= ~clash[row]
    return np.asarray(order[kept], np.int64)
