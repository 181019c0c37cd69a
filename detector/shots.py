"""The best few views of each vehicle, kept for the second look and for the close-up of the evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from cameras import Frame, Image
from detector.detections import Box, Boxes

CUT = 2.0
"""A box that ends so many pixels from the picture's edge goes on beyond it."""
CUT_WORTH = 0.1
"""Worth of such a view against a whole one: axles cannot be counted in it, nor the plate be seen on most."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Shot:
    """One of the best views of the vehicle: a crop of the undistorted picture, with where and when."""

    t_s: float
    taken_at: datetime
    box: Box
    """Box of the vehicle in the picture, pixels."""
    quality: float
    """Size times sharpness times score; comparable within one passage."""
    crop: Image
    """BGR, uint8; the box with a margin."""
    corner: tuple[int, int]
    """Pixel of the picture that the crop's upper left one is."""
    others: Boxes
    """(N, 4) boxes of other vehicles in the picture that meet this one's."""
    cut: bool
    """Whether the vehicle goes on beyond the picture's edge."""

    @property
    def own_box(self) -> Box:
        """Box of the vehicle in the crop, pixels."""
        x, y = self.corner
        return (self.box[0] - x, self.box[1] - y, self.box[2] - x, self.box[3] - y)

    def in_picture(self, box: Box) -> Box:
        """A box of the crop in pixels of the picture."""
        x, y = self.corner
        return (box[0] + x, box[1] + y, box[2] + x, box[3] + y)

    def is_own(self, box: Box) -> bool:
        """Whether a thing in the crop is on this vehicle: not outside it, and not on a nearer one in front of it."""
        x, y = (box[0] + box[2]) / 2 + self.corner[0], (box[1] + box[3]) / 2 + self.corner[1]
        holds = _holds(np.array([self.box]), x, y)
        # What stands lower in the picture is nearer to the camera.
        nearer = self.others[self.others[:, 3] > self.box[3]]
        return bool(holds.any() and not _holds(nearer, x, y).any())


class ShotSettings(BaseModel):
    """How many views are kept, and how far apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keep: int = Field(default=6, ge=1, le=16)
    """Views per vehicle. More give the readers of plates and axles more to agree on, and take time and memory:
    of a truck that fills a 4K picture some 20 MB each."""
    apart_s: float = Field(default=0.15, gt=0)
    """At most one view is kept of so many seconds: two of the same moment show the same glare. A plate that comes near
    is large for half a second, and wants some views of that."""
    margin: float = Field(default=0.08, ge=0, le=1)
    """Margin round the box, as a share of its size."""


class ShotKeeper:
    """Chooses the best shots of one track by size, sharpness, score, and being wholly in the picture.

    A view of nearly the same place as a better one is worth less: the wheels may be seen best at another moment than
    the plate.
    """

    def __init__(self, settings: ShotSettings, size: tuple[int, int]) -> None:
        self._settings = settings
        self._size = size
        self._shots: list[Shot] = []
        self._tried_s = -np.inf
        self._span_from_s = -np.inf

    @property
    def best(self) -> tuple[Shot, ...]:
        """Kept shots, best first."""
        return tuple(sorted(self._shots, key=lambda s: -s.quality))

    def offer(self, frame: Frame, box: Box, score: float, others: Callable[[], Boxes]) -> None:
        """Look at a view and keep it if it is among the best; `others()` (N, 4) are the other vehicles' boxes."""
        # Cropping converts the whole picture, so a view is tried only if its size alone could win.
        if frame.pts_s - self._tried_s < self._settings.apart_s / 2:
            return
        promise = self._promise(box, score)
        if len(self._shots) >= self._settings.keep:
            views = [(promise, box), *((s.quality, s.box) for s in self._shots)]
            worth = _worth(views)
            if worth[0] <= min(worth[1:]):
                return
        self._tried_s = frame.pts_s
        shot = self._take(frame, box, promise, others())
        if shot is None:
            return
        if shot.t_s - self._span_from_s >= self._settings.apart_s:
            self._span_from_s = shot.t_s
        rivals = [s for s in self._shots if s.t_s >= self._span_from_s]
        if any(s.quality >= shot.quality for s in rivals):
            return
        self._shots = [*(s for s in self._shots if s not in rivals), shot]
        if len(self._shots) > self._settings.keep:
            worth = _worth([(s.quality, s.box) for s in self._shots])
            del self._shots[int(np.argmin(worth))]

    def _promise(self, box: Box, score: float) -> float:
        """The most a view of this box can be worth: its side length in pixels, times its score."""
        return _side(box) * score * (CUT_WORTH if self._cut(box) else 1.0)

    def _cut(self, box: Box) -> bool:
        width, height = self._size
        return box[0] <= CUT or box[1] <= CUT or box[2] >= width - CUT or box[3] >= height - CUT

    def _take(self, frame: Frame, box: Box, promise: float, others: Boxes) -> Shot | None:
        mx = (box[2] - box[0]) * self._settings.margin
        my = (box[3] - box[1]) * self._settings.margin
        x0, y0 = max(int(box[0] - mx), 0), max(int(box[1] - my), 0)
        x1, y1 = min(int(box[2] + mx) + 1, frame.width), min(int(box[3] + my) + 1, frame.height)
        crop = frame.image[y0:y1, x0:x1].copy()
        if crop.size == 0:
            return None
        meet = (others[:, :2] < box[2:]).all(axis=1) & (others[:, 2:] > box[:2]).all(axis=1)
        quality = promise * sharpness(crop)
        return Shot(
            frame.pts_s, frame.captured_at, box, quality, crop, (x0, y0), others[meet].copy(), cut=self._cut(box)
        )


def _side(box: Box) -> float:
    return float(np.sqrt(max((box[2] - box[0]) * (box[3] - box[1]), 0.0)))


def _worth(views: list[tuple[float, Box]]) -> list[float]:
    """Quality of each view, less the nearer a better one is: half of it at the same place."""
    return [
        quality * min([1.0, *(0.5 + _apart(box, other) for better, other in views if better > quality)])
        for quality, box in views
    ]


def _apart(a: Box, b: Box) -> float:
    """How far two boxes of one vehicle are apart, in its size; a box of twice the size counts 0.7."""
    side_a, side_b = max(_side(a), 1.0), max(_side(b), 1.0)
    shift = np.hypot(a[0] + a[2] - b[0] - b[2], a[1] + a[3] - b[1] - b[3]) / 2
    return float(shift / np.sqrt(side_a * side_b) + abs(np.log(side_a / side_b)))


def _holds(
    boxes: np.ndarray[tuple[int, ...], np.dtype[np.floating]], x: float, y: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])


def sharpness(crop: Image) -> float:
    """0 to 1 by the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000) at a common size."""
    scale = 160 / max(crop.shape[:2])
    small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else crop
    variance = float(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.CV_32F).var())
    return variance / (variance + 100.0)
