"""What a register's answer says of permits, and with how much it may be relied on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from edge.registry.entries import Complete, Lookup, Permit, PermitKind, VehicleEntry
from edge.registry.words import USE_NATURES, VEHICLE_STATES
from edge.rules.base import Check, Level
from edge.rules.known import Identity, Known

Standing = Literal["valid", "just lapsed", "lapsed", "withdrawn", "none", "unknown"]
"""`just lapsed`: run out for less time than a register may lag behind; `withdrawn`: suspended or revoked."""
LOW: Final[Level] = "low"


def _letters(codes: Mapping[str, str], what: str) -> AfterValidator:
    def check(text: str) -> str:
        if strange := sorted(set(text) - set(codes)):
            raise ValueError(f"{', '.join(strange)}: no {what}; use letters of {''.join(codes)}, written in one word")
        return text

    return AfterValidator(check)


Natures = Annotated[str, _letters(USE_NATURES, "use of a vehicle by GA/T 16.3")]
States = Annotated[str, _letters(VEHICLE_STATES, "state of a vehicle by GA/T 16")]


@dataclass(frozen=True, slots=True)
class Transport:
    """A kind of transport, and what shows in a register that a vehicle is licensed for it."""

    name: Complete
    permits: tuple[PermitKind, ...]
    natures: str
    """Uses by GA/T 16.3 of vehicles that do it: where no permit is listed for one, the list may be short."""


PASSENGERS: Final = Transport("passenger", ("scheduled", "charter", "tourist", "taxi", "ride_hailing"), "BCDET")
DANGEROUS: Final = Transport("dangerous_goods", ("dangerous_goods",), "R")


def sure(identity: Identity | None) -> bool:
    """Whether a plate was read without doubt."""
    return identity is not None and identity.sure


def usable(lookup: Lookup[VehicleEntry]) -> bool:
    """Whether a register has answered; an old answer may still support a suspicion."""
    return lookup.answered in ("found", "absent")


def standing(known: Known, transport: Transport, lag_h: float, *, trust_old: bool = False) -> Standing:
    """How the vehicle stands with permits for a kind of transport, at its first look.

    `lag_h`: hours by which a register may lag behind an office. No entry is unknown unless the register is complete.
    `trust_old`: take old data for new ones, as far as a vehicle was found: good for a clue alone.
    """
    lookup, entry = known.registry, known.registry.entry
    complete = transport.name in lookup.complete_for
    if lookup.answered == "absent":
        return "none" if complete and not lookup.stale and sure(known.identity) else "unknown"
    if lookup.answered != "found" or entry is None:
        return "unknown"
    held = [p for p in entry.permits if p.kind in transport.permits]
    if held:
        best = _best(held, known.local(known.first_s), lag_h)
        return "unknown" if lookup.stale and not trust_old and best in ("lapsed", "withdrawn") else best
    if lookup.stale and not trust_old:
        return "unknown"
    if complete:
        return "none"
    return "none" if entry.use_nature and entry.use_nature not in transport.natures else "unknown"


def _best(held: Iterable[Permit], now: datetime, lag_h: float) -> Standing:
    order: tuple[Standing, ...] = ("valid", "just lapsed", "lapsed", "withdrawn")
    return min((_one(p, now, lag_h) for p in held), key=order.index)


def _one(permit: Permit, now: datetime, lag_h: float) -> Standing:
    if permit.holds_on(now.date()):
        return "valid"
    if permit.state != "valid":
        return "withdrawn"
    if permit.valid_to is not None and permit.valid_to < now.date():
        return "just lapsed" if permit.holds_on((now - timedelta(hours=lag_h)).date()) else "lapsed"
    return "withdrawn"


def valid(entry: VehicleEntry | None, kinds: Iterable[PermitKind], day: date) -> list[Permit]:
    """Permits of some kinds that hold on a local day."""
    return [p for p in (entry.permits if entry else ()) if p.kind in kinds and p.holds_on(day)]


def last_day(entry: VehicleEntry | None, transport: Transport) -> date | None:
    """Last day of the latest permit for a kind of transport, as far as the register tells."""
    days = [p.valid_to for p in (entry.permits if entry else ()) if p.kind in transport.permits and p.valid_to]
    return max(days, default=None)


def graded(known: Known, level: Level) -> Level:
    """The level of a finding that rests on who the vehicle is: low where plate or register are in doubt."""
    return level if sure(known.identity) and not known.registry.stale else LOW


def by_register(known: Known) -> tuple[Check, ...]:
    """What the grade of the evidence hangs on, where a register has to bear it."""
    lookup = known.registry
    return (
        Check("plate read without doubt", sure(known.identity)),
        Check("register has answered with fresh data", usable(lookup) and not lookup.stale, lookup.source),
    )
