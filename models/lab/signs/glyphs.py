"""Characters of number plates as masks: strokes after GA 36's own letters, and the faces of Debian's fonts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Mask = np.ndarray[Any, np.dtype[np.uint8]]
"""(height, width), 255 where there is ink."""
Point = tuple[float, float]

FONT_DIRECTORIES = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
HAN_FACES = (
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJK-Black.ttc",
    "NotoSansCJK-Medium.ttc",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
)
"""Faces for Chinese characters; those that are installed are used, at least one must be."""
LATIN_FACES = (
    "LiberationSansNarrow-Bold.ttf",
    "LiberationSans-Bold.ttf",
    "DejaVuSansCondensed-Bold.ttf",
    "DejaVuSans-Bold.ttf",
    "RobotoCondensed-Bold.ttf",
    "Roboto-Medium.ttf",
    "OpenSans-CondBold.ttf",
    "Lato-Bold.ttf",
    "FreeSansBold.ttf",
    "BebasNeue-Regular.otf",
)
SIMPLIFIED = 2
"""Number of the simplified Chinese face in Noto's collections."""


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Points of an arc; degrees, 0 to the right, 90 down."""
    turns = np.radians(np.linspace(start, end, 14))
    return [(cx + rx * float(np.cos(t)), cy + ry * float(np.sin(t))) for t in turns]


_SIX = [[*_arc(0.5, 0.69, 0.48, 0.31, 180, 540)], [(0.03, 0.62), (0.12, 0.44), (0.58, 0.0)]]
_BOWL = _arc(0.5, 0.27, 0.5, 0.27, 180, 360)
_CUP = _arc(0.5, 0.73, 0.5, 0.27, 0, 180)
STROKES: dict[str, list[list[Point]]] = {
    "0": [[*_BOWL, *_CUP, (0.0, 0.27)]],
    "1": [[(0.22, 0.17), (0.5, 0.0), (0.5, 1.0)]],
    "|": [[(0.5, 0.0), (0.5, 1.0)]],
    "2": [[*_arc(0.5, 0.27, 0.48, 0.27, 180, 380), (0.02, 1.0), (1.0, 1.0)]],
    "3": [[*_arc(0.5, 0.24, 0.46, 0.24, 195, 450), *_arc(0.5, 0.73, 0.5, 0.27, 270, 525)]],
    "4": [[(0.62, 0.0), (0.0, 0.74), (1.0, 0.74)], [(0.74, 0.45), (0.74, 1.0)]],
    "5": [[(0.94, 0.0), (0.14, 0.0), (0.08, 0.46), *_arc(0.5, 0.68, 0.5, 0.32, 225, 520)]],
    "6": _SIX,
    "7": [[(0.0, 0.0), (1.0, 0.0), (0.36, 1.0)]],
    "8": [_arc(0.5, 0.24, 0.44, 0.24, 0, 360), _arc(0.5, 0.74, 0.5, 0.26, 0, 360)],
    "9": [[(1 - x, 1 - y) for x, y in line] for line in _SIX],
    "A": [[(0.0, 1.0), (0.5, 0.0), (1.0, 1.0)], [(0.16, 0.7), (0.84, 0.7)]],
    "B": [
        [(0.0, 1.0), (0.0, 0.0), (0.55, 0.0), *_arc(0.55, 0.24, 0.4, 0.24, 270, 450), (0.0, 0.48)],
        [(0.55, 0.48), *_arc(0.55, 0.74, 0.45, 0.26, 270, 450), (0.0, 1.0)],
    ],
    "C": [[*_arc(0.5, 0.27, 0.5, 0.27, 345, 180), *_arc(0.5, 0.73, 0.5, 0.27, 180, 15)]],
    "D": [
        [
            (0.0, 0.0),
            (0.5, 0.0),
            *_arc(0.5, 0.3, 0.5, 0.3, 270, 360),
            *_arc(0.5, 0.7, 0.5, 0.3, 0, 90),
            (0.0, 1.0),
            (0.0, 0.0),
        ]
    ],
    "E": [[(1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (1.0, 1.0)], [(0.0, 0.49), (0.84, 0.49)]],
    "F": [[(1.0, 0.0), (0.0, 0.0), (0.0, 1.0)], [(0.0, 0.5), (0.84, 0.5)]],
    "G": [[*_arc(0.5, 0.27, 0.5, 0.27, 345, 180), *_arc(0.5, 0.73, 0.5, 0.27, 180, 0), (1.0, 0.55), (0.56, 0.55)]],
    "H": [[(0.0, 0.0), (0.0, 1.0)], [(1.0, 0.0), (1.0, 1.0)], [(0.0, 0.5), (1.0, 0.5)]],
    "J": [[(0.4, 0.0), (0.82, 0.0), (0.82, 0.74), *_arc(0.45, 0.74, 0.37, 0.26, 0, 165)]],
    "K": [[(0.0, 0.0), (0.0, 1.0)], [(0.95, 0.0), (0.0, 0.66)], [(0.34, 0.44), (1.0, 1.0)]],
    "L": [[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]],
    "M": [[(0.0, 1.0), (0.0, 0.0), (0.5, 0.62), (1.0, 0.0), (1.0, 1.0)]],
    "N": [[(0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (1.0, 0.0)]],
    "P": [[(0.0, 1.0), (0.0, 0.0), (0.55, 0.0), *_arc(0.55, 0.28, 0.45, 0.28, 270, 450), (0.0, 0.56)]],
    "Q": [[*_BOWL, *_CUP, (0.0, 0.27)], [(0.58, 0.72), (1.0, 1.02)]],
    "R": [
        [(0.0, 1.0), (0.0, 0.0), (0.55, 0.0), *_arc(0.55, 0.26, 0.43, 0.26, 270, 450), (0.0, 0.52)],
        [(0.5, 0.52), (1.0, 1.0)],
    ],
    "S": [[*_arc(0.5, 0.25, 0.48, 0.25, 345, 90), *_arc(0.5, 0.75, 0.5, 0.25, 270, 525)]],
    "T": [[(0.0, 0.0), (1.0, 0.0)], [(0.5, 0.0), (0.5, 1.0)]],
    "U": [[(0.0, 0.0), (0.0, 0.73), *_CUP[::-1], (1.0, 0.0)]],
    "V": [[(0.0, 0.0), (0.5, 1.0), (1.0, 0.0)]],
    "W": [[(0.0, 0.0), (0.26, 1.0), (0.5, 0.25), (0.74, 1.0), (1.0, 0.0)]],
    "X": [[(0.0, 0.0), (1.0, 1.0)], [(1.0, 0.0), (0.0, 1.0)]],
    "Y": [[(0.0, 0.0), (0.5, 0.5), (1.0, 0.0)], [(0.5, 0.5), (0.5, 1.0)]],
    "Z": [[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]],
}
"""Middle lines of the strokes in a unit square, y down; drawn after photographs. `|` is a one without its flag."""
_FINE = 4


@lru_cache(maxsize=1 << 14)
def stroked(character: str, width: int, height: int, weight: int) -> Mask:
    """A character drawn with a round pen of `weight` per cent of the cell's height."""
    pen = max(round(_FINE * height * weight / 100), 1)
    sheet = np.zeros((_FINE * height, _FINE * width), np.uint8)
    inner = np.array([_FINE * width - pen - 1, _FINE * height - pen - 1])
    for line in STROKES[character]:
        points = np.round(np.array(line) * inner + pen / 2).astype(np.int32)
        cv2.polylines(sheet, [points.reshape(-1, 1, 2)], False, 255, pen)
    return np.asarray(cv2.resize(sheet, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@lru_cache(maxsize=1 << 14)
def printed(character: str, width: int, height: int, face: int) -> Mask:
    """A character of the `face`-th installed font, stretched to fill its cell as plates do."""
    paths = han_fonts() if character > "\x7f" else latin_fonts()
    drawn = _drawn(character, paths[face % len(paths)])
    wide = min(width, round(1.5 * drawn.shape[1] * height / drawn.shape[0]))
    mask = np.zeros((height, width), np.uint8)
    left = (width - wide) // 2
    mask[:, left : left + wide] = cv2.resize(drawn, (wide, height), interpolation=cv2.INTER_AREA)
    return mask


@lru_cache(maxsize=2048)
def _drawn(character: str, path: Path) -> Mask:
    number = SIMPLIFIED if path.name.startswith("NotoSansCJK") else 0
    sheet = Image.new("L", (400, 400), 0)
    ImageDraw.Draw(sheet).text((50, 50), character, font=ImageFont.truetype(str(path), 160, index=number), fill=255)
    return np.asarray(sheet.crop(sheet.getbbox()))


@lru_cache(maxsize=1)
def han_fonts() -> tuple[Path, ...]:
    """Installed fonts that hold the Chinese characters of plates. FileNotFoundError names what to install."""
    return _installed(HAN_FACES, "fonts-noto-cjk fonts-wqy-zenhei")


@lru_cache(maxsize=1)
def latin_fonts() -> tuple[Path, ...]:
    """Installed fonts for letters and digits. FileNotFoundError names what to install."""
    return _installed(LATIN_FACES, "fonts-liberation fonts-dejavu")


def _installed(faces: tuple[str, ...], packages: str) -> tuple[Path, ...]:
    there = {path.name: path for directory in FONT_DIRECTORIES for path in sorted(directory.rglob("*.[ot]t[cf]"))}
    found = tuple(there[face] for face in faces if face in there)
    if not found:
        raise FileNotFoundError(f"none of {', '.join(faces)} is installed: apt-get install {packages}")
    return found
