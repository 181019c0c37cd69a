"""The files of an entry made ready to be taken out: originals checked, pictures and clips copied with others veiled.

Copies are kept by what they were made of, so that a second export is quick; they may be deleted, and are made anew.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from hub.evidence.files import LEAD, MANIFEST, SIGNATURE, Evidence, EvidenceFile, Fetch
from hub.evidence.pictures import PictureError, picture_size
from hub.evidence.vault import READ_BYTES, NotHeldError, Vault, in_use, sha256_of, sync
from hub.export.blur import RECIPE, Progress, blur_clip, blur_picture
from hub.export.subject import Box, Subject
from hub.store.audit import canonical

DRAFT: Final = "draft.json"
TRACK: Final = "track.json"
_SEAL: Final = frozenset({MANIFEST, SIGNATURE, LEAD})
"""They go beside the evidence, not among it."""


@dataclass(frozen=True)
class Exhibit:
    """One file of the evidence, as far as it can be taken out."""

    file: EvidenceFile
    original: Path | None = None
    """The unchanged file, its hash checked just now; None where it is not here."""
    copy: Path | None = None
    """What everybody may take out: a copy with others veiled, or the file itself where it holds but numbers."""
    copy_sha256: str = ""
    copy_bytes: int = 0
    veiled: bool = False
    """Whether the copy is another file than the original."""
    vehicle_shown: bool = False
    """Whether the vehicle can be recognised in the copy; if not, it is veiled whole."""
    size: tuple[int, int] | None = None
    """Width and height of a picture, pixels."""
    taken_at: datetime | None = None
    fault: str = ""
    """Why there is no copy: `at_box`, `gone`, `lost`, `changed`, `unreadable`, `withheld`."""
    why: str = ""
    """More about that, for people who keep the hub."""

    @property
    def copy_name(self) -> str:
        """Name of the copy in the export."""
        stem, _, ending = self.file.name.rpartition(".")
        if not self.veiled:
            return self.file.name
        kind = "mp4" if self.file.fetch == Fetch.CLIP else "jpg"
        # Of pictures x.jpg and x.png both copies go along.
        return f"{stem if ending.lower() == kind else self.file.name}.blurred.{kind}"

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture that can be shown."""
        return self.copy is not None and self.file.fetch == Fetch.PICTURE


@dataclass(frozen=True)
class Workshop:
    """Where copies are made and kept."""

    vault: Vault
    work: Path
    """An empty folder of this export alone."""
    copies: Path
    """Folder of the copies that are kept."""

    def exhibits(
        self,
        evidence: Evidence,
        corrected: Sequence[tuple[float, Box]] = (),
        progress: Progress = lambda _: None,
    ) -> tuple[Exhibit, ...]:
        """All files of an entry but its seal. Raises VaultError for a vault that is away, OSError.

        `corrected`: boxes that people put right: second of the clip, and the box.
        """
        listed = [file for file in evidence.files if file.name not in _SEAL]
        fetched = {file.name: self._fetched(file) for file in listed}
        notes = [fetched[name].original if name in fetched else None for name in (DRAFT, TRACK)]
        draft, track = (path.read_bytes() if path is not None else None for path in notes)
        subject = Subject.read(draft, track, corrected)
        done: list[Exhibit] = []
        for number, file in enumerate(listed):

            def told(share: float, before: int = number) -> None:
                progress((before + share) / len(listed))

            done.append(self._treated(fetched[file.name], evidence.kind == "lead", subject, fetched, told))
        progress(1.0)
        return tuple(done)

    def seal(self, evidence: Evidence, name: str) -> bytes | None:
        """The bytes of the box's manifest or signature; None where it is not here, or not what it was."""
        file = evidence.file(name)
        if file is None or file.held_ms is None:
            return None
        path = self._fetched(file).original
        return path.read_bytes() if path is not None else None

    def _fetched(self, file: EvidenceFile) -> Exhibit:
        if file.held_ms is None or file.sha256 is None:
            return Exhibit(file, fault="gone" if file.gone_ms is not None else "at_box")
        target = self.work / file.name
        digest = hashlib.sha256()
        try:
            with self.vault.open(file.sha256) as held, target.open("wb") as out:
                while block := held.read(READ_BYTES):
                    digest.update(block)
                    out.write(block)
        except NotHeldError as error:
            return Exhibit(file, fault="lost", why=str(error))
        if digest.hexdigest() != file.sha256:
            target.unlink()
            return Exhibit(file, fault="changed", why=f"its SHA-256 is now {digest.hexdigest()}")
        return Exhibit(file, original=target)

    def _treated(
        self, held: Exhibit, of_lead: bool, subject: Subject, others: dict[str, Exhibit], told: Progress
    ) -> Exhibit:
        file, original = held.file, held.original
        if original is None:
            return held
        try:
            if file.fetch == Fetch.CLIP:
                return self._clip(file, original, subject, told)
            if file.fetch == Fetch.PICTURE:
                return self._picture(file, original, subject, others)
        except PictureError as error:
            return Exhibit(file, original, fault="unreadable", why=str(error))
        if of_lead and file.name.endswith(".json"):
            return Exhibit(file, original, original, file.sha256 or "", original.stat().st_size)
        return Exhibit(file, original, fault="withheld")

    def _clip(self, file: EvidenceFile, original: Path, subject: Subject, told: Progress) -> Exhibit:
        key = _key(file, subject.fingerprint)
        copy = self._kept(key, "mp4", lambda part: blur_clip(original, part, subject, told))
        shown = subject.clip_start_s is not None and bool((subject.rows[:, -1] > 0).any())
        return _copied(Exhibit(file, original, copy, vehicle_shown=shown, taken_at=subject.taken_at(file.name)))

    def _picture(self, file: EvidenceFile, original: Path, subject: Subject, others: dict[str, Exhibit]) -> Exhibit:
        data = original.read_bytes()
        size = picture_size(data)
        source = others.get(file.name.replace(".overlay.", "."))
        beside = source.original if source is not None and source.file.name != file.name else None
        of_overlay = picture_size(beside.read_bytes()) if beside is not None else None
        kept = subject.in_picture(file.name, size, of_overlay)
        key = _key(file, [subject.fingerprint, size, of_overlay])
        copy = self._kept(key, "jpg", lambda part: _write(part, blur_picture(data, lambda _: kept)))
        taken_at = subject.taken_at(file.name)
        return _copied(Exhibit(file, original, copy, vehicle_shown=bool(kept.boxes), size=size, taken_at=taken_at))

    def _kept(self, key: str, ending: str, make: Callable[[Path], None]) -> Path:
        place = self.copies / key[:2] / f"{key}.{ending}"
        if in_use(place):
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{secrets.token_hex(8)}.part")
        try:
            make(part)
            sync(part)
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        return place


def _key(file: EvidenceFile, hangs_on: object) -> str:
    return hashlib.sha256(canonical([RECIPE, file.sha256, file.name, hangs_on]).encode()).hexdigest()


def _copied(exhibit: Exhibit) -> Exhibit:
    """With the hash and the size of its copy."""
    assert exhibit.copy is not None, "there is a copy"
    with exhibit.copy.open("rb") as file:
        digest = sha256_of(file)
    return replace(exhibit, copy_sha256=digest, copy_bytes=exhibit.copy.stat().st_size, veiled=True)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
