"""Which files an entry has, which of them are here, and which are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.parts import HubParts
from hub.settings import EvidenceSettings
from hub.store.rows import put
from hub.store.tables import entries, files, payloads
from leads import FileRef

MANIFEST: Final = "manifest.json"
"""What the box signed: each file's hash and the place in the box's chain. The lead names its hash."""
SIGNATURE: Final = "manifest.sig"
"""The box's signature over the bytes of the manifest."""
LEAD: Final = "lead.json"
"""The lead itself, as it came: on the box it lies in the folder too."""
COMPLETE: Final = "evidence"
"""The step that is written when all files of an entry are here."""
GONE: Final = "evidence_gone"
"""The step that is written when a box says that it has deleted a file."""
REFUSED: Final = "evidence_refused"
"""The step that is written when a whole file came that is not the one announced."""
MOST_REFUSED: Final = 3
"""After so many wrong files of one name the hub asks no more by itself."""
_AT_BOX, _ALL_HERE = 1, 2


class Fetch(IntFlag):
    """Kinds of files by what boxes send by themselves; the words of `EvidenceSettings.fetch`."""

    PICTURE = 1
    TRACK = 2
    CLIP = 4


_PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp")
_CLIPS: Final = (".mp4", ".mkv", ".mov", ".ts", ".avi", ".webm")
_ORDER: Final = {"panorama": 0, "close_up": 1, "shot": 2, "track": 3, "clip": 4, "overlay": 6, "draft": 7}
"""Of one entry, what tells most for its size comes first; kinds not named here come between clip and overlay."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One file of an entry."""

    name: str
    kind: str
    sha256: str | None
    """None for a signature that is not here: nobody names its hash."""
    bytes: int | None
    """None for a manifest or signature that is not here."""
    held_ms: int | None = None
    """Since when it is here."""
    wanted_ms: int | None = None
    """Since when somebody waits for it."""
    gone_ms: int | None = None
    """Since when the box says that it has deleted it."""
    refused: int = 0
    """How often a file of this name came that was another one."""

    @property
    def fetch(self) -> Fetch:
        """Its kind, as the settings name it. What is neither picture nor clip is small and goes with the track."""
        if self.kind == "clip" or self.name.lower().endswith(_CLIPS):
            return Fetch.CLIP
        return Fetch.PICTURE if self.name.lower().endswith(_PICTURES) else Fetch.TRACK

    def lacking(self, settings: EvidenceSettings) -> bool:
        """Whether it is not here but could still come."""
        given_up = self.gone_ms is not None or self.refused >= MOST_REFUSED
        return self.held_ms is None and not given_up and (self.bytes or 0) <= settings.most_mib << 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of one entry."""

    number: int
    entry_id: str
    kind: str
    """`lead` or `report`."""
    site_id: str
    box_id: str
    folder: str
    """Folder on the box; empty for a report."""
    state: int
    """As `entries.evidence`."""
    fetched: int
    """As `entries.fetched`."""
    files: tuple[EvidenceFile, ...]
    """All its files, the most telling first; manifest, signature and lead are the last."""

    def file(self, name: str) -> EvidenceFile | None:
        """One of them; None for a name that is none of theirs."""
        return next((file for file in self.files if file.name == name), None)

    @property
    def complete(self) -> bool:
        """Whether all files are here."""
        return all(file.held_ms is not None for file in self.files)


def evidence_of(connection: Connection, number: int) -> Evidence | None:
    """The evidence of an entry; None where there is no such entry."""
    return next(iter(evidences(connection, entries.c.number == number)), None)


def evidence_of_lead(connection: Connection, lead_id: str, site_id: str, box_id: str) -> Evidence | None:
    """The evidence of a box's own lead; None for one that is not here, or is another box's."""
    owner = (entries.c.site_id == site_id, entries.c.box_id == box_id, entries.c.kind == "lead")
    return next(iter(evidences(connection, entries.c.entry_id == lead_id, *owner)), None)


def evidences(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[Evidence]:
    """The evidence of some entries, in no order."""
    columns = ("number", "entry_id", "kind", "site_id", "box_id", "evidence", "fetched", "received_ms")
    rows = connection.execute(
        sa.select(*(entries.c[column] for column in columns), entries.c.payload_sha256, payloads.c.payload)
        .join(payloads, payloads.c.number == entries.c.number)
        .where(*conditions)
    ).all()
    known: dict[int, dict[str, Any]] = {row.number: {} for row in rows}
    if known:
        for row in connection.execute(sa.select(files).where(files.c.number.in_(known))):
            known[row.number][row.name] = row
    return [_evidence(row, known[row.number]) for row in rows]


def _evidence(row: Any, known: Mapping[str, Any]) -> Evidence:
    payload = bytes(row.payload)
    told = json.loads(payload)  # judged when it came; no need to be read in full each time
    if row.kind == "lead":
        told = told["evidence"]
        folder = told["folder"]
        own = [
            EvidenceFile(MANIFEST, "manifest", told["manifest_sha256"], None),
            EvidenceFile(SIGNATURE, "signature", None, None),
            EvidenceFile(LEAD, "lead", row.payload_sha256, len(payload), row.received_ms),
        ]
    else:
        folder, own = "", []
    taken = {file.name for file in own}
    named = [EvidenceFile(f["name"], f["kind"], f["sha256"], f["bytes"]) for f in told.get("files", [])]
    plain = sorted((f for f in named if f.name not in taken), key=lambda f: _ORDER.get(f.kind, 5))
    whole = tuple(file if file.name == LEAD else _with(file, known.get(file.name)) for file in (*plain, *own))
    return Evidence(
        row.number, row.entry_id, row.kind, row.site_id, row.box_id, folder, row.evidence, row.fetched, whole
    )


def _with(file: EvidenceFile, row: Any) -> EvidenceFile:
    """A file with what the table knows of it. What the lead names counts more than what the table holds."""
    if row is None:
        return file
    sha256, size = file.sha256, file.bytes
    if row.held_ms is not None:
        sha256, size = sha256 or row.sha256, row.bytes if size is None else size
    return EvidenceFile(file.name, file.kind, sha256, size, row.held_ms, row.wanted_ms, row.gone_ms, row.refused)


def ask_for(parts: HubParts, number: int, file: EvidenceFile) -> None:
    """Note that somebody waits for a file that is at the box; one that was given up is asked for anew."""
    state = {"wanted_ms": parts.clock(), "gone_ms": None, "refused": 0}
    with parts.database.write() as connection:
        put(connection, files, [_row(number, file, **state)], state)


def note_held(parts: HubParts, number: int, file: EvidenceFile, held: FileRef) -> None:
    """Note that a file is in the vault, with the hash and the size that it has."""
    state = {"sha256": held.sha256, "bytes": held.bytes, "held_ms": parts.clock(), "wanted_ms": None, "gone_ms": None}
    with parts.database.write() as connection:
        put(connection, files, [_row(number, file, **state)], state)
    settle(parts, number)


def note_gone(parts: HubParts, evidence: Evidence, file: EvidenceFile) -> None:
    """Note that the box has a file no more."""
    if file.held_ms is not None or file.gone_ms is not None:
        return
    with parts.audit.begin() as books:
        state = {"gone_ms": books.at_ms, "wanted_ms": None}
        put(books.connection, files, [_row(evidence.number, file, **state)], state)
        books.add(f"box:{evidence.site_id}/{evidence.box_id}", GONE, evidence.number, {"name": file.name})
    settle(parts, evidence.number)


def note_refused(parts: HubParts, evidence: Evidence, file: EvidenceFile, why: str) -> None:
    """Note that a whole file came that is not the one that was announced; of more such than count, nothing."""
    if file.refused >= MOST_REFUSED:
        return
    state: dict[str, Any] = {"refused": file.refused + 1}
    if file.refused + 1 >= MOST_REFUSED:
        state["wanted_ms"] = None
    with parts.audit.begin() as books:
        put(books.connection, files, [_row(evidence.number, file, **state)], state)
        books.add(parts.actor, REFUSED, evidence.number, {"name": file.name, "why": why})
    settle(parts, evidence.number)


def settle(parts: HubParts, number: int) -> None:
    """Bring the entry's row up to what is here: all of it, or all that is fetched without being asked for."""
    with parts.database.read() as connection:
        evidence = evidence_of(connection, number)
    if evidence is None or evidence.state != _AT_BOX:
        return
    if evidence.complete:
        _settle_complete(parts, evidence)
        return
    lacking = {file.fetch for file in evidence.files if file.lacking(parts.settings.evidence)}
    fetched = int(sum(kind for kind in Fetch if kind not in lacking))
    if fetched != evidence.fetched:
        with parts.database.write() as connection:
            connection.execute(sa.update(entries).where(entries.c.number == number).values(fetched=fetched))


