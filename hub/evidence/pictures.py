"""Pictures of the evidence, decoded: whatever somebody sends, not more of it than memory bears."""

from __future__ import annotations

import io
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

MOST_PIXELS: Final = 64_000_000
"""Of a picture; a larger one is refused undecoded."""

_FORMATS: Final = {"format_whitelist": "jpeg_pipe,mjpeg,png_pipe,webp_pipe"}
"""What is a picture here: the formats whose names a browser shows."""


class PictureError(Exception):
    """What is no picture, or none that can be worked on; the text says why."""


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height of a picture, without decoding it. Raises PictureError for what is no picture."""
    try:
        with av.open(io.BytesIO(data), options=_FORMATS) as file:
            video = file.streams.video[0].codec_context
            return video.width, video.height
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise PictureError("it is no picture that can be read") from error


def read_picture(data: bytes, how: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    """A picture as BGR (H, W, 3); `how` of `cv2.imdecode` may make it smaller. Raises PictureError."""
    width, height = picture_size(data)
    if width * height > MOST_PIXELS:
        raise PictureError(f"its {width}x{height} pixels are more than {MOST_PIXELS:,}")
    if width * height == 0:  # FFmpeg gives no size to what is far too large either, and OpenCV would decode it
        raise PictureError("it is no picture that can be read, or one far too large")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error as error:
        raise PictureError("it is no picture that can be read") from error
    if image is None:
        raise PictureError("it is no picture that can be read")
    return np.asarray(image, np.uint8)
