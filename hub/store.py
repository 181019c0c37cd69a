"""The store: what the hub holds. Nothing is receipted before it is committed here."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from hub.intake import Fault, Judged
from leads import LEAD_MAX_BYTES, Lead, LeadUpdate, decode, format_time, parse_time

_APPLICATION_ID: Final = 0x4C53_4855
"""`LSHU`, in the file's header."""
_VERSION: Final = 2
"""2 added the updates."""
_UPDATES: Final = """
CREATE TABLE updates (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    update_id TEXT NOT NULL UNIQUE,
    lead_id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    box_id TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    payload BLOB NOT NULL,
    payload_sha256 TEXT NOT NULL UNIQUE,
    times_received INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX updates_lead ON updates (lead_id);
"""
_TABLES: Final = f"""
CREATE TABLE leads (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    lead_id TEXT NOT NULL UNIQUE,
    site_id TEXT NOT NULL,
    box_id TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    payload BLOB NOT NULL,
    payload_sha256 TEXT NOT NULL UNIQUE,
    times_received INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX leads_occurred ON leads (occurred_at);
CREATE TABLE refused (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    site_id TEXT NOT NULL,
    box_id TEXT NOT NULL,
    lead_id TEXT,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload BLOB NOT NULL,
    payload_sha256 TEXT NOT NULL,
    received_at TEXT NOT NULL,
    times_received INTEGER NOT NULL DEFAULT 1,
    UNIQUE (payload_sha256, reason, site_id, box_id)
) STRICT;
{_UPDATES}"""


class StoreError(Exception):
    """The store cannot be used, now or at all; the text names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class Held:
    """What became of one message, committed."""

    judged: Judged
    stored_at: datetime
    """When the hub first committed it."""
    fault: Fault | None
    """Why it was refused; None when the hub holds it."""
    duplicate: bool
    """Whether the hub held it before."""


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message that was refused."""

    site_id: str
    box_id: str
    lead_id: str | None
    reason: str
    detail: str
    received_at: datetime
    times_received: int
    payload: bytes
    """Its bytes, up to the largest size of a lead."""


