"""Dangerous goods where, when and how they may not be: closed sections, bans by hours and holidays, stops, speed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from detector.dangerous_goods import UnNumber
from detector.plan import Purpose
from edge.rules.base import Hours, Judgement, Trial, first_act
from edge.rules.known import Known, Place, Span
from edge.rules.numbers import Confidence, Kilometres, KmPerHour, Quantity, Seconds
from edge.rules.passes import PassRule
from edge.rules.permits import LOW, by_register, graded
from edge.rules.signs import has_leave, is_dangerous, panel_un, sign_facts
from leads import Fact


def _apart(quantity: Quantity) -> Quantity:
    if quantity.value < 10:
        raise ValueError("pictures of a static offence are at least 10 s apart (GA/T 832): give 10 s or more")
    return quantity


Standing10 = Annotated[Seconds, AfterValidator(_apart)]


class Days(BaseModel):
    """Some days in a row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    first: date
    last: date | None = None
    """Last day; none while open."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"{self.name}: last lies before first")
        return self

    def __contains__(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


class Closed(BaseModel):
    """What is closed to dangerous goods, by a decision that can be cited."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """By which permits open it."""
    source: str
    """Decision or notice."""
    confidence: Confidence = "unverified"
    hours: tuple[Hours, ...] | None = None
    """Hours of the day, local time; none: all day."""

    def closed_at(self, moment: datetime) -> bool:
        """Whether it is closed at a local time."""
        return self.hours is None or any(moment.time() in span for span in self.hours)


class Section(Closed):
    """A stretch of a road."""

    road_code: str
    from_km: Kilometres
    to_km: Kilometres
    direction: str | None = None
    """None: both."""
    days: Days

    def holds(self, place: Place) -> bool:
        """Whether a place lies on it."""
        on_road = place.road_code == self.road_code and self.direction in (None, place.direction)
        stake = place.stake_km
        return on_road and stake is not None and self.from_km.value <= stake <= self.to_km.value

    def closed_at(self, moment: datetime) -> bool:
        """Whether it is closed at a local time of a day."""
        return moment.date() in self.days and Closed.closed_at(self, moment)


class DangerousPlaceRule(PassRule):
    """Dangerous goods in a zone or on a stretch of road that is closed to them, without leave."""

    kind: Literal["dangerous_goods_closed"]
    least_inside: Seconds
    """Time in a zone before it counts."""
    sections: tuple[Section, ...] = ()

    def tries(self, trial: Trial) -> Judgement:
        """Whether it is at such a place, carries such goods, and no permit opens the place."""
        tried = list(self._at_zones(trial.known, trial)) + list(self._on_sections(trial.known, trial))
        if not tried:
            trial.check("is where dangerous goods may not be", False, "no zone, no listed section")
            return trial.ends()
        return first_act(tried)

    def _at_zones(self, known: Known, trial: Trial) -> Iterator[Judgement]:
        least = self.least_inside.value
        for area in (a for a in known.areas if a.purpose is Purpose.NO_DANGEROUS_GOODS):
            one = Trial(self, known, list(trial.checks))
            inside = f"{area.dwell_s:.1f} s in {area.zone}"
            if one.check("time in a closed zone", area.dwell_s >= least, inside, f"at least {least:g} s"):
                act = Span(area.entered_s, area.last_s)
                yield self._without_leave(one, (area.title, area.zone), act, area.zone)
            else:
                yield one.ends()

    def _on_sections(self, known: Known, trial: Trial) -> Iterator[Judgement]:
        local = known.local(known.first_s)
        for section in (s for s in self.sections if s.holds(known.place)):
            one = Trial(self, known, list(trial.checks))
            if one.check(f"{section.name} is closed", section.closed_at(local), f"{local:%Y-%m-%d %H:%M}"):
                yield self._without_leave(one, (section.name,), Span(known.first_s, known.last_s), None)
            else:
                yield one.ends()

    def _without_leave(self, trial: Trial, names: tuple[str, ...], act: Span, zone: str | None) -> Judgement:
        known, name = trial.known, next(n for n in names if n)
        if not is_dangerous(trial):
            return trial.ends()
        leave = has_leave(known, names)
        found = known.registry.answered + (", old data" if known.registry.stale else "")
        if not trial.check("no permit gives leave for it", None if leave is None else not leave, f"register: {found}"):
            return trial.ends()
        on_record = known.registry.answered == "found"
        return self.told(
            trial,
            f"驶入危险货物运输车辆禁行区段 {name}，{'登记中' if on_record else '登记库内'}未见通行许可",
            Fact(name="closed_section", value=name),
            *sign_facts(known),
            level=graded(known, self.level) if on_record else LOW,
            conditions=by_register(known),
            act=act,
            zone=zone,
        )


class Ban(Closed):
    """A ban on the motorways of a region: by hours, on holidays, or both."""

    region: str = Field(pattern=r"^[0-9]{2,6}$")
    """Beginning of the region codes (GB/T 2260) that it holds in, for example 35 for Fujian."""
    holidays: tuple[Days, ...] = ()
    """Days on which it holds all day."""
    exempt_un: tuple[UnNumber, ...] = ()
    """Goods that may be let through for supply: fuel, gas, oxygen, chlorine for water."""


class NightBanRule(PassRule):
    """Dangerous goods on a motorway in hours or on holidays on which they are banned there. Empty ones may drive."""

    kind: Literal["dangerous_goods_ban"]
    bans: tuple[Ban, ...]

    def tries(self, trial: Trial) -> Judgement:
        """Whether a ban holds here and now, and the panel tells of goods that it does not let through."""
        known, local = trial.known, trial.known.local(trial.known.first_s)
        if not trial.check("is on a motorway", known.place.highway):
            return trial.ends()
        ban = next((b for b in self.bans if self._holds(b, known.place, local)), None)
        region = known.place.region
        met = None if region is None else ban is not None
        if not trial.check("a ban holds here and now", met, ban.name if ban else "none"):
            return trial.ends()
        assert ban is not None
        un = panel_un(known)
        goods = None if un is None else un != "" and un not in ban.exempt_un
        if not trial.check("panel tells of banned goods", goods, un or known.facts.panel.doubt or "empty"):
            return trial.ends()
        leave = has_leave(known, (ban.name,))
        asked = f"register: {known.registry.answered}"
        if not trial.check("no permit gives leave", None if leave is None else not leave, asked):
            return trial.ends()
        return self.told(
            trial,
            f"{ban.name}期间（{local:%m-%d %H:%M}）在高速公路行驶，标志牌为 UN {un}；是否属例外须核查",
            Fact(name="ban", value=f"{ban.name}（{ban.source}）"),
            *sign_facts(known),
            level=graded(known, self.level) if known.registry.answered == "found" else LOW,
            conditions=by_register(known),
        )

    @staticmethod
    def _holds(ban: Ban, place: Place, local: datetime) -> bool:
        here = place.region is not None and place.region.startswith(ban.region)
        by_hours = ban.hours is not None and ban.closed_at(local)
        return here and (by_hours or any(local.date() in days for days in ban.holidays))


class DangerousStopRule(PassRule):
    """Dangerous goods standing on the road outside every bay."""

    kind: Literal["dangerous_goods_stop"]
    least_stop: Standing10
    """Longer than a red light or a queue makes one stand."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether it stood long enough; of several stops the first."""
        least = self.least_stop.value
        stops = [s for s in trial.known.stops if s.seconds >= least]
        longest = max((s.seconds for s in trial.known.stops), default=0.0)
        if not trial.check("stood still", bool(stops), f"{longest:.0f} s", f"at least {least:g} s"):
            return trial.ends()
        bays = [a for a in trial.known.areas if a.purpose is Purpose.BAY]
        outside = [s for s in stops if not any(a.entered_s < s.to_s and a.last_s > s.from_s for a in bays)]
        if not (trial.check("outside every bay", bool(outside)) and is_dangerous(trial)):
            return trial.ends()
        stop = outside[0]
        return self.told(
            trial,
            f"危险货物运输车辆在路上停留 {stop.seconds:.0f} 秒；须排除故障与拥堵",
            Fact(name="stood_still", value=round(stop.seconds), unit="s"),
            *sign_facts(trial.known),
            level=graded(trial.known, self.level),
            act=stop,
        )


class DangerousSpeedRule(PassRule):
    """Dangerous goods faster than they may drive, by a certified speed meter: a clue for the police."""

    kind: Literal["dangerous_goods_speed"]
    motorway: KmPerHour
    elsewhere: KmPerHour

    def tries(self, trial: Trial) -> Judgement:
        """Whether even the lower end of a certified speed is over the limit."""
        known, measured = trial.known, trial.known.facts.measured
        if not trial.check("speed meter is certified", known.facts.speed_certified):
            return trial.ends()
        speed, highway = measured.speed_kmh if measured else None, known.place.highway
        limit = (self.motorway if highway else self.elsewhere).value
        over = None if speed is None or highway is None else speed.surely_over(limit)
        found = "" if speed is None else f"{speed.low:.0f} to {speed.high:.0f} km/h"
        if not (trial.check("speed", over, found, f"over {limit:g} km/h") and is_dangerous(trial)):
            return trial.ends()
        assert speed is not None
        return self.told(
            trial,
            f"危险货物运输车辆车速至少 {speed.low:.0f} km/h，限速 {limit:g} km/h",
            Fact(name="speed_low", value=round(speed.low, 1), unit="km/h"),
            *sign_facts(known),
            level=graded(known, self.level),
        )
