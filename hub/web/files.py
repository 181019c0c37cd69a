"""Evidence files for people: who has opened the entry, and said what for, may see its files."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import PurePath
from typing import Annotated, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from hub.accounts.roles import Permission
from hub.accounts.user import User
from hub.evidence.files import LEAD, Evidence, EvidenceFile, Fetch, ask_for, evidence_of
from hub.evidence.thumbs import best_picture, note_seen, thumbnail
from hub.evidence.vault import VaultError, vault_of
from hub.evidence.viewing import UnplayableError, browsers_play, viewing_copy
from hub.parts import HubParts
from hub.store.tables import access, payloads
from hub.web.deps import Parts, language_of, need
from hub.web.words import Translator

router: Final = APIRouter()
_TYPES: Final = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".json": "application/json",
    ".sig": "application/json",
}
"""What browsers show; all else they save, since a source could send a page with scripts in it."""
_PLAIN_BYTES: Final = "application/octet-stream"
_RANGE: Final = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")
_BLOCK: Final = 256 << 10
_log = logging.getLogger(__name__)

Viewer = Annotated[User, Depends(need(Permission.QUEUE, Permission.EXPORT, Permission.AUDIT))]
Number = Annotated[int, Path(ge=1, le=2**53)]


@dataclass(frozen=True)
class _Found:
    """A file ready to be sent."""

    file: BufferedReader | BytesIO
    size: int
    etag: str
    media_type: str
    name: str


@router.get("/entries/{number}/files/{name}")
def get_file(request: Request, parts: Parts, user: Viewer, number: Number, name: str, viewing: int = 0) -> Response:
    """A file, or a part of it; with `viewing`, of a clip, what every browser plays."""
    t = Translator(language_of(request, user))
    evidence, file = _looked_at(parts, user, number, name, t)
    if file.held_ms is None:
        raise HTTPException(404, t(_where(evidence, file)))
    try:
        if viewing and file.fetch is Fetch.CLIP:
            return _play(request, parts, file, t)
        return _send(request, _original(parts, number, file))
    except VaultError as error:
        _log.error("entry %d, %s: %s", number, name, error)
        raise HTTPException(503, t("files.vault"), {"Retry-After": "30"}) from error


@router.get("/entries/{number}/thumb.jpg")
def get_thumb(request: Request, parts: Parts, user: Viewer, number: Number) -> Response:
    """A small picture for lists; that it was seen is written down, and opens nothing."""
    with parts.database.read() as connection:
        sha256 = best_picture(connection, number)
    t = Translator(language_of(request, user))
    if sha256 is None:
        raise HTTPException(404, t("files.no_file"))
    etag = f'"{sha256}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    try:
        jpeg = thumbnail(parts.settings.evidence, sha256)
    except VaultError as error:
        raise HTTPException(503, t("files.vault"), {"Retry-After": "30"}) from error
    if jpeg is None:
        raise HTTPException(404, t("files.no_file"))
    note_seen(parts, user, number)
    return Response(jpeg, media_type="image/jpeg", headers=headers)


@router.post("/api/entries/{number}/files/{name}/want")
def want_file(request: Request, parts: Parts, user: Viewer, number: Number, name: str) -> JSONResponse:
    """Ask the box for a file out of turn: `{"held": ..., "wanted": ...}`."""
    t = Translator(language_of(request, user))
    evidence, file = _looked_at(parts, user, number, name, t)
    if file.held_ms is None:
        if evidence.kind != "lead":
            raise HTTPException(409, t("files.at_source"))
        if (file.bytes or 0) > parts.settings.evidence.most_mib << 20:
            raise HTTPException(409, t("files.too_large"))
        if file.wanted_ms is None:
            ask_for(parts, number, file)
    return JSONResponse({"held": file.held_ms is not None, "wanted": file.held_ms is None})


def _looked_at(parts: HubParts, user: User, number: int, name: str, t: Translator) -> tuple[Evidence, EvidenceFile]:
    """A file of an entry that the user has opened a short while ago."""
    grant = sa.select(access.c.id).where(
        access.c.user_id == user.id, access.c.number == number, access.c.until_ms > parts.clock()
    )
    with parts.database.read() as connection:
        if connection.execute(grant.limit(1)).first() is None:
            raise HTTPException(403, t("files.look_first"))
        evidence = evidence_of(connection, number)
    if evidence is None:
        raise HTTPException(404, t("files.no_entry"))
    file = evidence.file(name)
    if file is None:
        raise HTTPException(404, t("files.no_file"))
    return evidence, file


def _where(evidence: Evidence, file: EvidenceFile) -> str:
    if file.gone_ms is not None:
        return "files.gone"
    return "files.at_box" if evidence.kind == "lead" else "files.at_source"


def _original(parts: HubParts, number: int, file: EvidenceFile) -> _Found:
    assert file.sha256 is not None, "what is held has a hash"
    media_type = _TYPES.get(PurePath(file.name).suffix.lower(), _PLAIN_BYTES)
    if file.name == LEAD:
        with parts.database.read() as connection:
            payload = bytes(connection.scalars(sa.select(payloads.c.payload).filter_by(number=number)).one())
        return _Found(BytesIO(payload), len(payload), f'"{file.sha256}"', media_type, file.name)
    held = vault_of(parts.settings.evidence).open(file.sha256)
    return _Found(held, held.seek(0, os.SEEK_END), f'"{file.sha256}"', media_type, file.name)


def _play(request: Request, parts: HubParts, file: EvidenceFile, t: Translator) -> Response:
    """A clip that every browser plays: the original, else its copy for viewing; 202 while that is made."""
    assert file.sha256 is not None, "what is held has a hash"
    settings = parts.settings.evidence
    try:
        if browsers_play(settings, file.sha256):
            media_type = "video/webm" if file.name.lower().endswith(".webm") else "video/mp4"
            held = vault_of(settings).open(file.sha256)
            return _send(request, _Found(held, held.seek(0, os.SEEK_END), f'"{file.sha256}"', media_type, file.name))
        copy = viewing_copy(settings, file.sha256)
    except UnplayableError as error:
        raise HTTPException(415, t("files.unplayable", why=error)) from error
    if copy is None:
        return JSONResponse({"detail": t("files.preparing")}, 202, {"Retry-After": "1"})
    shown = copy.open("rb")
    size = shown.seek(0, os.SEEK_END)
    return _send(request, _Found(shown, size, f'"{file.sha256}-viewing"', "video/mp4", f"viewing-{file.name}"))


def _send(request: Request, found: _Found) -> Response:
    """All of a file, or the one part that is asked for (RFC 9110, 14); of several parts, all of it."""
    shown = "inline" if found.media_type != _PLAIN_BYTES else "attachment"
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": found.etag,
        "Content-Disposition": f'{shown}; filename="{found.name}"',
        "X-Content-Type-Options": "nosniff",
    }
    span = _span(request, found)
    if span is None:
        return _stream(found, 0, found.size, 200, headers)
    start, end = span
    if start >= end:
        found.file.close()
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{found.size}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    return _stream(found, start, end, 206, headers)


def _span(request: Request, found: _Found) -> tuple[int, int] | None:
    """First byte and the one after the last that is asked for; None for the whole file."""
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or asked.groups() == ("", "") or request.headers.get("if-range", found.etag) != found.etag:
        return None
    first, last = asked.groups()
    if not first:
        return max(found.size - int(last), 0), found.size
    if last and int(last) < int(first):
        return None  # no range at all: RFC 9110, 14.1.1
    return int(first), min(int(last) + 1, found.size) if last else found.size


def _stream(found: _Found, start: int, end: int, status: int, headers: dict[str, str]) -> Response:
    def blocks() -> Iterator[bytes]:
        with found.file as file:
            file.seek(start)
            left = end - start
            while left and (block := file.read(min(left, _BLOCK))):
                left -= len(block)
                yield block

    headers["Content-Length"] = str(end - start)
    return StreamingResponse(blocks(), status, headers, found.media_type)
