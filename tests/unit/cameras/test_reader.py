"""Reading files and folders, live and in replay, and what is said of sources that cannot be read."""

from __future__ import annotations

import contextlib
import gc
import random
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from cameras import CameraReader, CameraSettings, ErrorKind, Frame, StreamState
from cameras.backoff import Backoff
from cameras.mailbox import Mailbox
from tests.unit.cameras.films import FPS, HEIGHT, WIDTH, damage, film, number_of, picture, without_keyframes

START = "2026-03-01T08:00:00Z"


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film") / "road.mp4")


def reader_of(url: Path | str, **changes: Any) -> CameraReader:
    settings = CameraSettings.model_validate({"id": "cam", "url": str(url), "mode": "replay"} | changes)
    return CameraReader(settings, threading.Event(), Backoff(first_s=0.05, most_s=0.1))


def read_all(reader: CameraReader, pause_s: float = 0.0) -> list[Frame]:
    """Every frame that is waiting when asked for, until the stream has ended."""
    frames = []
    reader.start()
    until = time.monotonic() + 20
    while True:
        ended = reader.ended
        frame = reader.take()
        if frame is not None:
            frames.append(frame)
            time.sleep(pause_s)
        elif ended:
            return frames
        else:
            assert time.monotonic() < until, reader.status()
            time.sleep(0.001)


def numbers(frames: list[Frame]) -> list[int]:
    return [number_of(f.image) for f in frames]


def test_a_replay_gives_every_frame_however_slow_its_taker(road: Path) -> None:
    reader = reader_of(road, started_at=START)
    frames = read_all(reader, pause_s=0.002)
    assert numbers(frames) == list(range(60))
    assert [f.index for f in frames] == list(range(60))
    assert [f.pts_s for f in frames] == pytest.approx([i / FPS for i in range(60)])
    begun = datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert [f.captured_at for f in frames] == [begun + timedelta(seconds=f.pts_s) for f in frames]
    status = reader.status()
    assert (status.state, status.frames_decoded, status.frames_dropped) == (StreamState.ENDED, 60, 0)
    assert (status.codec, status.size, status.last_error) == ("h264", (WIDTH, HEIGHT), None)


def test_a_replay_is_the_same_every_time(road: Path) -> None:
    def seen() -> list[tuple[float, datetime, bytes]]:
        return [(f.pts_s, f.captured_at, f.image.tobytes()) for f in read_all(reader_of(road))]

    assert seen() == seen()


