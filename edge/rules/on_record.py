"""What is on record against a vehicle: the state its register tells of, and the hub's watch list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import ClassVar, Literal

from edge.registry.entries import Lookup, VehicleEntry
from edge.registry.words import VEHICLE_STATES
from edge.rules.base import Check, Judgement, Level, Stage, Trial
from edge.rules.known import Identity, WatchHit
from edge.rules.numbers import Days
from edge.rules.passes import PassRule
from edge.rules.permits import LOW, States, by_register, sure
from leads import Fact
from leads.base import COLOURS, Colour


class RegistryStateRule(PassRule):
    """Stolen, deregistered or scrapped by the register, or its inspection is overdue."""

    kind: Literal["registry_state"]
    urgent: States
    """Letters of states (GA/T 16) with which no vehicle may be on the road."""
    overdue: States
    """Letters of states that are an offence and not urgent: inspection overdue."""
    inspection_lag: Days
    """Days after the inspection's end in which a register may not know of a new one."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether one of vehicle and trailer is in such a state; an old answer makes a clue of what is urgent."""
        known = trial.known
        asked = ((known.registry, known.identity), (known.trailer_registry, known.trailer))
        today = known.local(known.first_s).date()
        found = [(word, level) for one, who in asked for word, level in self._against(one, who, today)]
        told = any(self._tells(one.entry) for one, _ in asked if not one.stale)
        met = True if found else False if told else None
        if not trial.check("state by the register", met, ", ".join(w for w, _ in found) or known.registry.answered):
            return trial.ends()
        order: tuple[Level, ...] = ("high", "medium", "low")
        return self.told(
            trial,
            f"登记状态为{'、'.join(word for word, _ in found)}；须现场核验",
            Fact(name="registered_state", value="、".join(word for word, _ in found)),
            level=min((level for _, level in found), key=order.index),
            conditions=by_register(known),
        )

    @staticmethod
    def _tells(entry: VehicleEntry | None) -> bool:
        return entry is not None and bool(entry.state or entry.inspection_valid_to)

    def _against(self, lookup: Lookup[VehicleEntry], who: Identity | None, today: date) -> Iterator[tuple[str, Level]]:
        entry = lookup.entry
        if entry is None:
            return
        doubtful = lookup.stale or not sure(who)
        for letter in entry.state:
            if letter in self.urgent:
                yield VEHICLE_STATES.get(letter, letter), LOW if doubtful else self.level
        ended, lag = entry.inspection_valid_to, timedelta(days=self.inspection_lag.value)
        if lookup.stale:
            return
        if ended is not None and ended + lag < today:
            yield f"检验有效期至 {ended}", LOW if doubtful else "medium"
        elif any(letter in self.overdue for letter in entry.state):
            yield "逾期未检验", LOW if doubtful else "medium"


class WatchedRule(PassRule):
    """A vehicle under watch has come."""

    stage: ClassVar[Stage] = "read"
    kind: Literal["watched"]
    levels: Mapping[Colour, Level]
    """Level of a lead by the colour of the entry."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether a watch holds at the moment; an exact one counts more than one with a character unread."""
        known = trial.known
        now = known.at(known.first_s)
        hits = [h for h in known.watched if h.entry.since <= now and (h.entry.until is None or now < h.entry.until)]
        if not trial.check("is under watch", bool(hits), f"{len(known.watched)} entries"):
            return trial.ends()
        hit = min(hits, key=lambda h: (not h.exact, COLOURS.index(h.entry.colour)))
        return self._says(trial, hit)

    def _says(self, trial: Trial, hit: WatchHit) -> Judgement:
        entry, exact = hit.entry, hit.exact and sure(trial.known.identity)
        text = f"{entry.reason}" if exact else f"号牌有一位未读清或存疑，可能为布控车辆（{entry.reason}）；须人工核对"
        return self.told(
            trial,
            text,
            Fact(name="watch_colour", value=entry.colour),
            Fact(name="watch_kind", value=entry.kind),
            *(() if entry.prior_count is None else (Fact(name="prior_count", value=entry.prior_count),)),
            level=self.levels.get(entry.colour, LOW) if exact else LOW,
            conditions=(Check("every character agrees", exact),),
        )
