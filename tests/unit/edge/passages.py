"""Passages for tests: a vehicle driven over a plan, without pixels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from detector.passage import Passage
from detector.places import PlaceLog
from detector.plan import Plan, PlanSettings

SIZE = (1000, 500)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Twelve o'clock in Shanghai."""


def driven(
    plan: PlanSettings,
    way: Sequence[tuple[float, float]],
    *,
    fps: float = 10.0,
    votes: dict[str, float] | None = None,
    first_at: datetime = NOON,
    box: float = 60.0,
    number: int = 1,
) -> Passage:
    """A passage whose boxes of `box` pixels stand on the points of `way` (pixels of 1000×500), one per frame."""
    log = PlaceLog(Plan(plan, SIZE))
    boxes = [(x - box / 2, y - box, x + box / 2, y) for x, y in way]
    for i, b in enumerate(boxes):
        log.look(i / fps, b)
    shares = votes or {"truck": 1.0}
    best = max(shares, key=lambda name: shares[name])
    times = np.arange(len(way)) / fps
    return Passage(
        id=f"cam-{first_at:%Y%m%dT%H%M%S}-{number}",
        number=number,
        camera="cam",
        session=1,
        size=SIZE,
        class_name=best,
        class_score=shares[best] * 0.8,
        votes=shares,
        times_s=times,
        boxes=np.array(boxes, np.float32),
        scores=np.full(len(way), 0.8, np.float32),
        seen=np.ones(len(way), bool),
        first_at=first_at,
        last_at=first_at + timedelta(seconds=float(times[-1])),
        visits=log.visits,
        crossings=tuple(log.crossings),
        stops=log.stops,
        shots=(),
        over=True,
    )
