"""The box as a whole, on real video, with no broker near unless said."""

from __future__ import annotations

import logging
import shutil
import socket
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cameras import StreamState
from detector.passage import Passage
from edge.box import Box
from edge.evidence.verify import verify_tree
from edge.notify import ServiceManager
from edge.outbox import ChainHead
from edge.readings import health_of
from leads.settings_file import SettingsError
from tests.unit.edge.boxes import Scene, lead_of, make_box, manifest_of, run_until, watch
from tests.unit.edge.offices import wait_until
from tests.world import CLOSED_LANE, Drive, convoy, write_site, write_video

LIVE: dict[str, Any] = {"mode": "live", "started_at": None}
SECRET = "hunter2-Grün/straße@7"


def camera(name: str, url: Path | str, **source: Any) -> dict[str, Any]:
    source = {"id": name, "url": str(url), "mode": "replay", "started_at": "2026-03-01T00:00:00Z"} | source
    return {"source": source, "place": {"name": "测试点"}, "plan": {"zones": [CLOSED_LANE]}}


def hashes(scene: Scene) -> dict[str, dict[str, str]]:
    """SHA-256 of each evidence file by lead."""
    return {f.name: {r.name: r.sha256 for r in manifest_of(f).files} for f in scene.folders}


def same_site(scene: Scene, folder: Path) -> Path:
    """The site of a scene, with its keys, below another folder."""
    for keys in ("keys", "hub"):
        shutil.copytree(scene.root / keys, folder / keys)
    return write_site(folder, scene.root / "road.mp4")


def threads_of_a_box() -> list[str]:
    """Names of those that run."""
    parts = {"beat", "evidence", "metrics", "publisher", "camera-gate"}
    return [t.name for t in threading.enumerate() if t.name in parts or t.name.startswith("look-")]


def assert_whole(scene: Scene, leads: int) -> None:
    verdicts, chain = verify_tree(scene.evidence, scene.key)
    assert chain == []
    assert [v.problems for v in verdicts] == [()] * leads


def test_the_same_video_gives_the_same_leads_and_evidence(sealed_scene: Scene, tmp_path: Path) -> None:
    watch(same_site(sealed_scene, tmp_path), leads=4)
    assert hashes(Scene(tmp_path)) == hashes(sealed_scene)


def test_started_anew_on_the_same_video_a_box_makes_no_second_leads(tmp_path: Path) -> None:
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(2), 11))
    watch(site, leads=2)
    before = hashes(Scene(tmp_path))
    passages: list[Passage] = []
    box = make_box(site, on_passage=passages.append)
    run_until(box, lambda: len(passages) == 2 and box.posts["gate"].reader.ended)
    assert hashes(Scene(tmp_path)) == before
    assert box.state.desk.counts.sealed == 0


def test_a_box_stopped_half_way_goes_on_when_it_is_started_again(sealed_scene: Scene, tmp_path: Path) -> None:
    site = same_site(sealed_scene, tmp_path)
    watch(site, leads=2)
    scene = Scene(tmp_path)
    assert len(scene.folders) >= 2
    first_two = dict(list(hashes(scene).items())[:2])
    watch(site, leads=4)
    assert_whole(scene, 4)
    assert hashes(scene).keys() == hashes(sealed_scene).keys()
    assert {i: hashes(sealed_scene)[i] for i in first_two} == first_two


def test_drafts_that_a_killed_box_left_are_sealed_whole_when_their_file_comes_round_again(
    sealed_scene: Scene, tmp_path: Path
) -> None:
    site = same_site(sealed_scene, tmp_path)
    for folder in sealed_scene.folders[1:3]:
        draft = shutil.copytree(folder, tmp_path / "evidence/pending" / folder.name)
        for name in ("manifest.json", "manifest.sig", "lead.json", "clip.mp4", "panorama-1.jpg"):
            (draft / name).unlink()
        (draft / ".clip.mp4.part").write_bytes(b"half")
    watch(site, leads=4)
    scene = Scene(tmp_path)
    assert_whole(scene, 4)
    assert hashes(scene) == hashes(sealed_scene)
    assert list((tmp_path / "evidence/pending").iterdir()) == []


def test_drafts_of_a_live_camera_are_sealed_as_they_were_at_the_start(sealed_scene: Scene, tmp_path: Path) -> None:
    folder = sealed_scene.folders[1]
    draft = tmp_path / "evidence/pending" / folder.name
    draft.mkdir(parents=True)
    for name in ("draft.json", "track.json"):
        shutil.copy(folder / name, draft)
    video = write_video(tmp_path / "quiet.mp4", [], 60)
    site = write_site(tmp_path, video, cameras=[camera("gate", video, **LIVE)])
    watch(site, leads=1)
    (sealed,) = Scene(tmp_path).folders
    assert sealed.name == folder.name
    assert lead_of(sealed).evidence_grade == "C"
    assert_whole(Scene(tmp_path), 1)


