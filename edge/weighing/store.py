"""The file of weighings: a record is kept from its arrival on, over power cuts, with what became of it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, Self

from edge.outbox_file import transaction
from leads import WeighRecord, decode, encode, format_time, parse_time

log = logging.getLogger(__name__)

State = Literal["waiting", "matched", "unmatched"]
FILE: Final = "file"
"""Source of records that stand in a file: they wait anew at every start, as their video is looked at anew."""

_APPLICATION_ID: Final = 0x4C53_5747
"""`LSWG`, in the file's header."""
_VERSION: Final = 1
_TABLES: Final = """
CREATE TABLE records (
    device_id TEXT NOT NULL,
    pass_id TEXT NOT NULL,
    weighed_at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    source TEXT NOT NULL,
    payload BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'matched', 'unmatched')),
    passage_id TEXT,
    confidence REAL,
    why TEXT NOT NULL DEFAULT '',
    lead_id TEXT,
    PRIMARY KEY (device_id, pass_id)
) STRICT;
CREATE INDEX records_waiting ON records (state) WHERE state = 'waiting';
CREATE INDEX records_times ON records (weighed_at);
CREATE TABLE passages (
    device_id TEXT NOT NULL,
    passage_id TEXT NOT NULL,
    lane TEXT NOT NULL,
    crossed_at TEXT NOT NULL,
    confidence REAL NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (device_id, passage_id)
) STRICT;
CREATE TABLE scales (
    device_id TEXT PRIMARY KEY,
    last_serial INTEGER,
    lost INTEGER NOT NULL DEFAULT 0,
    clock_off_s REAL
) STRICT;
"""


class WeighStoreError(Exception):
    """The file of weighings cannot be used now; the text names it and the remedy."""


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record and what became of it."""

    record: WeighRecord
    state: State
    source: str
    passage_id: str | None
    confidence: float | None
    why: str
    lead_id: str | None


@dataclass(frozen=True, slots=True)
class UnweighedPassage:
    """A vehicle that drove over a scale, and no record of it came."""

    device_id: str
    passage_id: str
    lane: str
    crossed_at: datetime
    confidence: float
    why: str


@dataclass(frozen=True, slots=True)
class ScaleMemory:
    """What is remembered of a scale."""

    lost: int = 0
    """Records that were never received, by the gaps in their serial numbers."""
    clock_off_s: float | None = None
    """By how much its clock was ahead of the cameras' when last known."""


