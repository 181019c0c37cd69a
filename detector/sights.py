"""What is seen on a vehicle in one shot: the second look's networks applied to its crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from cameras.frame import Image
from detector.agreement import Read
from detector.detections import Box, Boxes, Detections
from detector.shots import Shot, sharpness
from detector.sign import EMPTY_PANEL, Sign, SignKind

LEAST_SIDE = 24
"""Pixels of a crop's shorter side below which nothing on a vehicle can be told."""
LEAST_SPREAD = 4.0
"""Grey levels (one standard deviation) below which a crop shows nothing: a black or blinded picture."""
LEAST_PANEL = 0.3
"""Score of the features network from which on it sees a panel. Many things are orange: an empty panel counts only where
both networks see one."""


class FeatureFinder(Protocol):
    """The part of `Network` that the second look uses."""

    class_names: tuple[str, ...]

    def detect(self, pictures: Sequence[Image]) -> list[Detections]: ...


class SignSource(Protocol):
    """Finds and reads the signs in a picture."""

    def signs(self, picture: Image) -> list[Sign]:
        """All signs in a picture (BGR uint8), corners in its pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One shot and what is on its vehicle, in pixels of the crop; what is on other vehicles is left out."""

    shot: Shot
    class_names: tuple[str, ...]
    features: Detections
    signs: tuple[Sign, ...]

    def found(self, word: str, least: float) -> Detections:
        """The features of a class that are at least so sure, best first."""
        wanted = self.class_names.index(word) if word in self.class_names else -1
        return self.features[(self.features.class_ids == wanted) & (self.features.scores >= least)]

    def reads(self, kind: SignKind) -> list[Read]:
        """The signs of a kind, weighed by height, sharpness and score."""
        return [self._weighed(s) for s in self.signs if s.kind == kind]

    def _weighed(self, sign: Sign) -> Read:
        x0, y0, x1, y1 = (round(v) for v in sign.box)
        patch = self.shot.crop[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
        clear = sharpness(patch) if patch.size else 0.0
        return Read(sign, self.shot, (y1 - y0) * clear * sign.score)


def see(shot: Shot, features: FeatureFinder, reader: SignSource | None) -> Sight:
    """Look at one shot. A crop that is tiny, black or blank shows nothing."""
    names = tuple(features.class_names)
    if min(shot.crop.shape[:2]) < LEAST_SIDE or float(shot.crop[::4, ::4].std()) < LEAST_SPREAD:
        return Sight(shot, names, Detections.empty(), ())
    found = features.detect([shot.crop])[0]
    own = np.array([shot.is_own(as_box(box)) for box in found.boxes], bool)
    sight = Sight(shot, names, found[own], ())
    if reader is None:
        return sight
    panels = sight.found("orange_panel", LEAST_PANEL).boxes
    signs = (s for s in reader.signs(shot.crop) if shot.is_own(s.box) and (s.text != EMPTY_PANEL or _inside(s, panels)))
    return replace(sight, signs=tuple(signs))


def _inside(sign: Sign, boxes: Boxes) -> bool:
    """Whether the middle of a sign lies in one of the boxes (N, 4)."""
    x, y = sign.corners.mean(axis=0)
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes)


def as_box(box: Boxes) -> Box:
    """One row (4,) as numbers."""
    x0, y0, x1, y1 = (float(v) for v in box)
    return (x0, y0, x1, y1)
