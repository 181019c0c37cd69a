"""Evidence of a real box comes whole to a hub that runs as a service, whatever is cut on the way."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import numpy as np
import pytest
import sqlalchemy as sa
from av.video.stream import VideoStream

from edge.outbox import Outbox
from edge.settings import load_site
from edge.uploads.client import HubDoor
from edge.uploads.settings import UploadSettings
from edge.uploads.uploader import Uploader
from hub.box_keys import BoxKeys
from hub.cases.settings import CaseSettings
from hub.evidence.files import Evidence, ask_for, evidences
from hub.evidence.vault import vault_of
from hub.parts import HubParts
from hub.settings import HubSettings
from hub.store.audit import AuditLog
from hub.store.database import Database, now_ms
from hub.store.tables import cameras, entries
from leads import load_private_key
from leads.settings_file import load_settings
from tests.hub_worlds import CASES
from tests.integration.brokers import Mosquitto, eventually
from tests.integration.house import Process
from tests.integration.served import Served
from tests.unit.edge.boxes import Scene, make_box
from tests.world import FPS, HEIGHT, WIDTH, Drive, picture, write_site

TRUCKS = [Drive(3.0, 1), Drive(6.5, 1)]


def write_road(path: Path) -> Path:
    """The road with a patch of grain in a corner, so that a clip has some hundred kilobytes, as a real one has more."""
    grain = np.random.default_rng(3)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = FPS
        stream.options = {"crf": "16", "preset": "ultrafast"}
        for index in range(11 * FPS):
            image = picture(TRUCKS, index / FPS)
            image[:64, :64] = grain.integers(0, 255, (64, 64, 1), np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


class Way:
    """A box that watched two trucks, and the hub that is to get their evidence."""

    def __init__(self, folder: Path, mosquitto: Mosquitto) -> None:
        self.box = folder / "box"
        self.video = write_road(folder / "road.mp4")
        self.broker = mosquitto.settings().model_dump(mode="json", exclude_defaults=True)
        self.write_site()
        hub = folder / "hub"
        shutil.copytree(self.box / "hub/keys", hub / "boxes")
        self.served = Served(hub, mosquitto)

    @property
    def scene(self) -> Scene:
        """What the box has."""
        return Scene(self.box)

    def write_site(self, **changes: Any) -> Path:
        """The box's site file, written anew."""
        return write_site(self.box, self.video, broker=self.broker, **changes)

    def uploads(self, **settings: Any) -> dict[str, Any]:
        """Settings that send to the hub."""
        return {"url": self.served.address, **settings}

    def watch(self, **changes: Any) -> None:
        """Run the box in this process until it has seen the video and delivered what there is to deliver."""
        make_box(self.write_site(**changes)).run(threading.Event())

    @contextmanager
    def parts(self) -> Iterator[HubParts]:
        """The parts of the hub, seen from here."""
        settings = load_settings(self.served.file, HubSettings)
        with Database(settings.store).open() as database:
            cases = load_settings(CASES, CaseSettings)
            yield HubParts(settings, cases, database, AuditLog(database, None), BoxKeys(settings.box_keys), now_ms)

    def evidence(self) -> list[Evidence]:
        """What the hub knows of each lead's evidence."""
        with self.parts() as parts, parts.database.read() as connection:
            return evidences(connection, sa.true())

    def held(self, kind: str) -> list[bool]:
        """Of each file of this kind, whether the hub holds it."""
        return [f.held_ms is not None for e in self.evidence() for f in e.files if f.kind == kind]

    def part_bytes(self, name: str) -> int:
        """Bytes of files of this name that are on their way."""
        return sum(p.stat().st_size for p in (self.served.folder / "evidence/parts").glob(f"*.{name}"))

    def assert_whole(self) -> None:
        """Byte by byte, the hub has what lies on the box."""
        known = self.evidence()
        assert sorted(e.entry_id for e in known) == [folder.name for folder in self.scene.folders]
        with self.parts() as parts:
            vault = vault_of(parts.settings.evidence)
            for evidence in known:
                assert evidence.complete
                folder = self.box / "evidence" / evidence.folder
                assert {f.name for f in evidence.files} == {p.name for p in folder.iterdir()}
                for file in evidence.files:
                    if file.name == "lead.json":
                        continue
                    assert file.sha256 is not None
                    with vault.open(file.sha256) as there:
                        assert there.read() == (folder / file.name).read_bytes(), file.name


