"""Clips of the evidence, decoded: by the formats that cameras write, not more of one than a machine bears.

A clip may come from anywhere. FFmpeg also reads lists that lead to other files and addresses; those are no clips here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import av.container
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

FORMATS: Final = {
    "format_whitelist": "mov,matroska,webm,mpegts,mpeg,avi,flv,h264,hevc",
    "protocol_whitelist": "file",
}
"""Options to open a clip with."""
MOST_PIXELS: Final = 36_000_000
"""Of a frame: 8K and a little more."""
MOST_FRAMES: Final = 54_000
"""Half an hour at 30 frames a second; more of a few bytes each would keep a machine busy for days."""


class ClipError(Exception):
    """A clip that is not worked on; the text says why."""


def frames_of(clip: av.container.InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames of a clip, in their order. Raises ClipError for frames too large or too many."""
    _check_size(stream.codec_context.width, stream.codec_context.height)
    stream.codec_context.options = {**stream.codec_context.options, "max_pixels": str(MOST_PIXELS)}
    for number, frame in enumerate(clip.decode(stream)):
        if number >= MOST_FRAMES:
            raise ClipError(f"it has more than {MOST_FRAMES:,} frames")
        _check_size(frame.width, frame.height)
        yield frame


def _check_size(width: int, height: int) -> None:
    if not 0 < width * height <= MOST_PIXELS:
        raise ClipError(f"its {width}x{height} pixels are none, or more than {MOST_PIXELS:,}")
