"""Small films for tests: every frame tells its number by its brightness pattern."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cameras import CameraSettings
from cameras.clip import StoredPacket, StreamHeader
from cameras.source import open_source

WIDTH, HEIGHT, FPS = 128, 96, 10


def picture(number: int) -> NDArray[np.uint8]:
    """A picture that no other number has: RGB, uint8 (HEIGHT, WIDTH, 3)."""
    image = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    for bit in range(8):
        if number >> bit & 1:
            image[16:80, bit * 16 : bit * 16 + 16] = 220
    return image


def number_of(image: NDArray[np.uint8]) -> int:
    """The number a decoded picture tells."""
    return sum(1 << bit for bit in range(8) if image[48, bit * 16 + 8].mean() > 128)


def film(
    path: Path,
    frames: int = 60,
    codec: str = "libx264",
    gop: int = 10,
    b_frames: int = 2,
    first_pts: int = 0,
    open_gop: bool = False,
) -> Path:
    """Encode `frames` pictures, a keyframe every `gop`; `open_gop`: some before a keyframe need those before it."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = b_frames
        if codec == "libx265":
            more = ":open-gop=1" if open_gop else ":open-gop=0"
            stream.options = {"x265-params": f"log-level=none:keyint={gop}:bframes={b_frames}:pools=1{more}"}
        elif open_gop:
            stream.options = {"x264-params": f"open-gop=1:keyint={gop}:scenecut=0"}
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            frame.pts, frame.time_base = number + first_pts, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def without_keyframes(path: Path, source: Path) -> Path:
    """Copy a film and leave its keyframes out."""
    with av.open(str(source)) as film, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(film.streams.video[0], opaque=True)
        for packet in film.demux(video=0):
            if packet.size and not packet.is_keyframe:
                packet.stream = stream
                output.mux(packet)
    return path


def damage(path: Path, which: Sequence[int], chance: random.Random) -> None:
    """Overwrite some packets of a film, but for their first bytes."""
    with av.open(str(path)) as film:
        places = [(p.pos, p.size) for p in film.demux(video=0) if p.size and p.pos is not None]
    data = bytearray(path.read_bytes())
    for start, size in (places[i] for i in which):
        data[start + 6 : start + size] = chance.randbytes(size - 6)
    path.write_bytes(data)


def packets_of(path: Path) -> tuple[StreamHeader, list[StoredPacket]]:
    """Header and packets of a film, as a camera's reader stores them."""
    source = open_source(CameraSettings(id="film", url=str(path)))
    assert source.header is not None
    packets = [piece.packet for piece in source.read() if piece is not None and piece.packet is not None]
    source.close()
    return source.header, packets
