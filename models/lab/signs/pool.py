"""Thousands of views of drawn signs, made once and kept on disk: drawing costs more than learning from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detector.sign_alphabet import COLOURS, PLACES, SIZE, slot_ids
from models.lab.signs.sheets import Pixels, SheetMaker
from models.lab.signs.views import Camera

NOTHING_SHARE = 0.06
"""Of the views show no sign."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Views with what they say; all arrays of one length N, read from disk as they are needed."""

    pixels: np.ndarray[Any, np.dtype[np.uint8]]
    """(N, height, width, 3) BGR."""
    slots: np.ndarray[Any, np.dtype[np.int8]]
    """(N, PLACES) ids of characters; -1 where nobody could read one, and in views of nothing."""
    kinds: np.ndarray[Any, np.dtype[np.int8]]
    """(N,) ids of COLOURS; -1 where it is not known."""
    corners: np.ndarray[Any, np.dtype[np.float32]]
    """(N, 4, 2) shares of width and height; NaN where they are not known."""

    def __len__(self) -> int:
        return len(self.slots)

    def save(self, path: Path) -> None:
        """Write the four arrays, `path` being the beginning of their names."""
        for name in ("pixels", "slots", "kinds", "corners"):
            np.save(f"{path}-{name}.npy", getattr(self, name))

    @classmethod
    def load(cls, path: Path) -> Pool:
        """The arrays written by `save`, mapped into memory."""
        names = ("pixels", "slots", "kinds", "corners")
        return cls(*(np.load(f"{path}-{name}.npy", mmap_mode="r") for name in names))


def drawn(count: int, seed: int, backgrounds: Sequence[Pixels]) -> Pool:
    """`count` views of drawn signs before patches of `backgrounds` (BGR)."""
    rng = np.random.default_rng(seed)
    maker, camera = SheetMaker(rng), Camera(rng, backgrounds, SIZE)
    pixels = np.empty((count, SIZE[1], SIZE[0], 3), np.uint8)
    slots = np.full((count, PLACES), -1, np.int8)
    kinds = np.zeros(count, np.int8)
    corners = np.full((count, 4, 2), np.nan, np.float32)
    for number in range(count):
        if rng.random() < NOTHING_SHARE:
            pixels[number] = camera.nothing()
            continue
        sheet = maker.sheet()
        view = camera.view(sheet)
        pixels[number], corners[number] = view.pixels, view.corners
        kinds[number] = COLOURS.index(sheet.kind)
        slots[number] = slot_ids(sheet.slots)
        written = [place for place, character in enumerate(sheet.slots) if character]
        for covered in view.covered:
            slots[number, written[covered]] = -1
    return Pool(pixels, slots, kinds, corners)


def patches(folder: Path, count: int, seed: int) -> list[Pixels]:
    """Pictures (BGR) to cut backgrounds from: `count` of the JPEGs under a folder."""
    paths = sorted(folder.rglob("*.jpg"))
    if not paths:
        raise FileNotFoundError(f"{folder}: holds no JPEG to cut backgrounds from")
    chosen = np.random.default_rng(seed).choice(len(paths), min(count, len(paths)), replace=False)
    pictures = [cv2.imread(str(paths[int(number)])) for number in chosen]
    return [np.asarray(picture, np.uint8) for picture in pictures if picture is not None]
