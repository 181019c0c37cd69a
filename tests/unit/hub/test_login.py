"""Who comes in and who does not: passwords, locks, limits, sessions, where one goes after."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from hub.accounts import login, pace, passwords
from hub.accounts.roles import Role
from hub.settings import WebSettings
from hub.store.tables import audit, sessions, users
from hub.web.deps import own_path
from tests.hub_worlds import HubWorld, make_world
from tests.unit.hub.people_world import PASSWORD, Browser, logged, person, row, sessions_held


def test_the_right_password_opens_a_session_and_is_written_down(either_hub: HubWorld) -> None:
    person(either_hub, Role.OPERATOR)
    browser = Browser.at(either_hub)
    answer = browser.log_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.client.get("/").headers["location"] == "/queue"
    assert logged(either_hub) == ["log_in"]


def test_a_name_may_be_typed_in_capitals_or_full_width(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    assert Browser.at(hub).log_in("Zhang.Wei").status_code == 303
    assert Browser.at(hub).log_in("ｚhang.wei ").status_code == 303


@pytest.mark.parametrize("name", ["zhang.wei", "nobody", "", "not a name!"])
def test_who_is_refused_learns_nothing_of_which_part_was_wrong(hub: HubWorld, name: str) -> None:
    person(hub, Role.OPERATOR)
    answer = Browser.at(hub).log_in(name, "wrong, all of it")
    assert answer.status_code == 401
    told = re.search(r'role="alert">([^<]*)', answer.text)
    assert told is not None
    assert told[1] == "用户名或密码不正确；连续输错后账户会暂停登录 15 分钟"


def test_an_unknown_name_costs_as_much_hashing_as_a_known_one(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    person(hub, Role.OPERATOR)
    passwords.matches("", "")  # the hash that nobody has is made once per process
    hashed: list[str] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, held: str, given: str) -> bool:
        hashed.append(held)
        return verify(self, held, given)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    for name in ("zhang.wei", "nobody", "not a name!"):
        assert login.by_password(hub.parts, name, "wrong", "192.0.2.7") is login.Refusal.WRONG
    assert len(hashed) == 3
    assert {held.split("$")[3] for held in hashed} == {"m=19456,t=2,p=1"}


def test_an_account_rests_after_six_wrong_passwords_even_for_the_right_one(either_hub: HubWorld) -> None:
    person(either_hub, Role.OPERATOR)
    browser = Browser.at(either_hub)
    for _ in range(6):
        assert browser.log_in(password="wrong").status_code == 401
    assert browser.log_in().status_code == 401
    either_hub.clock.go(15 * 60 - 1)
    assert browser.log_in().status_code == 401
    either_hub.clock.go(2)
    assert browser.log_in().status_code == 303
    assert row(either_hub).failed == 0


def test_after_resting_an_account_has_all_its_attempts_again(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    for _ in range(6):
        browser.log_in(password="wrong")
    hub.clock.go(15 * 60 + 1)
    for _ in range(5):
        browser.log_in(password="wrong")
    assert browser.log_in().status_code == 303


def test_guesses_made_at_once_are_not_more_than_the_lock_allows(
    either_hub: HubWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(either_hub, Role.OPERATOR)
    looked_at: list[str] = []

    def wrong(held: str, _: str) -> bool:
        looked_at.extend([held] if held else [])
        return False

    monkeypatch.setattr(passwords, "matches", wrong)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: login.by_password(either_hub.parts, "zhang.wei", f"{i}", "192.0.2.7"), range(16)))
    assert len(looked_at) == 6


def test_an_address_that_fails_too_often_is_refused_for_all_names(either_hub: HubWorld) -> None:
    person(either_hub, Role.OPERATOR)
    browser = Browser.at(either_hub)
    with either_hub.parts.database.write() as connection:
        window = either_hub.clock() - either_hub.clock() % pace.WINDOW_MS
        connection.execute(
            sa.text("INSERT INTO tries VALUES ('192.0.2.7', :window, :count)"), {"window": window, "count": pace.MOST}
        )
    assert browser.log_in().status_code == 429
    assert Browser.at(either_hub, "192.0.2.8").log_in().status_code == 303
    either_hub.clock.go(15 * 60)
    assert browser.log_in().status_code == 303


def test_a_log_in_that_succeeds_uses_up_nothing_of_its_address(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    Browser.at(hub).log_in()
    with hub.parts.database.read() as connection:
        assert connection.execute(sa.text("SELECT sum(count) FROM tries")).scalar() == 0


def test_one_subscriber_s_ipv6_addresses_count_as_one(hub: HubWorld) -> None:
    for last in range(pace.MOST):
        assert pace.take_try(hub.parts, f"2001:db8:1:2::{last:x}") == 0
    assert pace.take_try(hub.parts, "2001:db8:1:2:ffff::1") > 0
    assert pace.take_try(hub.parts, "2001:db8:1:3::1") == 0


def test_a_failed_log_in_is_written_down_without_what_was_typed(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    Browser.at(hub).log_in("zhang.wei", "nearly the right one")
    Browser.at(hub).log_in("my-password-by-mistake", "x")
    with hub.parts.database.read() as connection:
        steps = connection.execute(sa.select(audit.c.actor, audit.c.body).order_by(audit.c.seq)).fetchall()
    assert [step.actor for step in steps] == ["zhang.wei", "hub:hub-1"]
    assert not any("nearly" in step.body or "mistake" in step.body for step in steps)


def test_a_hash_of_weaker_parameters_is_made_anew_at_the_log_in(hub: HubWorld) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    user = person(hub, Role.OPERATOR)
    with hub.parts.database.write() as connection:
        connection.execute(sa.update(users).where(users.c.id == user.id).values(password=weak))
    assert Browser.at(hub).log_in().status_code == 303
    assert str(row(hub).password).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert Browser.at(hub).log_in().status_code == 303


def test_a_session_never_goes_on_under_a_token_from_before_the_log_in(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    browser.client.cookies.set("lushao_session", "planted-by-somebody-else", domain="127.0.0.1")
    browser.log_in()
    assert browser.token not in (None, "planted-by-somebody-else")
    planted = Browser.at(hub)
    planted.client.cookies.set("lushao_session", "planted-by-somebody-else", domain="127.0.0.1")
    assert not planted.is_in()


def test_logging_in_again_ends_the_session_the_browser_had(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    shown = browser.client.get("/login")
    fields = {
        "name": "zhang.wei",
        "password": PASSWORD,
        "csrf": re.findall(r'name="csrf" value="([^"]*)"', shown.text)[0],
    }
    form_cookie = browser.client.cookies["lushao_form"]
    browser.client.post("/login", data=fields)
    first = browser.token
    browser.client.cookies.set("lushao_form", form_cookie, domain="127.0.0.1")
    browser.client.post("/login", data=fields)
    assert browser.token != first
    assert sessions_held(hub) == 1


def test_the_session_s_cookie_is_out_of_reach_of_scripts_and_other_sites(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    cookie = Browser.at(hub).log_in().headers["set-cookie"]
    assert "lushao_session=" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_over_tls_cookies_are_secure_and_bound_to_the_host(hub: HubWorld) -> None:
    world = make_world(hub.folder, hub.parts.settings.store, web=WebSettings(public_url="https://hub.example"))
    person(world, Role.OPERATOR)
    browser = Browser.at(world)
    browser.client.base_url = "https://hub.example"
    cookies = browser.log_in().headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("__Host-lushao_session="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(session.split("; "))
    assert "Domain" not in session
    assert browser.is_in()
    world.parts.database.close()


def test_the_token_itself_is_not_in_the_database(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    browser.log_in()
    with hub.parts.database.read() as connection:
        held = connection.execute(sa.select(sessions)).one()
    assert browser.token is not None
    assert browser.token not in [str(value) for value in held]


def test_a_session_ends_after_two_idle_hours_and_after_twelve_in_all(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    browser.log_in()
    hub.clock.go(2 * 3600 + 1)
    assert not browser.is_in()
    browser.log_in()
    for _ in range(12):
        assert browser.is_in()
        hub.clock.go(3600)
    hub.clock.go(1)
    assert not browser.is_in()


def test_a_page_left_open_that_asks_by_itself_keeps_no_session(hub: HubWorld) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    for _ in range(2):
        hub.clock.go(3601)
        answer = client.get("/api/wall")
    assert answer.status_code == 401


def test_sessions_that_are_over_are_taken_out_of_the_database(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    Browser.at(hub).log_in()
    hub.clock.go(3 * 3600)
    Browser.at(hub).log_in()
    assert sessions_held(hub) == 1


def test_logging_out_ends_the_session_at_the_server(either_hub: HubWorld) -> None:
    person(either_hub, Role.OPERATOR)
    browser = Browser.at(either_hub)
    browser.log_in()
    token = browser.token
    answer = browser.send("/account", "/logout")
    assert answer.headers["location"] == "/login"
    thief = Browser.at(either_hub)
    thief.client.cookies.set("lushao_session", token or "")
    assert not thief.is_in()
    assert logged(either_hub) == ["log_in", "log_out"]


def test_who_was_sent_to_the_log_in_comes_to_the_page_they_wanted(hub: HubWorld) -> None:
    person(hub, Role.AUDITOR)
    browser = Browser.at(hub)
    sent = browser.client.get("/audit?user=a%26b&day=2026-11-23").headers["location"]
    assert sent == "/login?next=%2Faudit%3Fuser%3Da%2526b%26day%3D2026-11-23"
    shown = browser.client.get(sent)
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown.text))
    answer = browser.client.post(
        "/login",
        data={**fields, "next": fields["next"].replace("&amp;", "&"), "name": "zhang.wei", "password": PASSWORD},
    )
    assert answer.headers["location"] == "/audit?user=a%26b&day=2026-11-23"


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "queue",
    ],
)
def test_nobody_is_sent_on_to_another_site(hub: HubWorld, next: str) -> None:
    person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    assert browser.send("/login", "/login", name="zhang.wei", password=PASSWORD, next=next).headers["location"] == "/"


def test_own_paths_are_gone_on_to() -> None:
    assert own_path("/entries/12?purpose=check") == "/entries/12?purpose=check"


def test_another_site_cannot_log_a_browser_in_as_somebody_else(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    fields = {"name": "zhang.wei", "password": PASSWORD}
    assert browser.client.post("/login", data=fields).status_code == 403
    elsewhere = Browser.at(hub)
    elsewhere.client.get("/login")
    stolen = elsewhere.client.cookies["lushao_form"]
    assert browser.client.post("/login", data={**fields, "csrf": stolen}).status_code == 403
    browser.client.cookies.set("lushao_form", "", domain="127.0.0.1")
    assert browser.client.post("/login", data={**fields, "csrf": ""}).status_code == 403
    assert sessions_held(hub) == 0


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.OPERATOR, "/queue"),
        (Role.REVIEWER, "/queue"),
        (Role.LEGAL, "/queue"),
        (Role.DISPATCHER, "/queue"),
        (Role.UNIT, "/queue"),
        (Role.ADMIN, "/users"),
        (Role.AUDITOR, "/audit"),
    ],
)
def test_each_role_begins_where_its_work_is(hub: HubWorld, role: Role, page: str) -> None:
    assert hub.client(hub.user(role)).get("/").headers["location"] == page


def test_a_closed_account_neither_comes_in_nor_stays_in(hub: HubWorld) -> None:
    user = person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    browser.log_in()
    with hub.parts.database.write() as connection:
        connection.execute(sa.update(users).where(users.c.id == user.id).values(active=False))
    assert not browser.is_in()
    assert browser.log_in().status_code == 401


def test_the_health_of_the_hub_is_told_without_log_in(either_hub: HubWorld) -> None:
    assert Browser.at(either_hub).client.get("/healthz").json() == {"status": "ok"}
