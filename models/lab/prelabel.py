"""Boxes that a network adds where a source has labelled nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cameras.frame import Image
from detector.geometry import iou_matrix, share_inside
from detector.network import Network
from models.lab.labelled import Boxes, as_boxes
from models.taxonomy import group_of

_OVERLAP = 0.3
"""A found box overlaps a labelled one of its group when their intersection over union exceeds this, ..."""
_INSIDE = 0.6
"""... or when more than this share of it lies inside."""


def missing(
    image: Image, boxes: Boxes, words: Sequence[str], wanted: Sequence[str], network: Network
) -> tuple[Boxes, tuple[str, ...]]:
    """Boxes (N, 4) and words of what the network finds, is wanted, and overlaps no labelled box of its group."""
    found = network.detect([image])[0]
    taken: list[tuple[Boxes, str]] = []
    for box, class_id in zip(found.boxes.astype(np.float64), found.class_ids, strict=True):
        word = network.class_names[class_id]
        own = [b for b, w in zip(boxes, words, strict=True) if group_of(w) == group_of(word)]
        own += [b for b, w in taken if group_of(w) == group_of(word)]
        if word in wanted and not _overlaps(box, as_boxes(own)):
            taken.append((box, word))
    return as_boxes([box for box, _ in taken]), tuple(word for _, word in taken)


def _overlaps(box: Boxes, others: Boxes) -> bool:
    if not len(others):
        return False
    iou = iou_matrix(box[None].astype(np.float32), others.astype(np.float32))
    return bool(iou.max() > _OVERLAP or share_inside(box[None], others).max() > _INSIDE)
