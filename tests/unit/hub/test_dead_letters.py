"""What was refused is kept for a person, who sees why, and tries it again or lays it aside."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.testclient import TestClient

from hub.accounts.roles import Role
from hub.intake.dead_letters import (
    GoneError,
    Tally,
    Wanted,
    drop,
    groups,
    judge_again,
    open_letters,
    read_letter,
    retry,
    settled_letters,
)
from hub.intake.judge import judge
from hub.intake.reports import judge_report
from hub.intake.take import take
from hub.store.audit import check_chain
from hub.store.tables import audit, entries
from hub.web.dead_letters import shown
from hub.web.words import LANGUAGES, Translator
from leads import LEAD_MAX_BYTES, Reason, encode, sign, write_public_key
from leads.topics import BoxAddress, BoxTopic
from tests.hub_worlds import HUB_KEY, HubWorld
from tests.unit.leads.samples import sample_lead

NEW_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
"""Key of box-9, which the hub is not told of at first."""


def _arrives(hub: HubWorld, number: int = 1, box: str = "box-9", payload: bytes | None = None) -> None:
    """A lead of a box, by default one that the hub does not know yet."""
    if payload is None:
        payload = encode(sign(sample_lead(number, box=box), NEW_KEY))
    take(hub.parts, [judge(BoxAddress("site-1", box, BoxTopic.LEADS), payload, hub.parts.box_keys.of)])


def _register(hub: HubWorld) -> None:
    write_public_key(hub.parts.box_keys.path("box-9"), NEW_KEY.public_key())


def _open(hub: HubWorld, **wanted: Any) -> list[tuple[str, str]]:
    return [(letter.box_id, letter.reason) for letter in open_letters(hub.parts, Wanted(**wanted), None, 100)]


def _steps(hub: HubWorld, action: str) -> list[dict[str, Any]]:
    with hub.parts.database.read() as connection:
        assert check_chain(connection, [HUB_KEY.public_key()]) == []
        rows = connection.execute(sa.select(audit.c.body).where(audit.c.action == action).order_by(audit.c.seq))
        return [json.loads(body) for body in rows.scalars()]


def _entries(hub: HubWorld) -> int:
    with hub.parts.database.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(entries)).scalar_one())


def _admin(hub: HubWorld) -> TestClient:
    return hub.client(hub.user(Role.ADMIN, name="chief"))


def test_once_a_box_is_registered_its_refused_leads_are_taken(either_hub: HubWorld) -> None:
    hub = either_hub
    for number in (1, 2, 3):
        _arrives(hub, number)
    assert _open(hub) == [("box-9", "unknown_box_key")] * 3
    assert retry(hub.parts, "chief", Wanted()) == Tally(taken=0, refused=3)
    _register(hub)
    hub.clock.go(60)
    assert retry(hub.parts, "chief", Wanted(reason="unknown_box_key")) == Tally(taken=3)
    assert (_open(hub), _entries(hub)) == ([], 3)
    settled = settled_letters(hub.parts, None, 10)
    assert {(one.settled_as, one.settled_by, one.settled_ms) for one in settled} == {("taken", "chief", hub.clock())}
    fates = [[fate for _, _, fate in step["tried"]] for step in _steps(hub, "retry_refused")]
    assert fates == [["", "", ""], ["taken"] * 3]


def test_what_came_again_by_itself_meanwhile_is_not_taken_twice(either_hub: HubWorld) -> None:
    hub = either_hub
    _arrives(hub)
    [letter] = open_letters(hub.parts, Wanted(), None, 10)
    _register(hub)
    _arrives(hub)
    assert _open(hub) == []
    with pytest.raises(GoneError, match="waits"):
        retry(hub.parts, "chief", Wanted(id=letter.id))
    assert _entries(hub) == 1


def test_a_new_try_that_meets_another_reason_waits_under_that_one(either_hub: HubWorld) -> None:
    hub = either_hub
    lead = sample_lead(1, box="box-9")
    _arrives(hub, payload=encode(sign(lead, NEW_KEY)))
    _register(hub)
    _arrives(hub, payload=encode(sign(lead.model_copy(update={"repeat_count": 7}), NEW_KEY)))
    assert retry(hub.parts, "chief", Wanted(reason="unknown_box_key")) == Tally(refused=1)
    assert _open(hub) == [("box-9", "id_conflict")]
    assert [one.settled_as for one in settled_letters(hub.parts, None, 10)] == ["replaced"]
    assert retry(hub.parts, "chief", Wanted(reason="id_conflict")) == Tally(refused=1)
    assert _open(hub) == [("box-9", "id_conflict")]


def test_a_report_is_tried_again_as_a_report(either_hub: HubWorld) -> None:
    hub = either_hub
    take(hub.parts, [judge_report("hotline", b"{}")])
    [letter] = open_letters(hub.parts, Wanted(), None, 10)
    _, payload = read_letter(hub.parts, "chief", letter.id)
    fault = judge_again(hub.parts, letter, payload).fault
    assert (letter.door, letter.site_id, letter.box_id) == ("http", "", "hotline")
    assert fault is not None
    assert fault.reason == "schema_violation"


def test_of_what_was_too_large_only_the_beginning_is_kept_so_it_cannot_be_tried(either_hub: HubWorld) -> None:
    hub = either_hub
    good = encode(sign(sample_lead(1, box="box-9"), NEW_KEY))
    _register(hub)
    _arrives(hub, payload=good + b" " * (LEAD_MAX_BYTES + 1 - len(good)))
    assert retry(hub.parts, "chief", Wanted()) == Tally(refused=1)
    assert (_open(hub), _entries(hub)) == ([("box-9", "too_large")], 0)


def test_laying_aside_needs_a_reason_and_takes_only_what_was_seen(either_hub: HubWorld) -> None:
    hub = either_hub
    for number in (1, 2):
        _arrives(hub, number)
    [group] = groups(hub.parts)
    _arrives(hub, 3)
    wanted = Wanted(reason=group.reason, site_id=group.site_id, box_id=group.box_id, up_to=group.last_id)
    with pytest.raises(ValueError, match="why"):
        drop(hub.parts, "chief", wanted, "  ")
    assert drop(hub.parts, "chief", wanted, "试验设备") == 2
    assert len(_open(hub)) == 1
    with pytest.raises(GoneError):
        drop(hub.parts, "chief", wanted, "again")
    [step] = _steps(hub, "drop_refused")
    assert (step["note"], step["count"], step["box_id"]) == ("试验设备", 2, "box-9")
    _arrives(hub, 1)
    assert len(_open(hub)) == 1  # laid aside once, it does not come back


def test_groups_count_by_reason_and_sender_most_first(either_hub: HubWorld) -> None:
    hub = either_hub
    for number in (1, 2, 3):
        _arrives(hub, number)
    _arrives(hub, payload=b"nonsense")
    take(hub.parts, [judge_report("hotline", b"nonsense")])
    told = [(group.reason, group.site_id, group.box_id, group.count) for group in groups(hub.parts)]
    assert told == [
        ("unknown_box_key", "site-1", "box-9", 3),
        ("malformed_json", "", "hotline", 1),
        ("malformed_json", "site-1", "box-9", 1),
    ]
    assert _open(hub, reason="malformed_json", site_id="") == [("hotline", "malformed_json")]


def test_pages_follow_each_other_without_gaps(either_hub: HubWorld) -> None:
    hub = either_hub
    for number in range(5):
        _arrives(hub, payload=b"nonsense %d" % number)
    first = open_letters(hub.parts, Wanted(), None, 3)
    rest = open_letters(hub.parts, Wanted(), first[-1].id, 3)
    ids = [letter.id for letter in first + rest]
    assert (len(ids), ids) == (5, sorted(ids, reverse=True))
    for letter_id in ids:
        drop(hub.parts, "chief", Wanted(id=letter_id), "nonsense")
    one = settled_letters(hub.parts, None, 3)
    assert one[-1].settled_ms is not None
    two = settled_letters(hub.parts, (one[-1].settled_ms, one[-1].id), 3)
    assert sorted(letter.id for letter in one + two) == sorted(ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words_and_a_remedy(language: str) -> None:
    t = Translator(language)
    for reason in get_args(Reason):
        assert len(t(f"dead_letters.why_{reason}")) > 2
        assert len(t(f"dead_letters.do_{reason}")) > 20


@pytest.mark.parametrize(
    ("payload", "form", "has"),
    [
        ('{"title":"超限"}'.encode(), "json", '{\n  "title": "超限"\n}'),
        (b'{"a":1,"a":2}', "text", '{"a":1,"a":2}'),
        (b'{"a":', "text", '{"a":'),
        (b"\xff\xd8\xff\xe0JFIF", "hex", "000000  ff d8 ff e0 4a 46 49 46                          ....JFIF"),
        (b"a\0b", "hex", "a.b"),
        (b"", "text", ""),
    ],
)
def test_a_message_is_shown_as_what_it_is(payload: bytes, form: str, has: str) -> None:
    text, found = shown(payload)
    assert (found, has in text) == (form, True)


def test_the_page_leads_from_the_reason_to_the_remedy_to_the_queue(hub: HubWorld) -> None:
    _arrives(hub)
    client = _admin(hub)
    listed = client.get("/dead-letters").text
    assert "没有该设备的公钥" in listed
    found = re.search(r"/dead-letters/(\d+)", listed)
    assert found is not None
    assert "仍会拒收" in client.get(found[0]).text
    _register(hub)
    assert "可以收下" in client.get(found[0]).text
    assert client.post(f"{found[0]}/retry").headers["location"] == found[0]
    assert "已收下" in client.get(found[0]).text
    assert _entries(hub) == 1
    assert client.post(f"{found[0]}/retry").status_code == 409
    assert "没有待处理的拒收消息" in client.get("/dead-letters").text
    assert "chief" in client.get("/dead-letters/settled").text


def test_a_group_is_tried_and_laid_aside_from_the_page(hub: HubWorld) -> None:
    _arrives(hub, 1)
    _arrives(hub, 2)
    _arrives(hub, payload=b"nonsense")
    _register(hub)
    client = _admin(hub)
    about = {"reason": "unknown_box_key", "site": "site-1", "box": "box-9", "up_to": "99"}
    assert "add-box" in client.get("/dead-letters", params=about).text
    done = client.post("/dead-letters/retry", data=about)
    assert done.headers["location"] == "/dead-letters?taken=2&refused=0"
    assert "已收下 2 件" in client.get(done.headers["location"]).text
    about["reason"] = "malformed_json"
    assert client.post("/dead-letters/drop", data=about | {"note": " "}).status_code == 422
    done = client.post("/dead-letters/drop", data=about | {"note": "线路干扰"})
    assert done.headers["location"] == "/dead-letters?dropped=1"


def test_each_look_at_a_message_is_written_down(hub: HubWorld) -> None:
    _arrives(hub, payload=b"\xff nonsense")
    client = _admin(hub)
    client.get("/dead-letters")
    assert _steps(hub, "read_refused") == []
    assert client.get("/dead-letters/1/message").content == b"\xff nonsense"
    assert client.get("/dead-letters/1").status_code == 200
    assert [step["id"] for step in _steps(hub, "read_refused")] == [1, 1]


def test_a_message_is_shown_as_text_and_downloaded_as_nothing_a_browser_runs(hub: HubWorld) -> None:
    _arrives(hub, payload=b"<script>alert(1)</script>")
    client = _admin(hub)
    assert "<script>alert" not in client.get("/dead-letters/1").text
    answer = client.get("/dead-letters/1/message")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_auditor_looks_but_settles_nothing(hub: HubWorld) -> None:
    _arrives(hub)
    client = hub.client(hub.user(Role.AUDITOR))
    assert "不能处理" in client.get("/dead-letters/1").text
    for path, data in (("1/retry", {}), ("1/drop", {"note": "x"}), ("drop", {"reason": "x", "box": "x", "note": "x"})):
        assert client.post(f"/dead-letters/{path}", data=data).status_code == 403
    assert len(_open(hub)) == 1


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.REVIEWER, Role.LEGAL, Role.DISPATCHER, Role.UNIT])
def test_dead_letters_are_not_for_who_decides(hub: HubWorld, role: Role) -> None:
    _arrives(hub)
    client = hub.client(hub.user(role))
    for path in ("", "/settled", "/1", "/1/message"):
        assert client.get(f"/dead-letters{path}").status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/2", 404),
        ("/99999999999999999999", 422),
        ("/x", 422),
        ("?reason=%00", 422),
        ("?before=-1", 422),
        ("/settled?before=1-x", 422),
        ("?reason=nothing", 200),
        ("/settled?before=1-1", 200),
    ],
)
def test_odd_addresses_are_answered(either_hub: HubWorld, path: str, status: int) -> None:
    _arrives(either_hub)
    assert _admin(either_hub).get(f"/dead-letters{path}").status_code == status


def test_a_key_file_that_cannot_be_read_is_named(hub: HubWorld) -> None:
    _arrives(hub)
    hub.parts.box_keys.path("box-9").write_text("no key", encoding="utf-8")
    client = _admin(hub)
    assert "box-9.pub" in client.get("/dead-letters/1").text
    assert client.post("/dead-letters/1/retry").status_code == 409
    assert len(_open(hub)) == 1
