"""Carrying passengers without permit: behaviour over several passes, held against what the register says.

Video sees behaviour, a register knows permits, and payment is proved by the unit on the road: every lead here asks for
a check. One who fetches a guest waits and takes somebody in, too, so something must have been seen on earlier passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from edge.rules.base import Judgement, Trial
from edge.rules.hire import CharterLineRule, OutOfTownTaxiRule
from edge.rules.known import Known
from edge.rules.night import NightCoachRule, NightVanRule
from edge.rules.numbers import Hour, Number, Seconds
from edge.rules.passes import PassRule, boarding_stop, count
from edge.rules.permits import LOW, PASSENGERS, Natures, by_register, graded, last_day, standing
from edge.rules.riders import BoardingOutsideRule, PeopleInBedRule
from edge.rules.shuttle import Moment, Shuttle, ShuttleTerms, apart, is_commute, moments, shuttle
from leads import Fact

CHECK_ON_ROAD = "是否收费载客须现场查证"


class Behaviour(BaseModel):
    """What counts as a sign of carrying passengers for hire."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shuttle: ShuttleTerms
    people: Number
    """People who get on or off on this pass."""
    earlier_passes: Number
    """Earlier passes with people getting on or off, in the days of the shuttle, not at a commuter's times alone."""
    apart: Seconds
    """Passes sooner after one another are one, seen by several cameras."""
    waiting: Seconds
    """Time of standing still at a hub."""
    signs: Number
    """Signs that must come together, one of them from earlier passes."""


class NoPermitRule(PassRule):
    """Carries passengers, as it behaves, and has no permit for it."""

    kind: Literal["no_passenger_permit"]
    behaviour: Behaviour
    lag: Hour
    """Time by which the register may lag behind the permit office."""
    exempt_natures: Natures
    """Letters of GA/T 16.3: uses that carry people without a transport permit, for example school buses."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether it behaves so, and the register is sure that there is no permit."""
        known, terms = trial.known, self.behaviour
        passes = moments(known, terms.shuttle.of_days.value)
        past = shuttle(passes, terms.shuttle)
        now, before = self._now(known), self._before(passes, past)
        enough = len(now) + len(before) >= terms.signs.value
        told = ", ".join((*now, *before)) or "none"
        if not trial.check("signs of carrying passengers", _looked(known, enough), told, f"{terms.signs.value:g}"):
            return trial.ends()
        if not trial.check("one of them on earlier passes", _looked(known, bool(before)), ", ".join(before)):
            return trial.ends()
        if not (_without_permit(trial, self.lag.value) and _needs_permit(trial, self.exempt_natures)):
            return trial.ends()
        return self.told(
            trial,
            f"{'，'.join((*now.values(), *before.values()))}；未查到有效客运许可，{CHECK_ON_ROAD}",
            count("people_boarded", len(known.boardings)),
            count("shuttle_days", past.days),
            Fact(name="registry", value=known.registry.source or known.registry.answered),
            level=graded(known, self.level if past.met else LOW),
            conditions=by_register(known),
            act=boarding_stop(known),
        )

    def _now(self, known: Known) -> dict[str, str]:
        """Signs of this pass: name, and words for the lead."""
        found = {}
        people, stood = len(known.boardings), max((s.seconds for s in known.stops), default=0.0)
        if people >= self.behaviour.people.value:
            found["boarding"] = f"停车时 {people} 人上下车"
        if known.place.hub and stood >= self.behaviour.waiting.value:
            found["waiting at a hub"] = f"在{known.place.hub}停留 {stood:.0f} 秒"
        return found

    def _before(self, passes: Sequence[Moment], past: Shuttle) -> dict[str, str]:
        """Signs of earlier passes."""
        terms, found = self.behaviour, {}
        boarded = [m.second for m in apart([m for m in passes[:-1] if m.boarded], terms.apart.value)]
        if len(boarded) >= terms.earlier_passes.value and not is_commute(boarded, terms.shuttle):
            found["boarding before"] = f"此前 {len(boarded)} 次经过时有人上下车"
        if past.met:
            found["shuttle"] = _shuttle_text(past, terms.shuttle)
        return found


class OtherUseRule(PassRule):
    """Registered as not for hire, but shuttles and takes people in: an early clue."""

    kind: Literal["use_nature"]
    shuttle: ShuttleTerms
    natures: Natures
    """Uses that are not for hire, letters of GA/T 16.3."""
    lag: Hour

    def tries(self, trial: Trial) -> Judgement:
        """Whether it shuttles with people, and is registered for another use without permit."""
        known = trial.known
        passes = moments(known, self.shuttle.of_days.value)
        past = shuttle(passes, self.shuttle)
        boarded = sum(1 for m in passes if m.boarded)
        if not (
            _shuttles(trial, past, self.shuttle)
            and trial.check("passes with people getting on or off", _looked(known, boarded > 0), boarded)
        ):
            return trial.ends()
        entry = known.entry
        other = entry.use_nature in self.natures if entry is not None and entry.use_nature else None
        found = known.registry.answered if entry is None else entry.use_nature
        if not trial.check("registered as not for hire", other, found, f"one of {self.natures}"):
            return trial.ends()
        stands = standing(known, PASSENGERS, self.lag.value)
        if not trial.check("no permit is on record", stands not in ("valid", "just lapsed"), stands):
            return trial.ends()
        return self.told(
            trial,
            f"登记为非营运，{_shuttle_text(past, self.shuttle)}，{boarded} 次有人上下车；{CHECK_ON_ROAD}",
            count("shuttle_days", past.days),
            count("passes_with_boarding", boarded),
            level=graded(known, self.level),
            conditions=by_register(known),
        )


