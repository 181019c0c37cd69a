"""How heavy a vehicle may be on a road, by 超限运输车辆行驶公路管理规定 art. 3; all numbers stand in the rule's table.

Where something is not known, the reading that allows the driver more holds, and what else is possible is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge.registry.entries import Permit, VehicleEntry
from edge.rules.known import Known, Place
from edge.rules.numbers import Kilograms

LEAST_COMBINATION = 3
"""Axles of the shortest combination: a tractor has two, a trailer one."""
TRACTOR_AXLES = 3
"""A tractor has no more, as far as the register does not say so."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AxleRow(_Part):
    """The limit of vehicles with so many axles."""

    axles: int = Field(ge=2)
    """Axles on the ground, each axle of a group counting."""
    or_more: bool = False
    """Whether it holds for more axles, too."""
    combination: bool
    """Whether it holds for combinations (汽车列车), else for single trucks."""
    one_drive_axle: bool = False
    """Whether it holds only where the tractor has one driven axle."""
    limit: Kilograms

    def fits(self, axles: int) -> bool:
        """Whether it is about vehicles with so many axles."""
        return axles == self.axles or (self.or_more and axles > self.axles)


class PostedLimit(_Part):
    """A limit that a sign sets on a section of road, bridge or tunnel (art. 27)."""

    name: str
    """Name of the section, for people."""
    road_code: str
    from_km: float
    to_km: float
    """The section, by its stakes."""
    direction: str | None = None
    """Direction it holds in; none: both."""
    limit: Kilograms

    def holds_at(self, place: Place) -> bool:
        """Whether the camera stands on the section; a camera whose stake is not known does not."""
        if place.road_code != self.road_code or place.stake_km is None:
            return False
        return self.from_km <= place.stake_km <= self.to_km and self.direction in (None, place.direction)


class RoadLimits(_Part):
    """The table of limits."""

    rows: Mapping[str, AxleRow]
    single_tyres_less: Kilograms
    """Taken off once where axles of a group or of a trailer have single tyres on each side (art. 3, 2 b)."""
    exempt: tuple[str, ...] = ()
    """Words of the register for vehicles that are not held to the rows (art. 3, 2 e)."""
    exempt_types: tuple[str, ...] = ()
    """Beginnings of the vehicle types (GA/T 16.4) that are not, either."""
    by_register_types: tuple[str, ...] = ()
    """Beginnings of the vehicle types whose limit is the registered mass: tractors of farms, low-speed trucks (2 d)."""
    by_register_plates: tuple[str, ...] = ()
    """Plate types (GA/T 16.7) of these."""
    posted: tuple[PostedLimit, ...] = ()

    @model_validator(mode="after")
    def _never_falls(self) -> Self:
        most = max((row.axles for row in self.rows.values()), default=2)
        for combination in (False, True):
            for drive_axles in (1, 2):
                limits = [_highest(self.rows_for(n, combination, drive_axles)) for n in range(2, most + 2)]
                if 0.0 in limits:
                    raise ValueError(
                        f"no row holds for {limits.index(0.0) + 2} axles; the last row needs or_more: true"
                    )
                if limits != sorted(limits):
                    raise ValueError("a limit falls where an axle is added: correct the rows")
        return self

    def rows_for(self, axles: int, combination: bool | None, drive_axles: int | None) -> list[AxleRow]:
        """The rows that may hold by what is known; where the law has none of this form, those of the other."""
        rows = [row for row in self.rows.values() if row.fits(axles)]
        rows = [row for row in rows if combination is None or row.combination is combination] or rows
        if drive_axles is None:
            return rows
        one = {row.combination for row in rows if row.one_drive_axle} if drive_axles == 1 else set()
        return [row for row in rows if row.one_drive_axle is (row.combination in one)]


@dataclass(frozen=True, slots=True)
class Carrier:
    """What the limit of a vehicle hangs on; None where it is not known."""

    axles: int
    """On the ground."""
    combination: bool | None = None
    drive_axles: int | None = None
    single_tyres: bool | None = None
    """Whether axles of a group or of a trailer have single tyres on each side."""
    exempt: str = ""
    """Why it is not held to the rows; empty where it is."""
    by_register: bool = False
    """Whether the registered mass is its limit."""
    registered_kg: float | None = None
    """最大允许总质量 of the vehicle alone."""
    permits: tuple[Permit, ...] = ()
    """Oversize permits valid on the day."""
    place: Place = field(default_factory=lambda: Place("", ""))


@dataclass(frozen=True, slots=True)
class RoadLimit:
    """The limit of a vehicle."""

    kg: float | None
    """None where it is held to none, or where it is not known."""
    exempt: str = ""
    """Why it is held to none; empty where it is, or where the limit is not known."""
    notes: tuple[str, ...] = ()
    """What went into it, in Chinese."""


