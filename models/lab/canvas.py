"""Training pictures: one or several labelled pictures laid onto a canvas of the network's own input size.

The box's cameras are 16:9, so the networks' input is too; a square mosaic would train shapes the box never sees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.frame import Image

Boxes = NDArray[np.float32]
PAD = 114
"""Grey beside a picture, as at inference."""

_LEAST_VISIBLE = 0.25
"""Share of a box that must lie on the canvas for it to stay an object."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture (H, W, 3) BGR with boxes (N, 4) as x0 y0 x1 y1 in its pixels and their class numbers (N,)."""

    image: Image
    boxes: Boxes
    classes: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Variation:
    """How far training pictures may differ from what the camera took."""

    mosaic: float = 0.6
    """Share of canvases that hold several pictures."""
    scale: tuple[float, float] = (0.7, 1.5)
    """Size of a lone picture against the one that just fits."""
    mosaic_scale: tuple[float, float] = (0.5, 1.2)
    """Size of each of several pictures against the one that just fits the whole canvas."""
    flip: float = 0.5
    """Share mirrored left to right."""
    colour: float = 1.0
    """Strength of the changes of light and colour; 0 for none."""


def compose(
    rng: np.random.Generator, draw: Callable[[], Labelled], size: tuple[int, int], variation: Variation
) -> Labelled:
    """A canvas of `size` (width, height) with one, two or four of the pictures that `draw` gives."""
    width, height = size
    canvas = np.full((height, width, 3), PAD, np.uint8)
    several = rng.random() < variation.mosaic
    scales = variation.mosaic_scale if several else variation.scale
    boxes, classes = [], []
    for x0, y0, x1, y1 in _split(rng, width, height) if several else [(0, 0, width, height)]:
        picture = draw()
        fit = min(width / picture.image.shape[1], height / picture.image.shape[0])
        part = _window(rng, picture, fit * float(np.exp(rng.uniform(*np.log(scales)))), (x1 - x0, y1 - y0))
        if rng.random() < variation.flip:
            part = _mirrored(part)
        canvas[y0:y1, x0:x1] = part.image
        boxes.append(part.boxes + np.array([x0, y0, x0, y0], np.float32))
        classes.append(part.classes)
    if variation.colour > 0:
        canvas = _other_light(rng, canvas, variation.colour)
    return Labelled(canvas, np.concatenate(boxes), np.concatenate(classes))


def _split(rng: np.random.Generator, width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Two halves side by side, or four quarters, parted near the middle."""
    x, y = round(width * rng.uniform(0.35, 0.65)), round(height * rng.uniform(0.35, 0.65))
    if rng.random() < 0.5:
        return [(0, 0, x, height), (x, 0, width, height)]
    return [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]


def _window(rng: np.random.Generator, picture: Labelled, scale: float, size: tuple[int, int]) -> Labelled:
    """The picture at `scale`, seen through a window of `size` (width, height) at a random place over it."""
    width, height = size
    shown = (max(1, round(picture.image.shape[1] * scale)), max(1, round(picture.image.shape[0] * scale)))
    left, top = (_offset(rng, have, room) for have, room in zip(shown, size, strict=True))
    out = np.full((height, width, 3), PAD, np.uint8)
    way = cv2.INTER_AREA if scale < 0.6 else cv2.INTER_LINEAR
    resized = cv2.resize(picture.image, shown, interpolation=way)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + shown[0]), min(height, top + shown[1])
    out[y0:y1, x0:x1] = resized[y0 - top : y1 - top, x0 - left : x1 - left]
    stretch = np.array([shown[0] / picture.image.shape[1], shown[1] / picture.image.shape[0]] * 2, np.float32)
    moved = picture.boxes * stretch + np.array([left, top, left, top], np.float32)
    clipped = moved.copy()
    clipped[:, 0::2] = moved[:, 0::2].clip(x0, x1)
    clipped[:, 1::2] = moved[:, 1::2].clip(y0, y1)
    kept = (_area(clipped) >= _LEAST_VISIBLE * _area(moved)) & ((clipped[:, 2:] - clipped[:, :2]).min(axis=1) >= 2)
    return Labelled(out, clipped[kept], picture.classes[kept])


def _offset(rng: np.random.Generator, have: int, room: int) -> int:
    """Where a picture of `have` pixels begins in a window of `room`: inside it if smaller, cut on both sides if not."""
    low, high = sorted((0, room - have))
    return int(rng.integers(low, high + 1))


def _area(boxes: Boxes) -> NDArray[np.float32]:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float32)


def _mirrored(picture: Labelled) -> Labelled:
    boxes = picture.boxes.copy()
    boxes[:, [0, 2]] = picture.image.shape[1] - picture.boxes[:, [2, 0]]
    return Labelled(np.ascontiguousarray(picture.image[:, ::-1]), boxes, picture.classes)


def _other_light(rng: np.random.Generator, image: Image, strength: float) -> Image:
    """Another hour, another camera: brightness, contrast, colour, now and then dusk, infrared, blur and noise."""
    gain = 1 + strength * rng.uniform(-0.35, 0.35)
    lift = strength * rng.uniform(-25, 25)
    tint = 1 + strength * rng.uniform(-0.08, 0.08, 3)
    levels = np.arange(256, dtype=np.float32)[:, None]
    gamma = float(np.exp(strength * rng.uniform(-0.35, 0.35)))
    if rng.random() < 0.15 * strength:
        gamma, gain = gamma * 1.8, gain * 0.7
    table = ((levels / 255) ** gamma * 255 * gain + lift) * tint
    image = cv2.LUT(image, table.clip(0, 255).astype(np.uint8)[:, None, :]).astype(np.uint8, copy=False)
    if rng.random() < 0.08 * strength:
        image = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2)
    elif rng.random() < 0.5:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        share = 1 + strength * float(rng.uniform(-0.5, 0.5))
        image = np.asarray(cv2.addWeighted(image, share, grey, 1 - share, 0), np.uint8)
    if rng.random() < 0.1 * strength:
        image = np.asarray(cv2.blur(image, (3, 3)), np.uint8)
    if rng.random() < 0.1 * strength:
        noise = rng.normal(0, rng.uniform(3, 12), image.shape[:2]).astype(np.float32)
        image = (image + noise[:, :, None]).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(image)
