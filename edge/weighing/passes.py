"""What a passage offers to be matched with a weigh record: when it left which strips, and how it looked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from detector.estimates import Estimate
from detector.passage import Passage
from detector.places import Crossing, ZoneVisit
from edge.weighing.settings import ScaleSettings, WeighLane

NEAR_LINE_S = 1.0
"""A vehicle that is seen in another lane so shortly before or after the line has touched that lane's strips too."""


@dataclass(frozen=True, slots=True)
class ReadPlate:
    """A plate as the box read it."""

    text: str
    """`-` stands for a character that could not be read."""
    sure: bool = True
    """False where something speaks against the reading."""


@dataclass(frozen=True, slots=True)
class WeighedPass:
    """One vehicle that drove over a scale, as a camera saw it."""

    passage_id: str
    lane: str
    """Name of the lane, as the scale calls it."""
    crossed_at: datetime
    """UTC: when the end of it that the camera sees crossed the line."""
    crossed_s: float
    """The same in seconds of the stream."""
    left_at: datetime
    """UTC: when it was seen last."""
    time_error_s: float = 0.0
    """Standard deviation of the crossing time: the camera looks only so often."""
    speed_kmh: Estimate | None = None
    length_m: Estimate | None = None
    axles: int | None = None
    """On the ground."""
    axles_sure: bool = False
    lifted: int = 0
    plates: tuple[ReadPlate, ...] = ()
    """Of all its ends, the trailer's among them."""
    vehicle_class: str = ""
    touched: tuple[str, ...] = ()
    """Other lanes of the scale that it was seen in at the line: it straddled."""


def weighed_pass(passage: Passage, scale: ScaleSettings) -> WeighedPass | None:
    """What a passage offers; None where it did not drive over the scale, as far as its camera saw."""
    found = sorted(_ways(passage, scale), key=lambda way: (-way[0], way[1]))
    if not found:
        return None
    _, name, at_s, error_s = found[0]
    touched = tuple(other for other in scale.lanes if other != name and any(w[1] == other for w in found))
    facts = passage.facts
    axles, measured = facts.axles.value, facts.measured
    return WeighedPass(
        passage_id=passage.id,
        lane=name,
        crossed_at=passage.first_at + timedelta(seconds=at_s - passage.first_s),
        crossed_s=at_s,
        left_at=passage.last_at,
        time_error_s=error_s,
        speed_kmh=measured.speed_kmh if measured else None,
        length_m=measured.length_m if measured else None,
        axles=axles.count if axles else None,
        axles_sure=facts.axles.sure,
        lifted=axles.lifted if axles else 0,
        plates=tuple(ReadPlate(p.value.text, p.sure) for p in facts.plates if p.value is not None),
        vehicle_class=passage.class_name,
        touched=touched,
    )


def _ways(passage: Passage, scale: ScaleSettings) -> Iterator[tuple[float, str, float, float]]:
    """The lanes a passage was seen in at the line: how long, name, crossing and its error in seconds of the stream."""
    for name, lane in scale.lanes.items():
        if lane.camera != passage.camera:
            continue
        visits = [v for v in passage.visits if v.zone == lane.zone]
        if lane.line is None:
            if visits:
                last = max(visits, key=lambda v: v.dwell_s)
                yield last.dwell_s, name, last.last_s, _look_gap_s(passage, last.last_s) / 2
            continue
        crossing = _crossing(passage, lane)
        if crossing is None:
            continue
        gap = _look_gap_s(passage, crossing.at_s)
        beside = [v for v in visits if _was_there(v, crossing.at_s)]
        if lane.zone is None or beside:
            # The crossing is told at the first look beyond the line; it was half a look earlier, on average.
            yield sum(v.dwell_s for v in beside), name, crossing.at_s - gap / 2, gap / np.sqrt(12)


def _crossing(passage: Passage, lane: WeighLane) -> Crossing | None:
    return next((c for c in passage.crossings if c.line == lane.line and c.forward == lane.forward), None)


def _was_there(visit: ZoneVisit, at_s: float) -> bool:
    return visit.entered_s - NEAR_LINE_S <= at_s <= visit.last_s + NEAR_LINE_S


def _look_gap_s(passage: Passage, at_s: float) -> float:
    """Seconds between the look at a moment and the one before."""
    look = int(np.argmin(np.abs(passage.times_s - at_s)))
    return float(passage.times_s[look] - passage.times_s[look - 1]) if look else 0.0
