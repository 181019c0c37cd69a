"""The one door into the store: a batch of judged messages, committed as one, each held once.

Whoever writes here holds the head of the log of steps, so that what is looked up at the beginning stays true until the
end, and numbers have no gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from hub.intake.entry import entry_row, to_datetime, to_ms
from hub.intake.judge import BOX, Fault, Judged, Sender
from hub.intake.refuse import keep_refused
from hub.parts import HubParts
from hub.store.audit import Books
from hub.store.days import local_day, mark_stale
from hub.store.tables import entries, payloads, refused, updates
from leads import LeadUpdate

INTAKE: Final = "intake"
"""The step that is written of each batch; its body is `{"entries": [[number, entry_id, payload_sha256], ...],
"updates": [[update_id, payload_sha256], ...]}`, each with the SHA-256 of the bytes as they came."""
_CONFLICT: Final = "the hub holds another lead of this id; the same act was reported before, otherwise"
_FOREIGN: Final = "another box sent an update of this id"


@dataclass(frozen=True, slots=True)
class Held:
    """What became of one message, committed."""

    judged: Judged
    stored_ms: int
    """When the hub first committed it."""
    duplicate: bool
    """Whether the hub held it before."""
    fault: Fault | None = None
    """Why it was refused; None when the hub holds it."""
    number: int | None = None
    """Number of the entry; None for updates and refused messages."""

    @property
    def stored_at(self) -> datetime:
        """When the hub first committed it."""
        return to_datetime(self.stored_ms)


def take(parts: HubParts, batch: Sequence[Judged]) -> list[Held]:
    """Commit a batch, durable on return, and tell what became of each message, in order.

    What is held already is not stored again; the same id with other bytes, or from another sender, is refused. An
    update is kept whether its lead is there yet or not; the first of one id counts, whatever the bytes of a later one.
    Raises StoreError, with nothing changed, when the database is away, full or locked for long.
    """
    if not batch:
        return []
    with parts.audit.begin() as books:
        return _Taking(parts, books).take(batch)


@dataclass(slots=True)
class _Known:
    """A row of `entries` or `updates`: there before, or of this batch."""

    sender: Sender
    stored_ms: int
    key: int | str
    """Its number, or the update's id."""
    new: bool
    again: int = 0
    """How often it came again in this batch."""
    repeats: int = 0
    """How many updates this batch adds to it, or finds waiting for it."""


