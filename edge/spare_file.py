"""A SQLite file that the box can do without: no fault of it ends the box, and what it held comes again by itself.

Damaged, it is begun anew; without space, what is new is left out; in both cases the caller is told by one kind of error
and goes on. One connection writes and one reads (WAL), so that no reader waits for a writer or for the disk's cache.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from edge.outbox_file import companions, transaction

log = logging.getLogger(__name__)
_MAGIC: Final = b"SQLite format 3\0"
_APPLICATION_ID_AT: Final = slice(68, 72)
"""Bytes of the header, see https://www.sqlite.org/fileformat2.html#database_header."""
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""The last is told of statements that do not fit the tables: ours fit those of a whole file."""


class SpareFileError(Exception):
    """The file cannot be read or written now; the text names it, and the remedy."""


class SpareFileDamageError(Exception):
    """What was read out of the file is not what was written; raise it while reading to have the file begun anew."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What sort of file it is."""

    name: str
    """For people, with its article."""
    tables: str
    application_id: int
    """In the file's header: tells it from any other."""
    synchronous: Literal["NORMAL", "FULL"]
    refilled: str
    """How what it held comes again."""
    version: int = 1


class SpareFile:
    """One file. `reading` and `writing` may be used by any thread; both raise SpareFileError."""

    def __init__(self, path: Path, kind: Kind) -> None:
        """Open the file, or make it. What goes wrong is told by the first use, which tries again."""
        self.path = path
        self._kind = kind
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._damage: str | None = None
        self._cause = ""
        """Why it cannot be used, as was said last."""
        self.begun_anew = 0
        """Times that it was damaged."""
        with suppress(SpareFileError), self.writing():
            pass

    def close(self) -> None:
        """Close the file."""
        with self._write_lock:
            self._close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection that reads."""
        with self._read_lock:
            if self._reader is None or self._damage is not None:
                raise SpareFileError(self._cause)
            try:
                yield self._reader
            except (sqlite3.DatabaseError, SpareFileDamageError) as error:
                raise self._told(error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; opens the file where it is not, and begins it anew where it is damaged."""
        with self._write_lock:
            try:
                if self._damage is not None:
                    self._begin_anew()
                if self._writer is None:
                    self._open()
                assert self._writer is not None
                with transaction(self._writer) as db:
                    yield db
            except (sqlite3.DatabaseError, SpareFileDamageError, OSError) as error:
                raise self._told(error) from error

    def _told(self, error: Exception) -> SpareFileError:
        """The error for the caller; damage is noted for the next writer, who begins the file anew."""
        code = getattr(error, "sqlite_errorcode", None)
        if isinstance(error, SpareFileDamageError) or (code is not None and code & 0xFF in _DAMAGED):
            self._damage = str(error)
            self._cause = f"{self._kind.name} {self.path} is damaged ({error})"
        else:
            self._cause = f"{self._kind.name} {self.path} cannot be used ({error}): check space and rights there"
        return SpareFileError(self._cause)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        writer = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            self._prepare(writer)
            reader = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=1.0)
        except BaseException:
            writer.close()
            raise
        reader.execute("PRAGMA query_only=ON")
        with self._read_lock:
            self._writer, self._reader = writer, reader

    def _prepare(self, db: sqlite3.Connection) -> None:
        kind = self._kind
        empty = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
        if not empty and db.execute("PRAGMA application_id").fetchone()[0] != kind.application_id:
            raise OSError(f"it is another kind of file: name another place for {kind.name}")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA synchronous={kind.synchronous}")
        # What is deleted, plates for instance, is not to be found in the file any longer.
        db.execute("PRAGMA secure_delete=ON")
        if empty:
            with transaction(db):
                for statement in kind.tables.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id={kind.application_id}")
                db.execute(f"PRAGMA user_version={kind.version}")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version != kind.version:
            raise SpareFileDamageError(f"it is of version {version}, not {kind.version}")

    def _close(self) -> None:
        with self._read_lock:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._writer = self._reader = None

    def _begin_anew(self) -> None:
        """Delete the damaged file, or keep it under another name where it may not be ours."""
        self._close()
        if _application_id(self.path) == self._kind.application_id:
            self.path.unlink()
            what = "it is deleted"
        elif self.path.exists():
            aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
            self.path.rename(aside)
            what = f"it is kept as {aside}"
        else:
            what = "it is gone"
        for companion in companions(self.path):
            companion.unlink(missing_ok=True)
        log.error(
            "%s %s was damaged (%s): %s and begun anew; %s",
            self._kind.name,
            self.path,
            self._damage,
            what,
            self._kind.refilled,
        )
        self._damage = None
        self.begun_anew += 1


def _application_id(path: Path) -> int | None:
    """Of a SQLite file, by its header; None of any other, or where there is none."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return None
    if not header.startswith(_MAGIC) or len(header) < 100:
        return None
    return int.from_bytes(header[_APPLICATION_ID_AT], "big")
