"""The page of dead letters: what was refused and why, what can be done about it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.accounts.roles import Permission
from hub.accounts.user import User
from hub.intake.dead_letters import (
    MOST_AT_ONCE,
    DeadLetter,
    GoneError,
    Tally,
    Wanted,
    drop,
    groups,
    judge_again,
    open_letters,
    read_letter,
    retry,
    settled_letters,
)
from hub.intake.judge import Fault
from hub.parts import HubParts
from hub.web.deps import Parts, need, page
from leads import KeyFileError, MalformedJsonError, parse_json

router = APIRouter(prefix="/dead-letters")
Reader = Annotated[User, Depends(need(Permission.DEAD_LETTERS))]
Settler = Annotated[User, Depends(need(Permission.SETTLE))]
LetterId = Annotated[int, Path(ge=0, lt=2**63)]
UpTo = Annotated[int, Form(ge=0, lt=2**63)]
_WORD: Final = r"^[A-Za-z0-9._-]{0,64}$"
Chosen = Annotated[str | None, Query(pattern=_WORD)]
Word = Annotated[str, Form(pattern=_WORD)]
Note = Annotated[str, Form(max_length=500)]

_PAGE: Final = 50
_SHOWN_BYTES: Final = 64 << 10
"""More of a message is not shown on its page; it can be downloaded."""
_HEX_BYTES: Final = 2048


@router.get("")
def dead_letters(
    request: Request,
    parts: Parts,
    user: Reader,
    reason: Chosen = None,
    site: Chosen = None,
    box: Chosen = None,
    before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    taken: int | None = None,
    refused: int | None = None,
    dropped: int | None = None,
) -> Response:
    """Those that wait, newest first; `taken`, `refused` and `dropped` tell what was just done."""
    all_groups = groups(parts)
    letters = open_letters(parts, Wanted(reason=reason, site_id=site, box_id=box), before, _PAGE + 1)
    chosen = {name: value for name, value in (("reason", reason), ("site", site), ("box", box)) if value is not None}
    more = len(letters) > _PAGE
    context: dict[str, Any] = {
        "groups": all_groups,
        "letters": letters[:_PAGE],
        "chosen": chosen,
        "group": next((g for g in all_groups if (g.reason, g.site_id, g.box_id) == (reason, site, box)), None),
        "total": sum(group.count for group in all_groups),
        "older": f"?{urlencode({**chosen, 'before': letters[_PAGE - 1].id})}" if more else "",
        "newest": f"?{urlencode(chosen)}" if before is not None else "",
        "done": {"taken": taken, "refused": refused, "dropped": dropped},
        "most_at_once": MOST_AT_ONCE,
    }
    return page(request, "dead_letters.html", user, **context)


@router.get("/settled")
def settled(
    request: Request,
    parts: Parts,
    user: Reader,
    before: Annotated[str, Query(pattern=r"^([0-9]{1,18}-[0-9]{1,18})?$")] = "",
) -> Response:
    """Those that wait no more, last settled first."""
    at, _, last = before.partition("-")
    letters = settled_letters(parts, (int(at), int(last)) if before else None, _PAGE + 1)
    older = f"?before={letters[_PAGE - 1].settled_ms}-{letters[_PAGE - 1].id}" if len(letters) > _PAGE else ""
    return page(request, "dead_letters_settled.html", user, letters=letters[:_PAGE], older=older)


@router.get("/{letter_id}")
def dead_letter(request: Request, parts: Parts, user: Reader, letter_id: LetterId) -> Response:
    """One in full, and what would be said of it today."""
    letter, payload = _read(parts, user, letter_id)
    today = _today(parts, letter, payload) if letter.settled_ms is None else None
    text, form = shown(payload)
    context: dict[str, Any] = {"letter": letter, "today": today, "text": text, "form": form, "bytes": len(payload)}
    return page(request, "dead_letter.html", user, **context)


@router.get("/{letter_id}/message")
def message(parts: Parts, user: Reader, letter_id: LetterId) -> Response:
    """Its bytes, as far as they are kept."""
    _, payload = _read(parts, user, letter_id)
    name = {"Content-Disposition": f'attachment; filename="dead-letter-{letter_id}.bin"'}
    return Response(payload, media_type="application/octet-stream", headers=name)


@router.post("/retry")
def retry_group(parts: Parts, user: Settler, reason: Word, box: Word, up_to: UpTo, site: Word = "") -> Response:
    """Try those of one reason and sender again."""
    tally = _retry(parts, user, Wanted(reason=reason, site_id=site, box_id=box, up_to=up_to))
    return _back(taken=tally.taken, refused=tally.refused)


@router.post("/drop")
def drop_group(
    parts: Parts, user: Settler, reason: Word, box: Word, up_to: UpTo, note: Note, site: Word = ""
) -> Response:
    """Lay those of one reason and sender aside."""
    wanted = Wanted(reason=reason, site_id=site, box_id=box, up_to=up_to)
    return _back(dropped=_drop(parts, user, wanted, note))


@router.post("/{letter_id}/retry")
def retry_one(parts: Parts, user: Settler, letter_id: LetterId) -> Response:
    """Try one again; its page tells what came of it."""
    _retry(parts, user, Wanted(id=letter_id))
    return RedirectResponse(f"/dead-letters/{letter_id}", 303)


@router.post("/{letter_id}/drop")
def drop_one(parts: Parts, user: Settler, letter_id: LetterId, note: Note) -> Response:
    """Lay one aside."""
    return _back(dropped=_drop(parts, user, Wanted(id=letter_id), note))


def _back(**done: int) -> Response:
    return RedirectResponse(f"/dead-letters?{urlencode(done)}", 303)


def _retry(parts: HubParts, user: User, wanted: Wanted) -> Tally:
    try:
        return retry(parts, user.name, wanted)
    except (GoneError, KeyFileError) as error:
        raise HTTPException(409, str(error)) from error


def _drop(parts: HubParts, user: User, wanted: Wanted, note: str) -> int:
    try:
        return drop(parts, user.name, wanted, note)
    except GoneError as error:
        raise HTTPException(409, str(error)) from error
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


def _read(parts: HubParts, user: User, letter_id: LetterId) -> tuple[DeadLetter, bytes]:
    try:
        return read_letter(parts, user.name, letter_id)
    except GoneError as error:
        raise HTTPException(404, str(error)) from error


def _today(parts: HubParts, letter: DeadLetter, payload: bytes) -> dict[str, Any]:
    """Today's judgement: `fault` is None where it would be taken, as far as can be told without taking it."""
    try:
        fault: Fault | None = judge_again(parts, letter, payload).fault
    except KeyFileError as error:
        return {"fault": None, "key_fault": str(error)}
    if fault is None and letter.reason == "id_conflict":
        fault = Fault("id_conflict", letter.detail)
    return {"fault": fault, "key_fault": ""}


def shown(payload: bytes) -> tuple[str, str]:
    """A message for people to read, and how it is written: `json` (indented), `text` or `hex`, cut where it is long."""
    try:
        return json.dumps(parse_json(payload), ensure_ascii=False, indent=2)[:_SHOWN_BYTES], "json"
    except MalformedJsonError:
        pass
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if any(character < " " and character not in "\r\n\t" for character in text):
        return hex_dump(payload[:_HEX_BYTES]), "hex"
    return text[:_SHOWN_BYTES], "text"


def hex_dump(content: bytes) -> str:
    """Sixteen bytes a line: place, bytes, and the letters among them."""
    lines = []
    for start in range(0, len(content), 16):
        row = content[start : start + 16]
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        lines.append(f"{start:06x}  {row.hex(' '):<47}  {letters}")
    return "\n".join(lines)
