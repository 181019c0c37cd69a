"""Axles of a vehicle, counted by the wheels along its near side.

The wheels of one side stand on one line, and their heights change evenly along it, as perspective wants. Wheels of the
far side are smaller and stand higher; those of other vehicles stand elsewhere: neither fits the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import acos, atan, cos, hypot
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector.detections import Boxes

Floats = NDArray[np.float64]
Heading = Literal["left", "right"]
"""Side of the picture that the vehicle's front points to."""

SURE = 0.5
"""Wheels at least so sure may lie the line."""
LEAST = 0.2
"""Wheels less sure than SURE, down to this, count where they stand on the line of sure ones."""
OFF_LINE = 0.2
"""How far a wheel's foot may be off the line, as a share of its height."""
OFF_SIZE = 0.25
"""How far a wheel's height may be off the line's, as a natural logarithm."""
ONE_WHEEL = 0.55
"""Boxes nearer than this share of their size are the same wheel: tyres of one side cannot stand in each other, and even
in a slanting view their middles are half a width apart."""
ONE_GROUP = 2.1
"""Axles nearer than so many tyre diameters are one group: a tandem stands 1.3 diameters apart, two steered axles up to
1.9, the next group 2.6 and more (tyres 11R22.5 of 1.05 m)."""
LONE = 3.0
"""Where even the nearest two of several axles are so many diameters apart, each is alone. How much the view shortens
lengths is known but roughly, so that three axles or more go by their distances' ratios up to this."""
FARTHER = 1.75
"""Axles so many times as far apart as the nearest two of a group are of different groups."""
MOST_IN_GROUP = 3
"""Axles in one group: more are two groups, wherever they are farthest apart (GB 1589-2016 knows up to three)."""
TYRE = 0.3
"""Breadth of a truck's tyre as a share of its diameter: what shows of it from the front."""
FRONTAL = 0.33
"""A wheel that shows narrower than this share of its height is seen from the front or the rear. Full face it is 1."""


@dataclass(frozen=True, slots=True)
class Axles:
    """Axles of a vehicle."""

    count: int
    """On the ground."""
    pattern: str
    """Sizes of the groups of axles on the ground from the front, `1+2+3`; empty where that is not known."""
    lifted: int
    """Axles whose wheels hang in the air."""


@dataclass(frozen=True, slots=True)
class AxleView:
    """What one picture says of the axles."""

    axles: Axles
    confidence: float
    """0 to 1: of the least sure wheel, and of there being no other."""
    wheels: Boxes
    """(N, 4) pixels, from left to right; lifted ones too."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Foot and height of a wheel by its x: `foot[0] + foot[1] * x`."""

    foot: tuple[float, float]
    height: tuple[float, float]

    def fits(self, boxes: Floats) -> NDArray[np.bool_]:
        """Which of the wheels (N, 4) stand on it."""
        x, heights = (boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3] - boxes[:, 1]
        wanted = self.height[0] + self.height[1] * x
        possible = wanted > 1
        off_size = np.abs(np.log(heights / np.where(possible, wanted, 1.0)))
        off_line = np.abs(boxes[:, 3] - self.foot[0] - self.foot[1] * x)
        return np.asarray(possible & (off_size <= OFF_SIZE) & (off_line <= OFF_LINE * wanted), bool)


def count_axles(
    wheels: Boxes,
    scores: NDArray[np.float32],
    lifted: NDArray[np.bool_],
    heading: Heading | None = None,
) -> AxleView | str:
    """Axles by the wheels seen in one picture, or in words why they cannot be counted.

    `wheels` (N, 4) pixels of square shape, `scores` (N,), `lifted` (N,) whether the wheel hangs in the air. `heading`
    turns the pattern to the front; without it the pattern stays empty, unless it is the same from both ends.
    """
    shown = (scores >= LEAST) & (wheels[:, 2] - wheels[:, 0] >= 2) & (wheels[:, 3] - wheels[:, 1] >= 4)
    boxes, sure, up = wheels[shown].astype(np.float64), scores[shown].astype(np.float64), lifted[shown]
    # What hangs is off the line by its nature: it counts where its middle is within the line's wheels.
    rows = _single(boxes, sure, _on_line(boxes, sure, up))
    if len(rows) < 2:
        return "fewer than two wheels of one side are seen"
    standing, hanging = rows[~up[rows]], rows[up[rows]]
    if len(standing) < 2:
        return "fewer than two wheels of one side are on the ground"
    width, height = np.median(boxes[standing, 2] - boxes[standing, 0]), np.median(_heights(boxes[standing]))
    if width < FRONTAL * height:
        return "the vehicle is seen from the front or the rear"
    groups = _groups(boxes[standing], float(width / height))
    if len(groups) < 2:
        return "only one group of axles is seen"
    if heading == "right":
        groups.reverse()
    known = heading is not None or groups == groups[::-1]
    axles = Axles(len(standing), "+".join(map(str, groups)) if known else "", len(hanging))
    doubt = 1 - sure[_left_out(boxes, up, rows)].max(initial=0.0)
    return AxleView(axles, float(np.sqrt(sure[rows].min() * doubt)), wheels[shown][rows])


