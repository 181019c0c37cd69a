"""People where they may not get on, and where nobody may ride: boarding outside a stop, people in a load bed."""

from __future__ import annotations

from typing import ClassVar, Literal

from detector.plan import Purpose
from edge.rules.base import Judgement, Stage, Trial, first_act
from edge.rules.known import Known, Span
from edge.rules.numbers import Number, Seconds
from edge.rules.passes import PassRule, boarded_at, count
from leads import Fact


class BoardingOutsideRule(PassRule):
    """A coach takes people in, or lets them out, where there is no stop.

    That a place is no stop is known where a no-stop zone is drawn, or the road is a motorway. A breakdown looks alike:
    hazard lights are not seen, so a person looks at the clip first.
    """

    kind: Literal["boarding_outside"]
    least_stop: Seconds
    people: Number
    """People who get on or off."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether it stood long enough; of several stops the first at which it happened."""
        stops = [s for s in trial.known.stops if s.seconds >= self.least_stop.value]
        longest = max((s.seconds for s in trial.known.stops), default=0.0)
        wanted = f"at least {self.least_stop.value:g} s"
        if not trial.check("stood still", bool(stops), f"{longest:.1f} s", wanted):
            return trial.ends()
        return first_act([self._at(Trial(self, trial.known, list(trial.checks)), stop) for stop in stops])

    def _at(self, trial: Trial, stop: Span) -> Judgement:
        known = trial.known
        people = boarded_at(known, stop)
        least = self.people.value
        if not trial.check("people got on or off", people >= least, people, f"at least {least:g}"):
            return trial.ends()
        if not trial.check("outside every bay", not _zones(known, stop, Purpose.BAY)):
            return trial.ends()
        forbidden = _zones(known, stop, Purpose.NO_STOP)
        no_stop = True if forbidden or known.place.highway else None
        where = ", ".join(forbidden) or ("motorway" if known.place.highway else "no zone tells")
        if not trial.check("is no place to stop", no_stop, where):
            return trial.ends()
        return self.told(
            trial,
            f"客车在站外停车 {stop.seconds:.0f} 秒，{people} 人上下车；须排除故障停车",
            count("people_boarded", people),
            Fact(name="stood_still", value=round(stop.seconds, 1), unit="s"),
            act=stop,
            zone=forbidden[0] if forbidden else None,
        )


class PeopleInBedRule(PassRule):
    """People riding in the load bed of a goods vehicle: urgent."""

    stage: ClassVar[Stage] = "read"
    kind: Literal["people_in_bed"]
    people: Number

    def tries(self, trial: Trial) -> Judgement:
        """Whether enough people were seen in the bed while it drove."""
        people, least = trial.known.people_in_bed, self.people.value
        if not trial.check("people in the load bed", people >= least, people, f"at least {least:g}"):
            return trial.ends()
        return self.told(trial, f"行驶中货厢内见 {people} 人；请立即拦停", count("people_in_bed", people))


def _zones(known: Known, stop: Span, purpose: Purpose) -> list[str]:
    """Zones of a purpose in which it was during a stop."""
    return [a.zone for a in known.areas if a.purpose is purpose and a.entered_s < stop.to_s and a.last_s > stop.from_s]
