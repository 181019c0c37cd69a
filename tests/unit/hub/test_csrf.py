"""What no page of the hub sends is refused: forms and calls of other sites, too large ones, wrong hosts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from hub.accounts.roles import Role
from hub.settings import WebSettings
from hub.web.app import create_app
from hub.web.deps import CSRF_HEADER, SAFE_METHODS
from hub.web.guard import DOORS, MOST_BYTES
from tests.hub_worlds import HubWorld, make_world
from tests.unit.hub.people_world import Browser, person

WITHOUT_SESSION = {"/login", "/login/code"}
"""Forms of who is not yet in bear a token of their own: see test_login."""


def changing_paths(hub: HubWorld) -> list[tuple[str, str]]:
    """Every method and path of the console that changes something."""
    routes = [route for route in iter_route_contexts(create_app(hub.parts).routes) if route.methods]
    return [
        (method, route.path.replace("{", "").replace("}", ""))
        for route in routes
        if route.path and isinstance(route.original_route, APIRoute)
        for method in sorted(set(route.methods or ()) - SAFE_METHODS)
        if not route.path.startswith(DOORS) and route.path not in WITHOUT_SESSION
    ]


@pytest.fixture
def over_tls(hub: HubWorld) -> Iterator[HubWorld]:
    """A hub that people reach at https://hub.example."""
    world = make_world(hub.folder, hub.parts.settings.store, web=WebSettings(public_url="https://hub.example"))
    yield world
    world.parts.database.close()


def test_every_change_is_refused_without_the_token_of_the_session(hub: HubWorld) -> None:
    client = hub.client(hub.user(*Role))
    del client.headers[CSRF_HEADER]
    paths = changing_paths(hub)
    assert ("POST", "/logout") in paths
    for method, path in paths:
        for body in (
            {"data": {"a": "1"}},
            {"json": {"a": 1}},
            {"content": b"{}", "headers": {"content-type": "text/plain"}},
        ):
            answer = client.request(method, path, **body)
            assert answer.status_code == 403, (method, path)
            assert "did not come from a page" in answer.json()["detail"]


@pytest.mark.parametrize("token", ["", "wrong", "ÿ", "x" * 5000])
def test_a_wrong_token_is_refused_in_form_and_header(hub: HubWorld, token: str) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    assert client.post("/logout", headers=[(CSRF_HEADER.encode(), token.encode())]).status_code == 403
    del client.headers[CSRF_HEADER]
    assert client.post("/logout", data={"csrf": token}).status_code == 403


def test_another_session_s_token_is_refused(hub: HubWorld) -> None:
    mine, other = hub.client(hub.user(Role.OPERATOR)), hub.client(hub.user(Role.OPERATOR))
    mine.headers[CSRF_HEADER] = other.headers[CSRF_HEADER]
    assert mine.post("/logout").status_code == 403


def test_a_form_s_token_does_not_count_where_the_header_is_wrong(hub: HubWorld) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    right = client.headers[CSRF_HEADER]
    assert client.post("/logout", data={"csrf": right}, headers={CSRF_HEADER: "wrong"}).status_code == 403


def test_the_right_token_passes_in_a_form_of_either_kind_and_in_the_header(hub: HubWorld) -> None:
    for how in ("form", "multipart", "header"):
        client = hub.client(hub.user(Role.OPERATOR))
        token = client.headers[CSRF_HEADER]
        if how != "header":
            del client.headers[CSRF_HEADER]
        forms: dict[str, Any] = {"form": {"data": {"csrf": token}}, "multipart": {"files": {"csrf": (None, token)}}}
        assert client.post("/logout", **forms.get(how, {})).status_code == 303, how


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_change_that_a_browser_says_another_site_began_is_refused(hub: HubWorld, site: str) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    assert client.post("/logout", headers={"sec-fetch-site": site}).status_code == 403
    assert client.post("/logout", headers={"sec-fetch-site": "same-origin"}).status_code == 303


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999"])
def test_a_change_from_another_origin_is_refused(hub: HubWorld, origin: str) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    assert client.post("/logout", headers={"origin": origin}).status_code == 403
    assert client.post("/logout", headers={"origin": "http://127.0.0.1:8080"}).status_code == 303


