"""Carrying passengers by night: coaches at the hours in which they have to rest, and vans far from home."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from typing import Literal

from edge.registry.entries import Permit, PermitKind
from edge.rules.base import Judgement, Trial
from edge.rules.known import Known
from edge.rules.numbers import Days, Hour, Number, Share
from edge.rules.passes import PassRule, count
from edge.rules.permits import LOW, PASSENGERS, by_register, graded, standing, sure, valid
from edge.rules.shuttle import moments
from leads import Fact

COACHES: tuple[PermitKind, ...] = ("scheduled", "charter", "tourist")


class NightCoachRule(PassRule):
    """A licensed coach driving in the hours in which it has to rest."""

    kind: Literal["night_coach"]
    exempt_scopes: tuple[str, ...]
    """Words in a permit's scope that exempt: relay of drivers (接驳), airport, high-speed rail, short lines."""
    most_standing: Share
    """Share of the time in view that a driving vehicle stands still at most: a resting coach is lawful."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether it drives, is a coach for hire, and no scope of its permits exempts it."""
        known = trial.known
        seen_s = max(known.last_s - known.first_s, 1e-3)
        standing_share = sum(s.seconds for s in known.stops) / seen_s
        most = self.most_standing.value
        if not trial.check("is driving", standing_share <= most, f"stood {standing_share:.0%}", f"at most {most:.0%}"):
            return trial.ends()
        permits = valid(known.entry, COACHES, known.local(known.first_s).date())
        licensed = None if known.entry is None else bool(permits)
        if not trial.check("is licensed as a coach", licensed, ", ".join(p.kind for p in permits)):
            return trial.ends()
        scopes = [scope for p in permits for scope in p.scope]
        wanted = f"none of {', '.join(self.exempt_scopes)}"
        if not trial.check("its lines are not exempt", self._not_exempt(permits), ", ".join(scopes), wanted):
            return trial.ends()
        local = known.local(known.first_s)
        return self.told(
            trial,
            f"营运客车 {local:%H:%M} 在道路上行驶，登记范围未见接驳等例外；须核查是否落地休息或接驳运输",
            Fact(name="local_time", value=f"{local:%H:%M}"),
            Fact(name="permit_scope", value="；".join(scopes)),
            level=graded(known, self.level),
            conditions=by_register(known),
        )

    def _not_exempt(self, permits: Iterable[Permit]) -> bool | None:
        """Whether no permit is exempt; None where the register does not say what one is for."""
        held = list(permits)
        if any(word in scope for p in held for scope in p.scope for word in self.exempt_scopes):
            return False
        return None if any(not p.scope for p in held) else True


class NightVanRule(PassRule):
    """A van from another province that comes by again and again in the small hours: a weak clue.

    The pattern of fatal journeys is a full van. Cameras here do not count heads behind glass, so nothing is said of
    them: the clue rests on hours, seats by the register, the plate's province and repetition, and stays low.
    """

    kind: Literal["night_van"]
    nights: Days
    """Nights with a pass in the hours, the present one included."""
    of_days: Days
    least_seats: Number
    most_seats: Number
    lag: Hour

    def tries(self, trial: Trial) -> Judgement:
        """Whether it is from elsewhere, came on other nights, has such seats and no permit."""
        known = trial.known
        if not self._from_elsewhere(trial):
            return trial.ends()
        nights = self._nights(known)
        enough = True if nights >= self.nights.value else False if "history" in known.looked_for else None
        wanted = f"at least {self.nights.value:g} of {self.of_days.value:g}"
        if not trial.check("nights with a pass in the hours", enough, nights, wanted):
            return trial.ends()
        seats = known.entry.seats if known.entry else None
        least, most = self.least_seats.value, self.most_seats.value
        fits = None if seats is None else least <= seats <= most
        if not trial.check("seats by the register", fits, seats, f"{least:g} to {most:g}"):
            return trial.ends()
        stands = standing(known, PASSENGERS, self.lag.value)
        if not trial.check("no passenger permit is on record", stands not in ("valid", "just lapsed"), stands):
            return trial.ends()
        return self.told(
            trial,
            f"外省 {seats} 座车凌晨经过，近 {self.of_days.value:g} 日共 {nights} 夜；载客情况未知，建议拦检",
            count("nights", nights),
            count("seats_registered", seats or 0),
            level=LOW,
            conditions=by_register(known),
        )

    def _from_elsewhere(self, trial: Trial) -> bool:
        identity, home = trial.known.identity, {p[0] for p in trial.known.place.home_prefixes}
        elsewhere = identity.plate[0] not in home if identity is not None and sure(identity) and home else None
        wanted = f"none of {', '.join(sorted(home))}"
        return trial.check("plate of another province", elsewhere, identity.plate[0] if identity else "", wanted)

    def _nights(self, known: Known) -> int:
        spans = [(_second(h.start), _second(h.end)) for h in self.hours or ()]
        passes = moments(known, self.of_days.value)
        return len({m.days_ago for start, end in spans for m in passes if _within(m.second, start, end)})


def _within(second: int, start: int, end: int) -> bool:
    """Whether a second of the day lies in a span that may run over midnight."""
    return start <= second < end if start < end else second >= start or second < end


def _second(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second
