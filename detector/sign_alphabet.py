"""What the reader of signs can say: characters, colours, and how many places a sign has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from detector.plate_types import CHARACTERS

SIZE = (160, 48)
"""Width and height of the reader's input, pixels."""
PLACES = 8
"""Characters of the longest plate; of a panel the first four are the hazard number's, the last four the UN number's."""
ALPHABET = ("", *CHARACTERS)
"""Empty for a place without a character."""
COLOURS = ("none", "blue", "yellow", "green", "yellow_green", "white", "black", "panel", "diamond")
"""What a cut-out shows: no sign, a plate of a colour, an orange panel, a diamond."""
SIGN_KINDS = ("plate", "panel", "diamond")
"""What the finder of signs tells apart."""
STRIDE = 4
"""Pixels of the finder's input per cell of its output."""
SPAN = 32.0
"""The finder gives corners as offsets from their cell's middle, in this many pixels of its input."""
_IDS = {character: number for number, character in enumerate(ALPHABET)}


def slot_ids(slots: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int8]]:
    """Ids (PLACES,) of characters; KeyError for one that no sign bears."""
    padded = [*slots, *[""] * (PLACES - len(slots))]
    return np.array([_IDS[character] for character in padded], np.int8)
