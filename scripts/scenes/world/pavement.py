"""The road's surface as a picture drawn once: far cheaper to render than the same made of noise at every hit."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.scenes.world.layout import Layout

Floats = NDArray[np.float32]

PX_PER_M = 40
"""Pixels per metre; one pixel is 2.5 cm."""
PERIOD_M = 60.0
"""Along the road the picture repeats."""


def pavement(layout: Layout, seed: int) -> Floats:
    """Linear albedo and, as fourth channel, the share of standing water (0 to 1) of old asphalt: (H, W, 4).

    Columns run along the road for PERIOD_M, rows from the left edge of the asphalt to the right.
    """
    rng = np.random.default_rng((seed, 21))
    height = round((layout.left_end_m - layout.right_end_m) * PX_PER_M)
    width = round(PERIOD_M * PX_PER_M)
    grey = 0.105 + 0.030 * cloud(rng, (height, width), (2.0, 12.0)) + 0.012 * cloud(rng, (height, width), (0.5, 0.7))
    grey *= 1 + 0.13 * rng.standard_normal((height, width)).astype(np.float32)
    grey *= 1 - 0.38 * _tracks(layout, height)[:, None] * (0.75 + 0.25 * cloud(rng, (height, width), (1.0, 9.0)))
    _repairs(rng, grey)
    _drips(rng, grey, layout)
    _cracks(rng, grey)
    water = np.clip(0.5 + 0.9 * cloud(rng, (height, width), (1.2, 3.5)) + 0.35 * _tracks(layout, height)[:, None], 0, 1)
    grey = np.clip(grey, 0.012, 0.4)
    return np.stack([grey * 1.02, grey, grey * 0.96, water], axis=-1).astype(np.float32)


def cloud(rng: np.random.Generator, size: tuple[int, int], grain_m: tuple[float, float]) -> Floats:
    """Smooth noise -1 to 1, repeating along the columns; grains so many metres across and along the road."""
    total = np.zeros(size, np.float32)
    for octave in range(3):
        rows = max(2, round(size[0] / PX_PER_M / grain_m[0] * 2**octave))
        columns = max(2, round(size[1] / PX_PER_M / grain_m[1] * 2**octave))
        coarse = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
        coarse = np.concatenate([coarse[:, -2:], coarse, coarse[:, :2]], axis=1)
        part = size[1] / columns
        wide = cv2.resize(coarse, (round((columns + 4) * part), size[0]), interpolation=cv2.INTER_CUBIC)
        start = round(2 * part)
        total += wide[:, start : start + size[1]] / 2**octave
    return np.asarray(np.clip(total / 1.4, -1, 1), np.float32)


def _tracks(layout: Layout, height: int) -> Floats:
    """0 to 1 over the rows: two darker bands in each lane, 1.8 m apart."""
    across = layout.left_end_m - (np.arange(height) + 0.5) / PX_PER_M
    inside = np.where(across > 0, across, -across) % layout.road.lane_width_m - layout.road.lane_width_m / 2
    lanes = (across < layout.left_m) & (across > layout.right_m)
    bands = np.exp(-(((np.abs(inside) - 0.9) / 0.38) ** 2))
    return np.asarray(bands * lanes, np.float32)


def _repairs(rng: np.random.Generator, grey: Floats) -> None:
    """Rectangles of newer asphalt with sealed edges, and a trench across the road."""
    height, width = grey.shape
    for _ in range(int(rng.integers(2, 7))):
        x, y = int(rng.integers(width - 330)), int(rng.integers(height - 90))
        w, h = int(rng.integers(50, 320)), int(rng.integers(35, 88))
        grey[y : y + h, x : x + w] *= rng.uniform(0.42, 0.75)
        cv2.rectangle(grey, (x, y), (x + w, y + h), 0.02, 2)
    if rng.random() < 0.4:
        x = int(rng.integers(width - 40))
        grey[:, x : x + int(rng.integers(14, 34))] *= rng.uniform(0.5, 1.35)


def _drips(rng: np.random.Generator, grey: Floats, layout: Layout) -> None:
    """Oil along the middle of each lane, and tyre marks."""
    height, width = grey.shape
    for _ in range(500):
        lane = int(rng.integers(-layout.backward, layout.forward))
        across = -(lane + 0.5) * layout.road.lane_width_m + rng.normal(0, 0.22)
        at = (int(rng.integers(width)), int((layout.left_end_m - across) * PX_PER_M))
        dark = float(grey[min(max(at[1], 0), height - 1), at[0]] * rng.uniform(0.45, 0.85))
        cv2.circle(grey, at, int(rng.integers(1, 5)), dark, -1)
    for _ in range(int(rng.integers(0, 4))):
        x, y = int(rng.integers(width - 400)), int(rng.integers(height))
        marks = np.ones_like(grey)
        for aside in (0, round(1.7 * PX_PER_M)):
            cv2.line(marks, (x, y + aside), (x + int(rng.integers(120, 400)), y + aside + 6), 0.6, 7)
        grey *= cv2.GaussianBlur(marks, (0, 0), 2.0)


def _cracks(rng: np.random.Generator, grey: Floats) -> None:
    """Long cracks that wander along and across, nets of fine ones in the wheel tracks; some sealed with bitumen."""
    height, width = grey.shape
    for _ in range(int(rng.integers(7, 22))):
        along = rng.random() < 0.5
        heading = rng.normal(0, 0.12) if along else np.pi / 2 + rng.normal(0, 0.3)
        sealed = rng.random() < 0.45
        line = _walk(rng, (rng.uniform(0, width), rng.uniform(0, height)), heading, int(rng.integers(12, 50)), 9.0)
        cv2.polylines(grey, [line], False, 0.018 if sealed else 0.03, int(rng.integers(2, 4)) if sealed else 1)
    for _ in range(int(rng.integers(1, 5))):
        middle = np.array([rng.uniform(0, width), rng.uniform(0, height)])
        for _ in range(46):
            start = middle + rng.normal(0, 1, 2) * (75, 22)
            line = _walk(rng, (start[0], start[1]), rng.uniform(0, 6.28), 6, 5.0)
            cv2.polylines(grey, [line], False, 0.035, 1)


def _walk(
    rng: np.random.Generator, start: tuple[float, float], heading: float, steps: int, step_px: float
) -> NDArray[np.int32]:
    """A line (N, 1, 2) that turns a little at each step."""
    headings = heading + 0.25 * np.cumsum(rng.normal(0, 0.55, steps)) * 0.6
    moves = np.stack([np.cos(headings), np.sin(headings)], axis=1) * step_px
    return np.asarray(np.array(start) + np.cumsum(moves, axis=0), np.int32).reshape(-1, 1, 2)
