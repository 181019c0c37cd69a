"""What the wall shows: every camera and box as it last spoke, whether it still does, and who is watching."""

from __future__ import annotations

import json
from typing import Any, Final

import sqlalchemy as sa

from hub.parts import HubParts
from hub.store.rows import put
from hub.store.tables import boxes, cameras, presence

SILENT_AFTER_MS: Final = 45_000
"""Boxes send telemetry every ten seconds: after so long without any, four in a row are missing."""
WATCHED_FOR_MS: Final = 20_000
"""So long after its page last asked, the wall still counts as watched."""
_THE_WALL: Final = 0
"""Number that stands for the wall among what people look at: entries are numbered from 1."""
_NOTED_EVERY_MS: Final = 5_000


def wall_of(parts: HubParts) -> dict[str, Any]:
    """Cameras and boxes as JSON, with the hub's time (`now_ms`), by which ages are told."""
    now_ms = parts.clock()
    columns = [column for column in cameras.c if column.name != "frame"]
    with parts.database.read() as connection:
        box_rows = connection.execute(sa.select(boxes).order_by(boxes.c.site_id, boxes.c.box_id)).all()
        camera_rows = connection.execute(sa.select(*columns).order_by(*cameras.primary_key)).all()
    said = {(row.site_id, row.box_id): _box(row, now_ms) for row in box_rows}
    return {
        "now_ms": now_ms,
        "boxes": list(said.values()),
        "cameras": [_camera(row, said[row.site_id, row.box_id]["state"]) for row in camera_rows],
    }


def _box(row: sa.Row[Any], now_ms: int) -> dict[str, Any]:
    """`state` is `online`, `silent` (was born, and nothing is heard of it), or `offline` (it or the broker said so)."""
    silent = now_ms - row.seen_ms > SILENT_AFTER_MS
    readings = json.loads(row.telemetry)
    return {
        "site_id": row.site_id,
        "box_id": row.box_id,
        "state": "offline" if row.state == "offline" else "silent" if silent else "online",
        "reason": row.reason,
        "seen_ms": row.seen_ms or None,
        "software": row.software,
        "models": json.loads(row.models),
        "outbox_depth": row.outbox_depth,
        "outbox_oldest_s": readings.get("outbox_oldest_s"),
        "clock_error_ms": row.clock_error_ms,
        "disk_free_bytes": readings.get("disk_free_bytes"),
        "temperature_c": readings.get("temperature_c"),
    }


def _camera(row: sa.Row[Any], box_state: str) -> dict[str, Any]:
    """`state` is what the camera's stream does, or `unknown` while its box is not there to tell."""
    url = None
    if row.frame_ms is not None:
        url = f"/wall/frames/{row.site_id}/{row.box_id}/{row.camera_id}.jpg?at={row.frame_ms}"
    return {
        "site_id": row.site_id,
        "box_id": row.box_id,
        "camera_id": row.camera_id,
        "place": row.place,
        "state": (row.state or "unknown") if box_state == "online" else "unknown",
        "fps": row.fps if box_state == "online" else None,
        "seen_ms": row.seen_ms or None,
        "frame_ms": row.frame_ms,
        "url": url,
    }


def frame_of(parts: HubParts, site_id: str, box_id: str, camera_id: str, known_ms: int | None) -> tuple[int, bytes]:
    """A camera's last picture and its time; no bytes where that is `known_ms`. Raises KeyError where there is none."""
    this = sa.and_(cameras.c.site_id == site_id, cameras.c.box_id == box_id, cameras.c.camera_id == camera_id)
    with parts.database.read() as connection:
        at_ms = connection.execute(sa.select(cameras.c.frame_ms).where(this)).scalar()
        if at_ms is None:
            raise KeyError(camera_id)
        if at_ms == known_ms:
            return at_ms, b""
        row = connection.execute(sa.select(cameras.c.frame_ms, cameras.c.frame).where(this)).one()
        return row.frame_ms, row.frame


def note_watcher(parts: HubParts, user_id: int) -> None:
    """Somebody's wall has asked; written down now and then."""
    now_ms = parts.clock()
    mine = sa.select(presence.c.seen_ms).where(presence.c.user_id == user_id, presence.c.number == _THE_WALL)
    with parts.database.read() as connection:
        seen_ms = connection.execute(mine).scalar()
    if seen_ms is None or now_ms - seen_ms >= _NOTED_EVERY_MS:
        row = {"user_id": user_id, "number": _THE_WALL, "seen_ms": now_ms}
        with parts.database.write() as connection:
            put(connection, presence, [row], ["seen_ms"])


def wall_watched(parts: HubParts) -> bool:
    """Whether somebody watches the wall now, so that boxes should send pictures often."""
    since = parts.clock() - WATCHED_FOR_MS
    anybody = sa.select(presence.c.user_id).where(presence.c.number == _THE_WALL, presence.c.seen_ms > since).limit(1)
    with parts.database.read() as connection:
        return connection.execute(anybody).first() is not None
