"""Matches simulated traffic over a scale of two lanes with its records, and counts whose weighing goes to whom.

`python -m tests.accuracy.weighing` stores what it measures as the new baseline: to be done when it has risen.

The traffic is harder than the matching assumes: platoons down to 0.8 s, and errors drawn by other laws than its own.
What the cameras tell, by docs/accuracy.md, stands in `_seen`, what the scale tells in `_weighed`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np

from detector.estimates import Estimate
from detector.plate_types import DIGITS, LETTERS, PROVINCES
from edge.weighing.likeness import lateness_s, likeness
from edge.weighing.matching import match
from edge.weighing.passes import ReadPlate, WeighedPass
from edge.weighing.settings import ScaleSettings
from leads import Plate, Scale, WeighRecord

BASELINE = Path(__file__).parent / "baselines/weighing.json"
STRETCHES, VEHICLES = 26, 100
"""Stretches of traffic, and vehicles in each."""
BEGIN = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SCALE = ScaleSettings.model_validate(
    {"id": "scale-1", "lanes": {name: {"camera": f"cam-{name}", "line": "strips"} for name in ("1", "2")}}
)
GREEDY_S = 4.0
"""How far in time a record is looked for by those who take the nearest."""
BOUNDS = (0.0, 0.8, 0.95, 0.99, 1.0)
"""Confidences between which the share of right pairs is told."""
SURE = 0.95

Figures = dict[str, float]


@dataclass(frozen=True)
class Kind:
    """A kind of vehicle, and how often it comes."""

    share: float
    word: str
    spacing_m: tuple[float, ...]
    length_m: float
    kg: tuple[float, float]


KINDS = (
    Kind(0.46, "car", (2.7,), 4.6, (1300, 2200)),
    Kind(0.08, "van", (3.1,), 5.4, (1900, 4200)),
    Kind(0.12, "truck", (3.8,), 6.9, (3500, 18000)),
    Kind(0.06, "truck", (4.2, 1.35), 9.0, (9000, 30000)),
    Kind(0.08, "truck", (1.9, 3.2, 1.35), 10.2, (14000, 50000)),
    Kind(0.02, "truck", (3.3, 6.5, 1.31, 1.31), 15.0, (15000, 50000)),
    Kind(0.18, "truck", (3.2, 1.35, 6.6, 1.31, 1.31), 16.9, (16000, 80000)),
)


@dataclass(frozen=True)
class Drive:
    """One vehicle over the scale, as it is."""

    number: int
    kind: Kind
    at_s: float
    lane: str
    speed_kmh: float
    plate: str
    kg: float


@dataclass(frozen=True)
class Stretch:
    """Some minutes of traffic: what the camera saw, what the scale told, and which belong together."""

    passes: list[WeighedPass]
    records: list[WeighRecord]

    @property
    def true(self) -> set[tuple[str, str]]:
        """Pairs of passage and record that are of one vehicle, both by its number."""
        recorded = {r.pass_id for r in self.records}
        return {(p.passage_id, p.passage_id) for p in self.passes if p.passage_id in recorded}


def traffic(seed: int, *, whole_seconds: bool = False) -> Stretch:
    """Draw a stretch by lot."""
    rng = np.random.default_rng(seed)
    drives = sorted((d for lane in ("1", "2") for d in _lane(rng, lane)), key=lambda d: d.at_s)
    drives = [replace(d, number=n) for n, d in enumerate(drives)]
    passes = [_seen(rng, d, f"{seed}-{d.number:03d}") for d in drives if rng.random() > 0.02]
    neighbours = [*drives[1:], drives[0]]
    records = [
        _weighed(rng, d, other, f"{seed}-{d.number:03d}", whole_seconds=whole_seconds)
        for d, other in zip(drives, neighbours, strict=True)
        if rng.random() > 0.02
    ]
    return Stretch(passes, records)


def _lane(rng: np.random.Generator, lane: str) -> Iterator[Drive]:
    """Half of the vehicles drive in platoons, at nearly the speed of the one before."""
    at_s, speed = 30.0, 60.0
    for _ in range(VEHICLES // 2):
        follows = rng.random() < 0.5
        at_s += rng.uniform(0.8, 2.5) if follows else 2.0 + rng.exponential(5.0)
        speed = speed + rng.normal(0, 2) if follows else rng.normal(60, 10)
        speed = float(np.clip(speed, 20, 100))
        kind = KINDS[int(rng.choice(len(KINDS), p=[k.share for k in KINDS]))]
        yield Drive(0, kind, at_s, lane, speed, _plate(rng), rng.uniform(*kind.kg))


def _plate(rng: np.random.Generator) -> str:
    here = rng.random() < 0.6
    first = "闽H" if here else str(rng.choice(list(PROVINCES))) + str(rng.choice(list(LETTERS[:12])))
    return first + "".join(rng.choice(list(DIGITS if rng.random() < 0.8 else LETTERS)) for _ in range(5))


def _seen(rng: np.random.Generator, d: Drive, name: str) -> WeighedPass:
    """The camera: 92 % of speeds, a third of lengths, 60 % of axle counts (5 % wrong), 60 % of plates, some in part."""
    at = BEGIN + timedelta(seconds=d.at_s + rng.normal(0, 0.08))
    axles = len(d.kind.spacing_m) + 1
    if rng.random() < 0.05:
        axles = max(2, axles + int(rng.choice([-1, 1, 2])))
    plate = "".join("-" if rng.random() < 0.05 else c for c in _misread(rng, d.plate, 0.015))
    return WeighedPass(
        name,
        d.lane,
        at,
        d.at_s,
        at + timedelta(seconds=3),
        time_error_s=0.06,
        speed_kmh=_estimate(d.speed_kmh, 0.02 * rng.standard_t(4)) if rng.random() < 0.92 else None,
        length_m=_estimate(d.kind.length_m, rng.normal(-0.02, 0.04)) if rng.random() < 0.34 else None,
        axles=axles if rng.random() < 0.6 else None,
        axles_sure=True,
        plates=(ReadPlate(plate, bool(rng.random() < 0.7)),) if rng.random() < 0.6 else (),
        vehicle_class=d.kind.word if rng.random() < 0.85 else str(rng.choice(["car", "bus", "truck"])),
    )


def _estimate(value: float, off: float) -> Estimate:
    found = value * (1 + off)
    return Estimate(found, found * 0.95, found * 1.05)


def _weighed(rng: np.random.Generator, d: Drive, other: Drive, name: str, *, whole_seconds: bool) -> WeighRecord:
    """The scale: late by Laplace's law, one in a hundred by seconds; 2 % of plates are the next vehicle's."""
    late_s = rng.laplace(0, 0.22) if rng.random() > 0.01 else rng.uniform(-5, 5)
    at = BEGIN + timedelta(seconds=d.at_s + late_s)
    plate = other.plate if rng.random() < 0.02 else d.plate
    read = _misread(rng, plate, 0.01) if rng.random() < 0.9 else None
    axles = len(d.kind.spacing_m) + 1 + (int(rng.choice([-1, 1])) if rng.random() < 0.01 else 0)
    return WeighRecord(
        pass_id=name,
        site_id="sim",
        weighed_at=at.replace(microsecond=0) if whole_seconds else at,
        scale=Scale(device_id="scale-1"),
        lane=d.lane,
        speed_kmh=max(0.0, d.speed_kmh + rng.normal(0, 1.5)),
        plate_front=Plate(text=read, score=0.9) if read else None,
        axle_count=max(axles, 1),
        axle_spacing_m=tuple(s + abs(rng.normal(0, 0.05)) for s in d.kind.spacing_m),
        total_kg=d.kg * rng.uniform(0.95, 1.05),
    )


def _misread(rng: np.random.Generator, text: str, share: float) -> str:
    return "".join(str(rng.choice(list(DIGITS + LETTERS))) if rng.random() < share else c for c in text)


def nearest(stretch: Stretch) -> set[tuple[str, str]]:
    """What is mostly done: each record in turn takes the vehicle of its lane that is nearest in time and still free."""
    free, pairs = list(stretch.passes), set()
    for record in sorted(stretch.records, key=lambda r: r.weighed_at):
        near = [(abs(lateness_s(p, record, 0.0)), n) for n, p in enumerate(free) if p.lane == record.lane]
        late_s, n = min(near, default=(np.inf, 0))
        if late_s <= GREEDY_S:
            pairs.add((free.pop(n).passage_id, record.pass_id))
    return pairs


def likest(stretch: Stretch) -> set[tuple[str, str]]:
    """Greedy with all that is known: the likest pair of all first."""
    found = [
        (-parts.total, p.passage_id, r.pass_id)
        for p in stretch.passes
        for r in stretch.records
        if abs((p.crossed_at - r.weighed_at).total_seconds()) < 15
        and (parts := likeness(p, r, SCALE, 0.0)) is not None
        and parts.total > 0
    ]
    passes, records, pairs = set[str](), set[str](), set[tuple[str, str]]()
    for _, passage, record in sorted(found):
        if passage not in passes and record not in records:
            passes.add(passage)
            records.add(record)
            pairs.add((passage, record))
    return pairs


def together(stretch: Stretch) -> dict[tuple[str, str], float]:
    """All at once, with the confidence of each pair."""
    found = match(stretch.passes, stretch.records, SCALE)
    return {(m.weighed.passage_id, m.record.pass_id): m.confidence for m in found if m.weighed and m.record}


def conditions() -> Iterator[tuple[str, list[Stretch]]]:
    """Times in milliseconds, the same with no plate read by the camera, and times cut to seconds."""
    plain = [traffic(seed) for seed in range(STRETCHES)]
    yield "ms", plain
    yield "unread", [Stretch([replace(p, plates=()) for p in s.passes], s.records) for s in plain]
    yield "seconds", [traffic(seed, whole_seconds=True) for seed in range(STRETCHES)]


def measure() -> Figures:
    """What the baseline holds: precision and recall of three ways, and whether confidence holds."""
    kept: Figures = {}
    for word, stretches in conditions():
        true = set[tuple[str, str]]().union(*(s.true for s in stretches))
        kept["passes"] = sum(len(s.passes) for s in stretches)
        ways = {"nearest": [nearest(s) for s in stretches], "likest": [likest(s) for s in stretches]}
        sure = {pair: c for s in stretches for pair, c in together(s).items()}
        for way, found in (*((w, set().union(*f)) for w, f in ways.items()), ("together", set(sure))):
            kept[f"{word} {way} precision"] = round(len(found & true) / len(found), 4)
            kept[f"{word} {way} recall"] = round(len(found & true) / len(true), 4)
        surest = {pair for pair, c in sure.items() if c >= SURE}
        kept[f"{word} sure precision"] = round(len(surest & true) / len(surest), 4)
        kept[f"{word} sure recall"] = round(len(surest & true) / len(true), 4)
        kept |= _calibration(word, sure, true)
    return kept


def _calibration(word: str, sure: dict[tuple[str, str], float], true: set[tuple[str, str]]) -> dict[str, float]:
    """Share of right pairs by confidence, with the mean confidence; and the mean gap between the two."""
    kept, gaps = {}, 0.0
    for low, high in pairwise(BOUNDS):
        inside = [pair for pair, c in sure.items() if low <= c < high or c == high == BOUNDS[-1]]
        right, told = _mean([pair in true for pair in inside]), _mean([sure[pair] for pair in inside])
        gaps += len(inside) * abs(right - told)
        print(f"{word}: confidence {low:.2f} to {high:.2f}: {len(inside)} pairs, told {told:.3f}, right {right:.3f}")
        kept[f"{word} right of {low:g} to {high:g}"] = round(right, 3)
    kept[f"{word} calibration gap"] = round(gaps / len(sure), 4)
    return kept


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


if __name__ == "__main__":
    found = measure()
    print(json.dumps(found, indent=1))
    BASELINE.write_text(json.dumps(found, indent=1) + "\n")
