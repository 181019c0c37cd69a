"""The cameras' last pictures, for the hub's wall: kept by reference, made small by who sends them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from cameras import Frame, Image
from edge.uploads.client import HubDoor
from edge.uploads.pace import Pace
from leads.uploads import FRAME_BYTES

WIDTH: Final = 640
"""Most pixels across."""
_QUALITIES: Final = (70, 40, 15)
"""JPEG qualities; the first that gives a picture small enough is taken."""


@dataclass(frozen=True, slots=True)
class LastPicture:
    """What a camera saw last, in the decoder's own planes: no full picture is converted for it."""

    taken_at: datetime
    picture: av.VideoFrame | Image


class LastFrames:
    """One picture per camera. `saw` costs the pipeline next to nothing; the rest is for one other thread."""

    def __init__(self) -> None:
        self._pictures: dict[str, LastPicture] = {}
        self._mutex = threading.Lock()
        self._reformatter = VideoReformatter()

    def saw(self, frame: Frame) -> None:
        """The newest frame of its camera."""
        with self._mutex:
            self._pictures[frame.camera] = LastPicture(frame.captured_at, frame.picture)

    def pictures(self) -> dict[str, LastPicture]:
        """Each camera's last one."""
        with self._mutex:
            return dict(self._pictures)

    def jpeg(self, picture: av.VideoFrame | Image) -> bytes:
        """A picture as JPEG, at most `WIDTH` across and `FRAME_BYTES` long.

        Raises ValueError for one that cannot be made so small.
        """
        image = self._small(picture)
        for quality in _QUALITIES:
            done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if done and data.size <= FRAME_BYTES:
                return data.tobytes()
        raise ValueError(f"a picture of shape {image.shape} cannot be written as JPEG of {FRAME_BYTES} bytes")

    def _small(self, picture: av.VideoFrame | Image) -> Image:
        """BGR, uint8 (height, width, 3)."""
        if isinstance(picture, av.VideoFrame):
            size = _size(picture.width, picture.height)
            small = self._reformatter.reformat(picture, *size, "bgr24", threads=1)
            return small.to_ndarray().astype(np.uint8, copy=False)
        size = _size(picture.shape[1], picture.shape[0])
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _size(width: int, height: int) -> tuple[int, int]:
    small = min(WIDTH, width)
    return small, max(1, round(height * small / width))


@dataclass(frozen=True, slots=True)
class Due:
    """A picture to send, and when (monotonic)."""

    camera: str
    at: float


class FrameSender:
    """Sends each camera's picture at the hub's rate; one that was sent is not sent again as new."""

    def __init__(
        self, door: HubDoor, frames: LastFrames, pace: Pace, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._door = door
        self._frames = frames
        self._pace = pace
        self._monotonic = monotonic
        self._sent: dict[str, tuple[float, datetime]] = {}
        """By camera, when its picture was sent and which."""

    def next(self, every_s: float) -> Due | None:
        """The picture that is due first; None where no camera has a new one."""
        due: list[Due] = []
        for camera, last in self._frames.pictures().items():
            sent_at, taken_at = self._sent.get(camera, (-math.inf, None))
            if last.taken_at != taken_at:
                due.append(Due(camera, sent_at + every_s))
        return min(due, key=lambda one: one.at, default=None)

    def send(self, camera: str) -> None:
        """Send a camera's picture. Raises ValueError, FileRefusedError, and what the door raises."""
        last = self._frames.pictures()[camera]
        self._sent[camera] = self._monotonic(), last.taken_at
        jpeg = self._frames.jpeg(last.picture)
        began = self._monotonic()
        self._door.show(camera, jpeg)
        self._pace.sent(len(jpeg), self._monotonic() - began)

    def rest(self, camera: str, rest_s: float) -> None:
        """Leave a camera whose picture the hub does not take alone for a while."""
        self._sent[camera] = self._monotonic() + rest_s, self._sent[camera][1]
