"""What a register holds of a vehicle or a trip, and what became of asking it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

Entry = TypeVar("Entry")
Answered = Literal["found", "absent", "unreachable", "not_asked"]
"""`absent`: the register was asked and has no entry. That is no offence, unless it is complete for such vehicles."""
PermitKind = Literal[
    "goods", "dangerous_goods", "scheduled", "charter", "tourist", "taxi", "ride_hailing", "oversize", "rental"
]
"""道路运输证 by its scope: 普货, 危货, 客运班线, 包车, 旅游, 巡游出租, 网约车; 超限运输车辆通行证; 租赁."""
PermitState = Literal["valid", "suspended", "revoked"]
Complete = Literal["goods", "dangerous_goods", "passenger"]
"""Kinds of transport a register may be declared complete for: then no entry means no permit."""


@dataclass(frozen=True, slots=True)
class Permit:
    """One permit of a vehicle."""

    kind: PermitKind
    number: str = ""
    state: PermitState = "valid"
    valid_from: date | None = None
    """First day; None where the register does not say."""
    valid_to: date | None = None
    """Last day; None where it has no end."""
    sections: tuple[str, ...] = ()
    """Closed sections that it opens, by name."""
    scope: tuple[str, ...] = ()
    """What it is for: classes of dangerous goods, ends of a line, licensed area (region codes)."""
    max_mass_kg: float | None = None
    length_m: float | None = None
    width_m: float | None = None
    height_m: float | None = None
    """What an oversize permit allows; None where it says nothing of it."""

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on a local day."""
        begun = self.valid_from is None or self.valid_from <= day
        return self.state == "valid" and begun and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class VehicleEntry:
    """A vehicle as registered; None or empty where the register does not say."""

    plate: str
    plate_type: str
    """GA/T 16.7, two digits."""
    vehicle_type: str = ""
    """GA/T 16.4, for example H17 heavy tipper, Q11 tractor, K39 minivan."""
    use_nature: str = ""
    """GA/T 16.3, one letter: A not for hire, B coach line, D taxi, E tourist, F goods, R dangerous goods..."""
    state: str = ""
    """Letters of the vehicle's state: A in order, C stolen, E deregistered, M due for scrap, Q inspection overdue..."""
    inspection_valid_to: date | None = None
    axles: int | None = None
    drive_axles: int | None = None
    """Driven axles of the motor vehicle."""
    max_mass_kg: float | None = None
    """最大允许总质量 of the vehicle alone."""
    train_mass_kg: float | None = None
    """Of a tractor: its own mass and 准牵引总质量 together, the most a combination with it may weigh."""
    kerb_mass_kg: float | None = None
    seats: int | None = None
    length_m: float | None = None
    width_m: float | None = None
    height_m: float | None = None
    board_height_m: float | None = None
    """Registered height of the side boards (栏板)."""
    exempt: tuple[str, ...] = ()
    """`refrigerated`, `air_suspension`, `special_work`: not held to the limits by axles (62号令 art. 3, 2 e)."""
    permits: tuple[Permit, ...] = ()

    @property
    def dangerous_goods(self) -> bool:
        """Whether it is registered for dangerous goods."""
        return self.use_nature == "R" or any(p.kind == "dangerous_goods" for p in self.permits)


@dataclass(frozen=True, slots=True)
class Waybill:
    """An electronic waybill of dangerous goods (电子运单): one vehicle, one trip."""

    number: str
    plate: str
    plate_type: str
    un: str
    """UN number, four digits."""
    danger: str = ""
    """Class or division."""
    goods: str = ""
    """Name of the goods."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    """UTC, both; the trip it is made out for."""
    also_un: tuple[str, ...] = ()
    """UN numbers of what else is on board at that moment, by this waybill or another."""


@dataclass(frozen=True, slots=True)
class Lookup(Generic[Entry]):
    """What became of asking a register."""

    answered: Answered
    entry: Entry | None = None
    """There where `answered` is `found`."""
    source: str = ""
    """Name of the register."""
    as_of: datetime | None = None
    """UTC: how new the register's data are, or when a kept answer was given."""
    stale: bool = False
    """Older than the site allows: it may support a suspicion, but not that there is no permit."""
    complete_for: frozenset[Complete] = frozenset()
    """Kinds of transport for which no entry means no permit."""


NOT_ASKED: Lookup[VehicleEntry] = Lookup("not_asked")
NO_WAYBILL: Lookup[Waybill] = Lookup("not_asked")
