"""Accounts for administrators: made, changed, closed, with one-time passwords shown once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from hub.accounts import people
from hub.accounts.people import AccountError
from hub.accounts.roles import Permission, Role
from hub.accounts.user import User
from hub.parts import HubParts
from hub.web.deps import Parts, need, page

router = APIRouter()
Admin = Annotated[User, Depends(need(Permission.USERS))]
Text = Annotated[str, Form(max_length=500)]
UserId = Annotated[int, Path(ge=1, le=2**63 - 1)]
_CHANGES: Final[dict[str, Callable[[HubParts, str, int], None]]] = {
    "totp": people.reset_totp,
    "close": people.close_account,
    "open": people.reopen_account,
    "unlock": people.unlock,
    "sessions": people.end_all_sessions,
}
_DONE: Final = (*_CHANGES, "roles")


@router.get("/users")
def users_page(request: Request, parts: Parts, user: Admin) -> Response:
    """All accounts, and the form for a new one."""
    return _list(request, parts, user)


@router.post("/users")
def add_user(
    request: Request,
    parts: Parts,
    user: Admin,
    name: Text = "",
    display: Text = "",
    roles: Annotated[list[Role] | None, Form()] = None,
) -> Response:
    """Make an account, and show its one-time password."""
    try:
        password = people.add_user(parts, user.name, name, display, roles or [])
    except AccountError as error:
        return _list(request, parts, user, error.code, 422, {"name": name, "display": display, "roles": roles or []})
    return _told(request, user, people.clean_name(name), password)


@router.get("/users/{user_id}")
def user_page(request: Request, parts: Parts, user: Admin, user_id: UserId, done: str = "") -> Response:
    """One account."""
    return _one(request, parts, user, user_id, done=done if done in _DONE else "")


@router.post("/users/{user_id}/roles")
def change_roles(
    request: Request, parts: Parts, user: Admin, user_id: UserId, roles: Annotated[list[Role] | None, Form()] = None
) -> Response:
    """Give an account other roles."""
    try:
        people.change_roles(parts, user.name, user_id, roles or [])
    except AccountError as error:
        return _one(request, parts, user, user_id, error.code, status=422)
    return RedirectResponse(f"/users/{user_id}?done=roles", 303)


@router.post("/users/{user_id}/password")
def reset_password(request: Request, parts: Parts, user: Admin, user_id: UserId) -> Response:
    """Give an account a new one-time password, and show it."""
    found = _found(parts, user_id)
    try:
        password = people.reset_password(parts, user.name, user_id)
    except AccountError as error:
        return _one(request, parts, user, user_id, error.code, status=422)
    return _told(request, user, found.name, password)


@router.post("/users/{user_id}/{change}")
def change_account(request: Request, parts: Parts, user: Admin, user_id: UserId, change: str) -> Response:
    """`totp`: take its one-time codes off; `close`, `open`, `unlock` it; `sessions`: log it out everywhere."""
    if change not in _CHANGES:
        raise HTTPException(404, "there is no such change")
    _found(parts, user_id)
    try:
        _CHANGES[change](parts, user.name, user_id)
    except AccountError as error:
        return _one(request, parts, user, user_id, error.code, status=422)
    return RedirectResponse(f"/users/{user_id}?done={change}", 303)


def _found(parts: HubParts, user_id: int) -> people.Account:
    found = people.account(parts, user_id)
    if found is None:
        raise HTTPException(404, "there is no such account")
    return found


def _list(
    request: Request,
    parts: HubParts,
    user: User,
    fault: str = "",
    status: int = 200,
    given: dict[str, object] | None = None,
) -> Response:
    every = people.accounts(parts)
    return page(request, "users.html", user, status, accounts=every, roles=list(Role), fault=fault, given=given or {})


def _one(
    request: Request, parts: HubParts, user: User, user_id: int, fault: str = "", done: str = "", status: int = 200
) -> Response:
    one = _found(parts, user_id)
    return page(request, "users_one.html", user, status, one=one, roles=list(Role), fault=fault, done=done)


def _told(request: Request, user: User, name: str, password: str) -> Response:
    return page(request, "users_password.html", user, who=name, password=password)
