"""Case numbers: one series per local year, without gaps."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from hub.store.audit import Books
from hub.store.rows import put
from hub.store.tables import case_numbers


def next_case_number(books: Books, pattern: str, timezone: str) -> str:
    """The next number of the year in which the step is taken; given only if the transaction ends well."""
    year = datetime.fromtimestamp(books.at_ms / 1000, ZoneInfo(timezone)).year
    last = books.connection.execute(sa.select(case_numbers.c.last).where(case_numbers.c.year == year)).scalar() or 0
    put(books.connection, case_numbers, [{"year": year, "last": last + 1}], ["last"])
    return pattern.format(year=year, number=last + 1)
