"""From a picture to the numbers a network takes: scaled, padded, planes apart."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.frame import Frame, Image
from detector.geometry import Letterbox
from models.manifest import InputSpec

Tensor = NDArray[Any]
"""float32 or float16 (batch, 3, height, width)."""


class Preprocessor:
    """Lays pictures into input tensors as the manifest says. Holds no state of a picture: thread-safe."""

    def __init__(self, spec: InputSpec, dtype: np.dtype[Any]) -> None:
        self._spec = spec
        self._dtype = dtype

    def blank(self, batch: int) -> Tensor:
        """A padded tensor for `batch` pictures."""
        spec = self._spec
        return np.full((batch, 3, spec.height, spec.width), spec.pad * spec.scale, self._dtype)

    def place(self, picture: Frame | Image, out: Tensor) -> Letterbox:
        """Write a picture (BGR uint8 where it is an array) into `out` (3, height, width)."""
        spec = self._spec
        height, width = picture.shape[:2] if isinstance(picture, np.ndarray) else (picture.height, picture.width)
        box = Letterbox.fit(width, height, spec.width, spec.height, spec.placement)
        size = (box.inner_width, box.inner_height)
        small = cv2.resize(picture, size) if isinstance(picture, np.ndarray) else picture.scaled(*size)
        out[:] = spec.pad * spec.scale
        inner = out[:, box.top : box.top + box.inner_height, box.left : box.left + box.inner_width]
        order = (0, 1, 2) if spec.colour == "bgr" else (2, 1, 0)
        for plane, channel in enumerate(order):
            np.multiply(small[:, :, channel], np.float32(spec.scale), out=inner[plane], casting="unsafe")
        return box
