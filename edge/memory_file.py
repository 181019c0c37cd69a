"""The passage memory on disk: a SQLite file of passes with a sure identity, read by plate, forgotten by age."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from edge.spare_file import Kind, SpareFile, SpareFileDamageError

KIND: Final = Kind(
    name="the passage memory",
    tables="""
CREATE TABLE passes (
    id INTEGER PRIMARY KEY,
    stored INTEGER NOT NULL,
    plate TEXT NOT NULL,
    plate_type TEXT NOT NULL,
    at INTEGER NOT NULL,
    site TEXT NOT NULL,
    camera TEXT NOT NULL,
    place TEXT NOT NULL,
    hub TEXT,
    lon REAL,
    lat REAL,
    vehicle_class TEXT NOT NULL,
    boarded INTEGER NOT NULL,
    passage_id TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX passes_plate ON passes (plate, at, site, camera);
CREATE INDEX passes_stored ON passes (stored)
""",
    application_id=0x4C53_504D,  # LSPM
    # A power cut may cost the last passes, but never damages the file (WAL): enough for a memory, and no commit waits
    # for the disk.
    synchronous="NORMAL",
    refilled="it fills again with every vehicle that passes",
)
ANY_TYPE: Final = ""
"""Plate type of an imported pass whose type was not given."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_COLUMNS: Final = "plate, plate_type, at, site, camera, place, hub, lon, lat, vehicle_class, boarded, passage_id"


@dataclass(frozen=True, slots=True)
class Seen:
    """A pass of a vehicle whose identity is sure."""

    plate: str
    """As `normal_plate` writes it, every character read."""
    plate_type: str
    """GA/T 16.7, two digits; `ANY_TYPE` where it was not given."""
    at: datetime
    """UTC, to the millisecond."""
    site: str
    camera: str
    place: str
    hub: str | None = None
    lon: float | None = None
    lat: float | None = None
    vehicle_class: str = ""
    boarded: int = 0
    passage_id: str = ""


class MemoryFile:
    """The file. All methods raise SpareFileError; any thread may call them."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._file = SpareFile(path, KIND)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def add(self, passes: Iterable[Seen], stored: datetime) -> None:
        """Store passes; one that is stored already changes nothing."""
        rows = [(_ms(stored), *(_ms(v) if isinstance(v, datetime) else v for v in astuple(p))) for p in passes]
        marks = ", ".join("?" * 13)
        with self._file.writing() as db:
            db.executemany(f"INSERT OR IGNORE INTO passes (stored, {_COLUMNS}) VALUES ({marks})", rows)

    def find(self, plate: str, plate_type: str, since: datetime, before: datetime, limit: int) -> list[Seen]:
        """The newest `limit` passes of a vehicle with since <= at < before, newest first."""
        with self._file.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM passes WHERE plate = ? AND at >= ? AND at < ? AND plate_type IN (?, ?)"
                " ORDER BY at DESC LIMIT ?",
                (plate, _ms(since), _ms(before), plate_type, ANY_TYPE, limit),
            ).fetchall()
            return [_seen(row) for row in rows]

    def forget(self, stored_before: datetime, limit: int) -> int:
        """Delete at most `limit` passes that were stored before then; tells how many it were.

        By when they were stored, not by when they happened: a neighbour's wrong clock, or a film of last year, neither
        keeps a pass for longer nor forgets it sooner.
        """
        with self._file.writing() as db:
            cursor = db.execute(
                "DELETE FROM passes WHERE id IN (SELECT id FROM passes WHERE stored < ? LIMIT ?)",
                (_ms(stored_before), limit),
            )
            return cursor.rowcount


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MS


def _seen(row: tuple[Any, ...]) -> Seen:
    try:
        return Seen(row[0], row[1], _EPOCH + row[2] * _MS, *row[3:])
    except (OverflowError, TypeError) as error:
        raise SpareFileDamageError("a pass cannot be read") from error
