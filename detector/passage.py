"""A `Passage`: what is known of one vehicle's way past one camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector.facts import Facts
from detector.places import Crossing, Stop, ZoneVisit
from detector.shots import Shot

Edge = Literal["left", "right", "top", "bottom", "inside"]


@dataclass(frozen=True, slots=True)
class Passage:
    """One vehicle, one pass. Times `_s` are seconds of the stream's clock within `session`.

    `times_s` (N,), `boxes` (N, 4) pixels, `scores` (N,) cover every looked-at frame from first to last;
    `seen` (N,) is False where the box was filled in between two detections.
    """

    id: str
    """Camera, UTC time of the first box and the track's number: the same whenever the same video is looked at."""
    number: int
    """Number of the track within its session."""
    camera: str
    session: int
    size: tuple[int, int]
    """Width and height of the picture in pixels."""
    class_name: str
    class_score: float
    """Share of the class in the vote, times the mean score of its boxes."""
    votes: Mapping[str, float]
    """Share of each class; near and sure boxes weigh more."""
    times_s: NDArray[np.float64]
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    seen: NDArray[np.bool_]
    first_at: datetime
    """UTC."""
    last_at: datetime
    """UTC."""
    visits: tuple[ZoneVisit, ...]
    crossings: tuple[Crossing, ...]
    stops: tuple[Stop, ...]
    shots: tuple[Shot, ...]
    """Best first."""
    over: bool
    """False while the vehicle is still in view."""
    facts: Facts = field(default_factory=Facts)
    """What the second look found; nothing until it was taken."""

    @property
    def first_s(self) -> float:
        """Stream time of the first box."""
        return float(self.times_s[0])

    @property
    def last_s(self) -> float:
        """Stream time of the last box."""
        return float(self.times_s[-1])

    @property
    def entry(self) -> Edge:
        """Edge of the picture where the vehicle came in, or `inside`."""
        return _edge(self.boxes[0], self.size)

    @property
    def exit(self) -> Edge:
        """Edge of the picture where the vehicle was last seen, or `inside`."""
        return _edge(self.boxes[-1], self.size)

    @property
    def direction(self) -> tuple[float, float] | None:
        """Unit vector of the way in the picture (x right, y down); None if it moved less than half its size."""
        first, last = self.boxes[0].astype(float), self.boxes[-1].astype(float)
        way = np.array([(last[0] + last[2] - first[0] - first[2]) / 2, last[3] - first[3]])
        size = np.sqrt(max((last[2] - last[0]) * (last[3] - last[1]), 1.0))
        length = float(np.hypot(*way))
        return None if length < size / 2 else (float(way[0] / length), float(way[1] / length))

    def box_at(self, t_s: float) -> NDArray[np.float32]:
        """The box (4,) of the looked-at frame nearest to a stream time."""
        return np.asarray(self.boxes[int(np.argmin(np.abs(self.times_s - t_s)))], np.float32)


def _edge(box: NDArray[np.float32], size: tuple[int, int], margin: float = 0.015) -> Edge:
    width, height = size
    gaps: dict[Edge, float] = {
        "left": float(box[0]) / width,
        "right": 1 - float(box[2]) / width,
        "top": float(box[1]) / height,
        "bottom": 1 - float(box[3]) / height,
    }
    nearest = min(gaps, key=lambda e: gaps[e])
    return nearest if gaps[nearest] <= margin else "inside"
