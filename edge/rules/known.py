"""All that is known of one vehicle's pass at one moment: what a rule is judged by, and nothing else.

Everything is made before a rule sees it: a rule needs no clock, no disk and no network, and a person can write a case
down in a text file. What is not known is None, unknown or empty; no rule may take that for an offence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from detector.facts import Facts
from detector.plan import Purpose
from edge.registry.entries import NO_WAYBILL, NOT_ASKED, Lookup, VehicleEntry, Waybill
from leads import WatchEntry, WeighRecord

Part = Literal["track", "facts", "weighing", "registry", "history"]
"""What has been looked for: before that, nothing is known of it, and nothing missing."""
EVERYTHING: frozenset[Part] = frozenset({"track", "facts", "weighing", "registry", "history"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a camera stands."""

    site: str
    camera: str
    name: str = ""
    road_code: str | None = None
    """For example G316."""
    stake_km: float | None = None
    """K123+400 is 123.4."""
    direction: str | None = None
    highway: bool | None = None
    """Whether the road is a motorway (高速公路); None where the site does not say."""
    hub: str | None = None
    """Kind of passenger hub it watches: 客运枢纽, 医院, 学校, 商圈...; None where it is none."""
    region: str | None = None
    """Code of the county or city, for example 350702."""
    home_prefixes: tuple[str, ...] = ()
    """Beginnings of the plates that are licensed here, for example 闽H."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A vehicle's identity: number and type of its plate together."""

    plate: str
    plate_type: str
    """GA/T 16.7, two digits, or `unknown`."""
    sure: bool = True
    """False where something speaks against the reading: then it may support a clue, never name an offender."""
    source: Literal["camera", "scale", "both"] = "camera"
    """Who read it: the box, the scale's own camera, or both alike."""


@dataclass(frozen=True, slots=True)
class Area:
    """A stay in a zone of the plan, in seconds of the stream."""

    zone: str
    purpose: Purpose
    entered_s: float
    last_s: float
    frames: int = 0
    title: str = ""
    """The zone's name for people, by which permits and rules speak of a closed section."""
    travel: float = 0.0
    """Way from the first to the last point in it, in mean sides of the vehicle's box."""
    angle_to_reverse: float | None = None
    """Of a lane: degrees between the way driven and the lane's reverse; None where it has no direction."""

    @property
    def dwell_s(self) -> float:
        """Seconds from the first to the last frame in the zone."""
        return self.last_s - self.entered_s


@dataclass(frozen=True, slots=True)
class Span:
    """A time in seconds of the stream: of standing still, for example."""

    from_s: float
    to_s: float

    @property
    def seconds(self) -> float:
        """How long."""
        return self.to_s - self.from_s


MARGIN_S = 1.0
"""People vanish behind the door a moment before the vehicle starts, and tracks end a moment late."""


@dataclass(frozen=True, slots=True)
class Boarding:
    """A person who went into the vehicle, or came out of it, while it stood."""

    at_s: float
    into: bool


@dataclass(frozen=True, slots=True)
class Weighing:
    """A weigh record that belongs to the pass."""

    record: WeighRecord
    confidence: float
    """0 to 1: that record and vehicle belong together."""
    at_s: float
    """When it was weighed, in seconds of the stream."""
    straddling: bool | None = None
    """Whether the vehicle drove over two lanes' strips; None where nobody could tell."""
    alongside: bool | None = None
    """Whether another vehicle was on the strips beside it."""
    scale_class: str | None = None
    """Accuracy class by JJG 907, of the certificate the site holds, else as the record says."""
    certified: bool | None = None
    """Whether the scale's certificate held at that moment; None where nobody knows."""
    announced: bool | None = None
    """Whether the point was made public before (行政处罚法 art. 41); None where the site does not say."""


@dataclass(frozen=True, slots=True)
class PastPass:
    """An earlier pass of the same vehicle (number and type alike), here or at a neighbour."""

    at: datetime
    """UTC."""
    site: str
    place: str
    """Name of the place."""
    hub: str | None = None
    distance_km: float | None = None
    """As the crow flies from here; None where either place has no coordinates."""
    vehicle_class: str = ""
    boarded: int = 0
    """People seen to go in or out then."""


@dataclass(frozen=True, slots=True)
class WatchHit:
    """A vehicle under watch that this may be."""

    entry: WatchEntry
    exact: bool
    """False where one character was not read: a clue."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of one vehicle's pass."""

    place: Place
    timezone: ZoneInfo
    first_at: datetime
    """UTC time of the first look at it."""
    first_s: float
    last_s: float
    """Seconds of the stream."""
    votes: Mapping[str, float]
    """Share of each vehicle class."""
    identity: Identity | None = None
    """None where no plate was read."""
    trailer: Identity | None = None
    """Of the trailer's own plate."""
    areas: tuple[Area, ...] = ()
    stops: tuple[Span, ...] = ()
    facts: Facts = field(default_factory=Facts)
    """As the second look found them."""
    sides_seen: Mapping[str, int] = field(default_factory=dict)
    """How many shots showed each side (front, rear, left, right) well enough to see a sign of dangerous goods on it."""
    plate_sought: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Per end (front, rear): shots that would have shown its plate, and those of them in which one was found."""
    boardings: tuple[Boarding, ...] = ()
    people_in_bed: int = 0
    """People seen in the load bed while it drove."""
    weighing: Weighing | None = None
    registry: Lookup[VehicleEntry] = NOT_ASKED
    trailer_registry: Lookup[VehicleEntry] = NOT_ASKED
    waybill: Lookup[Waybill] = NO_WAYBILL
    history: tuple[PastPass, ...] = ()
    """Newest first."""
    watched: tuple[WatchHit, ...] = ()
    looked_for: frozenset[Part] = EVERYTHING

    @property
    def class_name(self) -> str:
        """The class with the largest share."""
        return max(self.votes, key=lambda name: self.votes[name], default="unknown")

    def share(self, classes: tuple[str, ...]) -> float:
        """Share of the vote that falls on some classes."""
        return sum(self.votes.get(name, 0.0) for name in classes)

    def at(self, t_s: float) -> datetime:
        """UTC time of a second of the stream."""
        return self.first_at + timedelta(seconds=t_s - self.first_s)

    def local(self, t_s: float) -> datetime:
        """Local time of a second of the stream."""
        return self.at(t_s).astimezone(self.timezone)

    @property
    def entry(self) -> VehicleEntry | None:
        """What the register holds of the vehicle, if it was found there."""
        return self.registry.entry
