"""The decoder's own planes of a frame, read in place: most of what is wanted of a frame needs no BGR of it."""

from __future__ import annotations

import av
import numpy as np
from av.video.plane import VideoPlane

from cameras.frame import Frame, Image

_LUMA_FIRST = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"})


def video_planes(frame: Frame) -> list[Image] | None:
    """Y, U and V of a frame in 4:2:0 of limited range, uint8 (rows, columns) each; None for any other frame."""
    video = frame.picture
    if not isinstance(video, av.VideoFrame) or video.format.name != "yuv420p":
        return None
    if video.color_range == av.video.reformatter.ColorRange.JPEG or min(video.width, video.height) < 2:
        return None
    return [_array(plane) for plane in video.planes]


def luma(frame: Frame) -> Image | None:
    """Brightness of a frame as the decoder left it, uint8 (height, width); None where no plane holds it."""
    video = frame.picture
    if not isinstance(video, av.VideoFrame) or video.format.name not in _LUMA_FIRST:
        return None
    return _array(video.planes[0])


def _array(plane: VideoPlane) -> Image:
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
