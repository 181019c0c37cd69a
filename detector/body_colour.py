"""The colour of a vehicle's body in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.frame import Image
from detector.detections import Box

BODY = (0.12, 0.12, 0.88, 0.68)
"""Part of the vehicle's box taken for its body: without the road, the wheels and the background at the corners."""
SIDE = 96
"""Pixels of the longer side at which it is looked at."""
DARK = 100.0
"""A picture whose brightest is below this value (0 to 255) shows no colour that could be told."""
LEAST_SHARE = 0.45
"""Share of the body that must have the colour."""
VIVID = 70
"""Saturation (0 to 255) from which a pixel has a hue."""
HUES = ((8, "red"), (16, "brown"), (34, "yellow"), (86, "green"), (130, "blue"), (168, "unknown"), (181, "red"))
"""Upper ends of the hues, in OpenCV's half degrees."""
GREYS = ((60, "black"), (110, "grey"), (175, "silver"), (256, "white"))
"""Upper ends of the values of what has no hue, where the brightest of the picture is 255."""
LEAST_WHITE = 140.0
"""The brightest of a picture is taken for white if it has at least this value; at dusk nothing is."""
BLACK_SHARE = 0.65
"""Of a body so much must be black: less may be its windows."""


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour and the share of the body that has it."""

    word: str
    share: float


def colour_of(crop: Image, box: Box, covered: Sequence[Box]) -> Colour | None:
    """The colour of the vehicle in `box` of a crop (BGR), without what is `covered` by other things, or None."""
    part = np.asarray(_body(crop, box, covered))
    if len(part) < 50:
        return None
    hue, saturation, value = part[:, 0].astype(int), part[:, 1].astype(int), part[:, 2].astype(int)
    brightest = float(np.percentile(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[::4, ::4], 98))
    if brightest < DARK:
        return None
    lit = np.minimum(value * 255 / max(brightest, LEAST_WHITE), 255).astype(int)
    words = np.where(saturation >= VIVID, _named(hue, HUES), _named(lit, GREYS))
    # A dark pixel has a hue by noise alone; brown that is bright would be orange, which is none of the words.
    words = np.where(value < 45, "black", words)
    if (words == "black").mean() < BLACK_SHARE:
        words, value = words[words != "black"], value[words != "black"]
    words = np.where((words == "brown") & (value > 150), "unknown", words)
    names, counts = np.unique(words, return_counts=True)
    best = int(np.argmax(counts))
    share = float(counts[best] / counts.sum())
    if share < LEAST_SHARE or names[best] == "unknown":
        return None
    return Colour(str(names[best]), share)


def _body(crop: Image, box: Box, covered: Sequence[Box]) -> NDArray[np.uint8]:
    """Pixels (N, 3) of the body, hue, saturation, value."""
    width, height = box[2] - box[0], box[3] - box[1]
    free = np.zeros(crop.shape[:2], np.uint8)
    low = (round(box[0] + BODY[0] * width), round(box[1] + BODY[1] * height))
    high = (round(box[0] + BODY[2] * width), round(box[1] + BODY[3] * height))
    cv2.rectangle(free, low, high, 1, -1)
    for x0, y0, x1, y1 in covered:
        cv2.rectangle(free, (round(x0), round(y0)), (round(x1), round(y1)), 0, -1)
    scale = min(SIDE / max(crop.shape[:2]), 1.0)
    size = (max(round(crop.shape[1] * scale), 1), max(round(crop.shape[0] * scale), 1))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(free, size, interpolation=cv2.INTER_NEAREST).astype(bool)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2HSV)[mask], np.uint8)


def _named(values: NDArray[np.int64], ends: Sequence[tuple[int, str]]) -> NDArray[np.str_]:
    names = np.array([name for _, name in ends])
    return np.asarray(names[np.searchsorted([end for end, _ in ends], values, side="right")], np.str_)
