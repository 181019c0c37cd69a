"""The cameras' last pictures on the hub's wall: small, new, as often as the hub asks, at no cost to the pipeline."""

from __future__ import annotations

import time
from datetime import timedelta
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cameras import Frame, Image
from edge.uploads.frames import LastFrames
from leads.uploads import FRAME_BYTES
from tests.unit.edge.offices import wait_until
from tests.unit.edge.uploads.conftest import NIGHT, Post

NOISE = np.random.default_rng(7)


def frame(camera: str, second: float = 0.0, image: Image | None = None) -> Frame:
    """A frame as the decoder gives it: planes, not yet converted."""
    colours = image if image is not None else np.full((1080, 1920, 3), (200, 40, 40), np.uint8)
    picture = av.VideoFrame.from_ndarray(colours, format="rgb24").reformat(format="yuv420p")
    picture.pts, picture.time_base = round(second * 10), Fraction(1, 10)
    return Frame(camera, 0, round(second * 10), second, NIGHT + timedelta(seconds=second), picture)


def read(jpeg: bytes) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


def test_a_picture_is_made_small_and_keeps_its_colours() -> None:
    frames = LastFrames()
    frames.saw(frame("gate"))
    small = read(frames.jpeg(frames.pictures()["gate"].picture))
    assert small.shape == (360, 640, 3)
    assert np.allclose(small.mean((0, 1)), (40, 40, 200), atol=12), "blue, green, red"


def test_a_small_picture_keeps_its_size() -> None:
    assert read(LastFrames().jpeg(np.zeros((48, 64, 3), np.uint8))).shape == (48, 64, 3)


def test_even_noise_on_a_tall_picture_is_small_enough() -> None:
    noise = NOISE.integers(0, 255, (2000, 640, 3), np.uint8)
    assert len(LastFrames().jpeg(noise)) <= FRAME_BYTES


def test_a_picture_that_cannot_be_made_small_enough_is_told() -> None:
    with pytest.raises(ValueError, match="cannot be written as JPEG of"):
        LastFrames().jpeg(NOISE.integers(0, 255, (20_000, 640, 3), np.uint8))


def test_a_frame_that_is_seen_is_not_converted() -> None:
    seen = frame("gate")
    LastFrames().saw(seen)
    assert seen._image is None


def test_each_camera_is_shown_once_and_again_when_it_has_a_new_picture(post: Post) -> None:
    uploader = post.start()
    uploader.saw(frame("gate"))
    uploader.saw(frame("gate", 1))
    uploader.saw(frame("layby"))
    uploader.ask_soon()
    wait_until(lambda: len(post.hub.frames) == 2)
    assert {camera for camera, _, _ in post.hub.frames} == {"gate", "layby"}
    post.hub.frames_every_s = 1.0
    uploader.ask_soon()
    time.sleep(0.1)
    uploader.saw(frame("gate", 2))
    wait_until(lambda: len(post.hub.frames) == 3)
    first, _, third = sorted(post.hub.frames, key=lambda shown: shown[2])
    assert third[0] == "gate"
    assert third[2] - first[2] > 0.9, "at the hub's rate"
    uploader.ask_soon()
    time.sleep(0.3)
    assert len(post.hub.frames) == 3, "an old picture is not sent as a new one"


def test_pictures_and_files_take_turns(post: Post) -> None:
    post.want("clip.mp4", bytes(300_000))
    uploader = post.uploader(most_bytes_per_s=400_000, chunk_bytes=16_384)
    for number in range(4):
        uploader.saw(frame(f"camera-{number}", image=NOISE.integers(0, 255, (540, 960, 3), np.uint8)))
    uploader.start()
    wait_until(lambda: len(post.hub.frames) == 4)
    shown = [request.split()[0] for request in post.hub.requests]
    assert "PUT PUT" not in " ".join(shown), "no picture before a piece of the file has gone"
    assert not post.hub.whole("clip.mp4"), "and none waits for all of it"


def test_where_frames_are_off_none_is_kept_or_sent(post: Post) -> None:
    post.want("panorama-1.jpg", b"picture")
    uploader = post.uploader(frames=False)
    uploader.saw(frame("gate"))
    uploader.start()
    began = time.monotonic()
    wait_until(lambda: uploader.nothing_left(began))
    assert post.hub.frames == []


def test_a_camera_that_the_hub_does_not_know_is_left_alone(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    post.hub.refuses["gate"] = 404
    post.hub.frames_every_s = 1.0
    uploader = post.uploader()
    uploader.saw(frame("gate"))
    uploader.saw(frame("layby"))
    uploader.start()
    wait_until(lambda: len(post.hub.frames) == 1)
    wait_until(lambda: uploader.tally.failures["picture"] == 1)
    uploader.saw(frame("gate", 1))
    uploader.ask_soon()
    time.sleep(0.2)
    assert sum("frames/gate" in request for request in post.hub.requests) == 1
    assert "the hub gets no picture of camera gate: status 404" in caplog.text
    assert list(uploader.tally.problems()) == []
