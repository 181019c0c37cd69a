"""`lushao edge ...` at the command line: what it does, what it says, and with which exit code it ends."""

from __future__ import annotations

import base64
import configparser
import hashlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from detector.body_look import BodyLook
from detector.sign_look import SignLook
from edge import second_look
from edge.commands import app
from edge.outbox import Outbox
from leads import load_private_key, load_public_key
from models.bundled import WEIGHTS
from tests.unit.edge.boxes import Scene
from tests.unit.edge.outboxes import put, refused
from tests.world import ROOT, convoy, write_site, write_video


def edge(*arguments: object) -> Result:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(1), 7))


def change(site: Path, **settings: object) -> None:
    tree = yaml.safe_load(site.read_text(encoding="utf8")) | settings
    site.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf8")


def test_check_says_what_will_be_watched_and_by_what(site: Path) -> None:
    done = edge("check", site)
    assert done.exit_code == 0
    text = " ".join(done.stderr.split())
    for piece in ("in order", "camera gate: 测试点; lower-lane (closed)", "network blocks on cpu", "in force: TR-01"):
        assert piece in text


def test_check_names_every_problem_and_fails(site: Path) -> None:
    (site.parent / "keys/box-1.key").unlink()
    (site.parent / "blocks.onnx").unlink()
    done = edge("check", site)
    assert done.exit_code == 1
    lines = done.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["detector.model", "keys.box"]
    assert all(line.startswith(f"{site}: ") for line in lines)


def test_check_names_a_network_that_is_none(site: Path) -> None:
    (site.parent / "blocks.onnx").write_bytes(b"no network")
    done = edge("check", site)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"{site}: detector.model: ")


@pytest.mark.parametrize(
    ("network", "setting"), [("features", "model"), ("sign_reader", "signs"), ("bodies", "bodies")]
)
def test_check_names_the_part_of_the_second_look_whose_network_is_broken(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: str, setting: str
) -> None:
    """Each part takes the network that comes with the package, or that which is put in its place."""
    broken = shutil.copytree(WEIGHTS, tmp_path / "weights")
    (broken / f"{network}.onnx").write_bytes(b"no network")
    load = SignLook.load
    monkeypatch.setattr(SignLook, "load", lambda threads: load(threads, broken))
    monkeypatch.setattr(second_look, "BodyLook", lambda threads: BodyLook(broken / "bodies.onnx", threads))
    change(site, second_look={"model": str(broken / "features.onnx")})
    done = edge("check", site)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"{site}: second_look.{setting}: ")


def test_keys_are_made_once_and_never_overwritten(site: Path) -> None:
    key = site.parent / "keys/box-1.key"
    key.unlink()
    done = edge("keys", site)
    assert done.exit_code == 0
    assert "box-1.pub" in done.stderr
    assert key.stat().st_mode & 0o777 == 0o600
    public = load_public_key(key.with_suffix(".pub"))
    assert public == load_private_key(key).public_key()
    before = key.read_bytes()
    assert edge("keys", site).exit_code == 1
    assert key.read_bytes() == before


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"outbox": None}, "outbox"),
        ({"rules": "none.yaml"}, "none.yaml: no such file"),
        ({"broker": {"host": "127.0.0.1", "tls": {"ca": "none.pem"}}}, "none.pem"),
    ],
)
def test_run_with_a_wrong_site_says_so_and_ends(site: Path, settings: dict[str, object], told: str) -> None:
    change(site, **settings)
    done = edge("run", site)
    assert done.exit_code == 1
    assert told in done.stderr
    assert "Traceback" not in done.output


