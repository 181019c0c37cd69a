"""What a running box says of itself, asked over HTTP as Prometheus and a health check do."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cameras import StreamState
from edge.box import Box
from edge.metrics import Health, MetricsError, MetricsServer, Reading
from edge.readings import health_of, hottest_c, resident_bytes, telemetry_of
from edge.settings import MetricsSettings
from tests.unit.edge.boxes import make_box, run_until
from tests.unit.edge.offices import wait_until
from tests.world import convoy, write_site, write_video

ASKED_FOR = {
    "lushao_camera_stalls",
    "lushao_camera_reconnects",
    "lushao_frames_dropped",
    "lushao_evidence_waiting",
    "lushao_outbox_leads",
    "lushao_mqtt_in_flight",
    "lushao_stage_seconds",
    "lushao_stage_frames",
    "lushao_outbox_oldest_seconds",
}


def get(port: int, path: str) -> tuple[int, str, str]:
    """Status, kind of content and text."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """What a box answers that has four leads and no broker."""
    root, port = tmp_path_factory.mktemp("metrics"), free_port()
    site = write_site(root, write_video(root / "road.mp4", convoy(4), 18), metrics={"port": port})
    box = make_box(site)
    answers: dict[str, tuple[int, str, str]] = {}

    def four_leads() -> bool:
        if box.state.outbox.depth() < 4:
            return False
        answers.update({path: get(port, path) for path in ("/metrics", "/healthz", "/")})
        return True

    run_until(box, four_leads)
    with pytest.raises(urllib.error.URLError):
        get(port, "/metrics")
    return answers


def test_metrics_can_be_read_by_prometheus(asked: dict[str, tuple[int, str, str]]) -> None:
    status, kind, text = asked["/metrics"]
    assert status == 200
    assert kind.startswith("text/plain")
    families = {f.name: f for f in text_string_to_metric_families(text)}
    assert families.keys() >= ASKED_FOR
    assert all(f.documentation and f.name.startswith("lushao_") for f in families.values())
    values = {(s.name, *s.labels.values()): s.value for f in families.values() for s in f.samples}
    assert values["lushao_frames_looked_total", "gate"] == values["lushao_frames_decoded_total", "gate"] == 180
    assert values["lushao_findings_total", "gate"] == 4
    assert values["lushao_leads_sealed_total",] == values["lushao_outbox_leads",] == 4
    assert values["lushao_mqtt_connected",] == 0
    states = {s: values["lushao_camera_state", "gate", str(s)] for s in StreamState}
    assert sum(states.values()) == 1
    stages = {s.labels["stage"] for s in families["lushao_stage_seconds"].samples}
    assert len(stages) >= 3
    assert all(values["lushao_stage_frames_total", s] == 180 for s in stages)
    assert 0 < sum(values["lushao_stage_seconds_total", s] for s in stages) < 60


def test_health_is_503_with_what_does_not_work(asked: dict[str, tuple[int, str, str]]) -> None:
    status, kind, text = asked["/healthz"]
    assert (status, kind) == (503, "application/json")
    assert json.loads(text) == {"ok": False, "problems": ["the broker is not connected"]}


def test_other_paths_are_not_found(asked: dict[str, tuple[int, str, str]]) -> None:
    assert asked["/"][0] == 404


def test_health_is_200_when_all_works() -> None:
    readings: list[Reading] = [Reading("lushao_x", "X", 1.5, {"a": 'q"\\'}, False)]
    server = MetricsServer(MetricsSettings(port=0), lambda: iter(readings), lambda: Health(()))
    try:
        assert get(server.port, "/healthz") == (200, "application/json", '{"ok": true, "problems": []}')
        (family,) = text_string_to_metric_families(get(server.port, "/metrics")[2])
        assert [(s.name, s.labels, s.value) for s in family.samples] == [("lushao_x", {"a": 'q"\\'}, 1.5)]
    finally:
        server.stop()


def test_a_port_that_is_taken_is_an_error_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = MetricsSettings(port=taken.getsockname()[1])
        with pytest.raises(MetricsError, match="in use; choose another metrics"):
            MetricsServer(settings, lambda: iter(()), lambda: Health(()))


class Clock:
    """Real monotonic time that a test can push on."""

    def __init__(self) -> None:
        self.pushed_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.pushed_s


@pytest.fixture
def idle_box(tmp_path: Path) -> Iterator[tuple[Box, Clock]]:
    """A box whose camera gives frames that nobody looks at."""
    clock = Clock()
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(1), 6))
    box = make_box(site, monotonic=clock)
    box.state.publisher.start()
    reader = box.posts["gate"].reader
    reader.start()
    wait_until(lambda: reader.status().state is StreamState.RUNNING)
    yield box, clock
    reader.stop()
    box.state.publisher.stop()
    box.state.outbox.close()


def problems(box: Box) -> list[str]:
    return [p for p in health_of(box.state).problems if "broker" not in p]


def test_frames_that_nobody_looks_at_are_a_hang(idle_box: tuple[Box, Clock]) -> None:
    box, clock = idle_box
    clock.pushed_s = 59
    assert problems(box) == []
    clock.pushed_s = 61
    assert "the box hangs" in problems(box)[0]
    frame = box.posts["gate"].reader.take()
    assert frame is not None
    box.state.looked(frame)
    assert problems(box) == []


def test_frames_that_need_no_look_are_no_hang(idle_box: tuple[Box, Clock]) -> None:
    box, clock = idle_box
    clock.pushed_s = 59
    box.state.passed_over()
    clock.pushed_s = 118
    assert problems(box) == []


def test_a_box_that_waits_for_space_does_not_hang(idle_box: tuple[Box, Clock]) -> None:
    box, clock = idle_box
    box.state.desk.short_of_space = True
    clock.pushed_s = 1000
    assert problems(box) == ["the disk is full: leads wait in memory"]
    box.state.desk.short_of_space = False
    assert problems(box) == []


def test_a_publisher_that_has_ended_is_a_hang(idle_box: tuple[Box, Clock]) -> None:
    box, _ = idle_box
    box.state.publisher.stop()
    assert "the box hangs" in problems(box)[0]


def test_a_box_without_cameras_that_run_does_not_hang(tmp_path: Path) -> None:
    clock = Clock()
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(1), 3))
    box = make_box(site, monotonic=clock)
    box.state.publisher.start()
    clock.pushed_s = 1000
    assert not box.state.hung()
    box.state.publisher.stop()
    box.state.outbox.close()


def test_an_old_lead_is_a_problem(sealed_box: Box) -> None:
    assert any("a lead has waited" in p for p in health_of(sealed_box.state).problems)


@pytest.fixture
def sealed_box(tmp_path: Path) -> Iterator[Box]:
    """A box that was started anew with an old lead in its outbox."""
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(1), 6))
    box = make_box(site)
    run_until(box, lambda: box.state.outbox.depth() == 1)
    with sqlite3.connect(tmp_path / "outbox.db") as db:
        db.execute("UPDATE leads SET added_at = '2026-03-01T00:00:00.000Z'")
    db.close()
    box = make_box(site)
    yield box
    box.state.outbox.close()


def test_telemetry_tells_the_hub_the_same(idle_box: tuple[Box, Clock]) -> None:
    box, _ = idle_box
    told: dict[str, Any] = telemetry_of(box.state).model_dump()
    assert (told["site_id"], told["box_id"], told["outbox_depth"], told["outbox_oldest_s"]) == (
        "test",
        "box-1",
        0,
        None,
    )
    (camera,) = told["cameras"]
    assert camera["id"] == "gate"
    assert camera["state"] == "running"
    assert told["memory_bytes"] > 10 << 20
    assert told["disk_free_bytes"] > 0


def test_memory_and_temperature_are_read_where_there_are_such() -> None:
    assert resident_bytes() == pytest.approx(psutil.Process().memory_info().rss, rel=0.05)
    heat = hottest_c()
    assert heat is None or -40 < heat < 150


def test_many_may_ask_at_once() -> None:
    server = MetricsServer(MetricsSettings(port=0), lambda: iter(()), lambda: Health(("no broker",)))
    answers: list[int] = []
    askers = [threading.Thread(target=lambda: answers.append(get(server.port, "/healthz")[0])) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    server.stop()
    assert answers == [503] * 20
