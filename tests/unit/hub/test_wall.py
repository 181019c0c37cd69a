"""The wall tells what boxes last said, and says when they say nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from hub.accounts.roles import Role
from hub.wall.boxes import FrameError, note_frame, note_status, note_telemetry
from hub.wall.view import wall_of, wall_watched
from leads import ModelRef
from leads.box import CameraBirth, CameraState, CameraTelemetry, Status, Telemetry
from leads.uploads import FRAME_BYTES
from tests.hub_worlds import HubWorld

JPEG = b"\xff\xd8\xff\xe0 a road"
NETWORK = ModelRef(name="finder", sha256="0" * 64, provider="CPUExecutionProvider")


def _at(hub: HubWorld) -> datetime:
    return datetime.fromtimestamp(hub.clock() / 1000, UTC)


def _born(hub: HubWorld, session: str = "run-1", cameras: tuple[str, ...] = ("gate", "exit")) -> Status:
    births = tuple(CameraBirth(id=camera, place=f"收费站 {camera}") for camera in cameras)
    return Status(
        site_id="site-1",
        box_id="box-1",
        session_id=session,
        state="online",
        at=_at(hub),
        software="lushao 0.1.0",
        models=(NETWORK,),
        cameras=births,
    )


def _dead(session: str = "run-1", reason: Literal["stopped", "connection_lost"] = "connection_lost") -> Status:
    return Status(site_id="site-1", box_id="box-1", session_id=session, state="offline", reason=reason)


def _readings(hub: HubWorld, session: str = "run-1", state: CameraState = "running", **changes: Any) -> Telemetry:
    camera = CameraTelemetry(id="gate", state=state, fps=24.9)
    given = {"outbox_depth": 3, "outbox_oldest_s": 12.5, "clock_error_ms": -4.0, "cameras": (camera,)} | changes
    return Telemetry(site_id="site-1", box_id="box-1", session_id=session, at=_at(hub), uptime_s=60, **given)


def _box(hub: HubWorld) -> dict[str, Any]:
    [box] = wall_of(hub.parts)["boxes"]
    return dict(box)


def _cameras(hub: HubWorld) -> dict[str, dict[str, Any]]:
    return {camera["camera_id"]: camera for camera in wall_of(hub.parts)["cameras"]}


def test_a_box_and_its_cameras_stand_on_the_wall_as_they_spoke(either_hub: HubWorld) -> None:
    hub = either_hub
    note_status(hub.parts, _born(hub))
    assert {camera["state"] for camera in _cameras(hub).values()} == {"unknown"}
    assert note_telemetry(hub.parts, _readings(hub))
    box, gate = _box(hub), _cameras(hub)["gate"]
    assert (box["state"], box["outbox_depth"], box["outbox_oldest_s"], box["clock_error_ms"]) == ("online", 3, 12.5, -4)
    assert [model["name"] for model in box["models"]] == ["finder"]
    assert (gate["state"], gate["fps"], gate["place"], gate["url"]) == ("running", 24.9, "收费站 gate", None)


def test_a_birth_told_again_changes_nothing(either_hub: HubWorld) -> None:
    hub = either_hub
    birth = _born(hub)
    note_status(hub.parts, birth)
    note_telemetry(hub.parts, _readings(hub))
    before = wall_of(hub.parts)
    hub.clock.go(20)
    note_status(hub.parts, birth)
    after = wall_of(hub.parts)
    assert (after["boxes"], after["cameras"]) == (before["boxes"], before["cameras"])


def test_a_death_of_an_older_session_says_nothing(either_hub: HubWorld) -> None:
    hub = either_hub
    note_status(hub.parts, _born(hub, "run-1"))
    note_status(hub.parts, _born(hub, "run-2"))
    note_status(hub.parts, _dead("run-1"))
    assert _box(hub)["state"] == "online"
    note_status(hub.parts, _dead("run-2", "stopped"))
    assert (_box(hub)["state"], _box(hub)["reason"]) == ("offline", "stopped")
    note_status(hub.parts, _born(hub, "run-2"))
    assert (_box(hub)["state"], _box(hub)["reason"]) == ("online", "")


def test_a_hub_that_hears_of_a_box_by_its_death_alone_shows_it_offline(either_hub: HubWorld) -> None:
    note_status(either_hub.parts, _dead())
    assert _box(either_hub)["state"] == "offline"


def test_a_box_that_says_nothing_is_silent_and_so_nothing_is_known_of_its_cameras(hub: HubWorld) -> None:
    note_status(hub.parts, _born(hub))
    note_telemetry(hub.parts, _readings(hub))
    hub.clock.go(46)
    gate = _cameras(hub)["gate"]
    assert (_box(hub)["state"], gate["state"], gate["fps"]) == ("silent", "unknown", None)
    note_telemetry(hub.parts, _readings(hub))
    assert (_box(hub)["state"], _cameras(hub)["gate"]["state"]) == ("online", "running")


def test_a_birth_that_the_broker_kept_for_a_week_does_not_make_a_box_alive(hub: HubWorld) -> None:
    birth = _born(hub)
    hub.clock.go(7 * 86_400)
    note_status(hub.parts, birth)
    assert _box(hub)["state"] == "silent"


def test_readings_of_one_box_are_written_every_five_seconds_at_most(either_hub: HubWorld) -> None:
    hub = either_hub
    note_status(hub.parts, _born(hub))
    assert note_telemetry(hub.parts, _readings(hub))
    hub.clock.go(4.9)
    assert not note_telemetry(hub.parts, _readings(hub, state="lost"))
    hub.clock.go(0.2)
    assert note_telemetry(hub.parts, _readings(hub, state="lost"))
    assert _cameras(hub)["gate"]["state"] == "lost"


def test_readings_of_a_run_that_is_over_are_not_taken_for_the_present_one(hub: HubWorld) -> None:
    note_status(hub.parts, _born(hub, "run-2"))
    assert not note_telemetry(hub.parts, _readings(hub, "run-1"))
    assert _box(hub)["outbox_depth"] is None


def test_a_new_run_starts_without_the_old_ones_readings(either_hub: HubWorld) -> None:
    hub = either_hub
    note_status(hub.parts, _born(hub, "run-1"))
    note_telemetry(hub.parts, _readings(hub, "run-1"))
    note_status(hub.parts, _born(hub, "run-2"))
    assert (_box(hub)["outbox_depth"], _cameras(hub)["gate"]["state"]) == (None, "unknown")
    assert note_telemetry(hub.parts, _readings(hub, "run-2"))


def test_a_camera_that_the_box_no_longer_has_leaves_the_wall(either_hub: HubWorld) -> None:
    note_status(either_hub.parts, _born(either_hub))
    note_status(either_hub.parts, _born(either_hub, "run-2", ("gate",)))
    assert list(_cameras(either_hub)) == ["gate"]


def test_a_place_name_that_postgresql_cannot_keep_is_kept_without_its_nul(either_hub: HubWorld) -> None:
    birth = _born(either_hub).model_copy(update={"cameras": (CameraBirth(id="gate", place="收费\0站"),)})
    note_status(either_hub.parts, birth)
    assert _cameras(either_hub)["gate"]["place"] == "收费站"


def test_only_a_newer_picture_replaces_the_last(either_hub: HubWorld) -> None:
    hub = either_hub
    note_status(hub.parts, _born(hub))
    now = hub.clock()
    assert note_frame(hub.parts, "site-1", "box-1", "gate", JPEG, now - 1000)
    assert not note_frame(hub.parts, "site-1", "box-1", "gate", JPEG + b"late", now - 2000)
    assert note_frame(hub.parts, "site-1", "box-1", "gate", JPEG + b"newer", now + 3_600_000)
    gate = _cameras(hub)["gate"]
    assert (gate["frame_ms"], gate["place"]) == (now, "收费站 gate")
    client = hub.client(hub.user(Role.OPERATOR))
    assert client.get(gate["url"]).content == JPEG + b"newer"


def test_a_picture_may_come_before_its_box_was_born(either_hub: HubWorld) -> None:
    assert note_frame(either_hub.parts, "site-1", "box-1", "gate", JPEG, either_hub.clock())
    assert _box(either_hub)["state"] == "silent"
    note_status(either_hub.parts, _born(either_hub))
    assert _cameras(either_hub)["gate"]["frame_ms"] == either_hub.clock()


@pytest.mark.parametrize(
    ("camera", "jpeg", "fault"),
    [
        ("gate", b"<svg onload='alert(1)'>", "no JPEG"),
        ("gate", JPEG + bytes(FRAME_BYTES), str(FRAME_BYTES)),
        ("../gate", JPEG, "gate"),
    ],
)
def test_what_is_no_picture_of_a_camera_is_refused(hub: HubWorld, camera: str, jpeg: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as caught:
        note_frame(hub.parts, "site-1", "box-1", camera, jpeg, hub.clock())
    assert isinstance(caught.value, FrameError) == (camera == "gate")
    assert wall_of(hub.parts)["cameras"] == []


def test_a_picture_the_browser_has_is_not_sent_again(hub: HubWorld) -> None:
    note_frame(hub.parts, "site-1", "box-1", "gate", JPEG, hub.clock())
    client = hub.client(hub.user(Role.OPERATOR))
    first = client.get("/wall/frames/site-1/box-1/gate.jpg")
    assert (first.status_code, first.headers["content-type"], first.content) == (200, "image/jpeg", JPEG)
    again = client.get("/wall/frames/site-1/box-1/gate.jpg", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    odd = client.get("/wall/frames/site-1/box-1/gate.jpg", headers={"If-None-Match": "9" * 5000})
    assert odd.content == JPEG
    hub.clock.go(10)
    note_frame(hub.parts, "site-1", "box-1", "gate", JPEG + b"2", hub.clock())
    newer = client.get("/wall/frames/site-1/box-1/gate.jpg", headers={"If-None-Match": first.headers["ETag"]})
    assert newer.content == JPEG + b"2"


@pytest.mark.parametrize("path", ["site-1/box-1/none.jpg", "site-1/box-1/..%2f..%2fetc.jpg", "x/y/z.jpg"])
def test_a_camera_without_a_picture_has_none_to_show(hub: HubWorld, path: str) -> None:
    assert hub.client(hub.user(Role.OPERATOR)).get(f"/wall/frames/{path}").status_code == 404


def test_the_hub_knows_whether_somebody_watches(either_hub: HubWorld) -> None:
    hub = either_hub
    assert not wall_watched(hub.parts)
    client = hub.client(hub.user(Role.AUDITOR))
    assert client.get("/api/wall").json()["now_ms"] == hub.clock()
    assert wall_watched(hub.parts)
    hub.clock.go(15)
    client.get("/api/wall")
    hub.clock.go(15)
    assert wall_watched(hub.parts)
    hub.clock.go(6)
    assert not wall_watched(hub.parts)


@pytest.mark.parametrize("path", ["/wall", "/api/wall", "/wall/frames/site-1/box-1/gate.jpg"])
def test_the_wall_is_for_those_who_may_see_it(hub: HubWorld, path: str) -> None:
    note_frame(hub.parts, "site-1", "box-1", "gate", JPEG, hub.clock())
    assert hub.client(hub.user(Role.UNIT)).get(path).status_code == 403
    assert hub.client().get(path).status_code in (303, 401)
    assert hub.client(hub.user(Role.ADMIN)).get(path).status_code == 200
