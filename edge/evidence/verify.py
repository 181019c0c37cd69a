"""Proof: says of an evidence folder, or of a whole tree of them, what is whole and what was touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from edge.evidence.manifest import (
    CHAIN_START,
    LEAD,
    MANIFEST,
    PENDING,
    RETIRED,
    SIGNATURE,
    Manifest,
    Retired,
    hash_file,
)
from leads import Lead, Signature, SignatureError, WireError, parse_json, read, verify, verify_bytes

BOX_KEY = "box.pub"
"""Copy of the box's public key in the root of its evidence."""


def key_beside(folder: Path) -> Path | None:
    """The copy of the public key that goes with an evidence folder or a whole tree; None where there is none."""
    here = folder.resolve()
    return next((path for place in (here, *here.parents) if (path := place / BOX_KEY).is_file()), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in one folder. Whole when `problems` is empty."""

    folder: Path
    manifest: Manifest | None
    manifest_sha256: str
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def verify_folder(folder: Path, key: Ed25519PublicKey) -> Verdict:
    """Check every hash and both signatures of one evidence folder against the box's public key."""
    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError as error:
        return Verdict(folder, None, "", (f"{MANIFEST}: {error.strerror}",))
    digest = sha256(data).hexdigest()
    problems = list(_signature_problems(folder, data, key))
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        return Verdict(folder, None, digest, (*problems, f"{MANIFEST}: not a manifest: {error.errors()[0]['msg']}"))
    retired = _retired(folder)
    problems.extend(_file_problems(folder, manifest, retired))
    problems.extend(_lead_problems(folder, manifest, digest, key))
    notes = (f"deleted to make room, hashes kept: {', '.join(sorted(retired))}",) if retired else ()
    return Verdict(folder, manifest, digest, tuple(problems), notes)


def verify_tree(root: Path, key: Ed25519PublicKey) -> tuple[list[Verdict], list[str]]:
    """Check every folder below `root` and the chain that joins them; the second list names breaks of the chain."""
    found = {p.parent for name in (MANIFEST, SIGNATURE, LEAD) for p in root.rglob(name)}
    folders = sorted(f for f in found if PENDING not in f.relative_to(root).parts)
    verdicts = [_in_its_place(verify_folder(f, key)) for f in folders]
    return verdicts, list(_chain_problems(verdicts))


def _in_its_place(verdict: Verdict) -> Verdict:
    if verdict.manifest is None or verdict.manifest.lead_id == verdict.folder.name:
        return verdict
    problem = f"{MANIFEST}: was sealed under another name, {verdict.manifest.lead_id}"
    return replace(verdict, problems=(*verdict.problems, problem))


def _chain_problems(verdicts: Sequence[Verdict]) -> Iterator[str]:
    links = sorted(
        ((v.manifest.chain_seq, v.manifest.chain_prev, v) for v in verdicts if v.manifest), key=lambda link: link[0]
    )
    expected, before = 1, CHAIN_START
    for seq, prev, verdict in links:
        if seq < expected:
            yield f"link {seq} stands twice: {verdict.folder.name}"
            continue
        if seq > expected:
            gap = f"link {expected}" if seq == expected + 1 else f"links {expected} to {seq - 1}"
            yield f"{gap} missing before {verdict.folder.name}: a folder was taken away"
        elif prev != before:
            yield f"link {seq} ({verdict.folder.name}) does not continue link {seq - 1}: one of the two was replaced"
        expected, before = seq + 1, verdict.manifest_sha256


def _signature_problems(folder: Path, data: bytes, key: Ed25519PublicKey) -> Iterator[str]:
    try:
        signature = Signature.model_validate_json((folder / SIGNATURE).read_bytes())
        verify_bytes(data, signature, key)
    except OSError as error:
        yield f"{SIGNATURE}: {error.strerror}"
    except (ValidationError, SignatureError) as error:
        yield f"{MANIFEST}: the signature does not fit: {str(error).splitlines()[0]}"


def _file_problems(folder: Path, manifest: Manifest, retired: frozenset[str]) -> Iterator[str]:
    for file in manifest.files:
        path = folder / file.name
        if path.is_symlink():
            yield f"{file.name}: a link to elsewhere, not the file itself"
        elif not path.is_file():
            if file.name not in retired:
                yield f"{file.name}: missing"
        elif hash_file(path) != file.sha256:
            yield f"{file.name}: changed (its SHA-256 is not the one in the manifest)"
    known = {f.name for f in manifest.files} | {MANIFEST, SIGNATURE, LEAD, RETIRED}
    for path in sorted(folder.iterdir()):
        if path.name not in known:
            yield f"{path.name}: not in the manifest: it was put there afterwards"


def _lead_problems(folder: Path, manifest: Manifest, digest: str, key: Ed25519PublicKey) -> Iterator[str]:
    try:
        wire = parse_json((folder / LEAD).read_bytes())
        verify(wire, key)
        lead = read(Lead, wire)
    except OSError as error:
        yield f"{LEAD}: {error.strerror}"
    except (WireError, SignatureError) as error:
        yield f"{LEAD}: changed: {str(error).splitlines()[0]}"
    else:
        if lead.evidence.manifest_sha256 != digest or lead.lead_id != manifest.lead_id:
            yield f"{LEAD}: speaks of another manifest than the one beside it"


def _retired(folder: Path) -> frozenset[str]:
    try:
        return frozenset(Retired.model_validate_json((folder / RETIRED).read_bytes()).files)
    except (FileNotFoundError, ValidationError):
        return frozenset()
