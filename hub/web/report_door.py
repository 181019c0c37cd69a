"""The door for other sources than boxes: reports, and the files that belong to them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from hub.evidence.arrivals import NotNowError, TooLargeError, WrongFileError, keep
from hub.evidence.vault import VaultError, has_room
from hub.intake.reports import judge_report
from hub.intake.take import Held, take
from hub.parts import HubParts
from hub.sources.tokens import DoorError, Source, admit
from hub.store.tables import entries, payloads
from hub.web.deps import Parts
from leads import LEAD_MAX_BYTES, FileRef, Report, decode, format_time
from leads.base import FileName, UlidText

router = APIRouter(prefix="/sources/v1")
Authorization = Annotated[str, Header()]

IDLE_S: Final = 30.0
"""Who sends nothing for so long is hung up on."""
_BLOCK_BYTES: Final = 1 << 20
_FULL: Final = "the hub's disk for evidence is full: send the file later"
_STATUS: Final = {"too_large": 413, "id_conflict": 409}
"""Statuses of refusals; all others are 422."""


@router.post("/reports")
async def report(request: Request, parts: Parts, authorization: Authorization = "") -> JSONResponse:
    """Take a report, a JSON object. Sent again, it is taken once. What is refused lies among the dead letters."""
    source = await _let_in(parts, authorization)
    payload = b"".join([block async for block in content_of(request, LEAD_MAX_BYTES + 1)])
    judged = await run_in_threadpool(judge_report, source.name, payload)
    [held] = await run_in_threadpool(take, parts, [judged])
    return _receipt(parts, held)


@router.put("/reports/{report_id}/files/{name}")
async def file(
    request: Request, parts: Parts, report_id: UlidText, name: FileName, authorization: Authorization = ""
) -> JSONResponse:
    """Take a file of a report, the bytes as they are; size and SHA-256 must be those that the report names."""
    source = await _let_in(parts, authorization)
    number, ref = await run_in_threadpool(_file_of, parts, source, report_id, name)
    most = parts.settings.evidence.most_mib << 20
    if ref.bytes > most:
        raise HTTPException(413, f"{name} has {ref.bytes} bytes; the hub takes {most} at most")
    if not await run_in_threadpool(has_room, parts.settings.evidence, ref.bytes):
        raise HTTPException(507, _FULL)
    with tempfile.TemporaryFile(buffering=0, dir=parts.settings.evidence.folder) as spool:
        size = 0
        async for block in content_of(request, ref.bytes + 1):
            size += len(block)
            await run_in_threadpool(_write, spool, block)
        if size != ref.bytes:
            status, got = (413, "more") if size > ref.bytes else (422, f"{size}")
            raise HTTPException(status, f"{name} has {ref.bytes} bytes by its report, but {got} came: send it whole")
        spool.seek(0)
        await run_in_threadpool(_keep, parts, number, ref, spool)
    return JSONResponse({"number": number, "name": name, "sha256": ref.sha256, "held": True})


async def _let_in(parts: HubParts, authorization: str) -> Source:
    try:
        return await run_in_threadpool(admit, parts, authorization)
    except DoorError as error:
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
        if error.retry_after_s is not None:
            headers["Retry-After"] = str(error.retry_after_s)
        raise HTTPException(error.status, str(error), headers) from error


async def content_of(request: Request, most: int) -> AsyncIterator[bytes]:
    """The content in blocks, as far as `most` bytes: what is longer is read no further."""
    stream = aiter(request.stream())
    waiting = bytearray()
    read = 0
    while read < most:
        try:
            async with asyncio.timeout(IDLE_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise HTTPException(408, f"nothing came for {IDLE_S:g} s: send it again") from None
        except ClientDisconnect:
            raise HTTPException(400, "the sender hung up") from None
        waiting += chunk[: most - read]
        read += len(chunk)
        if len(waiting) >= _BLOCK_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _receipt(parts: HubParts, held: Held) -> JSONResponse:
    fault = held.fault
    body: dict[str, Any] = {
        "hub_id": parts.settings.hub_id,
        "number": held.number,
        "entry_id": held.judged.entry_id,
        "payload_sha256": held.judged.payload_sha256,
        "outcome": "accepted" if fault is None else "refused",
        "reason": None if fault is None else fault.reason,
        "detail": "" if fault is None else fault.detail,
        "duplicate": held.duplicate,
        "stored_at": format_time(held.stored_at),
    }
    return JSONResponse(body, 200 if fault is None else _STATUS.get(fault.reason, 422))


def _file_of(parts: HubParts, source: Source, report_id: str, name: str) -> tuple[int, FileRef]:
    """Number and file of the source's own report. Raises HTTPException 404 where there is none."""
    mine = (entries.c.entry_id == report_id, entries.c.kind == "report", entries.c.source == source.name)
    with parts.database.read() as connection:
        row = connection.execute(
            sa.select(payloads.c.number, payloads.c.payload)
            .join(entries, entries.c.number == payloads.c.number)
            .where(*mine)
        ).one_or_none()
    if row is None:
        raise HTTPException(404, "the hub holds no report of yours with this id: send the report first")
    found = next((ref for ref in decode(Report, bytes(row.payload)).files if ref.name == name), None)
    if found is None:
        raise HTTPException(404, "the report names no such file")
    return row.number, found


def _write(spool: IO[bytes], block: bytes) -> None:
    rest = memoryview(block)
    try:
        while rest:
            rest = rest[spool.write(rest) :]
    except OSError as error:
        raise HTTPException(507, _FULL) from error


def _keep(parts: HubParts, number: int, ref: FileRef, stream: IO[bytes]) -> None:
    try:
        keep(parts, number, ref, stream)
    except WrongFileError as error:
        raise HTTPException(422, str(error)) from error
    except TooLargeError as error:
        raise HTTPException(413, str(error)) from error
    except (NotNowError, VaultError) as error:
        raise HTTPException(503, f"not now: {error}", {"Retry-After": "10"}) from error
