"""The outbox: leads and their updates wait here, over power cuts and restarts, until the hub says that it has them."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from detector.detections import Box
from edge import outbox_file
from edge.outbox_file import (
    ChainForkError,
    OutboxBusyError,
    OutboxDamagedError,
    OutboxError,
    OutboxFullError,
    meaning,
)
from edge.outbox_records import ActPlace, ChainHead, KnownAct, QueuedLead, RecoveredLead, RefusedLead, Settled
from edge.outbox_salvage import salvage
from leads import LEAD_MAX_BYTES, Receipt, format_time, parse_time

__all__ = [
    "ActPlace",
    "ChainForkError",
    "ChainHead",
    "KnownAct",
    "Outbox",
    "OutboxBusyError",
    "OutboxDamagedError",
    "OutboxError",
    "OutboxFullError",
    "QueuedLead",
    "RecoveredLead",
    "RefusedLead",
    "Settled",
]

log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _known_act(row: tuple[Any, ...]) -> KnownAct:
    lead_id, zone, box, seen_at = row
    return KnownAct(lead_id, zone, tuple(json.loads(box)) if box else None, parse_time(seen_at))


class Outbox:
    """A SQLite file (WAL, synchronous=FULL) with one writing process; its methods may be called by any thread.

    Leads are kept in the order they were added, not by the wall clock, which may be stepped.
    All methods raise OutboxFullError when there is no space (nothing is changed, and they work again once
    there is) and OutboxDamagedError when the file turns out damaged.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = _utc_now) -> None:
        """Open the outbox, or make it where there is none.

        Raises OutboxDamagedError, OutboxBusyError, OutboxFullError or OutboxError.
        """
        self.path = path
        self._clock = clock
        self._mutex = threading.RLock()
        self.salvaged = False
        """Whether it was made out of a damaged one, whose chain may be older than its rows."""
        with meaning(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = outbox_file.FileLock(path)
        try:
            if not path.exists():
                outbox_file.create(path)
            self._db = outbox_file.connect(path)
        except BaseException:
            self._lock.release()
            raise

    @classmethod
    def open_or_salvage(cls, path: Path, *, clock: Callable[[], datetime] = _utc_now) -> Self:
        """Open the outbox; if it is damaged, make it anew out of what is readable. The damaged files are kept."""
        try:
            return cls(path, clock=clock)
        except OutboxDamagedError as damage:
            salvage(path, damage, clock())
        outbox = cls(path, clock=clock)
        outbox.salvaged = True
        return outbox

    def close(self) -> None:
        """Close the file; the outbox cannot be used afterwards."""
        with self._mutex:
            self._db.close()
            self._lock.release()

    def __enter__(self) -> Self:
        """Use as a context manager: closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    # What comes in

    def add(
        self,
        lead_id: str,
        act_key: str,
        payload: bytes,
        occurred_at: datetime,
        *,
        act: ActPlace | None = None,
        chain: ChainHead | None = None,
        of_lead: str | None = None,
    ) -> bool:
        """Put a lead in the queue and move the chain's head, both or neither; durable on return.

        With `of_lead` it is an update of that lead, which goes the same way under an id of its own. Returns False,
        with nothing changed, when the lead or the act is known already. Raises ChainForkError when the link `chain`
        is not beyond the head, ValueError when the payload is too large to be taken.
        """
        if len(payload) > LEAD_MAX_BYTES:
            raise ValueError(f"lead {lead_id} has {len(payload)} bytes; the hub takes {LEAD_MAX_BYTES} at most")
        lead = RecoveredLead(lead_id, act_key, payload, occurred_at, act, chain)
        with self._transaction() as db:
            if not self._insert(db, lead, of_lead):
                return False
            if chain is not None:
                head = self.chain_head()
                if head is not None and chain.seq <= head.seq:
                    raise ChainForkError(f"link {chain.seq} of the chain in {self.path} is taken: head is {head.seq}")
                self._set_head(db, chain)
        return True

    def recover(self, leads: Iterable[RecoveredLead]) -> int:
        """Queue the leads that are not known yet, all or none, and move the chain's head forward, never back.

        Returns how many were added. Sending one again is harmless, for the hub takes a lead twice.
        """
        added = 0
        with self._transaction() as db:
            for lead in leads:
                added += self._insert(db, lead)
                head = self.chain_head()
                if lead.chain is not None and (head is None or lead.chain.seq > head.seq):
                    self._set_head(db, lead.chain)
        return added

    def _insert(self, db: sqlite3.Connection, lead: RecoveredLead, of_lead: str | None = None) -> bool:
        act = lead.act
        row = (
            lead.lead_id,
            lead.act_key,
            format_time(lead.occurred_at),
            format_time(self._clock()),
            lead.payload,
            hashlib.sha256(lead.payload).hexdigest(),
            act.rule_id if act else None,
            act.camera if act else None,
            act.zone if act else None,
            json.dumps(act.box) if act and act.box else None,
            format_time(act.seen_at if act and act.seen_at else lead.occurred_at),
            act.plate if act else None,
            act.plate_type if act else None,
            of_lead,
        )
        cursor = db.execute(
            "INSERT INTO leads (lead_id, act_key, occurred_at, added_at, payload, payload_sha256, state,"
            " rule_id, camera, zone, box, seen_at, plate, plate_type, of_lead)"
            " VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            row,
        )
        return cursor.rowcount == 1

    def _set_head(self, db: sqlite3.Connection, head: ChainHead) -> None:
        db.execute("INSERT OR REPLACE INTO chain (id, seq, hash) VALUES (1, ?, ?)", (head.seq, head.hash))

    # What goes out

    def due(self, limit: int, skip: Collection[str] = ()) -> list[QueuedLead]:
        """The first `limit` queued leads in the order they were added, without those in `skip`."""
        rows = self._rows(
            "SELECT lead_id, payload, payload_sha256 FROM leads WHERE state = 'queued' ORDER BY seq LIMIT ?",
            limit + len(skip),
        )
        return [QueuedLead(*row) for row in rows if row[0] not in skip][:limit]

    def queued(self, lead_id: str) -> QueuedLead | None:
        """One queued lead; None when it is not, or no longer, queued."""
        rows = self._rows(
            "SELECT lead_id, payload, payload_sha256 FROM leads WHERE state = 'queued' AND lead_id = ?", lead_id
        )
        return QueuedLead(*rows[0]) if rows else None

    def settle(self, receipts: Iterable[Receipt]) -> Settled:
        """Take the hub's receipts in one transaction; returns the ids of the leads that left the queue.

        A receipt counts only if its hash is that of the queued payload. An accepted lead leaves the queue, and
        its id, act and time of receipt are kept; a refused one is kept whole, with the reason. A later receipt
        may add that the hub holds the evidence too.
        """
        settled: dict[str, list[str]] = {"accepted": [], "refused": []}
        with self._transaction() as db:
            for receipt in receipts:
                row = db.execute(
                    "SELECT lead_id, state, of_lead FROM leads WHERE payload_sha256 = ?", (receipt.payload_sha256,)
                ).fetchone()
                if row is None or receipt.lead_id not in (None, row[0], row[2]):
                    continue
                if self._apply(db, receipt, row[0], row[1]):
                    settled[receipt.outcome].append(row[0])
        return Settled(tuple(settled["accepted"]), tuple(settled["refused"]))

    def _apply(self, db: sqlite3.Connection, receipt: Receipt, lead_id: str, state: str) -> bool:
        if receipt.outcome == "accepted" and state in ("queued", "refused"):
            db.execute(
                "UPDATE leads SET state = 'held', payload = NULL, settled_at = ?, holds_evidence = ?,"
                " reason = NULL, detail = NULL WHERE lead_id = ?",
                (format_time(receipt.stored_at), receipt.holds_evidence, lead_id),
            )
            return True
        if receipt.outcome == "accepted" and receipt.holds_evidence:
            db.execute("UPDATE leads SET holds_evidence = 1 WHERE lead_id = ?", (lead_id,))
        if receipt.outcome == "refused" and state == "queued":
            log.error("the hub refuses lead %s (%s): %s", lead_id, receipt.reason, receipt.detail)
            db.execute(
                "UPDATE leads SET state = 'refused', settled_at = ?, reason = ?, detail = ? WHERE lead_id = ?",
                (format_time(receipt.stored_at), receipt.reason, receipt.detail, lead_id),
            )
            return True
        return False

    def requeue_refused(self) -> int:
        """Queue the refused leads once more, for when the cause (a key not known to the hub) is gone."""
        with self._transaction() as db:
            cursor = db.execute(
                "UPDATE leads SET state = 'queued', settled_at = NULL, reason = NULL, detail = NULL"
                " WHERE state = 'refused'"
            )
        return cursor.rowcount

    # What is known

    def chain_head(self) -> ChainHead | None:
        """The newest link of the chain of evidence; None before the first."""
        rows = self._rows("SELECT seq, hash FROM chain")
        return ChainHead(*rows[0]) if rows else None

    def known_lead(self, lead_id: str) -> bool:
        """Whether a lead was ever added."""
        return bool(self._rows("SELECT 1 FROM leads WHERE lead_id = ?", lead_id))

    def known_act(self, act_key: str) -> bool:
        """Whether a lead was ever made of this act."""
        return bool(self._rows("SELECT 1 FROM leads WHERE act_key = ?", act_key))

    def acts(self, rule_id: str, camera: str, since: datetime) -> list[KnownAct]:
        """Acts against a rule before a camera that were seen at or after `since` (UTC), oldest first."""
        rows = self._rows(
            "SELECT lead_id, zone, box, seen_at FROM leads"
            " WHERE rule_id = ? AND camera = ? AND seen_at >= ? ORDER BY seq",
            rule_id,
            camera,
            format_time(since),
        )
        return [_known_act(row) for row in rows]

    def lead_of(self, act: ActPlace, since: datetime, until: datetime) -> str | None:
        """The first lead against the same rule and vehicle that was seen between two times (UTC), at any camera.

        A vehicle whose plate is not known is found nowhere.
        """
        if act.plate is None or act.plate_type is None:
            return None
        rows = self._rows(
            "SELECT coalesce(of_lead, lead_id) FROM leads WHERE plate = ? AND plate_type = ? AND rule_id = ?"
            " AND seen_at >= ? AND occurred_at <= ? ORDER BY seq LIMIT 1",
            act.plate,
            act.plate_type,
            act.rule_id,
            format_time(since),
            format_time(until),
        )
        return rows[0][0] if rows else None

    def repeats(self, lead_id: str) -> int:
        """How many updates were made of a lead."""
        return int(self._rows("SELECT count(*) FROM leads WHERE of_lead = ?", lead_id)[0][0])

    def act_seen_again(self, lead_id: str, seen_at: datetime, box: Box | None = None) -> None:
        """Note that the act of a lead goes on, so that it is still known as the same after a restart."""
        with self._transaction() as db:
            db.execute(
                "UPDATE leads SET seen_at = max(seen_at, ?), box = coalesce(?, box) WHERE lead_id = ?",
                (format_time(seen_at), json.dumps(box) if box else None, lead_id),
            )

    def closed_leads(self, held_before: datetime) -> list[str]:
        """Ids, oldest first, of the leads whose evidence may go: held by the hub since before `held_before` (UTC),
        or with their evidence."""
        rows = self._rows(
            "SELECT lead_id FROM leads WHERE state = 'held' AND of_lead IS NULL"
            " AND (holds_evidence = 1 OR settled_at < ?) ORDER BY seq",
            format_time(held_before),
        )
        return [row[0] for row in rows]

    def evidence_not_held(self, after: str, limit: int) -> list[str]:
        """The next `limit` leads, by id after `after`, that the hub has and whose evidence it is not known to hold."""
        rows = self._rows(
            "SELECT lead_id FROM leads WHERE lead_id > ? AND state = 'held' AND of_lead IS NULL"
            " AND holds_evidence = 0 ORDER BY lead_id LIMIT ?",
            after,
            limit,
        )
        return [row[0] for row in rows]

    def evidence_held(self, lead_ids: Collection[str]) -> None:
        """The hub says that it holds all evidence of these leads: as a receipt with `holds_evidence`."""
        if not lead_ids:
            return
        with self._transaction() as db:
            db.executemany(
                "UPDATE leads SET holds_evidence = 1 WHERE lead_id = ? AND state = 'held' AND of_lead IS NULL",
                [(lead_id,) for lead_id in lead_ids],
            )

    def refused(self) -> list[RefusedLead]:
        """The refused leads with their reasons, in the order they were added."""
        rows = self._rows(
            "SELECT lead_id, reason, detail, settled_at, payload FROM leads WHERE state = 'refused' ORDER BY seq"
        )
        return [RefusedLead(row[0], row[1], row[2], parse_time(row[3]), row[4]) for row in rows]

    def depth(self) -> int:
        """How many leads wait for a receipt."""
        return int(self._rows("SELECT count(*) FROM leads WHERE state = 'queued'")[0][0])

    def oldest_age_s(self) -> float | None:
        """Seconds, by the wall clock, that the first of the queue has waited; None when it is empty."""
        rows = self._rows("SELECT added_at FROM leads WHERE state = 'queued' ORDER BY seq LIMIT 1")
        return max(0.0, (self._clock() - parse_time(rows[0][0])).total_seconds()) if rows else None

    # How it is kept

    def _rows(self, statement: str, *values: str | int) -> list[Any]:
        with self._mutex, meaning(self.path):
            return self._db.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction: durable at the end, undone on any error."""
        with self._mutex, meaning(self.path), outbox_file.transaction(self._db) as db:
            yield db
