"""Drawn plates of known text, each in several shots of one vehicle that comes nearer: no finder, no rendering.

Dirt, light, the vehicle's turn and how strong noise and compression are stay the same in all shots of a track, and so
does most of the blur; size, place, the noise itself and the finder's error are new in each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.frame import Image
from detector.sign import Corners
from models.lab.signs.sheets import Pixels, Sheet, SheetMaker
from models.lab.signs.views import Camera

WIDTHS_PX = (25.0, 60.0)
"""Of a plate in its nearest shot, from which the others are each 0.72 to 0.97 as wide as the one before."""
SHOTS = (2, 6)
BLUR_PX = 0.5
"""Mean standard deviation of a track's blur beside that of the sampling."""
FINDER_OFF = 0.03
"""Standard deviation of the finder's corners, as a share of the plate's width."""


@dataclass(frozen=True, slots=True)
class DrawnShot:
    """One picture (BGR) with a plate, and where the finder would say that it is."""

    picture: Image
    corners: Corners


@dataclass(frozen=True, slots=True)
class DrawnTrack:
    """Several shots of one plate."""

    text: str
    colour: str
    width_px: float
    """Of the plate in the nearest shot."""
    shots: tuple[DrawnShot, ...]
    """The nearest first."""


def drawn_tracks(count: int, seed: int, backgrounds: Sequence[Pixels]) -> Iterator[DrawnTrack]:
    """Tracks by lot before patches of `backgrounds` (BGR)."""
    rng = np.random.default_rng(seed)
    cv2.setRNGSeed(seed)
    maker = SheetMaker(rng)
    for number in range(count):
        yield _track(rng, maker.plate(), (seed, number), backgrounds)


def _track(rng: np.random.Generator, sheet: Sheet, lot: tuple[int, int], backgrounds: Sequence[Pixels]) -> DrawnTrack:
    turned = Camera(np.random.default_rng(lot), backgrounds, (1, 1)).turned(sheet)
    turned = (turned - turned.mean(axis=0)) / np.ptp(turned[:, 0])
    nearest = float(np.exp(rng.uniform(*np.log(WIDTHS_PX))))
    steps = rng.uniform(0.72, 0.97, int(rng.integers(SHOTS[0], SHOTS[1] + 1)) - 1)
    widths = nearest * np.cumprod([1.0, *steps])
    blur = float(rng.exponential(BLUR_PX))
    shots = tuple(_shot(rng, sheet, lot, turned * width, blur, backgrounds) for width in widths)
    return DrawnTrack("".join(sheet.slots), sheet.kind, nearest, shots)


def _shot(
    rng: np.random.Generator,
    sheet: Sheet,
    lot: tuple[int, int],
    corners: NDArray[np.float32],
    blur: float,
    backgrounds: Sequence[Pixels],
) -> DrawnShot:
    width = float(np.ptp(corners[:, 0]))
    size = max(round(2.2 * width), 24)
    source = backgrounds[lot[1] % len(backgrounds)]
    picture = np.array(cv2.resize(source[: source.shape[0] // 3, : source.shape[1] // 3], (size, size)), np.uint8)
    place = (corners * (1 + rng.normal(0, 0.02, (4, 2))) + size / 2 + rng.uniform(-0.5, 0.5, 2)).astype(np.float32)
    # The same lot for each shot of a track: the same dirt and light.
    Camera(np.random.default_rng(lot), backgrounds, (1, 1)).lay(sheet, place, picture)
    own = float(abs(rng.normal(blur, 0.25)))
    if own > 0.2:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), own), np.uint8)
    seen = Camera(np.random.default_rng((*lot, 1)), backgrounds, (1, 1)).shot(picture)
    found = place + rng.normal(0, FINDER_OFF, (4, 2)) * [width, width / 2]
    return DrawnShot(seen, found.astype(np.float32))
