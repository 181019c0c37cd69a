"""Which weigh record belongs to which vehicle: all at once, so that of close followers none takes another's record."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from detector.assignment import assign
from edge.weighing.likeness import REACH_S, Parts, lag_s, lateness_s, likeness
from edge.weighing.passes import WeighedPass
from edge.weighing.settings import ScaleSettings
from leads import WeighRecord

Floats = NDArray[np.float64]

BESIDE_S = 1.0
"""Vehicles on lanes side by side that leave the strips within this time stand on them together; long ones longer."""
FAINT = -6.0
"""Likeness below which a pair is no rival to any other."""
RIVALS = 7
"""Vehicles and records round a pair over which its confidence sums up all ways to pair them; others hardly count."""
MOST = 40.0
"""Beyond this likeness nothing becomes surer, and sums of products stay finite."""


@dataclass(frozen=True, slots=True)
class Match:
    """A vehicle with its record, or one of the two alone."""

    weighed: WeighedPass | None
    record: WeighRecord | None
    confidence: float
    """0 to 1: that the two belong together, or that the one is alone."""
    straddling: bool | None = None
    """Whether the vehicle drove over two lanes' strips; None where nobody could tell."""
    alongside: bool | None = None
    """Whether another vehicle was on the strips beside it."""
    parts: Parts | None = None
    """What spoke for the pair."""


def match(
    passes: Sequence[WeighedPass],
    records: Sequence[WeighRecord],
    scale: ScaleSettings,
    *,
    clock_off_s: float = 0.0,
    before: Sequence[Match] = (),
) -> list[Match]:
    """Pair vehicles and records of one scale so that all together are likeliest; each comes back once, alone or paired.

    `clock_off_s`: how much the scale's clock is ahead of the cameras'. `before`: earlier matches, which take no part
    but as vehicles on the lanes beside.
    """
    passes = sorted(passes, key=lambda p: (p.crossed_at, p.passage_id))
    records = sorted(records, key=lambda r: (r.weighed_at, r.pass_id))
    parts = _compare(passes, records, scale, clock_off_s)
    scores = np.full((len(passes), len(records)), -np.inf)
    for (row, column), found in parts.items():
        scores[row, column] = found.total
    pairs = {int(row): int(column) for row, column in assign(scores, 0.0)}
    units: list[tuple[int | None, int | None]] = [(row, pairs.get(row)) for row in range(len(passes))]
    units += [(None, column) for column in range(len(records)) if column not in pairs.values()]
    sure = _confidences(scores, units)
    alone = [Match(None if r is None else passes[r], None if c is None else records[c], 0.0) for r, c in units]
    around = [*before, *alone]
    return [
        Match(
            one.weighed,
            one.record,
            confidence,
            straddling=_straddling(one, scale),
            alongside=_alongside(one, around, scale, clock_off_s) if one.weighed is not None else None,
            parts=parts.get((row, column)) if row is not None and column is not None else None,
        )
        for one, (row, column), confidence in zip(alone, units, sure, strict=True)
    ]


def _compare(
    passes: Sequence[WeighedPass], records: Sequence[WeighRecord], scale: ScaleSettings, clock_off_s: float
) -> dict[tuple[int, int], Parts]:
    """All pairs that may be one."""
    times = [r.weighed_at for r in records]
    found = {}
    for row, weighed in enumerate(passes):
        expected = weighed.crossed_at + timedelta(seconds=lag_s(weighed, None, scale)[0] + clock_off_s)
        # A vehicle of unknown length may be so much longer than the usual one.
        reach = timedelta(seconds=REACH_S + 10)
        for column in range(bisect_left(times, expected - reach), bisect_right(times, expected + reach)):
            parts = likeness(weighed, records[column], scale, clock_off_s)
            if parts is not None:
                found[row, column] = parts
    return found


