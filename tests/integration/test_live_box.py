"""A whole box on a live camera: real RTSP in, leads at the hub, and what it tells of itself meanwhile."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.brokers import Mosquitto
from tests.integration.house import House
from tests.integration.rtsp import RtspServer
from tests.world import CLOSED_LANE, convoy, write_video

SECRET = "s3cret/of:the@gate"


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    house = House(tmp_path, mosquitto)
    yield house
    house.close()


def camera(url: str, name: str, password: Path) -> dict[str, object]:
    return {
        "source": {
            "id": name,
            "url": url,
            "user": "guard",
            "password_file": str(password),
            "stall_timeout_s": 2,
            "connect_timeout_s": 2,
        },
        "place": {"name": "测试点"},
        "plan": {"zones": [{**CLOSED_LANE, "id": f"{name}-lane"}]},
    }


def read(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def metric(port: int, name: str, **labels: str) -> float:
    for family in text_string_to_metric_families(read(port, "/metrics")[1]):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    raise AssertionError(f"no metric {name} {labels}")


def test_a_camera_that_comes_and_goes_gives_leads_and_another_that_never_comes_does_no_harm(
    house: House, tmp_path: Path
) -> None:
    film = write_video(tmp_path / "film.mp4", convoy(8, every_s=3.2), 30)
    password = tmp_path / "password"
    password.write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    with (
        RtspServer({"gate": film}, login=f"guard:{SECRET}", digest=True) as server,
        socket.create_server(("127.0.0.1", 0)) as silent,
    ):
        dead = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x"
        house.build(
            trucks=1,
            cameras=[camera(server.url("gate"), "gate", password), camera(dead, "dead", password)],
            metrics={"port": port},
        )
        house.start_hub()
        box = house.start_box()
        house.wait_for(lambda: len(house.held()) >= 2, 40)
        status, reasons = read(port, "/healthz")
        assert (status, "camera dead is" in reasons) == (503, True), reasons
        assert "gate" not in reasons
        before = len(house.held())
        server.stop()
        house.wait_for(lambda: "camera gate is lost" in read(port, "/healthz")[1], 20)
        server.start()
        house.wait_for(lambda: len(house.held()) >= before + 2, 40)
        assert metric(port, "lushao_camera_reconnects_total", camera="gate") == 1
        assert metric(port, "lushao_frames_looked_total", camera="gate") > 50
        assert metric(port, "lushao_camera_state", camera="dead", state="running") == 0
        house.wait_for(lambda: metric(port, "lushao_outbox_leads") == 0, 20)
        assert box.stop() == 0
    # What was sealed at the very end is delivered by the next run, with no camera there at all.
    sealed = {p.parent.name for p in (house.box_folder / "evidence").glob("????????/*/lead.json")}
    again = house.start_box()
    house.wait_for(lambda: set(house.held()) == sealed, 20)
    house.wait_for(lambda: house.log("box").count("metrics and health on") == 2, 20)
    assert again.stop() == 0
    leads = house.held()
    house.expected = len(leads)
    house.assert_every_lead_exactly_once(complete=False)
    assert sum(lead.evidence.complete for lead in leads.values()) >= 3
    now = datetime.now(UTC)
    assert all(now - timedelta(minutes=2) < lead.occurred_at < now for lead in leads.values())
    for path in [house.folder / "box.log", *house.box_folder.rglob("*")]:
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_the_health_check_says_that_leads_are_refused(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    house.build(trucks=3, every_s=2.6, metrics={"port": port})
    house.site.write_text(yaml.safe_dump(yaml.safe_load(house.site.read_text()) | house.live_camera()))
    (house.box_folder / "hub/keys/box-1.pub").unlink()
    house.start_hub()
    box = house.start_box()
    house.wait_for(lambda: "metrics and health on" in house.log("box"), 20)
    house.wait_for(lambda: "the hub has refused" in read(port, "/healthz")[1], 30)
    assert "register the box's public key" in house.log("box")
    assert box.stop() == 0
