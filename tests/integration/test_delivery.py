"""From the box's outbox to the hub's store over a real broker: every lead arrives, once, whatever happens between."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import read
from hub.embedded_broker import EmbeddedBroker
from leads import Lead, Receipt, Status, Telemetry, decode, encode, sign, write_public_key
from leads.broker import BrokerSettings, TlsSettings
from tests.integration.brokers import IMPATIENT, TRUSTING, Bystander, Line, Mosquitto, eventually
from tests.integration.certificates import Authority
from tests.integration.ends import BOX_KEY, HUB_KEY, OTHER_KEY, BoxEnd, HubEnd, delivered
from tests.unit.edge.outboxes import accepted
from tests.unit.leads.samples import NOON, sample_update

LEADS = "lushao/v1/site-1/box-1/leads"
RECEIPTS = "lushao/v1/site-1/box-1/receipts"
STATUS = "lushao/v1/site-1/box-1/status"


@pytest.fixture
def line(mosquitto: Mosquitto) -> Iterator[Line]:
    """A line to the broker that can be cut."""
    with Line(mosquitto.port) as line:
        yield line


# Every way of reaching a broker


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_leads_are_delivered(tmp_path: Path, mosquitto: Mosquitto, protocol: str) -> None:
    broker = mosquitto.settings(protocol=protocol)
    with HubEnd(tmp_path, broker) as hub, BoxEnd(tmp_path, broker) as box:
        leads = box.make(*range(50))
        delivered(box, hub, leads)
        for lead in leads:
            assert read.payload(hub.database, lead.lead_id) == encode(lead)
        counters = box.publisher.counters()
        assert (counters.accepted, counters.refused, counters.bad_receipts) == (50, 0, 0)
        assert hub.receiver.counters().accepted == 50


def test_updates_are_delivered_once_beside_their_lead_over_a_line_that_breaks(
    tmp_path: Path, mosquitto: Mosquitto, line: Line
) -> None:
    with HubEnd(tmp_path, mosquitto.settings()) as hub, BoxEnd(tmp_path, mosquitto.settings(port=line.port)) as box:
        (lead,) = box.make(1)
        for time_ in (1, 2, 3):
            update = sign(sample_update(lead, time_), BOX_KEY)
            payload, at = encode(update), update.occurred_at
            assert box.outbox.add(update.update_id, update.one_act_key, payload, at, of_lead=lead.lead_id)
            box.publisher.wake()
            line.cut()
            line.mend()
        delivered(box, hub, [lead])
        assert [update.repeat_count for update in read.updates_of(hub.database, lead.lead_id)] == [1, 2, 3]


def test_leads_wait_while_the_hub_cannot_read_its_key_of_the_box(tmp_path: Path, mosquitto: Mosquitto) -> None:
    broker = mosquitto.settings()
    with HubEnd(tmp_path, broker) as hub, BoxEnd(tmp_path, broker) as box:
        key = tmp_path / "boxes" / "box-1.pub"
        whole = key.read_bytes()
        key.write_bytes(whole[:40])
        leads = box.make(1, 2)
        eventually(lambda: hub.receiver.counters().key_faults >= 2)
        assert (box.outbox.depth(), read.count(hub.database)) == (2, 0)
        key.write_bytes(whole)
        delivered(box, hub, leads)
        assert box.publisher.counters().refused == 0


def test_leads_are_delivered_over_tls_with_client_certificates(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    with Mosquitto(tmp_path / "mosquitto", authority=authority) as mosquitto:
        hub_broker = mosquitto.settings(tls=authority.client("hub-1"))
        box_broker = mosquitto.settings(tls=authority.client("site-1.box-1"), host="localhost")
        with HubEnd(tmp_path, hub_broker) as hub, BoxEnd(tmp_path, box_broker) as box:
            delivered(box, hub, box.make(*range(10)))


def test_leads_are_delivered_over_the_embedded_broker(tmp_path: Path) -> None:
    with EmbeddedBroker() as embedded:
        broker = BrokerSettings(**(IMPATIENT | {"host": "127.0.0.1", "port": embedded.port, "protocol": "3.1.1"}))
        with HubEnd(tmp_path, broker) as hub, BoxEnd(tmp_path, broker) as box:
            delivered(box, hub, box.make(*range(50)))


def test_leads_are_delivered_to_a_broker_that_wants_a_password(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("lushao:s3cret\n")
    users.chmod(0o600)
    _hash_passwords(users)
    config = [f"password_file {users}", "allow_anonymous false"]
    secret = tmp_path / "password"
    with Mosquitto(tmp_path / "mosquitto", config=config) as mosquitto:
        secret.write_text("wrong\n")
        broker = mosquitto.settings(username="lushao", password_file=secret)
        with BoxEnd(tmp_path, broker) as box:
            leads = box.make(1)
            eventually(lambda: "refuses the connection" in _error(box))
            assert "wrong" not in _error(box)
            secret.write_text("s3cret\n")
            with HubEnd(tmp_path, broker) as hub:
                delivered(box, hub, leads)


def _hash_passwords(users: Path) -> None:
    subprocess.run(["mosquitto_passwd", "-U", users], check=True)


# Why it cannot be reached


def _error(box: BoxEnd) -> str:
    return box.publisher.counters().last_error or ""


def test_a_broker_signed_by_another_authority_is_not_believed_and_told_so(tmp_path: Path) -> None:
    authority, foreign = Authority(tmp_path / "tls"), Authority(tmp_path / "foreign", "foreign")
    with Mosquitto(tmp_path / "mosquitto", authority=authority) as mosquitto:
        own = authority.client("site-1.box-1")
        with BoxEnd(tmp_path, mosquitto.settings(tls=own.model_copy(update={"ca": foreign.ca}))) as box:
            leads = box.make(1)
            eventually(lambda: "is not believed" in _error(box))
            assert "`tls.ca` has to be the authority that signed it" in _error(box)
        broker = mosquitto.settings(tls=own)
        with HubEnd(tmp_path, broker.model_copy(update={"client_id": "hub"})) as hub, BoxEnd(tmp_path, broker) as box:
            delivered(box, hub, leads)


def test_a_certificate_for_another_host_is_not_believed(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    with Mosquitto(tmp_path / "mosquitto", authority=authority) as mosquitto:
        broker = mosquitto.settings(tls=authority.client("box"), host="127.0.0.2")
        with (
            Line(mosquitto.port, "127.0.0.2") as line,
            BoxEnd(tmp_path, broker.model_copy(update={"port": line.port})) as box,
        ):
            eventually(lambda: "127.0.0.2" in _error(box) and "a name that it bears" in _error(box))


@pytest.mark.parametrize("certificate", ["none", "of another authority"])
def test_a_client_that_the_broker_does_not_take_is_told_to_look_at_its_certificate(
    tmp_path: Path, certificate: str
) -> None:
    authority, foreign = Authority(tmp_path / "tls"), Authority(tmp_path / "foreign", "foreign")
    tls = TlsSettings() if certificate == "none" else foreign.client("site-1.box-1")
    with Mosquitto(tmp_path / "mosquitto", authority=authority) as mosquitto:
        broker = mosquitto.settings(tls=tls.model_copy(update={"ca": authority.ca}))
        with BoxEnd(tmp_path, broker) as box:
            eventually(lambda: "certificate" in _error(box))


def test_tls_on_an_open_port_is_told(tmp_path: Path, mosquitto: Mosquitto) -> None:
    authority = Authority(tmp_path / "tls")
    with BoxEnd(tmp_path, mosquitto.settings(tls=authority.client("box"))) as box:
        eventually(lambda: "port for TLS" in _error(box))


def test_mqtt_5_to_a_broker_that_knows_none_is_told(tmp_path: Path) -> None:
    with EmbeddedBroker() as embedded:
        broker = BrokerSettings(**(IMPATIENT | {"host": "127.0.0.1", "port": embedded.port}))
        with BoxEnd(tmp_path, broker) as box:
            eventually(lambda: "MQTT 5" in _error(box))


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x20\x03\x00\x00\x00\x90\x00", bytes(range(256))]
)
def test_a_server_that_is_no_broker_is_tried_again_and_again(
    tmp_path: Path, mosquitto: Mosquitto, answer: bytes
) -> None:
    def talk(server: socket.socket) -> None:
        for _ in range(3):
            caller, _ = server.accept()
            with caller:
                caller.recv(4096)
                caller.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        talker = threading.Thread(target=talk, args=(server,))
        talker.start()
        with BoxEnd(tmp_path, mosquitto.settings(port=server.getsockname()[1])) as box:
            talker.join(10)
            eventually(lambda: _error(box))
            assert box.publisher.alive


# Birth and death


def test_birth_and_death_are_heard_by_others_and_kept_for_those_who_come_later(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    with Bystander(mosquitto.settings(), STATUS) as bystander:
        with BoxEnd(tmp_path, mosquitto.settings()) as box:
            eventually(lambda: bystander.on(STATUS))
            assert decode(Status, bystander.on(STATUS)[0]).state == "online"
            with Bystander(mosquitto.settings(), STATUS, name="late") as late:
                eventually(lambda: late.on(STATUS) == bystander.on(STATUS))
            assert box.publisher.counters().connects == 1
        eventually(lambda: len(bystander.on(STATUS)) == 2)
        death = decode(Status, bystander.on(STATUS)[1])
        assert (death.state, death.reason, death.session_id) == ("offline", "stopped", "run-1")
        assert death.at is not None


def test_when_the_line_breaks_the_broker_says_the_last_will_and_the_box_is_born_again(
    tmp_path: Path, mosquitto: Mosquitto, line: Line
) -> None:
    with Bystander(mosquitto.settings(), STATUS) as bystander, HubEnd(tmp_path, mosquitto.settings()) as hub:
        with BoxEnd(tmp_path, mosquitto.settings(port=line.port)) as box:
            leads = box.make(1, 2, 3)
            delivered(box, hub, leads)
            line.cut()
            eventually(lambda: len(bystander.on(STATUS)) == 2)
            death = decode(Status, bystander.on(STATUS)[1])
            assert (death.state, death.reason, death.at) == ("offline", "connection_lost", None)
            leads += box.make(4, 5, 6)
            line.mend()
            delivered(box, hub, leads)
        states = [decode(Status, payload).state for payload in bystander.on(STATUS)]
        assert states == ["online", "offline", "online", "offline"]


def test_telemetry_is_told_and_not_kept(tmp_path: Path, mosquitto: Mosquitto) -> None:
    telemetry = Telemetry(site_id="site-1", box_id="box-1", session_id="run-1", at=NOON, uptime_s=1.0)
    topic = "lushao/v1/site-1/box-1/telemetry"
    with BoxEnd(tmp_path, mosquitto.settings()) as box, Bystander(mosquitto.settings(), topic) as bystander:
        assert box.publisher.publish_telemetry(telemetry)
        eventually(lambda: bystander.on(topic) == [encode(telemetry)])
        with Bystander(mosquitto.settings(), topic, name="late") as late:
            time.sleep(0.2)
            assert late.on(topic) == []


def test_what_else_the_box_wants_to_hear_comes_to_its_listeners(tmp_path: Path, mosquitto: Mosquitto) -> None:
    heard: list[tuple[str, bytes]] = []
    listeners = {"lushao/v1/watchlist/+": lambda topic, payload: heard.append((topic, payload))}
    broker = mosquitto.settings()
    with BoxEnd(tmp_path, broker, listeners=listeners) as box, Bystander(broker) as bystander:
        eventually(lambda: box.publisher.counters().connected)
        bystander.say("lushao/v1/watchlist/a", b"{}")
        eventually(lambda: heard == [("lushao/v1/watchlist/a", b"{}")])


# Not too many at once


def test_no_more_leads_are_on_their_way_than_set(tmp_path: Path, mosquitto: Mosquitto) -> None:
    broker = mosquitto.settings(in_flight=3)
    with Bystander(mosquitto.settings(), LEADS) as bystander, BoxEnd(tmp_path, broker) as box:
        leads = box.make(*range(10))
        eventually(lambda: box.publisher.counters().repeated >= 6)
        assert box.publisher.counters().in_flight == 3
        assert {decode(Lead, payload).lead_id for payload in bystander.on(LEADS)} == {
            lead.lead_id for lead in leads[:3]
        }
        with HubEnd(tmp_path, mosquitto.settings()) as hub:
            delivered(box, hub, leads)


def test_a_lead_that_the_broker_is_too_small_for_waits_and_does_not_end_the_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Mosquitto(tmp_path / "mosquitto", config=["max_packet_size 3000"]) as mosquitto:
        broker = mosquitto.settings()
        with HubEnd(tmp_path, broker) as hub, BoxEnd(tmp_path, broker) as box:
            (small,) = box.make(1)
            act = small.act.model_copy(update={"legal_basis": ("《道路交通安全法》" * 200,)})
            large = sign(small.model_copy(update={"lead_id": f"{small.lead_id[:-1]}Z", "act": act}), BOX_KEY)
            box.outbox.add(large.lead_id, "another act", encode(large), large.occurred_at)
            box.publisher.wake()
            eventually(lambda: hub.holds([small]) and box.publisher.counters().too_large)
            assert "raise its limit" in caplog.text
            assert box.outbox.queued(large.lead_id) is not None
            assert box.publisher.counters().connects == 1


# Broker, hub or line gone


def test_leads_wait_while_the_broker_is_gone_and_go_out_when_it_is_back(tmp_path: Path, mosquitto: Mosquitto) -> None:
    broker = mosquitto.settings()
    with HubEnd(tmp_path, broker) as hub, BoxEnd(tmp_path, broker) as box:
        leads = box.make(*range(10))
        delivered(box, hub, leads)
        mosquitto.kill()
        leads += box.make(*range(10, 20))
        eventually(lambda: box.publisher.counters().attempts >= 6)
        assert "start the broker" in _error(box)
        assert box.outbox.depth() == 10
        mosquitto.start()
        delivered(box, hub, leads)
        for _ in range(3):
            leads += box.make(*range(len(leads), len(leads) + 10))
            mosquitto.restart()
        delivered(box, hub, leads)


def test_box_and_hub_start_before_the_broker(tmp_path: Path, mosquitto: Mosquitto) -> None:
    mosquitto.stop()
    broker = mosquitto.settings()
    with BoxEnd(tmp_path, broker) as box:
        leads = box.make(*range(10))
        eventually(lambda: box.publisher.counters().attempts >= 3)
        mosquitto.start()
        with HubEnd(tmp_path, broker) as hub:
            delivered(box, hub, leads)


def test_leads_wait_while_the_hub_is_gone_and_none_is_taken_for_delivered(tmp_path: Path, mosquitto: Mosquitto) -> None:
    broker = mosquitto.settings()
    with BoxEnd(tmp_path, broker) as box:
        leads = box.make(*range(10))
        eventually(lambda: box.publisher.counters().repeated >= 10)
        assert box.outbox.depth() == 10  # the broker has acknowledged them all: that is no proof
        with HubEnd(tmp_path, broker) as hub:
            delivered(box, hub, leads)
        leads += box.make(*range(10, 20))
        with HubEnd(tmp_path, broker) as hub:
            delivered(box, hub, leads)


def test_a_new_connection_sends_at_once_what_has_no_receipt(tmp_path: Path, mosquitto: Mosquitto, line: Line) -> None:
    with BoxEnd(tmp_path, mosquitto.settings(port=line.port, **TRUSTING)) as box:
        leads = box.make(*range(5))
        eventually(lambda: box.publisher.counters().published == 5)
        with HubEnd(tmp_path, mosquitto.settings()) as hub:
            time.sleep(0.2)
            assert read.count(hub.database) == 0  # they went out before there was a hub
            line.cut()
            line.mend()
            delivered(box, hub, leads)


def test_leads_survive_a_restart_of_the_box(tmp_path: Path, mosquitto: Mosquitto) -> None:
    box = BoxEnd(tmp_path, mosquitto.settings())
    with box:
        leads = box.make(*range(10))
        eventually(lambda: box.publisher.counters().published >= 10)
    with HubEnd(tmp_path, mosquitto.settings()) as hub, box:
        delivered(box, hub, leads)


def test_a_broken_line_loses_and_doubles_nothing(tmp_path: Path, mosquitto: Mosquitto, line: Line) -> None:
    with HubEnd(tmp_path, mosquitto.settings()) as hub, BoxEnd(tmp_path, mosquitto.settings(port=line.port)) as box:
        leads: list[Lead] = []
        for start in range(0, 100, 10):
            leads += box.make(*range(start, start + 10))
            time.sleep(0.02)
            line.cut()
            leads += box.make(*range(1000 + start, 1000 + start + 2))
            line.mend()
        delivered(box, hub, leads)
        assert box.publisher.counters().connects > 1


def test_a_hub_on_a_broken_line_answers_when_it_is_back(tmp_path: Path, mosquitto: Mosquitto, line: Line) -> None:
    with HubEnd(tmp_path, mosquitto.settings(port=line.port)) as hub, BoxEnd(tmp_path, mosquitto.settings()) as box:
        leads: list[Lead] = []
        for start in range(0, 50, 10):
            leads += box.make(*range(start, start + 10))
            time.sleep(0.02)
            line.cut()
            line.mend()
        delivered(box, hub, leads)


# What the hub says


def test_a_refused_lead_is_logged_and_kept_and_delivered_when_the_cause_is_gone(
    tmp_path: Path, mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    broker = mosquitto.settings()
    with HubEnd(tmp_path, broker) as hub, BoxEnd(tmp_path, broker) as box:
        (good,) = box.make(1)
        (bad,) = box.make(2, key=OTHER_KEY)
        eventually(lambda: box.done)
        (refused,) = box.outbox.refused()
        assert (refused.lead_id, refused.reason) == (bad.lead_id, "bad_signature")
        assert refused.payload == encode(bad)
        assert f"the hub refuses lead {bad.lead_id} (bad_signature): signed by key" in caplog.text
        assert hub.holds([good])
        assert [message.reason for message in read.refused_messages(hub.database)] == ["bad_signature"]
        write_public_key(tmp_path / "new.pub", OTHER_KEY.public_key())
        with (tmp_path / "boxes" / "box-1.pub").open("ab") as file:
            file.write((tmp_path / "new.pub").read_bytes())
        assert box.outbox.requeue_refused() == 1
        box.publisher.wake()
        delivered(box, hub, [good, bad])


def test_whatever_else_is_said_on_the_topic_of_leads_is_refused_and_harmless(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    broker = mosquitto.settings()
    with HubEnd(tmp_path, broker) as hub, BoxEnd(tmp_path, broker) as box, Bystander(broker, RECEIPTS) as bystander:
        for nonsense in (b"", b"\xff", b"{}", b"[" * 100_000, b"x" * 300_000):
            bystander.say(LEADS, nonsense)
        bystander.say("lushao/v1/+site/box/leads".replace("+", "%"), b"{}")
        delivered(box, hub, box.make(*range(5)))
        eventually(lambda: len(bystander.on(RECEIPTS)) >= 10)
        answers = [decode(Receipt, payload) for payload in bystander.on(RECEIPTS)]
        assert sorted(answer.reason or "" for answer in answers if answer.outcome == "refused") == [
            "malformed_json",
            "malformed_json",
            "malformed_json",
            "schema_violation",
            "too_large",
        ]
        assert hub.receiver.counters().odd_topics == 1
        eventually(lambda: box.publisher.counters().stray_receipts == 5)


def test_a_lead_sent_again_by_anybody_is_held_once(tmp_path: Path, mosquitto: Mosquitto) -> None:
    broker = mosquitto.settings()
    with HubEnd(tmp_path, broker) as hub, BoxEnd(tmp_path, broker) as box:
        leads = box.make(1, 2)
        delivered(box, hub, leads)
        with Bystander(broker) as bystander:
            for _ in range(3):
                bystander.say(LEADS, encode(leads[0]))
            eventually(lambda: read.times_received(hub.database, leads[0].lead_id) == 4)
        eventually(lambda: box.publisher.counters().stray_receipts == 3)
        assert hub.holds(leads)


def test_a_hub_that_signs_is_believed(tmp_path: Path, mosquitto: Mosquitto) -> None:
    broker, keys = mosquitto.settings(), (OTHER_KEY.public_key(), HUB_KEY.public_key())
    with HubEnd(tmp_path, broker, key=HUB_KEY) as hub, BoxEnd(tmp_path, broker, hub_keys=keys) as box:
        delivered(box, hub, box.make(*range(10)))
        assert box.publisher.counters().bad_receipts == 0


def test_receipts_that_are_not_the_hubs_count_for_nothing(
    tmp_path: Path, mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    broker = mosquitto.settings()
    with BoxEnd(tmp_path, broker, hub_keys=(HUB_KEY.public_key(),)) as box, Bystander(broker) as bystander:
        eventually(lambda: box.publisher.counters().connected)
        leads = box.make(1, 2)
        receipt = accepted(leads[0])
        changed = json.loads(encode(sign(receipt, HUB_KEY))) | {
            "lead_id": None,
            "outcome": "refused",
            "reason": "unsigned",
        }
        for forged in (
            encode(receipt),
            encode(sign(receipt, OTHER_KEY)),
            json.dumps(changed).encode(),
            b"nonsense",
            encode(sign(accepted(leads[0], payload_sha256="0" * 64), HUB_KEY)),
        ):
            bystander.say(RECEIPTS, forged)
        eventually(lambda: box.publisher.counters().bad_receipts == 4)
        eventually(lambda: box.publisher.counters().stray_receipts == 1)
        assert box.outbox.depth() == 2
        assert "a receipt counts for nothing: the message is not signed" in caplog.text
        with HubEnd(tmp_path, broker, key=HUB_KEY) as hub:
            delivered(box, hub, leads)


def test_a_box_without_the_hubs_key_takes_unsigned_receipts(tmp_path: Path, mosquitto: Mosquitto) -> None:
    broker = mosquitto.settings()
    with BoxEnd(tmp_path, broker) as box, Bystander(broker) as bystander:
        eventually(lambda: box.publisher.counters().connected)
        (lead,) = box.make(1)
        bystander.say(RECEIPTS, encode(accepted(lead)))
        eventually(lambda: box.done)


def test_a_hub_that_cannot_commit_gives_no_receipt_until_it_can(
    tmp_path: Path, mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    broker = mosquitto.settings()
    with HubEnd(tmp_path, broker) as hub, BoxEnd(tmp_path, mosquitto.settings(**TRUSTING)) as box:
        other = sqlite3.connect(tmp_path / "hub.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        leads = box.make(*range(5))
        eventually(lambda: hub.receiver.counters().store_faults)
        assert box.outbox.depth() == 5
        other.close()
        delivered(box, hub, leads)
    assert "no receipts until then" in caplog.text


def test_a_flood_of_telemetry_while_the_hub_cannot_commit_keeps_no_lead_back(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    topic = "lushao/v1/site-1/box-1/telemetry"
    telemetry = encode(Telemetry(site_id="site-1", box_id="box-1", session_id="run-1", at=NOON, uptime_s=1.0))
    broker = mosquitto.settings()
    with HubEnd(tmp_path, broker) as hub, Bystander(broker) as bystander, BoxEnd(tmp_path, broker) as box:
        eventually(lambda: hub.receiver.counters().notes > 0, what="the birth of the box")
        other = sqlite3.connect(tmp_path / "hub.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        bystander.say(topic, telemetry, qos=0)
        eventually(lambda: hub.receiver.counters().store_faults > 0, what="a commit that fails")
        for _ in range(hub.settings.batch * 20):
            bystander.say(topic, telemetry, qos=0)
        eventually(lambda: hub.receiver.counters().overflowed > 0, what="more telemetry than fits")
        leads = box.make(*range(30))
        eventually(lambda: box.publisher.counters().repeated > 20, what="leads without a receipt")
        other.close()
        delivered(box, hub, leads)


def test_reconnects_leave_no_threads_or_descriptors_behind(tmp_path: Path, mosquitto: Mosquitto, line: Line) -> None:
    quick = mosquitto.settings(port=line.port, backoff_min_s=0.01, backoff_max_s=0.02)
    with HubEnd(tmp_path, mosquitto.settings()) as hub, BoxEnd(tmp_path, quick) as box:
        leads: list[Lead] = []

        def reconnect() -> None:
            came = box.publisher.counters().connects
            line.cut()
            line.mend()
            eventually(lambda: box.publisher.counters().connects > came)
            leads.extend(box.make(len(leads)))
            delivered(box, hub, leads)

        for _ in range(10):
            reconnect()
        before = _threads_and_descriptors()
        for _ in range(30):
            reconnect()
        eventually(lambda: _threads_and_descriptors() <= before, what=f"{_threads_and_descriptors()} <= {before}")


def _threads_and_descriptors() -> tuple[int, int]:
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
