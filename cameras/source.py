"""Opening a source: what comes out is coded packets and decoded pictures with the stream's own times."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from cameras.clip import StoredPacket, StreamHeader
from cameras.errors import ErrorKind, StreamError, classify
from cameras.frame import Image
from cameras.settings import CameraSettings
from cameras.timeline import Awaited, Timeline, VideoPacket, with_first_time

log = logging.getLogger(__name__)

PICTURE_ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
_MOST_UNTIMED = 500
_JUMP_S = 10.0
"""A stream clock that leaps further than this, or back, was set anew."""


@dataclass(slots=True)
class Piece:
    """What one step of reading gave."""

    packet: StoredPacket | None
    """None for pictures of a folder, and at the end."""
    pictures: list[tuple[float, av.VideoFrame | Image]]
    """Decoded pictures with their seconds since the stream's first."""
    new_clock: bool = False
    """The stream's clock was set anew: times count from here."""


class Source(Protocol):
    """An open stream."""

    started_at: datetime | None
    """UTC time of the first picture, where the recording tells."""
    codec: str
    fps: float | None
    """What the stream says its rate is."""
    size: tuple[int, int]
    header: StreamHeader | None
    """For clips; None where there are no packets."""
    decode_errors: int
    """Pictures that could not be decoded."""

    def read(self) -> Iterator[Piece | None]:
        """The pieces of the stream to its end; None while it waits for a keyframe. Raises StreamError."""

    def close(self) -> None:
        """Give the connection back."""


def open_source(settings: CameraSettings) -> Source:
    """Connect to a camera or open a file or folder. Raises StreamError, which says the remedy."""
    if not settings.is_network and Path(settings.url).is_dir():
        return PictureFolder(settings)
    return Stream(settings)


class Stream:
    """A stream or file read with libav."""

    def __init__(self, settings: CameraSettings) -> None:
        self._where = settings.shown_url
        self._stall_s = settings.stall_timeout_s if settings.is_network else math.inf
        self._container = _open(settings)
        try:
            self._stream = _video_of(self._container, self._where)
        except StreamError:
            self._container.close()
            raise
        context = self._stream.codec_context
        # One thread decodes faster than the road moves; more would only take cores from the network.
        context.thread_count = 1
        self.codec = context.name
        self.size = (context.width, context.height)
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate else None
        self.header = _header_of(self._stream, self._where)
        self.started_at = _creation_time(self._container)
        self.decode_errors = 0
        self._tick_s = float(self._stream.time_base or 0) or 1 / 90_000
        step = max(round(1 / ((self.fps or 25.0) * self._tick_s)), 1)
        self._times = Timeline(step, round(_JUMP_S / self._tick_s))
        self._origin: int | None = None
        """Where the seconds of what the decoder holds count from."""
        self._awaited = Awaited()

    def read(self) -> Iterator[Piece | None]:
        """The pieces of the stream to its end; None while it waits for a keyframe. Raises StreamError."""
        for packet in with_first_time(self._packets(), self._times.step):
            if not packet.size:
                # The last one. Not broken off here: demux leaves memory behind when it is not read to its end.
                continue
            if self._times.take(packet):
                yield self._rest()
            if self._times.untimed > _MOST_UNTIMED:
                break
            if self._times.origin is None:
                yield None
                continue
            new_clock, self._origin = self._origin is None, self._times.origin
            yield Piece(self._store(packet), self._decode(packet), new_clock)
        if self._times.origin is None and self._times.untimed:
            what = f"{self._where}: its packets carry no times"
            raise StreamError(ErrorKind.BAD_DATA, what, "put it into an MP4 or MKV file, which keeps them")
        yield self._rest()

    def close(self) -> None:
        """Give the connection back."""
        self._container.close()

    def _packets(self) -> Iterator[VideoPacket]:
        packets = self._container.demux(self._stream)
        while True:
            asked = time.monotonic()
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:
                waited_s = time.monotonic() - asked
                raise classify(
                    error, where=self._where, running=True, waited_s=waited_s, timeout_s=self._stall_s
                ) from None
            if packet is None:
                return
            gave_up = time.monotonic() - asked >= self._stall_s
            yield packet
            if gave_up:
                # What libav still held came out as it stopped waiting; asked again, it would wait as long once more.
                raise StreamError(ErrorKind.TIMEOUT, f"{self._where}: no answer in time")

    def _store(self, packet: VideoPacket) -> StoredPacket:
        pts = packet.pts if packet.pts is not None else self._times.dts
        return StoredPacket(
            pts=pts,
            dts=self._times.dts,
            duration=packet.duration or self._times.step,
            keyframe=packet.is_keyframe,
            pts_s=self._seconds(pts),
            dts_s=self._seconds(self._times.dts),
            data=bytes(packet),
        )

    def _rest(self) -> Piece:
        """What the decoder still holds when a clock is over."""
        rest = Piece(None, self._decode(None))
        self._stream.codec_context.flush_buffers()
        self.decode_errors += self._awaited.give_up()
        self._origin = None
        return rest

    def _decode(self, packet: VideoPacket | None) -> list[tuple[float, av.VideoFrame | Image]]:
        if packet is not None and packet.pts is not None and self._seconds(packet.pts) >= 0:
            self._awaited.add(packet.pts)
        try:
            frames = self._stream.codec_context.decode(packet)
        except av.FFmpegError:
            # The picture stays awaited, and is counted when a later one comes.
            return []
        pictures: list[tuple[float, av.VideoFrame | Image]] = []
        for frame in frames:
            if frame.pts is None:
                self.decode_errors += 1
            elif (seconds := self._seconds(frame.pts)) >= 0 and self._awaited.is_next(frame.pts):
                # Those of before the first keyframe are made of what was not there.
                pictures.append((seconds, frame))
                self.decode_errors += self._awaited.come(frame.pts)
        return pictures

    def _seconds(self, pts: int) -> float:
        return (pts - (self._origin or 0)) * self._tick_s


