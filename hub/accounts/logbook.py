"""The log of steps and the log of looks at evidence, page by page, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub.cases.looks import PURPOSES
from hub.store.tables import access, audit, head, users

PAGE: Final = 50


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty or None for anything."""

    user: str = ""
    """Name of who did it."""
    number: int | None = None
    """Entry it was about."""
    action: str = ""
    """Word of the step; of looks, their purpose or what was looked at."""
    day: date | None = None
    """Local day."""


def head_of(connection: Connection) -> tuple[int, str]:
    """The end of the chain: how many steps it has, and the link of the last."""
    row = connection.execute(sa.select(head.c.audit_seq, head.c.audit_sha256)).one()
    return row.audit_seq, row.audit_sha256


def steps_page(
    connection: Connection, wanted: Wanted, timezone: str, before: int | None = None
) -> tuple[Sequence[Row[Any]], int | None]:
    """Rows of `audit`, and what to pass as `before` for the page after; None when there is none."""
    found = sa.select(audit).order_by(audit.c.seq.desc()).limit(PAGE + 1)
    if before is not None:
        found = found.where(audit.c.seq < before)
    if wanted.user:
        found = found.where(audit.c.actor == wanted.user)
    if wanted.number is not None:
        found = found.where(audit.c.number == wanted.number)
    if wanted.action:
        found = found.where(audit.c.action == wanted.action)
    if wanted.day is not None:
        # Times never run backwards in the log, so a day is a stretch of it: any other index can serve beside.
        first, after = (_first_step_at(connection, ms) for ms in day_bounds_ms(wanted.day, timezone))
        if first is None:
            return [], None
        found = found.where(audit.c.seq >= first)
        if after is not None:
            found = found.where(audit.c.seq < after)
    rows = connection.execute(found).fetchall()
    return rows[:PAGE], rows[PAGE - 1].seq if len(rows) > PAGE else None


def _first_step_at(connection: Connection, at_ms: int) -> int | None:
    return connection.execute(
        sa.select(audit.c.seq).where(audit.c.at_ms >= at_ms).order_by(audit.c.at_ms, audit.c.seq).limit(1)
    ).scalar()


def looks_page(
    connection: Connection, wanted: Wanted, timezone: str, before: tuple[int, int] | None = None
) -> tuple[Sequence[Row[Any]], tuple[int, int] | None]:
    """Rows of `access` with `user_name`, and the `before` (time and id) of the page after; None when there is none."""
    found = (
        sa.select(access, users.c.name.label("user_name"))
        .outerjoin(users, users.c.id == access.c.user_id)
        .order_by(access.c.at_ms.desc(), access.c.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        at_ms, row_id = before
        same = sa.and_(access.c.at_ms == at_ms, access.c.id < row_id)
        found = found.where(access.c.at_ms <= at_ms, sa.or_(access.c.at_ms < at_ms, same))
    if wanted.user:
        user_id = connection.execute(sa.select(users.c.id).where(users.c.name == wanted.user)).scalar()
        found = found.where(access.c.user_id == (user_id if user_id is not None else -1))
    if wanted.number is not None:
        found = found.where(access.c.number == wanted.number)
    if wanted.action:
        column = access.c.purpose if wanted.action in PURPOSES else access.c.what
        found = found.where(column == wanted.action)
    if wanted.day is not None:
        first_ms, after_ms = day_bounds_ms(wanted.day, timezone)
        found = found.where(access.c.at_ms >= first_ms, access.c.at_ms < after_ms)
    rows = connection.execute(found).fetchall()
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return rows[:PAGE], None if last is None else (last.at_ms, last.id)


def day_bounds_ms(day: date, timezone: str) -> tuple[int, int]:
    """Beginning of a local day and of the next, in ms of UTC since 1970."""
    zone = ZoneInfo(timezone)
    begins = (datetime(one.year, one.month, one.day, tzinfo=zone) for one in (day, day + timedelta(days=1)))
    first, after = (round(one.timestamp() * 1000) for one in begins)
    return first, after