def _settle_complete(parts: HubParts, evidence: Evidence) -> None:
    with parts.audit.begin() as books:
        changed = books.connection.execute(
            sa.update(entries)
            .where(entries.c.number == evidence.number, entries.c.evidence == _AT_BOX)
            .values(evidence=_ALL_HERE, fetched=int(sum(Fetch)))
        ).rowcount
        if changed:  # another process may have been quicker
            listed = sorted([file.name, file.sha256] for file in evidence.files)
            books.add(parts.actor, COMPLETE, evidence.number, {"files": listed})


def not_fetched(settings: EvidenceSettings) -> Sequence[int]:
    """Values of `entries.fetched` that lack a kind which is fetched without being asked for."""
    mask = mask_of(settings.fetch)
    return [bits for bits in range(int(sum(Fetch)) + 1) if bits & mask != mask]


def mask_of(words: Iterable[str]) -> int:
    """The bits of some kinds."""
    return int(sum(Fetch[word.upper()] for word in words))


def _row(number: int, file: EvidenceFile, **state: Any) -> dict[str, Any]:
    """A new row of `files`. What nobody names is empty until the file is held."""
    base = {
        "number": number,
        "name": file.name,
        "kind": file.kind,
        "sha256": file.sha256 or "",
        "bytes": file.bytes or 0,
        "refused": 0,
    }
    return base | state
