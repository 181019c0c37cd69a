"""Clips: packets into an MP4 without encoding them anew, and pictures out of one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.container
from av.video.stream import VideoStream

from cameras.errors import ErrorKind, StreamError
from cameras.frame import Image, bgr


@dataclass(frozen=True, slots=True)
class StoredPacket:
    """An encoded packet with times in units of its stream's time base."""

    pts: int
    dts: int
    duration: int
    keyframe: bool
    pts_s: float
    """When it is shown, in seconds of the session."""
    dts_s: float
    """When it is decoded, in seconds of the session; never after it is shown."""
    data: bytes


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """A clip that was written and read back. Seconds of the session."""

    codec: str
    start_s: float
    """Time of the first frame: a keyframe."""
    end_s: float
    """End of the last frame."""
    offset_s: float
    """Where the asked-for start lies within the clip; negative if the packets did not reach back so far."""
    complete: bool
    """The clip covers all that was asked for."""
    missing: str | None
    """What it does not cover."""


class StreamHeader:
    """The codec's parameters of one connection; outlives it."""

    def __init__(self, stream: VideoStream) -> None:
        self.codec = stream.codec_context.name
        self.time_base = Fraction(stream.time_base or Fraction(1, 90_000))
        # An output that is never written keeps a copy of the parameters.
        self._holder: av.container.OutputContainer = av.open(os.devnull, "w", format="mp4")
        self._template = self._holder.add_stream_from_template(stream, opaque=True)

    def add_to(self, output: av.container.OutputContainer) -> VideoStream:
        """A stream of the same parameters in another file."""
        stream = output.add_stream_from_template(self._template, opaque=True)
        stream.time_base = self.time_base
        if self.codec == "hevc":
            # Players of one large maker take H.265 under this tag alone.
            stream.codec_context.codec_tag = "hvc1"
        return stream


def write_clip(path: Path, header: StreamHeader, packets: Sequence[StoredPacket]) -> None:
    """Write packets, keyframe first, as MP4 with the index at the front; atomic, its data on the disk.

    The file is read back before it takes its name. Raises OSError when it could not be written whole.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        _mux(part, header, packets)
        _read_back(part, packets)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except av.FFmpegError as error:
        raise OSError(error.errno, error.strerror or "cannot write the clip", str(path)) from None
    finally:
        part.unlink(missing_ok=True)


def _mux(path: Path, header: StreamHeader, packets: Sequence[StoredPacket]) -> None:
    base = packets[0].pts
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        stream = header.add_to(output)
        last = None
        for stored in packets:
            packet = av.Packet(stored.data)
            packet.stream = stream
            packet.time_base = header.time_base
            # Cameras send the same time twice and step back a little; a file may not.
            packet.dts = stored.dts - base if last is None else max(stored.dts - base, last + 1)
            packet.pts = max(stored.pts - base, packet.dts)
            last = packet.dts
            packet.duration = stored.duration
            packet.is_keyframe = stored.keyframe
            output.mux(packet)


def _read_back(path: Path, packets: Sequence[StoredPacket]) -> None:
    with av.open(str(path)) as clip:
        found = sum(1 for packet in clip.demux(video=0) if packet.size)
    if found != len(packets):
        raise OSError(f"{path}: {found} of {len(packets)} packets were written")


def grab(path: Path, times_s: Sequence[float]) -> list[Image]:
    """Pictures of a clip, BGR uint8 (height, width, 3), nearest to times in seconds of the clip, in their order.

    Raises StreamError when the clip holds no picture.
    """
    best: list[tuple[float, av.VideoFrame] | None] = [None] * len(times_s)
    last = max(times_s, default=0.0)
    try:
        with av.open(str(path)) as clip:
            for frame in clip.decode(video=0):
                for i, wanted in enumerate(times_s):
                    gap = abs((frame.time or 0.0) - wanted)
                    if (held := best[i]) is None or gap < held[0]:
                        best[i] = (gap, frame)
                if (frame.time or 0.0) > last:
                    break
    except av.FFmpegError as error:
        raise StreamError(ErrorKind.BAD_DATA, f"{path.name}: {error.strerror}") from None
    found = [bgr(entry[1]) for entry in best if entry is not None]
    if len(found) < len(times_s):
        raise StreamError(ErrorKind.NO_VIDEO, f"{path.name}: holds no picture")
    return found
