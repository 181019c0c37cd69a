"""Average precision as COCO measures it, in numpy.

Follows `COCOeval` of pycocotools 2.0 (Lin et al. 2014, cocodataset.org/#detection-eval): per picture and class the
detections, best first and at most 100, each take the free label they overlap most; precision is made to fall with
recall and read at 101 recalls. Crowds and sizes are left out. On random boxes the figures equal pycocotools' 2.0.11;
those of ultralytics are lower where a label has several boxes, as it gives the label to the one that fits best and not
to the surest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.geometry import iou_matrix
from models.lab.labelled import Boxes

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""Intersections over union from which on a detection is right; mAP50-95 is the mean over them."""
_RECALLS = np.linspace(0, 1, 101)
MOST_DETECTIONS = 100
"""Detections of a class per picture that count, best first."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Detections of one class in one picture, best first, and how many labels there are."""

    scores: NDArray[np.float64]
    """(N,)."""
    right: NDArray[np.bool_]
    """(T, N): whether detection n is right at threshold t."""
    labels: int


def match(boxes: Boxes, scores: NDArray[np.float64], truth: Boxes) -> Matches:
    """Match detections (N, 4) with scores (N,) to the labels (M, 4) of the same class and picture."""
    order = np.argsort(-scores, kind="stable")[:MOST_DETECTIONS]
    right = np.zeros((len(THRESHOLDS), len(order)), bool)
    if len(order) and len(truth):
        overlap = iou_matrix(boxes[order].astype(np.float32), truth.astype(np.float32)).astype(np.float64)
        for t, threshold in enumerate(THRESHOLDS):
            free = np.ones(len(truth), bool)
            for n in range(len(order)):
                best = int(np.argmax(np.where(free, overlap[n], -1.0)))
                if free[best] and overlap[n, best] >= threshold - 1e-6:
                    right[t, n], free[best] = True, False
    return Matches(scores[order], right, len(truth))


def average_precision(pictures: Sequence[Matches]) -> NDArray[np.float64] | None:
    """Average precision (T,) of one class over pictures, at each of the thresholds; None where nothing is labelled."""
    labels = sum(picture.labels for picture in pictures)
    if labels == 0:
        return None
    scores = np.concatenate([picture.scores for picture in pictures])
    order = np.argsort(-scores, kind="mergesort")
    right = np.concatenate([picture.right for picture in pictures], axis=1)[:, order]
    hits = np.cumsum(right, axis=1)
    recall = hits / labels
    precision = hits / np.arange(1, len(order) + 1)
    falling = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    means = np.zeros(len(THRESHOLDS))
    for t in range(len(THRESHOLDS)):
        first = np.searchsorted(recall[t], _RECALLS, side="left")
        reached = first < len(order)
        means[t] = falling[t, first[reached]].sum() / len(_RECALLS)
    return means
