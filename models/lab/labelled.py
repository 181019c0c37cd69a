"""Labelled pictures as the readers give them, and the plain work on them: shrink, cut out, keep what shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.frame import Image
from models.lab.sources import Split
from models.manifest import ModelError

Boxes = NDArray[np.float64]
"""x0, y0, x1, y1 in pixels, (N, 4)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture (BGR) with what its source says is on it, in the source's own words."""

    stem: str
    """Its name without suffix, its own within the source."""
    image: Image
    boxes: Boxes
    words: tuple[str, ...]
    condition: str
    order: float = 0.0
    """Number in a row of pictures of a fixed camera."""
    scene: str | None = None
    """The scene, where the source names it."""
    split: Split | None = None
    """The side of the split, where the source says so."""

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.words), 4):
            raise ValueError(f"{self.stem}: expected {len(self.words)} boxes of 4, found shape {self.boxes.shape}")


def read_image(path: Path) -> Image:
    """Read a picture as BGR. Raises `ModelError` where there is none."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ModelError(f"{path}: is not there or not a picture. Copy the data again.")
    return np.asarray(image, np.uint8)


def stretched(image: Image, factor: float) -> Image:
    """The picture made wider by a factor."""
    if factor == 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=factor, fy=1, interpolation=cv2.INTER_LINEAR), np.uint8)


def as_boxes(rows: object) -> Boxes:
    """Boxes (N, 4) of any sequence of fours, also of none."""
    return np.asarray(rows, np.float64).reshape(-1, 4)


def from_centres(shares: Boxes, width: int, height: int) -> Boxes:
    """YOLO's centre x, centre y, width, height as shares of the picture (N, 4), as corners in its pixels."""
    centre, half = shares[:, :2], shares[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1) * [width, height, width, height]


def to_centres(boxes: Boxes, width: int, height: int) -> Boxes:
    """The way back of `from_centres`."""
    low, high = boxes[:, :2], boxes[:, 2:]
    return np.concatenate([(low + high) / 2, high - low], axis=1) / [width, height, width, height]


def shrunk(picture: Picture, width: int) -> Picture:
    """The picture at most `width` pixels wide, its boxes with it."""
    height, now = picture.image.shape[:2]
    if now <= width:
        return picture
    size = (width, max(1, round(height * width / now)))
    image = np.asarray(cv2.resize(picture.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    ratio = [size[0] / now, size[1] / height] * 2
    return replace(picture, image=image, boxes=picture.boxes * ratio)


def cut_out(picture: Picture, window: tuple[int, int, int, int], stem: str, least_share: float) -> Picture:
    """The part of a picture inside `window` (x0, y0, x1, y1), with the boxes of which `least_share` lies inside."""
    height, width = picture.image.shape[:2]
    x0, y0, x1, y1 = max(0, window[0]), max(0, window[1]), min(width, window[2]), min(height, window[3])
    clipped = np.clip(picture.boxes, [x0, y0, x0, y0], [x1, y1, x1, y1])
    areas = np.prod(picture.boxes[:, 2:] - picture.boxes[:, :2], axis=1)
    inside = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1)
    kept = inside >= np.maximum(least_share * areas, 1e-9)
    words = tuple(word for word, keep in zip(picture.words, kept, strict=True) if keep)
    image = np.ascontiguousarray(picture.image[y0:y1, x0:x1])
    return replace(picture, stem=stem, image=image, boxes=clipped[kept] - [x0, y0, x0, y0], words=words)


def without_bars(grey: Image) -> Image:
    """A grey picture without the black bars at its edges; all of it where nothing is left."""
    rows, columns = np.flatnonzero(grey.max(axis=1) > 24), np.flatnonzero(grey.max(axis=0) > 24)
    if len(rows) < 9 or len(columns) < 9:
        return grey
    return grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def day_or_night(image: Image) -> str:
    """`night` where the middle grey level of the picture without its bars is below 60 of 255, else `day`."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    return "night" if float(np.mean(without_bars(grey))) < 60 else "day"