@pytest.fixture
def way(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Way]:
    """With the hub running."""
    way = Way(tmp_path, mosquitto)
    with way.served.running():
        yield way


class QuickUploader(Uploader):
    """One that does not wait long before it tries again."""

    BACKOFF_S = (0.05, 0.2)


@contextmanager
def uploading(way: Way, outbox: Outbox, **settings: Any) -> Iterator[Uploader]:
    """An uploader as the box has it."""
    site = load_site(way.write_site())
    chosen = UploadSettings.model_validate(way.uploads(**settings))
    door = HubDoor(chosen, (site.site, site.box), load_private_key(site.keys.box), lambda: datetime.now(UTC))
    uploader = QuickUploader(chosen, door, site.evidence.folder, outbox, site.zone_info)
    uploader.start()
    try:
        yield uploader
    finally:
        uploader.stop()


def test_a_lead_is_there_before_its_evidence_which_comes_whole_over_breaks(way: Way) -> None:
    way.watch()
    with way.parts() as parts, parts.database.read() as connection:
        rows = connection.execute(sa.select(entries.c.state, entries.c.evidence)).all()
    assert [(row.state, row.evidence) for row in rows] == [("clue", 1)] * 2, "usable, with all evidence at the box"
    long_ago = datetime.now(UTC) - timedelta(days=90)
    with Outbox(way.box / "outbox.db") as outbox:
        assert outbox.closed_leads(long_ago) == []
        with uploading(way, outbox, most_bytes_per_s=60_000) as first:
            eventually(lambda: way.part_bytes("clip.mp4"), 30, what="the middle of a clip")
        assert True in way.held("panorama"), "pictures come before the clip"
        assert not all(way.held("clip"))
        began = time.monotonic()
        with uploading(way, outbox) as second:
            eventually(lambda: second.nothing_left(began), 30, what="the rest")
        assert list(second.tally.problems()) == []
        sizes = [p.stat().st_size for f in way.scene.folders for p in f.iterdir() if p.name != "lead.json"]
        assert first.tally.counts.bytes + second.tally.counts.bytes == pytest.approx(sum(sizes), abs=60_000), (
            "but for the piece that was cut, nothing goes twice"
        )
        assert outbox.closed_leads(long_ago) == [folder.name for folder in way.scene.folders], "it may make room now"
    way.assert_whole()


def test_a_box_killed_in_the_middle_of_a_clip_ends_its_work_when_it_is_started_again(way: Way, tmp_path: Path) -> None:
    site = way.write_site(uploads=way.uploads(most_bytes_per_s=60_000))
    box = Process(["edge", "run", str(site)], tmp_path / "box.log")
    try:
        eventually(lambda: way.part_bytes("clip.mp4"), 60, what="the middle of a clip")
    finally:
        box.kill()
    assert not all(way.held("clip"))
    way.watch(uploads=way.uploads())
    way.assert_whole()
    with way.parts() as parts, parts.database.read() as connection:
        frames = connection.execute(sa.select(cameras.c.camera_id, cameras.c.frame)).all()
    ((camera, frame),) = frames
    assert camera == "gate"
    assert frame.startswith(b"\xff\xd8\xff"), "the wall shows the camera's last picture"


def test_a_clip_that_waits_for_its_hours_comes_when_somebody_asks_for_it(way: Way) -> None:
    local = datetime.now(ZoneInfo("Asia/Shanghai"))
    later = f"{local + timedelta(hours=6):%H:%M}-{local + timedelta(hours=7):%H:%M}"
    way.watch(uploads=way.uploads(clip_hours=[later]))
    assert not any(way.held("clip"))
    assert all(way.held("panorama"))
    asked = way.evidence()[0]
    clip = asked.file("clip.mp4")
    assert clip is not None
    with way.parts() as parts:
        ask_for(parts, asked.number, clip)
    with Outbox(way.box / "outbox.db") as outbox, uploading(way, outbox, clip_hours=[later]):
        eventually(lambda: any(way.held("clip")), what="the clip")
    assert sorted(way.held("clip")) == [False, True], "and the other waits"
