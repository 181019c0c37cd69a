"""The watch list on disk: a SQLite file with the newest revision of each shard, read by plate."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from edge.plate_codes import normal_plate
from edge.spare_file import Kind, SpareFile, SpareFileDamageError
from leads import Colour, WatchEntry, WatchList, format_time, parse_time

KIND: Final = Kind(
    name="the watch list",
    tables="""
CREATE TABLE shards (
    shard TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    issued_at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    shard TEXT NOT NULL,
    plate TEXT NOT NULL,
    colour TEXT NOT NULL,
    entry TEXT NOT NULL
) STRICT;
CREATE INDEX entries_plate ON entries (plate);
CREATE INDEX entries_shard ON entries (shard, colour)
""",
    application_id=0x4C53_574C,  # LSWL
    synchronous="FULL",
    refilled="the hub's list comes again with the next connection to the broker, and until then there is none",
)

_STATE: Final = "shard, revision, issued_at, received_at, sha256"


@dataclass(frozen=True, slots=True)
class ShardState:
    """What is held of one shard."""

    shard: str
    revision: int
    issued_at: datetime
    received_at: datetime
    sha256: str
    """Of the message it came in."""
    entries: dict[Colour, int] = field(default_factory=dict)
    """How many of each colour, where they were counted."""


class WatchFile:
    """The file. All methods raise SpareFileError; any thread may call them."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._file = SpareFile(path, KIND)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def begun_anew(self) -> int:
        """Times that the file was damaged, and with it the list lost."""
        return self._file.begun_anew

    def put(self, message: WatchList, sha256: str, received_at: datetime) -> None:
        """Put a shard in the place of the one before, wholly or not at all; durable on return."""
        rows = [(message.shard, normal_plate(e.plate), e.colour, e.model_dump_json()) for e in message.entries]
        about = (message.shard, message.revision, format_time(message.issued_at), format_time(received_at), sha256)
        with self._file.writing() as db:
            db.execute("DELETE FROM entries WHERE shard = ?", (message.shard,))
            db.executemany("INSERT INTO entries (shard, plate, colour, entry) VALUES (?, ?, ?, ?)", rows)
            db.execute("INSERT OR REPLACE INTO shards VALUES (?, ?, ?, ?, ?)", about)

    def entries(self, plates: Collection[str]) -> list[WatchEntry]:
        """The entries under any of these numbers (as `normal_plate` writes them), of whatever type."""
        marks = ", ".join("?" * len(plates))
        with self._file.reading() as db:
            rows = db.execute(f"SELECT plate, entry FROM entries WHERE plate IN ({marks})", tuple(plates)).fetchall()
            return [_read(plate, entry) for plate, entry in rows]

    def plates(self) -> Iterator[str]:
        """All numbers."""
        with self._file.reading() as db:
            for (plate,) in db.execute("SELECT plate FROM entries"):
                yield plate

    def shard(self, shard: str) -> ShardState | None:
        """What is held of one shard, without its entries; None where nothing is."""
        with self._file.reading() as db:
            row = db.execute(f"SELECT {_STATE} FROM shards WHERE shard = ?", (shard,)).fetchone()
            return None if row is None else _state(row)

    def shards(self) -> list[ShardState]:
        """What is held, shard by shard, with its entries counted; it takes a while."""
        with self._file.reading() as db:
            states = {row[0]: _state(row) for row in db.execute(f"SELECT {_STATE} FROM shards ORDER BY shard")}
            for shard, colour, count in db.execute("SELECT shard, colour, count(*) FROM entries GROUP BY 1, 2"):
                states[shard].entries[colour] = count
        return list(states.values())


def _state(row: tuple[str, int, str, str, str]) -> ShardState:
    shard, revision, issued_at, received_at, sha256 = row
    try:
        return ShardState(shard, revision, parse_time(issued_at), parse_time(received_at), sha256)
    except ValueError as error:
        raise SpareFileDamageError(f"the state of shard {shard!r} cannot be read") from error


def _read(plate: str, text: str) -> WatchEntry:
    try:
        entry = WatchEntry.model_validate_json(text)
    except ValidationError as error:
        raise SpareFileDamageError("an entry cannot be read") from error
    if normal_plate(entry.plate) != plate:
        raise SpareFileDamageError("an entry lies under another plate than its own")
    return entry
