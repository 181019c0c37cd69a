"""The page of other sources: who may send reports, with which token. What they send comes in at `report_door`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from hub.accounts.roles import Permission
from hub.accounts.user import User
from hub.parts import HubParts
from hub.sources.tokens import (
    MOST_PER_MINUTE,
    PER_MINUTE,
    SourceError,
    add_source,
    renew_token,
    sources_of,
    switch_off,
)
from hub.web.deps import Parts, need, page

router = APIRouter()
Keeper = Annotated[User, Depends(need(Permission.USERS))]
Name = Annotated[str, Form(max_length=200)]


@router.get("/tokens")
def sources(request: Request, parts: Parts, user: Keeper) -> Response:
    """All sources."""
    return _page(request, parts, user)


@router.post("/tokens")
def add(
    request: Request, parts: Parts, user: Keeper, name: Name, per_minute: Annotated[int, Form()] = PER_MINUTE
) -> Response:
    """Make a source; its token is shown on the answer and never again."""
    return _changed(request, parts, user, name, lambda: add_source(parts, user.name, name.strip(), per_minute))


@router.post("/tokens/renew")
def renew(request: Request, parts: Parts, user: Keeper, name: Name) -> Response:
    """Give a source a new token."""
    return _changed(request, parts, user, name, lambda: renew_token(parts, user.name, name))


@router.post("/tokens/off")
def off(request: Request, parts: Parts, user: Keeper, name: Name) -> Response:
    """Take nothing more of a source."""
    try:
        switch_off(parts, user.name, name)
    except SourceError as error:
        return _page(request, parts, user, fault=error.code, name=name)
    return RedirectResponse("/tokens", 303)


def _changed(request: Request, parts: HubParts, user: User, name: str, change: Callable[[], str]) -> Response:
    try:
        token = change()
    except SourceError as error:
        return _page(request, parts, user, fault=error.code, name=name)
    return _page(request, parts, user, token=token, name=name)


def _page(
    request: Request, parts: HubParts, user: User, *, token: str = "", fault: str = "", name: str = ""
) -> Response:
    """The page; with a token that was just made, or with why nothing was."""
    return page(
        request,
        "sources.html",
        user,
        status_code=422 if fault else 200,
        sources=sources_of(parts),
        token=token,
        fault=fault,
        wanted=name,
        per_minute=PER_MINUTE,
        most=MOST_PER_MINUTE,
        address=parts.settings.web.public_url or str(request.base_url).rstrip("/"),
    )
