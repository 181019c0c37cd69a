"""Every role against every route: what a new route needs is declared, or a line of this file says that it is open."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.responses import Response
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import Mount

from hub.accounts.roles import PERMISSIONS, Permission, Role
from hub.web import deps
from hub.web.app import create_app
from hub.web.deps import NOT_ALLOWED, SAFE_METHODS, Need
from hub.web.guard import DOORS
from tests.hub_worlds import HubWorld

OPEN = {"/login", "/login/code", "/login/oidc", "/login/oidc/return", "/healthz", "/metrics", "/language/{language}"}
"""Asked for by who is not yet in. A route that belongs here shows nothing of any entry, person or camera."""
OWN = {"/", "/logout", "/account/password"}
"""For everybody who is in, even before they have changed a one-time password."""


def routes_of(hub: HubWorld) -> list[RouteContext]:
    """All routes of the application as they stand; whoever adds one adds it to these tests."""
    found = list(iter_route_contexts(create_app(hub.parts).routes))
    assert {route.original_route.path for route in found if isinstance(route.original_route, Mount)} == {"/static"}
    return [route for route in found if not isinstance(route.original_route, Mount)]


def needs(dependant: Dependant) -> Iterator[Need]:
    """What a route's dependencies demand of who asks."""
    for below in dependant.dependencies:
        if isinstance(below.call, Need):
            yield below.call
        yield from needs(below)


def asks_for_session(dependant: Dependant) -> bool:
    """Whether a route is for who is in only."""
    return any(below.call is deps.checked_session or asks_for_session(below) for below in dependant.dependencies)


def guarded(hub: HubWorld) -> list[tuple[str, str, frozenset[Permission]]]:
    """Method, path (with 1 for each variable) and permissions of all routes that declare some."""
    found = []
    for route in routes_of(hub):
        for need in needs(route.dependant):
            path = re.sub(r"\{[^}]*\}", "1", str(route.path_format))
            found += [(method, path, frozenset(need.permissions)) for method in sorted(route.methods or ())]
    return found


def test_every_route_declares_what_it_needs_or_is_on_the_short_list(hub: HubWorld) -> None:
    for route in routes_of(hub):
        assert isinstance(route.original_route, APIRoute), f"{route.path}: what it needs cannot be told"
        path = str(route.path)
        if path in OPEN or path.startswith(DOORS):
            continue
        if path in OWN:
            assert asks_for_session(route.dependant), path
            continue
        assert list(needs(route.dependant)), f"{route.methods} {path} declares no permission: depend on need(...)"


def test_who_is_not_in_is_sent_to_the_log_in_from_every_other_route(hub: HubWorld) -> None:
    client = hub.client()
    for method, path, _ in guarded(hub):
        answer = client.request(method, path)
        assert answer.status_code == 401 if path.startswith("/api/") else answer.status_code == 303, (method, path)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/login"), (method, path)


def test_the_doors_for_boxes_and_sources_open_to_nobody_without_a_proof_not_even_to_people(hub: HubWorld) -> None:
    doors = [route for route in routes_of(hub) if str(route.path).startswith(DOORS)]
    assert len(doors) > 3
    for client in (hub.client(), hub.client(hub.user(*Role))):
        for route in doors:
            path = re.sub(r"\{name\}", "clip.mp4", str(route.path_format))
            path = re.sub(r"\{\w+_id\}", "01ARZ3NDEKTSV4RRFFQ69G5FAV", path)
            for method in route.methods or ():
                assert client.request(method, path).status_code in (401, 403), (method, path)


@pytest.mark.parametrize("role", Role)
def test_a_role_comes_to_every_route_it_may_and_to_no_other(
    hub: HubWorld, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reached(**_: Any) -> Response:
        return Response(status_code=204)

    monkeypatch.setattr("fastapi.routing.run_endpoint_function", reached)
    client = hub.client(hub.user(role))
    tried = guarded(hub)
    assert len(tried) > 20
    for method, path, permissions in tried:
        may = not permissions or bool(permissions & PERMISSIONS[role])
        answer = client.request(method, path, json=None if method in SAFE_METHODS else {})
        assert (answer.status_code != 403) == may, (method, path, answer.text)
        assert may or answer.json() == {"detail": NOT_ALLOWED}


def test_who_must_change_their_password_comes_to_nothing_else(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def reached(**_: Any) -> Response:
        return Response(status_code=204)

    monkeypatch.setattr("fastapi.routing.run_endpoint_function", reached)
    user = hub.user(*Role)
    client = hub.client(user)
    with hub.parts.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE users SET must_change = true WHERE id = {user.id}")
    for method, path, _ in guarded(hub):
        answer = client.request(method, path, json=None if method in SAFE_METHODS else {})
        if path.startswith("/api/"):
            assert (answer.status_code, answer.json().get("code")) == (403, "must_change"), (method, path)
        else:
            assert answer.headers.get("location") == "/account/password", (method, path)


def test_endpoints_are_plain_functions_so_that_the_tests_above_reach_them(hub: HubWorld) -> None:
    for route in routes_of(hub):
        endpoint = route.endpoint
        assert endpoint is not None
        assert not inspect.isgeneratorfunction(endpoint)
        assert not inspect.isasyncgenfunction(endpoint), f"{route.path}: return a StreamingResponse instead"


def test_somebody_without_a_role_sees_their_own_account_alone(hub: HubWorld) -> None:
    client = hub.client(hub.user())
    assert client.get("/").headers["location"] == "/account"
    assert client.get("/account").status_code == 200
    for method, path, permissions in guarded(hub):
        if permissions and method == "GET":
            assert client.get(path).status_code == 403, path


def test_an_administrator_decides_nothing_and_an_auditor_changes_nothing() -> None:
    deciding = {Permission.DECIDE, Permission.REVIEW, Permission.LEGAL, Permission.DISPATCH, Permission.FIELD}
    assert not PERMISSIONS[Role.ADMIN] & (deciding | {Permission.QUEUE, Permission.AUDIT})
    assert not PERMISSIONS[Role.AUDITOR] & (deciding | {Permission.USERS, Permission.SETTLE})
