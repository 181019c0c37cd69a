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


class PictureError(Exception):
    """What is no picture, or none that can be worked on; the text says why."""


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height of a picture, without decoding it. Raises PictureError for what is no picture."""
    try:
        with av.open(io.BytesIO(data)) as file:
            video = file.streams.video[0].codec_context
            return video.width, video.height
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise PictureError("it is no picture that can be read") from error


def read_picture(data: bytes, how: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    """A picture as BGR (H, W, 3); `how` of `cv2.imdecode` may make it smaller. Raises PictureError."""
    width, height = picture_size(data)
    if width * height > MOST_PIXELS:
        raise PictureError(f"its {width}x{height} pixels are more than {MOST_PIXELS:,}")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    if image is None:
        raise PictureError("it is no picture that can be read")
    return np.asarray(image, np.uint8)
