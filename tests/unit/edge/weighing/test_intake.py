"""How records come in, by broker, HTTP and file, and that none is lost or taken twice."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.weighing.http_source import HttpServer, HttpSourceError
from edge.weighing.intake import WeighIntake
from edge.weighing.published import RecordError
from edge.weighing.settings import HttpSource, ScaleSettings
from edge.weighing.store import KeptRecord, UnweighedPassage, WeighStore, WeighStoreError
from leads import encode, sign, write_public_key
from tests.unit.edge.weighing.scales import NOON, SHANGHAI, at, scale, weighed


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WeighStore]:
    with WeighStore(tmp_path / "weighings.db") as store:
        yield store


def intake(store: WeighStore, *scales: ScaleSettings, depth: int = 1000) -> WeighIntake:
    return WeighIntake(scales or (scale(),), "yanping", SHANGHAI, store, clock=lambda: NOON, depth=depth)


def kept(store: WeighStore, name: str) -> KeptRecord:
    return next(k for k in store.records() if k.record.pass_id == name)


def test_a_message_of_the_broker_is_taken_kept_and_handed_over_once(store: WeighStore) -> None:
    taking = intake(store)
    listener = taking.listeners()["lushao/v1/yanping/weigh"]
    listener("lushao/v1/yanping/weigh", encode(weighed("r", 10)))
    assert [r.pass_id for r in taking.records()] == ["r"]
    assert taking.records() == []
    assert kept(store, "r").state == "waiting"


def test_a_scale_that_is_not_on_the_broker_makes_no_subscription(store: WeighStore) -> None:
    assert intake(store, scale(mqtt=False)).listeners() == {}


def test_a_record_that_comes_twice_is_taken_once(store: WeighStore) -> None:
    taking = intake(store)
    for _ in range(2):
        taking.take(encode(weighed("r", 10)))
    assert len(taking.records()) == 1
    assert (taking.counts.received, taking.counts.repeated) == (1, 1)


def test_records_outlive_a_restart_until_they_are_matched(store: WeighStore) -> None:
    before = intake(store)
    for name in ("a", "b"):
        before.take(encode(weighed(name, 10)))
    a, _ = before.records()
    store.settle(matched=[(a, "passage-1", 0.98)])
    store.close()
    with WeighStore(store.path) as again:
        assert [r.pass_id for r in intake(again).records()] == ["b"]
        assert (kept(again, "a").state, kept(again, "a").passage_id, kept(again, "a").confidence) == (
            "matched",
            "passage-1",
            0.98,
        )


def test_a_full_queue_drops_and_says_so(store: WeighStore, caplog: pytest.LogCaptureFixture) -> None:
    taking = intake(store, depth=2)
    for n in range(5):
        taking.take(encode(weighed(f"r{n}", 10)))
    assert len(taking.records()) == 2
    assert taking.counts.dropped == 3
    assert "one is dropped" in caplog.text


def test_a_record_of_a_scale_nobody_knows_is_kept_and_not_matched(store: WeighStore) -> None:
    taking = intake(store)
    taking.take(encode(weighed("r", 10, device="scale-9")))
    assert taking.records() == []
    assert (kept(store, "r").state, kept(store, "r").why) == (
        "unmatched",
        "scale scale-9 is not among the site's scales",
    )


def test_rubbish_is_refused_and_said(store: WeighStore, caplog: pytest.LogCaptureFixture) -> None:
    taking = intake(store)
    for payload in (b"{", b"\xff", b"[]", b'{"weighed_at": "x", "scale": {}}'):
        taking.take(payload)
    assert taking.records() == []
    assert taking.counts.refused == 4
    assert "cannot be taken" in caplog.text


@pytest.mark.parametrize(
    "odd",
    [
        {"previewDate": "0001-01-01 00:00:00"},
        {"snapshotTime": "0001-01-01 00:00:00"},
        {"previewDate": "9999-12-31T23:59:59-08:00"},
        {"licenseCodeFront": "闽H31782", "licensePlateColor": "1" * 5000},
    ],
)
def test_a_record_with_an_impossible_value_does_not_stop_the_box(store: WeighStore, odd: dict[str, str]) -> None:
    taking = intake(store)
    row = {"previewCode": "r", "previewDate": "2026-11-23 12:00:10", "laneNo": "1", "totalWeight": 30000}
    taking.take(json.dumps({"device_id": "scale-1", **row, **odd}).encode())
    taking.take(encode(weighed("next", 20)))
    assert [r.pass_id for r in taking.records()][-1] == "next"
    assert taking.counts.refused == (0 if "licensePlateColor" in odd else 1)


def test_with_a_key_only_what_the_scale_signed_is_taken(store: WeighStore, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    write_public_key(tmp_path / "scale.pub", key.public_key())
    taking = intake(store, scale(key=tmp_path / "scale.pub"))
    signed = sign(weighed("r", 10), key)
    assert taking.accept(encode(signed)) == signed
    for bad in (weighed("b", 10), sign(weighed("b", 10), Ed25519PrivateKey.generate())):
        with pytest.raises(RecordError):
            taking.accept(encode(bad))
    with pytest.raises(RecordError, match="signature"):
        taking.accept(encode(signed).replace(b"30000", b"10000"))
    assert [r.pass_id for r in taking.records()] == ["r"]


def test_a_disk_without_room_stops_no_matching(store: WeighStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> bool:
        raise WeighStoreError("no room")

    taking = intake(store)
    monkeypatch.setattr(store, "put", full)
    taking.take(encode(weighed("r", 10)))
    assert [r.pass_id for r in taking.records()] == ["r"]
    assert taking.counts.unsaved == 1


def test_a_files_records_wait_anew_at_every_start(store: WeighStore, tmp_path: Path) -> None:
    path = tmp_path / "records.json"
    path.write_text(json.dumps([json.loads(encode(weighed("r", 10))) | {"t_s": 10}]), "utf-8")
    recorded = scale(file=path, mqtt=False)
    first = intake(store, recorded).records()
    store.settle(matched=[(first[0], "passage-1", 1.0)])
    assert intake(store, recorded).records() == first
    assert kept(store, "r").state == "waiting"


# The file of weighings


def put(store: WeighStore, *serials: int) -> None:
    for n in serials:
        store.put(weighed(f"r{n}", n % 50, serial=n), "mqtt", NOON)


@pytest.mark.parametrize(
    ("serials", "lost"),
    [((7, 8, 9), 0), ((7, 10), 2), ((7, 10, 9), 1), ((7, 10, 9, 8), 0), ((5000, 1, 2), 0), ((7, 7, 8), 0)],
    ids=["whole", "gap", "one-late", "all-late", "counts-anew", "twice"],
)
def test_gaps_in_the_serial_numbers_are_lost_records(store: WeighStore, serials: tuple[int, ...], lost: int) -> None:
    put(store, *serials)
    assert store.memory("scale-1").lost == lost


def test_a_scales_clock_is_remembered(store: WeighStore) -> None:
    assert store.memory("scale-1").clock_off_s is None
    store.settle(clocks={"scale-1": 1.25})
    put(store, 7, 9)
    assert (store.memory("scale-1").clock_off_s, store.memory("scale-1").lost) == (1.25, 1)


def test_old_records_go_but_not_those_that_wait_or_of_which_a_lead_was_made(store: WeighStore) -> None:
    for name in ("waits", "lead", "plain", "alone"):
        store.put(weighed(name, 0), "mqtt", NOON)
    store.put(weighed("new", 5000), "mqtt", NOON)
    store.settle(
        matched=[(weighed("lead", 0), "p1", 1.0), (weighed("plain", 0), "p2", 1.0)],
        unmatched=[(weighed("alone", 0), "none near"), (weighed("new", 5000), "none near")],
        unweighed=[UnweighedPassage("scale-1", "p3", "1", at(1), 0.9, "no record")],
    )
    store.lead_made("p1", "01LEAD")
    assert store.prune(NOON + timedelta(seconds=60)) == 3
    assert {k.record.pass_id for k in store.records()} == {"waits", "lead", "new"}
    assert kept(store, "lead").lead_id == "01LEAD"
    assert store.unweighed() == []


def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "weighings.db"
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    with WeighStore(path) as store:
        assert store.records() == []
    assert len(list(tmp_path.glob("weighings.db.damaged-*"))) == 1
    assert "was damaged" in caplog.text


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    db = sqlite3.connect(tmp_path / "weighings.db")
    db.execute("CREATE TABLE other (x)")
    db.close()
    with pytest.raises(WeighStoreError, match="no file of weighings"):
        WeighStore(tmp_path / "weighings.db")


# HTTP

TOKEN = "a-token-of-sixteen-characters"


@pytest.fixture
def port(store: WeighStore, tmp_path: Path) -> Iterator[tuple[WeighIntake, int]]:
    (tmp_path / "token").write_text(TOKEN + "\n", "ascii")
    taking = intake(store)
    server = HttpServer(HttpSource(port=0, token_file=tmp_path / "token"), scale(), taking)
    yield taking, server.port
    server.stop()


def post(port: int, body: bytes, token: str = TOKEN, path: str = "/weigh") -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", path, body, {"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_a_posted_record_is_kept_when_it_is_answered(port: tuple[WeighIntake, int], store: WeighStore) -> None:
    taking, number = port
    row = {"previewCode": "c1", "previewDate": "2026-11-23 12:00:10", "laneNo": 1, "totalWeight": 20000}
    assert post(number, json.dumps(row).encode()) == (202, {"pass_id": "c1"})
    assert kept(store, "c1").source == "http"
    assert [r.scale.device_id for r in taking.records()] == ["scale-1"]
    assert post(number, encode(weighed("own", 10))) == (202, {"pass_id": "own"})


def test_a_posted_record_that_is_wrong_is_answered_with_what_is_wrong(port: tuple[WeighIntake, int]) -> None:
    row = {"previewCode": "c1", "previewDate": "noon", "laneNo": 1, "totalWeight": "heavy"}
    code, answer = post(port[1], json.dumps(row).encode())
    assert code == 400
    assert sorted(problem.split(":")[0] for problem in answer["problems"]) == ["previewDate", "totalWeight"]


@pytest.mark.parametrize(
    ("body", "token", "path", "code"),
    [
        (b"{}", "wrong", "/weigh", 401),
        (b"{}", TOKEN, "/else", 404),
        (b" " * (65 << 10), TOKEN, "/weigh", 413),
        (encode(weighed("r", 10, device="scale-9")), TOKEN, "/weigh", 400),
    ],
    ids=["token", "path", "size", "another-scale"],
)
def test_what_is_not_taken_is_told_by_its_code(
    port: tuple[WeighIntake, int], body: bytes, token: str, path: str, code: int
) -> None:
    assert post(port[1], body, token, path)[0] == code
    assert port[0].records() == []


def test_when_it_cannot_be_kept_the_sender_is_to_send_again(port: tuple[WeighIntake, int], store: WeighStore) -> None:
    store.close()
    assert post(port[1], encode(weighed("r", 10)))[0] == 503


def test_a_port_without_a_token_is_not_opened(store: WeighStore, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("abc", "ascii")
    with pytest.raises(HttpSourceError, match="shorter than 16"):
        HttpServer(HttpSource(port=0, token_file=tmp_path / "short"), scale(), intake(store))


def test_a_second_record_of_a_pass_with_other_values_is_refused_and_the_first_stays(store: WeighStore) -> None:
    taking = intake(store)
    first = weighed("r", 10)
    taking.accept(encode(first))
    taking.accept(encode(first))
    with pytest.raises(RecordError, match="r is held with other values"):
        taking.accept(encode(first.model_copy(update={"total_kg": first.total_kg + 12_000})))
    assert kept(store, "r").record == first
    assert (taking.counts.received, taking.counts.repeated, taking.counts.refused) == (1, 1, 1)
