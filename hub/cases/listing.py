"""Lists of entries as the console shows them: the queue, how much waits in each state, what the same vehicle did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.accounts.user import User
from hub.cases.case import Row
from hub.cases.faults import refuse
from hub.cases.machine import State
from hub.cases.presence import others, viewers_of
from hub.cases.same_act import same_vehicle
from hub.evidence.thumbs import with_pictures
from hub.store.tables import entries

COUNTED: Final = 1000
"""No more are counted of each state: it says enough."""
_LEVELS: Final = (3, 2, 1)
_HIDDEN: Final = {
    "payload_sha256", "times_received", "plate_tail", "act_key", "decided_ms", "fetched", "looked_ms",
}  # fmt: skip
_SHOWN: Final = [column.name for column in entries.columns if column.name not in _HIDDEN]
"""Columns of a row as the console gets it."""
_HISTORY: Final = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue."""

    level: int
    occurred_ms: int
    number: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Read one back from a page's address. Raises StepError."""
        try:
            level, occurred_ms, number = map(int, text.split("."))
        except ValueError:
            raise refuse("input", "bad_cursor") from None
        if max(abs(level), abs(occurred_ms), abs(number)) >= 1 << 63:
            raise refuse("input", "bad_cursor")
        return cls(level, occurred_ms, number)

    def __str__(self) -> str:
        """As it stands in a page's address."""
        return f"{self.level}.{self.occurred_ms}.{self.number}"


def queue(
    connection: Connection, states: Sequence[State], after: Place | None, limit: int
) -> tuple[list[Row], Place | None]:
    """What waits in some states: the gravest first, of these the oldest; and where to go on."""
    found: list[Row] = []
    for level in _LEVELS:
        if states and len(found) <= limit and (after is None or level <= after.level):
            found += _waiting(connection, states, level, after, limit + 1 - len(found))
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], Place(last.level, last.occurred_ms, last.number)


def _waiting(connection: Connection, states: Sequence[State], level: int, after: Place | None, limit: int) -> list[Row]:
    """The oldest of one level: each state by its own stretch of the index, then all together."""
    key = sa.tuple_(entries.c.occurred_ms, entries.c.number)
    past: list[sa.ColumnElement[bool]] = []
    if after is not None and after.level == level:
        past.append(key > sa.tuple_(sa.literal(after.occurred_ms), sa.literal(after.number)))
    by_state = [
        sa.select(
            sa.select(entries)
            .where(entries.c.state == state, entries.c.level == level, *past)
            .order_by(entries.c.occurred_ms, entries.c.number)
            .limit(limit)
            .subquery()
        )
        for state in states
    ]
    rows = [row for statement in by_state for row in connection.execute(statement)]
    return sorted(rows, key=lambda row: (row.occurred_ms, row.number))[:limit]


def counts(connection: Connection) -> dict[str, int]:
    """How many entries each state has, no more than `COUNTED`."""
    counted = [
        sa.select(sa.literal(state.value), sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery())
        for state in State
        for some in [sa.select(entries.c.number).where(entries.c.state == state).limit(COUNTED)]
    ]
    return {state: int(count) for state, count in connection.execute(sa.union_all(*counted))}


def history(connection: Connection, row: Row) -> Sequence[Row]:
    """Other entries of the same vehicle, newest first; none where the plate is missing or doubtful."""
    vehicle = same_vehicle(row)
    if vehicle is None:
        return []
    return connection.execute(
        sa.select(entries)
        .where(vehicle, entries.c.number != row.number)
        .order_by(entries.c.occurred_ms.desc(), entries.c.number.desc())
        .limit(_HISTORY)
    ).fetchall()


def shown(connection: Connection, user: User, rows: Iterable[Row], now_ms: int) -> list[dict[str, Any]]:
    """Rows as the console gets them."""
    listed = list(rows)
    numbers = [row.number for row in listed]
    viewers = viewers_of(connection, numbers, now_ms)
    pictured = with_pictures(connection, numbers)
    return [
        {
            **{name: getattr(row, name) for name in _SHOWN},
            "viewers": others(viewers.get(row.number, ()), user.id),
            "thumb": f"/entries/{row.number}/thumb.jpg" if row.number in pictured else None,
        }
        for row in listed
    ]


def file_url(number: int, name: str) -> str:
    """Where an evidence file can be had."""
    return f"/entries/{number}/files/{name}"