def test_a_recording_tells_when_it_was_made(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "film.mp4"), "w") as output:
        output.metadata["creation_time"] = "2025-05-06T07:08:09.000000Z"
        stream = output.add_stream("libx264", rate=FPS)
        stream.width, stream.height = WIDTH, HEIGHT
        frame = av.VideoFrame.from_ndarray(picture(1), format="rgb24")
        frame.pts, frame.time_base = 0, Fraction(1, FPS)
        output.mux([*stream.encode(frame), *stream.encode(None)])
    (only,) = read_all(reader_of(tmp_path / "film.mp4"))
    assert only.captured_at == datetime(2025, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_a_live_camera_s_newest_frame_wins_and_what_is_dropped_is_counted(tmp_path: Path) -> None:
    reader = reader_of(film(tmp_path / "short.mp4", frames=25), mode="live")
    began = time.monotonic()
    frames = read_all(reader, pause_s=0.35)
    took = time.monotonic() - began
    status = reader.status()
    assert took == pytest.approx(25 / FPS, abs=0.6), "a file that plays a camera keeps the camera's time"
    assert status.frames_decoded == 25
    assert status.frames_dropped == 25 - len(frames) > 10
    assert numbers(frames) == sorted(numbers(frames))
    age = [(f.captured_at - frames[0].captured_at).total_seconds() - (f.pts_s - frames[0].pts_s) for f in frames]
    assert max(map(abs, age)) < 0.1


def test_a_folder_of_pictures_plays_at_its_own_rate(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        cv2.imwrite(str(tmp_path / f"{number:03d}.png"), picture(number))
    (tmp_path / "002.png").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("not a picture either")
    (tmp_path / "004.png").mkdir()
    reader = reader_of(tmp_path, picture_fps=4, started_at=START)
    frames = read_all(reader)
    assert numbers(frames) == [1, 3]
    assert [f.pts_s for f in frames] == [0.0, 0.5]
    assert reader.status().decode_errors == 1
    assert reader.ring.reserve(0, 0.0, 1.0).write(tmp_path / "clip.mp4") is None


@pytest.mark.parametrize(("codec", "least"), [("libx264", 55), ("libx265", 40)])
def test_damaged_pictures_are_counted_and_the_rest_is_read(tmp_path: Path, codec: str, least: int) -> None:
    source = film(tmp_path / "film.mp4", codec=codec)
    damage(source, [15, 33], random.Random(1))
    reader = reader_of(source)
    frames = read_all(reader)
    assert least < len(frames) < 60
    assert {0, 1, 2, 57, 58, 59} <= {number_of(f.image) for f in frames}
    status = reader.status()
    assert (status.frames_decoded, status.decode_errors) == (len(frames), 60 - len(frames))
    assert np.diff([f.pts_s for f in frames]).min() > 0, "a picture that comes too late is left out"


def test_a_lost_stretch_is_stepped_over(tmp_path: Path) -> None:
    source = film(tmp_path / "film.ts", frames=120)
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = b"\x55" * 4000
    source.write_bytes(data)
    frames = read_all(reader_of(source))
    assert {0, 1, 2, 117, 118, 119} <= {number_of(f.image) for f in frames}
    assert len(frames) > 80


def test_a_clock_that_is_set_anew_begins_a_new_session(tmp_path: Path) -> None:
    late = film(tmp_path / "late.ts", first_pts=36000).read_bytes()
    early = film(tmp_path / "early.ts").read_bytes()
    (tmp_path / "both.ts").write_bytes(late + early)
    frames = read_all(reader_of(tmp_path / "both.ts", started_at=START))
    assert [f.session for f in frames if f.index == 0] == [0, 1]
    for session in (0, 1):
        own = [f for f in frames if f.session == session]
        assert own[0].pts_s == pytest.approx(0.0)
        assert np.diff([f.pts_s for f in own]).min() > 0
        assert len(own) == 60
    times = [f.captured_at for f in frames]
    assert np.diff([t.timestamp() for t in times]).min() > 0.05, "what was recorded later was taken later"
    assert (times[-1] - times[0]).total_seconds() == pytest.approx(12, abs=1)


def drip(server: socket.socket, at_once: bytes, slowly: bytes) -> None:
    """Serve a film over HTTP: its beginning at once, the rest in small pieces."""
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n" + at_once)
        for i in range(0, len(slowly), 564):
            connection.sendall(slowly[i : i + 564])
            time.sleep(0.02)


@pytest.fixture
def no_keyframes_any_more(tmp_path: Path) -> Iterator[str]:
    """A camera whose clock is set anew, and no keyframe follows."""
    before = film(tmp_path / "before.ts", frames=30, gop=30, first_pts=36000).read_bytes()
    after = without_keyframes(tmp_path / "after.ts", film(tmp_path / "all.ts", frames=1500, gop=1500)).read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=drip, args=(server, before, after), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/live.ts"


def test_a_camera_that_sends_but_gives_no_picture_has_stalled(no_keyframes_any_more: str) -> None:
    reader = reader_of(no_keyframes_any_more, mode="live", stall_timeout_s=0.5, connect_timeout_s=5)
    reader.start()
    until = time.monotonic() + 10
    while (error := reader.status().last_error) is None:
        assert time.monotonic() < until, reader.status()
        time.sleep(0.01)
    status = reader.status()
    reader.stop()
    assert (error.kind, status.stalls, status.frames_decoded) == (ErrorKind.TIMEOUT, 1, 30)
    assert "no frame for" in str(error)


def test_a_camera_that_sends_but_gives_no_picture_is_left_at_once(no_keyframes_any_more: str) -> None:
    reader = reader_of(no_keyframes_any_more, mode="live", stall_timeout_s=30, connect_timeout_s=5)
    reader.start()
    until = time.monotonic() + 10
    while reader.status().frames_decoded < 28:
        assert time.monotonic() < until, reader.status()
        time.sleep(0.01)
    time.sleep(0.2)
    began = time.monotonic()
    reader.stop()
    assert time.monotonic() - began < 0.5
    assert reader.ended


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources that cannot be read."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "text.mp4").write_text("not a film")
    (folder / "empty").mkdir()
    (folder / "dark").mkdir()
    (folder / "dark" / "1.jpg").write_bytes(b"")
    with av.open(str(folder / "sound.wav"), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        output.mux(stream.encode(sound))
    film(folder / "raw.h264")
    without_keyframes(folder / "headless.mkv", film(folder / "whole.mkv", frames=20, gop=20))
    whole = film(folder / "whole.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("missing.mp4", ErrorKind.NOT_FOUND, "No such file"),
        ("text.mp4", ErrorKind.BAD_DATA, "names a video"),
        ("empty", ErrorKind.NO_VIDEO, "no pictures"),
        ("dark", ErrorKind.BAD_DATA, "none of its pictures can be read"),
        ("sound.wav", ErrorKind.NO_VIDEO, "no video in it, only audio"),
        ("raw.h264", ErrorKind.BAD_DATA, "its packets carry no times: put it into an MP4"),
        ("headless.mkv", ErrorKind.BAD_DATA, "no picture in it can be decoded"),
        ("cut.mp4", ErrorKind.BAD_DATA, "the file is whole"),
    ],
)
def test_a_source_that_cannot_be_read_says_why(broken: Path, name: str, kind: ErrorKind, says: str) -> None:
    reader = reader_of(broken / name)
    assert read_all(reader) == []
    error = reader.status().last_error
    assert error is not None
    assert (error.kind, says in str(error), name in str(error)) == (kind, True, True), error


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("401 Unauthorized", ErrorKind.AUTH),
        ("403 Forbidden", ErrorKind.AUTH),
        ("404 Not Found", ErrorKind.NOT_FOUND),
        ("503 Service Unavailable", ErrorKind.BUSY),
        ("453 Not Enough Bandwidth", ErrorKind.OTHER),
        ("461 Unsupported Transport", ErrorKind.OTHER),
        ("400 Bad Request", ErrorKind.OTHER),
    ],
)
def test_what_a_camera_answers_is_understood(answer: str, kind: ErrorKind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2!")
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer, args=(server, answer), daemon=True).start()
        url = f"rtsp://127.0.0.1:{server.getsockname()[1]}/stream"
        reader = reader_of(url, mode="live", user="guard", password_env="SECRET")
        reader.start()
        until = time.monotonic() + 10
        while (error := reader.status().last_error) is None:
            assert time.monotonic() < until
            time.sleep(0.01)
        reader.stop()
    assert error.kind is kind
    assert ("close other viewers" in str(error)) is (kind is ErrorKind.OTHER)
    assert "hunter2" not in str(error)
    assert reader.ended


