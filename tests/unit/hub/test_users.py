"""Accounts as administrators change them, and as people change their own."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from hub.accounts import people
from hub.accounts.people import AccountError
from hub.accounts.roles import Role
from hub.store.tables import audit, users
from tests.hub_worlds import HubWorld
from tests.unit.hub.people_world import PASSWORD, Browser, logged, person, row, sessions_held

NEW = "another quiet road"


def test_an_administrator_makes_an_account_and_sees_its_password_once(either_hub: HubWorld) -> None:
    admin = either_hub.client(either_hub.user(Role.ADMIN))
    answer = admin.post("/users", data={"name": "Wang.Fang", "display": "王芳", "roles": ["operator", "unit"]})
    password = re.findall(r'id="one-time">([\w-]+)<', answer.text)[0]
    assert answer.headers["cache-control"] == "no-store"
    assert password not in admin.get("/users").text
    browser = Browser.at(either_hub)
    browser.log_in("wang.fang", password)
    for path in ("/", "/queue", "/account", "/api/wall"):
        answer = browser.client.get(path)
        assert answer.status_code in (303, 403), path
        assert "/login" not in answer.headers.get("location", "")
    sent = browser.send("/account/password", "/account/password", old=password, new=NEW, again=NEW)
    assert sent.headers["location"] == "/"
    assert browser.client.get("/account").status_code == 200
    assert row(either_hub, "wang.fang").roles == "operator,unit"
    assert logged(either_hub) == ["add_user", "log_in", "change_password", "end_sessions"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "zhang.wei", "roles": ["unit"]}, "已有同名账户"),
        ({"name": "x", "roles": ["unit"]}, "用户名须为"),
        ({"name": "wang.fang"}, "请至少选择一个角色"),
    ],
)
def test_an_account_that_cannot_be_is_refused_with_the_reason(hub: HubWorld, fields: dict[str, str], told: str) -> None:
    person(hub, Role.OPERATOR)
    answer = hub.client(hub.user(Role.ADMIN)).post("/users", data=fields)
    assert answer.status_code == 422
    assert told in answer.text


def test_a_role_that_does_not_exist_is_refused(hub: HubWorld) -> None:
    answer = hub.client(hub.user(Role.ADMIN)).post("/users", data={"name": "wang.fang", "roles": ["root"]})
    assert answer.status_code == 422


def test_new_roles_end_the_sessions_and_count_from_the_next_log_in(either_hub: HubWorld) -> None:
    user = person(either_hub, Role.OPERATOR)
    browser = Browser.at(either_hub)
    browser.log_in()
    admin = either_hub.client(either_hub.user(Role.ADMIN))
    assert admin.post(f"/users/{user.id}/roles", data={"roles": ["auditor"]}).status_code == 303
    assert not browser.is_in()
    browser.log_in()
    assert browser.client.get("/audit").status_code == 200
    with either_hub.parts.database.read() as connection:
        body = connection.execute(sa.select(audit.c.body).where(audit.c.action == "change_roles")).scalar()
    assert body == '{"from":["operator"],"to":["auditor"],"user":"zhang.wei"}'


def test_a_reset_password_ends_the_sessions_and_must_be_changed(hub: HubWorld) -> None:
    user = person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    browser.log_in()
    answer = hub.client(hub.user(Role.ADMIN)).post(f"/users/{user.id}/password")
    assert not browser.is_in()
    assert browser.log_in().status_code == 401
    password = re.findall(r'id="one-time">([\w-]+)<', answer.text)[0]
    assert browser.log_in(password=password).status_code == 303
    assert browser.client.get("/account").headers["location"] == "/account/password"


def test_a_closed_account_can_be_opened_again(hub: HubWorld) -> None:
    user = person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    browser.log_in()
    admin = hub.client(hub.user(Role.ADMIN))
    admin.post(f"/users/{user.id}/close")
    assert not browser.is_in()
    assert browser.log_in().status_code == 401
    admin.post(f"/users/{user.id}/open")
    assert browser.log_in().status_code == 303
    assert {"close_user", "open_user"} <= set(logged(hub))


def test_an_account_that_rests_can_be_unlocked(hub: HubWorld) -> None:
    user = person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    for _ in range(6):
        browser.log_in(password="wrong")
    admin = hub.client(hub.user(Role.ADMIN))
    assert "密码连续输错，暂停至 2026-11-23 13:15:00" in admin.get(f"/users/{user.id}").text
    admin.post(f"/users/{user.id}/unlock")
    assert browser.log_in().status_code == 303


def test_an_administrator_logs_somebody_out_everywhere(hub: HubWorld) -> None:
    user = person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    browser.log_in()
    hub.client(hub.user(Role.ADMIN)).post(f"/users/{user.id}/sessions")
    assert not browser.is_in()


def test_the_last_administrator_can_be_neither_closed_nor_given_other_roles(either_hub: HubWorld) -> None:
    last = either_hub.user(Role.ADMIN, Role.AUDITOR)
    client = either_hub.client(last)
    for answer in (
        client.post(f"/users/{last.id}/close"),
        client.post(f"/users/{last.id}/roles", data={"roles": ["auditor"]}),
    ):
        assert answer.status_code == 422
        assert "最后一个管理员" in answer.text
    other = either_hub.user(Role.ADMIN)
    assert client.post(f"/users/{other.id}/close").status_code == 303
    assert client.post(f"/users/{last.id}/close").status_code == 422


def test_of_two_administrators_who_remove_each_other_at_once_one_stays(either_hub: HubWorld) -> None:
    pair = [either_hub.user(Role.ADMIN), either_hub.user(Role.ADMIN)]

    def close(user_id: int) -> bool:
        try:
            people.close_account(either_hub.parts, "x", user_id)
        except AccountError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(close, [user.id for user in pair])) == [False, True]


@pytest.mark.parametrize("user_id", ["0", "-1", "999", "9" * 19, "9" * 30, "x", "1%00"])
def test_an_account_that_is_not_there_is_no_fault_of_ours(either_hub: HubWorld, user_id: str) -> None:
    admin = either_hub.client(either_hub.user(Role.ADMIN))
    assert admin.get(f"/users/{user_id}").status_code in (404, 422)
    for change in ("roles", "password", "totp", "close", "explode"):
        answer = admin.post(f"/users/{user_id}/{change}", data={"roles": ["unit"]})
        assert answer.status_code in (404, 422), change


def test_names_are_shown_as_text_whatever_is_in_them(hub: HubWorld) -> None:
    admin = hub.client(hub.user(Role.ADMIN))
    admin.post("/users", data={"name": "wang.fang", "display": "<script>alert(1)</script>", "roles": ["unit"]})
    shown = admin.get("/users").text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_a_new_password_ends_the_other_sessions_and_goes_on_under_a_new_token(either_hub: HubWorld) -> None:
    person(either_hub, Role.OPERATOR)
    here, elsewhere = Browser.at(either_hub), Browser.at(either_hub)
    here.log_in()
    elsewhere.log_in()
    before = here.token
    answer = here.send("/account/password", "/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert answer.headers["location"] == "/account?done=password"
    assert here.is_in()
    assert here.token != before
    assert not elsewhere.is_in()
    assert sessions_held(either_hub) == 1
    assert elsewhere.log_in().status_code == 401
    assert elsewhere.log_in(password=NEW).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "told"),
    [
        ("wrong", NEW, NEW, "密码不正确"),
        (PASSWORD, NEW, "a different one", "两次输入的新密码不一致"),
        (PASSWORD, "short", "short", "新密码太短"),
        (PASSWORD, "zhang.wei1", "zhang.wei1", "新密码不能是用户名"),
        (PASSWORD, "1q2w3e4r5t", "1q2w3e4r5t", "新密码过于常见"),
        (PASSWORD, PASSWORD, PASSWORD, "新密码与原密码相同"),
    ],
)
def test_a_password_is_not_changed_without_reason_or_right(
    hub: HubWorld, old: str, new: str, again: str, told: str
) -> None:
    person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    browser.log_in()
    answer = browser.send("/account/password", "/account/password", old=old, new=new, again=again)
    assert answer.status_code == 422
    assert told in answer.text
    assert Browser.at(hub).log_in().status_code == 303


def test_who_found_an_open_browser_cannot_guess_its_password(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    browser.log_in()
    for guess in range(6):
        browser.send("/account/password", "/account/password", old=f"guess {guess}", new=NEW, again=NEW)
    answer = browser.send("/account/password", "/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert answer.status_code == 422
    assert row(hub).locked_until_ms is not None


def test_a_person_sees_their_sessions_and_ends_them(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    here, there, third = (Browser.at(hub, f"192.0.2.{last}") for last in (1, 2, 3))
    for browser in (here, there, third):
        browser.log_in()
    shown = here.client.get("/account").text
    assert all(f"192.0.2.{last}" in shown for last in (1, 2, 3))
    one = re.findall(r'name="which" value="([0-9a-f]{64})"', shown)
    assert len(one) == 2
    here.send("/account", "/account/sessions/end", which=one[0])
    assert sorted([there.is_in(), third.is_in()]) == [False, True]
    here.send("/account", "/account/sessions/end", which="others")
    assert (here.is_in(), there.is_in(), third.is_in()) == (True, False, False)
    here.send("/account", "/account/sessions/end", which="all")
    assert not here.is_in()


def test_nobody_ends_another_person_s_session(hub: HubWorld) -> None:
    person(hub, Role.OPERATOR)
    browser = Browser.at(hub)
    browser.log_in()
    other = hub.user(Role.OPERATOR)
    digest = hub.session(other)[1].token_sha256
    browser.send("/account", "/account/sessions/end", which=digest)
    browser.send("/account", "/account/sessions/end", which="")
    assert hub.client(other).get("/account").status_code == 200
    assert browser.is_in()


def test_accounts_of_the_bureau_s_log_in_get_no_password_and_no_roles_here(hub: HubWorld) -> None:
    user = hub.user(Role.OPERATOR, name="oidc.person")
    with hub.parts.database.write() as connection:
        connection.execute(sa.update(users).where(users.c.id == user.id).values(oidc_subject="https://issuer#1"))
    admin = hub.client(hub.user(Role.ADMIN))
    assert admin.post(f"/users/{user.id}/password").status_code == 422
    assert admin.post(f"/users/{user.id}/roles", data={"roles": ["admin"]}).status_code == 422
    assert row(hub, "oidc.person").roles == "operator"
    assert "单位统一登录" in hub.client(user).get("/account").text
