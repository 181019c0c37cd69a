"""The settings of a site: one file that puts together the settings of the parts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cameras import CameraSettings
from detector.dangerous_goods import GoodsTable
from detector.plan import PlanSettings
from detector.settings import DetectorSettings, ProviderName
from detector.shots import ShotSettings
from detector.tracker import TrackerSettings
from edge.memory_settings import MemorySettings, memory_problems
from edge.registry.settings import RegistrySettings, registry_problems
from edge.rules.known import Place
from edge.rules.table import RuleBook, load_book
from edge.rules.traffic import ZoneRule
from edge.uploads.settings import UploadSettings, upload_problems
from edge.weighing.settings import ScaleSettings, scale_problems
from leads import KeyFileError, load_private_key, load_public_keys
from leads.base import Ident, Label, Prose
from leads.broker import BrokerError, BrokerSettings
from leads.settings_file import SettingsError, load_settings
from models.bundled import bundled_weights


class PlaceSettings(BaseModel):
    """Where a camera stands, as it is written on leads and pictures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Prose
    """Name of the place, for people."""
    road_code: Label | None = None
    """Code of the road, for example G316."""
    stake: Label | None = None
    """Stake (桩号), for example K123+400."""
    lane: Label | None = None
    """Lane the camera watches, if only one."""
    direction: Label | None = None
    """Direction of travel, for example 上行."""
    highway: bool | None = None
    """Whether the road is a motorway (高速公路)."""
    hub: Label | None = None
    """Kind of passenger hub the camera watches, for example 客运枢纽, 医院, 学校."""

    @property
    def stake_km(self) -> float | None:
        """The stake in kilometres: K123+400 is 123.4. None where it is not written so."""
        match = re.fullmatch(r"K(\d+)(?:\+(\d{1,3}))?", self.stake or "")
        return None if match is None else int(match[1]) + int(match[2] or 0) / 1000


class SiteCamera(BaseModel):
    """One camera: where its pictures come from, where it stands, and what is drawn on its picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: CameraSettings
    """Address, mode and time-outs."""
    place: PlaceSettings
    """Where it stands."""
    plan: PlanSettings = PlanSettings()
    """Zones, lanes and lines."""


class EvidenceSettings(BaseModel):
    """What is kept as proof, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    """Folder of the evidence, on a disk that outlives a power cut."""
    pre_s: float = Field(default=5.0, ge=0)
    """Seconds of clip before the act. The cameras' ring_seconds must hold it."""
    post_s: float = Field(default=5.0, ge=0)
    """Seconds of clip after the act is proven. The lead waits for them."""
    longest_act_s: float = Field(default=12.0, gt=0)
    """Of a long act, for example a stop, the clip shows its last so many seconds before the proof."""
    jpeg_quality: int = Field(default=95, ge=50, le=100)
    """Quality of the evidence pictures."""
    min_free_mib: int = Field(default=512, ge=1)
    """Free space under which old closed video is deleted, and under which no new clip is written."""
    keep_open_days: float = Field(default=90, gt=0)
    """Days after its receipt for which a lead's evidence is kept unless the hub holds it itself."""


class KeySettings(BaseModel):
    """Keys of the box. Files only, never the keys themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    box: Path
    """The box's private Ed25519 key; `lushao edge keys` makes it."""
    hub: Path | None = None
    """The hub's public key; with it, only receipts that the hub signed are believed."""


class SecondLookSettings(BaseModel):
    """The second look: which network reads wheels, loads and lamps off the best shots, and how much may wait."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Path = bundled_weights("features")
    """Weights, an ONNX file. Left out: the network that comes with the package."""
    provider: ProviderName = "auto"
    """What runs it."""
    threads: int = Field(default=1, ge=1)
    """CPU threads of one inference. More take cores from the first look."""
    signs: bool = True
    """Read number plates, orange panels and diamonds, with the two small networks that come with the package."""
    bodies: bool = True
    """Tell body and load of trucks, with another small network that comes with the package."""
    un_numbers: Path | None = None
    """Table of dangerous goods, see configs/un-numbers.yaml; without it panel and diamonds are not compared."""
    depth: int = Field(default=64, ge=1)
    """Vehicles that may wait for it; a live camera's that come on top go without plate and axles."""
    most_mib: int = Field(default=256, ge=1)
    """Memory that their shots may take."""


