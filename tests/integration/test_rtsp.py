"""Cameras over real RTSP: they stop, stall, come back, and ask for a password."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import av
import numpy as np
import pytest

from cameras import CameraReader, CameraSettings, ErrorKind, Frame, StreamState
from cameras.backoff import Backoff
from cameras.clip import grab
from tests.integration.rtsp import RtspServer
from tests.unit.cameras.films import film, number_of
from tests.world import FPS, HEIGHT, WIDTH, convoy, write_video

SECRET = "p@ss:w0rd/?"


@pytest.fixture(scope="session")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of H.264."""
    return write_video(tmp_path_factory.mktemp("road") / "road.mp4", convoy(15), 60)


@pytest.fixture(scope="session")
def road_h265(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of H.265."""
    return write_video(tmp_path_factory.mktemp("road") / "road-h265.mp4", convoy(7), 30, codec="libx265")


@pytest.fixture
def server(road: Path) -> Iterator[RtspServer]:
    with RtspServer({"road": road}) as server:
        yield server


class Watcher:
    """Takes frames of a camera as the box does, and keeps them."""

    def __init__(self, url: str, **changes: object) -> None:
        self.doorbell = threading.Event()
        settings = CameraSettings.model_validate(
            {"id": "cam", "url": url, "stall_timeout_s": 1.5, "connect_timeout_s": 1.5, **changes}
        )
        self.reader = CameraReader(settings, self.doorbell, Backoff(first_s=0.1, most_s=0.3))
        self.frames: list[Frame] = []

    def until(self, what: Callable[[], bool], within_s: float = 15.0) -> None:
        """Take frames until something is so."""
        deadline = time.monotonic() + within_s
        while not what():
            assert time.monotonic() < deadline, self.reader.status()
            self.doorbell.wait(0.05)
            self.doorbell.clear()
            frame = self.reader.take()
            if frame is not None:
                self.frames.append(frame)

    def until_state(self, state: StreamState, within_s: float = 15.0) -> None:
        """Take frames until the stream is in a state."""
        self.until(lambda: self.reader.status().state is state, within_s)

    def until_frames(self, more: int) -> None:
        """Take so many more frames."""
        wanted = len(self.frames) + more
        self.until(lambda: len(self.frames) >= wanted)


@contextmanager
def watching(url: str, **changes: object) -> Iterator[Watcher]:
    watcher = Watcher(url, **changes)
    watcher.reader.start()
    try:
        yield watcher
    finally:
        watcher.reader.stop()


@contextmanager
def black_hole() -> Iterator[str]:
    """Address of a camera that does not even take the connection, as behind a dead cable."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as waiting:
        for _ in range(4):
            filler = waiting.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        yield f"rtsp://127.0.0.1:{server.getsockname()[1]}/x"


def test_frames_come_with_the_time_they_were_taken(server: RtspServer) -> None:
    with watching(server.url("road")) as watcher:
        watcher.until_frames(30)
        arrived = datetime.now(UTC)
        status = watcher.reader.status()
    frames = watcher.frames
    assert status.fps == pytest.approx(FPS, rel=0.01)
    assert (status.codec, status.size, status.last_error) == ("h264", (WIDTH, HEIGHT), None)
    assert frames[-1].image.shape == (HEIGHT, WIDTH, 3)
    assert abs((arrived - frames[-1].captured_at).total_seconds()) < 0.5
    steps = np.diff([f.pts_s for f in frames[5:]])
    assert steps.min() > 0
    assert np.median(steps) == pytest.approx(1 / FPS, abs=0.01)
    apart = (frames[-1].captured_at - frames[10].captured_at).total_seconds()
    assert apart == pytest.approx(frames[-1].pts_s - frames[10].pts_s, abs=0.06)


@pytest.mark.parametrize(("name", "codec"), [("h264", "libx264"), ("h265", "libx265")])
def test_not_even_the_first_picture_is_lost_however_rare_the_keyframes(name: str, codec: str, tmp_path: Path) -> None:
    # So-called smart codecs send a keyframe every ten seconds or more: nobody can wait for the second.
    source = film(tmp_path / "film.mp4", frames=120, codec=codec, gop=1000)
    with RtspServer({name: source}) as server, watching(server.url(name), stall_timeout_s=2) as watcher:
        watcher.until_frames(35)
        status = watcher.reader.status()
        clip = watcher.reader.ring.reserve(0, 0.0, 2.0)
        assert clip.write(tmp_path / "clip.mp4") is not None
    assert (status.session, status.stalls, status.decode_errors) == (0, 0, 0)
    assert number_of(watcher.frames[0].image) < 10
    assert [round(f.pts_s * FPS) for f in watcher.frames] == [number_of(f.image) for f in watcher.frames]
    wanted = [0.0, 0.1, 0.7, 1.9]
    assert [number_of(image) for image in grab(tmp_path / "clip.mp4", wanted)] == [0, 1, 7, 19]


def test_a_camera_that_is_switched_off_is_found_again(server: RtspServer) -> None:
    with watching(server.url("road")) as watcher:
        watcher.until_frames(5)
        server.stop()
        watcher.until_state(StreamState.LOST)
        error = watcher.reader.status().last_error
        assert error is not None
        assert error.kind in {ErrorKind.CUT, ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT}
        time.sleep(1.0)
        server.start()
        watcher.until_state(StreamState.RUNNING)
        watcher.until_frames(5)
        status = watcher.reader.status()
    assert (status.session, status.reconnects, status.last_error) == (1, 1, None)
    assert {f.session for f in watcher.frames} == {0, 1}
    assert next(f.index for f in watcher.frames if f.session == 1) < 5


def test_a_camera_that_says_nothing_any_more_is_connected_anew(server: RtspServer) -> None:
    with watching(server.url("road")) as watcher:
        watcher.until_frames(5)
        server.stall()
        began = time.monotonic()
        watcher.until_state(StreamState.STALLED)
        watcher.until_state(StreamState.LOST)
        assert time.monotonic() - began == pytest.approx(1.5, abs=0.4)
        status = watcher.reader.status()
        assert status.stalls == 1
        assert status.last_error is not None
        assert status.last_error.kind is ErrorKind.TIMEOUT
        server.go_on()
        watcher.until(lambda: watcher.reader.status().session == 1)
        watcher.until_frames(3)


@pytest.mark.parametrize("digest", [False, True])
def test_a_password_is_given_and_never_shown(
    road: Path,
    digest: bool,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text(SECRET + "\n")
    wrong.write_text("not-" + SECRET)
    with RtspServer({"road": road}, login=f"guard:{SECRET}", digest=digest) as server:
        with watching(server.url("road"), user="guard", password_file=right) as watcher:
            watcher.until_frames(3)
        for login in ({"user": "guard", "password_file": wrong}, {}):
            with watching(server.url("road"), **login) as refused:
                refused.until_state(StreamState.LOST)
                status = refused.reader.status()
            assert status.last_error is not None
            assert status.last_error.kind is ErrorKind.AUTH
            assert "password_file" in str(status.last_error)
            assert SECRET not in f"{status!r} {status.last_error} {caplog.text}"
            assert "guard" not in str(status.last_error)
    said = capfd.readouterr()
    assert SECRET not in said.out + said.err + caplog.text
    assert quote(SECRET, safe="") not in said.out + said.err + caplog.text


def test_what_is_wrong_with_an_address_is_said(server: RtspServer) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        socket.create_server(("127.0.0.1", 0)) as closed,
        black_hole() as hole,
    ):
        port = closed.getsockname()[1]
        closed.close()
        cases = {
            server.url("nothing-here"): ErrorKind.NOT_FOUND,
            f"rtsp://127.0.0.1:{port}/x": ErrorKind.UNREACHABLE,
            f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x": ErrorKind.TIMEOUT,
            hole: ErrorKind.TIMEOUT,
            "rtsp://no-such-host.invalid/x": ErrorKind.UNREACHABLE,
        }
        for url, kind in cases.items():
            with watching(url) as watcher:
                watcher.until_state(StreamState.LOST)
                error = watcher.reader.status().last_error
            assert error is not None
            assert (url, error.kind) == (url, kind), error


def test_h265(road_h265: Path, tmp_path: Path) -> None:
    with RtspServer({"h265": road_h265}) as server, watching(server.url("h265"), ring_seconds=8) as watcher:
        watcher.until_frames(30)
        assert watcher.reader.status().codec == "hevc"
        _assert_clip_is_what_was_seen(watcher, tmp_path)


def test_a_clip_of_a_live_stream_holds_what_was_seen(server: RtspServer, tmp_path: Path) -> None:
    with watching(server.url("road"), ring_seconds=8) as watcher:
        watcher.until_frames(30)
        _assert_clip_is_what_was_seen(watcher, tmp_path)


def _assert_clip_is_what_was_seen(watcher: Watcher, folder: Path) -> None:
    """Reserve a clip from the past into the future, and hold its pictures against the frames taken."""
    now = watcher.frames[-1]
    clip = watcher.reader.ring.reserve(now.session, now.pts_s - 1.5, now.pts_s + 1.5)
    assert not clip.done
    watcher.until(lambda: clip.done)
    info = clip.write(folder / "clip.mp4")
    assert info is not None
    assert (info.complete, info.missing) == (True, None)
    assert 0 <= info.offset_s <= 1.0 + 1 / FPS, "a keyframe comes every second"
    assert info.start_s + info.offset_s == pytest.approx(now.pts_s - 1.5)
    seen = {round(f.pts_s, 2): f.image for f in watcher.frames}
    same = 0
    with av.open(str(folder / "clip.mp4")) as video:
        for frame in video.decode(video=0):
            image = seen.get(round(info.start_s + (frame.time or 0.0), 2))
            if image is not None:
                assert np.array_equal(frame.to_ndarray(format="bgr24"), image)
                same += 1
    assert same >= 20


def test_all_cameras_may_be_down_at_the_start(road: Path) -> None:
    server = RtspServer({"a": road, "b": road})
    with watching(server.url("a")) as a, watching(server.url("b")) as b:
        for watcher in (a, b):
            watcher.until_state(StreamState.LOST)
        server.start()
        for watcher in (a, b):
            watcher.until_frames(3)
            assert watcher.reader.status().session == 0
    server.stop()


def test_dead_cameras_slow_no_other(server: RtspServer) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as silent, black_hole() as hole:
        dead = [f"rtsp://127.0.0.1:{silent.getsockname()[1]}/{i}" for i in range(6)]
        readers = [Watcher(url) for url in [*dead, hole, "rtsp://no-such-host.invalid/x"]]
        for watcher in readers:
            watcher.reader.start()
        with watching(server.url("road")) as good:
            good.until_frames(25)
            dropped = good.reader.status().frames_dropped
            good.until_frames(40)
            arrivals = [f.captured_at.timestamp() for f in good.frames[25:]]
            status = good.reader.status()
        for watcher in readers:
            watcher.reader.stop()
    assert (len(arrivals) - 1) / (arrivals[-1] - arrivals[0]) == pytest.approx(FPS, rel=0.05)
    assert np.diff(arrivals).max() < 0.3
    assert status.frames_dropped == dropped


@pytest.mark.parametrize("silent", [False, True])
def test_stopping_is_prompt(server: RtspServer, silent: bool) -> None:
    watcher = Watcher(server.url("road"), stall_timeout_s=30)
    watcher.reader.start()
    watcher.until_frames(3)
    if silent:
        server.stall()
        time.sleep(0.3)
    began = time.monotonic()
    watcher.reader.stop()
    assert time.monotonic() - began < (2.5 if silent else 0.5)
