"""Licensed for something else: taxis far from their town, charter coaches run like a line. Clues, for a check."""

from __future__ import annotations

from typing import Literal

from edge.registry.entries import PermitKind
from edge.rules.base import Judgement, Trial
from edge.rules.known import Known
from edge.rules.numbers import Days, Number, Seconds
from edge.rules.passes import PassRule, count
from edge.rules.permits import by_register, graded, sure, valid
from edge.rules.shuttle import apart, moments

TAXI: tuple[PermitKind, ...] = ("taxi",)
CHARTER: tuple[PermitKind, ...] = ("charter", "tourist")
DAY_S = 86400


class OutOfTownTaxiRule(PassRule):
    """A taxi from another town that drives about here all day. One end of a trip may lie at home: a clue alone."""

    kind: Literal["out_of_town_taxi"]
    passes: Number
    """Passes on one day, here or at neighbours, the present one included."""
    apart: Seconds
    """Passes sooner after one another are one journey, seen by several cameras."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether it wears a taxi lamp, is from elsewhere, and is not licensed for here."""
        known = trial.known
        lamp = known.facts.taxi_lamp
        if not trial.check("wears a taxi lamp", lamp.value if lamp.sure else None, lamp.doubt):
            return trial.ends()
        identity, home = known.identity, known.place.home_prefixes
        elsewhere = not identity.plate.startswith(home) if identity is not None and sure(identity) and home else None
        if not trial.check("plate of another town", elsewhere, wanted=f"none of {', '.join(home)}"):
            return trial.ends()
        passes, least = len(apart(moments(known, 1), self.apart.value)), self.passes.value
        enough = True if passes >= least else False if "history" in known.looked_for else None
        if not trial.check("passes today", enough, passes, f"at least {least:g}"):
            return trial.ends()
        if not trial.check("not licensed for here", _not_licensed_here(known), known.registry.answered):
            return trial.ends()
        return self.told(
            trial,
            f"外地号牌出租车今日在本地经过 {passes} 次，登记经营区域不含本地；起讫点须现场查证",
            count("passes_today", passes),
            level=graded(known, self.level),
            conditions=by_register(known),
        )


def _not_licensed_here(known: Known) -> bool | None:
    """Whether a register that tells of taxis says that it has no licence for this place."""
    lookup, region = known.registry, known.place.region
    if lookup.stale:
        return None
    if lookup.answered == "absent":
        return True if "passenger" in lookup.complete_for else None
    permits = valid(known.entry, TAXI, known.local(known.first_s).date())
    if not permits or region is None:
        return None
    areas = [area for p in permits for area in p.scope]
    if any(region.startswith(area) for area in areas):
        return False
    return None if any(not p.scope for p in permits) else True


class CharterLineRule(PassRule):
    """A coach licensed for charter or tourism that comes by like a line: same place, same time, day after day."""

    kind: Literal["charter_line"]
    days: Days
    """Days with a pass here at this time of day, the present one included."""
    of_days: Days
    within: Seconds
    """Difference in the time of day that a line may have."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether it comes like a line, with people getting on or off, and has no permit for lines."""
        known = trial.known
        passes = moments(known, self.of_days.value, (p for p in known.history if p.site == known.place.site))
        now, width = passes[-1].second, self.within.value
        alike = [m for m in passes if (m.second - now + width) % DAY_S <= 2 * width]
        days, boarded = len({m.days_ago for m in alike}), sum(1 for m in alike if m.boarded)
        looked = "history" in known.looked_for
        wanted = f"{self.days.value:g} of {self.of_days.value:g}"
        like_line = True if days >= self.days.value else False if looked else None
        if not trial.check("days at this time of day", like_line, days, wanted):
            return trial.ends()
        if not trial.check("people got on or off", True if boarded else False if looked else None, boarded):
            return trial.ends()
        day = known.local(known.first_s).date()
        charter = None if known.entry is None else bool(valid(known.entry, CHARTER, day))
        if not trial.check("is licensed for charter or tourism", charter, known.registry.answered):
            return trial.ends()
        line = valid(known.entry, ("scheduled",), day)
        stale = known.registry.stale
        if not trial.check("has no permit for a line", False if line else None if stale else True):
            return trial.ends()
        return self.told(
            trial,
            f"近 {self.of_days.value:g} 日中 {days} 日同一时段经过此处，有人上下车；须核查包车合同与标志牌",
            count("days_at_this_time", days),
            count("passes_with_boarding", boarded),
            level=graded(known, self.level),
            conditions=by_register(known),
        )
