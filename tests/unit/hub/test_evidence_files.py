"""Who has opened an entry sees its evidence, whole or in part, as it came; nobody else does."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import av
import pytest
from starlette.testclient import TestClient

from hub.accounts.roles import Role
from hub.evidence import viewing
from hub.evidence.vault import Vault
from hub.evidence.viewing import browsers_play
from tests.hub_worlds import HubWorld
from tests.unit.hub.sealed import FILES, Box, SealedLead, arrive, grant, seal
from tests.world import convoy, write_video

CLIP = FILES["clip.mp4"]


@pytest.fixture
def shown(either_hub: HubWorld) -> tuple[HubWorld, int, TestClient]:
    """An entry with all its evidence, opened by an operator."""
    return open_entry(either_hub, seal())


def open_entry(world: HubWorld, sealed: SealedLead, *, send: bool = True) -> tuple[HubWorld, int, TestClient]:
    (number,) = arrive(world, sealed)
    if send:
        Box(world).send_all(sealed)
    user = world.user(Role.OPERATOR)
    grant(world, user.id, number)
    return world, number, world.client(user)


def test_a_file_comes_as_it_was_sealed(shown: tuple[HubWorld, int, TestClient]) -> None:
    _, number, client = shown
    for name, kind in (("panorama-1.jpg", "image/jpeg"), ("track.json", "application/json"), ("clip.mp4", "video/mp4")):
        answer = client.get(f"/entries/{number}/files/{name}")
        assert (answer.status_code, answer.content) == (200, FILES[name])
        assert answer.headers["content-type"] == kind
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"] == f'inline; filename="{name}"'
        assert answer.headers["etag"] == f'"{hashlib.sha256(FILES[name]).hexdigest()}"'
        assert answer.headers["cache-control"] == "no-store"


def test_the_lead_and_its_seal_come_too(shown: tuple[HubWorld, int, TestClient]) -> None:
    _, number, client = shown
    sealed = seal()
    assert client.get(f"/entries/{number}/files/lead.json").content == sealed.payload
    assert client.get(f"/entries/{number}/files/manifest.json").content == sealed.contents["manifest.json"]
    assert client.get(f"/entries/{number}/files/manifest.sig").content == sealed.contents["manifest.sig"]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=4990-", 4990, 5000),
        ("bytes=-10", 4990, 5000),
        ("bytes=-9000", 0, 5000),
        ("bytes=10-90000", 10, 5000),
        ("bytes=0-0", 0, 1),
        ("bytes=4999-4999", 4999, 5000),
    ],
)
def test_a_part_is_that_part(shown: tuple[HubWorld, int, TestClient], asked: str, start: int, end: int) -> None:
    _, number, client = shown
    answer = client.get(f"/entries/{number}/files/clip.mp4", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, CLIP[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/5000"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=5000-", "bytes=9999-10000", "bytes=-0"])
def test_a_part_beyond_the_end_is_refused(shown: tuple[HubWorld, int, TestClient], asked: str) -> None:
    _, number, client = shown
    answer = client.get(f"/entries/{number}/files/clip.mp4", headers={"Range": asked})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */5000")


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=5-1", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes=\u0661-"])
def test_what_is_no_part_gives_the_whole(shown: tuple[HubWorld, int, TestClient], asked: str) -> None:
    _, number, client = shown
    answer = client.get(f"/entries/{number}/files/clip.mp4", headers={b"Range": asked.encode()})
    assert (answer.status_code, answer.content) == (200, CLIP)


def test_a_part_of_another_file_than_the_browser_has_is_not_given(shown: tuple[HubWorld, int, TestClient]) -> None:
    _, number, client = shown
    target = f"/entries/{number}/files/clip.mp4"
    etag = client.get(target).headers["etag"]
    assert client.get(target, headers={"Range": "bytes=0-9", "If-Range": etag}).status_code == 206
    assert client.get(target, headers={"Range": "bytes=0-9", "If-Range": '"other"'}).content == CLIP


# ---- who may


def test_without_having_opened_the_entry_nobody_sees_its_evidence(either_hub: HubWorld) -> None:
    sealed, other = seal(1), seal(2)
    number, other_number = arrive(either_hub, sealed, other)
    box = Box(either_hub)
    box.send_all(sealed)
    user = either_hub.user(Role.OPERATOR)
    grant(either_hub, either_hub.user(Role.OPERATOR).id, number)
    grant(either_hub, user.id, other_number)
    client = either_hub.client(user)
    target = f"/entries/{number}/files/track.json"
    assert client.get(target).status_code == 403
    assert client.post("/api" + target + "/want").status_code == 403
    grant(either_hub, user.id, number, minutes=30)
    assert client.get(target).status_code == 200
    either_hub.clock.go(30 * 60)
    assert client.get(target).status_code == 403


@pytest.mark.parametrize(
    ("role", "status"),
    [(None, 403), (Role.ADMIN, 403), (Role.UNIT, 200), (Role.AUDITOR, 200), (Role.LEGAL, 200), (Role.DISPATCHER, 200)],
)
def test_only_some_roles_see_evidence(hub: HubWorld, role: Role | None, status: int) -> None:
    sealed = seal()
    (number,) = arrive(hub, sealed)
    Box(hub).send_all(sealed)
    user = hub.user(*([role] if role else []))
    grant(hub, user.id, number)
    assert hub.client(user).get(f"/entries/{number}/files/track.json").status_code == status


def test_nobody_who_has_not_logged_in_sees_evidence(shown: tuple[HubWorld, int, TestClient]) -> None:
    world, number, _ = shown
    assert world.client().get(f"/entries/{number}/files/track.json").status_code == 303
    assert world.client().post(f"/api/entries/{number}/files/track.json/want").status_code == 401


@pytest.mark.parametrize("name", ["..%2f..%2fhub.db", "%00", "nothing.jpg", "\uff0e\uff0e", "Track.json", "parts"])
def test_no_name_leads_out_of_the_entry(shown: tuple[HubWorld, int, TestClient], name: str) -> None:
    _, number, client = shown
    assert client.get(f"/entries/{number}/files/{name}").status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**70), "1e3"])
def test_a_number_that_is_none_finds_nothing(shown: tuple[HubWorld, int, TestClient], number: str) -> None:
    _, _, client = shown
    for path in ("files/track.json", "export.pdf?purpose=review", "thumb.jpg", ""):
        assert client.get(f"/entries/{number}/{path}".rstrip("/")).status_code in (403, 404, 422), path


# ---- what is not here


def test_a_file_still_at_the_box_is_said_to_be_there_and_can_be_asked_for(either_hub: HubWorld) -> None:
    sealed = seal()
    _, number, client = open_entry(either_hub, sealed, send=False)
    answer = client.get(f"/entries/{number}/files/clip.mp4")
    assert (answer.status_code, "前端设备" in answer.json()["detail"]) == (404, True)
    for _ in range(2):
        asked = client.post(f"/api/entries/{number}/files/clip.mp4/want")
        assert asked.json() == {"held": False, "wanted": True}
    first = Box(either_hub).wanted().files[0]
    assert (first.name, first.urgent) == ("clip.mp4", True)
    Box(either_hub).send_all(sealed)
    assert client.post(f"/api/entries/{number}/files/clip.mp4/want").json() == {"held": True, "wanted": False}
    assert client.get(f"/entries/{number}/files/clip.mp4").content == CLIP


def test_what_the_box_has_deleted_is_said(either_hub: HubWorld) -> None:
    sealed = seal()
    _, number, client = open_entry(either_hub, sealed, send=False)
    Box(either_hub).ask("PUT", f"/boxes/v1/files/{sealed.lead.lead_id}/clip.mp4/gone")
    assert "已被清理" in client.get(f"/entries/{number}/files/clip.mp4").json()["detail"]


def test_a_file_too_large_for_the_hub_cannot_be_asked_for(hub: HubWorld) -> None:
    evidence = hub.parts.settings.evidence.model_copy(update={"most_mib": 1})
    object.__setattr__(hub.parts, "settings", hub.parts.settings.model_copy(update={"evidence": evidence}))
    _, number, client = open_entry(hub, seal(files={"clip.mp4": b"x" * ((1 << 20) + 1)}), send=False)
    assert client.post(f"/api/entries/{number}/files/clip.mp4/want").status_code == 409


def test_a_lost_vault_is_the_hubs_fault_and_names_no_path(shown: tuple[HubWorld, int, TestClient]) -> None:
    world, number, client = shown
    for path in (world.parts.settings.evidence.folder / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    answer = client.get(f"/entries/{number}/files/track.json")
    assert answer.status_code == 503
    assert str(world.folder) not in answer.text


def test_a_page_with_scripts_is_saved_not_shown(hub: HubWorld) -> None:
    """A report's file may have any name; here a lead's stands for it."""
    from tests.unit.hub import sealed as kit

    kit.KINDS.setdefault(".html", "note")
    _, number, client = open_entry(hub, seal(files={"x.html": b"<script>alert(1)</script>"}))
    answer = client.get(f"/entries/{number}/files/x.html")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


# ---- clips that browsers do not play


def clip(folder: Path, codec: str) -> bytes:
    return write_video(folder / f"{codec}.mp4", convoy(1), 2.0, codec).read_bytes()


def played(client: TestClient, number: int) -> Any:
    """Ask as the page does, until there is something to play."""
    for _ in range(150):
        answer = client.get(f"/entries/{number}/files/clip.mp4?viewing=1")
        if answer.status_code != 202:
            return answer
        assert answer.headers["retry-after"] == "1"
        time.sleep(0.05)
    raise AssertionError("no copy for viewing was made")


def times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(frame.time or 0.0) for frame in container.decode(video=0)]


def test_a_clip_that_browsers_play_is_shown_as_it_is(hub: HubWorld, tmp_path: Path) -> None:
    original = clip(tmp_path, "libx264")
    _, number, client = open_entry(hub, seal(files={"clip.mp4": original}))
    answer = client.get(f"/entries/{number}/files/clip.mp4?viewing=1")
    assert (answer.status_code, answer.content) == (200, original)


def test_of_h265_a_copy_is_shown_frame_for_frame_and_the_original_stays(hub: HubWorld, tmp_path: Path) -> None:
    original = clip(tmp_path, "libx265")
    _, number, client = open_entry(hub, seal(files={"clip.mp4": original}))
    answer = played(client, number)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert client.get(f"/entries/{number}/files/clip.mp4").content == original
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(answer.content)
    with av.open(str(copy)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
    assert times(copy) == pytest.approx(times(tmp_path / "libx265.mp4"), abs=0.001)
    part = client.get(f"/entries/{number}/files/clip.mp4?viewing=1", headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, answer.content[:8])
    folder = hub.parts.settings.evidence.folder / "viewing"
    assert sorted(path.suffix for path in folder.rglob("*.*")) == [".lock", ".mp4"]
    assert not browsers_play(hub.parts.settings.evidence, hashlib.sha256(original).hexdigest())


def test_what_cannot_be_decoded_is_said_not_waited_for(shown: tuple[HubWorld, int, TestClient]) -> None:
    _, number, client = shown
    answer = client.get(f"/entries/{number}/files/clip.mp4?viewing=1")
    assert (answer.status_code, "无法解码" in answer.json()["detail"]) == (415, True)


def copy_of(hub: HubWorld, original: bytes, ending: str) -> Path:
    sha256 = hashlib.sha256(original).hexdigest()
    return hub.parts.settings.evidence.folder / "viewing" / sha256[:2] / f"{sha256}{ending}"


def test_a_full_disk_is_not_taken_for_a_clip_that_cannot_be_decoded(hub: HubWorld, tmp_path: Path) -> None:
    original = clip(tmp_path, "libx265")
    part = copy_of(hub, original, ".part")
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    _, number, client = open_entry(hub, seal(files={"clip.mp4": original}))
    assert played(client, number).status_code == 200
    assert not copy_of(hub, original, ".fault").exists()


def test_a_clip_that_breaks_the_copying_holds_up_no_other(
    hub: HubWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = clip(tmp_path, "libx265")
    write = viewing._write_copy

    def write_copy(vault: Vault, sha256: str, path: Path) -> None:
        if sha256 == hashlib.sha256(broken).hexdigest():
            raise RuntimeError("such as nobody thought of")
        write(vault, sha256, path)

    monkeypatch.setattr(viewing, "_write_copy", write_copy)
    _, number, client = open_entry(hub, seal(files={"clip.mp4": broken}))
    assert played(client, number).status_code == 415
    other = write_video(tmp_path / "other.mp4", convoy(2), 1.0, "libx265").read_bytes()
    _, second, client = open_entry(hub, seal(2, files={"clip.mp4": other}))
    assert played(client, second).status_code == 200


def test_while_space_is_short_copies_are_made_for_who_waits_alone(
    hub: HubWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = clip(tmp_path, "libx265")
    _, number, client = open_entry(hub, seal(files={"clip.mp4": original}), send=False)
    monkeypatch.setattr(viewing, "has_room", lambda _: False)
    Box(hub).send_all(seal(files={"clip.mp4": original}))
    while viewing._workshop(hub.parts.settings.evidence)._waiting:
        time.sleep(0.01)
    assert not copy_of(hub, original, ".mp4").exists()
    assert played(client, number).status_code == 200
