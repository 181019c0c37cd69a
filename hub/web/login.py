"""Coming in and going out: name and password, the one-time code, and where each role begins."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Annotated, Final

import sqlalchemy as sa
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.accounts import login
from hub.accounts.roles import Permission
from hub.accounts.sessions import close_session, open_session, session_of
from hub.accounts.user import User
from hub.parts import HubParts
from hub.store.tables import head
from hub.web.deps import (
    CurrentSession,
    Parts,
    address_of,
    cookie_name,
    forget_cookie,
    is_https,
    own_path,
    page,
    set_cookie,
)

router = APIRouter()
_TOKEN: Final = re.compile(r"[\w-]{43}")
_FIRST_PAGES: Final = (
    ("/queue", (Permission.DECIDE, Permission.REVIEW, Permission.LEGAL, Permission.DISPATCH, Permission.FIELD)),
    ("/audit", (Permission.AUDIT,)),
    ("/users", (Permission.USERS,)),
    ("/queue", (Permission.QUEUE,)),
)
"""Where somebody begins: at the first line of which they have a permission."""
_STATUS: Final = {login.Refusal.TOO_MANY: 429}
Text = Annotated[str, Form(max_length=500)]


@router.get("/")
def first_page(found: CurrentSession) -> Response:
    """Each to the page of their work."""
    return RedirectResponse(first_page_of(found.user), 303)


def first_page_of(user: User) -> str:
    """Where somebody's work is."""
    for path, permissions in _FIRST_PAGES:
        if any(user.may(permission) for permission in permissions):
            return path
    return "/account"


@router.get("/healthz")
def healthz(parts: Parts) -> dict[str, str]:
    """Whether the hub can work; 503 when the database does not answer."""
    with parts.database.read() as connection:
        connection.execute(sa.select(head.c.id)).one()
    return {"status": "ok"}


@router.get("/login")
def login_page(request: Request, parts: Parts, next: str = "") -> Response:
    """The form; who is in already goes on."""
    if session_of(parts, request.cookies.get(cookie_name(parts), "")) is not None:
        return RedirectResponse(own_path(next), 303)
    return form(request, parts, next)


@router.post("/login")
def log_in(
    request: Request, parts: Parts, name: Text = "", password: Text = "", next: Text = "", csrf: Text = ""
) -> Response:
    """Try a name and a password."""
    if not _from_our_form(request, parts, csrf):
        return form(request, parts, next, "out_of_date", 403)
    result = login.by_password(parts, name, password, address_of(request))
    if isinstance(result, login.CodeNeeded):
        return form(request, parts, next, ticket=result.ticket)
    if isinstance(result, login.Refusal):
        return form(request, parts, next, result, _STATUS.get(result, 401), name=name)
    return come_in(request, parts, result.user_id, next)


@router.post("/login/code")
def give_code(
    request: Request, parts: Parts, code: Text = "", ticket: Text = "", next: Text = "", csrf: Text = ""
) -> Response:
    """Try the one-time code."""
    if not _from_our_form(request, parts, csrf):
        return form(request, parts, next, "out_of_date", 403)
    result = login.by_code(parts, ticket, code, address_of(request))
    if isinstance(result, login.Refusal):
        again = ticket if result is login.Refusal.WRONG else ""
        return form(request, parts, next, "wrong_code" if again else result, _STATUS.get(result, 401), ticket=again)
    return come_in(request, parts, result.user_id, next)


@router.post("/logout")
def log_out(parts: Parts, found: CurrentSession) -> Response:
    """End this session."""
    close_session(parts, found.token_sha256)
    with parts.audit.begin() as books:
        books.add(found.user.name, "log_out")
    response = RedirectResponse("/login", 303)
    forget_cookie(parts, response, cookie_name(parts))
    return response


def come_in(request: Request, parts: HubParts, user_id: int, next: str) -> Response:
    """Begin a session under a new token, whatever the browser had before, and go on."""
    before = session_of(parts, request.cookies.get(cookie_name(parts), ""))
    if before is not None:
        close_session(parts, before.token_sha256)
    token = open_session(parts, user_id, address_of(request), request.headers.get("user-agent", ""))
    response = RedirectResponse(own_path(next), 303)
    # Lax, not strict: a browser that comes back from the bureau's log-in, or by a link, must bring it.
    set_cookie(parts, response, cookie_name(parts), token)
    forget_cookie(parts, response, _form_cookie(parts))
    return response


def form(
    request: Request,
    parts: HubParts,
    next: str,
    fault: str = "",
    status: int = 200,
    *,
    ticket: str = "",
    name: str = "",
) -> Response:
    """The log-in form, or with a ticket the one for the code; `fault` is the word for what went wrong.

    The form bears what a cookie of the same browser says, so no other site can log somebody in as somebody else.
    """
    held = request.cookies.get(_form_cookie(parts), "")
    token = held if _TOKEN.fullmatch(held) else secrets.token_urlsafe(32)
    oidc = parts.settings.web.oidc
    response = page(
        request,
        "login_code.html" if ticket else "login.html",
        status_code=status,
        csrf=token,
        next=own_path(next, ""),
        fault=fault,
        ticket=ticket,
        entered=name,
        issuer=oidc.name if oidc is not None else None,
        wait_minutes=f"{parts.settings.web.lock_minutes:g}",
    )
    set_cookie(parts, response, _form_cookie(parts), token, "strict")
    return response


def _form_cookie(parts: HubParts) -> str:
    return f"{'__Host-' if is_https(parts) else ''}lushao_form"


def _from_our_form(request: Request, parts: HubParts, given: str) -> bool:
    held = request.cookies.get(_form_cookie(parts), "")
    return bool(_TOKEN.fullmatch(held)) and hmac.compare_digest(held.encode(), given.encode())
