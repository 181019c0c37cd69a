"""The calls of the console: queue, entries, steps, presence, search, and what changes as it changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Depends, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.accounts.roles import Permission
from hub.accounts.user import User
from hub.cases import listing, searches
from hub.cases.correction import FAULT_OF_FIELD, Correction
from hub.cases.desk import Wish, take_step
from hub.cases.document import document, tell
from hub.cases.faults import StepError, refuse
from hub.cases.live import Live
from hub.cases.looks import Purpose, note_look
from hub.cases.machine import CLOSED, Action, State, states_for
from hub.cases.presence import others, say_here, viewers_of
from hub.cases.search import Cursor, search
from hub.cases.search import Query as Question
from hub.parts import HubParts
from hub.web.deps import Parts, cookie_name, language_of, need
from hub.web.words import Translator

router = APIRouter(prefix="/api")

_STATUS: Final = {"not_found": 404, "roles": 403, "input": 422}
"""Status of each kind of fault; all others are conflicts."""
_LONGEST: Final = 2000
"""Characters of a note."""

Looker = Annotated[User, Depends(need(Permission.QUEUE))]
Number = Annotated[int, Path(ge=1, le=2**53)]
Limit = Annotated[int, Query(ge=1, le=200)]
Word = Annotated[str, Query(max_length=200)]


def refused(request: Request, error: Exception) -> Response:
    """The answer for a step, or a question, that is refused."""
    assert isinstance(error, StepError)
    found = getattr(request.state, "session", None)
    t = Translator(language_of(request, found.user if found is not None else None))
    told: dict[str, Any] = {"detail": tell(error.fault, t), "code": error.fault.code}
    if error.fault.other is not None:
        told["other"] = error.fault.other
    return JSONResponse(told, _STATUS.get(error.fault.code, 409))


# ---- lists


@router.get("/queue")
def get_queue(
    parts: Parts,
    user: Looker,
    state: Annotated[list[str] | None, Query(max_length=20)] = None,
    after: Word = "",
    limit: Limit = 50,
) -> JSONResponse:
    """What waits, the gravest first, then the oldest."""
    states = _states(state or []) or states_for(user.permissions) or tuple(s for s in State if s not in CLOSED)
    place = listing.Place.read(after) if after else None
    with parts.database.read() as connection:
        rows, following = listing.queue(connection, states, place, limit)
        return JSONResponse(
            {
                "items": listing.shown(connection, user, rows, parts.clock()),
                "next": None if following is None else str(following),
                "counts": listing.counts(connection),
            }
        )


@router.get("/search")
def get_search(
    parts: Parts,
    user: Looker,
    number: Word = "",
    plate: Word = "",
    place: Word = "",
    from_: Annotated[str, Query(alias="from", max_length=40)] = "",
    to: Annotated[str, Query(max_length=40)] = "",
    class_: Annotated[str, Query(alias="class", max_length=200)] = "",
    state: Annotated[list[str] | None, Query(max_length=20)] = None,
    offence: Word = "",
    rule: Word = "",
    level: Annotated[str, Query(pattern="^[123]?$")] = "",
    source: Word = "",
    camera: Word = "",
    after: Word = "",
    limit: Limit = 50,
) -> JSONResponse:
    """What fits, newest first. A page may be short while `next` is given: then there is more to look through."""
    zone = ZoneInfo(parts.settings.web.timezone)
    question = Question(
        number=number.strip(),
        plate=plate.strip(),
        place=place,
        from_ms=_ms(from_, zone) if from_ else None,
        before_ms=_ms(to, zone, end=True) if to else None,
        vehicle_class=class_,
        states=_states(state or []),
        offence=offence,
        rule=rule,
        level=int(level) if level else None,
        source=source,
        camera=camera.strip(),
    )
    with parts.database.read() as connection:
        page = search(connection, question, Cursor.read(after) if after else None, limit)
        items = listing.shown(connection, user, page.rows, parts.clock())
    return JSONResponse({"items": items, "next": None if page.next is None else str(page.next)})


def _states(words: list[str]) -> tuple[State, ...]:
    wanted = []
    for word in filter(None, words):
        if word not in set(State):
            raise refuse("input", "bad_state", value=word)
        wanted.append(State(word))
    return tuple(wanted)


def _ms(text: str, zone: ZoneInfo, *, end: bool = False) -> int:
    """Milliseconds of UTC of a local date or time; `end` of a date is the beginning of the next."""
    try:
        moment = datetime.fromisoformat(text)
        if end and len(text) == len("2026-11-25"):
            moment += timedelta(days=1)
        local = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
        return round(local.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise refuse("input", "bad_time", value=text) from None


# ---- one entry


class Asked(BaseModel):
    """A step that is asked for."""

    model_config = ConfigDict(extra="forbid")

    action: Action
    version: int
    reason: Annotated[str, Field(max_length=40)] = ""
    note: Annotated[str, Field(max_length=_LONGEST)] = ""
    other: Annotated[int, Field(ge=1, le=2**53)] | None = None
    correction: Correction = Field(default_factory=Correction)


@router.get("/entries/{number}")
def get_entry(
    request: Request, parts: Parts, user: Looker, number: Number, purpose: Purpose = "review"
) -> JSONResponse:
    """All of one entry. The look is written down, and lets its evidence be seen for a while."""
    return _document(request, parts, user, number, purpose)


@router.post("/entries/{number}/actions")
def post_action(
    request: Request, parts: Parts, user: Looker, number: Number, body: Annotated[dict[str, Any], Body()]
) -> JSONResponse:
    """Take a step; the entry as it stands then."""
    asked = _asked(body)
    take_step(
        parts,
        user,
        number,
        Wish(asked.action, asked.version, asked.reason, asked.note, asked.other, asked.correction),
    )
    return _document(request, parts, user, number, None)


def _document(request: Request, parts: HubParts, user: User, number: int, purpose: Purpose | None) -> JSONResponse:
    note_look(parts, user, number, purpose)
    return JSONResponse(document(parts, user, number, Translator(language_of(request, user))))


def _asked(body: Mapping[str, Any]) -> Asked:
    """Read a step that is asked for. Raises StepError with what is wrong, in words for people."""
    given = {name: value for name, value in body.items() if value is not None}
    try:
        return Asked.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        steps = [str(step) for step in first["loc"]]
        if len(steps) > 1 and steps[0] == "correction" and steps[1] in FAULT_OF_FIELD:
            raise refuse("input", FAULT_OF_FIELD[steps[1]]) from None
        raise refuse("input", "bad_input", detail=f"{'.'.join(steps)}: {first['msg']}") from None


@router.post("/entries/{number}/presence")
def post_presence(parts: Parts, user: Looker, number: Number) -> JSONResponse:
    """Say that one is looking at an entry, every few seconds; who else is."""
    say_here(parts, user, number)
    with parts.database.read() as connection:
        viewers = viewers_of(connection, [number], parts.clock()).get(number, ())
    return JSONResponse({"viewers": others(viewers, user.id)})


# ---- searches that are kept


_Given = Annotated[str, Field(max_length=_LONGEST)]


class KeptSearch(BaseModel):
    """A search to be kept."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    query: Annotated[dict[Annotated[str, Field(max_length=20)], _Given | list[_Given]], Field(max_length=20)]