class PictureFolder:
    """The pictures of a folder in the order of their names."""

    codec = "pictures"
    header: StreamHeader | None = None

    def __init__(self, settings: CameraSettings) -> None:
        folder = Path(settings.url)
        self._paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURE_ENDINGS and p.is_file())
        if not self._paths:
            raise StreamError(ErrorKind.NO_VIDEO, f"{folder}: no pictures ({', '.join(sorted(PICTURE_ENDINGS))})")
        self.fps: float | None = settings.picture_fps
        self.started_at: datetime | None = None
        self.decode_errors = 0
        first = next((p for p in map(_read_picture, self._paths) if p is not None), None)
        if first is None:
            raise StreamError(ErrorKind.BAD_DATA, f"{folder}: none of its pictures can be read")
        self.size = (first.shape[1], first.shape[0])

    def read(self) -> Iterator[Piece | None]:
        """The pictures; those that cannot be read are counted and passed over."""
        for index, path in enumerate(self._paths):
            picture = _read_picture(path)
            if picture is None:
                self.decode_errors += 1
            else:
                yield Piece(None, [(index / (self.fps or 1.0), picture)])

    def close(self) -> None:
        """Nothing is held."""


def _open(settings: CameraSettings) -> InputContainer:
    options: dict[str, str] = {}
    if settings.url.startswith("rtsp"):
        # Without fpsprobesize libav gathers 20 frames before the first is handed out.
        options = {"rtsp_transport": "tcp", "allowed_media_types": "video", "fpsprobesize": "0"}
    asked = time.monotonic()
    try:
        return av.open(
            settings.connect_url(),
            options=options,
            timeout=(settings.connect_timeout_s, settings.stall_timeout_s) if settings.is_network else None,
        )
    except av.FFmpegError as error:
        raise classify(
            error,
            where=settings.shown_url,
            running=False,
            waited_s=time.monotonic() - asked,
            timeout_s=settings.connect_timeout_s,
        ) from None


def _video_of(container: InputContainer, where: str) -> VideoStream:
    if not container.streams.video:
        kinds = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
        raise StreamError(ErrorKind.NO_VIDEO, f"{where}: no video in it, only {kinds}")
    stream = container.streams.video[0]
    if stream.codec_context is None or not stream.codec_context.width:
        name = "an unknown codec" if stream.codec_context is None else stream.codec_context.name
        raise StreamError(ErrorKind.BAD_CODEC, f"{where}: cannot decode {name}")
    return stream


def _header_of(stream: VideoStream, where: str) -> StreamHeader | None:
    try:
        return StreamHeader(stream)
    except ValueError as error:
        log.warning("%s: no clips can be kept: %s; %s", where, error, "set the camera to H.264 or H.265")
        return None


def _creation_time(container: InputContainer) -> datetime | None:
    text = container.metadata.get("creation_time")
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def _read_picture(path: Path) -> Image | None:
    data = np.fromfile(path, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    return None if picture is None else picture.astype(np.uint8, copy=False)
