"""Passages of block-shaped vehicles before a calibrated camera, with known speed and size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from cameras.calibration import Calibration, calibrate
from cameras.calibration_view import Floats, View
from detector.forms import FORMS, Form
from detector.passage import Passage
from tests.unit.cameras.roads import SIZE, by_points, gantry, places

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


def calibration() -> Calibration:
    """The gantry's, from well measured points."""
    return calibrate(by_points(gantry(), places(), click_px=0.5, tape_m=0.01))


def passing(
    along_m: Floats,
    *,
    word: str = "car",
    form: int = 0,
    size_m: tuple[float, float, float] | None = None,
    noise: int | None = None,
    step_s: float = 0.1,
) -> Passage:
    """A vehicle at places (N,) along X in the lane y = -1.9, coming on; with a seed, boxes are off as a detector's."""
    shape: Form = FORMS[word][form]
    values = shape.expected
    if size_m is not None:
        values[:3] = size_m
    points = shape.points(values[None])[0]
    boxes = np.array([_box(gantry(), points + np.array([x, -1.9, 0.0])) for x in along_m])
    if noise is not None:
        sides = np.tile(boxes[:, 2:] - boxes[:, :2], (1, 2))
        rng = np.random.default_rng(noise)
        boxes = boxes + (rng.normal(0, 0.012, 4) + rng.normal(0, 0.012, boxes.shape)) * sides
    boxes = np.clip(boxes, 0, [*SIZE, *SIZE])
    return passage(np.arange(len(boxes), dtype=np.float64) * step_s, boxes, word)


def passage(times_s: Floats, boxes: Floats, word: str) -> Passage:
    """A passage with these boxes (N, 4), all of them seen."""
    return Passage(
        id="gate-1",
        number=1,
        camera="gate",
        session=0,
        size=SIZE,
        class_name=word,
        class_score=0.9,
        votes={word: 1.0},
        times_s=times_s,
        boxes=boxes.astype(np.float32),
        scores=np.full(len(boxes), 0.9, np.float32),
        seen=np.ones(len(boxes), bool),
        first_at=START,
        last_at=START + timedelta(seconds=float(times_s[-1])),
        visits=(),
        crossings=(),
        stops=(),
        shots=(),
        over=True,
    )


def _box(view: View, corners_m: Floats) -> Floats:
    pixels = view.pixels(corners_m)
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])
