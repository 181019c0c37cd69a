"""What body a vehicle has and how it is loaded, as one small network sees it in a shot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import cv2
import numpy as np

from cameras.frame import Image
from detector.detections import Box
from detector.shots import CUT, Shot
from detector.sights import LEAST_SPREAD
from detector.sign_session import SignSession
from models.bundled import WEIGHTS
from models.manifest import WeightsManifest

Floats = np.ndarray[Any, np.dtype[np.float32]]
Word = TypeVar("Word")

SIZE = (256, 160)
"""Width and height of the network's input."""
BODIES = ("none", "box", "flat", "stake", "tipper", "mixer", "tank", "container")
"""Kinds of body; `none` of what is no goods vehicle."""
LOADS = ("hidden", "empty", "level", "heaped", "covered")
"""How it is loaded; `hidden` where nobody can see it."""
MARGIN = 0.06
"""Looked at round the vehicle's box, as a share of its size."""
GREY = 114
"""Beside the cut-out."""
MOST_HIDDEN = 0.4
"""Share of a vehicle's box that boxes of nearer ones may cover."""
LEAST_WIDTH = 48.0
"""Pixels across below which a vehicle shows too little."""


@dataclass(frozen=True, slots=True)
class BodySight:
    """Of one shot: each answer with its probability."""

    body: tuple[str, float]
    """One of BODIES."""
    load: tuple[str, float]
    """One of LOADS."""
    raised: tuple[bool, float]
    """Whether boards are built higher than they were; means something of tippers alone."""


class BodySource(Protocol):
    """The part of `BodyLook` that the second look uses."""

    def look(self, picture: Image, box: Box) -> BodySight | None: ...


class BodyLook:
    """Looks at vehicles with the network of bodies; may be used from several threads."""

    def __init__(self, weights: Path = WEIGHTS / "bodies.onnx", threads: int = 1) -> None:
        """Raises `ModelError` when the weights cannot be used."""
        self._session = SignSession(weights, outputs=3, threads=threads)

    @property
    def manifest(self) -> WeightsManifest:
        """Of the network."""
        return self._session.manifest

    def look(self, picture: Image, box: Box) -> BodySight | None:
        """The vehicle in `box` of a picture (BGR uint8); None if it is too small, or the picture shows nothing.

        It is looked at as it is and mirrored: mistakes that the two do not share lose weight.
        """
        if box[2] - box[0] < LEAST_WIDTH or float(picture[::4, ::4].std()) < LEAST_SPREAD:
            return None
        laid = laid_out(picture, box)
        both = self.probabilities(np.stack([laid, laid[:, ::-1]]))
        body, load, raised = (shares.mean(axis=0) for shares in both)
        return BodySight(_best(BODIES, body), _best(LOADS, load), _best((False, True), raised))

    def probabilities(self, inputs: Image) -> tuple[Floats, Floats, Floats]:
        """Of pictures as `laid_out` makes them, (N, height, width, 3): (N, 8), (N, 5) and (N, 2) probabilities."""
        body, load, raised = (_softmax(logits) for logits in self._session.run(inputs))
        return body, load, raised


def shows_load(shot: Shot) -> bool:
    """Whether the vehicle's upper edge is in the picture, and no nearer vehicles stand before much of it."""
    x0, y0, x1, y1 = shot.box
    nearer = shot.others[shot.others[:, 3] > y1]
    across = np.minimum(nearer[:, 2], x1) - np.maximum(nearer[:, 0], x0)
    down = np.minimum(nearer[:, 3], y1) - np.maximum(nearer[:, 1], y0)
    hidden = float((np.maximum(across, 0) * np.maximum(down, 0)).sum())
    return y0 > CUT and hidden <= MOST_HIDDEN * (x1 - x0) * (y1 - y0)


def laid_out(picture: Image, box: Box) -> Image:
    """The vehicle in `box` with a margin, as large as it fits into the network's input, grey beside it."""
    aside, above = MARGIN * (box[2] - box[0]), MARGIN * (box[3] - box[1])
    x0 = min(max(round(box[0] - aside), 0), picture.shape[1] - 1)
    y0 = min(max(round(box[1] - above), 0), picture.shape[0] - 1)
    part = picture[y0 : max(round(box[3] + above), y0 + 1), x0 : max(round(box[2] + aside), x0 + 1)]
    scale = min(SIZE[0] / part.shape[1], SIZE[1] / part.shape[0])
    width, height = (max(min(round(side * scale), most), 1) for side, most in zip(part.shape[1::-1], SIZE, strict=True))
    small = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    laid = np.full((SIZE[1], SIZE[0], 3), GREY, np.uint8)
    left, top = (SIZE[0] - width) // 2, (SIZE[1] - height) // 2
    laid[top : top + height, left : left + width] = small
    return laid


def _best(words: tuple[Word, ...], shares: Floats) -> tuple[Word, float]:
    best = int(np.argmax(shares))
    return words[best], float(shares[best])


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)
