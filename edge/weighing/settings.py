"""The settings of a site's scales: certificates, lanes before the cameras, and where the records come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from detector.plan import PlanSettings
from leads import KeyFileError, load_public_keys
from leads.base import Ident, Label

ColourCodes = Literal["jt415", "gat1400", "words"]


class Certificate(BaseModel):
    """A verification certificate (检定证书) of the scale, as the site holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale_class: Label | None = None
    """Accuracy class by JJG 907, for example 5."""
    cert_no: Label
    """Its number."""
    valid_from: date
    """First day, local."""
    valid_to: date
    """Last day, local."""

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.valid_to < self.valid_from:
            raise ValueError(f"certificate {self.cert_no} ends before it begins: check valid_from and valid_to")
        return self


class Announcement(BaseModel):
    """The public notice of the weighing point (行政处罚法 art. 41)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    announced_at: date
    """Day on which the point was made public, local."""
    url: Label | None = None
    """Where the notice can be read."""
    sign_present: bool
    """Whether a sign on the road says that vehicles are weighed."""


class WeighLane(BaseModel):
    """Where a camera sees vehicles leave the strips of one lane. A line, a zone, or both: the line within the zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    camera: Ident
    """Id of the camera."""
    line: Ident | None = None
    """Line of its plan, across the lane at the strips. A line over several lanes needs the zone too."""
    forward: bool = True
    """Whether weighed traffic crosses the line forward."""
    zone: Ident | None = None
    """Zone of its plan that is this lane. Without a line the time is that of the last look in the zone."""
    sees: Literal["front", "rear"] = "rear"
    """The end of the vehicle that the camera sees cross the line. A scale stamps when the last axle has passed; of a
    front the rest of the vehicle is still to come."""
    line_to_strips_m: float = Field(default=0.0, ge=-100, le=100)
    """Metres from the line to the last strip along the traffic; negative where the line lies beyond it. Draw the line
    at the strips and leave it 0, unless the camera sees them badly."""

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if self.line is None and self.zone is None:
            raise ValueError("name the line or the zone of the camera's plan where vehicles leave the strips")
        return self


class HttpSource(BaseModel):
    """A port to which the scale's computer posts its records: POST /weigh."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    """Address to listen on. It speaks plain HTTP: open it on the site's own network only."""
    port: int = Field(ge=0, le=65535)
    """Port; 0 takes a free one."""
    token_file: Path
    """File with the token that the scale's computer sends as `Authorization: Bearer TOKEN`."""


class PublishedSettings(BaseModel):
    """How to read records in the published field names (previewCode, totalWeight...)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plate_colours: ColourCodes = "words"
    """Code set of numbers in licensePlateColor: jt415, gat1400. The sets clash, so with `words` a number is unknown."""
    over_rate: Literal["share", "percent"] = "share"
    """Whether overLimitRate is 0.1 or 10 for a tenth over the limit."""
    plate_score: float = Field(default=0.5, ge=0, le=1)
    """Confidence that the scale's readings of plates are taken for: the published fields have none."""


