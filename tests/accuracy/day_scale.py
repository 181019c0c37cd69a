"""What the scale of the made-up county tells: records as wrong and as late as those of `tests/accuracy/weighing.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from edge.weighing.passes import weighed_pass
from edge.weighing.settings import ScaleSettings
from leads import Measure, Plate, Scale, WeighRecord
from tests.accuracy.day_eyes import Sight
from tests.accuracy.day_world import Drive

LOST, MISTIMED, GHOSTS = 0.02, 0.01, 0.01
"""Share of vehicles without a record, of records late or early by seconds, and of records of nobody."""
AXLES_WRONG, PLATE_READ, PLATE_OF_NEXT, CHARACTER_WRONG = 0.01, 0.9, 0.02, 0.01
MASS_ERROR = 0.008
"""Standard deviation as a share; the scale is of class 5."""
SPACING_M = {2: (3.8,), 3: (4.2, 1.35), 4: (1.9, 3.2, 1.35), 5: (3.2, 1.35, 6.6, 2.6), 6: (3.2, 1.35, 6.6, 1.31, 1.31)}
PROFILER_MM = 40.0
"""Error of the profiler that stands over lane 1."""


def records(sights: Sequence[Sight], scale: ScaleSettings, seed: int) -> list[WeighRecord]:
    """A record of each vehicle over the strips, some of nobody; notes at the sights of whom there is a right one."""
    rng = np.random.default_rng(seed)
    over = [(s, w) for s in sights if (w := weighed_pass(s.bare, scale)) is not None]
    found = []
    for n, (sight, weighed) in enumerate(over):
        if rng.random() < LOST:
            continue
        other = over[(n + 1) % len(over)][0].drive if rng.random() < PLATE_OF_NEXT else sight.drive
        record, right = _record(rng, f"w{n:05d}", sight.drive, other, weighed.crossed_at, weighed.lane)
        sight.right |= {"weighed"} if right else set()
        sight.right |= {"size"} if record.height and (sight.drive.height_m > 4 or sight.drive.width_m > 2.6) else set()
        found.append(record)
        if rng.random() < GHOSTS:
            ghost = {"pass_id": f"g{n:05d}", "weighed_at": record.weighed_at + timedelta(seconds=rng.uniform(2, 30))}
            found.append(record.model_copy(update={**ghost, "plate_front": None}))
    return found


def _record(
    rng: np.random.Generator, name: str, drive: Drive, other: Drive, at: datetime, lane: str
) -> tuple[WeighRecord, bool]:
    late_s = rng.laplace(0, 0.22) if rng.random() > MISTIMED else rng.uniform(-5, 5)
    axles = drive.axles + (int(rng.choice([-1, 1])) if rng.random() < AXLES_WRONG else 0)
    plate = None
    if not drive.bare and rng.random() < PLATE_READ:
        wrong = [n > 1 and rng.random() < CHARACTER_WRONG for n in range(len(other.plate))]
        text = "".join(str(rng.integers(10)) if bad else c for c, bad in zip(other.plate, wrong, strict=True))
        score = rng.uniform(0.6, 0.93) if any(wrong) else rng.uniform(0.85, 0.99)
        plate = Plate(text=text, type=other.code, score=float(score))
    sizes = {}
    if lane == "1" and drive.kind not in ("car", "van"):
        for side in ("length", "width", "height"):
            mm = 1000 * getattr(drive, f"{side}_m") + rng.normal(0, PROFILER_MM / 2)
            sizes[side] = Measure(mm=round(mm), error_mm=PROFILER_MM)
    record = WeighRecord(
        pass_id=name,
        site_id="day",
        weighed_at=at + timedelta(seconds=float(late_s)),
        scale=Scale(device_id="scale-1", scale_class="5", cert_no="1"),
        lane=lane,
        speed_kmh=max(0.0, drive.speed_kmh + float(rng.normal(0, 1.5))),
        plate_front=plate,
        axle_count=max(axles, 1),
        axle_spacing_m=SPACING_M.get(drive.axles, ()),
        total_kg=round(drive.kg * float(rng.normal(1, MASS_ERROR))),
        straddle=drive.straddles and bool(rng.random() < 0.7),
        escape=drive.escapes or None,
        **sizes,
    )
    return record, axles == drive.axles and abs(late_s) < 2
