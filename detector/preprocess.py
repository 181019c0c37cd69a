"""From a picture to the numbers a network takes: scaled, padded, planes apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.frame import Frame, Image
from detector.geometry import Letterbox
from detector.planes import video_planes
from models.manifest import InputSpec

Tensor = NDArray[Any]
"""float32 or float16 (batch, 3, height, width)."""


@dataclass(slots=True)
class Canvas:
    """An input tensor with its scratch space, used again and again by one thread."""

    tensor: Tensor
    placed: list[Letterbox | None]
    """Where the picture of each slot lies; its surroundings are padded already."""
    _scratch: dict[tuple[str, tuple[int, ...]], Image] = field(default_factory=dict)

    def scratch(self, use: str, shape: tuple[int, ...]) -> Image:
        """A uint8 array that keeps nothing between pictures."""
        found = self._scratch.get((use, shape))
        if found is None:
            if len(self._scratch) > 32:
                self._scratch.clear()
            found = self._scratch[use, shape] = np.empty(shape, np.uint8)
        return found


class Preprocessor:
    """Lays pictures into input tensors as the manifest says. Keeps nothing of a picture: thread-safe."""

    def __init__(self, spec: InputSpec, dtype: np.dtype[Any]) -> None:
        """`dtype`: float32 or float16, as the network's input is."""
        self._spec = spec
        self._dtype = dtype
        self._scale = np.float32(spec.scale)

    def canvas(self, batch: int) -> Canvas:
        """A padded canvas for `batch` pictures."""
        spec = self._spec
        tensor = np.full((batch, 3, spec.height, spec.width), spec.pad * spec.scale, self._dtype)
        return Canvas(tensor, [None] * batch)

    def place(self, picture: Frame | Image, canvas: Canvas, slot: int) -> Letterbox:
        """Scale and write a picture (BGR uint8 where it is an array) into a slot of the canvas."""
        spec = self._spec
        height, width = picture.shape[:2] if isinstance(picture, np.ndarray) else (picture.height, picture.width)
        box = Letterbox.fit(width, height, spec.width, spec.height, spec.placement)
        out = canvas.tensor[slot]
        if canvas.placed[slot] != box:
            out.fill(spec.pad * spec.scale)
            canvas.placed[slot] = box
        inner = out[:, box.top : box.top + box.inner_height, box.left : box.left + box.inner_width]
        self._write(_small(picture, box.inner_width, box.inner_height, canvas), inner, canvas)
        return box

    def _write(self, small: Image, inner: Tensor, canvas: Canvas) -> None:
        """Put BGR (h, w, 3) into planes (3, h, w) in the network's colour order and scale."""
        planes = [canvas.scratch(channel, small.shape[:2]) for channel in "bgr"]
        cv2.split(small, planes)
        for plane, source in zip(inner, planes if self._spec.colour == "bgr" else reversed(planes), strict=True):
            if self._spec.scale == 1:
                np.copyto(plane, source)
            else:
                np.multiply(source, self._scale, out=plane, casting="same_kind")


def _small(picture: Frame | Image, width: int, height: int, canvas: Canvas) -> Image:
    """The picture as BGR (height, width, 3), by the bilinear sampling that YOLO networks are trained with."""
    if not isinstance(picture, np.ndarray):
        planes = video_planes(picture)
        if planes is not None:
            return _small_from_planes(planes, width, height, canvas)
        picture = picture.image
    dst = canvas.scratch("small", (height, width, 3))
    return np.asarray(cv2.resize(picture, (width, height), dst=dst), np.uint8)


def _small_from_planes(planes: list[Image], width: int, height: int, canvas: Canvas) -> Image:
    """Scale the planes first and turn the few pixels that are left into BGR: half the work of the other way.

    4:2:0 needs even sides; what an odd one gets more is cut off again.
    """
    even_w, even_h = width + width % 2, height + height % 2
    yuv = canvas.scratch("yuv", (even_h * 3 // 2, even_w))
    luma = yuv[:even_h]
    chroma = yuv[even_h:].reshape(2, even_h // 2, even_w // 2)
    cv2.resize(planes[0], (width, height), dst=luma[:height, :width])
    for source, target in zip(planes[1:], chroma, strict=True):
        cv2.resize(source, (even_w // 2, even_h // 2), dst=target)
    small = cv2.cvtColor(yuv, cv2.COLOR_YUV2BGR_I420, dst=canvas.scratch("even", (even_h, even_w, 3)))
    return np.asarray(small, np.uint8)[:height, :width]
