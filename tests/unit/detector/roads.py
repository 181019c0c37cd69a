"""Made-up traffic for tests: vehicles that drive straight on, seen by a detector that jitters and misses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.detections import Detections


@dataclass(frozen=True)
class Car:
    """Box of `size` (w, h), centre at `start` at time 0, driving `speed` px/s, seen from `from_s` to `to_s`."""

    start: tuple[float, float]
    speed: tuple[float, float]
    size: tuple[float, float] = (80.0, 60.0)
    from_s: float = 0.0
    to_s: float = 1e9
    class_id: int = 3

    def box(self, t_s: float) -> tuple[float, float, float, float]:
        x, y = self.start[0] + self.speed[0] * t_s, self.start[1] + self.speed[1] * t_s
        return (x - self.size[0] / 2, y - self.size[1] / 2, x + self.size[0] / 2, y + self.size[1] / 2)


def detections(
    cars: list[Car], t_s: float, rng: np.random.Generator | None = None, jitter: float = 0.0, score: float = 0.8
) -> tuple[Detections, list[int]]:
    """What a detector sees at a time, in random order if `rng` is given, and which car each box is."""
    here = [i for i, c in enumerate(cars) if c.from_s <= t_s <= c.to_s]
    if rng is not None:
        rng.shuffle(here)
    boxes = np.array([cars[i].box(t_s) for i in here], np.float32).reshape(-1, 4)
    if rng is not None and len(here):
        sizes = np.array([[*cars[i].size, *cars[i].size] for i in here], np.float32)
        boxes += (rng.normal(0, jitter, boxes.shape) * sizes).astype(np.float32)
    n = len(here)
    return (
        Detections(boxes, np.full(n, score, np.float32), np.array([cars[i].class_id for i in here], np.int64)),
        here,
    )
