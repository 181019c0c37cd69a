"""Days of the local calendar, by which figures are summed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from hub.store.rows import insert_into
from hub.store.tables import stale_days

_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_FIRST_HOUR: Final = 0
_LAST_HOUR: Final = 24 * 365 * 200
"""Within these hours since 1970 a zone's offset is asked for; before and after, that of the nearest one counts."""


def local_day(at_ms: int, timezone: str) -> int:
    """Number of the local day, counted from 1970-01-01, of a moment in ms of UTC since 1970."""
    return (at_ms + _offset_ms(timezone, min(max(at_ms // _HOUR_MS, _FIRST_HOUR), _LAST_HOUR))) // _DAY_MS


@lru_cache(maxsize=4096)
def _offset_ms(timezone: str, hour: int) -> int:
    offset = datetime.fromtimestamp(hour * 3600, ZoneInfo(timezone)).utcoffset()
    assert offset is not None, "every zone has one"
    return round(offset.total_seconds() * 1000)


def mark_stale(connection: Connection, days: Iterable[int], now_ms: int) -> None:
    """Note that the sums of these days have to be made anew.

    A day that is noted already is noted anew, by a later `since_ms`: whoever is just summing it finds that its sums
    were overtaken, and leaves it on the list.
    """
    rows = [{"day": day, "since_ms": now_ms} for day in sorted(set(days))]
    if not rows:
        return
    anew = {"since_ms": stale_days.c.since_ms + 1}
    insert = insert_into(connection, stale_days)
    connection.execute(insert.on_conflict_do_update(index_elements=["day"], set_=anew), rows)
