"""Sums of a day, made anew when something of that day has changed, so that no page has to count a million leads."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.cases.machine import State
from hub.parts import HubParts
from hub.store.tables import entries, figure_days, figure_times, figures, stale_days

OUTCOMES: Final = ("open", "confirmed", "filed", "rejected", "duplicate", "police", "warned")
"""Columns of `figures`: how a lead stands."""
_OUTCOME: Final[dict[str, str]] = {
    State.CLUE: "open",
    State.RETURNED: "open",
    State.FILED: "filed",
    State.FALSE_ALARM: "rejected",
    State.DUPLICATE: "duplicate",
    State.POLICE: "police",
    State.FIRST_WARNING: "warned",
}
DAY: Final = "day"
MONTH: Final = "month"
"""Spans of the rows of `figures`."""
_KEYS: Final = ("rule_id", "site_id", "camera_id", "offence")
_BUCKET: Final = 1.1
"""A bucket of time ends this much later than it begins, so that a median is told within 5 %."""
_EPOCH: Final = date(1970, 1, 1)
_AT_ONCE: Final = 20


def outcome_of(state: str) -> str:
    """How a lead stands, by its state; on its way through the reviews or as a case it is confirmed."""
    return _OUTCOME.get(state, "confirmed")


def day_number(day: date) -> int:
    """Number of a day since 1970."""
    return (day - _EPOCH).days


def date_of(day: int) -> date:
    """The day of a number."""
    return _EPOCH + timedelta(days=day)


def month_of(day: int) -> tuple[int, int]:
    """Numbers of the first and the last day of a day's month."""
    first = date_of(day).replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return day_number(first), day_number(following) - 1


def bounds_ms(day: int, zone: ZoneInfo) -> tuple[int, int]:
    """Where a local day begins and ends, in milliseconds of UTC."""
    begin, end = (
        datetime.combine(date_of(number), datetime.min.time(), zone).astimezone(UTC) for number in (day, day + 1)
    )
    return round(begin.timestamp() * 1000), round(end.timestamp() * 1000)


def bucket_of(elapsed_ms: int) -> int:
    """Bucket of a time; what is less than a millisecond, or before the act by a clock's error, is in the first."""
    return 0 if elapsed_ms < 1 else 1 + int(math.log(elapsed_ms, _BUCKET))


def quantile_ms(buckets: dict[int, int], share: float) -> float | None:
    """The time that `share` of all took at most, from buckets and their counts; None of nothing."""
    wanted, seen = share * sum(buckets.values()), 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen >= wanted:
            return 0.0 if bucket == 0 else _BUCKET ** (bucket - 0.5)
    return None


def keep_up(parts: HubParts, stopping: threading.Event) -> None:
    """Make the sums of all stale days anew, or as far as one comes before being told to stop. Raises StoreError."""
    while refresh(parts) == _AT_ONCE and not stopping.is_set():
        pass  # many wait, as after an import


def refresh(parts: HubParts, at_most: int = _AT_ONCE) -> int:
    """Make the sums of stale days anew, those that wait longest first; how many were made."""
    with parts.database.read() as connection:
        days = connection.execute(
            sa.select(stale_days.c.day).order_by(stale_days.c.since_ms, stale_days.c.day).limit(at_most)
        ).scalars()
        waiting = list(days)
    for day in waiting:
        _sum_day(parts, day)
    return len(waiting)


def _sum_day(parts: HubParts, day: int) -> None:
    """Read first, then write: leads that come meanwhile need not wait, and note the day anew.

    Sums that were so overtaken are shown until the next ones: where leads never cease there would be none otherwise.
    """
    begin, end = bounds_ms(day, ZoneInfo(parts.settings.web.timezone))
    with parts.database.read() as connection:
        since_ms = connection.execute(sa.select(stale_days.c.since_ms).where(stale_days.c.day == day)).scalar()
        rows = connection.execute(
            sa.select(
                entries.c.rule_id,
                entries.c.site_id,
                entries.c.camera_id,
                entries.c.offence,
                entries.c.state,
                entries.c.occurred_ms,
                entries.c.received_ms,
                entries.c.decided_ms,
            ).where(entries.c.occurred_ms >= begin, entries.c.occurred_ms < end)
        ).fetchall()
    with parts.database.write() as connection:
        if parts.database.is_postgres:  # days of one month are summed one after the other; SQLite has one writer anyway
            connection.execute(sa.text("LOCK TABLE figures IN SHARE ROW EXCLUSIVE MODE"))
        noted = stale_days.c.day == day
        done = connection.execute(sa.delete(stale_days).where(noted, stale_days.c.since_ms == since_ms))
        # Where it is noted no more, another process has summed it, with what came later.
        if done.rowcount or connection.execute(sa.select(stale_days.c.day).where(noted)).first() is not None:
            _write_sums(connection, day, rows)


def _write_sums(connection: Connection, day: int, rows: Iterable[Any]) -> None:
    sums: dict[tuple[str, ...], Counter[str]] = {}
    times: Counter[tuple[str, int]] = Counter()
    for row in rows:
        sums.setdefault(tuple(row[:4]), Counter())[outcome_of(row.state)] += 1
        times["receipt", bucket_of(row.received_ms - row.occurred_ms)] += 1
        if row.decided_ms is not None:
            times["decision", bucket_of(row.decided_ms - row.occurred_ms)] += 1
    connection.execute(sa.delete(figures).where(figures.c.span == DAY, figures.c.day == day))
    connection.execute(sa.delete(figure_times).where(figure_times.c.day == day))
    if sums:
        connection.execute(
            sa.insert(figures),
            [
                {"span": DAY, "day": day, **dict(zip(_KEYS, key, strict=True)), **{o: sums[key][o] for o in OUTCOMES}}
                for key in sorted(sums)
            ],
        )
        connection.execute(
            sa.insert(figure_times),
            [{"day": day, "what": what, "bucket": bucket, "count": n} for (what, bucket), n in sorted(times.items())],
        )
    _gather(connection, day)


def _gather(connection: Connection, day: int) -> None:
    """Make anew what is gathered of a day's sums: the day without rules and cameras, and its month."""
    f = figures.c
    totals = [sa.func.sum(f[outcome]) for outcome in OUTCOMES]
    connection.execute(sa.delete(figure_days).where(figure_days.c.day == day))
    by_site = sa.select(f.day, f.site_id, f.offence, *totals).where(f.span == DAY, f.day == day)
    connection.execute(
        sa.insert(figure_days).from_select(
            ["day", "site_id", "offence", *OUTCOMES], by_site.group_by(f.day, f.site_id, f.offence)
        )
    )
    first, last = month_of(day)
    connection.execute(sa.delete(figures).where(f.span == MONTH, f.day == first))
    keys = [f[key] for key in _KEYS]
    month = (
        sa.select(sa.literal(MONTH), sa.literal(first), *keys, *totals)
        .where(f.span == DAY, f.day.between(first, last))
        .group_by(*keys)
    )
    connection.execute(sa.insert(figures).from_select(["span", "day", *_KEYS, *OUTCOMES], month))
