"""Which way a vehicle faces at a moment, by how its box moves and grows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.axles import Heading
from detector.facts import FacingEnd
from detector.passage import Passage
from detector.shots import CUT

AROUND_S = 1.0
"""Before and after the moment."""
GROWS = 0.06
"""A vehicle whose side grows by this share within that time comes towards the camera."""
MOVES = 0.3
"""A vehicle that moves by this share of its side across the picture shows its front ahead and its rear behind."""


def facing_end(passage: Passage, t_s: float) -> FacingEnd | None:
    """The end that a vehicle shows to the camera: its front as it comes nearer, its rear as it goes."""
    first, last = _around(passage, t_s)
    growth = _side(last) / _side(first) - 1
    if abs(growth) < GROWS:
        return None
    return "front" if growth > 0 else "rear"


def heading_at(passage: Passage, t_s: float) -> Heading | None:
    """The side of the picture that the vehicle moves to; None where it hardly moves across."""
    first, last = _around(passage, t_s)
    shift = float(last[0] + last[2] - first[0] - first[2]) / 2
    if abs(shift) < MOVES * _side(first):
        return None
    return "right" if shift > 0 else "left"


def _around(passage: Passage, t_s: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """First and last whole box (4,) round a moment: one that the picture's edge cuts seems to shrink."""
    width, height = passage.size
    boxes = passage.boxes
    cut = (boxes[:, :2] <= CUT).any(axis=1) | (boxes[:, 2] >= width - CUT) | (boxes[:, 3] >= height - CUT)
    rows = np.flatnonzero((np.abs(passage.times_s - t_s) <= AROUND_S) & passage.seen & ~cut)
    if not len(rows):
        here = passage.box_at(t_s)
        return here, here
    return boxes[rows[0]], boxes[rows[-1]]


def _side(box: NDArray[np.float32]) -> float:
    return float(np.sqrt(max(float((box[2] - box[0]) * (box[3] - box[1])), 1.0)))