def test_run_with_a_port_that_is_taken_names_port_and_remedy(site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        change(site, metrics={"port": port})
        done = edge("run", site)
    assert done.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_two_boxes_on_one_outbox_are_refused(site: Path) -> None:
    with Outbox(site.parent / "outbox.db"):
        done = edge("run", site)
    assert done.exit_code == 1
    assert "outbox.db" in done.stderr


def test_run_ends_promptly_on_sigterm_as_systemd_sends_it(site: Path) -> None:
    command = [sys.executable, "-m", "lushao", "edge", "run", str(site)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as box:
        try:
            deadline = time.monotonic() + 30
            while not list((site.parent / "evidence").glob("????????/*/lead.json")) and time.monotonic() < deadline:
                time.sleep(0.02)
            box.send_signal(signal.SIGTERM)
            asked = time.monotonic()
            assert box.wait(10) == 0
            assert time.monotonic() - asked < 5
        finally:
            box.kill()
    with Outbox(site.parent / "outbox.db") as outbox:
        assert outbox.depth() == 1


def verify(scene: Scene, folder: Path) -> Result:
    return edge("verify", folder, "--key", scene.root / "hub/keys/box-1.pub")


def test_verify_says_that_all_is_whole(sealed_scene: Scene) -> None:
    done = verify(sealed_scene, sealed_scene.evidence)
    assert (done.exit_code, done.stderr) == (0, "4 of 4 folders whole\n")
    done = verify(sealed_scene, sealed_scene.folders[2])
    assert (done.exit_code, done.stderr) == (0, "1 of 1 folders whole\n")


def test_verify_names_what_was_touched_and_fails(scene: Scene) -> None:
    folder = scene.folders[1]
    with (folder / "clip.mp4").open("ab") as clip:
        clip.write(b"\0")
    for asked, count in ((folder, 1), (scene.evidence, 4)):
        done = verify(scene, asked)
        assert done.exit_code == 1
        assert f"{folder}: clip.mp4: changed (its SHA-256 is not the one in the manifest)" in done.stderr
        assert f"1 of {count} folders touched, 0 breaks of the chain" in done.stderr


def test_verify_without_a_key_takes_the_copy_beside_the_evidence_and_says_so(scene: Scene) -> None:
    for asked in (scene.evidence, scene.folders[1]):
        done = edge("verify", asked)
        assert done.exit_code == 0
        assert "is it the key the hub has of this box?" in done.output
    (scene.evidence / "box.pub").unlink()
    done = edge("verify", scene.folders[1])
    assert done.exit_code == 1
    assert "give the box's public key with --key" in done.output


def test_verify_names_a_break_of_the_chain_and_fails(scene: Scene) -> None:
    shutil.rmtree(scene.folders[1])
    done = verify(scene, scene.evidence)
    assert done.exit_code == 1
    assert "chain: link 2 missing before" in done.stderr
    assert "0 of 3 folders touched, 1 breaks of the chain" in done.stderr


def test_verify_of_a_folder_without_its_manifest_fails(scene: Scene) -> None:
    folder = scene.folders[1]
    (folder / "manifest.json").unlink()
    done = verify(scene, folder)
    assert done.exit_code == 1
    assert f"{folder}: manifest.json: No such file or directory" in done.stderr


def test_verify_of_nothing_or_with_a_wrong_key_fails(sealed_scene: Scene, tmp_path: Path) -> None:
    done = verify(sealed_scene, tmp_path)
    assert (done.exit_code, "no evidence here" in done.stderr) == (1, True)
    done = edge("verify", sealed_scene.evidence, "--key", tmp_path / "none.pub")
    assert (done.exit_code, "none.pub" in done.stderr) == (1, True)


def test_what_lushao_verifies_openssl_and_sha256sum_verify_too(sealed_scene: Scene, tmp_path: Path) -> None:
    """A court needs no Lushao: the commands of docs."""
    folder = sealed_scene.folders[0]
    signature = tmp_path / "signature"
    signature.write_bytes(base64.b64decode(json.loads((folder / "manifest.sig").read_bytes())["value"]))
    public = sealed_scene.root / "hub/keys/box-1.pub"
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public, "-in", folder / "manifest.json"]
    done = subprocess.run([*map(str, command), "-sigfile", str(signature)], capture_output=True, text=True, check=False)
    assert "Signature Verified Successfully" in done.stdout
    for file in json.loads((folder / "manifest.json").read_bytes())["files"]:
        assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]


def test_refused_leads_are_listed_with_reasons_and_queued_again(site: Path) -> None:
    with Outbox(site.parent / "outbox.db") as outbox:
        lead = put(outbox, 1)
        outbox.settle([refused(lead)])
        assert outbox.depth() == 0
    done = edge("refused", site)
    assert done.exit_code == 0
    assert f"{lead.lead_id}" in done.stderr
    assert "unknown_box_key: register the box" in " ".join(done.stderr.split())
    done = edge("refused", site, "--requeue")
    assert "1 leads are in the queue again" in done.stderr
    with Outbox(site.parent / "outbox.db") as outbox:
        assert outbox.depth() == 1


def test_refused_says_that_a_running_box_has_to_be_stopped(site: Path) -> None:
    with Outbox(site.parent / "outbox.db"):
        done = edge("refused", site)
    assert done.exit_code == 1
    assert "outbox.db" in done.stderr


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "configs/systemd/lushao-box.service", encoding="utf8")
    return parser["Service"]


def test_the_service_unit_starts_a_command_that_exists() -> None:
    program, *arguments = unit()["ExecStart"].split()
    assert Path(program).name == "lushao"
    assert arguments[:2] == ["edge", "run"]
    assert arguments[1] in {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    assert Path(arguments[2]).suffix == ".yaml"


def test_the_service_unit_feeds_its_watchdog_and_starts_anew_for_ever() -> None:
    service = unit()
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) >= 10
    assert service["Restart"] == "always"
    assert int(service["TimeoutStopSec"]) >= 30


def test_the_service_unit_may_write_where_the_shipped_site_writes() -> None:
    site = yaml.safe_load((ROOT / "configs/sites/checkpoint.yaml").read_text(encoding="utf8"))
    writable = unit()["ReadWritePaths"].split()
    for path in (site["outbox"], site["evidence"]["folder"]):
        assert any(Path(path).is_relative_to(place) for place in writable)


def test_what_a_case_may_say_is_listed_with_its_meaning() -> None:
    done = edge("rules", "given")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert any(line.startswith("boarded: People who got on") for line in lines)
    assert "  hub" in lines
    assert any(line.startswith("weighed: A weigh record") for line in lines)
