"""Roads with plates, drawn for tests, and what the project's own reader finds on them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from detector.sign_look import SignLook
from models.lab.signs.lettering import plate_image
from models.lab.signs.spec import PlateSpec

OWN, OTHER = PlateSpec("闽H12345", "small_car"), PlateSpec("闽H67890", "small_car")
WIDTH, HEIGHT = 1920, 1080

Picture = NDArray[np.uint8]


@cache
def reader() -> SignLook:
    return SignLook.load()


def plates_in(picture: Picture) -> set[str]:
    """Texts of the plates that the project's own reader finds."""
    return {sign.text for sign in reader().signs(picture) if len(sign.text) > 2}


def road(*plates: tuple[PlateSpec, int, tuple[int, int]], size: tuple[int, int] = (WIDTH, HEIGHT)) -> Picture:
    """A grey road with plates of so many pixels' width at upper left corners."""
    rng = np.random.default_rng(7)
    picture = np.full((size[1], size[0], 3), 105, np.uint8)
    picture += rng.integers(0, 12, picture.shape, dtype=np.uint8)
    for plate, width, (x, y) in plates:
        drawn = np.asarray(plate_image(plate))[:, :, ::-1]
        height = round(drawn.shape[0] * width / drawn.shape[1])
        picture[y : y + height, x : x + width] = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA)
    return picture


def jpeg(picture: Picture) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return data.tobytes()


def decoded(data: bytes) -> Picture:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


@dataclass(frozen=True)
class Film:
    path: Path
    times: tuple[float, ...]


def film(path: Path, picture: Picture, times_ms: tuple[int, ...]) -> Film:
    """A clip that shows one picture at such times."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = picture.shape[1], picture.shape[0], "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for at in times_ms:
            frame = VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = at
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return Film(path, tuple(at / 1000 for at in times_ms))


def frames_of(path: Path) -> list[tuple[float, Picture]]:
    with av.open(str(path)) as clip:
        assert clip.streams.video[0].codec_context.name == "h264"
        assert not clip.streams.audio
        return [(round(f.time or 0.0, 3), np.asarray(f.to_ndarray(format="bgr24"))) for f in clip.decode(video=0)]
