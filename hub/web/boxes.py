"""The door for boxes: what the hub wants of them, evidence in pieces, pictures for the wall. See `leads.uploads`."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from hub.evidence.arrivals import NotNowError, TooLargeError, WrongFileError, WrongOffsetError, grow, held_bytes
from hub.evidence.files import Evidence, EvidenceFile, evidence_of_lead, note_gone
from hub.evidence.vault import VaultError
from hub.evidence.wanted import MOST_NAMED, wanted
from hub.parts import HubParts
from hub.store.database import StoreError
from hub.wall.boxes import FrameError, note_frame
from hub.web.deps import Parts
from leads import KeyFileError, SignatureError, encode, sign
from leads.uploads import CHUNK_BYTES, FRAME_BYTES, OFFSET_HEADER, BoxRequest, read_request, verify_request

router: Final = APIRouter(prefix="/boxes/v1")
_LEAD_ID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_SENDING_S: Final = 120.0
"""How long one request may take to come in."""
_LATER: Final = {"Retry-After": "10"}


def signed_by_box(request: Request, parts: Parts) -> BoxRequest:
    """The box that signed a request. 401 for any other."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope["query_string"]
    target = (raw + b"?" + query if query else raw).decode("latin-1")
    try:
        asked = read_request(request.headers.get("authorization", ""))
        keys = parts.box_keys.of(asked.box_id)
        verify_request(request.method, target, asked, keys, parts.clock())
    except SignatureError as error:
        raise HTTPException(401, str(error), {"WWW-Authenticate": "Lushao"}) from error
    except KeyFileError as error:
        raise HTTPException(503, f"the hub cannot read its key of this box: {error}", _LATER) from error
    return asked


Box = Annotated[BoxRequest, Depends(signed_by_box)]


def _content(most: int) -> object:
    """A dependency: the content of a request, which must be what the box signed. It is read after the signature."""

    async def read(request: Request, box: Box) -> bytes:
        declared = request.headers.get("content-length", "0")
        if declared.isascii() and declared.isdecimal() and int(declared[:15]) > most:
            raise HTTPException(413, f"at most {most} bytes at once")
        content = bytearray()
        try:
            async with asyncio.timeout(_SENDING_S):
                async for block in request.stream():
                    content += block
                    if len(content) > most:
                        raise HTTPException(413, f"at most {most} bytes at once")
        except (ClientDisconnect, TimeoutError) as error:
            raise HTTPException(400, "the content was cut short") from error
        if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), box.content_sha256):
            raise HTTPException(400, "the content is not what was signed: it was cut short or changed on its way")
        return bytes(content)

    return Depends(read)


Chunk = Annotated[bytes, _content(CHUNK_BYTES)]
Frame = Annotated[bytes, _content(FRAME_BYTES)]
NoContent = Annotated[bytes, _content(0)]


@contextmanager
def _answers() -> Iterator[None]:
    """Faults of evidence as answers to a box."""
    try:
        yield
    except WrongOffsetError as error:
        raise HTTPException(409, str(error), {OFFSET_HEADER: str(error.held)}) from error
    except WrongFileError as error:
        raise HTTPException(422, str(error), {OFFSET_HEADER: "0"}) from error
    except TooLargeError as error:
        raise HTTPException(413, str(error)) from error
    except (NotNowError, VaultError, StoreError, KeyFileError) as error:
        raise HTTPException(503, f"not now: {error}", _LATER) from error


def _file_of(parts: HubParts, box: BoxRequest, lead_id: str, name: str) -> tuple[Evidence, EvidenceFile]:
    """A file of one of the box's own leads. 404 for all else: nobody learns what other boxes have."""
    evidence = None
    if _LEAD_ID.fullmatch(lead_id):
        with _answers(), parts.database.read() as connection:
            evidence = evidence_of_lead(connection, lead_id, box.site_id, box.box_id)
    file = evidence.file(name) if evidence else None
    if evidence is None or file is None:
        raise HTTPException(404, "the hub knows no such file of a lead of this box")
    return evidence, file


@router.get("/wanted")
def get_wanted(parts: Parts, box: Box, leads: str = "") -> Response:
    """What is wanted; `leads`: ids, joined by commas, of which the box wants to know whether they are held in full."""
    named = [name for name in leads.split(",")[:MOST_NAMED] if _LEAD_ID.fullmatch(name)]
    with _answers():
        answer = wanted(parts, box.site_id, box.box_id, named)
    signed = answer if parts.key is None else sign(answer, parts.key)
    return Response(encode(signed), media_type="application/json")


@router.head("/files/{lead_id}/{name}")
def head_file(parts: Parts, box: Box, lead_id: str, name: str) -> Response:
    """How much of a file is here."""
    evidence, file = _file_of(parts, box, lead_id, name)
    with _answers():
        return Response(headers={OFFSET_HEADER: str(held_bytes(parts, evidence, file))})


@router.patch("/files/{lead_id}/{name}")
def patch_file(request: Request, parts: Parts, box: Box, lead_id: str, name: str, content: Chunk) -> Response:
    """More of a file, from the byte that the header names."""
    offset = request.headers.get(OFFSET_HEADER, "")
    if not (offset.isascii() and offset.isdecimal() and len(offset) <= 15):
        raise HTTPException(400, f"the header {OFFSET_HEADER} must say at which byte the content begins")
    evidence, file = _file_of(parts, box, lead_id, name)
    with _answers():
        held = grow(parts, evidence, file, int(offset), content)
    return Response(status_code=204, headers={OFFSET_HEADER: str(held)})


@router.put("/files/{lead_id}/{name}/gone")
def put_gone(parts: Parts, box: Box, lead_id: str, name: str, _: NoContent) -> Response:
    """The box has a file no more."""
    evidence, file = _file_of(parts, box, lead_id, name)
    with _answers():
        note_gone(parts, evidence, file)
    return Response(status_code=204)


@router.put("/frames/{camera_id}")
def put_frame(parts: Parts, box: Box, camera_id: str, content: Frame) -> Response:
    """A camera's last picture."""
    if not (content.startswith(b"\xff\xd8\xff") and content.endswith(b"\xff\xd9")):
        raise HTTPException(415, "the picture is no whole JPEG")
    try:
        with _answers():
            note_frame(parts, box.site_id, box.box_id, camera_id, content, box.at_ms)
    except FrameError as error:
        raise HTTPException(415, str(error)) from error
    except ValueError as error:
        raise HTTPException(404, f"no such camera: {error}") from error
    return Response(status_code=204)