@router.get("/searches")
def get_searches(parts: Parts, user: Looker) -> JSONResponse:
    """The searches that the user keeps."""
    return JSONResponse({"items": searches.kept(parts, user)})


@router.post("/searches")
def post_search(parts: Parts, user: Looker, body: KeptSearch) -> JSONResponse:
    """Keep a search; one of the same name is replaced."""
    if len(str(body.query)) > _LONGEST:
        raise refuse("input", "bad_input", detail="query")
    searches.keep(parts, user, body.name.strip(), body.query)
    return JSONResponse({"items": searches.kept(parts, user)})


@router.delete("/searches/{search_id}")
def delete_search(parts: Parts, user: Looker, search_id: Annotated[int, Path(ge=1, le=2**53)]) -> JSONResponse:
    """Keep a search no more."""
    if not searches.forget(parts, user, search_id):
        raise HTTPException(404, "there is no such search")
    return JSONResponse({"items": searches.kept(parts, user)})


# ---- as it happens


@router.get("/live")
async def get_live(request: Request, parts: Parts, user: Looker) -> StreamingResponse:
    """What changes, as server-sent events; see `hub.cases.live`."""
    live: Live = request.app.state.live
    last = request.headers.get("last-event-id", "")
    seq = int(last) if last.isdecimal() and last.isascii() and len(last) < 19 else None
    events: AsyncIterator[str] = live.listen(user, request.cookies.get(cookie_name(parts), ""), seq)
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
