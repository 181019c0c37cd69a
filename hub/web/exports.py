"""Case files to take out (一案一档): as a ZIP that proves itself, and as PDF alone."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Iterator
from typing import Annotated, BinaryIO, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import StreamingResponse

from hub.accounts.roles import Permission
from hub.accounts.user import User
from hub.cases.faults import StepError
from hub.cases.looks import PURPOSES
from hub.evidence.vault import VaultError
from hub.export.paper import PaperError
from hub.export.take_out import ExportError, Form, Wanted, take_out
from hub.parts import HubParts
from hub.web.deps import Parts, language_of, need
from hub.web.words import Translator
from leads import KeyFileError

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)
_BLOCK: Final = 1 << 20
_at_work: Final = threading.BoundedSemaphore(2)
"""So many case files are made at once; more would take the console its threads."""
_TYPES: Final[dict[Form, str]] = {"zip": "application/zip", "pdf": "application/pdf"}

Number = Annotated[int, Path(ge=1, le=2**53)]
Exporter = Annotated[User, Depends(need(Permission.EXPORT))]


@router.get("/entries/{number}/export.zip")
def as_zip(
    request: Request, parts: Parts, user: Exporter, number: Number, purpose: str = "", originals: bool = False
) -> StreamingResponse:
    """The case file with all its evidence; the unveiled originals too, for who may and asks.

    Raises HTTPException 403, 404, 422 without a purpose, 503 where it cannot be made now.
    """
    t = Translator(language_of(request, user))
    if originals and not user.may(Permission.EXPORT_ORIGINALS):
        raise HTTPException(403, t("export.no_originals"))
    return _sent(parts, user, Wanted(number, "zip", purpose, t.language, originals), t)


@router.get("/entries/{number}/export.pdf")
def as_pdf(request: Request, parts: Parts, user: Exporter, number: Number, purpose: str = "") -> StreamingResponse:
    """The case file on paper. Raises HTTPException as `as_zip`."""
    t = Translator(language_of(request, user))
    return _sent(parts, user, Wanted(number, "pdf", purpose, t.language), t)


def _sent(parts: HubParts, user: User, wanted: Wanted, t: Translator) -> StreamingResponse:
    if wanted.purpose not in PURPOSES:
        raise HTTPException(422, t("export.bad_purpose"))
    if not _at_work.acquire(blocking=False):
        raise HTTPException(503, t("export.busy"), {"Retry-After": "20"})
    try:
        with take_out(parts, user, wanted) as made:
            # The name goes, the bytes stay until the last of them is sent, whatever becomes of this process.
            file = made.path.open("rb")
            size = made.path.stat().st_size
    except StepError as error:
        raise HTTPException(404, t("common.not_found")) from error
    except (ExportError, PaperError, VaultError, KeyFileError) as error:
        log.error("case file of %d: %s", wanted.number, error)
        raise HTTPException(503, t("export.cannot", detail=str(error))) from error
    finally:
        _at_work.release()
    headers = {
        "Content-Disposition": f'attachment; filename="{made.name}"',
        "Content-Length": str(size),
        "Content-Type": _TYPES[wanted.form],
        "Repr-Digest": f"sha-256=:{_base64(made.sha256)}:",
    }
    return StreamingResponse(_blocks(file), headers=headers)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block


def _base64(digest: str) -> str:
    return base64.b64encode(bytes.fromhex(digest)).decode()
