"""Made-up shots of a vehicle, and networks that see in them what a test says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from cameras.frame import Image
from detector.detections import Box, Detections
from detector.passage import Passage
from detector.plate_types import DIGITS
from detector.shots import Shot
from detector.sign import UNREAD, Chances, Sign, SignKind
from detector.sign_alphabet import ALPHABET, COLOURS, PLACES
from models.taxonomy import FEATURES

SIZE = (1280, 720)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NOISE = np.random.default_rng(5).integers(0, 255, (720, 1280, 3), np.uint8)
NOBODY = np.zeros((0, 4), np.float32)

Thing = tuple[str, Box, float]
"""Class, box in the picture, score."""


def shot(t_s: float, box: Box, picture: Image = NOISE, others: Sequence[Box] = (), *, cut: bool = False) -> Shot:
    """A crop without a margin."""
    x0, y0, x1, y1 = (round(v) for v in box)
    rest = np.array(others, np.float32).reshape(-1, 4)
    crop = picture[y0:y1, x0:x1].copy()
    return Shot(t_s, NOON + timedelta(seconds=t_s), box, box[2] - box[0], crop, (x0, y0), rest, cut)


def passage(shots: Sequence[Shot], boxes: Sequence[Box] = (), class_name: str = "truck") -> Passage:
    """A passage with these shots; it went through `boxes`, four a second, or stood where the shots show it."""
    way = boxes or [s.box for s in shots] or [(100.0, 100.0, 300.0, 300.0)]
    times = np.arange(len(way)) / 4 if boxes else np.array([s.t_s for s in shots] or [0.0])
    return Passage(
        id="cam-1",
        number=1,
        camera="cam",
        session=0,
        size=SIZE,
        class_name=class_name,
        class_score=0.8,
        votes={class_name: 1.0},
        times_s=times,
        boxes=np.array(way, np.float32),
        scores=np.full(len(way), 0.8, np.float32),
        seen=np.ones(len(way), bool),
        first_at=NOON,
        last_at=NOON + timedelta(seconds=float(times[-1])),
        visits=(),
        crossings=(),
        stops=(),
        shots=tuple(shots),
        over=True,
    )


class Finder:
    """Finds in each crop, by its order, what it was told."""

    class_names: tuple[str, ...] = FEATURES

    def __init__(self, *things: Sequence[tuple[str, Box, float]]) -> None:
        """Boxes in pixels of the crop."""
        self._things = list(things)
        self.looks = 0

    def detect(self, pictures: Sequence[Image]) -> list[Detections]:
        """One picture at a time."""
        assert len(pictures) == 1
        things = self._things[self.looks % len(self._things)] if self._things else ()
        self.looks += 1
        boxes = np.array([box for _, box, _ in things], np.float32).reshape(-1, 4)
        ids = np.array([FEATURES.index(word) for word, _, _ in things], np.int64)
        return [Detections(boxes, np.array([s for _, _, s in things], np.float32), ids)]


class Reader:
    """Reads in each crop, by its order, what it was told."""

    def __init__(self, *signs: Sequence[Sign]) -> None:
        self._signs = list(signs)
        self._looks = 0

    def signs(self, picture: Image) -> list[Sign]:
        """All signs of the crop whose turn it is."""
        found = list(self._signs[self._looks % len(self._signs)])
        self._looks += 1
        return found


def sign(
    text: str, kind: SignKind = "plate", colour: str = "yellow", at: Box = (80, 120, 140, 140), score: float = 0.9
) -> Sign:
    """A sign with upright corners, its characters all as sure as it is, those unread all alike."""
    x0, y0, x1, y1 = at
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    scores = tuple(0.3 if character == UNREAD else score for character in text)
    return Sign(kind, colour, text, score, scores, 1, corners, chances(text, kind, colour, score))


def chances(text: str, kind: SignKind, colour: str, score: float) -> Chances:
    """Each character of a text as likely as `score`, the rest on five others; one unread is any digit."""
    line, _, un = text.partition("/")
    places = [*line, *[""] * (4 - len(line)), *un] if kind == "panel" else list(text.replace(".", ""))
    slots = np.full((PLACES, len(ALPHABET)), 1e-4)
    for place, character in enumerate([*places, *[""] * (PLACES - len(places))]):
        if character == UNREAD:
            slots[place, [ALPHABET.index(digit) for digit in DIGITS]] = 0.1
        else:
            own = ALPHABET.index(character)
            slots[place, (own + np.arange(1, 6)) % len(ALPHABET)] = (1 - score) / 5
            slots[place, own] = score
    kinds = np.full(len(COLOURS), 0.001)
    kinds[COLOURS.index(colour if kind == "plate" else kind)] = 0.992
    return Chances(np.log(slots).astype(np.float32), np.log(kinds).astype(np.float32))
