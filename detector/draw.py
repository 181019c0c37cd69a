"""Pictures and videos with boxes drawn on them, for a person to look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from cameras.frame import Image
from detector.detections import Detections
from detector.sign import Sign

_CLOCK = Fraction(1, 90_000)
_COLOURS = ((66, 133, 244), (52, 168, 83), (251, 188, 5), (234, 67, 53), (171, 71, 188), (0, 172, 193), (255, 112, 67))
"""RGB, by class."""


def drawn(picture: Image, detections: Detections, names: Sequence[str]) -> Image:
    """A copy of a picture (BGR) with each box, its class and its score."""
    canvas = picture.copy()
    thick = max(1, round(max(picture.shape[:2]) / 640))
    for box, score, class_id in zip(detections.boxes, detections.scores, detections.class_ids, strict=True):
        x0, y0, x1, y1 = (int(v) for v in np.rint(box))
        colour = _COLOURS[class_id % len(_COLOURS)][::-1]
        cv2.rectangle(canvas, (x0, y0), (x1, y1), colour, thick)
        label = f"{names[class_id]} {score:.2f}"
        (width, height), below = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, 0.45 * thick, thick)
        bottom = max(y0, height + below)
        cv2.rectangle(canvas, (x0, bottom - height - below), (x0 + width, bottom), colour, cv2.FILLED)
        cv2.putText(canvas, label, (x0, bottom - below), cv2.FONT_HERSHEY_SIMPLEX, 0.45 * thick, (0, 0, 0), thick)
    return canvas


def drawn_signs(picture: Image, signs: Sequence[Sign]) -> Image:
    """A copy of a picture (BGR) with the outline of each sign and what it says; OpenCV writes no Chinese, so `*`."""
    canvas = picture.copy()
    thick = max(1, round(max(picture.shape[:2]) / 640))
    for sign in signs:
        colour = _COLOURS[("plate", "panel", "diamond").index(sign.kind)][::-1]
        cv2.polylines(canvas, [np.rint(sign.corners).astype(np.int32).reshape(-1, 1, 2)], True, colour, thick)
        label = f"{re.sub('[^ -~]', '*', sign.text)} {sign.score:.2f}"
        left, top = (int(v) for v in sign.corners.min(axis=0))
        at = (max(left, 0), max(top - 3 * thick, 14 * thick))
        cv2.putText(canvas, label, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * thick, (0, 0, 0), 3 * thick)
        cv2.putText(canvas, label, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * thick, (255, 255, 255), thick)
    return canvas


class DrawnVideo:
    """An MP4 written picture by picture, each at its own time; no file before the first."""

    def __init__(self, path: Path) -> None:
        """The video takes the size of its first picture."""
        self._path = path
        self._out: tuple[OutputContainer, VideoStream] | None = None

    def add(self, picture: Image, t_s: float) -> None:
        """Add a picture (BGR); times must rise. A last odd row or column is left out."""
        height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="bgr24")
        frame.pts, frame.time_base = round(t_s / _CLOCK), _CLOCK
        self._out = self._out or self._open(width, height)
        file, stream = self._out
        file.mux(stream.encode(frame))

    def _open(self, width: int, height: int) -> tuple[OutputContainer, VideoStream]:
        file = av.open(str(self._path), "w", format="mp4")
        stream = file.add_stream("libx264", options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = _CLOCK
        return file, stream

    def __enter__(self) -> DrawnVideo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._out is not None:
            file, stream = self._out
            file.mux(stream.encode(None))
            file.close()
