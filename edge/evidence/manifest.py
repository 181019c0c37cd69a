"""The manifest of an evidence folder: every file's hash, a link of the box's chain, and the box's signature.

A folder holds the evidence files, `manifest.json` with the SHA-256 of each, `manifest.sig` with the box's
Ed25519 signature over the manifest's bytes, and `lead.json`, the signed lead as it goes over the wire, which in
turn names the manifest's SHA-256. The chain: each manifest holds the SHA-256 of the manifest before it, so that
none can be taken out or put in between unseen.
"""

from __future__ import annotations

from hashlib import file_digest
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from leads import FileRef
from leads.base import Count, Ident, Sha256Hex, UlidText, UtcMs

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
LEAD = "lead.json"
RETIRED = "retired.json"
PENDING = "pending"
"""Folder beside the sealed ones where drafts wait."""
CHAIN_START = "0" * 64


class ClipFacts(BaseModel):
    """The clip against the act. Seconds; `offset_s` is where the asked-for start lies within the clip."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    codec: str
    duration_s: float
    offset_s: float
    """The clip starts at a keyframe, so this much before the asked-for start."""
    act_from_s: float
    """Beginning of the act, in seconds of the clip."""
    act_proven_s: float
    """When the act was proven, in seconds of the clip."""
    complete: bool
    missing: str | None = None


class Manifest(BaseModel):
    """What an evidence folder holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal["1.0"] = "1.0"
    lead_id: UlidText
    site_id: Ident
    box_id: Ident
    chain_seq: Count
    chain_prev: Sha256Hex
    made_at: UtcMs
    software: str
    files: tuple[FileRef, ...]
    clip: ClipFacts | None
    missing: tuple[str, ...] = ()
    details: dict[str, Any] = {}
    """Camera, rule and model as in the lead, for who has only the folder."""


class Retired(BaseModel):
    """Note on what was deleted of a closed lead's folder to make room."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: UtcMs
    files: tuple[str, ...]
    """Names of the files that are gone."""


def file_ref(path: Path, kind: str) -> FileRef:
    """Hash a file."""
    return FileRef(name=path.name, kind=kind, sha256=hash_file(path), bytes=path.stat().st_size)


def hash_file(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