class ScaleSettings(BaseModel):
    """One scale."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Ident
    """Its id, `scale.device_id` in its records."""
    certificates: tuple[Certificate, ...] = ()
    """Its certificates, old ones too. Where there are any, they count and not what a record says."""
    announcement: Announcement | None = None
    """The public notice; left out where nothing is known of one."""
    lanes: Annotated[Mapping[Label, WeighLane], Field(min_length=1)]
    """Its lanes, by the names in its records, in the order in which they lie side by side."""
    seconds_after_line: float = Field(default=0.0, ge=-30, le=30)
    """How much later than the last axle passes the record is stamped. A clock that is off is found by itself, from
    plates that both have read, but should be set right."""
    clock_error_s: float = Field(default=0.4, gt=0, le=10)
    """Standard deviation of a record's time against the crossing seen by the camera."""
    patience_s: float = Field(default=8.0, gt=0, le=600)
    """How long after a vehicle has left a record of it may come. Its leads wait for it."""
    vehicle_patience_s: float = Field(default=120.0, gt=0, le=3600)
    """How long after its own time a record waits for its vehicle to be done with. Vehicles that stop in the camera's
    view need more."""
    mqtt: bool = True
    """Take its records from the site's weigh topic."""
    file: Path | None = None
    """CSV or JSON file with its records, for recorded video. It is read at every start."""
    http: HttpSource | None = None
    """Take its records by HTTP."""
    key: Path | None = None
    """The scale's public Ed25519 key. With it, records from the network that it did not sign are refused."""
    published: PublishedSettings = PublishedSettings()
    """How to read records in the published field names."""

    @model_validator(mode="after")
    def _lanes_differ(self) -> Self:
        places = [(lane.camera, lane.line, lane.zone) for lane in self.lanes.values()]
        twice = [name for name, place in zip(self.lanes, places, strict=True) if places.count(place) > 1]
        if twice:
            raise ValueError(f"lanes {', '.join(twice)} of scale {self.id} are at one place: give each its own zone")
        return self

    def adjacent(self, lane: str, other: str) -> bool:
        """Whether two lanes lie side by side."""
        names = list(self.lanes)
        return lane in names and other in names and abs(names.index(lane) - names.index(other)) == 1

    def certificate(self, cert_no: str | None, at: datetime, zone: ZoneInfo) -> tuple[Certificate | None, bool | None]:
        """The certificate of the register that counts for a weighing, and whether it held then.

        None, None where the register is empty or lacks the number that the record names: nobody knows.
        """
        known = [c for c in self.certificates if cert_no is None or c.cert_no == cert_no]
        day = at.astimezone(zone).date()
        holding = [c for c in known if c.valid_from <= day <= c.valid_to]
        if holding:
            return holding[-1], True
        return (max(known, key=lambda c: c.valid_to), False) if known else (None, None)

    def announced(self, at: datetime, zone: ZoneInfo) -> bool | None:
        """Whether the point was made public before a weighing, and a sign stood there; None where nobody knows."""
        notice = self.announcement
        return None if notice is None else notice.announced_at <= at.astimezone(zone).date() and notice.sign_present


class WeighingSite(BaseModel):
    """Those parts of a site file that concern its scales."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    site: Ident
    """Id of the site."""
    timezone: str = "Asia/Shanghai"
    """Local time of the site and of its scales."""
    outbox: Path
    """File of the leads; the weighings lie beside it."""
    scales: tuple[ScaleSettings, ...] = ()
    """Its scales."""


def weighings_path(outbox: Path) -> Path:
    """The file of weighings, beside the outbox."""
    return outbox.with_name("weighings.db")


def scale_problems(scale: ScaleSettings, plans: Mapping[str, PlanSettings]) -> Iterator[str]:
    """What is wrong with what a scale's settings point to; `plans` by the id of the camera."""
    where = f"scales: {scale.id}"
    for name, lane in scale.lanes.items():
        plan = plans.get(lane.camera)
        if plan is None:
            yield f"{where}: lanes.{name}.camera: no camera {lane.camera!r}; the site has {', '.join(plans)}"
            continue
        if lane.line is not None and lane.line not in {line.id for line in plan.lines}:
            yield f"{where}: lanes.{name}.line: camera {lane.camera} has no line {lane.line!r}; draw it in plan.lines"
        if lane.zone is not None and lane.zone not in {zone.id for zone in plan.zones}:
            yield f"{where}: lanes.{name}.zone: camera {lane.camera} has no zone {lane.zone!r}; draw it in plan.zones"
    if scale.file is not None and not scale.file.is_file():
        yield f"{where}: file: no file {scale.file}; put the scale's records there, or leave it out"
    http, key = scale.http, scale.key
    if http is not None:
        yield from _attempt(f"{where}: http.token_file", ValueError, lambda: read_token(http.token_file))
    if key is not None:
        yield from _attempt(f"{where}: key", KeyFileError, lambda: load_public_keys(key))


def read_token(path: Path) -> str:
    """The token in a file. Raises ValueError, saying what to do."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the token {path}: {error}; write one with: openssl rand -hex 24") from None
    if len(token) < 16:
        raise ValueError(f"the token in {path} is shorter than 16 characters; make one with: openssl rand -hex 24")
    return token


def _attempt(key: str, fault: type[Exception], work: Callable[[], object]) -> Iterator[str]:
    try:
        work()
    except fault as error:
        yield f"{key}: {error}"
