"""All that the hub knows of one entry, gathered in one state of its tables: what a case file is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.engine import Connection

from hub.accounts.user import User
from hub.cases.case import Case, read_case
from hub.cases.same_act import likely
from hub.evidence.files import Evidence, evidence_of
from hub.export.exhibits import Exhibit
from hub.export.subject import Box
from hub.intake.take import INTAKE
from hub.parts import HubParts
from hub.store.audit import Step
from hub.store.tables import access, audit, entries, head, payloads, updates, users
from leads import Lead, LeadUpdate, Report, decode, key_id

SHOWN_LOOKS: Final = 500
"""Of the looks at an entry's evidence the last so many are told."""
_SAME_ACT: Final = ("number", "case_number", "state", "source", "plate", "offence", "title", "occurred_ms", "place")


@dataclass(frozen=True)
class Occasion:
    """Who takes a case file out, when and what for."""

    user: User
    at_ms: int
    purpose: str
    originals: bool
    """Whether the unchanged originals go with it."""


@dataclass(frozen=True)
class Mark:
    """A public key, in the ways people compare it."""

    pem: bytes
    key_id: str
    sha256: str
    """SHA-256 of its 32 bytes, in hexadecimal."""

    @classmethod
    def of(cls, key: Ed25519PublicKey) -> Mark:
        """Of a key."""
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return cls(pem, key_id(key), hashlib.sha256(raw).hexdigest())


@dataclass(frozen=True)
class Seal:
    """What the box signed, and whether it holds."""

    manifest: bytes | None = None
    signature: bytes | None = None
    """The content of `manifest.sig`."""
    box_key: Mark | None = None
    """The key that the lead was signed with; None for a report, or where the hub knows none that fits."""
    faults: tuple[str, ...] = ()
    """What is wrong, in words; nothing when all that is here holds."""