def _confidences(scores: Floats, units: Sequence[tuple[int | None, int | None]]) -> list[float]:
    """How likely each pair, and each one alone, is among all ways to pair it and those it has to do with."""
    of_row = {row: n for n, (row, _) in enumerate(units) if row is not None}
    of_column = {column: n for n, (_, column) in enumerate(units) if column is not None}
    near: list[set[int]] = [set() for _ in units]
    for row, column in np.argwhere(scores > FAINT):
        a, b = of_row[int(row)], of_column[int(column)]
        near[a].add(b)
        near[b].add(a)
    weights = np.exp(np.minimum(scores, MOST))
    found = []
    for number, (row, column) in enumerate(units):
        group = _around(number, near)
        rows = [r for n in group if (r := units[n][0]) is not None]
        columns = [c for n in group if (c := units[n][1]) is not None]
        everything = _sum(weights[np.ix_(rows, columns)])
        rest = _sum(weights[np.ix_([r for r in rows if r != row], [c for c in columns if c != column])])
        own = weights[row, column] if row is not None and column is not None else 1.0
        found.append(min(float(own * rest / everything), 1.0))
    return found


def _around(start: int, near: Sequence[set[int]]) -> list[int]:
    """The nearest units by steps from rival to rival, the first included."""
    group, edge = [start], [start]
    while edge and len(group) < RIVALS:
        edge = sorted({n for e in edge for n in near[e]} - set(group))
        group += edge[: RIVALS - len(group)]
    return group


def _sum(weights: Floats) -> float:
    """Sum, over all ways to pair rows (R) with columns (C) or leave them alone, of the product of the pairs' weights.

    Row by row over the sets of columns taken so far: R times C times 2 to the power of C steps.
    """
    sets = np.arange(1 << weights.shape[1])
    sums = np.zeros(len(sets))
    sums[0] = 1.0
    for row in weights:
        before = sums.copy()
        for column in np.flatnonzero(row):
            free = sets[sets >> column & 1 == 0]
            sums[free | 1 << column] += row[column] * before[free]
    return float(sums.sum())


def _straddling(one: Match, scale: ScaleSettings) -> bool | None:
    """Whether the scale says so, or the camera saw it in two lanes."""
    weighed, record = one.weighed, one.record
    said = record.straddle if record is not None else None
    if weighed is None:
        return said
    moved = record is not None and record.lane != weighed.lane
    if said or weighed.touched or moved:
        return True
    camera = scale.lanes[weighed.lane].camera
    looked = sum(lane.camera == camera for lane in scale.lanes.values()) > 1
    return False if looked or said is False else None


def _alongside(own: Match, around: Sequence[Match], scale: ScaleSettings, clock_off_s: float) -> bool:
    """Whether on a lane beside one was seen or weighed while this one was on the strips."""
    assert own.weighed is not None
    at, lane = own.weighed.crossed_at, own.weighed.lane
    expected_s = lag_s(own.weighed, own.record, scale)[0]
    for other in around:
        seen, record = other.weighed, other.record
        if other is own:
            continue
        if seen is not None and seen.passage_id != own.weighed.passage_id and _beside(scale, lane, seen):
            later_s = lag_s(seen, record, scale)[0] - expected_s
            if abs((seen.crossed_at - at).total_seconds() + later_s) <= max(_on_strips_s(own), _on_strips_s(other)):
                return True
        if seen is None and record is not None and scale.adjacent(lane, record.lane):
            late_s = lateness_s(own.weighed, record, expected_s + clock_off_s)
            if abs(late_s) <= max(_on_strips_s(own), _on_strips_s(other)):
                return True
    return False


def _beside(scale: ScaleSettings, lane: str, other: WeighedPass) -> bool:
    return any(scale.adjacent(lane, name) for name in (other.lane, *other.touched))


def _on_strips_s(one: Match) -> float:
    """How long it took over the strips, at least BESIDE_S."""
    seen, record = one.weighed, one.record
    length_m = seen.length_m.value if seen and seen.length_m else sum(record.axle_spacing_m) if record else 0.0
    speed_kmh = seen.speed_kmh.value if seen and seen.speed_kmh else record.speed_kmh if record else None
    return max(BESIDE_S, length_m / (speed_kmh / 3.6)) if speed_kmh else BESIDE_S