def test_a_camera_that_refuses_the_password_is_asked_seldom() -> None:
    def tries(status: str) -> int:
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=_answer, args=(server, status), daemon=True).start()
            settings = CameraSettings(id="cam", url=f"rtsp://127.0.0.1:{server.getsockname()[1]}/x")
            doorbell, states = threading.Event(), 0
            reader = CameraReader(settings, doorbell, Backoff(first_s=0.02, most_s=30))
            reader.start()
            until = time.monotonic() + 0.8
            while time.monotonic() < until:
                if doorbell.wait(0.05):
                    doorbell.clear()
                    states += reader.status().state is StreamState.LOST
            reader.stop()
        return states

    assert tries("401 Unauthorized") == 1
    assert tries("404 Not Found") > 2


def _answer(server: socket.socket, status: str) -> None:
    """Answer every request on every connection with one status."""
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            while request := connection.recv(4096).decode():
                number = next(line for line in request.split("\r\n") if line.lower().startswith("cseq"))
                connection.send(f"RTSP/1.0 {status}\r\n{number}\r\n\r\n".encode())


def test_a_connection_that_broke_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2!")
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_break_off, args=(server, film(tmp_path / "film.ts")), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/live.ts"
        reader = reader_of(url, mode="live", user="guard", password_env="SECRET")
        reader.start()
        until = time.monotonic() + 10
        while reader.status().reconnects < 8 or reader.status().last_error is None:
            assert time.monotonic() < until, reader.status()
            time.sleep(0.001)
        error = reader.status().last_error
        reader.stop()
    assert error is not None
    assert (error.kind, error.__context__, error.__traceback__) == (ErrorKind.CUT, None, None)
    gc.collect()
    held = [o for o in gc.get_objects() if isinstance(o, av.container.InputContainer)]
    assert len(held) <= 2, "connections are kept"


def _break_off(server: socket.socket, path: Path) -> None:
    """Serve a film to everybody, and break off before the end that was promised."""
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 9999999\r\n\r\n" + path.read_bytes())


class _Faulty(Backoff):
    def next_s(self) -> float:
        raise ArithmeticError("a fault of the programme")


def test_a_fault_inside_comes_out_where_frames_are_taken() -> None:
    settings = CameraSettings(id="cam", url="rtsp://127.0.0.1:1/nobody")
    reader = CameraReader(settings, threading.Event(), _Faulty())
    reader.start()
    until = time.monotonic() + 5
    while not reader.ended and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(ArithmeticError, match="a fault of the programme"):
        reader.take()


def test_stopping_a_replay_that_nobody_takes_from_is_prompt(road: Path) -> None:
    reader = reader_of(road)
    reader.start()
    time.sleep(0.1)
    began = time.monotonic()
    reader.stop()
    assert time.monotonic() - began < 0.5
    assert reader.ended


def test_stopping_many_cameras_that_do_not_answer_is_prompt() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x"
        readers = [reader_of(url, mode="live", connect_timeout_s=30) for _ in range(8)]
        for reader in readers:
            reader.start()
        time.sleep(0.3)
        began = time.monotonic()
        for reader in readers:
            reader.stop()
        assert time.monotonic() - began < 2.5


def test_the_mailbox_of_a_live_camera_has_one_place(road: Path) -> None:
    first, second, *_ = read_all(reader_of(road))
    box = Mailbox(None)
    assert box.take() is None
    box.put(first)
    box.put(second)
    assert (box.take(), box.take(), box.dropped) == (second, None, 1)


def test_a_full_mailbox_makes_its_giver_wait_until_it_is_closed(road: Path) -> None:
    frames = read_all(reader_of(road))
    box = Mailbox(2)

    def give() -> None:
        for frame in frames[:4]:
            box.put(frame)

    giver = threading.Thread(target=give)
    giver.start()
    time.sleep(0.05)
    assert giver.is_alive()
    assert [box.take(), box.take()] == frames[:2]
    giver.join(1)
    assert not giver.is_alive()
    blocked = threading.Thread(target=box.put, args=(frames[5],))
    blocked.start()
    box.close()
    blocked.join(1)
    assert not blocked.is_alive()
    assert [box.take(), box.take(), box.take()] == [frames[2], frames[3], None]
