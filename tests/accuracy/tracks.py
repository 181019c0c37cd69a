"""Tracks of vehicles before a calibrated camera with known speed and size: boxes of rendered shapes, no rendering.

Cameras, speeds and errors are drawn by lot. A detector's box lies off the true one by something that stays the same for
the whole track, something that wanders, and something new in each frame; sizes as measured with the bundled network on
the sample clips.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.calibration import Calibration, CalibrationError, calibrate
from cameras.calibration_settings import CalibrationSettings
from detector.passage import Passage
from scripts.scenes.projection import Projection, projection_of
from scripts.scenes.spec import CameraSpec
from tests.accuracy.hulls import Hull

Floats = NDArray[np.float64]
ViewName = Literal["gantry", "side", "rear"]
VIEWS: tuple[ViewName, ...] = ("gantry", "side", "rear")
SIZE = (1280, 720)
CLICK_PX, TAPE_M, FARTHEST_MARK_M = 1.5, 0.03, 50.0
EDGE_SAME, EDGE_WANDERING, EDGE_NEW = 0.02, 0.015, 0.01
"""Shares of the box's side."""
EDGE_PX = 1.0
"""Of the first, in small boxes."""
WANDERING_S = 0.25
STARTED = datetime(2026, 3, 1, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Drive:
    """One track, the camera's calibration by marks with errors, and what is true."""

    passage: Passage
    calibration: Calibration
    view: ViewName
    hull: Hull
    speeds_kmh: Floats
    """(N,) at the passage's times."""

    def speed_kmh(self, from_s: float, to_s: float) -> float:
        """Mean speed between two times."""
        times = self.passage.times_s
        return float(self.speeds_kmh[(times >= from_s - 1e-6) & (times <= to_s + 1e-6)].mean())


def drive(hull: Hull, seed: int) -> Drive | None:
    """A track by lot; None where the vehicle is hardly seen."""
    rng = np.random.default_rng((seed, 77))
    view = VIEWS[int(rng.choice(3, p=[0.45, 0.25, 0.3]))]
    camera = _camera(rng, view)
    projection = projection_of(camera)
    fps = float(rng.choice([10.0, 12.5, 25.0]))
    speed, gain = float(rng.uniform(20, 100)) / 3.6, float(rng.normal(0, 0.5))
    lane = float(rng.choice([-1.9, -5.6]))
    heading = float(rng.normal(0, 0.6))
    times = np.arange(-6.0, 6.0, 1 / fps)
    if gain:
        times = times[(speed + gain * times > 2.0)]
    way = speed * times + gain * times**2 / 2
    boxes = [_box(hull, (along, lane + along * math.tan(math.radians(heading)), heading), projection) for along in way]
    rows = _stretch([box is not None for box in boxes])
    if len(rows) < 4:
        return None
    true = np.array([boxes[row] for row in rows], np.float64)
    seen = _as_detected(rng, true, 1 / fps)
    kept = rng.random(len(rows)) > 0.05
    kept[[0, -1]] = True
    calibration = _calibrated(rng, camera)
    if calibration is None:
        return None
    passage = _passage(hull.word, times[rows] - times[rows[0]], seen, kept)
    return Drive(passage, calibration, view, hull, (speed + gain * times[rows]) * 3.6)


def _camera(rng: np.random.Generator, view: ViewName) -> CameraSpec:
    """A camera over, beside or behind lanes along +X; the vehicle passes X = 0 at 0 s."""
    fov = float(rng.uniform(35, 60))
    if view == "side":
        x, aside = float(rng.uniform(-6, 6)), float(rng.uniform(9, 15))
        place = (x, -5.6 - aside, float(rng.uniform(2.5, 5.5)))
        return CameraSpec(view, place, (x + float(rng.uniform(-8, 8)), -3.0, 1.0), fov, *SIZE)
    ahead = 1.0 if view == "gantry" else -1.0
    place = (ahead * float(rng.uniform(12, 22)), float(rng.uniform(-10, 1)), float(rng.uniform(4.8, 7.5)))
    return CameraSpec(view, place, (-ahead * float(rng.uniform(2, 10)), float(rng.uniform(-5, -2)), 0.5), fov, *SIZE)


def _box(hull: Hull, pose: tuple[float, float, float], projection: Projection) -> Floats | None:
    """The box (4,) of what of a vehicle lies in the picture; None where that is too little or the rest is behind."""
    angle = math.radians(pose[2])
    turn = np.array([[math.cos(angle), math.sin(angle), 0], [-math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
    pixels, depth = projection.pixels(hull.points @ turn + [pose[0], pose[1], 0])
    if (depth < 0.5).any() or np.abs(pixels).max() > 20000:
        return None
    outline = cv2.convexHull(pixels.astype(np.float32))
    frame = np.array([[0, 0], [SIZE[0], 0], SIZE, [0, SIZE[1]]], np.float32)
    area, inside = cv2.intersectConvexConvex(outline, frame)
    if inside is None or area < 0.3 * cv2.contourArea(outline):
        return None
    corners = inside.reshape(-1, 2)
    low, high = corners.min(axis=0), corners.max(axis=0)
    return np.concatenate([low, high]).astype(np.float64) if (high - low).min() >= 24 else None


def _stretch(seen: Sequence[bool]) -> NDArray[np.int64]:
    """The longest run of rows that are seen."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(seen, int), [0]])))
    if not len(edges):
        return np.zeros(0, np.int64)
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return np.arange(starts[longest], ends[longest])


def _as_detected(rng: np.random.Generator, true: Floats, step_s: float) -> Floats:
    sides = np.hypot(np.tile(true[:, 2:] - true[:, :2], (1, 2)), EDGE_PX / EDGE_SAME)
    same, new = rng.normal(0, EDGE_SAME, 4), rng.normal(0, EDGE_NEW, true.shape)
    kept = math.exp(-step_s / WANDERING_S)
    wandering = np.empty_like(true)
    wandering[0] = rng.normal(0, EDGE_WANDERING, 4)
    for row in range(1, len(true)):
        fresh = rng.normal(0, EDGE_WANDERING * math.sqrt(1 - kept**2), 4)
        wandering[row] = kept * wandering[row - 1] + fresh
    boxes = true + (same + wandering + new) * sides
    return np.clip(boxes, 0, [*SIZE, *SIZE])


def _calibrated(rng: np.random.Generator, camera: CameraSpec) -> Calibration | None:
    """From twelve ends of lane marks over the stretch in view, clicked and taped as a person does."""
    projection = projection_of(camera)
    marks: list[tuple[float, float, float, float]] = []
    for across in (0.0, -3.75, -7.5):
        along = np.arange(-60.0, 60.0, 0.5)
        places = np.stack([along, np.full_like(along, across), np.zeros_like(along)], axis=1)
        pixels, depth = projection.pixels(places)
        near = np.linalg.norm(places - projection.position_m, axis=1) < FARTHEST_MARK_M
        inside = (depth > 0) & near & (pixels > 5).all(axis=1) & (pixels < np.array(SIZE) - 5).all(axis=1)
        rows = np.flatnonzero(inside)
        if len(rows) < 4:
            continue
        steps = np.cumsum(np.linalg.norm(np.diff(pixels[rows], axis=0, prepend=pixels[rows[:1]]), axis=1))
        for step in np.linspace(0, steps[-1], 4):
            row = rows[int(np.argmin(np.abs(steps - step)))]
            u, v = pixels[row] + rng.normal(0, CLICK_PX, 2)
            x, y = places[row, :2] + rng.normal(0, TAPE_M, 2)
            marks.append((float(u), float(v), float(x), float(y)))
    try:
        return calibrate(CalibrationSettings(size=SIZE, points=tuple(marks)))
    except (CalibrationError, ValueError):
        return None


def _passage(word: str, times_s: Floats, boxes: Floats, seen: NDArray[np.bool_]) -> Passage:
    count = len(times_s)
    return Passage(
        id="drive-1",
        number=1,
        camera="drive",
        session=0,
        size=SIZE,
        class_name=word,
        class_score=0.9,
        votes={word: 1.0},
        times_s=times_s,
        boxes=boxes.astype(np.float32),
        scores=np.full(count, 0.9, np.float32),
        seen=seen,
        first_at=STARTED,
        last_at=STARTED + timedelta(seconds=float(times_s[-1])),
        visits=(),
        crossings=(),
        stops=(),
        shots=(),
        over=True,
    )
