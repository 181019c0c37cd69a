"""Refused messages, kept with their reason for a person to look at: each once, and no more than a set number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hub.intake.entry import storable
from hub.intake.judge import BOX, Fault, Judged
from hub.store.audit import Books
from hub.store.tables import refused
from leads import LEAD_MAX_BYTES

_Key = tuple[str, str, str, str]


def keep_refused(books: Books, turned_away: Sequence[tuple[Judged, Fault]], most: int) -> list[tuple[int, bool]]:
    """Keep refused messages, of all that are kept the newest `most`; of each since when it is, and if it was before.

    No step is written of them: who sends nonsense shall not make the log grow.
    """
    if not turned_away:
        return []
    keys = [_key(judged, fault) for judged, fault in turned_away]
    known = _look_up(books, keys)
    again: dict[_Key, int] = {}
    new: dict[_Key, dict[str, Any]] = {}
    told: list[tuple[int, bool]] = []
    for (judged, fault), key in zip(turned_away, keys, strict=True):
        if key in known:
            again[key] = again.get(key, 0) + 1
            told.append((known[key], True))
        elif key in new:
            new[key]["times_received"] += 1
            told.append((books.at_ms, True))
        else:
            new[key] = _row(judged, fault, key, books.at_ms)
            told.append((books.at_ms, False))
    if again:
        _count_again(books, again)
    if new:
        books.connection.execute(sa.insert(refused), list(new.values()))
        last = sa.select(sa.func.max(refused.c.id)).scalar_subquery()
        books.connection.execute(sa.delete(refused).where(refused.c.id <= last - most))
    return told


def _key(judged: Judged, fault: Fault) -> _Key:
    """What makes two refusals one: bytes, reason, site and box (for others than boxes: no site, and the source)."""
    sender = judged.sender
    return judged.payload_sha256, fault.reason, sender.site_id, sender.box_id or sender.source


def _look_up(books: Books, keys: Sequence[_Key]) -> dict[_Key, int]:
    """Since when each of them is kept, of those that are."""
    r = refused.c
    rows = books.connection.execute(
        sa.select(r.payload_sha256, r.reason, r.site_id, r.box_id, r.received_ms).where(
            r.payload_sha256.in_({key[0] for key in keys})
        )
    )
    return {(sha256, reason, site, box): since for sha256, reason, site, box, since in rows}


def _count_again(books: Books, again: dict[_Key, int]) -> None:
    r, bind = refused.c, sa.bindparam
    books.connection.execute(
        sa.update(refused)
        .where(
            r.payload_sha256 == bind("key_sha256"),
            r.reason == bind("key_reason"),
            r.site_id == bind("key_site"),
            r.box_id == bind("key_box"),
        )
        .values(times_received=r.times_received + bind("more")),
        [
            {"key_sha256": sha256, "key_reason": reason, "key_site": site, "key_box": box, "more": more}
            for (sha256, reason, site, box), more in again.items()
        ],
    )


def _row(judged: Judged, fault: Fault, key: _Key, now_ms: int) -> dict[str, Any]:
    payload_sha256, reason, site_id, box_id = key
    return {
        "door": "mqtt" if judged.sender.source == BOX else "http",
        "site_id": site_id,
        "box_id": box_id,
        "entry_id": judged.entry_id,
        "reason": reason,
        "detail": storable(fault.detail),
        "payload": judged.payload[:LEAD_MAX_BYTES],
        "payload_sha256": payload_sha256,
        "received_ms": now_ms,
        "times_received": 1,
        "settled_by": "",
        "settled_as": "",
    }
