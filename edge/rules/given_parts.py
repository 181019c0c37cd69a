"""The parts of a case as a person writes it down: place, plate, zone, axles, weighing, register, earlier passes..."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from detector.plan import Purpose
from edge.registry.entries import Answered, Complete
from leads.base import Colour

Record = Mapping[str, Any]


class GivenPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class GivenPlace(GivenPart):
    """Where the camera stands."""

    name: str = ""
    road_code: str | None = None
    stake_km: float | None = None
    direction: str | None = None
    highway: bool | None = None
    hub: str | None = None
    region: str | None = "350702"
    home_prefixes: tuple[str, ...] = ("闽H",)


class GivenPlate(GivenPart):
    """A plate."""

    text: str
    type: str = "01"
    """GA/T 16.7, two digits."""
    sure: bool = True
    source: Literal["camera", "scale", "both"] = "camera"
    """Who read it."""


class GivenZone(GivenPart):
    """A stay in a zone of the plan."""

    purpose: Purpose
    zone: str = "zone"
    title: str = ""
    seconds: float = 5.0
    from_s: float = 0.0
    travel: float = 0.0
    angle_to_reverse: float | None = None


class GivenAxles(GivenPart):
    """Axles as the camera counted them."""

    count: int
    pattern: str = ""
    lifted: int = 0
    sure: bool = True


class GivenSize(GivenPart):
    """A measured value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class GivenWeighing(GivenPart):
    """A weigh record that was matched to the vehicle."""

    total_kg: float
    axle_count: int | None = None
    axle_kg: tuple[float, ...] = ()
    axle_spacing_m: tuple[float, ...] = ()
    scale_class: str | None = "5"
    certified: bool | None = True
    announced: bool | None = True
    confidence: float = 0.98
    straddling: bool | None = False
    alongside: bool | None = False
    escape: bool | None = None
    """Whether the scale says that it evaded weighing."""
    plate: str | None = None
    """As the scale's own camera read it."""
    speed_kmh: float | None = 30.0
    length_mm: float | None = None
    width_mm: float | None = None
    height_mm: float | None = None
    error_mm: float | None = None


class GivenRegistry(GivenPart):
    """What became of asking the register; `vehicle` and `permits` in the fields of `VehicleEntry` and `Permit`."""

    answered: Answered = "found"
    vehicle: Record = Field(default_factory=dict)
    permits: tuple[Record, ...] = ()
    complete_for: tuple[Complete, ...] = ()
    stale: bool = False


class GivenPass(GivenPart):
    """Earlier passes of the vehicle: one, or `daily` alike on each of `days` days before."""

    at: AwareDatetime | None = None
    hours_ago: float | None = None
    days: tuple[int, ...] = ()
    """Days before the case's, 0 being the same."""
    daily: tuple[str, ...] = ()
    """Local times HH:MM on each of these days."""
    hub: str | None = None
    site: str = "here"
    place: str = ""
    distance_km: float | None = None
    boarded: int = 0


class GivenWatch(GivenPart):
    """An entry of the watch list that the vehicle may be."""

    colour: Colour = "red"
    reason: str = "多次超限"
    kind: str = "repeat_overload"
    exact: bool = True
    """False where one character was not read."""
    since: AwareDatetime = datetime(2026, 1, 1, tzinfo=UTC)
    until: AwareDatetime | None = None
    prior_count: int | None = None
