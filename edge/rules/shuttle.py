"""Counting passes: does a vehicle go to and fro between passenger hubs, day after day? Pure, on what is remembered.

A pass counts where it is at another hub than the vehicle's pass before it that day: two cameras of one hub, or a second
look at it, are no trip. Days and times of day are local, and the pass in question belongs to the day it is on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from edge.rules.known import Known, PastPass
from edge.rules.numbers import Days, Number, Seconds

Hub = tuple[str, str]
"""Site and kind of a hub: places of one kind within one site are taken for one hub."""


class ShuttleTerms(BaseModel):
    """When going to and fro is a shuttle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passes: Number
    """Passes a day, each at another hub than the one before."""
    shared_rides: Number
    """Trips a day that are allowed as shared rides (合乘): a day's passes must be more, each counting as a trip."""
    days: Days
    """Days with as many passes."""
    of_days: Days
    """Days looked at, the present one included."""
    commute_trips: Number
    """Times of day at which a commuter passes..."""
    commute_within: Seconds
    """...each within this span: passes at these times alone are no shuttle."""


class Moment(NamedTuple):
    """A pass, on the local clock of the place."""

    days_ago: int
    second: int
    """Of the local day."""
    hub: Hub | None
    boarded: int


@dataclass(frozen=True, slots=True)
class Shuttle:
    """What was counted."""

    days: int
    """Days with enough passes."""
    busiest: int
    """Most passes of a day."""
    commute: bool
    """Whether all passes lie within a commuter's times of day."""
    hubs: tuple[str, ...]
    """Kinds of hubs it goes between."""
    met: bool


def moments(known: Known, of_days: float, history: Iterable[PastPass] | None = None) -> list[Moment]:
    """The passes of the last local days, oldest first, the present one last.

    Days are taken as 24 hours back from midnight: where clocks change, a pass may be an hour off.
    """
    local = known.local(known.first_s)
    midnight = known.at(known.first_s) - (local - datetime.combine(local.date(), time(), local.tzinfo))
    found: list[Moment] = []
    new = tuple.__new__
    for past in known.history if history is None else history:
        since = past.at - midnight
        days = since.days
        if days <= -of_days:
            break
        hub = past.hub
        # Not by its own constructor, which takes three times as long: there may be thousands.
        found.append(new(Moment, (-days, since.seconds, (past.site, hub) if hub else None, past.boarded)))
    found.reverse()
    place, since = known.place, known.at(known.first_s) - midnight
    found.append(Moment(0, since.seconds, (place.site, place.hub) if place.hub else None, len(known.boardings)))
    return found


def shuttle(passes: Sequence[Moment], terms: ShuttleTerms) -> Shuttle:
    """Count the days on which a vehicle went to and fro between hubs."""
    counted: dict[int, list[Moment]] = {}
    last_day, last_hub = -1, None
    today: list[Moment] = []
    for one in passes:
        day, _, hub, _ = one
        if hub is None:
            continue
        if day != last_day:
            last_day, last_hub = day, None
            today = counted.setdefault(day, [])
        if hub != last_hub:
            today.append(one)
            last_hub = hub
    least = max(terms.passes.value, terms.shared_rides.value + 1)
    full = [day for day in counted.values() if len(day) >= least]
    # One day that is no commute by itself settles it, and spares sorting all.
    commute = bool(full) and is_commute([m.second for m in full[0]], terms)
    commute = commute and is_commute([m.second for day in full for m in day], terms)
    return Shuttle(
        days=len(full),
        busiest=max(map(len, counted.values()), default=0),
        commute=commute,
        hubs=tuple(sorted({kind for _, kind in {m.hub for day in full for m in day if m.hub}})),
        met=len(full) >= terms.days.value and not commute,
    )


def apart(passes: Iterable[Moment], least_s: float) -> list[Moment]:
    """Passes at least some seconds after the one before: several cameras of a site see one journey several times."""
    found: list[Moment] = []
    last_s = -math.inf
    for one in passes:
        at_s = one.second - 86400 * one.days_ago
        if at_s - last_s >= least_s:
            found.append(one)
            last_s = at_s
    return found


def is_commute(seconds: Iterable[int], terms: ShuttleTerms) -> bool:
    """Whether seconds of the day all lie within a commuter's few times of day; true of none."""
    spans = enumerate(_spans(sorted(seconds), terms.commute_within.value), start=1)
    return all(count <= terms.commute_trips.value for count, _ in spans)


def _spans(seconds: Sequence[int], width: float) -> Iterator[int]:
    """Beginnings of the fewest spans of a width that hold all."""
    start: int | None = None
    for second in seconds:
        if start is None or second > start + width:
            start = second
            yield second
