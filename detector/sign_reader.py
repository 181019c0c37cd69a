"""Reading signs: cut out along their corners, straightened, read, and read once more where the cut was poor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cameras.frame import Image
from detector.sign import UNREAD, Chances, Corners, Sign
from detector.sign_alphabet import SIZE
from detector.sign_grammar import Text, decode
from detector.sign_session import SignSession

Floats = np.ndarray[Any, np.dtype[np.float32]]

MARGIN = 0.05
"""Cut out round a sign, as a share of its size."""
RECUT = 0.02
"""A cut whose corners are farther off than this share of it, in the mean, is made again."""
SURE = 0.96
"""Mean probability of the characters below which the cut is made again, too."""
MOST_CUTS = 3
"""Of the same plates the first cut reads 92 %, two 97 %; of plates cut out before, 93 % and 99 %. A third is for the
strongly turned."""
LEAST_READ = 3
"""A plate of which fewer characters are read was not read."""
TWO_LINES_BELOW = 2.3
"""Width by height: of one line plates are 3.1 and more, of two at most 2 (GA 36-2018)."""
LEAST_CONTRAST = 4.0
"""Standard deviation of grey levels below which a cut-out shows nothing."""
_CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
_ASKED = 0.5 + (_CORNERS - 0.5) / (1 + MARGIN)
"""Where the corners of a sign lie in a good cut."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What one cut says."""

    text: Text | None
    shares: Floats
    """The sign's corners (4, 2) as shares of the cut."""
    corners: Floats
    """The same in pixels of the picture."""
    chances: Chances


class SignReader:
    """Reads signs with one small network; may be used from several threads."""

    def __init__(self, weights: Path, threads: int = 1) -> None:
        """Raises `ModelError` when the weights cannot be used."""
        self._session = SignSession(weights, outputs=3, threads=threads)
        self.manifest = self._session.manifest

    def read(self, picture: Image, places: Sequence[Corners]) -> list[Sign | None]:
        """What the signs at `places` (each (4, 2) pixels) of a picture (BGR uint8) say; None where none is seen."""
        if not places:
            return []
        return self._read_frames(picture, [_widened(np.asarray(corners, np.float32)) for corners in places])

    def read_crop(self, crop: Image) -> Sign | None:
        """What a cut-out of one sign says."""
        height, width = crop.shape[:2]
        if min(height, width) < 6:
            return None
        frame = _CORNERS * np.array([width, height], np.float32)
        return self._read_frames(crop, [frame])[0]

    def _read_frames(self, picture: Image, frames: list[Floats]) -> list[Sign | None]:
        looks = self._look(picture, frames)
        best = list(looks)
        for _ in range(MOST_CUTS - 1):
            again = [number for number, look in enumerate(looks) if _poor(look)]
            if not again:
                break
            better = self._look(picture, [_widened(looks[number].corners) for number in again])
            for number, look in zip(again, better, strict=True):
                looks[number] = look
                if _weight(look.text) > _weight(best[number].text):
                    best[number] = look
        return [_sign(look) for look in best]

    def _look(self, picture: Image, frames: list[Floats]) -> list[_Look]:
        """One look for each frame."""
        cuts = np.stack([_cut(picture, frame) for frame in frames])
        slots, kinds, corners = self._session.run(cuts)
        looks = []
        for n, frame in enumerate(frames):
            seen = float(cuts[n].std()) >= LEAST_CONTRAST
            chances = Chances(_log_softmax(slots[n]), _log_softmax(kinds[n]))
            text = decode(chances) if seen else None
            looks.append(_Look(text, corners[n], _in_picture(corners[n], frame), chances))
        return looks


def _cut(picture: Image, frame: Floats) -> Image:
    """The part of a picture within four points, straightened to the reader's size."""
    goal = _CORNERS * np.array(SIZE, np.float32)
    across = max(np.linalg.norm(frame[1] - frame[0]), np.linalg.norm(frame[2] - frame[3]))
    shrink = float(across) / SIZE[0]
    if shrink > 2:
        # Two steps: a warp alone would skip pixels of a large plate.
        low = np.floor(np.maximum(frame.min(axis=0), 0)).astype(int)
        high = np.ceil(np.minimum(frame.max(axis=0), picture.shape[1::-1])).astype(int) + 1
        part = picture[low[1] : high[1], low[0] : high[0]]
        if part.size:
            size = [max(round(side * 1.5 / shrink), 1) for side in part.shape[1::-1]]
            picture = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
            by = np.array([picture.shape[1] / part.shape[1], picture.shape[0] / part.shape[0]], np.float32)
            frame = (frame - low.astype(np.float32)) * by
    warp = cv2.getPerspectiveTransform(frame.astype(np.float32), goal)
    cut = cv2.warpPerspective(picture, warp, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def _widened(corners: Floats) -> Floats:
    middle = corners.mean(axis=0)
    return np.asarray(middle + (corners - middle) * (1 + MARGIN), np.float32)


def _in_picture(shares: Floats, frame: Floats) -> Floats:
    """Points given as shares of a frame, in pixels of the picture."""
    warp = cv2.getPerspectiveTransform(_CORNERS, frame.astype(np.float32))
    return np.asarray(cv2.perspectiveTransform(shares[None].astype(np.float32), warp)[0], np.float32)


def _poor(look: _Look) -> bool:
    """Whether another cut, along the corners seen in this one, may show more."""
    text, shares = look.text, look.shares
    if text is None or not np.isfinite(shares).all():
        return False
    convex = cv2.isContourConvex(shares.reshape(-1, 1, 2).astype(np.float32))
    off = float(np.abs(shares - _ASKED).mean()) > RECUT
    return convex and (off or _weight(text) < SURE)


def _weight(text: Text | None) -> float:
    """How much was read, and how surely."""
    return sum(text.character_scores) / len(text.character_scores) if text and text.character_scores else 0.0


def _sign(look: _Look) -> Sign | None:
    text, corners = look.text, look.corners
    if text is None or (text.kind == "plate" and len(text.text) - text.text.count(UNREAD) < LEAST_READ):
        return None
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    shape = float(sides[0] + sides[2]) / max(float(sides[1] + sides[3]), 1e-3)
    two = text.kind == "panel" or (text.kind == "plate" and shape < TWO_LINES_BELOW)
    lines = 2 if two else 1
    return Sign(text.kind, text.colour, text.text, text.score, text.character_scores, lines, corners, look.chances)


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)
