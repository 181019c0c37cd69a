"""Which pictures are of one scene, and on which side of the split each scene lies."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.frame import Image
from models.lab.labelled import without_bars
from models.lab.sources import Scenes, Split

ALIKE_BITS = 10
"""Pictures of which at most so many of the 64 bits differ are taken for one scene. Copies differ in up to 6; the next
few bits bring in the neighbouring frames of a clip, and in sets of single photos still nearly nothing."""


def difference_hash(image: Image) -> NDArray[np.bool_]:
    """64 bits of a picture (BGR) without its black bars: is each cell of 8 x 8 brighter than the one left of it?

    The dHash of N. Krawetz, "Kind of Like That" (2013).
    """
    grey = without_bars(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8))
    cells = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.asarray(cells[:, 1:] > cells[:, :-1], np.bool_).ravel()


def alike(hashes: NDArray[np.bool_], names: Sequence[str], bits: int = ALIKE_BITS) -> list[int]:
    """Group of each of the hashes (N, 64): the number of the first one it hangs together with.

    Pictures hang together that look alike or bear the same of the `names` (N).
    """
    ones = hashes.astype(np.int32)
    differ = ones @ (1 - ones).T
    differ = differ + differ.T
    groups = list(range(len(hashes)))

    def root(i: int) -> int:
        while groups[i] != i:
            groups[i] = groups[groups[i]]
            i = groups[i]
        return i

    _, same = np.unique(np.asarray(names), return_inverse=True)
    for i, j in zip(*np.nonzero(np.triu((differ <= bits) | (same[:, None] == same), 1)), strict=True):
        a, b = root(int(i)), root(int(j))
        groups[max(a, b)] = min(a, b)
    return [root(i) for i in range(len(groups))]


def side(scene: str, val: float) -> Split:
    """The side a scene lies on: always the same for its name, `val` for that share of all names."""
    number = int.from_bytes(hashlib.sha256(scene.encode()).digest()[:8], "big")
    return "val" if number / 2**64 < val else "train"


def by_order(numbers: Sequence[float], rule: Scenes) -> list[Split | None]:
    """The side of each picture of a fixed camera; None in the gap before the part held out."""
    if not numbers:
        return []
    low, high = min(numbers), max(numbers)
    cut = high - rule.val * (high - low)
    return ["val" if n > cut else "train" if n < cut - rule.gap else None for n in numbers]
