"""The audit log: every step of the hub in one chain, each link the hash of the one before.

A link is SHA-256 over the line `prev_sha256`, a line feed, and the canonical JSON (keys sorted, no spaces, UTF-8) of
`{"seq", "at_ms", "actor", "action", "number", "body"}`; where the hub has a key, it signs the link's 64 hexadecimal
digits with Ed25519. So a step that is changed, taken out or put in between breaks the chain, a chain written anew lacks
the signatures, and one cut short lacks a head that an export or a note elsewhere names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.engine import Connection

from hub.store.database import Clock, Database, now_ms
from hub.store.tables import audit, head
from leads import Signature, key_id
from leads.signing import sign_bytes, verify_bytes

GENESIS: Final = "0" * 64
"""What the first step names as the one before."""
_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it is written down."""

    seq: int
    at_ms: int
    actor: str
    """Name of the user, or `hub:ID` for what the hub did by itself."""
    action: str
    number: int | None
    """Entry it is about."""
    body: str
    """Canonical JSON of what was done."""
    prev_sha256: str
    sha256: str
    signature: str | None
    """Base 64 of the hub's signature."""


def canonical(value: object) -> str:
    """JSON in the one form that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def link(step: Step) -> str:
    """SHA-256, in hexadecimal, of a step and the link before it."""
    told = {"seq": step.seq, "at_ms": step.at_ms, "actor": step.actor, "action": step.action, "number": step.number}
    text = f"{step.prev_sha256}\n{canonical({**told, 'body': step.body})}"
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class Books:
    """A transaction that writes steps. It holds the head of the chain, so what it reads stays true until it ends."""

    connection: Connection
    at_ms: int
    """The time of all its steps; never before the step that came last."""
    _seq: int
    _sha256: str
    _number: int
    _key: Ed25519PrivateKey | None
    _new: list[Step] = field(default_factory=list)

    def add(self, actor: str, action: str, number: int | None = None, body: Mapping[str, Any] | None = None) -> int:
        """Write a step down; its place in the log."""
        self._seq += 1
        bare = Step(self._seq, self.at_ms, actor, action, number, canonical(body or {}), self._sha256, "", None)
        self._sha256 = link(bare)
        signed = None if self._key is None else sign_bytes(self._sha256.encode(), self._key).value
        self._new.append(
            Step(bare.seq, bare.at_ms, actor, action, number, bare.body, bare.prev_sha256, self._sha256, signed)
        )
        return self._seq

    def next_number(self) -> int:
        """The next number of the one numbering of all leads and reports; without gaps."""
        self._number += 1
        return self._number

    def flush(self) -> None:
        """Write steps and head; called when the transaction ends well."""
        if self._new:
            self.connection.execute(
                sa.insert(audit), [{column: getattr(step, column) for column in _COLUMNS} for step in self._new]
            )
        self.connection.execute(
            sa.update(head).values(audit_seq=self._seq, audit_sha256=self._sha256, last_number=self._number)
        )


_COLUMNS: Final = tuple(Step.__dataclass_fields__)


class AuditLog:
    """Begins transactions whose steps are chained."""

    def __init__(self, database: Database, key: Ed25519PrivateKey | None = None, clock: Clock = now_ms) -> None:
        """`key`: the hub's own, which signs each step."""
        self.database = database
        self._key = key
        self._clock = clock

    @contextmanager
    def begin(self) -> Iterator[Books]:
        """A transaction; others that write steps wait until it has ended. Raises StoreError as `Database.write`."""
        with self.database.write() as connection:
            row = connection.execute(sa.select(head).with_for_update()).one()
            last = connection.execute(sa.select(audit.c.at_ms).where(audit.c.seq == row.audit_seq)).scalar()
            books = Books(
                connection,
                max(self._clock(), last or 0),
                row.audit_seq,
                row.audit_sha256,
                row.last_number,
                self._key,
            )
            yield books
            books.flush()


def steps_of(connection: Connection, after: int = 0) -> Iterator[Step]:
    """All steps in their order, page by page."""
    while True:
        rows = connection.execute(
            sa.select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(_PAGE)
        ).fetchall()
        for row in rows:
            yield Step(*row)
        if len(rows) < _PAGE:
            return
        after = rows[-1].seq


def check_chain(
    connection: Connection,
    keys: Sequence[Ed25519PublicKey] = (),
    known_heads: Sequence[str] = (),
    on_step: Callable[[Step], None] = lambda _: None,
) -> list[str]:
    """What is wrong with the chain, in words; nothing when it holds.

    `keys`: the hub's public keys, this one's and former ones'; with them, every step must be signed. `known_heads`:
    links noted elsewhere, which must still be in the chain.
    """
    faults: list[str] = []
    missing = set(known_heads)
    expected, prev, at_ms = 1, GENESIS, 0
    for step in steps_of(connection):
        if step.seq != expected:
            faults.append(f"step {expected} is missing: {step.seq} comes after {expected - 1}")
        if step.prev_sha256 != prev:
            faults.append(f"step {step.seq} does not follow the one before it")
        if link(step) != step.sha256:
            faults.append(f"step {step.seq} ({step.action} by {step.actor}) was changed")
        if step.at_ms < at_ms:
            faults.append(f"step {step.seq} is earlier than the one before it")
        if keys:
            faults.extend(_signature_fault(step, keys))
        missing.discard(step.sha256)
        on_step(step)
        expected, prev, at_ms = step.seq + 1, step.sha256, step.at_ms
    row = connection.execute(sa.select(head)).one()
    if (row.audit_seq, row.audit_sha256) != (expected - 1, prev):
        faults.append(f"the log ends at step {expected - 1}, but the hub had written {row.audit_seq}")
    faults.extend(f"no step has the link {known}, which was noted elsewhere" for known in sorted(missing))
    return faults


def _signature_fault(step: Step, keys: Sequence[Ed25519PublicKey]) -> Iterator[str]:
    if step.signature is None:
        yield f"step {step.seq} is not signed"
        return
    for key in keys:
        try:
            verify_bytes(step.sha256.encode(), Signature(key_id=key_id(key), value=step.signature), key)
        except ValueError:  # of another key, wrong, or none at all
            continue
        return
    yield f"step {step.seq} is not signed by the hub"