class ShuttleRule(PassRule):
    """Goes to and fro between hubs day after day, without permit as far as the register tells."""

    kind: Literal["hub_shuttle"]
    shuttle: ShuttleTerms
    lag: Hour
    exempt_natures: Natures

    def tries(self, trial: Trial) -> Judgement:
        """Whether it shuttles, and is no licensed vehicle; what an old register says makes a clue."""
        known = trial.known
        passes = moments(known, self.shuttle.of_days.value)
        past = shuttle(passes, self.shuttle)
        if not (
            _shuttles(trial, past, self.shuttle)
            and _without_permit(trial, self.lag.value, trust_old=True)
            and _needs_permit(trial, self.exempt_natures)
        ):
            return trial.ends()
        boarded = sum(1 for m in passes if m.boarded)
        return self.told(
            trial,
            f"{_shuttle_text(past, self.shuttle)}，单日最多 {past.busiest} 次；{CHECK_ON_ROAD}",
            count("shuttle_days", past.days),
            count("passes_on_busiest_day", past.busiest),
            count("passes_with_boarding", boarded),
            level=graded(known, self.level if boarded else LOW),
            conditions=by_register(known),
        )


class ExpiredPermitRule(PassRule):
    """On the road for hire, as registered, with a passenger permit that has run out."""

    kind: Literal["expired_passenger_permit"]
    lag: Hour
    """Time by which the register may lag behind the permit office: 24 h at least."""
    natures: Natures
    """Uses for hire, letters of GA/T 16.3: one that was given up needs no permit any more."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether its last permit ended longer ago than the register lags."""
        known, entry = trial.known, trial.known.entry
        stands = standing(known, PASSENGERS, self.lag.value)
        lapsed = None if stands == "unknown" else stands == "lapsed"
        if not trial.check("permit has run out", lapsed, stands, f"longer than {self.lag.value:g} h ago"):
            return trial.ends()
        assert entry is not None
        hired = entry.use_nature in self.natures if entry.use_nature else None
        if not trial.check("still registered for hire", hired, entry.use_nature, f"one of {self.natures}"):
            return trial.ends()
        ended = last_day(entry, PASSENGERS)
        return self.told(
            trial,
            f"道路客运许可登记有效期至 {ended}，仍在道路上行驶；须现场核验证件",
            Fact(name="permit_valid_to", value=str(ended)),
            level=graded(known, self.level),
            conditions=by_register(known),
        )


def _looked(known: Known, met: bool) -> bool | None:
    """What earlier passes have not shown is only known once they were looked for."""
    return True if met else False if "history" in known.looked_for else None


def _shuttles(trial: Trial, past: Shuttle, terms: ShuttleTerms) -> bool:
    commute = ", at a commuter's times" if past.commute else ""
    told = f"{past.days} days, at most {past.busiest} passes a day{commute}"
    wanted = f"{terms.days.value:g} of {terms.of_days.value:g} days with {terms.passes.value:g} passes"
    return trial.check("goes to and fro between hubs", _looked(trial.known, past.met), told, wanted)


def _without_permit(trial: Trial, lag_h: float, *, trust_old: bool = False) -> bool:
    known = trial.known
    stands = standing(known, PASSENGERS, lag_h, trust_old=trust_old)
    met = None if stands == "unknown" else stands in ("none", "withdrawn", "lapsed")
    found = f"{stands} ({known.registry.answered}{', old data' if known.registry.stale else ''})"
    return trial.check("has no passenger permit", met, found, "none by a register that tells of permits")


def _needs_permit(trial: Trial, exempt: str) -> bool:
    entry = trial.known.entry
    if entry is None:
        return True
    met = entry.use_nature not in exempt if entry.use_nature else None
    return trial.check("its use needs a permit", met, entry.use_nature, f"none of {exempt}")


def _shuttle_text(past: Shuttle, terms: ShuttleTerms) -> str:
    return f"近 {terms.of_days.value:g} 日中 {past.days} 日往返于{'、'.join(past.hubs)}"


PassengerRule: TypeAlias = (
    NoPermitRule
    | OtherUseRule
    | ShuttleRule
    | ExpiredPermitRule
    | NightVanRule
    | NightCoachRule
    | BoardingOutsideRule
    | PeopleInBedRule
    | OutOfTownTaxiRule
    | CharterLineRule
)