def road_limit(table: RoadLimits, carrier: Carrier) -> RoadLimit:
    """The most that the vehicle may weigh there, with its load, in kg.

    A posted limit holds for all; a permit for such a mass lifts either.
    """
    kg, notes = _own_limit(table, carrier)
    for posted in table.posted:
        if posted.holds_at(carrier.place) and posted.limit.value < kg:
            kg = posted.limit.value
            notes = [f"{posted.name}限载 {tonnes(kg)}"]
    if carrier.permits:
        allowed = max(math.inf if p.max_mass_kg is None else p.max_mass_kg for p in carrier.permits)
        if allowed > kg:
            kg = allowed
            notes = ["持有效超限运输车辆通行证" + ("，证载总质量不详" if math.isinf(kg) else f"，准许 {tonnes(kg)}")]
    if math.isinf(kg):
        return RoadLimit(None, carrier.exempt, tuple(notes))
    return RoadLimit(kg, "", tuple(notes))


def _own_limit(table: RoadLimits, carrier: Carrier) -> tuple[float, list[str]]:
    """The limit by art. 3 and what went into it; infinite where there is none, or none that is known."""
    if carrier.exempt:
        return math.inf, [carrier.exempt]
    if carrier.by_register:
        if carrier.registered_kg is None:
            return math.inf, ["以行驶证核定总质量为限，登记质量不详"]
        return carrier.registered_kg, [f"以行驶证核定总质量 {tonnes(carrier.registered_kg)} 为限"]
    rows = table.rows_for(carrier.axles, carrier.combination, carrier.drive_axles)
    highest, lowest = _highest(rows), min((row.limit.value for row in rows), default=0.0)
    if not rows:
        return math.inf, [f"{carrier.axles} 轴无限值"]
    notes = [f"{carrier.axles} 轴限值 {tonnes(highest)}"]
    if lowest < highest:
        unknown = "驱动轴数" if len({row.combination for row in rows}) == 1 else "是否汽车列车"
        notes.append(f"{unknown}不详，按有利于当事人计，也可能为 {tonnes(lowest)}")
    if carrier.single_tyres:
        highest -= table.single_tyres_less.value
        notes.append(f"单轮胎，限值减 {tonnes(table.single_tyres_less.value)}（减一次，不逐轴减）")
    return highest, notes


def _highest(rows: Sequence[AxleRow]) -> float:
    return max((row.limit.value for row in rows), default=0.0)


def tonnes(kg: float) -> str:
    """A mass for people, to 10 kg."""
    return f"{round(kg / 1000, 2):g} t"


def carrier_of(known: Known, axles: int, table: RoadLimits) -> Carrier:
    """What the limit hangs on, by what is known of a pass; `axles` on the ground, as they were agreed on."""
    entry = known.entry
    named = entry if known.identity is None or known.identity.sure else None
    exempt = ", ".join(_exemptions(entry, table)) if entry else ""
    plate_type = known.identity.plate_type if known.identity else ""
    vehicle_type = entry.vehicle_type if entry else ""
    return Carrier(
        axles=axles,
        combination=is_combination(known, axles),
        drive_axles=(named.drive_axles or None) if named else None,
        exempt=f"登记为 {exempt}，不按轴数限值" if exempt else "",
        by_register=plate_type in table.by_register_plates or begins(vehicle_type, table.by_register_types),
        registered_kg=named.max_mass_kg if named else None,
        permits=oversize_permits(known),
        place=known.place,
    )


def _exemptions(entry: VehicleEntry, table: RoadLimits) -> Iterator[str]:
    yield from (word for word in entry.exempt if word in table.exempt)
    if begins(entry.vehicle_type, table.exempt_types):
        yield entry.vehicle_type


def begins(vehicle_type: str, beginnings: Sequence[str]) -> bool:
    """Whether a vehicle type begins with one of these; an unknown one does not."""
    return bool(vehicle_type) and vehicle_type.startswith(tuple(beginnings))


def oversize_permits(known: Known) -> tuple[Permit, ...]:
    """The oversize permits of the vehicle or its trailer that are valid on the local day of the pass."""
    day = known.local(known.first_s).date()
    entries = (known.entry, known.trailer_registry.entry)
    return tuple(p for e in entries if e for p in e.permits if p.kind == "oversize" and p.holds_on(day))


def is_combination(known: Known, axles: int | None) -> bool | None:
    """Whether it tows a trailer; None where that is not known. `axles` on the ground.

    By the trailer's plate, by the vehicle's own plate read at its rear, by the registered axles.
    """
    if known.trailer is not None:
        return True
    if axles is None or axles < LEAST_COMBINATION:
        return None if axles is None else False
    identity, entry = known.identity, known.entry
    if identity is None or not identity.sure:
        return None
    if any(p.value and p.sure and p.value.end == "rear" and p.value.text == identity.plate for p in known.facts.plates):
        return False
    if entry is None or not entry.vehicle_type:
        return None
    if entry.axles == axles:
        return False
    if begins(entry.vehicle_type, ("Q",)) and axles > (entry.axles or TRACTOR_AXLES):
        return True
    return None
