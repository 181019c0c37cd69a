"""The calls of the console: what they answer, to whom, and what they write down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from hub.accounts.roles import Role
from hub.cases.machine import Action
from hub.store.tables import access, entries
from hub.web.deps import CSRF_HEADER
from tests.hub_worlds import HubWorld
from tests.unit.hub.casework import TO_CASE, TO_LEGAL, Bureau
from tests.unit.leads.samples import NOON

A, R = Action, Role
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bureau(hub: HubWorld) -> Bureau:
    """A bureau on SQLite."""
    return Bureau(hub)


def _client(bureau: Bureau, role: Role = R.OPERATOR) -> TestClient:
    return bureau.hub.client(bureau.people[role])


def _get(client: TestClient, path: str, **params: Any) -> Any:
    response = client.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()


def _act(client: TestClient, number: int, action: str, version: int, **said: Any) -> Any:
    return client.post(f"/api/entries/{number}/actions", json={"action": action, "version": version, **said})


# ---- the queue


def test_each_person_gets_the_queue_of_their_roles(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    clue, reviewed = bureau.lead(), bureau.go(bureau.lead("闽H2"), A.CONFIRM)
    for role, number in ((R.OPERATOR, clue), (R.REVIEWER, reviewed)):
        answer = _get(_client(bureau, role), "/api/queue")
        assert [row["number"] for row in answer["items"]] == [number]
        assert (answer["next"], answer["counts"]["clue"], answer["counts"]["technical_review"]) == (None, 1, 1)
    everything = _get(_client(bureau, R.AUDITOR), "/api/queue")["items"]
    assert [row["number"] for row in everything] == [clue, reviewed]
    asked = _get(_client(bureau), "/api/queue", state=["technical_review", "returned"])["items"]
    assert [row["number"] for row in asked] == [reviewed]


def test_a_row_says_what_the_console_shows(bureau: Bureau) -> None:
    bureau.lead(level="high")
    (row,) = _get(_client(bureau), "/api/queue")["items"]
    assert row.keys() == {
        "number", "entry_id", "kind", "source", "state", "level", "occurred_ms", "received_ms", "state_ms", "due_ms",
        "title", "code", "rule_id", "offence", "unit", "place", "site_id", "box_id", "camera_id", "plate", "plate_type",
        "plate_colour", "vehicle_class", "grade", "repeats", "evidence", "version", "case_number", "duplicate_of",
        "outcome", "viewers", "thumb",
    }  # fmt: skip
    assert (row["plate"], row["level"], row["kind"], row["version"]) == ("闽H12345", 3, "lead", 1)


def test_the_queue_goes_on_page_by_page(bureau: Bureau) -> None:
    numbers = [bureau.lead(at=NOON + MINUTE * i) for i in range(3)]
    client = _client(bureau)
    first = _get(client, "/api/queue", limit=2)
    second = _get(client, "/api/queue", limit=2, after=first["next"])
    assert [row["number"] for row in first["items"] + second["items"]] == numbers
    assert second["next"] is None


# ---- one entry


def test_an_entry_is_shown_with_all_there_is(bureau: Bureau) -> None:
    number = bureau.lead()
    before = bureau.lead(at=NOON - MINUTE, offence="overload")
    same = bureau.report(at=NOON + MINUTE)
    bureau.do(R.OPERATOR, number, A.NOTE, note="看过")
    document = _get(_client(bureau), f"/api/entries/{number}")
    assert document.keys() == {
        "row", "entry", "updates", "files", "steps", "actions", "same_act", "history", "viewers", "undo",
    }  # fmt: skip
    assert document["entry"]["vehicle"]["plate"]["text"] == "闽H12345"
    assert [row["number"] for row in document["same_act"]] == [same]
    assert [row["number"] for row in document["history"]] == [same, before]
    (step,) = document["steps"]
    assert (step["action"], step["note"], step["undone"]) == ("note", "看过", False)
    assert document["undo"] == {"until_ms": step["at_ms"] + 600_000}
    clip = next(file for file in document["files"] if file["kind"] == "clip")
    assert clip == {
        "name": "clip.mp4", "kind": "clip", "bytes": 1_234_567, "held": False, "wanted": False, "gone": False,
        "url": f"/entries/{number}/files/clip.mp4",
    }  # fmt: skip


def test_a_report_is_shown_like_a_lead(bureau: Bureau) -> None:
    document = _get(_client(bureau), f"/api/entries/{bureau.report()}")
    assert (document["row"]["kind"], document["entry"]["summary"], document["files"]) == ("report", "群众举报", [])


@pytest.mark.parametrize("number", [1, 2**53])
def test_what_is_not_there_is_not_found(bureau: Bureau, number: int) -> None:
    client = _client(bureau)
    for response in (
        client.get(f"/api/entries/{number}"),
        client.post(f"/api/entries/{number}/presence"),
        _act(client, number, "confirm", 1),
    ):
        assert (response.status_code, response.json()["detail"]) == (404, "没有这条线索")


def test_each_look_is_written_down_once_while_it_holds(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    number, client, operator = bureau.lead(), _client(bureau), bureau.people[R.OPERATOR]
    for purpose in ("review", "review", "appeal", "appeal"):
        _get(client, f"/api/entries/{number}", purpose=purpose)
    _act(client, number, "note", 1, note="看过")
    either_hub.clock.go(31 * 60)
    _get(client, f"/api/entries/{number}")
    assert client.get(f"/api/entries/{number}", params={"purpose": "curiosity"}).status_code == 422
    with either_hub.parts.database.read() as connection:
        looks = connection.execute(sa.select(access).order_by(access.c.id)).fetchall()
        looked_ms = connection.execute(sa.select(entries.c.looked_ms)).scalar_one()
    assert [(look.user_id, look.purpose) for look in looks] == [
        (operator.id, "review"), (operator.id, "appeal"), (operator.id, "review"),
    ]  # fmt: skip
    assert (looks[0].until_ms - looks[0].at_ms, looked_ms) == (30 * 60_000, looks[0].at_ms)


def _offers(document: Mapping[str, Any]) -> dict[str, tuple[bool, str]]:
    return {offer["action"]: (offer["allowed"], offer["why_not"]) for offer in document["actions"]}


def test_an_entry_offers_its_steps_and_says_why_one_cannot_be_taken(bureau: Bureau) -> None:
    both = bureau.hub.user(R.OPERATOR, R.REVIEWER)
    number = bureau.lead()
    bureau.do(both, number, A.CONFIRM)
    offers = _offers(_get(bureau.hub.client(both), f"/api/entries/{number}"))
    assert offers["pass_technical"] == (False, "上一步由您本人办理，此步须由他人办理（双人复核）")
    assert offers["return"] == offers["correct"] == offers["note"] == (True, "")
    operator = _offers(_get(_client(bureau), f"/api/entries/{number}"))
    assert operator["return"] == (False, "您的角色不能执行此操作")


def test_an_offer_has_its_label_and_reasons_in_the_language_of_the_user(bureau: Bureau) -> None:
    number, client = bureau.lead(), _client(bureau)
    for language, label, reason in (("zh", "误报", "没有该行为"), ("en", "Reject", "nothing of the kind was done")):
        client.cookies.set("lushao_language", language)
        document = _get(client, f"/api/entries/{number}")
        (offer,) = (offer for offer in document["actions"] if offer["action"] == "reject")
        assert (offer["label"], offer["needs_reason"], offer["reasons"][0]) == (
            label, True, {"code": "not_the_act", "text": reason},
        )  # fmt: skip


def test_the_legal_reviewer_sees_which_case_stands_in_the_way(bureau: Bureau) -> None:
    first, second = bureau.go(bureau.lead(), *TO_CASE), bureau.go(bureau.lead(), *TO_LEGAL)
    document = _get(_client(bureau, R.LEGAL), f"/api/entries/{second}")
    (offer,) = (offer for offer in document["actions"] if offer["action"] == "pass_legal")
    assert (offer["allowed"], offer["code"], offer["other"]) == (False, "same_act", first)
    assert f"编号 {first}" in offer["why_not"]


# ---- steps


def test_a_step_answers_with_the_entry_as_it_stands_then(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    number, client = bureau.lead(), _client(bureau)
    answer = _act(client, number, "reject", 1, reason="wrong_plate", note="K", correction={"plate": "闽HK2345"})
    assert answer.status_code == 200
    document = answer.json()
    assert (document["row"]["state"], document["row"]["plate"], document["row"]["version"]) == (
        "false_alarm", "闽HK2345", 2,
    )  # fmt: skip
    (step,) = document["steps"]
    assert (step["reason_text"], step["correction"]) == ("车牌认错", {"plate": "闽HK2345"})
    undone = _act(client, number, "undo", 2).json()
    assert (undone["row"]["state"], undone["row"]["plate"], undone["undo"]) == ("clue", "闽H12345", None)
    assert [step["undone"] for step in undone["steps"]] == [True, False]


def test_refused_steps_say_which_kind_of_refusal_it_is(bureau: Bureau) -> None:
    first, second = bureau.go(bureau.lead(), *TO_CASE), bureau.go(bureau.lead(), *TO_LEGAL)
    legal, operator = _client(bureau, R.LEGAL), _client(bureau)
    both = bureau.hub.user(R.REVIEWER, R.LEGAL)
    reviewed = bureau.go(bureau.lead("闽H2"), A.CONFIRM)
    bureau.do(both, reviewed, A.PASS_TECHNICAL)
    for client, number, action, version, status, code in (
        (legal, second, "pass_legal", 3, 409, "same_act"),
        (legal, second, "pass_legal", 2, 409, "stale"),
        (legal, second, "dispatch", 3, 409, "not_now"),
        (operator, second, "pass_legal", 3, 403, "roles"),
        (bureau.hub.client(both), reviewed, "pass_legal", 3, 409, "four_eyes"),
    ):
        answer = _act(client, number, action, version)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert _act(legal, second, "pass_legal", 3).json()["other"] == first
    dangerous = bureau.go(bureau.lead("闽H3", offence="dangerous_goods"), *TO_LEGAL)
    answer = _act(legal, dangerous, "warn", 3, reason="first_and_slight")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_warning")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"action": "confirm"}, "version"),
        ({"action": "burn", "version": 1}, "action"),
        ({"action": "confirm", "version": 1, "state": "filed"}, "state"),
        ({"action": "note", "version": 1, "note": "x" * 2001}, "note"),
        ({"action": "reject", "version": 1}, "请选择理由"),
        ({"action": "correct", "version": 1, "correction": {"plate": "闽H<b>"}}, "号牌只能由"),
        ({"action": "correct", "version": 1, "correction": {"plate_type": "blue"}}, "号牌种类"),
        ({"action": "correct", "version": 1, "correction": {"vehicle_class": "spaceship"}}, "没有这种车辆类型"),
        ({"action": "correct", "version": 1, "correction": {"axle_count": 0}}, "轴数"),
        ({"action": "correct", "version": 1, "correction": {"box": [1, 2, 3, 4]}}, "画面框"),
        ({"action": "correct", "version": 1, "correction": {"colour": "red"}}, "colour"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_wrong(bureau: Bureau, body: dict[str, Any], detail: str) -> None:
    number = bureau.lead()
    answer = _client(bureau).post(f"/api/entries/{number}/actions", json=body)
    assert (answer.status_code, detail in answer.json()["detail"]) == (422, True)
    assert bureau.row(number).version == 1


# ---- who may


CALLS = (
    ("GET", "/api/queue"),
    ("GET", "/api/entries/1"),
    ("GET", "/api/search"),
    ("GET", "/api/searches"),
    ("GET", "/api/live"),
    ("POST", "/api/entries/1/actions"),
    ("POST", "/api/entries/1/presence"),
    ("POST", "/api/searches"),
    ("DELETE", "/api/searches/1"),
)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_call_is_for_people_who_may_see_leads(bureau: Bureau, method: str, path: str) -> None:
    bureau.lead()
    body: dict[str, Any] | None = {} if method == "POST" else None
    assert bureau.hub.client().request(method, path, json=body).status_code == 401
    assert _client(bureau, R.ADMIN).request(method, path, json=body).status_code == 403
    if method != "GET":
        client = _client(bureau)
        del client.headers[CSRF_HEADER]
        assert client.request(method, path, json=body).status_code == 403
    with bureau.hub.parts.database.read() as connection:
        assert connection.execute(sa.select(access)).first() is None


def test_who_only_reads_decides_nothing(bureau: Bureau) -> None:
    number = bureau.lead()
    client = _client(bureau, R.AUDITOR)
    assert not any(allowed for allowed, _ in _offers(_get(client, f"/api/entries/{number}")).values())
    assert _act(client, number, "note", 1, note="x").status_code == 403


# ---- presence and search


def test_who_else_looks_is_told_with_each_answer(bureau: Bureau) -> None:
    number = bureau.lead()
    mine, theirs = _client(bureau), _client(bureau, R.REVIEWER)
    assert mine.post(f"/api/entries/{number}/presence").json() == {"viewers": []}
    me = bureau.people[R.OPERATOR].display
    assert theirs.post(f"/api/entries/{number}/presence").json() == {"viewers": [me]}
    assert _get(theirs, f"/api/entries/{number}")["viewers"] == [me]
    assert _get(theirs, "/api/search")["items"][0]["viewers"] == [me]
    bureau.hub.clock.go(16)
    assert theirs.post(f"/api/entries/{number}/presence").json() == {"viewers": []}


def test_a_search_takes_local_days_and_times(bureau: Bureau) -> None:
    """In Fujian noon of the samples is 2026-11-23 12:00."""
    before, noon, after = (bureau.lead(at=NOON + timedelta(hours=h)) for h in (-13, 0, 12))
    client = _client(bureau)
    for asked, found in (
        ({"from": "2026-11-23", "to": "2026-11-23"}, [noon]),
        ({"from": "2026-11-22", "to": "2026-11-24"}, [after, noon, before]),
        ({"from": "2026-11-23T12:00", "to": "2026-11-24T00:00"}, [noon]),
        ({"from": "2026-11-23T12:01"}, [after]),
        ({"to": "2026-11-23T04:00:00Z"}, [before]),
        ({"plate": "闽H12345", "class": "truck", "level": "1", "state": "clue"}, [after, noon, before]),
        ({"class": "bus", "state": ""}, []),
    ):
        assert [row["number"] for row in _get(client, "/api/search", **asked)["items"]] == found


def test_a_search_goes_on_page_by_page(bureau: Bureau) -> None:
    numbers = [bureau.lead(at=NOON - MINUTE * i) for i in range(3)]
    client = _client(bureau)
    first = _get(client, "/api/search", limit=2)
    second = _get(client, "/api/search", limit=2, after=first["next"])
    assert [row["number"] for row in first["items"] + second["items"]] == numbers


@pytest.mark.parametrize(
    "asked", [{"from": "yesterday"}, {"to": "2026-13-01"}, {"state": "lost"}, {"after": "x"}, {"level": "9"}]
)
def test_a_question_that_is_none_is_refused(bureau: Bureau, asked: dict[str, str]) -> None:
    assert _client(bureau).get("/api/search", params=asked).status_code == 422


def test_searches_are_kept_each_by_its_owner(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    mine, theirs = _client(bureau), _client(bureau, R.REVIEWER)
    query = {"plate": "闽H*", "state": ["clue", "returned"]}
    assert mine.post("/api/searches", json={"name": "本地车", "query": {"plate": "闽"}}).status_code == 200
    (kept,) = mine.post("/api/searches", json={"name": "本地车", "query": query}).json()["items"]
    assert (kept["name"], kept["query"]) == ("本地车", query)
    assert _get(theirs, "/api/searches") == {"items": []}
    assert theirs.delete(f"/api/searches/{kept['id']}").status_code == 404
    assert mine.delete(f"/api/searches/{kept['id']}").json() == {"items": []}


def test_half_a_character_is_no_search(hub: HubWorld) -> None:
    client = hub.client(hub.user(Role.OPERATOR))
    for query in ('{"place": "\\ud800"}', '{"state": ["\\ud800"]}', '{"\\ud800": "x"}'):
        content = f'{{"name": "x", "query": {query}}}'
        headers = {"Content-Type": "application/json"}
        assert client.post("/api/searches", content=content, headers=headers).status_code == 422, query


def test_nobody_keeps_searches_without_end(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.cases.searches.MOST", 2)
    client = _client(bureau)
    statuses = [client.post("/api/searches", json={"name": n, "query": {}}).status_code for n in "aabc"]
    assert statuses == [200, 200, 200, 422]
    assert client.post("/api/searches", json={"name": "a", "query": {"plate": "x" * 3000}}).status_code == 422
