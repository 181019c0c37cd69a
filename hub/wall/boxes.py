"""What boxes say of themselves, kept as the last word of each: birth, death, telemetry, a picture of each camera.

Each note may come twice, late or from any worker; none of them is worth a place in the log of steps.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.parts import HubParts
from hub.store.rows import insert_into, put
from hub.store.tables import boxes, cameras
from leads import encode
from leads.box import Status, Telemetry
from leads.topics import check_id, check_site
from leads.uploads import FRAME_BYTES

TELEMETRY_EVERY_MS: Final = 5_000
"""How seldom one box's telemetry is written down."""
_JPEG: Final = b"\xff\xd8\xff"
_UNHEARD: Final = {"seen_ms": 0, "session_id": "", "state": "", "reason": "", "software": "", "models": "[]"}
_NO_READINGS: Final = {"outbox_depth": None, "clock_error_ms": None, "telemetry": "{}"}


class FrameError(ValueError):
    """Bytes that are no picture the wall shows; the text says why."""


def note_status(parts: HubParts, status: Status) -> None:
    """Keep a birth or a death. A death of an older session than the box's present one says nothing."""
    with parts.database.write() as connection:
        if status.state == "online":
            _note_birth(connection, status, parts.clock())
        else:
            _note_death(connection, status, parts.clock())


def _note_birth(connection: Connection, status: Status, now_ms: int) -> None:
    """A birth tells all anew. The broker keeps it, so it may be old: then the box was seen when it was said."""
    key = {"site_id": status.site_id, "box_id": status.box_id}
    held = connection.execute(sa.select(boxes).filter_by(**key)).one_or_none()
    values: dict[str, Any] = {
        "session_id": status.session_id,
        "state": status.state,
        "reason": "",
        "software": _plain(status.software or ""),
        "models": json.dumps([model.model_dump() for model in status.models]),
    }
    same_run = held is not None and held.session_id == status.session_id
    if not same_run:
        values |= _NO_READINGS
    if held is None or not same_run or held.state != status.state:
        values["seen_ms"] = _said_ms(status.at, now_ms)
    put(connection, boxes, [{**_UNHEARD, **_NO_READINGS, **key, **values}], values)
    gone = sa.delete(cameras).filter_by(**key).where(cameras.c.camera_id.not_in([c.id for c in status.cameras]))
    connection.execute(gone)
    unheard = {**key, "state": "", "fps": None, "seen_ms": 0}
    rows = [{**unheard, "camera_id": camera.id, "place": _plain(camera.place)} for camera in status.cameras]
    put(connection, cameras, rows, ["place"] if same_run else ["place", "state", "fps"])


def _note_death(connection: Connection, status: Status, now_ms: int) -> None:
    key = {"site_id": status.site_id, "box_id": status.box_id}
    values = {"state": status.state, "reason": status.reason or ""}
    first = {"session_id": status.session_id, "seen_ms": _said_ms(status.at, now_ms)}
    connection.execute(
        insert_into(connection, boxes)
        .values({**_UNHEARD, **_NO_READINGS, **key, **first, **values})
        .on_conflict_do_update(
            index_elements=list(boxes.primary_key), set_=values, where=boxes.c.session_id.in_(["", status.session_id])
        )
    )


def note_telemetry(parts: HubParts, telemetry: Telemetry) -> bool:
    """Keep a box's readings; whether they were written down.

    Not where others of it came a moment ago, nor from another run of the box than the one that was born last.
    """
    now_ms = parts.clock()
    key = {"site_id": telemetry.site_id, "box_id": telemetry.box_id}
    with parts.database.read() as connection:
        held = connection.execute(sa.select(boxes).filter_by(**key)).one_or_none()
    if held is not None:
        if held.session_id not in ("", telemetry.session_id):
            return False
        if held.telemetry != _NO_READINGS["telemetry"] and now_ms - held.seen_ms < TELEMETRY_EVERY_MS:
            return False
    values = {
        "session_id": telemetry.session_id,
        "seen_ms": now_ms,
        "outbox_depth": telemetry.outbox_depth,
        "clock_error_ms": telemetry.clock_error_ms,
        "telemetry": encode(telemetry).decode(),
    }
    rows = [
        {**key, "camera_id": c.id, "place": "", "state": c.state, "fps": c.fps, "seen_ms": now_ms}
        for c in telemetry.cameras
    ]
    with parts.database.write() as connection:
        put(connection, boxes, [{**_UNHEARD, **key, **values}], values)
        put(connection, cameras, rows, ["state", "fps", "seen_ms"])
    return True


def note_frame(parts: HubParts, site_id: str, box_id: str, camera_id: str, jpeg: bytes, at_ms: int) -> bool:
    """Keep a camera's last picture, taken at `at_ms`; False for one that is not newer than the one held.

    A time to come is taken for now. Raises FrameError for what is no JPEG or too large, ValueError for a wrong id.
    """
    if len(jpeg) > FRAME_BYTES:
        raise FrameError(f"a picture of {len(jpeg)} bytes; the wall takes {FRAME_BYTES} at most")
    if not jpeg.startswith(_JPEG):
        raise FrameError("the picture is no JPEG")
    now_ms = parts.clock()
    key = {"site_id": check_site(site_id), "box_id": check_id(box_id)}
    frame = {"frame_ms": min(at_ms, now_ms), "frame": jpeg}
    row = {**key, "camera_id": check_id(camera_id), "place": "", "state": "", "seen_ms": 0, **frame}
    with parts.database.write() as connection:
        put(connection, boxes, [{**_UNHEARD, **_NO_READINGS, **key}], {})
        newer = sa.or_(cameras.c.frame_ms.is_(None), cameras.c.frame_ms < frame["frame_ms"])
        done = connection.execute(
            insert_into(connection, cameras)
            .values(row)
            .on_conflict_do_update(index_elements=list(cameras.primary_key), set_=frame, where=newer)
            .returning(cameras.c.frame_ms)
        )
        return done.first() is not None


def _plain(text: str) -> str:
    """A text without the one character that PostgreSQL does not keep."""
    return text.replace("\0", "")


def _said_ms(at: datetime | None, now_ms: int) -> int:
    """When something was said, by the box's clock as far as it can be: never in time to come."""
    return now_ms if at is None else min(now_ms, round(at.timestamp() * 1000))
