"""Is all that the hub holds what came in and what was decided? Everything is checked against the chained log of steps.

The chain is followed from its first link; each batch that came in is compared with the bytes that are held, byte by
byte, and with the signature of its box; every entry is found again from its bytes and its steps and compared with the
tables; where wanted, every evidence file is hashed anew. So whoever changes the tables by hand is found out, and
whoever changes the log too is found out by its signatures and by heads that were noted elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.engine import Connection

from hub.cases.case import Row
from hub.cases.desk import LOGGED_AS
from hub.cases.replay import Replay
from hub.evidence.check import check_chains, check_entry
from hub.intake.entry import entry_row
from hub.intake.judge import Judged, Sender
from hub.intake.take import INTAKE
from hub.parts import HubParts
from hub.store.audit import GENESIS, Step, check_chain
from hub.store.tables import audit, entries, head, payloads, steps, updates
from leads import Lead, Report, SignatureError, WireError, decode, parse_json, verify_any

Progress = Callable[[int, int], None]
"""Told how many steps of the log have been gone through, and of how many."""
_PAGE: Final = 500


@dataclass
class Findings:
    """What was found."""

    faults: list[str] = field(default_factory=list)
    """What was touched, in words; nothing when all holds."""
    missing: list[str] = field(default_factory=list)
    """Links of boxes' chains that are not here; no fault, they may be on their way."""
    unchecked: Counter[str] = field(default_factory=Counter)
    """Messages by box whose key the hub does not know, so that nobody can check their signatures."""
    entries: int = 0
    updates: int = 0
    steps: int = 0
    head: str = GENESIS
    """The last link: noted elsewhere, it proves later that nothing before it was changed or cut off."""


def verify(
    parts: HubParts,
    keys: Sequence[Ed25519PublicKey] = (),
    known_heads: Sequence[str] = (),
    *,
    evidence: bool = False,
    progress: Progress = lambda _done, _all: None,
) -> Findings:
    """Check all that the hub holds; a running hub is checked as it stood at the beginning.

    `keys`: the hub's own public keys, the present and former ones; with them, every step must be signed. `known_heads`:
    links noted elsewhere. `evidence`: read every file too. Raises StoreError, KeyFileError, VaultError.
    """
    with parts.database.read() as connection:
        total = connection.execute(sa.select(head.c.audit_seq)).scalar_one()
        check = _Check(parts, connection, evidence)

        def on_step(step: Step) -> None:
            check.step(step)
            progress(step.seq, total)

        faults = check_chain(connection, keys, known_heads, on_step)
        check.finish()
        check.findings.faults[:0] = faults
    if evidence:
        faults, missing = check_chains(parts)
        check.findings.faults += faults
        check.findings.missing += missing
    return check.findings


