"""One act, one fine (一事不再罚, 行政处罚法 art. 29): which entries are of one act, whoever sent them.

Two entries are one act when they bear the same key of the act, or when the same vehicle (plate and plate type, as
corrected; a type that is not known fits any) shows the same offence within the hours of `SameAct`. It does not matter
which box, hot line or department they came from. A plate with `-`, a character nobody could read, proves no identity:
what fits it is shown, and blocks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.cases.case import Case, Row
from hub.cases.machine import PURSUED, State
from hub.cases.settings import SameAct
from hub.store.tables import entries

UNREAD: Final = "-"
"""A character of a plate that could not be read."""
_HOUR_MS: Final = 3_600_000
_MOST_DOUBTFUL: Final = 500
"""So many doubtful plates of one offence and time are looked through."""
_LEAST_READ: Final = 4
"""Two plates that share fewer characters that were read are not said to be alike."""
_SHOWN: Final = 20

Condition = sa.ColumnElement[bool]


def blocking(case: Case, terms: SameAct) -> Sequence[Row]:
    """Entries of the same act that are or were pursued, and that nobody found to be another act."""
    pursued = entries.c.state.in_(PURSUED)
    return [row for row in _same(case.connection, case.row, terms, pursued) if row.number not in case.declared]


def likely(connection: Connection, row: Row, terms: SameAct) -> Sequence[Row]:
    """Entries that seem to be of the same act, certain and doubtful ones, newest first; no false alarms."""
    alive = entries.c.state != State.FALSE_ALARM
    found = {other.number: other for other in _same(connection, row, terms, alive)}
    found |= {other.number: other for other in _doubtful(connection, row, terms, alive)}
    return sorted(found.values(), key=lambda other: (-other.occurred_ms, -other.number))[:_SHOWN]


def same_vehicle(row: Row) -> Condition | None:
    """That an entry is of the same vehicle; None where a plate is missing or doubtful, which proves none."""
    if not row.plate or UNREAD in row.plate:
        return None
    of_type = sa.true() if not row.plate_type else entries.c.plate_type.in_(("", row.plate_type))
    return sa.and_(entries.c.plate == row.plate, of_type)


def may_be_one(plate: str, other: str) -> bool:
    """Whether two plates can be one, where characters could not be read.

    >>> may_be_one("闽H1-345", "闽H12345"), may_be_one("闽H1-345", "闽H12346")
    (True, False)
    """
    pairs = list(zip(plate, other, strict=False))
    read = sum(a == b != UNREAD for a, b in pairs)
    return len(plate) == len(other) and read >= _LEAST_READ and all(a == b or UNREAD in (a, b) for a, b in pairs)


def _same(connection: Connection, row: Row, terms: SameAct, wanted: Condition) -> Sequence[Row]:
    conditions: list[Condition] = []
    if row.act_key:
        conditions.append(entries.c.act_key == row.act_key)
    vehicle = same_vehicle(row)
    if vehicle is not None:
        conditions.append(sa.and_(vehicle, _same_offence(row, terms)))
    found: dict[int, Row] = {}
    for condition in conditions:  # one by one, so that each goes by its own index
        rows = connection.execute(
            sa.select(entries)
            .where(condition, entries.c.number != row.number, wanted)
            .order_by(entries.c.occurred_ms)
            .limit(_MOST_DOUBTFUL)
        )
        found |= {other.number: other for other in rows}
    return sorted(found.values(), key=lambda other: (other.occurred_ms, other.number))


def _doubtful(connection: Connection, row: Row, terms: SameAct, wanted: Condition) -> Sequence[Row]:
    if not row.plate:
        return []
    # A doubtful plate fits what its pattern fits, and any other doubtful one that does not contradict it.
    patterns: list[Any] = [entries.c.plate.like(f"%{UNREAD}%")]
    if UNREAD in row.plate:
        patterns.append(entries.c.plate.like(row.plate.replace(UNREAD, "_")))
    rows = connection.execute(
        sa.select(entries)
        .where(_same_offence(row, terms), sa.or_(*patterns), entries.c.number != row.number, wanted)
        .order_by(entries.c.occurred_ms.desc())
        .limit(_MOST_DOUBTFUL)
    )
    return [other for other in rows if may_be_one(row.plate, other.plate)]


def _same_offence(row: Row, terms: SameAct) -> Condition:
    span_ms = round(terms.hours_of(row.offence) * _HOUR_MS)
    near = entries.c.occurred_ms.between(row.occurred_ms - span_ms, row.occurred_ms + span_ms)
    return sa.and_(entries.c.offence == row.offence, near)
