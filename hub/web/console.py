"""The face of the hub: the queue where leads are decided, the page of one entry, the search."""

from __future__ import annotations

from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import RedirectResponse
from starlette.responses import HTMLResponse

from hub.accounts import own
from hub.accounts.roles import Permission
from hub.accounts.sessions import session_of
from hub.accounts.user import User
from hub.cases.correction import CLASSES
from hub.cases.looks import PURPOSES
from hub.cases.machine import State, states_for
from hub.parts import HubParts
from hub.store.tables import access, entries
from hub.web.deps import Parts, cookie_name, is_https, language_of, need, own_path, page
from hub.web.words import LANGUAGES, Translator

router = APIRouter(include_in_schema=False)

_WORDS: Final = ("common.", "queue.", "entry.", "search.", "fact.", "state.", "action.")
_OFFENCE: Final = "search.offence_"
_YEAR_S: Final = 365 * 86_400

Number = Annotated[int, Path(ge=1, le=2**53)]
Looker = Annotated[User, Depends(need(Permission.QUEUE))]


@router.get("/queue")
def queue(request: Request, parts: Parts, user: Looker) -> HTMLResponse:
    """The queue and the review of what is in it, in one document."""
    return page(request, "queue.html", user, data=_data(request, parts, user))


@router.get("/entries/{number}")
def entry(request: Request, parts: Parts, user: Looker, number: Number, purpose: str = "") -> HTMLResponse:
    """One entry with all its steps. Who comes to it from outside their own queue says first what for.

    Raises HTTPException 404 for a number that was not given yet.
    """
    with parts.database.read() as connection:
        state = connection.execute(sa.select(entries.c.state).where(entries.c.number == number)).scalar_one_or_none()
    if state is None:
        raise HTTPException(404, Translator(language_of(request, user))("common.not_found"))
    if purpose not in PURPOSES:
        purpose = "review" if state in states_for(user.permissions) else _granted(parts, user, number)
    data = _data(request, parts, user) | {"number": number, "purpose": purpose}
    return page(request, "entry.html", user, data=data, number=number, purposes=PURPOSES)


@router.get("/search")
def search(request: Request, parts: Parts, user: Looker) -> HTMLResponse:
    """Search over all entries."""
    t = Translator(language_of(request, user))
    offences = [key.removeprefix(_OFFENCE) for key in t.starting(_OFFENCE)]
    data = _data(request, parts, user)
    return page(request, "search.html", user, data=data, states=list(State), classes=CLASSES, offences=offences)


@router.get("/language/{language}")
def choose_language(request: Request, parts: Parts, language: str, next: str = "/") -> RedirectResponse:
    """Change the language for this browser and, where somebody is logged in, for them; `next` is where to go then.

    Raises HTTPException 404 for a language that the console does not speak.
    """
    if language not in LANGUAGES:
        raise HTTPException(404, Translator(language_of(request, None))("common.not_found"))
    found = session_of(parts, request.cookies.get(cookie_name(parts), ""))
    if found is not None:
        own.choose_language(parts, found.user.id, language)
    response = RedirectResponse(own_path(next), 303)
    response.set_cookie(
        "lushao_language", language, max_age=_YEAR_S, httponly=True, samesite="lax", secure=is_https(parts)
    )
    return response


def _granted(parts: HubParts, user: User, number: int) -> str:
    """The purpose of a look at this entry that the user has declared and that still holds; empty without one."""
    with parts.database.read() as connection:
        found = connection.execute(
            sa.select(access.c.purpose)
            .where(access.c.user_id == user.id, access.c.number == number, access.c.until_ms > parts.clock())
            .order_by(access.c.id.desc())
            .limit(1)
        ).scalar_one_or_none()
    return found or ""


def _data(request: Request, parts: HubParts, user: User) -> dict[str, Any]:
    """What the scripts of a page need to know, as JSON in the page."""
    t = Translator(language_of(request, user))
    return {
        "me": {"id": user.id, "name": user.name, "display": user.display},
        "permissions": sorted(user.permissions),
        "states": states_for(user.permissions),
        "all_states": list(State),
        "classes": CLASSES,
        "language": t.language,
        "timezone": parts.settings.web.timezone,
        "now_ms": parts.clock(),
        "words": t.starting(*_WORDS),
    }
