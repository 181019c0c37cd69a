"""The hub's commands as a person runs them; killed without warning it loses nothing that it gave a receipt for."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from hub import read
from hub.commands import app
from hub.embedded_broker import EmbeddedBroker
from hub.settings import StoreSettings
from hub.store.database import Database
from hub.store.tables import boxes
from leads import Lead, Status, Telemetry, encode, load_private_key, load_public_keys, sign, write_public_key
from tests.hub_worlds import CASES
from tests.integration import brokers
from tests.integration.brokers import Bystander, Mosquitto, eventually
from tests.integration.ends import BOX_KEY, OTHER_KEY, BoxEnd, HubEnd, delivered
from tests.unit.leads.samples import NOON, sample_lead

ROOT = Path(__file__).parents[2]
LUSHAO = [sys.executable, "-c", "from hub.commands import app; app()"]


def _hub(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def settings_file(tmp_path: Path, mosquitto: Mosquitto) -> Path:
    """Settings of a hub that signs, whose box is not registered yet."""
    path = tmp_path / "hub.yaml"
    broker = mosquitto.settings().model_dump(mode="json", exclude_defaults=True)
    settings = {
        "hub_id": "hub-1",
        "broker": broker,
        "store": {"sqlite": "hub.db"},
        "evidence": {"folder": "evidence"},
        "cases": str(CASES),
        "box_keys": "boxes",
        "signing_key": "hub.key",
    }
    path.write_text(yaml.safe_dump(settings))
    write_public_key(tmp_path / "given" / "box-1.pub", BOX_KEY.public_key())
    return path


def _held(folder: Path) -> list[str]:
    with Database(StoreSettings(sqlite=folder / "hub.db")).open() as database:
        return read.entry_ids(database)


@contextmanager
def _receiving(settings_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (settings_file.parent / "hub.log").open("ab") as log:
        hub = subprocess.Popen([*LUSHAO, "receive", settings_file], cwd=ROOT, stderr=log)
    try:
        yield hub
    finally:
        hub.kill()
        hub.wait()


def test_a_hub_is_set_up_by_its_commands_and_stops_when_told_to(settings_file: Path, mosquitto: Mosquitto) -> None:
    folder = settings_file.parent
    assert _hub("keygen", settings_file).exit_code == 0
    assert _hub("add-box", settings_file, "box-1", folder / "given" / "box-1.pub").exit_code == 0
    hub_keys = load_public_keys(folder / "hub.pub")
    with _receiving(settings_file) as hub, BoxEnd(folder, mosquitto.settings(), hub_keys=hub_keys) as box:
        leads = box.make(*range(5))
        eventually(lambda: box.done)
        hub.send_signal(signal.SIGTERM)
        assert hub.wait(10) == 0
    assert sorted(_held(folder)) == sorted(lead.lead_id for lead in leads)
    shown = _hub("leads", settings_file, "--limit", "3").output.splitlines()
    assert [sum(lead.lead_id in line for lead in leads) for line in shown] == [1, 1, 1, 0]
    assert shown[3] == "5 leads are held"
    log = (folder / "hub.log").read_text()
    assert "hub-1 receives into" in log
    assert "accepted=5" in log


def test_a_hub_killed_again_and_again_holds_every_lead_once(settings_file: Path, mosquitto: Mosquitto) -> None:
    folder = settings_file.parent
    _hub("keygen", settings_file)
    _hub("add-box", settings_file, "box-1", folder / "given" / "box-1.pub")
    with BoxEnd(folder, mosquitto.settings(in_flight=5)) as box:
        leads: list[Lead] = []
        for round_ in range(4):
            with _receiving(settings_file) as hub:
                settled = box.publisher.counters().accepted
                leads += box.make(*range(round_ * 100, round_ * 100 + 100))
                eventually(lambda settled=settled: box.publisher.counters().accepted > settled + 10)  # type: ignore[misc]
                hub.send_signal(signal.SIGKILL)
                hub.wait()
                assert not box.done
        with _receiving(settings_file):
            eventually(lambda: box.done)
    assert sorted(_held(folder)) == sorted(lead.lead_id for lead in leads)


def test_a_key_is_made_once(settings_file: Path) -> None:
    first = _hub("keygen", settings_file)
    assert (first.exit_code, "hub.pub to the boxes" in first.output) == (0, True)
    key = load_private_key(settings_file.parent / "hub.key")
    again = _hub("keygen", settings_file)
    assert (again.exit_code, "not overwritten" in again.output) == (1, True)
    assert load_private_key(settings_file.parent / "hub.key").public_key() == key.public_key()


def test_a_box_is_registered_once_and_a_second_key_stands_beside_the_first(settings_file: Path) -> None:
    folder = settings_file.parent
    given = folder / "given" / "box-1.pub"
    _hub("add-box", settings_file, "box-1", given)
    assert "already" in _hub("add-box", settings_file, "box-1", given).output
    write_public_key(folder / "given" / "new.pub", OTHER_KEY.public_key())
    assert _hub("add-box", settings_file, "box-1", folder / "given" / "new.pub").exit_code == 0
    assert load_public_keys(folder / "boxes" / "box-1.pub") == (BOX_KEY.public_key(), OTHER_KEY.public_key())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("box-1", "none.pub"), "cannot read the key"),
        (("../box", "given/box-1.pub"), "is no id"),
        (("box-1", "hub.yaml"), "holds no public key"),
    ],
)
def test_a_registration_that_cannot_be_says_why(settings_file: Path, arguments: tuple[str, str], said: str) -> None:
    done = _hub("add-box", settings_file, arguments[0], settings_file.parent / arguments[1])
    assert (done.exit_code, said in done.output) == (1, True), done.output


def test_what_was_refused_is_shown_with_its_reason(settings_file: Path, mosquitto: Mosquitto) -> None:
    assert "nothing was refused" in _hub("refused", settings_file).output
    with HubEnd(settings_file.parent, mosquitto.settings()) as hub, Bystander(mosquitto.settings()) as bystander:
        for _ in range(2):
            bystander.say("lushao/v1/site-1/box-1/leads", encode(sign(sample_lead(), OTHER_KEY)))
        eventually(lambda: hub.receiver.counters().refused == 2)
    shown = _hub("refused", settings_file).output
    assert f"site-1/box-1 {sample_lead().lead_id} x2 bad_signature: signed by key" in shown


@pytest.mark.parametrize("command", ["serve", "receive", "keygen", "leads", "refused"])
def test_wrong_settings_name_file_and_key(tmp_path: Path, command: str) -> None:
    path = tmp_path / "hub.yaml"
    path.write_text("{hub_id: h, store: {sqlite: s}, evidence: {folder: e}, cases: c, box_keys: k, stor: s}")
    done = _hub(command, path)
    assert (done.exit_code, "hub.yaml:1: stor: is not a known key" in done.output) == (1, True)


def test_a_hub_without_its_key_or_certificate_does_not_start(settings_file: Path) -> None:
    done = _hub("receive", settings_file)
    assert (done.exit_code, "cannot read the key" in done.output) == (1, True)
    settings = yaml.safe_load(settings_file.read_text())
    del settings["signing_key"]
    settings["broker"]["tls"] = {"ca": "none.crt"}
    settings_file.write_text(yaml.safe_dump(settings))
    done = _hub("receive", settings_file)
    assert (done.exit_code, "none.crt" in done.output) == (1, True)


def test_receivers_of_one_group_share_the_work_and_one_store(tmp_path: Path, mosquitto: Mosquitto) -> None:
    first, second = (mosquitto.settings(client_id=f"hub-{n}", session_expiry_s=0) for n in (1, 2))
    with HubEnd(tmp_path, first) as hub, BoxEnd(tmp_path, mosquitto.settings()) as box:
        with HubEnd(tmp_path, second) as other:
            leads = box.make(*range(40))
            delivered(box, hub, leads)
            counts = hub.receiver.counters().accepted, other.receiver.counters().accepted
            assert (sum(counts), min(counts) > 0) == (40, True)
        leads += box.make(*range(100, 110))
        delivered(box, hub, leads)


def test_the_embedded_broker_gives_its_port_back_and_says_when_it_is_taken() -> None:
    with EmbeddedBroker() as first:
        with pytest.raises(RuntimeError, match=f"cannot listen on port {first.port}"):
            EmbeddedBroker(first.port).start()
        port = first.port
    with EmbeddedBroker(port) as second:
        assert second.port == port


def test_a_machine_without_mosquitto_is_told_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(brokers, "SEARCHED", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"sh scripts/system-packages\.sh test"):
        Mosquitto(tmp_path / "mosquitto").start()


def test_what_boxes_say_of_themselves_is_noted_by_every_worker_and_believed_of_themselves_alone(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    broker = mosquitto.settings()
    with Bystander(broker, name="boxes") as bystander:
        for box in ("box-1", "box-2"):
            status = Status(site_id="site-1", box_id="box-1", session_id="run-1", state="online")
            bystander.say(f"lushao/v1/site-1/{box}/status", encode(status), retain=True)
        bystander.say("lushao/v1/site-1/box-3/status", b"nonsense", retain=True)
        with HubEnd(tmp_path, mosquitto.settings(client_id="hub-1")) as first:
            with HubEnd(tmp_path, mosquitto.settings(client_id="hub-2")) as second:
                for hub in (first, second):  # what is kept comes to each
                    eventually(lambda hub=hub: _notes(hub) == (1, 2))  # type: ignore[misc]
                telemetry = Telemetry(
                    site_id="site-1", box_id="box-1", session_id="run-1", at=NOON, uptime_s=9, outbox_depth=7
                )
                bystander.say("lushao/v1/site-1/box-1/telemetry", encode(telemetry))
                eventually(lambda: _notes(first)[0] + _notes(second)[0] == 3, what="one note by one of them")
            with first.database.read() as connection:
                rows = [(row.box_id, row.state, row.outbox_depth) for row in connection.execute(boxes.select())]
    assert rows == [("box-1", "online", 7)]


def _notes(hub: HubEnd) -> tuple[int, int]:
    counters = hub.receiver.counters()
    return counters.notes, counters.odd_notes
