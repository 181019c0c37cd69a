"""Passwords, the first start, and the commands for accounts."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer
import yaml
from typer.testing import CliRunner

from hub.accounts import commands, passwords
from hub.accounts.first import first_start
from hub.accounts.people import AccountError, clean_name
from hub.accounts.roles import Role
from hub.accounts.shared import shared_secret
from hub.store.tables import audit, users
from tests.hub_worlds import CASES, HubWorld
from tests.unit.hub.people_world import Browser, logged, person, row


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short one", "short"),
        ("x" * 129, "long"),
        ("zhang.wei1", "name"),
        ("Zhang.Wei!2026", "name"),
        ("1234567890", "common"),
        ("PASSWORD123", "common"),
        ("1212121212121", "common"),
        ("路口值班员每天都要看清楚", None),
        ("a sentence will do", None),
        ("zhang.wei likes long roads", None),
    ],
)
def test_what_a_password_must_be(password: str, fault: str | None) -> None:
    assert passwords.fault_of(password, "zhang.wei") == fault


def test_a_password_is_the_same_however_the_keyboard_composes_it() -> None:
    assert passwords.matches(passwords.hashed("caf\u00e9 am Stra\u00dfenrand"), "cafe\u0301 am Stra\u00dfenrand")


def test_no_password_opens_an_account_without_one() -> None:
    assert not passwords.matches("", "")
    assert not passwords.matches("", "anything")
    assert not passwords.matches("not a hash", "not a hash")


def test_one_time_passwords_will_do_and_differ() -> None:
    made = {passwords.one_time() for _ in range(100)}
    assert len(made) == 100
    assert all(passwords.fault_of(password, "admin") is None for password in made)


@pytest.mark.parametrize("name", ["", "a", "hub:hub-1", "a b", "<b>", "x" * 65, "-ab", "аdmin"])
def test_names_that_could_be_taken_for_others_are_refused(name: str) -> None:
    with pytest.raises(AccountError):
        clean_name(name)


def test_the_first_start_makes_one_administrator_and_shows_the_password_once(
    either_hub: HubWorld, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), ThreadPoolExecutor(4) as pool:
        told = [text for text in pool.map(lambda _: first_start(either_hub.parts), range(4)) if text is not None]
    assert len(told) == 1
    found = re.search(r"as (\w+) with the one-time password ([\w-]+)", told[0])
    assert found is not None
    name, password = found.groups()
    browser = Browser.at(either_hub)
    assert browser.log_in(name, password).status_code == 303
    assert browser.client.get("/users").headers["location"] == "/account/password"
    with either_hub.parts.database.read() as connection:
        assert connection.execute(sa.select(users.c.name, users.c.roles)).fetchall() == [("admin", "admin")]
        kept = [*connection.execute(sa.select(users)).one(), *connection.execute(sa.select(audit.c.body)).scalars()]
    assert not any(password in str(value) for value in kept)
    assert password not in caplog.text
    assert first_start(either_hub.parts) is None


def test_the_shared_secret_is_one_for_all_processes(either_hub: HubWorld) -> None:
    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(lambda _: shared_secret(either_hub.parts), range(8)))
    assert len(seen) == 1
    assert len(seen.pop()) == 64


@pytest.fixture
def settings_file(hub: HubWorld, tmp_path: Path) -> Path:
    """Settings of the same hub, as a file."""
    path = tmp_path / "hub.yaml"
    settings = {
        "hub_id": "hub-1",
        "store": {"sqlite": str(hub.folder / "hub.db")},
        "evidence": {"folder": "evidence"},
        "cases": str(CASES),
        "box_keys": "boxes",
    }
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def run(*arguments: str) -> tuple[int, str]:
    """A command line; its status and all that it said."""
    app = typer.Typer()
    for command in (commands.add_user, commands.reset_password, commands.list_users):
        app.command()(command)
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.output


def test_an_account_is_made_at_the_shell(hub: HubWorld, settings_file: Path) -> None:
    status, said = run(
        "add-user", str(settings_file), "Li.Na", "--role", "reviewer", "--role", "legal", "--display", "李娜"
    )
    assert status == 0
    password = re.findall(r"one-time password ([\w-]+)", said)[0]
    assert row(hub, "li.na").roles == "reviewer,legal"
    assert Browser.at(hub).log_in("li.na", password).status_code == 303
    with hub.parts.database.read() as connection:
        steps = connection.execute(sa.select(audit.c.actor, audit.c.body).where(audit.c.action == "add_user")).one()
    assert str(steps.actor).startswith("shell:")
    assert password not in steps.body
    status, said = run("list-users", str(settings_file))
    assert status == 0
    assert "李娜" in said
    assert password not in said


def test_a_password_is_reset_at_the_shell_though_the_account_rests(hub: HubWorld, settings_file: Path) -> None:
    person(hub, Role.ADMIN)
    browser = Browser.at(hub)
    for _ in range(6):
        browser.log_in(password="wrong")
    status, said = run("reset-password", str(settings_file), "zhang.wei")
    assert status == 0
    assert browser.log_in(password=re.findall(r"one-time password ([\w-]+)", said)[0]).status_code == 303
    assert "reset_password" in logged(hub)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add-user", "FILE", "zhang.wei", "--role", "admin"), "named zhang.wei already"),
        (("add-user", "FILE", "no name", "--role", "admin"), "a name has 2 to 64"),
        (("reset-password", "FILE", "nobody"), "no such account"),
        (("list-users", "nowhere.yaml"), "no such file"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(
    hub: HubWorld, settings_file: Path, arguments: tuple[str, ...], told: str
) -> None:
    person(hub, Role.ADMIN)
    status, said = run(*(str(settings_file) if word == "FILE" else word for word in arguments))
    assert status == 1
    assert told in said
