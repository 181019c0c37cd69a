"""Taking a case file out: gathered, made, and written down before anybody gets it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hub.accounts.user import User
from hub.evidence.arrivals import signature_fault
from hub.evidence.check import manifest_faults
from hub.evidence.files import MANIFEST, SIGNATURE
from hub.evidence.vault import has_room, sha256_of, vault_of
from hub.export.blur import Progress
from hub.export.bundle import write_bundle
from hub.export.casefile import CaseFile, Mark, Occasion, Records, Seal, read_records
from hub.export.exhibits import Workshop
from hub.export.paper import make_paper
from hub.parts import HubParts
from hub.store.tables import access
from leads import SignatureError, parse_json, verify

EXPORTED: Final = "export"
"""The step that is written of each export; its body holds the hashes of all that was taken out."""
Form = Literal["zip", "pdf"]
WORK: Final = "exports"
"""Folder, below that of the evidence, of what is being made; `hub.tidy` takes away what a crash leaves there."""


class ExportError(Exception):
    """A case file that cannot be made now; the text says what to do."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for."""

    number: int
    form: Form
    purpose: str
    """What it is for; a word that is written down."""
    language: str
    originals: bool = False
    """Whether the unveiled originals go along; in a ZIP alone."""


@dataclass(frozen=True)
class Export:
    """A file that was made and written down. It lies in a folder that is taken away after its `with`."""

    path: Path
    name: str
    """Name for who gets it; safe everywhere."""
    sha256: str


@contextmanager
def take_out(parts: HubParts, user: User, wanted: Wanted, progress: Progress = lambda _: None) -> Iterator[Export]:
    """Make a case file and write down that it was taken out.

    Whether the user may is for the caller to know. Raises StepError `not_found`, ExportError, PaperError, VaultError,
    StoreError; then nothing was taken out, and nothing is written down.
    """
    with _work_folder(parts) as work:
        occasion = Occasion(user, parts.clock(), wanted.purpose, wanted.originals)
        case = gather(parts, wanted.number, occasion, parts.key, work, progress)
        paper = work / "case.pdf"
        make_paper(parts, case, wanted.language, paper)
        sums, made = {}, paper
        if wanted.form == "zip":
            made = work / "case.zip"
            sums = write_bundle(case, paper, parts.key, ZoneInfo(parts.settings.web.timezone), made)
        with made.open("rb") as file:
            digest = sha256_of(file)
        body = {
            "form": wanted.form,
            "purpose": wanted.purpose,
            "originals": wanted.originals,
            "sha256": digest,
            "bytes": made.stat().st_size,
            "files": sums,
        }
        _write_down(parts, user, wanted, body)
        yield Export(made, f"{case.name}.{wanted.form}", digest)


def gather(
    parts: HubParts,
    number: int,
    occasion: Occasion,
    key: Ed25519PrivateKey | None,
    work: Path,
    progress: Progress = lambda _: None,
) -> CaseFile:
    """All of a case file, its exhibits made ready in the empty folder `work`."""
    records = read_records(parts, number)
    settings = parts.settings.evidence
    held = sum(file.bytes or 0 for file in records.evidence.files if file.held_ms is not None)
    # The originals, the copies, and a ZIP of both.
    if not has_room(settings, 4 * held):
        raise ExportError(f"the disk of {settings.folder} is too full: make room, {4 * held >> 20} MiB are needed")
    workshop = Workshop(vault_of(settings), work / "originals", settings.folder / "blurred")
    workshop.work.mkdir()
    exhibits = workshop.exhibits(records.evidence, records.corrected_boxes, progress)
    return CaseFile(
        records=records,
        exhibits=exhibits,
        seal=_seal(parts, records, workshop),
        occasion=occasion,
        hub_id=parts.settings.hub_id,
        hub_key=Mark.of(key.public_key()) if key is not None else None,
    )


def _seal(parts: HubParts, records: Records, workshop: Workshop) -> Seal:
    """What the box signed, checked now."""
    if records.row["kind"] != "lead":
        return Seal()
    faults: list[str] = []
    wire = parse_json(records.payload)
    box_id = str(records.row["box_id"])
    key = _signer(parts, box_id, wire, faults)
    manifest, signature = (workshop.seal(records.evidence, name) for name in (MANIFEST, SIGNATURE))
    if manifest is not None:
        if signature is not None and (fault := signature_fault(parts, box_id, manifest, signature)):
            faults.append(f"{SIGNATURE}: {fault}")
        faults += manifest_faults(manifest, wire)
    return Seal(manifest, signature, Mark.of(key) if key is not None else None, tuple(faults))


def _signer(parts: HubParts, box_id: str, wire: dict[str, Any], faults: list[str]) -> Ed25519PublicKey | None:
    """The key that a lead was signed with."""
    said = f"the hub has no key of {box_id}"
    for key in parts.box_keys.of(box_id):
        try:
            verify(wire, key)
        except SignatureError as error:
            said = str(error)
        else:
            return key
    faults.append(f"lead.json: {said}")
    return None


def _write_down(parts: HubParts, user: User, wanted: Wanted, body: dict[str, Any]) -> None:
    what = f"export.{wanted.form}" + ("+originals" if wanted.originals else "")
    with parts.audit.begin() as books:
        books.add(user.name, EXPORTED, wanted.number, body)
        books.connection.execute(
            sa.insert(access).values(
                at_ms=books.at_ms,
                user_id=user.id,
                number=wanted.number,
                what=what,
                purpose=wanted.purpose,
                until_ms=books.at_ms,
            )
        )


@contextmanager
def _work_folder(parts: HubParts) -> Iterator[Path]:
    folder = parts.settings.evidence.folder
    work = folder / WORK / secrets.token_hex(8)
    try:
        work.parent.mkdir(parents=True, exist_ok=True)
        work.mkdir(mode=0o700)
        yield work
    except OSError as error:
        raise ExportError(f"the case file cannot be written ({error}): check space and rights of {folder}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