@dataclass(slots=True)
class _Taking:
    """One batch on its way into the tables."""

    parts: HubParts
    books: Books
    by_sha256: dict[str, _Known] = field(default_factory=dict)
    """Entries and updates by the hash of their bytes."""
    entries: dict[str, _Known] = field(default_factory=dict)
    """Entries by id."""
    updates: dict[str, _Known] = field(default_factory=dict)
    """Updates by id."""
    waiting: dict[tuple[str, Sender], int] = field(default_factory=dict)
    """How many updates are held of a lead, by its id and box, new ones left out."""
    new: list[tuple[int, Judged]] = field(default_factory=list)
    new_updates: list[tuple[Judged, LeadUpdate]] = field(default_factory=list)

    def take(self, batch: Sequence[Judged]) -> list[Held]:
        self._look_up(batch)
        held: list[Held | Fault] = [self._one(judged) for judged in batch]
        turned_away = [(judged, fate) for judged, fate in zip(batch, held, strict=True) if isinstance(fate, Fault)]
        since = iter(keep_refused(self.books, turned_away, self.parts.settings.refused_kept))
        told = [
            Held(judged, *next(since), fault=fate) if isinstance(fate, Fault) else fate
            for judged, fate in zip(batch, held, strict=True)
        ]
        self._write()
        return told

    # What is held before

    def _look_up(self, batch: Sequence[Judged]) -> None:
        hashes = {judged.payload_sha256 for judged in batch}
        ids = {judged.entry_id for judged in batch if judged.message is not None and judged.entry_id is not None}
        leads = {judged.message.lead_id for judged in batch if isinstance(judged.message, LeadUpdate)}
        e, u = entries.c, updates.c
        rows = self.books.connection.execute(
            sa.select(e.payload_sha256, e.entry_id, e.source, e.site_id, e.box_id, e.received_ms, e.number).where(
                sa.or_(e.payload_sha256.in_(hashes), e.entry_id.in_(ids | leads))
            )
        )
        for sha256, entry_id, source, site_id, box_id, received_ms, number in rows:
            known = _Known(Sender(source, site_id, box_id), received_ms, number, new=False)
            self.by_sha256[sha256] = self.entries[entry_id] = known
        found = self.books.connection.execute(
            sa.select(u.payload_sha256, u.update_id, u.entry_id, u.site_id, u.box_id, u.received_ms).where(
                sa.or_(u.payload_sha256.in_(hashes), u.update_id.in_(ids), u.entry_id.in_(ids))
            )
        )
        for sha256, update_id, entry_id, site_id, box_id, received_ms in found:
            known = _Known(Sender(BOX, site_id, box_id), received_ms, update_id, new=False)
            self.by_sha256[sha256] = self.updates[update_id] = known
            self.waiting[entry_id, known.sender] = self.waiting.get((entry_id, known.sender), 0) + 1

    # What becomes of each

    def _one(self, judged: Judged) -> Held | Fault:
        known = self.by_sha256.get(judged.payload_sha256)
        if known is not None and known.sender == judged.sender:
            return _again(known, judged)  # held before: true whatever has become of the box's key since
        message, entry_id = judged.message, judged.entry_id
        if message is None or entry_id is None:
            assert judged.fault is not None
            return judged.fault
        if isinstance(message, LeadUpdate):
            return self._update(judged, message)
        if known is not None or entry_id in self.entries:
            return Fault("id_conflict", _CONFLICT)
        number = self.books.next_number()
        known = _Known(judged.sender, self.books.at_ms, number, new=True)
        known.repeats = self.waiting.get((entry_id, judged.sender), 0)
        self.by_sha256[judged.payload_sha256] = self.entries[entry_id] = known
        self.new.append((number, judged))
        return Held(judged, self.books.at_ms, duplicate=False, number=number)

    def _update(self, judged: Judged, update: LeadUpdate) -> Held | Fault:
        """Keep an update; a box that lost its outbox may number its repeats anew, which makes no second sighting."""
        known = self.updates.get(update.update_id)
        if known is not None:
            return _again(known, judged) if known.sender == judged.sender else Fault("id_conflict", _FOREIGN)
        known = _Known(judged.sender, self.books.at_ms, update.update_id, new=True)
        self.by_sha256[judged.payload_sha256] = self.updates[update.update_id] = known
        self.new_updates.append((judged, update))
        lead = self.entries.get(update.lead_id)
        if lead is None:
            key = (update.lead_id, judged.sender)
            self.waiting[key] = self.waiting.get(key, 0) + 1
        elif lead.sender == judged.sender:
            lead.repeats += 1
        return Held(judged, self.books.at_ms, duplicate=False)

    # What is written

    def _write(self) -> None:
        rows = [entry_row(judged, number, self.books.at_ms, self.parts.cases) for number, judged in self.new]
        for row in rows:
            row["repeats"] += self.entries[row["entry_id"]].repeats
            row["times_received"] += self.entries[row["entry_id"]].again
        self._insert(entries, rows)
        self._insert(payloads, [{"number": number, "payload": judged.payload} for number, judged in self.new])
        self._insert(updates, [self._update_row(judged, update) for judged, update in self.new_updates])
        self._count_again()
        self._settle()
        zone = self.parts.settings.web.timezone
        mark_stale(self.books.connection, {local_day(row["occurred_ms"], zone) for row in rows}, self.books.at_ms)
        body: dict[str, Any] = {}
        if self.new:
            body["entries"] = [[number, judged.entry_id, judged.payload_sha256] for number, judged in self.new]
        if self.new_updates:
            body["updates"] = [[judged.entry_id, judged.payload_sha256] for judged, _ in self.new_updates]
        if body:
            self.books.add(self.parts.actor, INTAKE, None, body)

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.books.connection.execute(sa.insert(table), rows)

    def _update_row(self, judged: Judged, update: LeadUpdate) -> dict[str, Any]:
        return {
            "update_id": update.update_id,
            "entry_id": update.lead_id,
            "site_id": update.site_id,
            "box_id": update.box_id,
            "occurred_ms": to_ms(update.occurred_at),
            "received_ms": self.books.at_ms,
            "payload": judged.payload,
            "payload_sha256": judged.payload_sha256,
            "times_received": 1 + self.updates[update.update_id].again,
        }

    def _count_again(self) -> None:
        """Count what came again, and updates of leads that were held before."""
        e, u = entries.c, updates.c
        old = [known for known in self.entries.values() if not known.new and (known.again or known.repeats)]
        if old:
            self.books.connection.execute(
                sa.update(entries)
                .where(e.number == sa.bindparam("key"))
                .values(
                    times_received=e.times_received + sa.bindparam("again"),
                    repeats=e.repeats + sa.bindparam("more"),
                ),
                [{"key": known.key, "again": known.again, "more": known.repeats} for known in old],
            )
        old = [known for known in self.updates.values() if not known.new and known.again]
        if old:
            self.books.connection.execute(
                sa.update(updates)
                .where(u.update_id == sa.bindparam("key"))
                .values(times_received=u.times_received + sa.bindparam("again")),
                [{"key": known.key, "again": known.again} for known in old],
            )

    def _settle(self) -> None:
        """What was refused once, for want of a key say, and is taken now, waits for nobody any more."""
        hashes = [judged.payload_sha256 for _, judged in self.new] + [j.payload_sha256 for j, _ in self.new_updates]
        if hashes:
            self.books.connection.execute(
                sa.update(refused)
                .where(refused.c.payload_sha256.in_(hashes), refused.c.settled_ms.is_(None))
                .values(
                    settled_ms=self.books.at_ms,
                    settled_by=self.parts.actor,
                    settled_as="taken",
                )
            )


def _again(known: _Known, judged: Judged) -> Held:
    known.again += 1
    number = known.key if isinstance(known.key, int) else None
    return Held(judged, known.stored_ms, duplicate=True, number=number)
