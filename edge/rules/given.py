"""A case as a person writes it down: what is given, in words of the trade, made into what rules know."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, TypeAdapter, model_validator

from detector.axles import Axles
from detector.estimates import Estimate, Measurement
from detector.facts import Fact, Facts, Panel, PlateRead, unknown
from edge.registry.entries import Answered, Complete, Lookup, Permit, VehicleEntry, Waybill
from edge.rules.given_parts import (
    GivenAxles,
    GivenPart,
    GivenPass,
    GivenPlace,
    GivenPlate,
    GivenRegistry,
    GivenSize,
    GivenWatch,
    GivenWeighing,
    GivenZone,
    Record,
)
from edge.rules.known import (
    EVERYTHING,
    Area,
    Boarding,
    Identity,
    Known,
    Part,
    PastPass,
    Place,
    Span,
    WatchHit,
    Weighing,
)
from leads import Measure, Plate, Scale, WatchEntry, WeighRecord
from models.taxonomy import VEHICLES

Made = TypeVar("Made", Permit, VehicleEntry, Waybill)


class Given(GivenPart):
    """What is known of the pass. All that is left out is unknown."""

    at: AwareDatetime = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    """Moment of the first look; with its offset, for example 2026-11-23T14:22:00+08:00."""
    timezone: str = "Asia/Shanghai"
    vehicle_class: str = "truck"
    votes: Mapping[str, float] | None = None
    """Share of each class, where the vote was divided."""
    place: GivenPlace = GivenPlace()
    seconds: float = 8.0
    """How long it was in view."""
    plate: GivenPlate | None = GivenPlate(text="闽H31782")
    trailer_plate: GivenPlate | None = None
    rear_plate: str | None = None
    """A plate read at the rear: its own where no trailer hides it."""
    zones: tuple[GivenZone, ...] = ()
    stops: tuple[Annotated[float, Field(gt=0)], ...] = ()
    """Seconds of each time it stood still, the first from the beginning."""
    boarded: int = 0
    """People who got on while it stood."""
    alighted: int = 0
    people_in_bed: int = 0
    axles: GivenAxles | None = None
    load: str | None = None
    raised_boards: bool | None = None
    body: str | None = None
    taxi_lamp: bool | None = None
    panel: str | None = None
    """Hazard number and UN number, 33/1203, or `empty`."""
    diamonds: tuple[str, ...] = ()
    signs_agree: Literal["agree", "disagree"] | None = None
    doubtful: tuple[str, ...] = ()
    """Names of facts that something speaks against: load, panel, diamonds..."""
    sides_seen: Mapping[str, int] = Field(default_factory=dict)
    """How many shots showed each side (front, rear, left, right) well enough to see a sign on it."""
    plate_sought: Mapping[str, tuple[int, int]] = Field(default_factory=dict)
    """Per end (front, rear): shots that would have shown its plate, and those in which one was found."""
    speed_kmh: GivenSize | None = None
    speed_certified: bool = False
    length_m: GivenSize | None = None
    width_m: GivenSize | None = None
    height_m: GivenSize | None = None
    weighed: GivenWeighing | None = None
    registry: GivenRegistry = GivenRegistry(answered="not_asked")
    trailer_registry: GivenRegistry = GivenRegistry(answered="not_asked")
    waybill: Record | None = None
    """Fields of `Waybill`."""
    waybill_answered: Answered = "not_asked"
    waybill_complete: bool = False
    """Whether every waybill of dangerous goods would be on record."""
    waybill_stale: bool = False
    watched: tuple[GivenWatch, ...] = ()
    history: tuple[GivenPass, ...] = ()
    looked_for: tuple[Part, ...] | None = None
    """What has been looked for; none: everything."""

    @model_validator(mode="after")
    def _known_classes(self) -> Self:
        strange = sorted({self.vehicle_class, *(self.votes or {})} - {*VEHICLES, "unknown"})
        if strange:
            raise ValueError(f"no vehicle class {', '.join(strange)}; use some of {', '.join(VEHICLES)}")
        return self

    def known(self) -> Known:
        """What a rule would know. Raises ValueError for fields that are wrong."""
        plate, trailer = self.plate, self.trailer_plate
        return Known(
            place=Place(site="here", camera="camera", **self.place.model_dump()),
            timezone=ZoneInfo(self.timezone),
            first_at=self.at,
            first_s=0.0,
            last_s=self.seconds,
            votes=self.votes or {self.vehicle_class: 1.0},
            identity=_identity(plate),
            trailer=_identity(trailer),
            areas=tuple(_area(zone) for zone in self.zones),
            stops=tuple(_stops(self.stops)),
            facts=self._facts(),
            boardings=(*(Boarding(1.0, True),) * self.boarded, *(Boarding(1.0, False),) * self.alighted),
            people_in_bed=self.people_in_bed,
            sides_seen=self.sides_seen,
            plate_sought=self.plate_sought,
            weighing=self._weighing(),
            registry=_lookup(self.registry, plate),
            trailer_registry=_lookup(self.trailer_registry, trailer),
            waybill=self._waybill(),
            watched=tuple(self._watched()),
            history=tuple(sorted(self._history(), key=lambda p: p.at, reverse=True)),
            looked_for=EVERYTHING if self.looked_for is None else frozenset(self.looked_for),
        )

    def _facts(self) -> Facts:
        sizes = (self.speed_kmh, self.length_m, self.width_m, self.height_m)
        measured = None
        if any(sizes):
            speed, length, width, height = (Estimate(**s.model_dump()) if s else None for s in sizes)
            measured = Measurement(0.0, self.seconds, 20, speed, length, width, height)
        axles = self.axles
        found = None if axles is None else Axles(axles.count, axles.pattern, axles.lifted)
        panel = None
        if self.panel is not None:
            hazard, _, un = self.panel.partition("/")
            panel = Panel("", "") if self.panel == "empty" else Panel(hazard, un)
        return Facts(
            looked_at=(0.0, 1.0, 2.0),
            plates=(_fact(PlateRead(self.rear_plate, "large_car", "yellow", "rear")),) if self.rear_plate else (),
            axles=_fact(found, doubt="" if axles is None or axles.sure else "the shots differ"),
            load=self._said("load", self.load),
            raised_boards=self._said("raised_boards", self.raised_boards),
            panel=self._said("panel", panel),
            diamonds=tuple(self._said("diamonds", d) for d in self.diamonds),
            signs_agree=self._said("signs_agree", self.signs_agree),
            body=self._said("body", self.body),
            taxi_lamp=self._said("taxi_lamp", self.taxi_lamp),
            measured=measured,
            speed_certified=self.speed_certified,
        )

    def _said(self, name: str, value: Any) -> Fact[Any]:
        return _fact(value, doubt="given as doubtful" if name in self.doubtful else "")

    def _weighing(self) -> Weighing | None:
        given = self.weighed
        if given is None:
            return None
        sizes = {
            name: Measure(mm=mm, error_mm=given.error_mm)
            for name, mm in (("length", given.length_mm), ("width", given.width_mm), ("height", given.height_mm))
            if mm is not None
        }
        record = WeighRecord(
            pass_id="case",
            site_id="here",
            weighed_at=self.at + timedelta(seconds=2),
            scale=Scale(device_id="scale-1", scale_class=given.scale_class),
            lane="1",
            speed_kmh=given.speed_kmh,
            axle_count=given.axle_count,
            total_kg=given.total_kg,
            axle_kg=given.axle_kg,
            axle_spacing_m=given.axle_spacing_m,
            escape=given.escape,
            plate_front=Plate(text=given.plate, score=1.0) if given.plate else None,
            **sizes,
        )
        told = given.model_dump(
            include={"confidence", "straddling", "alongside", "scale_class", "certified", "announced"}
        )
        return Weighing(record=record, at_s=2.0, **told)

    def _waybill(self) -> Lookup[Waybill]:
        if self.waybill is None:
            complete = frozenset[Complete](["dangerous_goods"] if self.waybill_complete else [])
            return Lookup(self.waybill_answered, None, "case", None, self.waybill_stale, complete)
        plate = self.plate or GivenPlate(text="unknown")
        fields = {"number": "1", "plate": plate.text, "plate_type": plate.type, **self.waybill}

        return Lookup("found", _made(Waybill, fields), "case", None, self.waybill_stale)

    def _watched(self) -> list[WatchHit]:
        plate = self.plate or GivenPlate(text="unknown")
        hits = []
        for given in self.watched:
            fields = given.model_dump(exclude={"exact"})
            hits.append(WatchHit(WatchEntry(plate=plate.text, plate_type=plate.type, **fields), given.exact))
        return hits

    def _history(self) -> list[PastPass]:
        local = self.at.astimezone(ZoneInfo(self.timezone))
        passes = []
        for given in self.history:
            moments = [given.at] if given.at else []
            if given.hours_ago is not None:
                moments.append(self.at - timedelta(hours=given.hours_ago))
            for day in given.days:
                for text in given.daily:
                    hour, minute = map(int, text.split(":"))
                    moments.append((local - timedelta(days=day)).replace(hour=hour, minute=minute, second=0))
            passes += [
                PastPass(
                    m, given.site, given.place or (given.hub or ""), given.hub, given.distance_km, "", given.boarded
                )
                for m in moments
                if m is not None and m < self.at
            ]
        return passes


def _fact(value: Any, doubt: str = "") -> Fact[Any]:
    return unknown("not given") if value is None else Fact(value, 0.95, 3, None, doubt)


def _identity(plate: GivenPlate | None) -> Identity | None:
    return None if plate is None else Identity(plate.text, plate.type, plate.sure, plate.source)


def _area(given: GivenZone) -> Area:
    return Area(
        zone=given.zone,
        purpose=given.purpose,
        entered_s=given.from_s,
        last_s=given.from_s + given.seconds,
        frames=max(2, round(given.seconds * 10)),
        title=given.title,
        travel=given.travel,
        angle_to_reverse=given.angle_to_reverse,
    )


def _stops(seconds: tuple[float, ...]) -> list[Span]:
    stops, start = [], 0.0
    for length in seconds:
        stops.append(Span(start, start + length))
        start += length + 1.0
    return stops


def _lookup(given: GivenRegistry, plate: GivenPlate | None) -> Lookup[VehicleEntry]:
    entry = None
    if given.answered == "found":
        permits = tuple(_made(Permit, fields) for fields in given.permits)
        named = {"plate": plate.text if plate else "", "plate_type": plate.type if plate else ""}
        entry = _made(VehicleEntry, {**named, **given.vehicle, "permits": permits})
    return Lookup(given.answered, entry, "case", None, given.stale, frozenset(given.complete_for))


def _made(kind: type[Made], fields: Record) -> Made:
    """A record out of what is written in YAML."""
    known = {f.name for f in dataclasses.fields(kind)}
    strange = sorted(set(fields) - known)
    if strange:
        raise ValueError(f"{kind.__name__} has no {', '.join(strange)}; it has {', '.join(sorted(known))}")
    return TypeAdapter(kind).validate_python(dict(fields))
