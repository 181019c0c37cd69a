"""Pure rules: a passage and a dated table in, findings out. Nothing here knows of time now, disks or brokers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import acos, degrees, hypot
from zoneinfo import ZoneInfo

from detector.passage import Passage
from detector.places import Stop, ZoneVisit
from detector.plan import Anchor, ZoneSettings
from edge.rules.table import ClosedZoneRule, NoStopRule, Rule, RuleTable, WrongWayRule
from leads import Fact


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule and what in a passage speaks for it having been broken. Times are stream seconds."""

    rule: Rule
    zone: str
    from_s: float
    """When the act began."""
    proven_s: float
    """When it was proven; the act may go on."""
    occurred_at: datetime
    """UTC time of the act's beginning."""
    class_share: float
    facts: tuple[Fact, ...]
    summary: str
    """One line for a person, worded as a suspicion."""


def judge(
    passage: Passage, table: RuleTable, zones: Mapping[str, ZoneSettings], timezone: ZoneInfo
) -> tuple[Finding, ...]:
    """Hold a passage against every rule of the table.

    `zones`: the zones of the passage's camera by id. A rule is judged by its dates and hours at the moment the
    act began, in local time. One rule gives at most one finding per passage: its earliest.
    """
    findings = []
    for rule in table.rules:
        share = sum(passage.votes.get(name, 0.0) for name in rule.classes)
        if share < rule.least_class_share.value:
            continue
        first = min(_acts(rule, passage, zones, timezone, share), key=lambda f: f.from_s, default=None)
        if first is not None:
            findings.append(first)
    return tuple(findings)


def _acts(
    rule: Rule, passage: Passage, zones: Mapping[str, ZoneSettings], timezone: ZoneInfo, share: float
) -> Iterator[Finding]:
    for visit in passage.visits:
        zone = zones[visit.zone]
        if zone.purpose is not rule.purpose or (rule.zones is not None and zone.id not in rule.zones):
            continue
        match rule:
            case ClosedZoneRule():
                act = _closed_zone(rule, visit, zone)
            case NoStopRule():
                act = _no_stop(rule, passage, visit, zone)
            case WrongWayRule():
                act = _wrong_way(rule, passage, visit, zone)
        if act is None:
            continue
        occurred_at = passage.first_at + timedelta(seconds=act.from_s - passage.first_s)
        if rule.in_force(occurred_at.astimezone(timezone)):
            yield Finding(
                rule,
                zone.id,
                act.from_s,
                act.proven_s,
                occurred_at,
                share,
                act.facts,
                f"疑似{rule.title.zh}：{act.text}",
            )


@dataclass(frozen=True, slots=True)
class _Act:
    from_s: float
    proven_s: float
    facts: tuple[Fact, ...]
    text: str


def _closed_zone(rule: ClosedZoneRule, visit: ZoneVisit, zone: ZoneSettings) -> _Act | None:
    if visit.dwell_s < rule.least_inside.value:
        return None
    facts = (
        Fact(name="zone", value=zone.id),
        Fact(name="time_in_zone", value=round(visit.dwell_s, 2), unit="s", shots=visit.frames),
    )
    return _Act(visit.entered_s, visit.last_s, facts, f"在禁行区 {zone.id} 内 {visit.dwell_s:.1f} 秒")


def _no_stop(rule: NoStopRule, passage: Passage, visit: ZoneVisit, zone: ZoneSettings) -> _Act | None:
    stops = [s for s in (_during(stop, visit) for stop in passage.stops) if s.duration_s >= rule.least_stop.value]
    if not stops:
        return None
    stop = stops[0]
    facts = (
        Fact(name="zone", value=zone.id),
        Fact(name="stood_still", value=round(stop.duration_s, 2), unit="s"),
    )
    return _Act(stop.from_s, stop.to_s, facts, f"在禁停区 {zone.id} 停车 {stop.duration_s:.0f} 秒")


def _during(stop: Stop, visit: ZoneVisit) -> Stop:
    """The part of a stop that lies in a visit; of no length where they do not meet."""
    start, end = max(stop.from_s, visit.entered_s), min(stop.to_s, visit.last_s)
    return Stop(start, max(start, end), stop.box)


def _wrong_way(rule: WrongWayRule, passage: Passage, visit: ZoneVisit, zone: ZoneSettings) -> _Act | None:
    assert zone.direction is not None, "a lane has one"
    way = (visit.last_at[0] - visit.entered_at[0], visit.last_at[1] - visit.entered_at[1])
    lane = (
        (zone.direction[1][0] - zone.direction[0][0]) * passage.size[0],
        (zone.direction[1][1] - zone.direction[0][1]) * passage.size[1],
    )
    travel = hypot(*way) / _mean_size(passage, visit)
    if travel == 0 or travel < rule.least_travel.value:
        return None
    angle = 180.0 - _angle(way, lane)
    if angle > rule.most_angle.value:
        return None
    facts = (
        Fact(name="lane", value=zone.id),
        Fact(name="driven_against_lane", value=round(travel, 2), unit="box sizes", shots=visit.frames),
        Fact(name="angle_to_reverse", value=round(angle, 1), unit="degree"),
    )
    return _Act(visit.entered_s, visit.last_s, facts, f"在车道 {zone.id} 逆向行驶")


def _mean_size(passage: Passage, visit: ZoneVisit) -> float:
    during = (passage.times_s >= visit.entered_s) & (passage.times_s <= visit.last_s)
    boxes = passage.boxes[during]
    return float(((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).clip(1.0).mean() ** 0.5)


def _angle(a: Anchor, b: Anchor) -> float:
    cosine = (a[0] * b[0] + a[1] * b[1]) / (hypot(*a) * hypot(*b))
    return degrees(acos(max(-1.0, min(1.0, cosine))))
