"""Files on their way in: parts that grow until they are whole, then are checked and go into the vault.

A part lies below the folder of the settings and is locked while somebody writes it, so that two processes can do no
harm to each other; after a crash it goes on growing from where it ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, Final

import sqlalchemy as sa

from hub.evidence.files import (
    MANIFEST,
    SIGNATURE,
    Evidence,
    EvidenceFile,
    Fetch,
    evidence_of,
    note_held,
    note_refused,
)
from hub.evidence.vault import READ_BYTES, VaultError, has_room, sha256_of, vault_of
from hub.evidence.viewing import make_ready
from hub.parts import HubParts
from hub.settings import EvidenceSettings
from hub.store.tables import files
from leads import FileRef, Signature, SignatureError, verify_bytes

_WAIT_S: Final = 2.0
"""How long is waited for another who writes the same file."""


class ArrivalError(Exception):
    """A file that cannot be taken in."""


class WrongFileError(ArrivalError):
    """A whole file that is not the one announced; nothing of it is kept."""


class TooLargeError(ArrivalError):
    """More bytes than the file has, or than any may have."""


class NotNowError(ArrivalError):
    """Try again later: another writes the same file, the disk is full, or something has to come first."""


class WrongOffsetError(ArrivalError):
    """The content begins elsewhere than what is held ends."""

    def __init__(self, held: int) -> None:
        """`held`: bytes that the hub holds."""
        super().__init__(f"the hub holds {held} bytes: go on from there")
        self.held = held


def keep(parts: HubParts, number: int, ref: FileRef, stream: IO[bytes]) -> None:
    """Take in a whole file of an entry from a stream. Durable on return; for one that is here it does nothing.

    Raises ArrivalError (WrongFileError where the entry has no such file), VaultError, StoreError.
    """
    with parts.database.read() as connection:
        evidence = evidence_of(connection, number)
    file = evidence.file(ref.name) if evidence else None
    if evidence is None or file is None or file.sha256 != ref.sha256:
        raise WrongFileError(f"entry {number} has no file {ref.name} with this SHA-256")
    if file.held_ms is not None:
        return
    _check_size(parts.settings.evidence, file)
    path = _part(parts, evidence, file)
    with _locked(path) as part:
        try:
            part.truncate(0)
            while block := stream.read(READ_BYTES):
                _grow(part, block, file)
            _finish(parts, evidence, file, part)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def held_bytes(parts: HubParts, evidence: Evidence, file: EvidenceFile) -> int:
    """How much of a file is here. A part that a crash left whole is checked and goes into the vault now.

    Raises ArrivalError, VaultError, StoreError.
    """
    if file.held_ms is not None:
        return file.bytes or 0
    if file.bytes is None:
        return 0
    try:
        size = _part(parts, evidence, file).stat().st_size
    except FileNotFoundError:
        return 0
    return size if size < file.bytes else grow(parts, evidence, file, size, b"")


def grow(parts: HubParts, evidence: Evidence, file: EvidenceFile, offset: int, content: bytes) -> int:
    """Add to a file, and finish it when it is whole; how much is here then.

    A file whose size nobody names comes whole in one piece. Raises ArrivalError, VaultError, StoreError.
    """
    if file.held_ms is not None:
        return file.bytes or 0
    _check_size(parts.settings.evidence, file)
    if not has_room(parts.settings.evidence, len(content)):
        raise NotNowError("the hub's disk for evidence is full")
    path = _part(parts, evidence, file)
    with _locked(path) as part:
        if (done := _held_meanwhile(parts, evidence.number, file.name)) is not None:
            path.unlink()
            return done
        if file.bytes is None:
            part.truncate(0)
        held = os.fstat(part.fileno()).st_size
        if offset != held:
            raise WrongOffsetError(held)
        _grow(part, content, file)
        held += len(content)
        if file.bytes is None or held == file.bytes:
            _finish(parts, evidence, file, part)
        return held


def drop_parts(settings: EvidenceSettings, before_s: float) -> int:
    """Drop parts to which nothing was added since `before_s` (seconds of UTC since 1970); how many.

    One that somebody is writing to stays.
    """
    dropped = 0
    for path in (settings.folder / "parts").glob("*"):
        with suppress(FileNotFoundError), FileIO(path) as part:
            if _lock(part) and _is_at(part, path) and os.fstat(part.fileno()).st_mtime < before_s:
                path.unlink()
                dropped += 1
    return dropped


def _held_meanwhile(parts: HubParts, number: int, name: str) -> int | None:
    """Bytes of a file that another request has just finished; None where none has."""
    with parts.database.read() as connection:
        return connection.execute(
            sa.select(files.c.bytes).where(files.c.number == number, files.c.name == name, files.c.held_ms.is_not(None))
        ).scalar()


def _check_size(settings: EvidenceSettings, file: EvidenceFile) -> None:
    if (file.bytes or 0) > settings.most_mib << 20:
        raise TooLargeError(f"{file.name} has {file.bytes} bytes; the hub takes {settings.most_mib} MiB at most")


def _grow(part: FileIO, content: bytes, file: EvidenceFile) -> None:
    end = part.seek(0, os.SEEK_END)
    if file.bytes is not None and end + len(content) > file.bytes:
        raise TooLargeError(f"{file.name} has {file.bytes} bytes, not {end + len(content)}")
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[part.write(rest) :]
    except OSError as error:
        raise NotNowError(f"the hub's disk for evidence cannot be written: {error.strerror}") from error


def _finish(parts: HubParts, evidence: Evidence, file: EvidenceFile, part: FileIO) -> None:
    """Check a whole part and put it into the vault; its place in the tables comes last."""
    path = _part(parts, evidence, file)
    size = part.seek(0, os.SEEK_END)
    part.seek(0)
    digest = sha256_of(part)
    why = _fault(parts, evidence, file, path, size, digest)
    if why:
        path.unlink()
        note_refused(parts, evidence, file, why)
        raise WrongFileError(f"{file.name}: {why}")
    vault_of(parts.settings.evidence).put(path, digest)
    note_held(parts, evidence.number, file, FileRef(name=file.name, kind=file.kind, sha256=digest, bytes=size))
    if file.fetch is Fetch.CLIP:
        make_ready(parts.settings.evidence, digest)


def _fault(parts: HubParts, evidence: Evidence, file: EvidenceFile, path: Path, size: int, digest: str) -> str | None:
    """Why a whole part is not the file that was announced; None when it is."""
    if file.bytes is not None and size != file.bytes:
        return f"it has {size} bytes, {file.bytes} were announced"
    if file.sha256 is not None:
        return None if digest == file.sha256 else f"its SHA-256 is {digest}, {file.sha256} was announced"
    assert file.name == SIGNATURE, "only a signature's hash is named by nobody"
    manifest = evidence.file(MANIFEST)
    if manifest is None or manifest.gone_ms is not None or manifest.refused:
        return f"its {MANIFEST} could not be had"
    if manifest.held_ms is None or manifest.sha256 is None:
        raise NotNowError(f"the signature is checked over {MANIFEST}: send that first")
    with vault_of(parts.settings.evidence).open(manifest.sha256) as signed:
        return signature_fault(parts, evidence.box_id, signed.read(), path.read_bytes())


def signature_fault(parts: HubParts, box_id: str, signed: bytes, signature: bytes) -> str | None:
    """Why a box's signature (`manifest.sig`) over some bytes does not hold; None when it does."""
    try:
        given = Signature.model_validate_json(signature)
    except ValueError:
        return "it is no signature"
    faults = []
    for key in parts.box_keys.of(box_id):
        try:
            verify_bytes(signed, given, key)
        except SignatureError as error:
            faults.append(str(error))
        else:
            return None
    return "; ".join(faults) or f"the hub has no key of {box_id}"


def _part(parts: HubParts, evidence: Evidence, file: EvidenceFile) -> Path:
    return parts.settings.evidence.folder / "parts" / f"{evidence.number}.{file.name}"


@contextmanager
def _locked(path: Path) -> Iterator[FileIO]:
    """Open a part, made if need be, which no other process or thread has open. Raises NotNowError."""
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640), "r+")
        except OSError as error:
            raise VaultError(f"{path} cannot be written ({error.strerror}): check disk and rights") from error
        with file:
            if _lock(file) and _is_at(file, path):
                yield file
                return
        if time.monotonic() > until:
            raise NotNowError("another request writes the same file")
        time.sleep(0.05)


def _lock(file: FileIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(file: FileIO, path: Path) -> bool:
    """Whether an open file is still the one of that name: who had the lock before may have moved it away."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
