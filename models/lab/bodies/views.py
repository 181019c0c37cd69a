"""Views of cut-out vehicles as a box by the road gets them: boxes that lie off, blur, dusk, compression, far away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from cameras.frame import Image
from detector.body_look import SIZE, laid_out
from detector.detections import Box
from models.lab.bodies.crops import BodyCrop

Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Pictures (N, 3, height, width) BGR 0 to 255, body, load and raised ids (N,)."""
OFF = 0.035
"""How far an edge of a box lies off, one standard deviation, as a share of the vehicle's size."""
CUT = 0.15
"""Of the views so many end within the vehicle, at one side or below."""


class Views:
    """Makes views by lot; what is rare among the cut-outs is more frequent here."""

    def __init__(self, crops: Sequence[BodyCrop], rng: np.random.Generator) -> None:
        self._crops, self._rng = crops, rng
        kinds = [(crop.photograph, crop.body, crop.load, crop.raised) for crop in crops]
        counts = Counter(kinds)
        weights = np.array([counts[kind] ** -0.5 for kind in kinds])
        self._shares = weights / weights.sum()

    def batch(self, count: int) -> Batch:
        """So many views."""
        rows = self._rng.choice(len(self._crops), count, p=self._shares)
        chosen = [self._crops[int(row)] for row in rows]
        pixels = np.stack([self._view(self._rng, crop) for crop in chosen])
        truth = np.array([(crop.body, crop.load, crop.raised) for crop in chosen], np.int64)
        planes = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32)
        return planes, truth[:, 0], truth[:, 1], truth[:, 2]

    def _view(self, rng: np.random.Generator, crop: BodyCrop) -> Image:
        pixels, box = crop.pixels, moved(rng, crop.box)
        if rng.random() < CUT:
            pixels, box = cut_off(rng, pixels, box)
        if rng.random() < 0.12:
            pixels = _hidden(rng, pixels, box, self._crops[int(rng.integers(len(self._crops)))].pixels)
        if rng.random() < 0.5:
            pixels, box = pixels[:, ::-1], (pixels.shape[1] - box[2], box[1], pixels.shape[1] - box[0], box[3])
        if rng.random() < 0.45:
            pixels, box = _smaller(pixels, box, float(rng.uniform(48, SIZE[0])))
        return _degraded(rng, laid_out(np.ascontiguousarray(pixels), box))


def moved(rng: np.random.Generator, box: Box) -> Box:
    """A box whose edges lie a little off."""
    wide, high = box[2] - box[0], box[3] - box[1]
    off = rng.normal(0.0, OFF, 4) * (wide, high, wide, high)
    return box[0] + off[0], box[1] + off[1], box[2] + off[2], box[3] + off[3]


def cut_off(rng: np.random.Generator, pixels: Image, box: Box) -> tuple[Image, Box]:
    """The picture ends within the vehicle; never above, where the load is."""
    wide, high = box[2] - box[0], box[3] - box[1]
    lost = float(rng.uniform(0.05, 0.3))
    side = int(rng.integers(3))
    if side == 0:
        left = max(round(box[0] + lost * wide), 0)
        return pixels[:, left:], (0.0, box[1], box[2] - left, box[3])
    if side == 1:
        right = max(round(box[2] - lost * wide), 1)
        return pixels[:, :right], (box[0], box[1], float(right), box[3])
    low = max(round(box[3] - lost * high), 1)
    return pixels[:low], (box[0], box[1], box[2], float(low))


def _hidden(rng: np.random.Generator, pixels: Image, box: Box, other: Image) -> Image:
    """Something else stands before a lower part of the vehicle."""
    wide, high = box[2] - box[0], box[3] - box[1]
    size = (max(round(float(rng.uniform(0.1, 0.35)) * wide), 1), max(round(float(rng.uniform(0.15, 0.5)) * high), 1))
    x = int(np.clip(rng.uniform(box[0] - 0.1 * wide, box[2]), 0, max(pixels.shape[1] - size[0], 0)))
    y = int(np.clip(box[3] - size[1], 0, max(pixels.shape[0] - size[1], 0)))
    covered = pixels.copy()
    patch = cv2.resize(other, size, interpolation=cv2.INTER_AREA)
    room = covered[y : y + size[1], x : x + size[0]]
    room[:] = patch[: room.shape[0], : room.shape[1]]
    return covered


def _smaller(pixels: Image, box: Box, width: float) -> tuple[Image, Box]:
    """Taken from farther away: the vehicle is `width` pixels across."""
    scale = min(1.0, width / max(box[2] - box[0], 1.0))
    size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small, (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)


def _degraded(rng: np.random.Generator, picture: Image) -> Image:
    """Other light, other colours, blur, noise, and JPEG's blocks."""
    image: np.ndarray[Any, Any] = picture.astype(np.float32)
    if rng.random() < 0.3:
        size = int(rng.integers(3, 8))
        kernel = np.zeros((size, size), np.float32)
        kernel[size // 2] = 1.0 / size
        if rng.random() < 0.5:
            kernel[:] = 1.0 / size**2 if size < 5 else kernel.T
        image = cv2.filter2D(image, -1, kernel)
    gamma = float(np.exp(rng.normal(0.0, 0.25)))
    image = 255.0 * (np.clip(image, 0, 255) / 255.0) ** gamma
    image = image * rng.uniform(0.7, 1.3) * np.exp(rng.normal(0.0, 0.06, 3)).astype(np.float32) + rng.normal(0, 10)
    if rng.random() < 0.25:
        grey = image.mean(axis=2, keepdims=True)
        image = grey + (image - grey) * rng.uniform(0.0, 0.7)
    if rng.random() < 0.25:
        image = image + rng.normal(0.0, rng.uniform(2, 12), image.shape)
    result = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        _, data = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(22, 85))])
        result = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return result
