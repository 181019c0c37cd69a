"""Small pictures in lists: of what is here, noted as seen, opening nothing."""

from __future__ import annotations

import hashlib
import struct
import zlib

import cv2
import numpy as np
import pytest
import sqlalchemy as sa

from hub.accounts.roles import Role
from hub.cases.listing import shown
from hub.evidence.pictures import PictureError, read_picture
from hub.evidence.vault import vault_of
from hub.store.tables import access, files
from tests.hub_worlds import HubWorld
from tests.unit.hub.casework import Bureau


def picture(width: int = 1920, height: int = 1080) -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()


def keep(hub: HubWorld, number: int, name: str, kind: str, content: bytes) -> str:
    """A file of an entry that is here; its hash."""
    digest = hashlib.sha256(content).hexdigest()
    part = hub.folder / "part"
    part.write_bytes(content)
    vault_of(hub.parts.settings.evidence).put(part, digest)
    with hub.parts.database.write() as connection:
        connection.execute(
            sa.insert(files).values(
                number=number, name=name, kind=kind, sha256=digest, bytes=len(content), held_ms=1, refused=0
            )
        )
    return digest


def looks(hub: HubWorld) -> list[tuple[str, str]]:
    with hub.parts.database.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(access.c.what, access.c.purpose))]


def test_the_best_picture_that_is_here_stands_for_an_entry_and_is_made_small(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    number, operator = bureau.lead(), bureau.people[Role.OPERATOR]
    client = hub.client(operator)

    def listed() -> str | None:
        with hub.parts.database.read() as connection:
            address: str | None = shown(connection, operator, [bureau.row(number)], hub.clock())[0]["thumb"]
            return address

    assert listed() is None
    assert client.get(f"/entries/{number}/thumb.jpg").status_code == 404
    keep(hub, number, "panorama-1.jpg", "panorama", picture())
    close = keep(hub, number, "close-up.jpg", "close_up", picture(400, 300))
    assert listed() == f"/entries/{number}/thumb.jpg"
    for _ in range(2):  # made, then taken from the folder
        answer = client.get(f"/entries/{number}/thumb.jpg")
        small = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
        assert small is not None
        assert (small.shape[:2], answer.headers["etag"]) == ((128, 171), f'"{close}"')


def test_that_a_thumbnail_was_seen_is_noted_once_a_shift_and_opens_nothing(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    number = bureau.lead()
    keep(hub, number, "panorama-1.jpg", "panorama", picture())
    client = hub.client(bureau.people[Role.OPERATOR])
    for _ in range(3):
        assert client.get(f"/entries/{number}/thumb.jpg").status_code == 200
    assert looks(hub) == [("thumbnail", "queue")]
    assert client.get(f"/entries/{number}/files/panorama-1.jpg").status_code == 403
    hub.clock.go(11 * 3600)
    hub.client(bureau.people[Role.OPERATOR]).get(f"/entries/{number}/thumb.jpg")
    hub.clock.go(2 * 3600)
    hub.client(bureau.people[Role.OPERATOR]).get(f"/entries/{number}/thumb.jpg")
    assert looks(hub) == [("thumbnail", "queue")] * 2


def test_what_is_no_picture_has_no_thumbnail(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    number = bureau.lead()
    keep(hub, number, "close-up.jpg", "close_up", b"no picture")
    assert hub.client(bureau.people[Role.OPERATOR]).get(f"/entries/{number}/thumb.jpg").status_code == 404


def test_a_picture_too_large_for_memory_is_not_decoded(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    bureau = Bureau(hub)
    number = bureau.lead()
    keep(hub, number, "panorama-1.jpg", "panorama", picture(400, 300))
    monkeypatch.setattr("hub.evidence.pictures.MOST_PIXELS", 400 * 300 - 1)
    assert hub.client(bureau.people[Role.OPERATOR]).get(f"/entries/{number}/thumb.jpg").status_code == 404


def test_a_picture_of_one_long_line_is_made_small_too(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    number = bureau.lead()
    keep(hub, number, "panorama-1.jpg", "panorama", picture(2000, 1))
    assert hub.client(bureau.people[Role.OPERATOR]).get(f"/entries/{number}/thumb.jpg").status_code == 200


def test_a_full_disk_hides_no_picture(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    number = bureau.lead()
    keep(hub, number, "panorama-1.jpg", "panorama", picture(400, 300))
    (hub.parts.settings.evidence.folder / "thumbs").write_bytes(b"no folder can be made here")
    assert hub.client(bureau.people[Role.OPERATOR]).get(f"/entries/{number}/thumb.jpg").status_code == 200


def test_a_picture_that_ffmpeg_gives_no_size_is_not_decoded() -> None:
    """A square of 30,000 px in 100 kB would fill gigabytes; FFmpeg, which is asked first, gives it no size at all."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    side = 30_000
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes((side + 7) // 8 + 1) * side, 1)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    with pytest.raises(PictureError, match="far too large"):
        read_picture(bomb)


@pytest.mark.parametrize(
    "content", [b"", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n", b"ffconcat version 1.0\nfile x\n"]
)
def test_what_only_leads_to_pictures_is_none(content: bytes) -> None:
    with pytest.raises(PictureError):
        read_picture(content)