def test_a_lead_sealed_just_before_a_power_cut_is_queued_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(2), 11))
    watch(site, leads=2)
    first, second = Scene(tmp_path).folders
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as db, db:
        db.execute("DELETE FROM leads WHERE lead_id = ?", (second.name,))
        db.execute("UPDATE chain SET seq = 1, hash = ?", (lead_of(first).evidence.manifest_sha256,))
    box = make_box(site)
    assert [q.lead_id for q in box.state.outbox.due(9)] == [first.name, second.name]
    head = box.state.outbox.chain_head()
    assert head == ChainHead(2, lead_of(second).evidence.manifest_sha256)
    assert "1 sealed leads were not in the outbox yet" in caplog.text
    box.state.outbox.close()


def test_an_outbox_that_is_gone_is_made_anew_from_the_evidence(tmp_path: Path) -> None:
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(2), 11))
    watch(site, leads=2)
    for part in tmp_path.glob("outbox.db*"):
        part.unlink()
    box = make_box(site)
    scene = Scene(tmp_path)
    assert [q.payload for q in box.state.outbox.due(9)] == [(f / "lead.json").read_bytes() for f in scene.folders]
    head = box.state.outbox.chain_head()
    assert head is not None
    assert head.seq == 2
    lead = lead_of(scene.folders[0])
    (first, _) = box.state.outbox.acts("TR-01", "gate", lead.occurred_at)
    assert (first.zone, first.seen_at) == ("lower-lane", lead.passage.last_seen), "to know the act again"
    box.state.outbox.close()


def test_one_damaged_folder_does_not_keep_a_box_from_starting(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(2), 11))
    watch(site, leads=2)
    for part in tmp_path.glob("outbox.db*"):
        part.unlink()
    broken = Scene(tmp_path).folders[0] / "lead.json"
    broken.write_bytes(broken.read_bytes()[:100])
    box = make_box(site)
    assert box.state.outbox.depth() == 1
    assert f"{broken.parent} is damaged" in caplog.text
    box.state.outbox.close()


def test_a_camera_whose_file_is_missing_does_not_stop_the_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    video = write_video(tmp_path / "road.mp4", convoy(2), 11)
    gone = tmp_path / "gone.mp4"
    shutil.copy(video, gone)
    site = write_site(tmp_path, video, cameras=[camera("gate", video), camera("gone", gone)])
    box = make_box(site)
    gone.unlink()
    problems: list[str] = []

    def two_leads() -> bool:
        problems[:] = health_of(box.state).problems
        return box.state.outbox.depth() == 2

    run_until(box, two_leads)
    assert {lead_of(f).camera.id for f in Scene(tmp_path).folders} == {"gate"}
    assert any("camera gone cannot be read" in p and str(gone) in p for p in problems)
    assert "camera gone could not be read" in caplog.text


def test_two_cameras_each_give_their_own_leads_in_one_chain(tmp_path: Path) -> None:
    north = write_video(tmp_path / "north.mp4", convoy(2), 11)
    south = write_video(tmp_path / "south.mp4", [*convoy(1, every_s=1), Drive(5.0, 0)], 9)
    watch(write_site(tmp_path, north, cameras=[camera("north", north), camera("south", south)]), leads=3)
    scene = Scene(tmp_path)
    assert_whole(scene, 3)
    assert sorted(lead_of(f).camera.id for f in scene.folders) == ["north", "north", "south"]


def test_a_car_in_the_closed_lane_and_a_truck_beside_it_give_no_lead(tmp_path: Path) -> None:
    drives = [*convoy(1, colour=(20, 20, 220)), *convoy(1, lane=0)]
    passages: list[Passage] = []
    box = make_box(write_site(tmp_path, write_video(tmp_path / "road.mp4", drives, 7)), on_passage=passages.append)
    box.run(threading.Event())
    assert sorted(p.class_name for p in passages) == ["car", "truck"]
    assert Scene(tmp_path).folders == []


def test_files_without_leads_end_by_themselves(tmp_path: Path) -> None:
    box = make_box(write_site(tmp_path, write_video(tmp_path / "road.mp4", [], 2)))
    box.run(threading.Event())
    assert box.posts["gate"].reader.status().state is StreamState.ENDED
    wait_until(lambda: not threads_of_a_box())


def test_a_fault_in_a_part_comes_out_of_run_and_what_is_open_is_sealed(tmp_path: Path) -> None:
    def broken(_: Passage) -> None:
        raise ZeroDivisionError("a fault of its own")

    video = write_video(tmp_path / "road.mp4", convoy(2), 11)
    evidence = {"folder": "evidence", "post_s": 60, "min_free_mib": 1}
    box = make_box(write_site(tmp_path, video, evidence=evidence), on_passage=broken)
    with pytest.raises(ZeroDivisionError):
        box.run(threading.Event())
    wait_until(lambda: not threads_of_a_box())
    assert_whole(Scene(tmp_path), 1)


