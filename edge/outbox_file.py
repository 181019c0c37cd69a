"""The outbox's file: its tables, how it is opened and checked, and what SQLite's errors mean for the box."""

from __future__ import annotations

import errno
import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from edge.durable import sync_folder
from edge.outbox_rows import COLUMNS, is_whole

APPLICATION_ID: Final = 0x4C53_4F42
"""`LSOB`, in the file's header: tells an outbox from any other SQLite file."""
VERSION: Final = 2
"""Version of the tables, in `user_version`. 2 added the plate by which an act is known again, and updates."""

_ADDED_2: Final = """
CREATE INDEX leads_vehicle ON leads (plate, plate_type, rule_id) WHERE plate IS NOT NULL;
CREATE INDEX leads_updates ON leads (of_lead) WHERE of_lead IS NOT NULL;
"""
TABLES: Final = f"""
CREATE TABLE leads (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    lead_id TEXT NOT NULL UNIQUE,
    act_key TEXT NOT NULL UNIQUE,
    occurred_at TEXT NOT NULL,
    added_at TEXT NOT NULL,
    payload BLOB,
    payload_sha256 TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'held', 'refused')),
    settled_at TEXT,
    holds_evidence INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    detail TEXT,
    rule_id TEXT,
    camera TEXT,
    zone TEXT,
    box TEXT,
    seen_at TEXT,
    plate TEXT,
    plate_type TEXT,
    of_lead TEXT
) STRICT;
CREATE INDEX leads_queued ON leads (seq) WHERE state = 'queued';
CREATE INDEX leads_sha256 ON leads (payload_sha256);
CREATE INDEX leads_acts ON leads (rule_id, camera, seen_at);
CREATE TABLE chain (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
{_ADDED_2}"""
_FROM_1: Final = f"""
ALTER TABLE leads ADD COLUMN plate TEXT;
ALTER TABLE leads ADD COLUMN plate_type TEXT;
ALTER TABLE leads ADD COLUMN of_lead TEXT;
{_ADDED_2}"""


class OutboxError(Exception):
    """The outbox cannot be used; the text names the file and the remedy."""


class OutboxDamagedError(OutboxError):
    """The file is damaged, cut short, or no outbox."""


class OutboxFullError(OutboxError):
    """There is no space left; nothing was changed, and it works again once there is space."""


class ChainForkError(OutboxError):
    """A link of the evidence chain is already taken: two links with one number would prove nothing."""


class OutboxBusyError(OutboxError):
    """Another process writes to this outbox."""


_FULL: Final = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE}
)

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""The last is told of statements that do not fit the tables: ours fit those of a whole file."""


@contextmanager
def meaning(path: Path) -> Iterator[None]:
    """Turn SQLite's errors, and a full disk, into errors that name the file and the remedy."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explain(path, error) from error
    except UnicodeDecodeError as error:  # a damaged schema, told in an error message that is no text either
        raise damaged(path, "its tables cannot be read") from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _full(path) from error


def _full(path: Path) -> OutboxFullError:
    return OutboxFullError(f"no space left for the outbox {path}: free some; what it holds is safe")


def _explain(path: Path, error: sqlite3.DatabaseError) -> Exception:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by Python's own layer
        return damaged(path, "a text in it is none") if isinstance(error, sqlite3.OperationalError) else error
    if code in _FULL:
        return _full(path)
    if code & 0xFF in _DAMAGED:
        return damaged(path, str(error))
    if code & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY):
        return OutboxError(f"cannot open the outbox {path} for writing: check its folder and the rights on it")
    if code & 0xFF == sqlite3.SQLITE_IOERR:
        return OutboxError(f"reading or writing the outbox {path} failed ({error}): check the disk")
    return error


def damaged(path: Path, what: str) -> OutboxDamagedError:
    """The error for a damaged file."""
    return OutboxDamagedError(
        f"the outbox {path} is damaged ({what}): start the box (`lushao edge run`), which keeps the "
        "damaged file, saves what is readable and takes the rest from the evidence folders"
    )


class FileLock:
    """Held while a process has the outbox open; the kernel lets go of it even after kill -9."""

    def __init__(self, path: Path) -> None:
        """Take the lock beside `path`. Raises OutboxBusyError when another process holds it."""
        self._file: IO[bytes] = path.with_name(path.name + ".lock").open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise OutboxBusyError(
                f"another process has the outbox {path} open: only one box may write to it; stop the other"
            ) from error

    def release(self) -> None:
        """Let go."""
        self._file.close()


def companions(path: Path) -> tuple[Path, Path]:
    """The two files that SQLite keeps beside its file: the log and its index."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def create(path: Path) -> None:
    """Make an empty outbox, whole or not at all. Raises OutboxDamagedError where an orphaned log lies."""
    if companions(path)[0].exists():
        raise damaged(path, "the file is gone, but its log is there")
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with meaning(path):
        connection = sqlite3.connect(draft, isolation_level=None)
        try:
            write_tables(connection)
        finally:
            connection.close()
        draft.replace(path)
        sync_folder(path.parent)


def write_tables(connection: sqlite3.Connection) -> None:
    """Write the empty tables and the header."""
    connection.executescript(
        f"PRAGMA synchronous=FULL; BEGIN; {TABLES} PRAGMA application_id={APPLICATION_ID};"
        f"PRAGMA user_version={VERSION}; COMMIT;"
    )


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing outbox in WAL mode with full syncing and check it.

    Raises OutboxDamagedError, OutboxFullError or OutboxError.
    """
    with meaning(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            _check_header(connection, path)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            _check_structure(connection, path)
            _upgrade(connection)
            _check_rows(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _check_header(connection: sqlite3.Connection, path: Path) -> None:
    if path.stat().st_size == 0:
        raise damaged(path, "it is empty")
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise damaged(path, "it is another kind of file")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if VERSION < version < 1000:
        raise OutboxError(f"the outbox {path} is of version {version}, not {VERSION}: run the newer Lushao")
    if not 1 <= version <= VERSION:
        raise damaged(path, f"there is no version {version}")


def _upgrade(connection: sqlite3.Connection) -> None:
    """Bring the tables of an older version up to this one, wholly or not at all."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == 1:
        with transaction(connection):
            for statement in _FROM_1.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction: durable at the end, undone on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check_structure(connection: sqlite3.Connection, path: Path) -> None:
    """Check the file's structure and its length: SQLite fills up a last page that was cut short."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise damaged(path, "; ".join(found).replace("\n", " "))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page_size = connection.execute("PRAGMA page_size").fetchone()[0]
    if path.stat().st_size % page_size:
        raise damaged(path, "its last page is cut short")


def _check_rows(connection: sqlite3.Connection, path: Path) -> None:
    """Check every row: SQLite's own check does not see a changed byte in a value."""
    for row in connection.execute(f"SELECT {COLUMNS} FROM leads NOT INDEXED"):
        if not is_whole(row):
            raise damaged(path, f"row {row[0]} is not what was written")
