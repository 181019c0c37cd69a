"""One picture of one camera, with the time it was taken."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_converters = threading.local()


def bgr(picture: av.VideoFrame) -> Image:
    """A decoded picture as BGR, uint8 (height, width, 3)."""
    # Each thread keeps its converter: a new one per picture, with threads of its own, costs four times as much.
    own: VideoReformatter = _converters.__dict__.setdefault("own", VideoReformatter())
    return own.reformat(picture, format="bgr24", threads=1).to_ndarray().astype(np.uint8, copy=False)


@dataclass(slots=True)
class Frame:
    """A decoded picture; the conversion to BGR is put off until somebody looks at it.

    Most frames of a busy live camera are never looked at, so decoding leaves them in the decoder's own
    planes (`picture`) and `image` converts on first use.
    """

    camera: str
    session: int
    """Count of the stream's connections: `pts_s` is comparable only within one session."""
    index: int
    """Number of the decoded frame within the session, from 0."""
    pts_s: float
    """Seconds on the stream's own clock since the session's first frame; rises from frame to frame."""
    captured_at: datetime
    """UTC time of capture, from the stream's clock anchored to wall time."""
    picture: av.VideoFrame | Image
    _image: Image | None = field(default=None, repr=False)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.picture.width if isinstance(self.picture, av.VideoFrame) else self.picture.shape[1]

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.picture.height if isinstance(self.picture, av.VideoFrame) else self.picture.shape[0]

    @property
    def image(self) -> Image:
        """The picture as BGR, uint8 (height, width, 3)."""
        if self._image is None:
            if isinstance(self.picture, av.VideoFrame):
                self._image = bgr(self.picture)
            else:
                self._image = self.picture
        return self._image
