"""A vehicle's way over the plan, as rules know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import acos, degrees, hypot
from zoneinfo import ZoneInfo

from detector.passage import Passage
from detector.places import ZoneVisit
from detector.plan import Anchor, ZoneSettings
from edge.rules.known import Area, Known, Place, Span


def known_way(passage: Passage, zones: Mapping[str, ZoneSettings], place: Place, timezone: ZoneInfo) -> Known:
    """What is known of a passage by its way alone; `zones`: those of its camera, by id."""
    return Known(
        place=place,
        timezone=timezone,
        first_at=passage.first_at,
        first_s=passage.first_s,
        last_s=passage.last_s,
        votes=passage.votes,
        areas=tuple(_areas(passage, passage.visits, zones)),
        stops=tuple(Span(stop.from_s, stop.to_s) for stop in passage.stops),
        looked_for=frozenset({"track"}),
    )


def _areas(passage: Passage, visits: Iterable[ZoneVisit], zones: Mapping[str, ZoneSettings]) -> Iterable[Area]:
    for visit in visits:
        zone = zones[visit.zone]
        way = (visit.last_at[0] - visit.entered_at[0], visit.last_at[1] - visit.entered_at[1])
        travel = hypot(*way) / _mean_size(passage, visit)
        yield Area(
            zone=zone.id,
            purpose=zone.purpose,
            entered_s=visit.entered_s,
            last_s=visit.last_s,
            frames=visit.frames,
            title=zone.title,
            travel=travel,
            angle_to_reverse=_angle_to_reverse(way, zone, passage.size) if travel else None,
        )


def _angle_to_reverse(way: Anchor, zone: ZoneSettings, size: tuple[int, int]) -> float | None:
    if zone.direction is None:
        return None
    (x0, y0), (x1, y1) = zone.direction
    return 180.0 - _angle(way, ((x1 - x0) * size[0], (y1 - y0) * size[1]))


def _mean_size(passage: Passage, visit: ZoneVisit) -> float:
    during = (passage.times_s >= visit.entered_s) & (passage.times_s <= visit.last_s)
    boxes = passage.boxes[during]
    return float(((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).clip(1.0).mean() ** 0.5)


def _angle(a: Anchor, b: Anchor) -> float:
    cosine = (a[0] * b[0] + a[1] * b[1]) / (hypot(*a) * hypot(*b))
    return degrees(acos(max(-1.0, min(1.0, cosine))))
