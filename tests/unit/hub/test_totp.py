"""One-time codes from the telephone: set up, needed, each taken once, taken off when the telephone is lost."""

from __future__ import annotations

import re

import pyotp
import pytest
from itsdangerous import URLSafeSerializer

from hub.accounts import people, totp
from hub.accounts.roles import Role
from tests.hub_worlds import HubWorld
from tests.unit.hub.people_world import PASSWORD, Browser, hidden, logged, person, row

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def with_codes(hub: HubWorld) -> Browser:
    """A browser of somebody whose log-in needs codes."""
    person(hub, Role.OPERATOR, totp_on=True, totp_secret=SECRET)
    return Browser.at(hub)


def code(hub: HubWorld, steps: int = 0) -> str:
    """What the telephone shows now, or some steps off."""
    return totp.code_at(SECRET, hub.clock() + steps * totp.STEP_MS)


def test_codes_are_those_of_rfc_6238() -> None:
    # Appendix B: SHA-1, "12345678901234567890", the last six of eight digits.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp.code_at(secret, 59_000) == "287082"
    assert totp.code_at(secret, 1_111_111_109_000) == "081804"
    assert totp.code_at(secret, 20_000_000_000_000) == "353130"


def test_the_password_alone_does_not_open_a_session(either_hub: HubWorld) -> None:
    browser = with_codes(either_hub)
    shown = browser.log_in()
    assert shown.status_code == 200
    assert browser.token is None
    answer = browser.give_code(shown, code(either_hub))
    assert answer.status_code == 303
    assert browser.is_in()
    assert logged(either_hub) == ["log_in"]


def test_no_code_is_taken_twice(either_hub: HubWorld) -> None:
    browser = with_codes(either_hub)
    used = code(either_hub)
    browser.give_code(browser.log_in(), used)
    watcher = Browser.at(either_hub)
    assert watcher.give_code(watcher.log_in(), used).status_code == 401
    assert watcher.token is None


def test_an_earlier_code_is_not_taken_after_a_later_one(hub: HubWorld) -> None:
    browser = with_codes(hub)
    browser.give_code(browser.log_in(), code(hub, +1))
    again = Browser.at(hub)
    assert again.give_code(again.log_in(), code(hub)).status_code == 401
    hub.clock.go(60)
    assert again.give_code(again.log_in(), code(hub)).status_code == 303


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
def test_a_telephone_s_clock_may_be_half_a_minute_off(hub: HubWorld, steps: int, status: int) -> None:
    browser = with_codes(hub)
    assert browser.give_code(browser.log_in(), code(hub, steps)).status_code == status


def test_codes_may_be_typed_with_a_gap(hub: HubWorld) -> None:
    browser = with_codes(hub)
    assert browser.give_code(browser.log_in(), f"{code(hub)[:3]} {code(hub)[3:]}").status_code == 303


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "１２３４５６", "00000000000000000000"])
def test_what_is_no_code_is_refused(hub: HubWorld, typed: str) -> None:
    browser = with_codes(hub)
    assert browser.give_code(browser.log_in(), typed).status_code == 401


def test_guessing_codes_locks_the_account_however_often_the_password_is_right(hub: HubWorld) -> None:
    browser = with_codes(hub)
    wrong = "000000" if code(hub) != "000000" else "000001"
    for _ in range(6):
        assert browser.give_code(browser.log_in(), wrong).status_code == 401
    assert browser.log_in().status_code == 401
    assert row(hub).locked_until_ms is not None


def test_a_ticket_for_the_code_is_good_for_five_minutes(hub: HubWorld) -> None:
    browser = with_codes(hub)
    shown = browser.log_in()
    hub.clock.go(5 * 60 + 1)
    assert browser.give_code(shown, code(hub)).status_code == 401
    assert browser.token is None


def test_a_ticket_dies_with_the_password_it_was_given_for(hub: HubWorld) -> None:
    browser = with_codes(hub)
    shown = browser.log_in()
    people.reset_password(hub.parts, "admin", int(str(row(hub).id)))
    assert browser.give_code(shown, code(hub)).status_code == 401


def test_nobody_can_write_a_ticket(hub: HubWorld) -> None:
    browser = with_codes(hub)
    shown = browser.log_in()
    ticket = hidden(shown, "ticket")
    said, sign = ticket.rsplit(".", 1)
    other = URLSafeSerializer("a guessed secret", salt="lushao.code").dumps({"user": 1, "of": "", "at_ms": hub.clock()})
    for forged in (f"{said}x.{sign}", f"{said}.{sign[::-1]}", said, "", other):
        fields = {"csrf": hidden(shown, "csrf"), "ticket": forged, "code": code(hub)}
        assert browser.client.post("/login/code", data=fields).status_code == 401
    assert browser.token is None


def test_codes_are_turned_on_with_the_password_and_a_code(either_hub: HubWorld) -> None:
    person(either_hub, Role.OPERATOR)
    browser = Browser.at(either_hub)
    browser.log_in()
    assert browser.send("/account", "/account/totp", password="wrong").status_code == 422
    assert browser.send("/account", "/account/totp", password=PASSWORD).headers["location"] == "/account/totp"
    shown = browser.client.get("/account/totp")
    assert 'src="data:image/svg+xml' in shown.text
    secret = "".join(re.findall(r'class="mono">([A-Z2-7 ]+)<', shown.text)[0].split())
    telephone = pyotp.HOTP(secret)
    assert browser.send("/account/totp", "/account/totp/confirm", code="000000").status_code == 422
    assert not row(either_hub).totp_on
    step = either_hub.clock() // totp.STEP_MS
    answer = browser.send("/account/totp", "/account/totp/confirm", code=telephone.at(step))
    assert answer.headers["location"] == "/account?done=totp_on"
    assert row(either_hub).totp_on
    assert browser.client.get("/account/totp").headers["location"] == "/account"
    later = Browser.at(either_hub)
    assert later.give_code(later.log_in(), telephone.at(step)).status_code == 401
    either_hub.clock.go(30)
    assert later.give_code(later.log_in(), telephone.at(step + 1)).status_code == 303


def test_codes_are_turned_off_with_the_password_only(hub: HubWorld) -> None:
    browser = with_codes(hub)
    browser.give_code(browser.log_in(), code(hub))
    assert browser.send("/account", "/account/totp/off", password="wrong").status_code == 422
    assert row(hub).totp_on
    browser.send("/account", "/account/totp/off", password=PASSWORD)
    assert (row(hub).totp_on, row(hub).totp_secret) == (False, "")
    assert Browser.at(hub).log_in().status_code == 303


def test_an_administrator_takes_codes_off_when_the_telephone_is_lost(hub: HubWorld) -> None:
    browser = with_codes(hub)
    browser.give_code(browser.log_in(), code(hub))
    admin = hub.client(hub.user(Role.ADMIN))
    assert admin.post(f"/users/{row(hub).id}/totp").status_code == 303
    assert not browser.is_in()
    assert Browser.at(hub).log_in().status_code == 303
    assert "reset_totp" in logged(hub)
