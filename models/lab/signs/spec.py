"""Signs as the renderer is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PlateType = Literal[
    "large_car", "small_car", "trailer", "small_nev", "large_nev", "motorcycle", "police", "learner", "low_speed"
]


@dataclass(frozen=True, slots=True)
class PlateSpec:
    """A number plate by GA 36-2018."""

    text: str
    """As read in one string, for example 闽H12345 or 闽H1234挂."""
    type: PlateType
    lines: Literal[1, 2] = 1
    """Two-line plates: rear of large vehicles, trailers, motorcycles, low-speed vehicles."""


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """An orange panel by GB 13392-2023, 400 x 300 mm; both numbers empty for a blank panel."""

    hazard: str
    """Hazard identification number (upper line), for example 33 or X423."""
    un: str
    """UN number (lower line), four digits."""