def test_a_fault_of_the_evidence_desk_comes_out_of_run(tmp_path: Path) -> None:
    box = make_box(write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(2), 11)))
    shutil.rmtree(tmp_path / "evidence/pending")
    (tmp_path / "evidence/pending").write_text("a file where a folder should be")
    with pytest.raises(OSError, match="Not a directory"):
        box.run(threading.Event())
    wait_until(lambda: not threads_of_a_box())


def test_a_publisher_that_has_ended_comes_out_of_run(tmp_path: Path) -> None:
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(1), 8))
    box: Box = make_box(site, on_passage=lambda _: box.state.publisher.stop())
    with pytest.raises(RuntimeError, match="the publisher has died"):
        box.run(threading.Event())
    assert_whole(Scene(tmp_path), 1)


@pytest.mark.parametrize("mode", ["live", "replay"])
def test_stop_is_prompt_and_what_is_open_is_sealed(tmp_path: Path, mode: str) -> None:
    video = write_video(tmp_path / "road.mp4", [Drive(-0.6, 1, speed=90.0)], 60)
    cameras = [camera("gate", video, mode=mode), camera("dead", "rtsp://127.0.0.1:1/x", **LIVE)]
    evidence = {"folder": "evidence", "post_s": 60, "min_free_mib": 1}
    box = make_box(write_site(tmp_path, video, cameras=cameras, evidence=evidence))
    stop = threading.Event()
    runner = threading.Thread(target=box.run, args=(stop,))
    runner.start()
    wait_until(lambda: box.state.desk.counts.opened == 1)
    asked = time.monotonic()
    stop.set()
    runner.join()
    assert time.monotonic() - asked < 5
    (folder,) = Scene(tmp_path).folders
    assert "clip in part: " in " ".join(lead_of(folder).evidence.missing)
    assert_whole(Scene(tmp_path), 1)


def test_a_camera_password_is_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    video = write_video(tmp_path / "road.mp4", convoy(1), 8)
    password = tmp_path.with_name(f"{tmp_path.name}.password")
    password.write_text(SECRET, encoding="utf8")
    guarded = camera("guarded", "rtsp://127.0.0.1:1/x", **LIVE, user="viewer-7", password_file=str(password))
    box = make_box(write_site(tmp_path, video, cameras=[camera("gate", video), guarded]))
    shown: list[str] = []

    def tried_and_one_lead() -> bool:
        status = box.posts["guarded"].reader.status()
        shown[:] = [repr(status), *health_of(box.state).problems]
        return status.last_error is not None and box.state.outbox.depth() == 1

    run_until(box, tried_and_one_lead)
    text = caplog.text + " ".join(shown)
    assert text.count("camera guarded") > 1
    assert "hunter2" not in text
    assert "viewer-7" not in text
    for path in (p for p in tmp_path.rglob("*") if p.is_file()):
        assert b"hunter2" not in path.read_bytes(), path


def test_the_watchdog_hears_of_a_box_that_works_and_not_of_one_that_hangs(tmp_path: Path) -> None:
    pushed_s, held, let_go = [0.0], threading.Event(), threading.Event()

    def hold(_: Passage) -> None:
        held.set()
        let_go.wait(20)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "120000"})
        site = write_site(tmp_path, write_video(tmp_path / "road.mp4", convoy(6), 24))
        box = make_box(site, manager=manager, on_passage=hold, monotonic=lambda: time.monotonic() + pushed_s[0])
        stop = threading.Event()
        runner = threading.Thread(target=box.run, args=(stop,))
        runner.start()
        assert systemd.recv(4096) == b"READY=1"
        held.wait(20)
        assert systemd.recv(4096).startswith(b"WATCHDOG=1\nSTATUS=")
        pushed_s[0] = 61.0
        silence = listen_to_the_end(systemd, 0.3)
        assert silence >= 0.3, "systemd hears nothing while the box hangs"
        stop.set()
        let_go.set()
        runner.join()
        last = b""
        while last != b"STOPPING=1":
            last = systemd.recv(4096)


def listen_to_the_end(sock: socket.socket, silence_s: float) -> float:
    """Read what comes until there is silence for so long."""
    deadline = time.monotonic() + 10
    sock.settimeout(silence_s)
    while time.monotonic() < deadline:
        try:
            sock.recv(4096)
        except TimeoutError:
            sock.settimeout(10)
            return silence_s
    return 0.0


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", [], 1))
    (tmp_path / "keys/box-1.key").chmod(0o644)
    with pytest.raises(SettingsError, match=r"keys\.box: .*chmod 600"):
        make_box(site)