def _refused_message(row: tuple[Any, ...]) -> RefusedMessage:
    site_id, box_id, lead_id, reason, detail, received_at, times, payload = row
    return RefusedMessage(site_id, box_id, lead_id, reason, detail, parse_time(received_at), times, payload)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class HubStore:
    """A SQLite file (WAL, synchronous=FULL); several processes may share it on one machine."""

    def __init__(
        self,
        path: Path,
        *,
        refused_kept: int = 100_000,
        busy_timeout_s: float = 10.0,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Open the store, or make it. Waits `busy_timeout_s` for another process that writes. Raises StoreError."""
        self.path = path
        self._refused_kept = refused_kept
        self._clock = clock
        self._mutex = threading.Lock()
        with self._meaning():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=busy_timeout_s)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        with self._begun():
            application = self._db.execute("PRAGMA application_id").fetchone()[0]
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            empty = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
            if empty and application == 0:
                self._make(_TABLES)
            elif (application, version) == (_APPLICATION_ID, 1):
                self._make(_UPDATES)
            elif (application, version) != (_APPLICATION_ID, _VERSION):
                raise StoreError(f"{self.path} is no store of this version of the hub: name another file")

    def _make(self, tables: str) -> None:
        for statement in tables.split(";"):
            self._db.execute(statement)
        self._db.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        self._db.execute(f"PRAGMA user_version={_VERSION}")

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

    def take(self, batch: Sequence[Judged]) -> list[Held]:
        """Commit a batch, durable on return, and tell what became of each message, in order.

        A lead held already is not stored again; the same id with other bytes is refused. An update is kept whether
        its lead is there yet or not; the first of one id counts, whatever the bytes of a later one. Raises
        StoreError, with nothing changed, when the disk is full or the file is locked for long.
        """
        with self._mutex, self._meaning(), self._begun():
            now = self._clock()
            held = [self._take_one(judged, now) for judged in batch]
            self._db.execute(
                "DELETE FROM refused WHERE seq <= (SELECT max(seq) FROM refused) - ?", (self._refused_kept,)
            )
        return held

    def _take_one(self, judged: Judged, now: datetime) -> Held:
        held_since = self._count_again(judged)
        if held_since is not None:  # held before: true whatever has become of the box's key since
            return Held(judged, held_since, None, duplicate=True)
        fault = judged.fault
        if isinstance(judged.lead, LeadUpdate):
            return self._take_update(judged, judged.lead, now)
        if judged.lead is not None:
            if self._insert(judged, judged.lead, now):
                return Held(judged, now, None, duplicate=False)
            fault = Fault(
                "id_conflict", "the hub holds another lead of this id; the same act was reported before, otherwise"
            )
        assert fault is not None
        return self._refuse(judged, fault, now)

    def _count_again(self, judged: Judged) -> datetime | None:
        """Count one more coming of a message that is held; since when it is, or None."""
        for table in ("leads", "updates"):
            row = self._db.execute(
                f"UPDATE {table} SET times_received = times_received + 1"
                " WHERE payload_sha256 = ? AND site_id = ? AND box_id = ? RETURNING received_at",
                (judged.payload_sha256, judged.address.site_id, judged.address.box_id),
            ).fetchone()
            if row is not None:
                return parse_time(row[0])
        return None

    def _take_update(self, judged: Judged, update: LeadUpdate, now: datetime) -> Held:
        """Keep an update; a box that lost its outbox may number its repeats anew, which makes no second sighting."""
        row = self._db.execute(
            "INSERT INTO updates (update_id, lead_id, site_id, box_id, occurred_at, received_at, payload,"
            " payload_sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (update_id)"
            " DO UPDATE SET times_received = times_received + 1"
            " WHERE site_id = excluded.site_id AND box_id = excluded.box_id RETURNING received_at, times_received",
            (
                update.update_id,
                update.lead_id,
                update.site_id,
                update.box_id,
                format_time(update.occurred_at),
                format_time(now),
                judged.payload,
                judged.payload_sha256,
            ),
        ).fetchone()
        if row is None:
            return self._refuse(judged, Fault("id_conflict", "another box sent an update of this id"), now)
        return Held(judged, parse_time(row[0]), None, duplicate=row[1] > 1)

    def _insert(self, judged: Judged, lead: Lead, now: datetime) -> bool:
        cursor = self._db.execute(
            "INSERT INTO leads (lead_id, site_id, box_id, occurred_at, received_at, payload, payload_sha256)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (lead_id) DO NOTHING",
            (
                lead.lead_id,
                lead.site_id,
                lead.box_id,
                format_time(lead.occurred_at),
                format_time(now),
                judged.payload,
                judged.payload_sha256,
            ),
        )
        return cursor.rowcount == 1

    def _refuse(self, judged: Judged, fault: Fault, now: datetime) -> Held:
        row = self._db.execute(
            "INSERT INTO refused (site_id, box_id, lead_id, reason, detail, payload, payload_sha256, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (payload_sha256, reason, site_id, box_id)"
            " DO UPDATE SET times_received = times_received + 1 RETURNING received_at, times_received",
            (
                judged.address.site_id,
                judged.address.box_id,
                judged.lead_id,
                fault.reason,
                fault.detail,
                judged.payload[:LEAD_MAX_BYTES],
                judged.payload_sha256,
                format_time(now),
            ),
        ).fetchone()
        return Held(judged, parse_time(row[0]), fault, duplicate=row[1] > 1)

    def count(self) -> int:
        """How many leads are held."""
        with self._mutex:
            return int(self._db.execute("SELECT count(*) FROM leads").fetchone()[0])

    def lead_ids(self) -> list[str]:
        """Ids of the leads held, in the order they came."""
        with self._mutex:
            return [row[0] for row in self._db.execute("SELECT lead_id FROM leads ORDER BY seq")]

    def lead(self, lead_id: str) -> Lead | None:
        """One lead; None when it is not held."""
        payload = self.payload(lead_id)
        return None if payload is None else decode(Lead, payload)

    def payload(self, lead_id: str) -> bytes | None:
        """The bytes of one lead exactly as they came; None when it is not held."""
        with self._mutex:
            row = self._db.execute("SELECT payload FROM leads WHERE lead_id = ?", (lead_id,)).fetchone()
        return None if row is None else bytes(row[0])

    def times_received(self, lead_id: str) -> int:
        """How often a lead came in; 0 when it is not held."""
        with self._mutex:
            row = self._db.execute("SELECT times_received FROM leads WHERE lead_id = ?", (lead_id,)).fetchone()
        return 0 if row is None else int(row[0])

    def repeats(self, lead_id: str) -> int:
        """How often a lead's act was seen again, by the updates of its own box; 0 while the lead is not held."""
        return len(self.updates(lead_id))

    def updates(self, lead_id: str) -> list[LeadUpdate]:
        """The updates of a lead by its own box, in the order of what they tell; none while the lead is not held."""
        with self._mutex:
            rows = self._db.execute(
                "SELECT updates.payload FROM updates JOIN leads USING (lead_id, site_id, box_id) WHERE lead_id = ?"
                " ORDER BY updates.occurred_at, updates.seq",
                (lead_id,),
            ).fetchall()
        return [decode(LeadUpdate, row[0]) for row in rows]

    def refused(self, limit: int = 100) -> list[RefusedMessage]:
        """The newest refused messages, newest first."""
        with self._mutex:
            rows = self._db.execute(
                "SELECT site_id, box_id, lead_id, reason, detail, received_at, times_received, payload"
                " FROM refused ORDER BY seq DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [_refused_message(row) for row in rows]

    @contextmanager
    def _begun(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise StoreError(f"the store {self.path} cannot be written ({error}): check space and rights") from error
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise
            raise StoreError(f"the store {self.path} is damaged ({error}): restore it from its backup") from error
