"""The file a register is kept in: SQLite, written once as a whole, then only read."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.registry.entries import Complete
from edge.registry.protocol import RegistryError
from leads.base import UtcMs

APPLICATION_ID: Final = 0x4C53_5247
"""`LSRG`, in the file's header: tells a register from any other SQLite file."""
VERSION: Final = 1
"""Version of the tables, in `user_version`."""
_STEP_BYTES: Final = 1 << 17
TABLES: Final = """
CREATE TABLE about (json TEXT NOT NULL) STRICT;
CREATE TABLE vehicles (
    plate TEXT NOT NULL,
    plate_type TEXT NOT NULL,
    line INTEGER NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (plate, plate_type)
) STRICT;
CREATE TABLE waybills (
    plate TEXT NOT NULL,
    plate_type TEXT NOT NULL,
    number TEXT NOT NULL,
    un TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    line INTEGER NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (plate, plate_type, number, un)
) STRICT;
"""
Declared: TypeAlias = Literal[Complete, "waybills"]
"""What a register may be declared complete for: permits of a kind of transport, or waybills of dangerous goods."""


class Sheet(BaseModel):
    """A CSV file that went into a register."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    sha256: str
    rows: int
    """Good rows of it."""
    entries: int
    """Vehicles or waybills that came of them."""


class About(BaseModel):
    """What a register's file says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    as_of: UtcMs
    """How new the data are."""
    imported_at: UtcMs
    complete_for: tuple[Declared, ...]
    vehicles: Sheet | None
    """None where it holds waybills alone."""
    waybills: Sheet | None


def create(path: Path) -> sqlite3.Connection:
    """Make an empty file for writing, without a journal: a file that was not finished is never used."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-131072; {TABLES}"
        f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={VERSION}; BEGIN;"
    )
    return connection


def is_register(path: Path) -> bool:
    """Whether a file is a register, of any version, by its header (SQLite file format, 1.3)."""
    with path.open("rb") as file:
        header = file.read(100)
    return header.startswith(b"SQLite format 3\0") and header[68:72] == APPLICATION_ID.to_bytes(4, "big")


def finish(connection: sqlite3.Connection, about: About) -> None:
    """Write what it says of itself, and close it."""
    connection.execute("INSERT INTO about VALUES (?)", (about.model_dump_json(),))
    connection.execute("COMMIT")
    connection.close()


def open_store(path: Path) -> tuple[sqlite3.Connection, About]:
    """Open a register's file for reading in any one thread at a time. Raises RegistryError with the remedy."""
    if not path.is_file():
        raise RegistryError(f"no register {path}: make it with `lushao edge registry import`")
    try:
        with path.open("rb") as file:
            header = file.read(100)
            size = os.fstat(file.fileno()).st_size
            _read_ahead(file.fileno(), size)
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False)
    except (OSError, sqlite3.OperationalError) as error:
        raise RegistryError(f"the register {path} cannot be read ({error}): check the rights on it") from error
    try:
        return connection, _checked(path, connection, header, size)
    except BaseException:
        connection.close()
        raise


def _read_ahead(handle: int, size: int) -> None:
    """Have the system read the file into what memory it has to spare, without waiting for it.

    Linux takes a small piece per request, hence the steps.
    """
    if sys.platform == "linux":
        for start in range(0, size, _STEP_BYTES):
            os.posix_fadvise(handle, start, _STEP_BYTES, os.POSIX_FADV_WILLNEED)


def _checked(path: Path, connection: sqlite3.Connection, header: bytes, size: int) -> About:
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise RegistryError(f"{path} is no register: make one with `lushao edge registry import`")
        if version != VERSION:
            raise RegistryError(f"the register {path} is of version {version}, not {VERSION}: import it anew")
        # Page size and number of pages stand in the header (SQLite file format, 1.3): a cut copy is shorter.
        page = int.from_bytes(header[16:18], "big")
        if size != int.from_bytes(header[28:32], "big") * (65536 if page == 1 else page):
            raise RegistryError(f"the register {path} is cut short: copy or import it anew")
        return About.model_validate_json(connection.execute("SELECT json FROM about").fetchone()[0])
    except (sqlite3.DatabaseError, ValidationError, TypeError) as error:
        raise RegistryError(f"the register {path} is damaged ({error}): import it anew") from error
