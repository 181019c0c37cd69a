"""A damaged outbox is made anew: the damaged files are kept, every row that can still be read is saved."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from edge import outbox_file
from edge.durable import sync_folder
from edge.outbox_file import FileLock, OutboxDamagedError, companions, meaning
from edge.outbox_rows import COLUMNS, COLUMNS_1, Row, is_whole

log = logging.getLogger(__name__)
_UNREADABLE: Final = (sqlite3.DatabaseError, UnicodeDecodeError)
_PROBES_BEYOND: Final = 4096
"""How many numbers are tried beyond the last readable row when the highest one cannot be read."""


def salvage(path: Path, damage: OutboxDamagedError, now: datetime) -> int:
    """Put a new outbox in the place of a damaged one and save what can be read; returns the rows saved.

    The damaged files are kept as `NAME.damaged-TIME`. Raises OutboxFullError when there is no space; then the
    damaged files lie where they were.
    """
    lock = FileLock(path)
    try:
        with meaning(path):
            saved, head = _build_anew(path)
            aside = _set_aside(path, now)
            for companion in companions(path):
                companion.unlink(missing_ok=True)
            _draft(path).replace(path)
            sync_folder(path.parent)
    finally:
        lock.release()
    log.error(
        "%s. Saved %d rows and %s; the damaged file is kept as %s",
        damage,
        saved,
        "the chain's head" if head else "not the chain's head",
        aside,
    )
    return saved


def _draft(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _build_anew(path: Path) -> tuple[int, bool]:
    """Write a new outbox beside the damaged one out of what a copy of it still gives."""
    _draft(path).unlink(missing_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as work,
        closing(sqlite3.connect(_draft(path), isolation_level=None)) as new,
    ):
        outbox_file.write_tables(new)
        copy = Path(work) / path.name
        for source, target in zip((path, companions(path)[0]), (copy, companions(copy)[0]), strict=True):
            if source.exists():
                shutil.copyfile(source, target)
        with closing(sqlite3.connect(copy, isolation_level=None)) as old:
            old.execute("PRAGMA cell_size_check=ON")
            old.execute("PRAGMA writable_schema=ON")  # else SQLite reads nothing of a file cut short
            new.execute("BEGIN")
            saved = sum(_insert(new, row) for row in _readable_rows(old) if is_whole(row))
            head = _copy_head(old, new)
            new.execute("COMMIT")
    return saved, head


def _insert(new: sqlite3.Connection, row: Row) -> int:
    marks = ", ".join("?" * len(row))
    return new.execute(f"INSERT OR IGNORE INTO leads ({COLUMNS}) VALUES ({marks})", row).rowcount


def _readable_rows(old: sqlite3.Connection) -> Iterator[Row]:
    """All rows that can be read, walking on behind the first damage and then trying number by number."""
    last = 0
    columns = _columns_of(old)
    try:
        for row in old.execute(f"SELECT {columns} FROM leads NOT INDEXED ORDER BY seq"):
            last = row[0]
            yield row
    except _UNREADABLE as error:
        log.debug("outbox unreadable behind row %d: %s", last, error)
    else:
        return
    for seq in range(last + 1, _highest(old, last) + 1):
        with suppress(*_UNREADABLE):
            yield from old.execute(f"SELECT {columns} FROM leads NOT INDEXED WHERE seq = ?", (seq,))


def _columns_of(old: sqlite3.Connection) -> str:
    """What to ask for so that rows come in the order of `COLUMNS`, whatever version the file is of."""
    try:
        old.execute(f"SELECT {COLUMNS} FROM leads LIMIT 0")
    except _UNREADABLE as error:
        if "no such column" in str(error):
            return f"{COLUMNS_1}, NULL, NULL, NULL"
    return COLUMNS


def _highest(old: sqlite3.Connection, last: int) -> int:
    for statement in (
        "SELECT seq FROM sqlite_sequence WHERE name = 'leads'",
        "SELECT seq FROM leads NOT INDEXED ORDER BY seq DESC LIMIT 1",
    ):
        with suppress(*_UNREADABLE):
            found = old.execute(statement).fetchone()
            if found is not None and isinstance(found[0], int):
                return min(max(found[0], last), last + 10_000_000)
    return last + _PROBES_BEYOND


def _copy_head(old: sqlite3.Connection, new: sqlite3.Connection) -> bool:
    with suppress(*_UNREADABLE):
        for row in old.execute("SELECT id, seq, hash FROM chain"):
            new.execute("INSERT INTO chain (id, seq, hash) VALUES (?, ?, ?)", row)
            return True
    return False


def _set_aside(path: Path, now: datetime) -> Path:
    """Keep the damaged files under a name with the time; a link, so that a power cut loses none of them."""
    stem = f"{path.name}.damaged-{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z"
    aside = path.with_name(stem)
    for source in (path, *companions(path)):
        if source.exists():
            target = path.with_name(source.name.replace(path.name, stem, 1))
            if not target.exists():
                os.link(source, target)
    return aside
