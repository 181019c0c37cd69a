"""What a sign on a vehicle says: a number plate, an orange panel, a diamond of dangerous goods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Corners = NDArray[np.float32]
"""(4, 2), pixels, clockwise from the upper left as one reads it."""
SignKind = Literal["plate", "panel", "diamond"]

Logs = NDArray[np.float32]
"""Natural logarithms of probability."""

UNREAD = "-"
"""Stands for a character that is there and cannot be read."""
EMPTY_PANEL = "/"
"""Text of a panel without numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Chances:
    """All that a sign may say, and how likely that is."""

    slots: Logs
    """(PLACES, len(ALPHABET)), of `detector.sign_alphabet`: each character in each place."""
    kinds: Logs
    """(len(COLOURS),): what the sign is, and of a plate its colour."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign as read in one picture."""

    kind: SignKind
    colour: str
    """Of a plate: blue, yellow, green, yellow_green, white, black. `orange` of a panel; empty of a diamond."""
    text: str
    """Of a plate its number, both lines as one; of a panel `33/1203` (hazard over UN number), `/` when it is empty;
    of a diamond its class, `2.1`. UNREAD stands for a character that cannot be read."""
    score: float
    """Probability that all characters of the text that are not UNREAD are right, 0 to 1."""
    character_scores: tuple[float, ...]
    """Of each character of the text, 0 to 1; 1 of the stroke of a panel."""
    lines: int
    """Lines of writing, 1 or 2."""
    corners: Corners
    """In the picture it was read in."""
    chances: Chances
    """Of which the text is the likeliest."""

    @property
    def whole(self) -> bool:
        """Whether every character was read."""
        return UNREAD not in self.text

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Upright box round the corners: x0, y0, x1, y1 in pixels."""
        (x0, y0), (x1, y1) = self.corners.min(axis=0), self.corners.max(axis=0)
        return float(x0), float(y0), float(x1), float(y1)
