"""The search over all entries, newest first, a page at a time, quick with a million of them on either database.

The hub itself says along which index a search walks: the one with the fewest entries of all that the question names.
It walks in slices until a page is full, or the time for one answer is up: then the page is short and the cursor says
where to go on. Plates are looked up first in their own index, which holds little else; when many plates fit, so many
entries do that a walk along time finds a page of them soon.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.cases.case import Row
from hub.cases.faults import refuse
from hub.cases.machine import State
from hub.cases.plates import fits_plate
from hub.store.tables import entries

_BUDGET_S: Final = 0.15
"""After so long an answer is given with what was found."""
_FIRST_SLICE, _LAST_SLICE = 2_000, 16_000
"""Entries walked along before looking at the clock."""
_FEW: Final = 3_000
"""Entries that are sorted in no time."""
_MOST_PLATES: Final = 500
"""With more plates that fit, entries are many and it is quicker to walk along time."""

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list ordered by time."""

    occurred_ms: int
    number: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Read one back from a page's address. Raises StepError."""
        try:
            occurred_ms, number = map(int, text.split("."))
        except ValueError:
            raise refuse("input", "bad_cursor") from None
        if max(abs(occurred_ms), abs(number)) >= 1 << 63:
            raise refuse("input", "bad_cursor")
        return cls(occurred_ms, number)

    @classmethod
    def of(cls, row: Row) -> Self:
        """Where a row stands."""
        return cls(row.occurred_ms, row.number)

    def __str__(self) -> str:
        """As it stands in a page's address."""
        return f"{self.occurred_ms}.{self.number}"


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for; what is empty does not matter."""

    number: str = ""
    """Number of the entry, number of its case, or id of its lead."""
    plate: str = ""
    """See `fits_plate`."""
    place: str = ""
    """Words that all stand in the place."""
    from_ms: int | None = None
    """Earliest time of the act."""
    before_ms: int | None = None
    """The act was before this."""
    vehicle_class: str = ""
    """Class, or `unknown`."""
    states: tuple[State, ...] = ()
    offence: str = ""
    rule: str = ""
    level: int | None = None
    source: str = ""
    camera: str = ""
    """Id of a camera, or `site/camera`."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of entries."""

    rows: Sequence[Row]
    next: Cursor | None
    """Where to go on; None at the end. A page may be short, even empty, and yet not be the last."""


def search(
    connection: Connection,
    query: Query,
    after: Cursor | None,
    limit: int,
    monotonic: Callable[[], float] = time.monotonic,
) -> Page:
    """A page of what fits, newest first."""
    until_s = monotonic() + _BUDGET_S
    if query.number:
        return Page(connection.execute(sa.select(entries).where(_named(query.number)).limit(limit)).fetchall(), None)
    ways, filters = _ways(connection, query), _filters(query)
    if ways is None:
        return Page([], None)
    way = _shortest(connection, ways, query)
    found: list[Row] = []
    size = _FIRST_SLICE
    while True:
        end = _end_of_slice(connection, way, query, after, size)
        slice_ = [*way, *_span(query, after), *([] if end is None else [_stands_at >= _key(end)])]
        found += connection.execute(
            sa.select(entries).where(*slice_, *filters).order_by(*_NEWEST).limit(limit + 1 - len(found))
        ).fetchall()
        if len(found) > limit:
            return Page(found[:limit], Cursor.of(found[limit - 1]))
        if end is None:
            return Page(found, None)
        if monotonic() > until_s:
            return Page(found, end)
        after, size = end, min(size * 4, _LAST_SLICE)


_stands_at = sa.tuple_(entries.c.occurred_ms, entries.c.number)
_NEWEST: Final = (entries.c.occurred_ms.desc(), entries.c.number.desc())


def _key(cursor: Cursor) -> Any:
    return sa.tuple_(sa.literal(cursor.occurred_ms), sa.literal(cursor.number))


def _named(text: str) -> Condition:
    if text.isdecimal() and text.isascii() and len(text) < 19:
        return entries.c.number == int(text)
    return sa.or_(entries.c.case_number == text, entries.c.entry_id == text.upper())


def _span(query: Query, after: Cursor | None) -> list[Condition]:
    """The time asked for, from the cursor on."""
    conditions: list[Condition] = []
    if query.from_ms is not None:
        conditions.append(entries.c.occurred_ms >= query.from_ms)
    if query.before_ms is not None:
        conditions.append(entries.c.occurred_ms < query.before_ms)
    if after is not None:
        conditions.append(_stands_at < _key(after))
    return conditions


def _ways(connection: Connection, query: Query) -> list[list[Condition]] | None:
    """The indexes that the search can walk along; None where no entry can fit."""
    ways: list[list[Condition]] = []
    fits = fits_plate(query.plate)
    if fits is not None:
        plates = connection.execute(sa.select(entries.c.plate).where(fits).distinct().limit(_MOST_PLATES + 1)).scalars()
        known = list(plates)
        if not known:
            return None
        if len(known) <= _MOST_PLATES:
            ways.append([entries.c.plate.in_(known)])
    if query.camera:
        ways.append(_of_camera(query.camera))
    if query.rule:
        ways.append([entries.c.rule_id == query.rule])
    if query.offence:
        ways.append([entries.c.offence == query.offence])
    return ways


def _filters(query: Query) -> list[Condition]:
    """All that is asked for but the time."""
    conditions: list[Condition] = []
    fits = fits_plate(query.plate)
    if fits is not None:
        conditions.append(fits)
    if query.camera:
        conditions += _of_camera(query.camera)
    if query.states:
        conditions.append(entries.c.state.in_(query.states))
    if query.level is not None:
        conditions.append(entries.c.level == query.level)
    if query.vehicle_class:
        conditions.append(entries.c.vehicle_class == ("" if query.vehicle_class == "unknown" else query.vehicle_class))
    for column, wanted in (
        (entries.c.rule_id, query.rule),
        (entries.c.offence, query.offence),
        (entries.c.source, query.source),
    ):
        if wanted:
            conditions.append(column == wanted)
    conditions += [entries.c.place.icontains(word, autoescape=True) for word in query.place.split()]
    return conditions


def _of_camera(camera: str) -> list[Condition]:
    site, _, name = camera.rpartition("/")
    return [entries.c.camera_id == name, *([entries.c.site_id == site] if site else [])]


def _shortest(connection: Connection, ways: list[list[Condition]], query: Query) -> list[Condition]:
    """The way with the fewest entries; the one along time where none is short and none is named."""
    if query.states:
        states: list[Condition] = [entries.c.state.in_(query.states)]
        if _count(connection, states, query) < _FEW:  # its index is in another order: it has to be sorted
            ways = [states, *ways]
    if len(ways) < 2:
        return ways[0] if ways else []
    return min(ways, key=lambda way: _count(connection, way, query))


def _count(connection: Connection, way: list[Condition], query: Query) -> int:
    """How many entries there are along a way; no more than few are counted."""
    some = sa.select(sa.literal(1)).select_from(entries).where(*way, *_span(query, None)).limit(_FEW).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def _end_of_slice(
    connection: Connection, way: list[Condition], query: Query, after: Cursor | None, size: int
) -> Cursor | None:
    """Where a slice of the way ends; None where it is the last one."""
    row = connection.execute(
        sa.select(entries.c.occurred_ms, entries.c.number)
        .where(*way, *_span(query, after))
        .order_by(*_NEWEST)
        .offset(size - 1)
        .limit(1)
    ).one_or_none()
    return None if row is None else Cursor(row.occurred_ms, row.number)
