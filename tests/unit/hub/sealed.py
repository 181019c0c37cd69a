"""Sealed evidence as a box has it, for tests: files, manifest, signature, and the lead that names them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import sqlalchemy as sa
from starlette.testclient import TestClient

from hub.intake.judge import judge
from hub.intake.take import take
from hub.store.tables import access, entries
from leads import EvidenceRef, FileRef, Lead, encode, parse_json, sign, sign_bytes
from leads.topics import BoxAddress, BoxTopic
from leads.uploads import OFFSET_HEADER, WantedList, sign_request
from tests.hub_worlds import BOX_KEY, HubWorld
from tests.unit.leads.samples import ZEROS, sample_lead

KINDS = {".mp4": "clip", ".jpg": "panorama", ".json": "track"}
FILES: Mapping[str, bytes] = {"clip.mp4": b"clip " * 1000, "panorama-1.jpg": b"picture", "track.json": b"{}"}


@dataclass
class SealedLead:
    """A lead with its folder, as the box keeps it."""

    lead: Lead
    payload: bytes
    contents: dict[str, bytes] = field(default_factory=dict)
    """All files of the folder but the lead, with manifest and signature."""


def seal(
    number: int = 1, files: Mapping[str, bytes] = FILES, prev: SealedLead | None = None, **told: Any
) -> SealedLead:
    """Seal a lead over some files; `prev` is the one before it in the chain."""
    refs = tuple(
        FileRef(name=n, kind=KINDS["." + n.rpartition(".")[2]], sha256=hashlib.sha256(c).hexdigest(), bytes=len(c))
        for n, c in files.items()
    )
    bare = sample_lead(number, facts=(), **told)
    seq = prev.lead.evidence.chain_seq + 1 if prev else 1
    before = prev.lead.evidence.manifest_sha256 if prev else ZEROS
    manifest = {"lead_id": bare.lead_id, "site_id": bare.site_id, "box_id": bare.box_id, "chain_seq": seq}
    manifest |= {"chain_prev": before, "files": [ref.model_dump() for ref in refs]}
    signed = json.dumps(manifest, indent=1).encode()
    evidence = EvidenceRef(
        folder=f"20261123/{bare.lead_id}",
        manifest_sha256=hashlib.sha256(signed).hexdigest(),
        chain_seq=seq,
        chain_prev=before,
        files=refs,
        complete=True,
    )
    lead = sign(bare.model_copy(update={"evidence": evidence}), BOX_KEY)
    signature = sign_bytes(signed, BOX_KEY).model_dump_json().encode()
    return SealedLead(lead, encode(lead), {**files, "manifest.json": signed, "manifest.sig": signature})


def arrive(world: HubWorld, *sealed: SealedLead) -> list[int]:
    """Let leads arrive at a hub; their numbers."""
    keys = (BOX_KEY.public_key(),)
    judged = [
        judge(BoxAddress(s.lead.site_id, s.lead.box_id, BoxTopic.LEADS), s.payload, lambda _: keys) for s in sealed
    ]
    held = take(world.parts, judged)
    assert all(one.fault is None for one in held), held
    return [one.number for one in held if one.number is not None]


def column(world: HubWorld, number: int, name: str) -> Any:
    """One column of an entry."""
    with world.parts.database.read() as connection:
        return connection.scalar(sa.select(entries.c[name]).where(entries.c.number == number))


def grant(world: HubWorld, user_id: int, number: int, minutes: float = 30) -> None:
    """Let somebody have opened an entry."""
    now = world.clock()
    values = {"at_ms": now, "user_id": user_id, "number": number, "what": "entry", "purpose": "review"}
    with world.parts.database.write() as connection:
        connection.execute(sa.insert(access).values(**values, until_ms=now + round(minutes * 60_000)))


class Box:
    """A box at the hub's door."""

    def __init__(self, world: HubWorld, who: tuple[str, str] = ("site-1", "box-1"), client: Any = None) -> None:
        self.world = world
        self.who = who
        self.client: TestClient | httpx.Client = client or world.client()

    def ask(self, method: str, target: str, content: bytes = b"", at: int | None = None) -> Any:
        """The answer to a signed request; `at` is the byte where its content begins."""
        proof = sign_request(method, target, content, self.who, self.world.clock(), BOX_KEY)
        headers = {"Authorization": proof} | ({} if at is None else {OFFSET_HEADER: str(at)})
        return self.client.request(method, target, content=content, headers=headers)

    def wanted(self, *leads: str) -> WantedList:
        """What the hub wants."""
        answer = self.ask("GET", "/boxes/v1/wanted" + (f"?leads={','.join(leads)}" if leads else ""))
        assert answer.status_code == 200, answer.text
        return WantedList.model_validate(parse_json(answer.content))

    def names(self, *leads: str) -> list[str]:
        """Names of the files that the hub wants."""
        return [file.name for file in self.wanted(*leads).files]

    def offset(self, lead_id: str, name: str) -> int:
        """How much of a file the hub has."""
        answer = self.ask("HEAD", f"/boxes/v1/files/{lead_id}/{name}")
        assert answer.status_code == 200, answer.text
        return int(answer.headers[OFFSET_HEADER])

    def send(self, lead_id: str, name: str, content: bytes, at: int = 0) -> Any:
        """A piece of a file."""
        return self.ask("PATCH", f"/boxes/v1/files/{lead_id}/{name}", content, at)

    def send_all(self, sealed: SealedLead) -> None:
        """All that the hub wants of a lead, in its order."""
        for file in self.wanted().files:
            if file.lead_id == sealed.lead.lead_id:
                answer = self.send(file.lead_id, file.name, sealed.contents[file.name])
                assert answer.is_success, answer.text