class MetricsSettings(BaseModel):
    """Where Prometheus and the health check are answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    """Address to listen on. Open it only on a closed network: it has no password."""
    port: int = Field(default=9464, ge=0, le=65535)
    """Port; 0 takes a free one."""


class SiteSettings(BaseModel):
    """A box and what it watches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site: Ident
    """Id of the site, part of every topic."""
    box: Ident
    """Id of the box, part of every topic."""
    timezone: str = "Asia/Shanghai"
    """Local time, for hours in rules and on pictures."""
    cameras: tuple[SiteCamera, ...] = Field(min_length=1)
    """The cameras."""
    detector: DetectorSettings = DetectorSettings()
    """The first look."""
    tracker: TrackerSettings = TrackerSettings()
    """How boxes become tracks."""
    shots: ShotSettings = ShotSettings()
    """Best views kept per vehicle."""
    second_look: SecondLookSettings | None = SecondLookSettings()
    """What is read off the best views; null to switch off."""
    registries: tuple[RegistrySettings, ...] = ()
    """Registers of vehicles and waybills, asked in this order. Without one, nobody is without a permit."""
    scales: tuple[ScaleSettings, ...] = ()
    """Scales in the road before the cameras."""
    memory: MemorySettings | None = None
    """What the box remembers of vehicles that passed; without it, no repeated trips are known."""
    rules: Path
    """The rule book: a folder of tables, see configs/rules, or one table with classes.yaml beside it."""
    region: Label | None = None
    """Code of the county or city the site lies in, for example 350702."""
    home_plates: tuple[Label, ...] = ()
    """Beginnings of the plates that are licensed here, for example 闽H: taxis with others are from elsewhere."""
    evidence: EvidenceSettings
    """What is kept as proof."""
    outbox: Path
    """SQLite file of the leads not yet received by the hub."""
    broker: BrokerSettings
    """The MQTT broker."""
    keys: KeySettings
    """Keys of the box."""
    uploads: UploadSettings | None = None
    """Where evidence goes; without it clips and pictures stay on the box, and the hub has the leads alone."""
    metrics: MetricsSettings | None = MetricsSettings()
    """Metrics and health; null to switch off."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"no time zone {value!r}; use a name such as Asia/Shanghai") from None
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        ids = [c.source.id for c in self.cameras]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"cameras need different ids; used twice: {', '.join(twice)}")
        wanted_s = self.evidence.pre_s + self.evidence.longest_act_s
        for camera in self.cameras:
            if camera.source.ring_seconds < wanted_s:
                raise ValueError(
                    f"camera {camera.source.id} keeps {camera.source.ring_seconds:g} s of packets, but evidence wants "
                    f"{wanted_s:g} s (pre_s + longest_act_s): raise ring_seconds or shorten the evidence"
                )
        return self

    @property
    def zone_info(self) -> ZoneInfo:
        """The local time zone."""
        return ZoneInfo(self.timezone)

    def place_of(self, camera: SiteCamera) -> Place:
        """Where a camera stands, as rules know it."""
        place = camera.place
        return Place(
            site=self.site,
            camera=camera.source.id,
            name=place.name,
            road_code=place.road_code,
            stake_km=place.stake_km,
            direction=place.direction,
            highway=place.highway,
            hub=place.hub,
            region=self.region,
            home_prefixes=self.home_plates,
        )


def load_site(path: Path) -> SiteSettings:
    """Read a site file; paths in it are relative to it. Raises `SettingsError`."""
    site = load_settings(path, SiteSettings)
    cameras = tuple(
        c.model_copy(update={"source": c.source.model_copy(update={"url": _beside(c.source.url, path.parent)})})
        for c in site.cameras
    )
    return site.model_copy(update={"cameras": cameras})


def check_site(path: Path) -> tuple[SiteSettings, RuleBook]:
    """Load a site and what it points to. Raises `SettingsError` with every problem found."""
    site = load_site(path)
    problems = [p for i, camera in enumerate(site.cameras) for p in _source_problems(f"{path}: cameras.{i}", camera)]
    problems.extend(f"{path}: {problem}" for problem in _part_problems(path, site))
    try:
        book = load_book(site.rules)
        problems.extend(_zone_problems(path, site, book))
    except SettingsError as error:
        problems.extend(f"{path}: rules: {problem}" for problem in error.problems)
    if problems:
        raise SettingsError(problems)
    return site, book


def _part_problems(path: Path, site: SiteSettings) -> Iterator[str]:
    if not site.detector.model.is_file():
        yield f"detector.model: no file {site.detector.model}; put the network there, or leave model out"
    yield from _second_look_problems(site.second_look)
    yield from registry_problems(site.registries)
    if site.memory is not None:
        yield from memory_problems(site.memory)
    plans = {camera.source.id: camera.plan for camera in site.cameras}
    for scale in site.scales:
        yield from scale_problems(scale, plans)
    if not site.keys.box.is_file():
        yield f"keys.box: no file {site.keys.box}; make it with: lushao edge keys {path}"
    if site.keys.hub is not None and not site.keys.hub.is_file():
        yield f"keys.hub: no file {site.keys.hub}; copy the hub's public key there (lushao hub keygen makes it)"
    yield from _attempt("keys.box", KeyFileError, lambda: site.keys.box.exists() and load_private_key(site.keys.box))
    hub = site.keys.hub
    yield from _attempt("keys.hub", KeyFileError, lambda: hub and hub.exists() and load_public_keys(hub))
    tls = site.broker.tls
    yield from _attempt("broker.tls", BrokerError, lambda: tls and tls.context())
    if site.uploads is not None:
        yield from upload_problems(site.uploads)
    for key, folder in (("evidence.folder", site.evidence.folder), ("outbox", site.outbox.parent)):
        there = next(p for p in (folder, *folder.parents) if p.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            yield f"{key}: nothing can be written to {there}; choose a folder that this user may write to"


def _second_look_problems(settings: SecondLookSettings | None) -> Iterator[str]:
    if settings is None:
        return
    if not settings.model.is_file():
        yield f"second_look.model: no file {settings.model}; put the network there, or leave model out"
    table = settings.un_numbers
    if table is not None:
        yield from _attempt("second_look.un_numbers", SettingsError, lambda: load_settings(table, GoodsTable))


def _attempt(key: str, fault: type[Exception], work: Callable[[], object]) -> Iterator[str]:
    try:
        work()
    except fault as error:
        yield f"{key}: {error}"


def _source_problems(where: str, camera: SiteCamera) -> Iterator[str]:
    source = camera.source
    if not source.is_network and not Path(source.url).exists():
        yield f"{where}.source.url: no file or folder {source.url}; check the name, or give an rtsp:// address"
    if source.password_file is not None and not source.password_file.is_file():
        yield f"{where}.source.password_file: no file {source.password_file}; write the camera's password into it"
    if source.password_env is not None and source.password_env not in os.environ:
        yield f"{where}.source.password_env: {source.password_env} is not set; set it to the camera's password"


def _zone_problems(path: Path, site: SiteSettings, book: RuleBook) -> list[str]:
    purposes = {(z.id, z.purpose) for c in site.cameras for z in c.plan.zones}
    return [
        f"{path}: rules: {site.rules.name}: {rule.id} names zone {zone!r}, but no camera has a {rule.purpose} zone of "
        f"that name; draw it under plan.zones or take it out of the rule"
        for rule in book.rules
        if isinstance(rule, ZoneRule)
        for zone in rule.zones or ()
        if (zone, rule.purpose) not in purposes
    ]


def _beside(url: str, folder: Path) -> str:
    return url if "://" in url or Path(url).is_absolute() else str(folder.resolve() / url)