class WeighStore:
    """A SQLite file (WAL, synchronous=FULL); its methods may be called by any thread and raise WeighStoreError."""

    def __init__(self, path: Path) -> None:
        """Open the file or make it; a damaged one is set aside, and said to be."""
        self.path = path
        self._mutex = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = _connect(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise WeighStoreError(f"cannot open {path}: {error}; check its folder and the rights on it") from None
            aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
            path.rename(aside)
            for rest in ("-wal", "-shm"):
                path.with_name(path.name + rest).unlink(missing_ok=True)
            log.error("%s was damaged (%s): kept as %s; a new one is begun", path, error, aside.name)
            self._db = _connect(path)

    def close(self) -> None:
        """Close the file."""
        with self._mutex:
            self._db.close()

    def __enter__(self) -> Self:
        """Use as a context manager: closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def put(self, record: WeighRecord, source: str, at: datetime, *, unmatched: str = "") -> bool:
        """Keep a record, waiting unless it is said why it is `unmatched`; durable on return.

        False for one that was there before (same scale, same pass_id).
        """
        with self._writing() as db:
            return _put(db, record, source, at, unmatched)

    def held(self, device_id: str, pass_id: str) -> WeighRecord | None:
        """The record that is kept of a pass, if there is one."""
        rows = self._rows("SELECT payload FROM records WHERE device_id = ? AND pass_id = ?", device_id, pass_id)
        return decode(WeighRecord, rows[0][0]) if rows else None

    def put_all(self, records: Sequence[WeighRecord], source: str, at: datetime) -> list[WeighRecord]:
        """Keep many at once; those that were not there before."""
        with self._writing() as db:
            return [record for record in records if _put(db, record, source, at, "")]

    def waiting(self) -> list[WeighRecord]:
        """Records that wait for their vehicle, but for those of files, which come anew."""
        rows = self._rows("SELECT payload FROM records WHERE state = 'waiting' AND source <> ?", FILE)
        return [decode(WeighRecord, payload) for (payload,) in rows]

    def settle(
        self,
        matched: Sequence[tuple[WeighRecord, str, float]] = (),
        unmatched: Sequence[tuple[WeighRecord, str]] = (),
        unweighed: Sequence[UnweighedPassage] = (),
        clocks: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """Note what became of records (with passage and confidence, or why not) and of vehicles without one.

        `clocks`: by how many seconds scales' clocks are ahead.
        """
        with self._writing() as db:
            db.executemany(
                "UPDATE records SET state = 'matched', passage_id = ?, confidence = ?, why = ''"
                " WHERE device_id = ? AND pass_id = ?",
                [(passage, sure, r.scale.device_id, r.pass_id) for r, passage, sure in matched],
            )
            db.executemany(
                "UPDATE records SET state = 'unmatched', why = ? WHERE device_id = ? AND pass_id = ?",
                [(why, r.scale.device_id, r.pass_id) for r, why in unmatched],
            )
            db.executemany(
                "INSERT OR REPLACE INTO passages VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (u.device_id, u.passage_id, u.lane, format_time(u.crossed_at), u.confidence, u.why)
                    for u in unweighed
                ],
            )
            db.executemany(
                "INSERT INTO scales (device_id, clock_off_s) VALUES (?1, ?2)"
                " ON CONFLICT (device_id) DO UPDATE SET clock_off_s = ?2",
                list(clocks.items()),
            )

    def lead_made(self, passage_id: str, lead_id: str) -> None:
        """Note that a lead was made of the vehicle that a record belongs to."""
        with self._writing() as db:
            db.execute("UPDATE records SET lead_id = ? WHERE passage_id = ?", (lead_id, passage_id))

    def records(self, state: State | None = None, limit: int = 1000) -> list[KeptRecord]:
        """The newest records, newest first."""
        rows = self._rows(
            "SELECT payload, state, source, passage_id, confidence, why, lead_id FROM records"
            " WHERE ?1 IS NULL OR state = ?1 ORDER BY weighed_at DESC, pass_id DESC LIMIT ?2",
            state,
            limit,
        )
        return [KeptRecord(decode(WeighRecord, payload), *rest) for payload, *rest in rows]

    def unweighed(self, limit: int = 1000) -> list[UnweighedPassage]:
        """The newest vehicles without a record, newest first."""
        rows = self._rows("SELECT * FROM passages ORDER BY crossed_at DESC, passage_id DESC LIMIT ?", limit)
        return [UnweighedPassage(d, p, lane, parse_time(at), sure, why) for d, p, lane, at, sure, why in rows]

    def memory(self, device_id: str) -> ScaleMemory:
        """What is remembered of a scale."""
        rows = self._rows("SELECT lost, clock_off_s FROM scales WHERE device_id = ?", device_id)
        return ScaleMemory(*rows[0]) if rows else ScaleMemory()

    def prune(self, before: datetime) -> int:
        """Forget settled records and vehicles without one that are older; how many. Those of leads stay."""
        moment = format_time(before)
        with self._writing() as db:
            old = db.execute(
                "DELETE FROM records WHERE weighed_at < ? AND state <> 'waiting' AND lead_id IS NULL", (moment,)
            )
            return old.rowcount + db.execute("DELETE FROM passages WHERE crossed_at < ?", (moment,)).rowcount

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._mutex, self._meaning(), transaction(self._db) as db:
            yield db

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._mutex, self._meaning():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise WeighStoreError(f"{self.path} cannot be used: {error}; check the disk and its free space") from error


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        version, kind = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id"))
        if version == 0 and kind == 0 and not db.execute("SELECT 1 FROM sqlite_schema").fetchone():
            header = f"PRAGMA application_id={_APPLICATION_ID}; PRAGMA user_version={_VERSION};"
            db.executescript(f"BEGIN; {_TABLES} {header} COMMIT;")
        elif (version, kind) != (_VERSION, _APPLICATION_ID):
            raise WeighStoreError(f"{path} is no file of weighings, or of a newer Lushao: move it away, or run that")
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    except BaseException:
        db.close()
        raise
    return db


def _put(db: sqlite3.Connection, record: WeighRecord, source: str, at: datetime, unmatched: str) -> bool:
    device, payload = record.scale.device_id, encode(record)
    done = db.execute(
        "INSERT INTO records (device_id, pass_id, weighed_at, received_at, source, payload, state, why)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            device,
            record.pass_id,
            format_time(record.weighed_at),
            format_time(at),
            source,
            payload,
            "unmatched" if unmatched else "waiting",
            unmatched,
        ),
    )
    if done.rowcount and record.serial is not None:
        _count_serial(db, device, record.serial)
    if not done.rowcount and source == FILE:
        done = db.execute(
            "UPDATE records SET state = 'waiting', passage_id = NULL, confidence = NULL, why = '', payload = ?"
            " WHERE device_id = ? AND pass_id = ? AND source = ?",
            (payload, device, record.pass_id, FILE),
        )
    return done.rowcount > 0


_RESTARTED = 1000
"""A serial number so much smaller than the last one, or a 1, is of a scale that counts anew."""


def _count_serial(db: sqlite3.Connection, device_id: str, serial: int) -> None:
    """Count the records that a gap in the serial numbers shows to be lost; one that comes late fills its gap."""
    row = db.execute("SELECT last_serial, lost FROM scales WHERE device_id = ?", (device_id,)).fetchone()
    last, lost = row if row else (None, 0)
    if last is None or serial <= 1 or serial < last - _RESTARTED:
        last = serial
    elif serial > last:
        last, lost = serial, lost + serial - last - 1
    else:
        lost = max(lost - 1, 0)
    db.execute(
        "INSERT INTO scales (device_id, last_serial, lost) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (device_id) DO UPDATE SET last_serial = ?2, lost = ?3",
        (device_id, last, lost),
    )
