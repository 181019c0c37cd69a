"""Rules that a vehicle's way alone can prove: closed roads, stopping, driving against traffic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from detector.plan import Purpose
from edge.rules.base import Judgement, RuleBase, Stage, Trial, first_act
from edge.rules.known import Area, Known
from edge.rules.numbers import BoxSizes, Degrees, Seconds
from leads import Fact


class ZoneRule(RuleBase):
    """A rule of a zone drawn on the camera's picture."""

    stage: ClassVar[Stage] = "in view"
    purpose: ClassVar[Purpose]
    """The zones it looks at."""
    zones: tuple[str, ...] | None = None
    """Ids of the zones it holds in; none: every zone of the rule's purpose."""

    def judge(self, known: Known) -> Judgement:
        """Try the rule on every stay in one of its zones: the first act counts."""
        areas = [a for a in known.areas if a.purpose is self.purpose and (self.zones is None or a.zone in self.zones)]
        if not areas:
            trial = Trial(self, known)
            trial.check(f"was in a zone of purpose {self.purpose}", False, "in none")
            return trial.ends()
        return first_act([self._in_area(Trial(self, known), area) for area in areas])

    def _in_area(self, trial: Trial, area: Area) -> Judgement:
        trial.check(f"was in a zone of purpose {self.purpose}", True, area.zone)
        if not self.concerns(trial):
            return trial.ends()
        return self.act_in(trial, area)

    def act_in(self, trial: Trial, area: Area) -> Judgement:
        """Try what is the rule's own on one stay."""
        raise NotImplementedError


class ClosedZoneRule(ZoneRule):
    """A class of vehicle in a zone that is closed to it, always or for some hours."""

    purpose: ClassVar[Purpose] = Purpose.CLOSED
    kind: Literal["closed_zone"]
    least_inside: Seconds
    """Time in the zone before it counts: a box may touch a zone it does not enter."""

    def act_in(self, trial: Trial, area: Area) -> Judgement:
        """Whether it was in there long enough, in the hours."""
        least = self.least_inside.value
        inside = trial.check(
            "time in the zone", area.dwell_s >= least, f"{area.dwell_s:.1f} s", f"at least {least:g} s"
        )
        if not (inside and self.in_hours(trial, area.entered_s)):
            return trial.ends()
        facts = (
            Fact(name="zone", value=area.zone),
            Fact(name="time_in_zone", value=round(area.dwell_s, 2), unit="s", shots=area.frames),
        )
        text = f"在禁行区 {area.title or area.zone} 内 {area.dwell_s:.1f} 秒"
        return trial.fires(text, area.entered_s, area.last_s, facts=facts, zone=area.zone)


class NoStopRule(ZoneRule):
    """A vehicle standing where stopping is forbidden."""

    purpose: ClassVar[Purpose] = Purpose.NO_STOP
    kind: Literal["no_stop"]
    least_stop: Seconds
    """Time of standing still in the zone."""

    def act_in(self, trial: Trial, area: Area) -> Judgement:
        """Whether it stood there long enough, in the hours; the first stop that did counts."""
        least = self.least_stop.value
        stops = list(_stops_in(trial.known, area))
        stop = next((s for s in stops if s[1] - s[0] >= least), None)
        longest = max((to - start for start, to in stops), default=0.0)
        if not trial.check("stood still", stop is not None, f"{longest:.1f} s", f"at least {least:g} s"):
            return trial.ends()
        assert stop is not None
        start, end = stop
        if not self.in_hours(trial, start):
            return trial.ends()
        facts = (
            Fact(name="zone", value=area.zone),
            Fact(name="stood_still", value=round(end - start, 2), unit="s"),
        )
        text = f"在禁停区 {area.title or area.zone} 停车 {end - start:.0f} 秒"
        return trial.fires(text, start, end, facts=facts, zone=area.zone)


def _stops_in(known: Known, area: Area) -> Iterator[tuple[float, float]]:
    """The parts of the stops that lie in a stay."""
    for stop in known.stops:
        start, end = max(stop.from_s, area.entered_s), min(stop.to_s, area.last_s)
        if end > start:
            yield start, end


class WrongWayRule(ZoneRule):
    """A vehicle driving against the direction of a lane."""

    purpose: ClassVar[Purpose] = Purpose.LANE
    kind: Literal["wrong_way"]
    least_travel: BoxSizes
    """Distance driven against the lane."""
    most_angle: Degrees
    """Largest angle between the way driven and the lane's reverse."""

    def act_in(self, trial: Trial, area: Area) -> Judgement:
        """Whether it drove far enough, and against the lane, in the hours."""
        least, most, angle = self.least_travel.value, self.most_angle.value, area.angle_to_reverse
        far = area.travel > 0 and area.travel >= least
        if not trial.check("way in the lane", far, f"{area.travel:.1f} box sizes", f"at least {least:g}"):
            return trial.ends()
        against = angle is not None and angle <= most
        found = "no direction" if angle is None else f"{angle:.0f} degrees"
        if not (trial.check("against the lane", against, found, f"at most {most:g}") and angle is not None):
            return trial.ends()
        if not self.in_hours(trial, area.entered_s):
            return trial.ends()
        facts = (
            Fact(name="lane", value=area.zone),
            Fact(name="driven_against_lane", value=round(area.travel, 2), unit="box sizes", shots=area.frames),
            Fact(name="angle_to_reverse", value=round(angle, 1), unit="degree"),
        )
        text = f"在车道 {area.title or area.zone} 逆向行驶"
        return trial.fires(text, area.entered_s, area.last_s, facts=facts, zone=area.zone)