@dataclass
class _Check:
    """One pass along the log."""

    parts: HubParts
    connection: Connection
    evidence: bool
    findings: Findings = field(default_factory=Findings)
    _last: int = 0
    """The last number that was given."""
    _pins: list[tuple[int, str, str, int]] = field(default_factory=list)
    """Number, id, hash and time of entries that came in."""
    _update_pins: list[tuple[str, str]] = field(default_factory=list)

    def step(self, step: Step) -> None:
        self.findings.steps, self.findings.head = step.seq, step.sha256
        if step.action != INTAKE:
            return
        try:
            body = json.loads(step.body)
            self._pins += [(int(n), str(i), str(sha), step.at_ms) for n, i, sha in body.get("entries", ())]
            self._update_pins += [(str(i), str(sha)) for i, sha in body.get("updates", ())]
        except (ValueError, TypeError, AttributeError):
            self._fault(f"step {step.seq} does not tell what came in")
        if len(self._pins) + len(self._update_pins) >= _PAGE:
            self._flush()

    def finish(self) -> None:
        self._flush()
        row = self.connection.execute(sa.select(head)).one()
        if row.last_number != self._last:
            self._fault(f"the log tells of {self._last} entries, the hub counts {row.last_number}")
        beside = sa.select(entries.c.number).where(sa.or_(entries.c.number > self._last, entries.c.number < 1))
        for number in self.connection.execute(beside.order_by(entries.c.number)).scalars():
            self._fault(f"entry {number} came in by no step of the log")
        held = self.connection.execute(sa.select(sa.func.count()).select_from(updates)).scalar_one()
        if held != self.findings.updates:
            self._fault(f"{held} updates are held, the log tells of {self.findings.updates}")

    def _flush(self) -> None:
        pins, self._pins = self._pins, []
        for page in (pins[at : at + _PAGE] for at in range(0, len(pins), _PAGE)):
            self._entries(page)
        update_pins, self._update_pins = self._update_pins, []
        for part in (update_pins[at : at + _PAGE] for at in range(0, len(update_pins), _PAGE)):
            self._updates(part)

    def _entries(self, pins: Sequence[tuple[int, str, str, int]]) -> None:
        numbers = [pin[0] for pin in pins]
        of_page = entries.c.number.in_(numbers)
        held = self.connection.execute(
            sa.select(entries, payloads.c.payload).outerjoin_from(entries, payloads).where(of_page)
        )
        rows = {row.number: row for row in held}
        logged = _by_number(
            self.connection.execute(
                sa.select(audit)
                .where(audit.c.number.in_(numbers), audit.c.action.startswith(LOGGED_AS, autoescape=True))
                .order_by(audit.c.seq)
            )
        )
        taken = _by_number(
            self.connection.execute(sa.select(steps).where(steps.c.number.in_(numbers)).order_by(steps.c.seq))
        )
        for number, entry_id, sha256, at_ms in pins:
            if number != self._last + 1:
                self._fault(f"entry {number} came in after entry {self._last}")
            self._last = number
            self.findings.entries += 1
            row = rows.get(number)
            if row is None or row.payload is None:
                self._fault(f"entry {number} ({entry_id}) is gone")
                continue
            faults = self._bytes_faults(row, entry_id, sha256)
            if not faults:
                faults = list(self._replay_faults(row, at_ms, logged.get(number, ()), taken.get(number, ())))
            self.findings.faults += [f"entry {number}: {fault}" for fault in faults]
            if self.evidence and row.evidence:
                self.findings.faults += check_entry(self.parts, number)

    def _bytes_faults(self, row: Row, entry_id: str, sha256: str) -> list[str]:
        """What the bytes are otherwise than those that came in."""
        payload = bytes(row.payload)
        if hashlib.sha256(payload).hexdigest() != sha256:
            return ["what came in was changed: its SHA-256 is not the one in the log"]
        if (row.payload_sha256, row.entry_id) != (sha256, entry_id):
            return ["its id or hash is not the one in the log"]
        if row.kind != "lead":
            return []
        return self._signature_faults(payload)

    def _signature_faults(self, payload: bytes) -> list[str]:
        wire = parse_json(payload)
        box_id = str(wire.get("box_id"))
        keys = self.parts.box_keys.of(box_id)
        if not keys:
            self.findings.unchecked[box_id] += 1
            return []
        try:
            verify_any(wire, keys)
        except SignatureError as error:
            return [f"its box's signature does not hold: {error}"]
        return []

    def _replay_faults(self, row: Row, at_ms: int, logged: Sequence[Row], taken: Sequence[Row]) -> Iterator[str]:
        try:
            judged = _read(row)
        except WireError as error:
            yield f"it is no {row.kind}: {error}"
            return
        empty = {"decided_ms": None, "case_number": None, "duplicate_of": None}
        replay = Replay(empty | entry_row(judged, row.number, at_ms, self.parts.cases))
        for step in logged:
            replay.take(step)
        yield from replay.compare(row, taken)

    def _updates(self, pins: Sequence[tuple[str, str]]) -> None:
        held = self.connection.execute(
            sa.select(updates.c.update_id, updates.c.payload).where(updates.c.update_id.in_([pin[0] for pin in pins]))
        )
        rows: Mapping[str, Any] = {row.update_id: bytes(row.payload) for row in held}
        for update_id, sha256 in pins:
            self.findings.updates += 1
            payload = rows.get(update_id)
            if payload is None:
                self._fault(f"update {update_id} is gone")
            elif hashlib.sha256(payload).hexdigest() != sha256:
                self._fault(f"update {update_id} was changed: its SHA-256 is not the one in the log")
            else:
                for fault in self._signature_faults(payload):
                    self._fault(f"update {update_id}: {fault}")

    def _fault(self, text: str) -> None:
        self.findings.faults.append(text)


def _read(row: Row) -> Judged:
    """What came in, as the intake read it. Raises WireError."""
    payload = bytes(row.payload)
    if row.kind == "lead":
        lead = decode(Lead, payload)
        sender = Sender(row.source, lead.site_id, lead.box_id)
        return Judged(sender, payload, row.payload_sha256, lead.lead_id, lead, None)
    report = decode(Report, payload)
    return Judged(Sender(row.source), payload, row.payload_sha256, report.report_id, report, None)


def _by_number(rows: Any) -> Mapping[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.number, []).append(row)
    return found
