"""Figures read from the sums: leads by class and outcome, precision, times, for a span of days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.figures.sums import DAY, MONTH, OUTCOMES, month_of, quantile_ms
from hub.parts import HubParts
from hub.store.tables import figure_days, figure_times, figures, stale_days


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked for: days (numbers since 1970, both included) and, where set, one offence or site."""

    first: int
    last: int
    offence: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Sums of some leads."""

    key: tuple[str, ...]
    counts: Mapping[str, int]
    """Leads by outcome."""

    @property
    def leads(self) -> int:
        """How many leads."""
        return sum(self.counts.values())

    @property
    def precision(self) -> float | None:
        """Share of the decided leads that were right, 0..1; None before any was decided.

        Duplicates tell nothing of it: the act was there, but one lead too many.
        """
        right = sum(self.counts[word] for word in ("confirmed", "filed", "police", "warned"))
        decided = right + self.counts["rejected"]
        return right / decided if decided else None


@dataclass(frozen=True, slots=True)
class Times:
    """How long it took from the act, in milliseconds; None where there is nothing."""

    count: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a span."""

    total: Line
    offences: Sequence[Line]
    """By offence, most leads first."""
    rules: Sequence[Line]
    """By (rule, site, camera), most leads first."""
    days: Sequence[Line]
    """By day, in their order; only days with leads."""
    receipt: Times
    """Times are of all offences and sites: they tell of the network and of the people, not of a rule."""
    decision: Times
    decision_by_day: Mapping[int, Times]
    stale: bool
    """Whether some days of the span are just being summed anew."""


def read_figures(parts: HubParts, span: Span) -> Figures:
    """The figures of a span."""
    with parts.database.read() as connection:
        days = _by_day(connection, span, figure_days.c.day)
        return Figures(
            total=_sum(days),
            offences=_by_day(connection, span, figure_days.c.offence, most_first=True),
            rules=_by_rule(connection, span),
            days=days,
            receipt=_times(_buckets(connection, span, "receipt")),
            decision=_times(_buckets(connection, span, "decision")),
            decision_by_day={day: _times(found) for day, found in _daily_buckets(connection, span).items()},
            stale=_stale(connection, span),
        )


def _by_day(connection: Connection, span: Span, by: sa.ColumnElement[Any], *, most_first: bool = False) -> list[Line]:
    days = figure_days.c
    return _lines(connection, [*_of(days, span), days.day.between(span.first, span.last)], days, [by], most_first)


def _by_rule(connection: Connection, span: Span) -> list[Line]:
    """By rule and camera: whole months by their sums, the days before and after one by one."""
    f, (first, last) = figures.c, _whole_months(span)
    of_months = sa.and_(f.span == MONTH, f.day.between(first, last))
    around = ((span.first, first - 1), (last + 1, span.last))
    of_days = [sa.and_(f.span == DAY, f.day.between(a, b)) for a, b in around if a <= b]
    wanted = [*_of(f, span), sa.or_(of_months, *of_days)]
    return _lines(connection, wanted, f, [f.rule_id, f.site_id, f.camera_id], most_first=True)


def _whole_months(span: Span) -> tuple[int, int]:
    """The first and last day of the whole months of a span; where it has none, the empty span that begins with it."""
    first, end = month_of(span.first)
    if first < span.first:
        first = end + 1
    last = month_of(span.last)[0] - 1 if month_of(span.last)[1] > span.last else span.last
    return (first, last) if first <= last else (span.first, span.first - 1)


def _of(columns: Any, span: Span) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if span.offence:
        conditions.append(columns.offence == span.offence)
    if span.site:
        conditions.append(columns.site_id == span.site)
    return conditions


def _lines(
    connection: Connection,
    wanted: Sequence[sa.ColumnElement[bool]],
    columns: Any,
    by: Sequence[sa.ColumnElement[Any]],
    most_first: bool,
) -> list[Line]:
    sums = [sa.func.sum(columns[word]).label(word) for word in OUTCOMES]
    rows = connection.execute(sa.select(*by, *sums).where(*wanted).group_by(*by).order_by(*by)).fetchall()
    lines = [
        Line(tuple(str(value) for value in row[: len(by)]), {word: int(row._mapping[word]) for word in OUTCOMES})
        for row in rows
    ]
    return sorted(lines, key=lambda line: -line.leads) if most_first else lines


def _sum(lines: Sequence[Line]) -> Line:
    return Line((), {word: sum(line.counts[word] for line in lines) for word in OUTCOMES})


def _buckets(connection: Connection, span: Span, what: str) -> dict[int, int]:
    total = sa.func.sum(figure_times.c.count)
    rows = connection.execute(
        sa.select(figure_times.c.bucket, total)
        .where(figure_times.c.day.between(span.first, span.last), figure_times.c.what == what)
        .group_by(figure_times.c.bucket)
    )
    return {bucket: int(count) for bucket, count in rows}


def _daily_buckets(connection: Connection, span: Span) -> dict[int, dict[int, int]]:
    rows = connection.execute(
        sa.select(figure_times.c.day, figure_times.c.bucket, figure_times.c.count).where(
            figure_times.c.day.between(span.first, span.last), figure_times.c.what == "decision"
        )
    )
    daily: dict[int, dict[int, int]] = {}
    for day, bucket, count in rows:
        daily.setdefault(day, {})[bucket] = count
    return daily


def _times(buckets: dict[int, int]) -> Times:
    return Times(sum(buckets.values()), quantile_ms(buckets, 0.5), quantile_ms(buckets, 0.95))


def _stale(connection: Connection, span: Span) -> bool:
    found = connection.execute(
        sa.select(stale_days.c.day).where(stale_days.c.day.between(span.first, span.last)).limit(1)
    )
    return found.first() is not None


def sites_of(parts: HubParts) -> list[str]:
    """All sites that ever sent a lead, by name."""
    with parts.database.read() as connection:
        return [
            site
            for site in connection.execute(
                sa.select(figure_days.c.site_id).distinct().order_by(figure_days.c.site_id)
            ).scalars()
            if site
        ]
