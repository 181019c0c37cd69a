"""Reports of other sources come through the same door as leads: judged, taken once, answered; so do their files."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from io import FileIO
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.testclient import TestClient

from hub.accounts.roles import Role
from hub.figures.sums import refresh
from hub.intake.reports import judge_report
from hub.sources.tokens import add_source, switch_off
from hub.store.tables import entries, files, payloads, refused
from hub.web.report_door import content_of
from leads import LEAD_MAX_BYTES, deterministic_ulid, encode
from leads.lead import FileRef, Plate
from leads.report import Report
from tests.hub_worlds import HubWorld

URL = "/sources/v1/reports"
PICTURE = b"\xff\xd8\xff a picture of a lorry" * 1000
REF = FileRef(name="lorry.jpg", kind="picture", sha256=hashlib.sha256(PICTURE).hexdigest(), bytes=len(PICTURE))


def _report(hub: HubWorld, **changes: Any) -> Report:
    at = datetime(2026, 11, 23, 4, 10, tzinfo=UTC)
    given: dict[str, Any] = {
        "report_id": deterministic_ulid(at, "hotline-12328", "2026-4711"),
        "occurred_at": at,
        "offence": "overload",
        "title": "群众举报：砂石车严重超载",
        "summary": "车厢加高，沿路撒漏",
        "place": "国道 G316 K12+300",
        "plate": Plate(text="闽E12345", score=0.9),
    }
    return Report.model_validate(given | changes)


def _source(hub: HubWorld, name: str = "hotline-12328", per_minute: int = 600) -> TestClient:
    client = hub.client()
    client.headers["Authorization"] = f"Bearer {add_source(hub.parts, 'admin', name, per_minute)}"
    return client


def _refused(hub: HubWorld) -> list[Any]:
    with hub.parts.database.read() as connection:
        return list(connection.execute(sa.select(refused).order_by(refused.c.id)).all())


def _count(hub: HubWorld) -> int:
    with hub.parts.database.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(entries)).scalar_one())


def test_a_report_becomes_a_clue_in_the_one_numbering(either_hub: HubWorld) -> None:
    hub = either_hub
    report = _report(hub)
    answer = _source(hub).post(URL, content=encode(report))
    assert answer.status_code == 200
    receipt = answer.json()
    assert (receipt["outcome"], receipt["entry_id"], receipt["duplicate"]) == ("accepted", report.report_id, False)
    assert receipt["stored_at"] == "2026-11-23T05:00:00.000Z"
    with hub.parts.database.read() as connection:
        row = connection.execute(sa.select(entries)).one()
        held = connection.execute(sa.select(payloads.c.payload)).scalar_one()
    assert (row.number, row.kind, row.source, row.state) == (receipt["number"], "report", "hotline-12328", "clue")
    assert (row.plate, row.offence, row.box_id, row.evidence) == ("闽E12345", "overload", "", 0)
    assert bytes(held) == encode(report)


def test_a_report_sent_again_is_still_one(either_hub: HubWorld) -> None:
    hub = either_hub
    client, payload = _source(hub), encode(_report(hub))
    first = client.post(URL, content=payload).json()
    hub.clock.go(60)
    again = client.post(URL, content=payload)
    assert (again.status_code, again.json()) == (200, first | {"duplicate": True})
    assert _count(hub) == 1


def test_another_report_of_the_same_id_is_a_conflict(either_hub: HubWorld) -> None:
    hub = either_hub
    report = _report(hub)
    client = _source(hub)
    client.post(URL, content=encode(report))
    other = client.post(URL, content=encode(report.model_copy(update={"summary": "另一件事"})))
    assert (other.status_code, other.json()["reason"], other.json()["number"]) == (409, "id_conflict", None)
    stolen = _source(hub, "other").post(URL, content=encode(report))
    assert (stolen.status_code, stolen.json()["reason"]) == (409, "id_conflict")
    assert _count(hub) == 1


@pytest.mark.parametrize(
    ("payload", "status", "reason"),
    [
        pytest.param(b"", 422, "malformed_json", id="nothing"),
        pytest.param(b"\xff\x00", 422, "malformed_json", id="no text"),
        pytest.param(b"[]", 422, "malformed_json", id="no object"),
        pytest.param(b"{}", 422, "schema_violation", id="nothing in it"),
        pytest.param(b'{"schema_version": "2.0"}', 422, "unsupported_version", id="another version"),
        pytest.param(b'{"a": ' * 40 + b"1" + b"}" * 40, 422, "malformed_json", id="too deep"),
        pytest.param(b" " * (LEAD_MAX_BYTES + 1), 413, "too_large", id="too large"),
        pytest.param(b" " * (8 * LEAD_MAX_BYTES), 413, "too_large", id="far too large"),
    ],
)
def test_what_is_no_report_lies_among_the_dead_letters(
    either_hub: HubWorld, payload: bytes, status: int, reason: str
) -> None:
    hub = either_hub
    answer = _source(hub).post(URL, content=payload)
    assert (answer.status_code, answer.json()["outcome"], answer.json()["reason"]) == (status, "refused", reason)
    [row] = _refused(hub)
    assert (row.door, row.site_id, row.box_id, row.reason) == ("http", "", "hotline-12328", reason)
    assert bytes(row.payload) == payload[:LEAD_MAX_BYTES]
    assert _count(hub) == 0


def test_a_report_from_the_end_of_time_stops_no_sums(hub: HubWorld) -> None:
    source = _source(hub)
    for year in (1, 9999):
        at = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
        assert source.post(URL, content=encode(_report(hub, occurred_at=at))).status_code == 422
    assert source.post(URL, content=encode(_report(hub))).status_code == 200
    assert refresh(hub.parts) == 1


def test_an_unknown_member_is_refused_but_not_in_a_newer_version(hub: HubWorld) -> None:
    body = json.loads(encode(_report(hub))) | {"colour": "red"}
    assert judge_report("hotline", json.dumps(body).encode()).fault is not None
    newer = judge_report("hotline", json.dumps(body | {"schema_version": "1.99"}).encode())
    assert (newer.fault, newer.kind) == (None, "report")


def test_a_text_that_postgresql_cannot_keep_does_not_stop_a_report(either_hub: HubWorld) -> None:
    answer = _source(either_hub).post(URL, content=encode(_report(either_hub, title="砂石车\0超载", place="\0")))
    assert answer.json()["outcome"] == "accepted"


@settings(max_examples=60)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_at_all_are_more_than_refused(payload: bytes) -> None:
    judged = judge_report("hotline", payload)
    assert judged.message is None
    assert judged.fault is not None
    assert judged.payload == payload


@pytest.mark.parametrize(
    ("authorization", "status"),
    [("", 401), ("Bearer nothing", 401), ("Bearer lushao_" + "A" * 43, 401), ("Basic YWRtaW46YWRtaW4=", 401)],
)
def test_without_a_token_nothing_comes_in(hub: HubWorld, authorization: str, status: int) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = hub.client().post(URL, content=encode(_report(hub)), headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (status, "Bearer")
    assert _count(hub) == 0
    assert _refused(hub) == []


def test_a_session_of_the_console_is_no_token(hub: HubWorld) -> None:
    assert hub.client(hub.user(*Role)).post(URL, content=encode(_report(hub))).status_code == 401


def test_a_token_that_was_switched_off_is_told_so(hub: HubWorld) -> None:
    client = _source(hub)
    switch_off(hub.parts, "admin", "hotline-12328")
    answer = client.post(URL, content=encode(_report(hub)))
    assert (answer.status_code, "switched off" in answer.json()["detail"]) == (403, True)


def test_a_flood_is_slowed_before_it_is_read(hub: HubWorld) -> None:
    client = _source(hub, per_minute=2)
    statuses = [client.post(URL, content=b"nonsense").status_code for _ in range(3)]
    assert statuses == [422, 422, 429]
    late = client.post(URL, content=encode(_report(hub)))
    assert (late.status_code, late.headers["Retry-After"]) == (429, "30")
    hub.clock.go(30)
    assert client.post(URL, content=encode(_report(hub))).status_code == 200


def test_an_endless_report_is_read_no_further_than_its_limit() -> None:
    chunk, received = bytes(64 << 10), 0

    async def receive() -> dict[str, Any]:
        nonlocal received
        received += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def read() -> bytes:
        request = Request({"type": "http", "method": "POST"}, receive)
        return b"".join([block async for block in content_of(request, LEAD_MAX_BYTES + 1)])

    assert len(asyncio.run(read())) == LEAD_MAX_BYTES + 1
    assert received <= LEAD_MAX_BYTES + 2 * len(chunk)


def test_a_file_of_a_report_is_kept_and_the_entry_says_that_all_is_here(either_hub: HubWorld) -> None:
    hub = either_hub
    report = _report(hub, files=(REF,))
    client = _source(hub)
    number = client.post(URL, content=encode(report)).json()["number"]
    path = f"{URL}/{report.report_id}/files/{REF.name}"
    for _ in range(2):
        answer = client.put(path, content=PICTURE)
        assert (answer.status_code, answer.json()["held"], answer.json()["number"]) == (200, True, number)
    with hub.parts.database.read() as connection:
        row = connection.execute(sa.select(files)).one()
        state = connection.execute(sa.select(entries.c.evidence)).scalar_one()
    assert (row.number, row.name, row.sha256, row.held_ms) == (number, REF.name, REF.sha256, hub.clock())
    assert state == 2
    held = hub.parts.settings.evidence.folder / "files" / REF.sha256[:2] / REF.sha256
    assert held.read_bytes() == PICTURE


@pytest.mark.parametrize(
    ("content", "status"),
    [(PICTURE[:-1], 422), (PICTURE + b"x", 413), (PICTURE[:-1] + b"x", 422), (b"", 422)],
    ids=["short", "long", "another", "empty"],
)
def test_a_file_that_is_not_the_one_named_is_not_kept(hub: HubWorld, content: bytes, status: int) -> None:
    report = _report(hub, files=(REF,))
    client = _source(hub)
    client.post(URL, content=encode(report))
    assert client.put(f"{URL}/{report.report_id}/files/{REF.name}", content=content).status_code == status
    assert client.put(f"{URL}/{report.report_id}/files/{REF.name}", content=PICTURE).status_code == 200


def test_a_full_disk_is_told_and_the_file_can_come_later(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    report = _report(hub, files=(REF,))
    client = _source(hub)
    client.post(URL, content=encode(report))
    path = f"{URL}/{report.report_id}/files/{REF.name}"
    with monkeypatch.context() as full:
        full.setattr("hub.web.report_door.tempfile.TemporaryFile", lambda **_: FileIO("/dev/full", "r+"))
        assert client.put(path, content=PICTURE).status_code == 507
    assert client.put(path, content=PICTURE).status_code == 200


def test_files_are_for_the_sources_own_reports_alone(hub: HubWorld) -> None:
    report = _report(hub, files=(REF,))
    _source(hub).post(URL, content=encode(report))
    other = _source(hub, "other")
    assert other.put(f"{URL}/{report.report_id}/files/{REF.name}", content=PICTURE).status_code == 404


@pytest.mark.parametrize(
    ("report_id", "name", "status"),
    [
        (None, "other.jpg", 404),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "lorry.jpg", 404),
        (None, "..%2f..%2fetc%2fpasswd", 404),
        (None, "%2e%2e", 404),
        (None, "lorry%00.jpg", 422),
        ("%00", "lorry.jpg", 422),
        ("1%20or%201=1", "lorry.jpg", 422),
    ],
)
def test_tricks_with_names_lead_nowhere(either_hub: HubWorld, report_id: str | None, name: str, status: int) -> None:
    report = _report(either_hub, files=(REF,))
    client = _source(either_hub)
    client.post(URL, content=encode(report))
    answer = client.put(f"{URL}/{report_id or report.report_id}/files/{name}", content=PICTURE)
    assert answer.status_code in (status, 422 if status == 404 else status)
    with either_hub.parts.database.read() as connection:
        assert connection.execute(sa.select(files)).all() == []


def test_a_file_larger_than_the_hub_takes_is_refused_unread(hub: HubWorld) -> None:
    huge = REF.model_copy(update={"bytes": (hub.parts.settings.evidence.most_mib << 20) + 1})
    report = _report(hub, files=(huge,))
    client = _source(hub)
    assert client.post(URL, content=encode(report)).status_code == 200
    assert client.put(f"{URL}/{report.report_id}/files/{REF.name}", content=PICTURE).status_code == 413
