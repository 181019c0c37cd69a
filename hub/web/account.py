"""One's own account: password, one-time codes, language, sessions."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.accounts import own, people, totp
from hub.accounts.people import AccountError
from hub.accounts.sessions import Session, open_session, sessions_of
from hub.accounts.user import User
from hub.parts import HubParts
from hub.web.deps import (
    CurrentSession,
    Parts,
    address_of,
    cookie_name,
    forget_cookie,
    need,
    page,
    set_cookie,
)

router = APIRouter()
Myself = Annotated[User, Depends(need())]
Text = Annotated[str, Form(max_length=500)]
_DONE: Final = ("password", "totp_on", "totp_off", "sessions")


@router.get("/account")
def account_page(request: Request, parts: Parts, user: Myself, found: CurrentSession, done: str = "") -> Response:
    """All of it on one page."""
    return _account(request, parts, found, done=done if done in _DONE else "")


def _account(
    request: Request, parts: HubParts, found: Session, fault: str = "", done: str = "", status: int = 200
) -> Response:
    return page(
        request,
        "account.html",
        found.user,
        status,
        mine=people.account(parts, found.user.id),
        sessions=sessions_of(parts, found.user.id),
        here=found.token_sha256,
        fault=fault,
        done=done,
    )


@router.get("/account/password")
def password_page(request: Request, found: CurrentSession) -> Response:
    """The form for a new password; who must change theirs sees nothing else."""
    return _password(request, found)


def _password(request: Request, found: Session, fault: str = "", status: int = 200) -> Response:
    shown = None if found.must_change else found.user
    return page(request, "account_password.html", shown, status, who=found.user, forced=found.must_change, fault=fault)


@router.post("/account/password")
def change_password(
    request: Request, parts: Parts, found: CurrentSession, old: Text = "", new: Text = "", again: Text = ""
) -> Response:
    """Change the password; the session goes on under a new token, the others end."""
    if new != again:
        return _password(request, found, "password_again", 422)
    try:
        own.change_password(parts, found, old, new)
    except AccountError as error:
        return _password(request, found, error.code, 422)
    own.end_own_sessions(parts, found)
    token = open_session(parts, found.user.id, address_of(request), request.headers.get("user-agent", ""))
    response = RedirectResponse("/" if found.must_change else "/account?done=password", 303)
    set_cookie(parts, response, cookie_name(parts), token)
    return response


@router.post("/account/totp")
def begin_totp(request: Request, parts: Parts, user: Myself, found: CurrentSession, password: Text = "") -> Response:
    """Begin to set up one-time codes."""
    try:
        own.begin_totp(parts, found, password)
    except AccountError as error:
        return _account(request, parts, found, error.code, status=422)
    return RedirectResponse("/account/totp", 303)


@router.get("/account/totp")
def totp_page(request: Request, parts: Parts, user: Myself, found: CurrentSession) -> Response:
    """The picture for the telephone, while one-time codes are being set up."""
    return _totp(request, parts, found)


def _totp(request: Request, parts: HubParts, found: Session, fault: str = "", status: int = 200) -> Response:
    is_on, secret = own.totp_state(parts, found)
    if is_on or not secret:
        return RedirectResponse("/account", 303)
    picture = totp.picture(secret, found.user.name, parts.settings.hub_id)
    groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return page(request, "account_totp.html", found.user, status, picture=picture, secret=groups, fault=fault)


@router.post("/account/totp/confirm")
def confirm_totp(request: Request, parts: Parts, user: Myself, found: CurrentSession, code: Text = "") -> Response:
    """Turn one-time codes on."""
    try:
        own.confirm_totp(parts, found, code)
    except AccountError as error:
        return _totp(request, parts, found, error.code, 422)
    return RedirectResponse("/account?done=totp_on", 303)


@router.post("/account/totp/off")
def turn_totp_off(request: Request, parts: Parts, user: Myself, found: CurrentSession, password: Text = "") -> Response:
    """Turn one-time codes off."""
    try:
        own.turn_totp_off(parts, found, password)
    except AccountError as error:
        return _account(request, parts, found, error.code, status=422)
    return RedirectResponse("/account?done=totp_off", 303)


@router.post("/account/sessions/end")
def end_sessions(parts: Parts, user: Myself, found: CurrentSession, which: Text = "") -> Response:
    """Log out elsewhere: one session by its id, the `others`, or `all`."""
    if which == "others":
        own.end_own_sessions(parts, found, but=found.token_sha256)
    elif which == "all":
        own.end_own_sessions(parts, found)
    else:
        own.end_own_sessions(parts, found, only=which or "-")
    if which in ("all", found.token_sha256):
        response = RedirectResponse("/login", 303)
        forget_cookie(parts, response, cookie_name(parts))
        return response
    return RedirectResponse("/account?done=sessions", 303)
