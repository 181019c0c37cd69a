"""A source has a token, which is shown once, pays for its requests, and dies when it is switched off."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
import yaml
from typer.testing import CliRunner

from hub.accounts.roles import Role
from hub.sources import commands
from hub.sources.tokens import DoorError, SourceError, add_source, admit, renew_token, sources_of, switch_off
from hub.store.audit import check_chain
from hub.store.tables import audit, tokens
from tests.hub_worlds import CASES, HUB_KEY, HubWorld


def _steps(hub: HubWorld) -> list[tuple[str, str, dict[str, Any]]]:
    with hub.parts.database.read() as connection:
        assert check_chain(connection, [HUB_KEY.public_key()]) == []
        rows = connection.execute(sa.select(audit.c.actor, audit.c.action, audit.c.body).order_by(audit.c.seq)).all()
    return [(row.actor, row.action, json.loads(row.body)) for row in rows]


def _refused(hub: HubWorld, authorization: str) -> DoorError:
    with pytest.raises(DoorError) as caught:
        admit(hub.parts, authorization)
    return caught.value


def test_a_token_lets_its_source_in_and_only_its_hash_is_kept(either_hub: HubWorld) -> None:
    hub = either_hub
    token = add_source(hub.parts, "admin", "hotline-12328")
    assert admit(hub.parts, f"Bearer {token}").name == "hotline-12328"
    with hub.parts.database.read() as connection:
        row = connection.execute(sa.select(tokens)).one()
    assert token not in str(tuple(row))
    [(actor, action, body)] = _steps(hub)
    assert (actor, action, body["source"]) == ("admin", "add_source", "hotline-12328")
    assert token not in json.dumps(body)


def test_no_two_tokens_are_alike_and_each_has_256_bits(hub: HubWorld) -> None:
    made = {add_source(hub.parts, "admin", f"source-{i}") for i in range(20)}
    assert len(made) == 20
    assert all(re.fullmatch(r"lushao_[A-Za-z0-9_-]{43}", token) for token in made)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic {token}", "{token}", "Bearer {token}x", "Bearer 令"]
)
def test_who_has_no_token_is_not_let_in(hub: HubWorld, header: str) -> None:
    token = add_source(hub.parts, "admin", "hotline")
    assert _refused(hub, header.format(token=token)).status == 401


def test_a_source_that_is_switched_off_is_not_let_in_until_it_has_a_new_token(either_hub: HubWorld) -> None:
    hub = either_hub
    old = add_source(hub.parts, "admin", "hotline")
    switch_off(hub.parts, "admin", "hotline")
    assert _refused(hub, f"Bearer {old}").status == 403
    new = renew_token(hub.parts, "admin", "hotline")
    assert _refused(hub, f"Bearer {old}").status == 401
    assert admit(hub.parts, f"Bearer {new}").active
    assert [action for _, action, _ in _steps(hub)] == ["add_source", "close_source", "renew_source"]


@pytest.mark.parametrize(
    ("name", "per_minute", "code"),
    [
        ("hotline", 60, "taken"),
        ("box", 60, "name"),
        ("热线", 60, "name"),
        ("../x", 60, "name"),
        ("", 60, "name"),
        ("slow", 0, "pace"),
    ],
)
def test_a_source_needs_a_name_of_its_own_and_a_pace(hub: HubWorld, name: str, per_minute: int, code: str) -> None:
    add_source(hub.parts, "admin", "hotline")
    with pytest.raises(SourceError) as caught:
        add_source(hub.parts, "admin", name, per_minute)
    assert caught.value.code == code
    assert len(sources_of(hub.parts)) == 1


def test_what_is_not_there_cannot_be_changed(hub: HubWorld) -> None:
    for change in (renew_token, switch_off):
        with pytest.raises(SourceError, match="nobody"):
            change(hub.parts, "admin", "nobody")
    assert _steps(hub) == []


def test_a_minutes_requests_may_come_at_once_and_then_one_at_a_time(either_hub: HubWorld) -> None:
    hub = either_hub
    bearer = f"Bearer {add_source(hub.parts, 'admin', 'hotline', per_minute=6)}"
    for _ in range(6):
        admit(hub.parts, bearer)
    late = _refused(hub, bearer)
    assert (late.status, late.retry_after_s) == (429, 10)
    hub.clock.go(10)
    admit(hub.parts, bearer)
    assert _refused(hub, bearer).status == 429
    hub.clock.go(3600)
    for _ in range(6):
        admit(hub.parts, bearer)
    assert _refused(hub, bearer).status == 429


def test_one_sources_haste_does_not_slow_another(hub: HubWorld) -> None:
    hasty = add_source(hub.parts, "admin", "hasty", per_minute=1)
    other = add_source(hub.parts, "admin", "other", per_minute=1)
    admit(hub.parts, f"Bearer {hasty}")
    assert _refused(hub, f"Bearer {hasty}").status == 429
    assert admit(hub.parts, f"Bearer {other}").name == "other"


def test_the_page_makes_a_source_and_shows_its_token_once(hub: HubWorld) -> None:
    client = hub.client(hub.user(Role.ADMIN))
    made = client.post("/tokens", data={"name": "hotline-12328", "per_minute": "30"})
    found = re.search(r'id="token">([^<]+)<', made.text)
    assert found is not None
    assert admit(hub.parts, f"Bearer {found[1]}").per_minute == 30
    assert found[1] not in client.get("/tokens").text
    again = client.post("/tokens", data={"name": "hotline-12328"})
    assert (again.status_code, "已存在" in again.text) == (422, True)
    renewed = client.post("/tokens/renew", data={"name": "hotline-12328"})
    assert _refused(hub, f"Bearer {found[1]}").status == 401
    assert "lushao_" in renewed.text
    assert client.post("/tokens/off", data={"name": "hotline-12328"}).status_code == 303
    assert [source.active for source in sources_of(hub.parts)] == [False]


def test_a_name_is_shown_as_text(hub: HubWorld) -> None:
    answer = hub.client(hub.user(Role.ADMIN)).post("/tokens", data={"name": "<script>alert(1)</script>"})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_tokens_are_the_administrators(hub: HubWorld, role: Role) -> None:
    client = hub.client(hub.user(role))
    assert client.get("/tokens").status_code == 403
    assert client.post("/tokens", data={"name": "mine"}).status_code == 403
    assert sources_of(hub.parts) == []


def test_a_form_of_another_site_makes_no_source(hub: HubWorld) -> None:
    client = hub.client(hub.user(Role.ADMIN))
    client.headers.pop("X-CSRF-Token")
    assert client.post("/tokens", data={"name": "evil", "csrf": "guessed"}).status_code == 403
    assert sources_of(hub.parts) == []


def test_the_command_makes_a_source_and_tells_what_is_wrong(hub: HubWorld, tmp_path: Path) -> None:
    settings = hub.parts.settings.model_dump(mode="json") | {"cases": str(CASES)}
    file = tmp_path / "hub.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    app = typer.Typer()
    app.command()(commands.add_source)
    made = CliRunner().invoke(app, [str(file), "hotline"])
    found = re.search(r"lushao_[A-Za-z0-9_-]{43}", made.output)
    assert found is not None, made.output
    assert admit(hub.parts, f"Bearer {found[0]}").name == "hotline"
    again = CliRunner().invoke(app, [str(file), "hotline"])
    assert (again.exit_code, "already" in again.output) == (1, True)
    renewed = CliRunner().invoke(app, [str(file), "hotline", "--renew"])
    assert renewed.exit_code == 0
    assert _refused(hub, f"Bearer {found[0]}").status == 401
