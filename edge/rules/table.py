"""The dated tables of rules in configs/rules: what a bureau reads, dates and changes without touching code."""

from __future__ import annotations

from datetime import date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from detector.plan import Purpose
from leads.settings_file import load_settings
from models.taxonomy import VEHICLES

Confidence = Literal["verified", "unverified"]


class Quantity(BaseModel):
    """A number of law or practice, with where it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    """The number."""
    unit: str
    """Its unit: s, ratio, box sizes or degree, as the number's place in the rule wants it."""
    source: str
    """Law, standard or decision it is taken from; `operator` if the bureau may set it."""
    confidence: Confidence = "unverified"
    """verified once somebody has checked the official text."""


def _in(unit: str) -> AfterValidator:
    """A number in another unit than it is reckoned in would be another law."""

    def check(quantity: Quantity) -> Quantity:
        if quantity.unit != unit:
            raise ValueError(f"this number is reckoned in {unit}: convert it from {quantity.unit}")
        return quantity

    return AfterValidator(check)


Seconds = Annotated[Quantity, _in("s")]
Share = Annotated[Quantity, _in("ratio")]
BoxSizes = Annotated[Quantity, _in("box sizes")]
Degrees = Annotated[Quantity, _in("degree")]


class Hours(BaseModel):
    """A span of the day in local time; it may run over midnight. Written "HH:MM-HH:MM"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: time
    end: time

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if isinstance(value, str):
            start, dash, end = value.partition("-")
            if not dash:
                raise ValueError(f"hours are written HH:MM-HH:MM, for example 22:00-06:00; found {value!r}")
            return {"start": start.strip(), "end": "00:00" if end.strip() == "24:00" else end.strip()}
        return value

    def __contains__(self, moment: time) -> bool:
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


class Title(BaseModel):
    """Name of a rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    """On leads and orders."""
    en: str
    """For who reads no Chinese."""


class _RuleBase(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: ClassVar[Purpose]
    """The zones it looks at."""
    id: str = Field(pattern=r"^[A-Z]{2}-\d{2}$")
    """Name of the rule, for example TR-01."""
    version: int = Field(ge=1)
    """Counts up with each change of the rule's text or numbers."""
    title: Title
    """What an operator reads first."""
    level: Literal["low", "medium", "high"]
    """How strongly the proof supports the suspicion."""
    legal_basis: tuple[str, ...]
    """Articles, as they are cited."""
    confidence: Confidence
    """Whether the legal basis was checked against the official text."""
    jurisdiction: str
    """Where the rule holds."""
    effective_from: date
    """First day in force."""
    effective_to: date | None = None
    """First day no longer in force; none while it is open."""
    classes: tuple[str, ...]
    """Vehicle classes it holds for."""
    zones: tuple[str, ...] | None = None
    """Ids of the zones it holds in; none: every zone of the rule's purpose."""
    hours: tuple[Hours, ...] | None = None
    """Hours of the day it holds in, local time; none: all day."""
    least_class_share: Share
    """Share of the class vote that has to fall on `classes`."""
    same_act_within: Seconds
    """A vehicle that is found in the same zone, where one was last seen this long ago, is the same one."""

    @field_validator("classes")
    @classmethod
    def _known_classes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in value if name not in VEHICLES]
        if unknown:
            raise ValueError(f"unknown vehicle classes {unknown}; use some of {', '.join(VEHICLES)}")
        return value

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise ValueError(f"rule {self.id}: effective_to must be after effective_from")
        return self

    def dated(self, day: date) -> bool:
        """Whether the rule holds on a day."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)

    def in_force(self, local: datetime) -> bool:
        """Whether the rule holds at a moment of local time."""
        if not self.dated(local.date()):
            return False
        return self.hours is None or any(local.time() in span for span in self.hours)


class ClosedZoneRule(_RuleBase):
    """A class of vehicle in a zone that is closed to it, always or for some hours."""

    purpose: ClassVar[Purpose] = Purpose.CLOSED
    kind: Literal["closed_zone"]
    least_inside: Seconds
    """Time in the zone before it counts: a box may touch a zone it does not enter."""


class NoStopRule(_RuleBase):
    """A vehicle standing where stopping is forbidden."""

    purpose: ClassVar[Purpose] = Purpose.NO_STOP
    kind: Literal["no_stop"]
    least_stop: Seconds
    """Time of standing still in the zone."""


class WrongWayRule(_RuleBase):
    """A vehicle driving against the direction of a lane."""

    purpose: ClassVar[Purpose] = Purpose.LANE
    kind: Literal["wrong_way"]
    least_travel: BoxSizes
    """Distance driven against the lane."""
    most_angle: Degrees
    """Largest angle between the way driven and the lane's reverse."""


Rule = Annotated[ClosedZoneRule | NoStopRule | WrongWayRule, Field(discriminator="kind")]


class RuleTable(BaseModel):
    """One file of rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Name of the table."""
    version: str
    """Version of the table as published, for example 2026.1."""
    rules: tuple[Rule, ...]
    """The rules; two versions of one may stand side by side with different dates."""
    sha256: str = ""
    """Of the file as loaded; filled in by `load_table`."""

    @model_validator(mode="after")
    def _versions_are_unique(self) -> Self:
        names = [(r.id, r.version) for r in self.rules]
        twice = sorted({f"{i} version {v}" for i, v in names if names.count((i, v)) > 1})
        if twice:
            raise ValueError(f"rules stand twice: {', '.join(twice)}")
        return self


def load_table(path: Path) -> RuleTable:
    """Read a table. Raises `SettingsError` naming file, key and remedy."""
    table = load_settings(path, RuleTable)
    return table.model_copy(update={"sha256": sha256(path.read_bytes()).hexdigest()})
