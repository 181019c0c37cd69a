"""Rules that are judged by a pass as a whole, once all that is to be known of it is known."""

from __future__ import annotations

from collections.abc import Sequence

from edge.rules.base import Check, Judgement, Level, RuleBase, Trial
from edge.rules.known import MARGIN_S, Known, Span
from leads import Fact


class PassRule(RuleBase):
    """A rule about a whole pass: first the class and the hours, then what is its own."""

    def judge(self, known: Known) -> Judgement:
        """Try the rule."""
        trial = Trial(self, known)
        if not (self.concerns(trial) and self.in_hours(trial, known.first_s)):
            return trial.ends()
        return self.tries(trial)

    def tries(self, trial: Trial) -> Judgement:
        """Try what is the rule's own."""
        raise NotImplementedError

    def told(
        self,
        trial: Trial,
        text: str,
        *facts: Fact,
        level: Level | None = None,
        conditions: Sequence[Check] = (),
        act: Span | None = None,
        zone: str | None = None,
    ) -> Judgement:
        """It fires. `act`: when; None: all the time that the vehicle was in view."""
        during = act or Span(trial.known.first_s, trial.known.last_s)
        return trial.fires(text, during.from_s, during.to_s, facts=facts, zone=zone, level=level, conditions=conditions)


def boarded_at(known: Known, stop: Span) -> int:
    """How many people got on or off at a stop, as closely as `edge.people` can tell when."""
    return sum(stop.from_s - MARGIN_S <= b.at_s <= stop.to_s + MARGIN_S for b in known.boardings)


def boarding_stop(known: Known) -> Span | None:
    """The first stop at which people got on or off; None where there was none."""
    return next((stop for stop in known.stops if boarded_at(known, stop)), None)


def count(name: str, value: int) -> Fact:
    """A count as a fact of a lead."""
    return Fact(name=name, value=value)