def _heights(boxes: Floats) -> Floats:
    return np.asarray(boxes[:, 3] - boxes[:, 1], np.float64)


def _middles(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 0] + boxes[:, 2]) / 2, np.float64)


def _on_line(boxes: Floats, scores: Floats, up: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows of the wheels on the line that most and surest wheels stand on, and those that hang over it."""
    line = _best_line(boxes, scores, up)
    if line is None:
        return np.zeros(0, np.int64)
    on = line.fits(boxes) & ~up
    lifted = boxes.copy()
    lifted[:, 3] += OFF_LINE * _heights(boxes)
    x = _middles(boxes)
    between = (x > x[on].min(initial=np.inf)) & (x < x[on].max(initial=-np.inf))
    hang = up & between & (scores >= SURE) & (line.fits(lifted) | line.fits(boxes))
    return np.flatnonzero(on | hang)


def _best_line(boxes: Floats, scores: Floats, up: NDArray[np.bool_]) -> _Line | None:
    seeds = np.flatnonzero((scores >= SURE) & ~up)
    x, best, most = _middles(boxes), None, 0.0
    for n, i in enumerate(seeds):
        for j in seeds[n + 1 :]:
            if abs(x[i] - x[j]) < ONE_WHEEL * min(_heights(boxes[[i, j]])):
                continue
            line = _through(boxes[[i, j]], x[[i, j]])
            on = line.fits(boxes) & ~up
            rows = _single(boxes, scores, np.flatnonzero(on))
            support = float((scores[rows] * _heights(boxes[rows])).sum())
            if on[i] and on[j] and support > most:
                best, most = line, support
    return best


def _through(pair: Floats, x: Floats) -> _Line:
    def straight(values: Floats) -> tuple[float, float]:
        slope = float((values[1] - values[0]) / (x[1] - x[0]))
        return float(values[0] - slope * x[0]), slope

    return _Line(straight(pair[:, 3]), straight(_heights(pair)))


def _single(boxes: Floats, scores: Floats, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of the rows one for each wheel, the surest, from left to right."""
    kept: list[int] = []
    for row in sorted(rows.tolist(), key=lambda r: -scores[r]):
        if not kept or _apart(boxes[row], boxes[kept]).min() >= ONE_WHEEL:
            kept.append(row)
    x = _middles(boxes)
    return np.array(sorted(kept, key=lambda r: x[r]), np.int64)


def _apart(box: Floats, others: Floats) -> Floats:
    """How far a wheel (4,) is from others (N, 4), in widths across and heights down."""
    width = np.minimum(box[2] - box[0], others[:, 2] - others[:, 0])
    height = np.minimum(box[3] - box[1], _heights(others))
    across = (box[0] + box[2]) / 2 - _middles(others)
    return np.asarray(np.hypot(across / width, (box[3] - others[:, 3]) / height), np.float64)


def _left_out(boxes: Floats, up: NDArray[np.bool_], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of other boxes that may be wheels of this vehicle: neither counted nor twins of one that is."""
    low, high = boxes[rows, 1].min(), boxes[rows, 3].max()
    apart = np.array([_apart(box, boxes[rows]).min() >= ONE_WHEEL for box in boxes], bool)
    return np.flatnonzero(apart & (boxes[:, 3] > low) & (boxes[:, 3] < high + (high - low) / 2) & ~up)


def _groups(wheels: Floats, roundness: float) -> list[int]:
    """Sizes of the groups of axles from left to right, of wheels (N, 4) in that order; [N] where all may be one group.

    Of two points of a line in space at the depths z1 and z2 the pictures are f (bc - ad) dX / (z1 z2) apart, and what
    stands on it looks f H / z high: so distances along it are as dx / (h1 h2), however the vehicle is turned.
    """
    x, heights = _middles(wheels), _heights(wheels)
    even = np.clip(np.polyval(np.polyfit(x, heights, 1), x), 1.0, None)
    gaps = np.diff(x) * np.median(even) / (even[1:] * even[:-1])
    # A tyre of diameter 1 turned by an angle a from full face shows cos a + TYRE sin a wide, and a length of 1 cos a.
    turned = atan(TYRE) + acos(min(roundness / hypot(1, TYRE), 1.0))
    along = cos(turned) if roundness < 1 else 1.0
    nearest = float(gaps.min())
    if nearest > (ONE_GROUP if len(gaps) == 1 else LONE) * along:
        return [1] * len(wheels)
    far = gaps > FARTHER * nearest
    if not far.any() and len(wheels) > MOST_IN_GROUP:
        far = gaps == gaps.max()
    ends = [0, *(np.flatnonzero(far) + 1).tolist(), len(wheels)]
    return [after - before for before, after in pairwise(ends)]
