"""Log-in by the bureau's own accounts: who its issuer vouches for comes in, with the roles it gives; nobody else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from httpx2 import Response

from hub.accounts.oidc import make_client, roles_from
from hub.accounts.roles import Role
from hub.settings import OidcSettings, WebSettings
from hub.store.tables import users
from tests.hub_worlds import HubWorld, make_world
from tests.unit.hub.issuer import CLIENT, SECRET, Issuer, another_key, shared_key
from tests.unit.hub.people_world import Browser, logged, person, row


@pytest.fixture(scope="module")
def one_issuer() -> Iterator[Issuer]:
    """The issuer of this file."""
    with Issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(one_issuer: Issuer) -> Issuer:
    """The issuer, honest again."""
    fresh = {"sub": "4711", "preferred_username": "Chen.Jing", "name": "陈静", "roles": ["zfj-operator", "unrelated"]}
    one_issuer.claims = fresh
    one_issuer.change = lambda claims: claims
    one_issuer.signer, one_issuer.algorithm, one_issuer.offered = one_issuer.key, "RS256", ["RS256"]
    one_issuer.with_id_token, one_issuer.calls_itself = True, None
    return one_issuer


def with_issuer(hub: HubWorld, issuer: Issuer) -> HubWorld:
    """The same hub, where people can log in by the issuer."""
    (hub.folder / "secret").write_text(SECRET + "\n")
    oidc = OidcSettings(
        issuer=issuer.url,
        client_id=CLIENT,
        client_secret_file=hub.folder / "secret",
        name="统一认证",
        roles={"zfj-operator": "operator", "zfj-legal": "legal"},
    )
    return make_world(hub.folder, hub.parts.settings.store, web=WebSettings(oidc=oidc))


@pytest.fixture
def bureau(hub: HubWorld, issuer: Issuer) -> Iterator[HubWorld]:
    """A hub on SQLite with the issuer."""
    world = with_issuer(hub, issuer)
    yield world
    world.parts.database.close()


def come_in(browser: Browser, issuer: Issuer, next: str = "/") -> Response:
    """Go the whole way: to the issuer, and back."""
    sent = browser.client.get("/login/oidc", params={"next": next})
    assert sent.headers["location"].startswith(f"{issuer.url}/authorize?")
    return browser.client.get(issuer.log_in(sent.headers["location"]))


def test_who_the_issuer_vouches_for_comes_in_and_has_an_account(either_hub: HubWorld, issuer: Issuer) -> None:
    world = with_issuer(either_hub, issuer)
    browser = Browser.at(world)
    assert "使用统一认证登录" in browser.client.get("/login").text
    answer = come_in(browser, issuer, "/queue?state=clue")
    assert answer.headers["location"] == "/queue?state=clue"
    assert "陈静" in browser.client.get("/account").text
    held = row(world, "chen.jing")
    assert (held.roles, held.password, held.must_change) == ("operator", "", False)
    assert logged(world) == ["add_user", "log_in"]
    world.parts.database.close()


def test_the_cookie_of_the_way_is_short_lived_and_kept_to_it(bureau: HubWorld, issuer: Issuer) -> None:
    browser = Browser.at(bureau)
    cookie = browser.client.get("/login/oidc").headers["set-cookie"]
    assert {"path=/login/oidc", "Max-Age=600", "httponly", "samesite=lax"} <= set(cookie.split("; "))
    assert "lushao_oidc" not in browser.client.get("/login").headers.get("set-cookie", "")


def test_the_way_back_works_at_another_process_of_the_hub(bureau: HubWorld, issuer: Issuer) -> None:
    here, there = Browser.at(bureau), Browser.at(bureau)
    back = issuer.log_in(here.client.get("/login/oidc").headers["location"])
    for cookie in here.client.cookies.jar:
        there.client.cookies.jar.set_cookie(cookie)
    assert there.client.get(back).status_code == 303


def test_each_log_in_brings_the_roles_up_to_date_and_ends_sessions_under_others(
    bureau: HubWorld, issuer: Issuer
) -> None:
    before, after = Browser.at(bureau), Browser.at(bureau)
    come_in(before, issuer)
    issuer.claims = {**issuer.claims, "roles": ["zfj-legal"], "name": "陈静静"}
    come_in(after, issuer)
    assert (row(bureau, "chen.jing").roles, row(bureau, "chen.jing").display) == ("legal", "陈静静")
    assert not before.is_in()
    assert after.is_in()


def test_who_has_no_role_here_is_refused_and_gets_no_account(bureau: HubWorld, issuer: Issuer) -> None:
    issuer.claims = {**issuer.claims, "roles": ["unrelated", "admin", "operator"]}
    browser = Browser.at(bureau)
    answer = come_in(browser, issuer)
    assert answer.status_code == 403
    assert "没有本系统的角色" in answer.text
    assert not browser.is_in()
    with bureau.parts.database.read() as connection:
        assert connection.execute(sa.select(users)).first() is None


def test_who_lost_all_roles_does_not_come_in_again(bureau: HubWorld, issuer: Issuer) -> None:
    come_in(Browser.at(bureau), issuer)
    issuer.claims = {**issuer.claims, "roles": []}
    assert come_in(Browser.at(bureau), issuer).status_code == 403


def test_a_closed_account_stays_closed(bureau: HubWorld, issuer: Issuer) -> None:
    come_in(Browser.at(bureau), issuer)
    with bureau.parts.database.write() as connection:
        connection.execute(sa.update(users).values(active=False))
    assert come_in(Browser.at(bureau), issuer).status_code == 403


def test_nobody_takes_over_a_local_account_by_its_name(bureau: HubWorld, issuer: Issuer) -> None:
    person(bureau, Role.ADMIN, name="chen.jing")
    answer = come_in(Browser.at(bureau), issuer)
    assert answer.status_code == 403
    assert row(bureau, "chen.jing").oidc_subject is None


def test_a_person_whose_name_changed_at_the_issuer_keeps_the_account(bureau: HubWorld, issuer: Issuer) -> None:
    come_in(Browser.at(bureau), issuer)
    issuer.claims = {**issuer.claims, "preferred_username": "chen.jing.2"}
    assert come_in(Browser.at(bureau), issuer).status_code == 303
    with bureau.parts.database.read() as connection:
        assert list(connection.execute(sa.select(users.c.name)).scalars()) == ["chen.jing"]


def _without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


@pytest.mark.parametrize(
    "lie",
    [
        lambda claims: {**claims, "iss": "https://evil.example"},
        lambda claims: {**claims, "aud": "another-client"},
        lambda claims: {**claims, "aud": ["another-client"], "azp": "another-client"},
        lambda claims: {**claims, "nonce": "of another log-in"},
        lambda claims: {**claims, "exp": int(time.time()) - 120},
        lambda claims: {**claims, "nbf": int(time.time()) + 600},
        lambda claims: {**claims, "iat": int(time.time()) + 600},
        *(_without(name) for name in ("iss", "aud", "nonce", "exp", "sub", "iat")),
    ],
)
def test_a_token_that_is_not_for_this_log_in_is_refused(
    bureau: HubWorld, issuer: Issuer, lie: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    issuer.change = lie
    browser = Browser.at(bureau)
    assert come_in(browser, issuer).status_code == 401
    assert not browser.is_in()


def test_a_token_signed_by_another_key_is_refused(bureau: HubWorld, issuer: Issuer) -> None:
    issuer.signer = another_key()
    assert come_in(Browser.at(bureau), issuer).status_code == 401


def test_a_token_signed_with_the_shared_secret_is_refused_though_the_issuer_offers_it(
    bureau: HubWorld, issuer: Issuer
) -> None:
    issuer.signer, issuer.algorithm, issuer.offered = shared_key(), "HS256", ["RS256", "HS256", "none"]
    assert come_in(Browser.at(bureau), issuer).status_code == 401


def test_an_unsigned_token_is_refused_though_the_issuer_offers_it(bureau: HubWorld, issuer: Issuer) -> None:
    issuer.algorithm, issuer.offered = "none", ["none"]
    assert come_in(Browser.at(bureau), issuer).status_code == 401


def test_an_answer_without_an_id_token_is_refused(bureau: HubWorld, issuer: Issuer) -> None:
    issuer.with_id_token = False
    assert come_in(Browser.at(bureau), issuer).status_code == 401


def test_a_code_brought_by_another_browser_is_refused(bureau: HubWorld, issuer: Issuer) -> None:
    begun = Browser.at(bureau).client.get("/login/oidc").headers["location"]
    victim = Browser.at(bureau)
    assert victim.client.get(issuer.log_in(begun)).status_code == 401
    assert not victim.is_in()


def test_a_code_is_good_once(bureau: HubWorld, issuer: Issuer) -> None:
    browser = Browser.at(bureau)
    back = issuer.log_in(browser.client.get("/login/oidc").headers["location"])
    assert browser.client.get(back).status_code == 303
    assert browser.client.get(back).status_code == 401


def test_an_error_of_the_issuer_leads_back_to_the_log_in(bureau: HubWorld, issuer: Issuer) -> None:
    browser = Browser.at(bureau)
    browser.client.get("/login/oidc")
    answer = browser.client.get("/login/oidc/return?error=access_denied&error_description=<script>")
    assert answer.status_code == 401
    assert "<script>" not in answer.text


def test_after_the_log_in_nobody_is_sent_to_another_site(bureau: HubWorld, issuer: Issuer) -> None:
    assert come_in(Browser.at(bureau), issuer, "//evil.example").headers["location"] == "/"


def test_an_issuer_that_calls_itself_otherwise_or_is_away_is_told_as_such(bureau: HubWorld, issuer: Issuer) -> None:
    issuer.calls_itself = "https://another.example"
    assert Browser.at(bureau).client.get("/login/oidc").status_code == 502
    with Issuer() as gone:
        pass
    browser = Browser.at(with_issuer(bureau, gone))
    assert browser.client.get("/login/oidc").status_code == 502
    browser.hub.parts.database.close()
    issuer.calls_itself = None
    assert Browser.at(bureau).client.get("/login/oidc").status_code == 302


def test_without_an_issuer_there_is_no_such_way(hub: HubWorld) -> None:
    browser = Browser.at(hub)
    assert browser.client.get("/login/oidc").status_code == 404
    assert "/login/oidc" not in browser.client.get("/login").text


def test_roles_are_found_in_the_claim_however_issuers_put_them(bureau: HubWorld) -> None:
    settings = bureau.parts.settings.web.oidc
    assert settings is not None

    def given(claim: str, claims: dict[str, Any]) -> tuple[Role, ...]:
        return roles_from(settings.model_copy(update={"roles_claim": claim}), claims)

    assert given("roles", {"roles": ["zfj-legal", "zfj-operator"]}) == (Role.OPERATOR, Role.LEGAL)
    assert given("roles", {"roles": "zfj-legal"}) == (Role.LEGAL,)
    assert given("realm_access.roles", {"realm_access": {"roles": ["zfj-legal"]}}) == (Role.LEGAL,)
    assert given("https://bureau.example/roles", {"https://bureau.example/roles": ["zfj-legal"]}) == (Role.LEGAL,)
    for odd in ({}, {"roles": None}, {"roles": {"zfj-legal": True}}, {"roles": [["zfj-legal"], 5]}):
        assert given("roles", odd) == ()


def test_settings_that_name_no_role_or_no_secret_are_refused_at_the_start(bureau: HubWorld) -> None:
    settings = bureau.parts.settings.web.oidc
    assert settings is not None
    with pytest.raises(ValueError, match=r"web\.oidc\.roles: x: there is no role 'root'"):
        make_client(settings.model_copy(update={"roles": {"x": "root"}}))
    with pytest.raises(ValueError, match=r"web\.oidc\.client_secret_file: .*cannot be read"):
        make_client(settings.model_copy(update={"client_secret_file": bureau.folder / "nowhere"}))
