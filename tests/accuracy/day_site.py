"""The box of the made-up county: four cameras, a scale, a register, a memory and a watch list, all real."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cameras import CameraSettings
from detector.plan import LineSettings, PlanSettings, Purpose, ZoneSettings
from edge.knowledge import Knowledge
from edge.memory_settings import MemorySettings
from edge.registry.importing import Order, import_registry
from edge.registry.settings import FileRegistrySettings
from edge.rules import RuleBook, load_book
from edge.rules.goods_places import Ban, NightBanRule
from edge.settings import EvidenceSettings, KeySettings, PlaceSettings, SiteCamera, SiteSettings
from edge.weighing.settings import ScaleSettings
from leads import WatchEntry, WatchList, encode, watch_shard
from leads.broker import BrokerSettings
from leads.topics import watchlist_topic
from tests.accuracy.day_acts_goods import TUNNEL
from tests.accuracy.day_world import MIDNIGHT, Drive, Row

RULES: Final = Path(__file__).resolve().parents[2] / "configs/rules"
SIZE = (1000, 500)
DAYS = ("2026-01-01", "2027-01-01")
WAYS: Mapping[str, Mapping[str, float]] = {
    "gate": {"1": 200, "2": 300, "shoulder": 400, "closed": 460},
    "tunnel": {"1": 300},
    "hub": {"1": 300, "bay": 180, "kerb": 420},
    "motorway": {"1": 200, "2": 300, "shoulder": 400},
}
"""Where the lower edge of a vehicle runs through each camera's picture, in pixels down; the traffic drives right."""


def _zone(name: str, purpose: Purpose, top: float, bottom: float, left: float = 0.0, title: str = "") -> ZoneSettings:
    along = ((0.1, 0.5), (0.9, 0.5)) if purpose is Purpose.LANE else None
    corners = ((left, top), (1.0, top), (1.0, bottom), (left, bottom))
    return ZoneSettings(id=name, purpose=purpose, title=title, polygon=corners, direction=along)


_LANES = (_zone("lane-1", Purpose.LANE, 0.3, 0.5), _zone("lane-2", Purpose.LANE, 0.5001, 0.7))
PLANS: Mapping[str, PlanSettings] = {
    "gate": PlanSettings(
        zones=(*_LANES, _zone("bridge", Purpose.CLOSED, 0.86, 1.0, title="老桥")),
        lines=(LineSettings(id="strips", start=(0.6, 0.75), end=(0.6, 0.25)),),
    ),
    "tunnel": PlanSettings(
        zones=(
            _zone("lane-1", Purpose.LANE, 0.4, 0.8),
            _zone("tunnel", Purpose.NO_DANGEROUS_GOODS, 0.2, 0.9, 0.5, TUNNEL),
        )
    ),
    "hub": PlanSettings(zones=(_zone("bay", Purpose.BAY, 0.25, 0.45), _zone("kerb", Purpose.NO_STOP, 0.75, 1.0))),
    "motorway": PlanSettings(zones=_LANES),
}
_PLACES: Mapping[str, Mapping[str, Any]] = {
    "gate": {"name": "岭下超限检测点", "road_code": "G316", "stake": "K123+400", "highway": False},
    "tunnel": {"name": "岭下隧道口", "road_code": "G316", "stake": "K125+100", "highway": False},
    "hub": {"name": "客运枢纽", "hub": "客运枢纽", "highway": False},
    "motorway": {"name": "延平枢纽", "road_code": "G3", "highway": True},
}


def book() -> RuleBook:
    """The rule book of the project, with a ban of the county's own where the book has but an example."""
    loaded = load_book(RULES)
    own = Ban(name="本地高速公路危险货物限行", source="made up", region="3507", hours=("00:00-06:00",))
    rules = [
        rule.model_copy(update={"bans": (*rule.bans, own)}) if isinstance(rule, NightBanRule) else rule
        for rule in loaded.rules
    ]
    return loaded.with_rules(rules)


def settings(folder: Path) -> SiteSettings:
    """The settings of the box; its files lie in a folder."""
    cameras = tuple(
        SiteCamera(
            source=CameraSettings(id=name, url=f"{name}.mp4", mode="replay", started_at=MIDNIGHT, ring_seconds=30),
            place=PlaceSettings(**_PLACES[name]),
            plan=plan,
        )
        for name, plan in PLANS.items()
    )
    scale = ScaleSettings.model_validate(
        {
            "id": "scale-1",
            "certificates": [{"scale_class": "5", "cert_no": "1", "valid_from": DAYS[0], "valid_to": DAYS[1]}],
            "announcement": {"announced_at": DAYS[0], "sign_present": True},
            "lanes": {n: {"camera": "gate", "line": "strips", "zone": f"lane-{n}"} for n in ("1", "2")},
        }
    )
    return SiteSettings(
        site="day",
        box="box-1",
        region="350702",
        home_plates=("闽H",),
        cameras=cameras,
        registries=(FileRegistrySettings(kind="file", path=folder / "register.db", stale_after_days=36_500),),
        scales=(scale,),
        memory=MemorySettings(path=folder / "memory.db", lon=118.17, lat=26.64),
        rules=RULES,
        evidence=EvidenceSettings(folder=folder / "evidence"),
        outbox=Path("outbox.db"),
        broker=BrokerSettings(host="localhost"),
        keys=KeySettings(box=folder / "box.key"),
    )


def open_box(folder: Path, drives: Sequence[Drive]) -> Knowledge:
    """Import the register and open what the box knows; the past is in its memory."""
    vehicles = [row for drive in drives for row in _rows(drive)]
    waybills = [row for drive in drives for row in drive.waybills]
    order = Order(
        folder / "register.db",
        "county",
        min(datetime.now(UTC), MIDNIGHT + timedelta(days=1)) - timedelta(seconds=1),
        ("goods", "dangerous_goods", "passenger", "waybills"),
        _table(folder / "vehicles.csv", vehicles),
        _table(folder / "waybills.csv", waybills),
    )
    import_registry(order)
    knowledge = Knowledge(settings(folder), folder)
    knowledge.start()
    assert knowledge.memory is not None
    for drive in drives:
        for seen in drive.history:
            knowledge.memory.add(seen)
        assert knowledge.memory.wait(30)
    _watch(knowledge, [drive.watch for drive in drives if drive.watch is not None])
    return knowledge


def _rows(drive: Drive) -> Iterable[Row]:
    """Its rows in vehicles.csv, one per permit, and its trailer's."""
    if drive.row is not None:
        first, *more = drive.permits or [{}]
        yield drive.row | first
        names = {name: drive.row[name] for name in ("plate", "plate_type")}
        yield from (names | permit for permit in more)
    if drive.trailer is not None:
        yield drive.trailer


def _table(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        table.writeheader()
        table.writerows(rows)
    return path


def _watch(knowledge: Knowledge, entries: Sequence[WatchEntry]) -> None:
    """Say the hub's list, shard by shard."""
    shards: dict[str, list[WatchEntry]] = {}
    for entry in entries:
        shards.setdefault(watch_shard(*entry.identity), []).append(entry)
    for shard, held in shards.items():
        message = WatchList(shard=shard, revision=1, issued_at=MIDNIGHT, entries=tuple(held))
        knowledge.watched.heard(watchlist_topic(shard), encode(message))
    assert knowledge.watched.wait(30)
