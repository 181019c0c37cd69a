"""What the camera sees of each thing: counted from a picture of object numbers and from points on the surfaces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.scenes.motion import Pose
from scripts.scenes.projection import Projection

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]
Box = tuple[int, int, int, int]

STEP = 200
"""Object numbers STEP * k ... STEP * (k + 1) - 1 are the k-th thing; the first is its body, the others its parts."""
LEAST_SHARE = 0.25
LEAST_PX = 4
LARGE_SHARE = 0.015
"""A cut-off vehicle counts however little of it is in the picture, when it fills this share of the picture."""


@dataclass(frozen=True, slots=True)
class PartShape:
    """A part to look for."""

    number: int
    word: str
    points: Floats
    """(N, 3) on its surface in the vehicle's frame, spread by area."""
    normals: Floats
    """(N, 3)"""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """A vehicle or person to look for."""

    identity: str
    number: int
    """STEP * k, k >= 1."""
    points: Floats
    """(N, 3) over the whole surface in its own frame, spread by area."""
    parts: tuple[PartShape, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenPart:
    """A part in the picture."""

    word: str
    box: Box
    visible: float
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """A vehicle or person in the picture."""

    identity: str
    box: Box
    visible: float
    parts: tuple[SeenPart, ...]


def look(numbers: Numbers, projection: Projection, shapes: Sequence[tuple[Shape, Pose]]) -> dict[str, Seen]:
    """What is to be seen, by identity. `numbers` (H, W) holds the object number at each pixel.

    Left out is what shows less than a quarter of itself or is smaller than 4 pixels.
    """
    found: dict[str, Seen] = {}
    for shape, pose in shapes:
        own = numbers // STEP == shape.number // STEP
        box = box_of(own)
        if box is None or not _large_enough(box):
            continue
        pixels, depth = projection.pixels(moved(shape.points, pose))
        visible = _share(own, pixels, depth)
        if visible < LEAST_SHARE and own.mean() < LARGE_SHARE:
            continue
        parts = [seen for part in shape.parts if (seen := _look_at_part(numbers, projection, part, pose, box))]
        found[shape.identity] = Seen(shape.identity, box, visible, tuple(parts))
    return found


def box_of(mask: NDArray[np.bool_]) -> Box | None:
    """Box around the true pixels (H, W); None where there are none."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def moved(points: Floats, pose: Pose) -> Floats:
    """Points (N, 3) of a thing's own frame, in the world."""
    return np.asarray(turned(points, pose) + np.array([pose.x_m, pose.y_m, 0.0]))


def turned(vectors: Floats, pose: Pose) -> Floats:
    """Directions (N, 3) of a thing's own frame, in the world."""
    angle = math.radians(pose.heading_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    return np.asarray(vectors @ np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]))


def _look_at_part(numbers: Numbers, projection: Projection, part: PartShape, pose: Pose, whole: Box) -> SeenPart | None:
    x0, y0, x1, y1 = whole
    own = numbers[y0:y1, x0:x1] == part.number
    box = box_of(own)
    if box is None or not _large_enough(box):
        return None
    points = moved(part.points, pose)
    facing = np.einsum("ij,ij->i", turned(part.normals, pose), projection.position_m - points) > 0
    chosen = points[facing] if facing.mean() > 0.1 else points
    pixels, depth = projection.pixels(chosen)
    visible = _share(numbers == part.number, pixels, depth)
    if visible < LEAST_SHARE:
        return None
    return SeenPart(part.word, (box[0] + x0, box[1] + y0, box[2] + x0, box[3] + y0), visible, part.facts)


def _share(mask: NDArray[np.bool_], pixels: Floats, depth: Floats) -> float:
    """Share of points (N, 2) that lie in the mask."""
    height, width = mask.shape
    x, y = np.nan_to_num(pixels, nan=-1.0).clip(-1e6, 1e6).T
    inside = (depth > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    hits = mask[y[inside].astype(int), x[inside].astype(int)]
    return float(hits.sum() / max(1, len(pixels)))


def _large_enough(box: Box) -> bool:
    return min(box[2] - box[0], box[3] - box[1]) >= LEAST_PX
