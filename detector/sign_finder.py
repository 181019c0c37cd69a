"""Finding plates, panels and diamonds in a picture: where, of what kind, and their four corners."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cameras.frame import Image
from detector.sign import Corners, SignKind
from detector.sign_alphabet import SIGN_KINDS, SPAN, STRIDE
from detector.sign_session import SignSession

Floats = np.ndarray[Any, np.dtype[np.float32]]

PIXELS = 640 * 400
"""Of the picture as the network sees it, whatever its shape: time goes with them."""
MULTIPLE = 32
GREY = 114
LEAST_SCORE = 0.15
"""Weaker peaks are no signs. Of 37 plates in real scenes 36 are found at 0.25 and all at 0.15; the reader takes no more
of what is found for a plate that is none."""
SAME = 0.5
"""Upright boxes that overlap more, as a share of the smaller, are one sign: the digit of a diamond is no diamond."""
MOST = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A sign that was found and not yet read."""

    kind: SignKind
    score: float
    corners: Corners
    """(4, 2) pixels of the picture, clockwise from the upper left."""


class SignFinder:
    """Finds signs with one small network; may be used from several threads."""

    def __init__(self, weights: Path, threads: int = 1) -> None:
        """Raises `ModelError` when the weights cannot be used."""
        self._session = SignSession(weights, outputs=2, threads=threads)
        self.manifest = self._session.manifest

    def find(self, picture: Image) -> list[Found]:
        """Signs in a picture (BGR uint8), best first; none in one smaller than 16 pixels."""
        height, width = picture.shape[:2]
        if min(height, width) < 16:
            return []
        scale = min((PIXELS / (width * height)) ** 0.5, 2.0)
        wide, tall = (_multiple(side * scale) for side in (width, height))
        across, down = min(round(width * scale), wide), min(round(height * scale), tall)
        canvas = np.full((tall, wide, 3), GREY, np.uint8)
        cv2.resize(picture, (across, down), dst=canvas[:down, :across], interpolation=_interpolation(scale))
        heat, offsets = self._session.run(canvas[None])
        found = _peaks(heat[0], offsets[0])
        back = np.array([width / across, height / down], np.float32)
        return [Found(one.kind, one.score, one.corners * back) for one in _apart(found)]


def _interpolation(scale: float) -> int:
    return cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR


def _multiple(side: float) -> int:
    return max(MULTIPLE * round(side / MULTIPLE + 0.49), MULTIPLE)


def _peaks(heat: Floats, offsets: Floats) -> list[Found]:
    """Cells that are sure and surer than those beside them, best first."""
    logit = float(np.log(LEAST_SCORE / (1 - LEAST_SCORE)))
    found = []
    for kind, level in zip(SIGN_KINDS, heat, strict=True):
        if float(level.max()) < logit:
            continue
        highest = cv2.dilate(level, np.ones((3, 3), np.uint8))
        for row, column in np.argwhere((level >= highest) & (level > logit)):
            middle = (np.array([column, row], np.float32) + 0.5) * STRIDE
            corners = offsets[:, row, column].reshape(4, 2) * SPAN + middle
            score = float(1 / (1 + np.exp(-level[row, column])))
            found.append(Found(kind, score, corners.astype(np.float32)))  # type: ignore[arg-type]
    return sorted(found, key=lambda one: -one.score)[:MOST]


def _apart(found: list[Found]) -> list[Found]:
    """The best of those that overlap."""
    kept: list[Found] = []
    for one in found:
        if all(_overlap(one.corners, other.corners) < SAME for other in kept):
            kept.append(one)
    return kept


def _overlap(one: Corners, other: Corners) -> float:
    low = np.maximum(one.min(axis=0), other.min(axis=0))
    high = np.minimum(one.max(axis=0), other.max(axis=0))
    shared = float(np.prod(np.maximum(high - low, 0)))
    smaller = min(float(np.prod(np.ptp(one, axis=0))), float(np.prod(np.ptp(other, axis=0))))
    return shared / max(smaller, 1e-6)
