"""Proof that evidence here is what its box sealed: hashes, signatures, places in the box's chain."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.evidence.arrivals import signature_fault
from hub.evidence.files import LEAD, MANIFEST, SIGNATURE, Evidence, EvidenceFile, evidence_of
from hub.evidence.vault import NotHeldError, Vault, sha256_of, vault_of
from hub.parts import HubParts
from hub.store.tables import entries, payloads
from leads import SignatureError, parse_json, verify_any

_PAGE = 500


def check_entry(parts: HubParts, number: int) -> list[str]:
    """What is wrong with the evidence of an entry that is here, in words; nothing when it holds.

    Every held file is read and hashed anew. What is still at the box is no fault. Raises VaultError for a vault that
    is away, StoreError, KeyFileError.
    """
    with parts.database.read() as connection:
        evidence = evidence_of(connection, number)
        payload = connection.scalar(sa.select(payloads.c.payload).where(payloads.c.number == number))
    if evidence is None or payload is None:
        return [f"there is no entry {number}"]
    vault = vault_of(parts.settings.evidence)
    faults = [fault for file in evidence.files for fault in _file_faults(vault, file)]
    if evidence.kind == "lead":
        faults += _seal_faults(parts, vault, evidence, bytes(payload))
    if evidence.state == 2 and not evidence.complete:
        faults.append("it is said to be complete, but is not")
    return [f"entry {number}: {fault}" for fault in faults]


def _file_faults(vault: Vault, file: EvidenceFile) -> Iterator[str]:
    if file.held_ms is None or file.name == LEAD:
        return
    assert file.sha256 is not None, "what is held has a hash"
    try:
        with vault.open(file.sha256) as held:
            digest = sha256_of(held)
            size = held.tell()
    except NotHeldError as error:
        yield f"{file.name} is lost: {error}"
        return
    if digest != file.sha256:
        yield f"{file.name} was changed: its SHA-256 is {digest}"
    elif size != file.bytes:
        yield f"{file.name} has {size} bytes, {file.bytes} were announced"


def _seal_faults(parts: HubParts, vault: Vault, evidence: Evidence, payload: bytes) -> Iterator[str]:
    """Signatures of lead and manifest, and whether both say the same."""
    wire = parse_json(payload)
    try:
        keys = parts.box_keys.of(evidence.box_id)
        if not keys:
            yield f"the hub has no key of {evidence.box_id}: its signatures cannot be checked"
            return
        verify_any(wire, keys)
    except SignatureError as error:
        yield f"{LEAD}: {error}"
    signed, signature = _read(vault, evidence, MANIFEST), _read(vault, evidence, SIGNATURE)
    if signed is None:
        return
    if signature is not None and (fault := signature_fault(parts, evidence.box_id, signed, signature)):
        yield f"{SIGNATURE}: {fault}"
    yield from manifest_faults(signed, wire)


def manifest_faults(signed: bytes, lead: dict[str, Any]) -> Iterator[str]:
    """What the manifest of a box says otherwise than its lead, in words."""
    try:
        manifest = json.loads(signed)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        yield f"{MANIFEST} is no JSON object"
        return
    told = lead["evidence"]
    for name in ("lead_id", "site_id", "box_id"):
        if manifest.get(name) != lead[name]:
            yield f"{MANIFEST} names another {name} than the lead"
    for name in ("chain_seq", "chain_prev", "files"):
        if manifest.get(name) != told[name]:
            yield f"{MANIFEST} says otherwise than the lead: {name}"


def _read(vault: Vault, evidence: Evidence, name: str) -> bytes | None:
    file = evidence.file(name)
    if file is None or file.held_ms is None or file.sha256 is None or vault.size(file.sha256) is None:
        return None
    with vault.open(file.sha256) as held:
        return held.read()


@dataclass(frozen=True, slots=True)
class _Link:
    number: int
    seq: int
    prev: str
    sha256: str


def check_chains(parts: HubParts) -> tuple[list[str], list[str]]:
    """The chains of all boxes by what their leads say: faults, and what is missing.

    A missing link is no fault: its lead may be on its way, or was refused. Two leads at one place, or a lead that does
    not follow the one before it, is one. Raises StoreError.
    """
    chains: dict[tuple[str, str], list[_Link]] = {}
    with parts.database.read() as connection:
        for box, link in _links(connection):
            chains.setdefault(box, []).append(link)
    faults: list[str] = []
    missing: list[str] = []
    for (site_id, box_id), links in sorted(chains.items()):
        name = f"{site_id}/{box_id}"
        links.sort(key=lambda link: (link.seq, link.number))
        if links[0].seq > 1:
            missing.append(f"{name}: link 1 to {links[0].seq - 1}")
        for before, link in itertools.pairwise(links):
            if link.seq == before.seq:
                faults.append(f"{name}: entries {before.number} and {link.number} have one place in the chain")
            elif link.seq > before.seq + 1:
                missing.append(f"{name}: link {before.seq + 1} to {link.seq - 1}")
            elif link.prev != before.sha256:
                faults.append(f"{name}: entry {link.number} does not follow entry {before.number} in the chain")
    return faults, missing


def _links(connection: Connection) -> Iterator[tuple[tuple[str, str], _Link]]:
    after = 0
    while True:
        rows = connection.execute(
            sa.select(entries.c.number, entries.c.site_id, entries.c.box_id, payloads.c.payload)
            .join(payloads, payloads.c.number == entries.c.number)
            .where(entries.c.kind == "lead", entries.c.number > after)
            .order_by(entries.c.number)
            .limit(_PAGE)
        ).all()
        for row in rows:
            told = json.loads(row.payload)["evidence"]
            link = _Link(row.number, told["chain_seq"], told["chain_prev"], told["manifest_sha256"])
            yield (row.site_id, row.box_id), link
        if len(rows) < _PAGE:
            return
        after = rows[-1].number