@dataclass(frozen=True)
class Records:
    """What the tables hold of an entry, all of one moment."""

    row: Mapping[str, Any]
    message: Lead | Report
    payload: bytes
    """The lead or report exactly as it came."""
    updates: tuple[LeadUpdate, ...]
    steps: tuple[Mapping[str, Any], ...]
    same_act: tuple[Mapping[str, Any], ...]
    looks: tuple[Mapping[str, Any], ...]
    log: tuple[Step, ...]
    """The steps of the hub's log that are about this entry."""
    head_seq: int
    head_sha256: str
    """The end of the log at that moment."""
    evidence: Evidence

    @property
    def corrections(self) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Steps that put something right and were not taken back, with what they put right."""
        return [(step, step["correction"]) for step in self.steps if step["correction"] and step["undone_by"] is None]

    @property
    def corrected_boxes(self) -> list[tuple[float, Box]]:
        """Boxes that people put right: second of the clip, and the box."""
        told = [correction["box"] for _, correction in self.corrections if correction.get("box")]
        return [(float(box[0]), (box[1], box[2], box[3], box[4])) for box in told]


@dataclass(frozen=True)
class CaseFile:
    """One case, one file (一案一档)."""

    records: Records
    exhibits: tuple[Exhibit, ...]
    seal: Seal
    occasion: Occasion
    hub_id: str
    hub_key: Mark | None
    """The key that signs the hub's log and this export; None for a hub without."""

    @property
    def name(self) -> str:
        """The case's number, or the entry's where there is no case; safe in a file name."""
        row = self.records.row
        told = f"case-{row['case_number']}" if row["case_number"] else f"entry-{row['number']}"
        return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in told)

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON."""
        records, occasion = self.records, self.occasion
        return {
            "export": {
                "hub_id": self.hub_id,
                "at_ms": occasion.at_ms,
                "by": occasion.user.name,
                "by_display": occasion.user.display,
                "purpose": occasion.purpose,
                "originals": occasion.originals,
            },
            "entry": dict(records.row),
            records.row["kind"]: json.loads(records.payload),
            "updates": [update.model_dump(mode="json") for update in records.updates],
            "steps": [dict(step) for step in records.steps],
            "corrections": [{"seq": step["seq"], **correction} for step, correction in records.corrections],
            "same_act": [dict(other) for other in records.same_act],
            "access": [dict(look) for look in records.looks],
            "evidence": [_exhibit_json(exhibit) for exhibit in self.exhibits],
            "seal": {
                "manifest_held": self.seal.manifest is not None,
                "signature_held": self.seal.signature is not None,
                "box_key_id": self.seal.box_key.key_id if self.seal.box_key else None,
                "faults": list(self.seal.faults),
            },
            "log_head": {"seq": records.head_seq, "sha256": records.head_sha256},
            "hub_key_id": self.hub_key.key_id if self.hub_key else None,
        }


def read_records(parts: HubParts, number: int) -> Records:
    """Gather what the tables hold of an entry. Raises StepError `not_found`, StoreError."""
    with parts.database.read() as connection:
        case = read_case(connection, number)
        evidence = evidence_of(connection, number)
        payload = bytes(
            connection.execute(sa.select(payloads.c.payload).where(payloads.c.number == number)).scalar_one()
        )
        message: Lead | Report = decode(Lead, payload) if case.row.kind == "lead" else decode(Report, payload)
        last = connection.execute(sa.select(head.c.audit_seq, head.c.audit_sha256)).one()
        assert evidence is not None, "an entry has its payload"
        return Records(
            row=dict(case.row._mapping),
            message=message,
            payload=payload,
            updates=tuple(_updates(connection, case)),
            steps=tuple(_step(step) for step in case.steps),
            same_act=tuple(_same_act(connection, parts, case)),
            looks=tuple(_looks(connection, number)),
            log=tuple(_log(connection, case, last.audit_seq)),
            head_seq=last.audit_seq,
            head_sha256=last.audit_sha256,
            evidence=evidence,
        )


def _updates(connection: Connection, case: Case) -> list[LeadUpdate]:
    rows = connection.execute(
        sa.select(updates.c.payload)
        .where(
            updates.c.entry_id == case.row.entry_id,
            updates.c.site_id == case.row.site_id,
            updates.c.box_id == case.row.box_id,
        )
        .order_by(updates.c.occurred_ms, updates.c.id)
    )
    return [decode(LeadUpdate, bytes(row.payload)) for row in rows]


def _step(row: sa.Row[Any]) -> Mapping[str, Any]:
    return dict(row._mapping) | {"correction": json.loads(row.correction) if row.correction else {}}


def _same_act(connection: Connection, parts: HubParts, case: Case) -> list[Mapping[str, Any]]:
    found = {other.number: other for other in likely(connection, case.row, parts.cases.same_act)}
    if case.row.duplicate_of is not None and case.row.duplicate_of not in found:
        original = connection.execute(sa.select(entries).where(entries.c.number == case.row.duplicate_of)).one_or_none()
        if original is not None:
            found[original.number] = original
    return [{name: other._mapping[name] for name in _SAME_ACT} for other in found.values()]


def _looks(connection: Connection, number: int) -> Sequence[Mapping[str, Any]]:
    rows = connection.execute(
        sa.select(access.c.at_ms, access.c.what, access.c.purpose, users.c.name, users.c.display)
        .outerjoin(users, users.c.id == access.c.user_id)
        .where(access.c.number == number)
        .order_by(access.c.id.desc())
        .limit(SHOWN_LOOKS)
    ).fetchall()
    return [dict(row._mapping) for row in reversed(rows)]


def _log(connection: Connection, case: Case, last_seq: int) -> list[Step]:
    """The steps about an entry, and the one of the batch that it came with: that one is about several."""
    of_entry = sa.and_(audit.c.number == case.number, audit.c.seq <= last_seq)
    arrival = sa.and_(audit.c.at_ms == case.row.received_ms, audit.c.action == INTAKE)
    found: dict[int, Step] = {}
    for condition in (arrival, of_entry):  # one by one, so that each goes by its own index
        for row in connection.execute(sa.select(audit).where(condition)):
            if row.action != INTAKE or case.row.payload_sha256 in row.body:
                found[row.seq] = Step(*row)
    return [found[seq] for seq in sorted(found)]


def _exhibit_json(exhibit: Exhibit) -> dict[str, Any]:
    file = exhibit.file
    return {
        "name": file.name,
        "kind": file.kind,
        "sha256": file.sha256,
        "bytes": file.bytes,
        "taken_at": exhibit.taken_at.isoformat() if exhibit.taken_at else None,
        "copy": exhibit.copy_name if exhibit.copy else None,
        "copy_sha256": exhibit.copy_sha256 or None,
        "copy_bytes": exhibit.copy_bytes or None,
        "others_veiled": exhibit.veiled,
        "vehicle_shown": exhibit.vehicle_shown,
        "not_here": exhibit.fault or None,
    }
