"""The best few views of each vehicle, kept for the second look and for the close-up of the evidence."""

from __future__ import annotations

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from cameras import Frame, Image
from detector.detections import Box
from detector.passage import Shot


class ShotSettings(BaseModel):
    """How many views are kept, and how far apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keep: int = Field(default=3, ge=1, le=16)
    """Views per vehicle. More give the readers of plates and axles more to agree on, and take memory."""
    apart_s: float = Field(default=0.4, gt=0)
    """Least time between two kept views: two of the same moment show the same glare."""
    margin: float = Field(default=0.08, ge=0, le=1)
    """Margin round the box, as a share of its size."""


class ShotKeeper:
    """Chooses the best shots of one track by size, sharpness, score, and being wholly in the picture."""

    def __init__(self, settings: ShotSettings, size: tuple[int, int]) -> None:
        self._settings = settings
        self._size = size
        self._shots: list[Shot] = []
        self._tried_s = -np.inf

    @property
    def best(self) -> tuple[Shot, ...]:
        """Kept shots, best first."""
        return tuple(sorted(self._shots, key=lambda s: -s.quality))

    def offer(self, frame: Frame, box: Box, score: float) -> None:
        """Look at a view and keep it if it is among the best."""
        # Cropping converts the whole picture, so a view is tried only if its size alone could win.
        if frame.pts_s - self._tried_s < self._settings.apart_s / 2:
            return
        promise = self._promise(box, score)
        if len(self._shots) >= self._settings.keep and promise <= min(s.quality for s in self._shots):
            return
        self._tried_s = frame.pts_s
        crop = self._crop(frame, box)
        if crop.size == 0:
            return
        shot = Shot(frame.pts_s, frame.captured_at, box, promise * _sharpness(crop), crop)
        near = [s for s in self._shots if abs(s.t_s - shot.t_s) < self._settings.apart_s]
        if any(s.quality >= shot.quality for s in near):
            return
        others = [s for s in self._shots if s not in near]
        self._shots = sorted([*others, shot], key=lambda s: -s.quality)[: self._settings.keep]

    def _promise(self, box: Box, score: float) -> float:
        """The most a view of this box can be worth: its side length in pixels, times its score."""
        width, height = self._size
        cut = box[0] <= 2 or box[1] <= 2 or box[2] >= width - 2 or box[3] >= height - 2
        return float(np.sqrt(max((box[2] - box[0]) * (box[3] - box[1]), 0.0))) * score * (0.3 if cut else 1.0)

    def _crop(self, frame: Frame, box: Box) -> Image:
        mx = (box[2] - box[0]) * self._settings.margin
        my = (box[3] - box[1]) * self._settings.margin
        x0, y0 = max(int(box[0] - mx), 0), max(int(box[1] - my), 0)
        x1, y1 = min(int(box[2] + mx) + 1, frame.width), min(int(box[3] + my) + 1, frame.height)
        return frame.image[y0:y1, x0:x1].copy()


def _sharpness(crop: Image) -> float:
    """0 to 1 by the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000) at a common size."""
    scale = 160 / max(crop.shape[:2])
    small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else crop
    variance = float(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.CV_32F).var())
    return variance / (variance + 100.0)