def test_links_from_other_sites_may_lead_here(hub: HubWorld) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    assert client.get("/account", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_looks_and_case_files_are_not_for_links_of_other_sites(hub: HubWorld) -> None:
    """They are written down in the name of whoever is led there."""
    client = hub.client(hub.user(Role.LEGAL))
    for path in ("/api/entries/1", "/entries/1/export.pdf?purpose=review", "/entries/1/files/x", "/dead-letters/1"):
        for site in ("cross-site", "same-site"):
            assert client.get(path, headers={"sec-fetch-site": site}).status_code == 403, path
        answer = client.get(path, headers={"sec-fetch-site": "same-origin"})
        assert "another site" not in answer.text, path


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("hub.example", 200),
        ("hub.example:443", 200),
        ("HUB.example", 200),
        ("evil.example", 421),
        ("hub.example:80", 421),
    ],
)
def test_a_hub_with_an_address_answers_to_no_other_name(over_tls: HubWorld, host: str, status: int) -> None:
    assert Browser.at(over_tls).client.get("/login", headers={"host": host}).status_code == status


def test_the_health_is_told_under_any_name(over_tls: HubWorld) -> None:
    assert Browser.at(over_tls).client.get("/healthz", headers={"host": "127.0.0.1:8080"}).status_code == 200


def test_a_change_over_tls_must_come_from_the_public_address(over_tls: HubWorld) -> None:
    client = over_tls.client(over_tls.user(Role.OPERATOR))
    client.base_url = "https://hub.example"
    assert client.post("/logout", headers={"origin": "https://evil.example"}).status_code == 403
    assert client.post("/logout", headers={"origin": "https://hub.example"}).status_code == 303


def test_a_request_that_says_it_is_too_large_is_not_read(hub: HubWorld) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    answer = client.post("/account/password", headers={"content-length": str(MOST_BYTES + 1)}, content=b"x")
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("length", ["-1", "1e9", "", "9" * 40])
def test_a_length_that_is_none_is_refused(hub: HubWorld, length: str) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    assert client.post("/account/password", headers={"content-length": length}, content=b"x").status_code == 413


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_request_that_turns_out_too_large_is_cut_off(hub: HubWorld, kind: str) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'--x\r\ncontent-disposition: form-data; name="a"; filename="a"\r\n\r\n'
        while sent < 4 * MOST_BYTES:
            sent += 65536
            yield b"a" * 65536

    client = hub.client(hub.user(Role.OPERATOR))
    answer = client.post("/account/password", content=endless(), headers={"content-type": kind})
    assert answer.status_code == 413


def test_every_answer_bears_the_headers(hub: HubWorld) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    for path in ("/account", "/login", "/nothing-here", "/users", "/static/style.css", "/healthz", "/api/nothing"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
        assert "strict-transport-security" not in headers


def test_over_tls_browsers_are_told_to_stay_there(over_tls: HubWorld) -> None:
    client = over_tls.client()
    assert client.get("/login", headers={"host": "hub.example"}).headers["strict-transport-security"]


def test_a_fault_of_ours_shows_nothing_of_what_is_inside(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("hub.accounts.people.accounts", broken)
    client = hub.client(hub.user(Role.ADMIN))
    client._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
    for accept in ("text/html", "application/json"):
        answer = client.get("/users", headers={"accept": accept})
        assert answer.status_code == 500
        assert "secret of the house" not in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["cache-control"] == "no-store"


def test_a_database_that_is_away_is_told_as_such(hub: HubWorld) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    hub.parts.database.close()
    (hub.folder / "hub.db").rename(hub.folder / "away.db")
    (hub.folder / "hub.db").mkdir()
    for suffix in ("-wal", "-shm"):
        (hub.folder / f"hub.db{suffix}").unlink(missing_ok=True)
    for path in ("/healthz", "/account", "/api/wall"):
        assert client.get(path).status_code == 503, path
    (hub.folder / "hub.db").rmdir()
    (hub.folder / "away.db").rename(hub.folder / "hub.db")
    assert client.get("/healthz").status_code == 200


def test_a_malformed_form_is_answered_without_repeating_it(hub: HubWorld) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    answer = client.post("/account/password", data={"old": "x" * 501, "new": "my new secret" * 100, "again": ""})
    assert answer.status_code == 422
    assert "my new secret" not in answer.text


def test_a_fault_is_told_in_the_reader_s_language(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR, language="en")
    browser = Browser.at(hub)
    browser.log_in()
    assert "You are not allowed" in browser.client.get("/users").text
    assert "没有找到" in Browser.at(hub).client.get("/nothing-here").text
