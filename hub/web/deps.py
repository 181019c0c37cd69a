"""What every page and call of the console stands on: who asks, whether they may, in which language."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import Depends, HTTPException, Request
from fastapi.templating import Jinja2Templates
from starlette.responses import HTMLResponse, Response

from hub.accounts.roles import Permission
from hub.accounts.sessions import Session, session_of
from hub.accounts.user import User
from hub.parts import HubParts
from hub.web.words import LANGUAGES, Translator

COOKIE: Final = "lushao_session"
"""Cookie of the session; `__Host-` is put before it where the console is reached over TLS."""
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BY_ITSELF: Final = ("/api/live", "/api/wall", "/wall/frames/")
"""What open pages ask for with nobody there; so do calls that end in `/presence`. It keeps no session from ending."""
_HERE: Final = Path(__file__).parent
templates: Final = Jinja2Templates(_HERE / "templates")


class LoginRequiredError(Exception):
    """Nobody has logged in: a page sends to the log-in, a call answers 401."""


class PasswordChangeError(Exception):
    """The password must be changed before anything else."""


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


def set_cookie(
    parts: HubParts, response: Response, name: str, value: str, same_site: Literal["lax", "strict"] = "lax"
) -> None:
    """Set a cookie that no script reads, that goes over TLS alone where there is any, and dies with the browser."""
    response.set_cookie(name, value, path="/", secure=is_https(parts), httponly=True, samesite=same_site)


def forget_cookie(parts: HubParts, response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path="/", secure=is_https(parts), httponly=True, samesite="lax")


def address_of(request: Request) -> str:
    """Address the request came from; behind a proxy, what a trusted one says."""
    return request.client.host if request.client else ""


def own_path(path: str, otherwise: str = "/") -> str:
    """A path of this console to go on to; `otherwise` for anything that could lead elsewhere."""
    # Browsers read a backslash as a slash and leave out control characters: `/\\evil.example`, `/\t/evil.example`.
    strange = "\\" in path or any(ord(character) < 0x20 for character in path)
    return path if path.startswith("/") and not path.startswith("//") and not strange else otherwise


def session(request: Request, parts: Parts) -> Session:
    """The session behind a request. Raises LoginRequiredError."""
    path = request.url.path
    by_itself = path.startswith(_BY_ITSELF) or path.endswith("/presence")
    found = session_of(parts, request.cookies.get(cookie_name(parts), ""), in_use=not by_itself)
    if found is None:
        raise LoginRequiredError
    request.state.session = found
    return found


async def checked_session(request: Request, found: Annotated[Session, Depends(session)]) -> Session:
    """The session, after a request that changes something has shown that it comes from one of our own pages."""
    if request.method not in SAFE_METHODS:
        given = request.headers.get(CSRF_HEADER)
        if given is None and request.headers.get("content-type", "").startswith(
            ("application/x-www-form-urlencoded", "multipart/form-data")
        ):
            given = str((await request.form()).get(CSRF_FIELD, ""))
        if not hmac.compare_digest((given or "").encode(), found.csrf.encode()):
            raise HTTPException(403, "the request did not come from a page of the hub: load the page anew")
    return found


CurrentSession = Annotated[Session, Depends(checked_session)]


@dataclass(frozen=True)
class Need:
    """A dependency: the user, who must have one of these permissions; without any named, anybody logged in."""

    permissions: tuple[Permission, ...]

    def __call__(self, found: CurrentSession) -> User:
        """The user. Raises PasswordChangeError, HTTPException 403."""
        if found.must_change:
            raise PasswordChangeError
        if self.permissions and not any(found.user.may(permission) for permission in self.permissions):
            raise HTTPException(403, NOT_ALLOWED)
        return found.user


NOT_ALLOWED: Final = "your roles do not allow this"


def need(*permissions: Permission) -> Need:
    """What an endpoint depends on to know its user: see `Need`."""
    return Need(permissions)


def language_of(request: Request, user: User | None) -> str:
    """Language of a page: the user's, else the one chosen before log-in, else the hub's."""
    for chosen in (user.language if user else "", request.cookies.get("lushao_language", "")):
        if chosen in LANGUAGES:
            return chosen
    return parts_of(request).settings.web.language


def page(request: Request, name: str, user: User | None = None, status_code: int = 200, **context: Any) -> HTMLResponse:
    """A page; `t` translates in it, `user` and `may(permission)` tell who looks, `csrf` is for forms.

    `local(ms)` writes a time as clocks here show it.
    """
    t = Translator(language_of(request, user))
    found = getattr(request.state, "session", None)
    timezone = parts_of(request).settings.web.timezone
    given = {
        "t": t,
        "user": user,
        "may": lambda word: user is not None and user.may(Permission(word)),
        "csrf": found.csrf if found is not None else "",
        "timezone": timezone,
        "local": lambda ms: datetime.fromtimestamp(ms / 1000, ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S"),
    }
    return templates.TemplateResponse(request, name, {**given, **context}, status_code=status_code)
