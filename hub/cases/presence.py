"""Who is looking at what now: each open page says so every few seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.accounts.user import User
from hub.cases.faults import refuse
from hub.parts import HubParts
from hub.store.rows import put
from hub.store.tables import entries, presence, users

GONE_MS: Final = 15_000
"""Who has not been seen for so long looks no more."""
Viewer = tuple[int, str]
"""Id of a user, and the name for people."""


def say_here(parts: HubParts, user: User, number: int) -> None:
    """Note that somebody is looking at an entry. Raises StepError where there is none."""
    now = parts.clock()
    with parts.database.write() as connection:
        if connection.execute(sa.select(entries.c.number).where(entries.c.number == number)).first() is None:
            raise refuse("not_found", "not_found")
        put(connection, presence, [{"user_id": user.id, "number": number, "seen_ms": now}], ["seen_ms"])
        connection.execute(sa.delete(presence).where(presence.c.user_id == user.id, presence.c.seen_ms < now - GONE_MS))


def all_viewers(connection: Connection, now_ms: int) -> Mapping[int, tuple[Viewer, ...]]:
    """Who is looking, by the number of the entry."""
    return _viewers(connection, presence.c.seen_ms > now_ms - GONE_MS)


def viewers_of(connection: Connection, numbers: Iterable[int], now_ms: int) -> Mapping[int, tuple[Viewer, ...]]:
    """Who is looking at some entries, by their number."""
    return _viewers(connection, presence.c.number.in_(list(numbers)), presence.c.seen_ms > now_ms - GONE_MS)


def others(viewers: Iterable[Viewer], user_id: int) -> list[str]:
    """The names of all but one's own."""
    return [name for viewer, name in viewers if viewer != user_id]


def _viewers(connection: Connection, *conditions: sa.ColumnElement[bool]) -> Mapping[int, tuple[Viewer, ...]]:
    found: dict[int, tuple[Viewer, ...]] = {}
    for row in connection.execute(
        sa.select(presence.c.number, users.c.id, users.c.display)
        .join(users, users.c.id == presence.c.user_id)
        .where(*conditions)
        .order_by(presence.c.number, users.c.display, users.c.id)
    ):
        found[row.number] = (*found.get(row.number, ()), (row.id, row.display))
    return found
