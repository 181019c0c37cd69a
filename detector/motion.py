"""The motion gate: which pictures of a quiet road need no look."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.frame import Frame
from detector.planes import luma
from detector.settings import MotionSettings

GRID_WIDTH = 160
"""Cells across a picture; a cell is square."""

_NOISE_SETTLE = 4
"""What a cell usually does is learnt over so many times `settle_s`: a gust of rain is not usual yet."""

_SAMPLE = 4
"""Every fourth cell each way is enough to tell how much brighter the whole picture became."""

_SPECK = np.ones((3, 3), np.uint8)
"""Changed cells that hold no such block are rain drops, insects and coding noise."""


@dataclass(slots=True)
class _Quiet:
    """The quiet road as learnt within one session; arrays float32 (rows, columns)."""

    session: int
    started_s: float
    seen_s: float
    background: NDArray[np.float32]
    noise: NDArray[np.float32]
    """How far each cell usually is from the background, grey levels."""
    looked_s: float
    open_until_s: float


class MotionGate:
    """Says of each frame of one camera whether it is worth a look. Not thread-safe: one caller at a time.

    Keeps a running average of the picture in grey cells. A frame counts as motion when a connected patch of
    cells differs from that average by more than the cells usually do, once a change of brightness of the
    whole picture (dusk, a step of the camera's exposure) is taken out. Depends on the stream's clock alone.
    """

    def __init__(self, settings: MotionSettings) -> None:
        """A gate that knows nothing yet: it opens on the first frame."""
        self._settings = settings
        self._quiet: _Quiet | None = None

    def worth_a_look(self, frame: Frame, *, busy: bool = False) -> bool:
        """Whether the frame differs from the quiet road, did so a moment ago, or a look is due anyway.

        `busy`: vehicles are being followed; every frame is looked at, and what moves is not taken for noise.
        """
        settings = self._settings
        if not settings.enabled:
            return True
        cells = _cells(frame)
        quiet = self._quiet
        if quiet is None or quiet.session != frame.session or quiet.background.shape != cells.shape:
            self._quiet = _first(frame, cells, settings)
            return True
        if self._moves(quiet, cells, frame.pts_s, busy):
            quiet.open_until_s = frame.pts_s + settings.hold_s
        due = frame.pts_s - quiet.looked_s >= settings.look_every_s
        if not (busy or due or frame.pts_s <= quiet.open_until_s):
            return False
        quiet.looked_s = frame.pts_s
        return True

    def _moves(self, quiet: _Quiet, cells: NDArray[np.float32], now_s: float, busy: bool) -> bool:
        """Compare with the quiet road, then let it take in the frame."""
        settings = self._settings
        expected = np.minimum(quiet.background * _gain(cells, quiet.background), np.float32(255))
        change = cv2.absdiff(cells, expected)
        limit = np.maximum(quiet.noise * np.float32(settings.noise_factor), np.float32(settings.threshold))
        moves = _has_patch(change > limit, max(1.0, settings.min_area * cells.size))
        step_s, quiet.seen_s = now_s - quiet.seen_s, now_s
        cv2.accumulateWeighted(cells, quiet.background, _weight(step_s, now_s - quiet.started_s, settings.settle_s))
        if not busy:
            noise_s = _NOISE_SETTLE * settings.settle_s
            cv2.accumulateWeighted(change, quiet.noise, _weight(step_s, noise_s, noise_s))
        return moves


def _first(frame: Frame, cells: NDArray[np.float32], settings: MotionSettings) -> _Quiet:
    now_s = frame.pts_s
    return _Quiet(
        session=frame.session,
        started_s=now_s,
        seen_s=now_s,
        background=cells.copy(),
        noise=np.zeros_like(cells),
        looked_s=now_s,
        open_until_s=now_s + settings.hold_s,
    )


def _cells(frame: Frame) -> NDArray[np.float32]:
    """Mean brightness of each cell of a frame, float32 (rows, GRID_WIDTH)."""
    rows = max(1, round(GRID_WIDTH * frame.height / frame.width))
    grey = luma(frame)
    if grey is None:
        grey = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), np.uint8)
    # Averaging every pixel of a large picture costs ten times as much and sees no more.
    twice = cv2.resize(grey, (2 * GRID_WIDTH, 2 * rows))
    return cv2.resize(twice, (GRID_WIDTH, rows), interpolation=cv2.INTER_AREA).astype(np.float32)


def _gain(cells: NDArray[np.float32], background: NDArray[np.float32]) -> np.float32:
    """How many times brighter the picture is than the background: the factor of least absolute error.

    That is the median of the cells' ratios, each weighing as much as it is bright: a rounding of the many dark
    cells of a night must not scale the lamps.
    """
    was = np.maximum(background[::_SAMPLE, ::_SAMPLE], np.float32(1)).ravel()
    ratio = np.maximum(cells[::_SAMPLE, ::_SAMPLE], np.float32(1)).ravel() / was
    order = np.argsort(ratio)
    light = np.cumsum(was[order])
    return np.float32(ratio[order[np.searchsorted(light, light[-1] / 2)]])


def _has_patch(changed: NDArray[np.bool_], size: float) -> bool:
    """Whether a connected patch of changed cells, specks left out, has at least `size` cells."""
    solid = cv2.morphologyEx(changed.view(np.uint8), cv2.MORPH_OPEN, _SPECK)
    if np.count_nonzero(solid) < size:
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    return bool(stats[1:, cv2.CC_STAT_AREA].max() >= size)


def _weight(step_s: float, known_s: float, settle_s: float) -> float:
    """Weight of a frame in a running average over `settle_s`; a plain average until that long is known."""
    return step_s / (min(known_s, settle_s) + step_s) if step_s > 0 else 0.0
