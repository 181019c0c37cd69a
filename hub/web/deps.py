"""What every page and call of the console stands on: who asks, whether they may, in which language."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Depends, HTTPException, Request
from fastapi.templating import Jinja2Templates
from starlette.responses import HTMLResponse

from hub.accounts.roles import Permission
from hub.accounts.sessions import Session, session_of
from hub.accounts.user import User
from hub.parts import HubParts
from hub.web.words import LANGUAGES, Translator

COOKIE: Final = "lushao_session"
"""Cookie of the session; `__Host-` is put before it where the console is reached over TLS."""
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HERE: Final = Path(__file__).parent
templates: Final = Jinja2Templates(_HERE / "templates")


class LoginRequiredError(Exception):
    """Nobody has logged in: a page sends to the log-in, a call answers 401."""


def parts_of(request: Request) -> HubParts:
    """The hub's parts."""
    parts: HubParts = request.app.state.parts
    return parts


Parts = Annotated[HubParts, Depends(parts_of)]


def cookie_name(parts: HubParts) -> str:
    """Name of the session's cookie."""
    return f"__Host-{COOKIE}" if is_https(parts) else COOKIE


def is_https(parts: HubParts) -> bool:
    """Whether people reach the console over TLS."""
    web = parts.settings.web
    return web.tls is not None or (web.public_url or "").startswith("https://")


def session(request: Request, parts: Parts) -> Session:
    """The session behind a request. Raises LoginRequiredError."""
    found = session_of(parts, request.cookies.get(cookie_name(parts), ""))
    if found is None:
        raise LoginRequiredError
    request.state.session = found
    return found


async def checked_session(request: Request, found: Annotated[Session, Depends(session)]) -> Session:
    """The session, after a request that changes something has shown that it comes from one of our own pages."""
    if request.method not in _SAFE:
        given = request.headers.get(CSRF_HEADER)
        if given is None and request.headers.get("content-type", "").startswith(
            ("application/x-www-form-urlencoded", "multipart/form-data")
        ):
            given = str((await request.form()).get(CSRF_FIELD, ""))
        if not hmac.compare_digest((given or "").encode(), found.csrf.encode()):
            raise HTTPException(403, "the request did not come from a page of the hub: load the page anew")
    return found


CurrentSession = Annotated[Session, Depends(checked_session)]


def need(*permissions: Permission) -> Callable[[Session], User]:
    """A dependency: the user, who must have one of these permissions; without any named, anybody logged in."""

    def allowed(found: CurrentSession) -> User:
        if permissions and not any(found.user.may(permission) for permission in permissions):
            raise HTTPException(403, "your roles do not allow this")
        return found.user

    return allowed


def language_of(request: Request, user: User | None) -> str:
    """Language of a page: the user's, else the one chosen before log-in, else the hub's."""
    for chosen in (user.language if user else "", request.cookies.get("lushao_language", "")):
        if chosen in LANGUAGES:
            return chosen
    return parts_of(request).settings.web.language


def page(request: Request, name: str, user: User | None = None, status_code: int = 200, **context: Any) -> HTMLResponse:
    """A page; `t` translates in it, `user` and `may(permission)` tell who looks, `csrf` is for forms."""
    t = Translator(language_of(request, user))
    found = getattr(request.state, "session", None)
    given = {
        "t": t,
        "user": user,
        "may": lambda word: user is not None and user.may(Permission(word)),
        "csrf": found.csrf if found is not None else "",
        "timezone": parts_of(request).settings.web.timezone,
    }
    return templates.TemplateResponse(request, name, {**given, **context}, status_code=status_code)
