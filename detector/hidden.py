"""Vehicles hidden by others: which edges of boxes are cut, and who comes out again on the other side.

A truck that passes before a car hides it for seconds, longer than any prediction holds. Where it went behind, how it
drove, and how the one drives that comes out tell whether they are the same. What is left of a half-hidden vehicle
shrinks to one side, so its way is read off the edges that are free.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Edges = NDArray[np.bool_]
"""Left, upper, right, lower: (..., 4)."""

_STANDING = 0.3
"""Box sizes per second below which a vehicle has no direction."""
_LEAST_COSINE = 0.5
"""60 degrees between the ways before, behind and after: boxes that are half cut are rough."""
_MOST_PACE = 3.0
"""Factor between the pace before and the mean pace behind: it changes with the distance to the camera."""
_LEAST_HIDER = 2.0
"""Area of a box over that of another which it may hide: cars hide no cars for long."""
_LEAST_SIZE = 0.3
"""Smaller box size over larger: the distance to the camera changes it, and what is cut of the box."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A vehicle as last seen: centre and velocity in pixels (per second), size the root of the box's area."""

    t_s: float
    centre: Floats
    rate: Floats
    size: float
    behind: bool
    """Whether a nearer vehicle cut its box."""

    @property
    def pace(self) -> Floats:
        """Velocity in box sizes per second: nearly the same near and far."""
        return self.rate / self.size


def cut_by_others(boxes: Floats, others: Floats) -> Edges:
    """Which edges (N, 4) of boxes (N, 4) lie at or in one of `others` (M, 4) that may hide them.

    Nearer to a camera above the road is what has its lower edge lower in the picture; side by side on a slanting road
    the order is unsure, and only what stands clearly farther cuts nothing.
    """
    cut = np.zeros((len(boxes), 4), bool)
    if not len(boxes) or not len(others):
        return cut
    b, o = boxes[:, None], others[None]
    width, height = b[..., 2] - b[..., 0], b[..., 3] - b[..., 1]
    reach = 0.1 * np.sqrt(np.clip(width * height, 1.0, None))
    larger = np.prod(o[..., 2:] - o[..., :2], axis=2) >= _LEAST_HIDER * width * height
    beside = np.minimum(b[..., 3], o[..., 3]) - np.maximum(b[..., 1], o[..., 1]) >= 0.4 * height
    below = np.minimum(b[..., 2], o[..., 2]) - np.maximum(b[..., 0], o[..., 0]) >= 0.4 * width
    beside &= larger & (o[..., 3] > b[..., 3] - 0.1 * height)
    below &= larger & (o[..., 3] > b[..., 3] + 0.1 * height)
    cut[:, 0] = (beside & (o[..., 0] < b[..., 0]) & (o[..., 2] >= b[..., 0] - reach)).any(axis=1)
    cut[:, 2] = (beside & (o[..., 2] > b[..., 2]) & (o[..., 0] <= b[..., 2] + reach)).any(axis=1)
    cut[:, 3] = (below & (o[..., 1] <= b[..., 3] + reach)).any(axis=1)
    return cut


def cut_by_border(boxes: Floats, size: tuple[int, int]) -> Edges:
    """Which edges (N, 4) of boxes (N, 4) lie at the border of a picture of `size` (width, height)."""
    near = 0.005 * size[0]
    gaps = np.stack([boxes[:, 0], boxes[:, 1], size[0] - boxes[:, 2], size[1] - boxes[:, 3]], axis=1)
    return np.asarray(gaps <= near, np.bool_)


def free_rate(mean: Floats, cut: Edges, before: Sight | None) -> Floats:
    """Velocity (2,) in pixels/s of a vehicle with the filter's `mean` (4, 2): value and rate of centre and size.

    Of an axis with one edge cut (4,) it is that of the other edge, with both that of `before`.
    """
    rate = mean[:2, 1].copy()
    growth = mean[2:, 1] / 2
    for axis in (0, 1):
        low, high = cut[axis], cut[axis + 2]
        if low and high:
            rate[axis] = before.rate[axis] if before else rate[axis]
        elif low or high:
            rate[axis] += growth[axis] if low else -growth[axis]
    return rate


def likeness(gone: Sight, found: Sight) -> float:
    """How well a vehicle that was last seen as `gone` may be the one now seen as `found`: 0 (not at all) to 1."""
    if min(gone.size, found.size) < _LEAST_SIZE * max(gone.size, found.size):
        return 0.0
    between = (found.centre - gone.centre) / np.sqrt(gone.size * found.size) / (found.t_s - gone.t_s)
    # How fast it comes out is unsure: often it shows through a gap between two that hide it.
    return min(_same_way(gone.pace, between), _cosine(between, found.pace), _cosine(gone.pace, found.pace))


def _same_way(a: Floats, b: Floats) -> float:
    """`_cosine` of two paces (2,) where neither is much faster than the other, else 0."""
    slow, fast = sorted((float(np.hypot(*a)), float(np.hypot(*b))))
    return _cosine(a, b) if fast < _STANDING or fast <= _MOST_PACE * slow else 0.0


def _cosine(a: Floats, b: Floats) -> float:
    """Cosine between two paces (2,), 0 where it is too small; 1 where both stand."""
    slow, fast = sorted((float(np.hypot(*a)), float(np.hypot(*b))))
    if fast < _STANDING:
        return 1.0
    cosine = float(a @ b) / max(fast * slow, 1e-9)
    return cosine if cosine >= _LEAST_COSINE else 0.0
