"""The pages of the console: who gets them, what they say, in words that are there."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.accounts.roles import Role
from hub.cases.looks import note_look
from hub.cases.machine import State
from hub.store.tables import access, users
from hub.web.words import all_words
from tests.hub_worlds import ROOT, HubWorld
from tests.unit.hub.sealed import arrive, seal

STATIC = ROOT / "hub/web/static"
RULES = ROOT / "edge"


def _data(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found is not None
    data: dict[str, object] = json.loads(found[1])
    return data


@pytest.mark.parametrize("path", ["/queue", "/search", "/entries/1"])
def test_pages_are_for_who_has_logged_in(hub: HubWorld, path: str) -> None:
    answer = hub.client().get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("path", ["/queue", "/search", "/entries/1"])
def test_an_administrator_sees_no_leads(hub: HubWorld, path: str) -> None:
    assert hub.client(hub.user(Role.ADMIN)).get(path).status_code == 403


def test_the_queue_holds_what_waits_for_ones_roles(hub: HubWorld) -> None:
    reviewer = hub.user(Role.REVIEWER)
    assert _data(hub.client(reviewer).get("/queue").text)["states"] == [State.TECHNICAL_REVIEW, State.DISPOSED]
    assert _data(hub.client(hub.user(Role.AUDITOR)).get("/queue").text)["states"] == []


def test_no_markup_comes_out_of_a_name(hub: HubWorld) -> None:
    user = hub.user(Role.OPERATOR, name="</script><script>alert(1)</script>")
    page = hub.client(user).get("/queue").text
    assert "<script>alert" not in page
    assert _data(page)["me"]["name"] == user.name  # type: ignore[index]


def test_an_entry_that_waits_for_me_opens_for_review(hub: HubWorld) -> None:
    arrive(hub, seal())
    client = hub.client(hub.user(Role.OPERATOR))
    assert _data(client.get("/entries/1").text)["purpose"] == "review"
    assert client.get("/entries/2").status_code == 404


def test_an_entry_that_does_not_wait_for_me_asks_what_for_until_i_have_said_so(hub: HubWorld) -> None:
    arrive(hub, seal())
    legal = hub.user(Role.LEGAL)
    client = hub.client(legal)
    page = client.get("/entries/1").text
    assert 'value="appeal"' in page
    assert 'id="data"' not in page
    assert _data(client.get("/entries/1?purpose=appeal").text)["purpose"] == "appeal"
    assert 'id="data"' not in client.get("/entries/1?purpose=curiosity").text
    with hub.parts.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(access)) == 0, "the page itself shows nothing"
    note_look(hub.parts, legal, 1, "appeal")
    assert _data(client.get("/entries/1").text)["purpose"] == "appeal"
    hub.clock.go(31 * 60)
    assert 'value="appeal"' in client.get("/entries/1").text


def test_the_language_is_kept_for_who_is_logged_in_and_for_the_browser(hub: HubWorld) -> None:
    user = hub.user(Role.OPERATOR)
    client = hub.client(user)
    assert "线索队列" in client.get("/queue").text
    answer = client.get("/language/en?next=/search%3Fplate%3D1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/search?plate=1")
    assert "Queue" in client.get("/queue").text
    with hub.parts.database.read() as connection:
        assert connection.scalar(sa.select(users.c.language).where(users.c.id == user.id)) == "en"
    assert client.get("/language/fr").status_code == 404


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example/", "/\\evil.example", "evil"])
def test_a_change_of_language_leads_nowhere_else(hub: HubWorld, next_: str) -> None:
    assert hub.client().get("/language/en", params={"next": next_}).headers["location"] == "/"


def test_scripts_name_only_texts_that_there_are() -> None:
    texts = all_words()
    named = {
        key
        for script in STATIC.glob("*.js")
        for key in re.findall(r'\bt\("([a-z_]+\.[a-z0-9_]+)"', script.read_text(encoding="utf-8"))
    }
    assert len(named) > 100
    assert named - texts.keys() == set()


def test_scripts_put_no_markup_together() -> None:
    for script in STATIC.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), (
            script
        )


def _calls(folder: Path) -> Iterator[ast.Call]:
    for file in folder.rglob("*.py"):
        yield from (n for n in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(n, ast.Call))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _text(node: ast.expr | None) -> str | None:
    """A literal text, with * for a part that changes; None for what is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "*" for part in node.values]
        return "".join(str(part) for part in parts)
    return None


def test_every_condition_of_the_rules_can_be_read_in_both_languages() -> None:
    conditions = set()
    for call in _calls(RULES):
        if _name(call) in ("check", "Check"):
            named = next((k.value for k in call.keywords if k.arg == "what"), None)
            conditions.add(_text(call.args[0] if call.args else named))
    conditions.discard(None)
    assert len(conditions) > 90
    assert {f"fact.what.{text}" for text in conditions if text} - all_words().keys() == set()


def test_every_fact_has_its_name_in_both_languages() -> None:
    names = set()
    for call in _calls(RULES):
        if _name(call) in ("Fact", "_fact"):
            named = next((k.value for k in call.keywords if k.arg == "name"), call.args[0] if call.args else None)
            text = _text(named)
            if text and "*" not in text:
                names.add(text)
    assert len(names) > 50
    assert {f"fact.name.{name}" for name in names} - all_words().keys() == set()
