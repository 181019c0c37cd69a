"""Number plates by GA 36-2018 and plain writing, drawn as pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from detector.plate_types import DIGITS, LETTERS, PROVINCES
from models.lab.signs.glyphs import SIMPLIFIED, han_fonts
from models.lab.signs.spec import PlateSpec, PlateType

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Rgb = tuple[int, int, int]

PX_PER_MM = 2.0
ENERGY_LETTERS = "DABCEFGHJK"
"""D A B C E run on electricity alone, F G H J K not."""

PLATE_COLOURS: dict[PlateType, str] = {
    "large_car": "yellow",
    "small_car": "blue",
    "trailer": "yellow",
    "small_nev": "green",
    "large_nev": "yellow_green",
    "motorcycle": "yellow",
    "police": "white",
    "learner": "yellow",
    "low_speed": "yellow",
}
_BLACK: Rgb = (16, 16, 18)
_WHITE: Rgb = (245, 246, 248)
_RED: Rgb = (200, 20, 30)
GROUNDS: dict[str, Rgb] = {
    "yellow": (247, 181, 12),
    "blue": (16, 62, 168),
    "green": (96, 196, 110),
    "yellow_green": (92, 190, 92),
    "white": (238, 240, 242),
    "black": (22, 22, 24),
}


@lru_cache(maxsize=8)
def font(size_px: int) -> ImageFont.FreeTypeFont:
    """The bold face at this size."""
    return ImageFont.truetype(str(han_fonts()[0]), size_px, index=SIMPLIFIED)


@lru_cache(maxsize=512)
def glyph(character: str, width: int, height: int) -> Image.Image:
    """One character as a mask of width x height pixels, stretched to fill it; on plates a one has no foot."""
    if character == "1":
        return _one(width, height)
    sheet = Image.new("L", (400, 400), 0)
    ImageDraw.Draw(sheet).text((50, 50), character, font=font(200), fill=255)
    drawn = sheet.crop(sheet.getbbox())
    wide, tall = drawn.size
    inner = min(width, round(1.3 * wide * height / tall))
    mask = Image.new("L", (width, height), 0)
    mask.paste(drawn.resize((inner, height), Image.Resampling.LANCZOS), ((width - inner) // 2, 0))
    return mask


def _one(width: int, height: int) -> Image.Image:
    mask = Image.new("L", (4 * width, 4 * height), 0)
    shares = [(0.42, 0.0), (0.62, 0.0), (0.62, 1.0), (0.40, 1.0), (0.40, 0.19), (0.22, 0.25), (0.22, 0.13)]
    ImageDraw.Draw(mask).polygon([(4 * width * x, 4 * height * y) for x, y in shares], fill=255)
    return mask.resize((width, height), Image.Resampling.LANCZOS)


def writing(text: str, colour: Rgb, height_px: int = 64, ground: Rgb | None = None) -> Pixels:
    """A line of text, (height, width, 4) RGBA with a clear ground, or (height, width, 3) RGB on `ground`."""
    face = font(height_px)
    left, top, right, bottom = face.getbbox(text)
    size = (int(right - left) + 4, int(bottom - top) + 4)
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).text((2 - left, 2 - top), text, font=face, fill=255)
    if ground is not None:
        sheet = Image.new("RGB", size, ground)
        sheet.paste(colour, (0, 0), mask)
        return np.asarray(sheet)
    clear = Image.new("RGBA", size, (*colour, 255))
    clear.putalpha(mask)
    return np.asarray(clear)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of characters: millimetres from the plate's left and upper edge."""

    top: float
    height: float
    widths: tuple[float, ...]
    lefts: tuple[float, ...]
    dot: tuple[float, float] | None = None


def even(left: float, top: float, width: float, height: float, gap: float, count: int) -> Row:
    return Row(top, height, (width,) * count, tuple(left + (width + gap) * number for number in range(count)))


# GA 36-2018: 440 x 140 with characters of 45 x 90 mm, 12 mm apart, the dot of 10 mm in a gap of 34 mm.
ONE_LINE = (Row(25.0, 90.0, (45.0,) * 7, (15.5, 72.5, *(151.5 + 57.0 * n for n in range(5))), (134.5, 70.0)),)
# 480 x 140: the first of 45, the others of 43 x 90 mm, 9 mm apart, 49 mm between second and third.
NEW_ENERGY = (Row(25.0, 90.0, (45.0, *(43.0,) * 7), (15.5, 69.5, *(161.5 + 52.0 * n for n in range(6)))),)
# 440 x 220: above 80 x 60 mm, below 65 x 110 mm, 15 mm apart.
LARGE_REAR = (
    Row(15.0, 60.0, (80.0, 80.0), (110.0, 250.0), (220.0, 45.0)),
    even(27.5, 90.0, 65.0, 110.0, 15.0, 5),
)
# The small two-line plates: proportions after photographs; the standard's own figures were not at hand.
MOTORCYCLE = (Row(12.0, 42.0, (42.0, 42.0), (52.0, 126.0), (110.0, 33.0)), even(14.0, 66.0, 32.0, 62.0, 8.0, 5))
LOW_SPEED = (Row(12.0, 48.0, (58.0, 58.0), (72.0, 170.0), (150.0, 36.0)), even(20.0, 72.0, 44.0, 80.0, 10.0, 5))


def plate_size_mm(plate: PlateSpec) -> tuple[float, float]:
    """Width and height by GA 36-2018."""
    if plate.type in ("small_nev", "large_nev"):
        return 480.0, 140.0
    if plate.type == "motorcycle":
        return 220.0, 140.0
    if plate.type == "low_speed":
        return 300.0, 165.0
    return (440.0, 220.0) if plate.lines == 2 else (440.0, 140.0)


def plate_image(plate: PlateSpec) -> Pixels:
    """The plate as RGB (height, width, 3), `PX_PER_MM` pixels per millimetre."""
    width, height = plate_size_mm(plate)
    sheet = _ground(plate.type, round(width * PX_PER_MM), round(height * PX_PER_MM))
    ink = _WHITE if plate.type == "small_car" else _BLACK
    draw = ImageDraw.Draw(sheet)
    if plate.type not in ("small_nev", "large_nev"):
        inset = 4.0 * PX_PER_MM
        edge = (inset, inset, sheet.width - 1 - inset, sheet.height - 1 - inset)
        draw.rounded_rectangle(edge, radius=8 * PX_PER_MM, outline=ink, width=round(2.5 * PX_PER_MM))
    text = iter(plate.text)
    for row in _rows(plate):
        for left, wide in zip(row.lefts, row.widths, strict=True):
            character = next(text)
            mask = glyph(character, round(wide * PX_PER_MM), round(row.height * PX_PER_MM))
            colour = _RED if character == "警" else ink
            sheet.paste(colour, (round(left * PX_PER_MM), round(row.top * PX_PER_MM)), mask)
        if row.dot is not None:
            x, y, radius = row.dot[0] * PX_PER_MM, row.dot[1] * PX_PER_MM, 5.0 * PX_PER_MM
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    return np.asarray(sheet)


def _rows(plate: PlateSpec) -> tuple[Row, ...]:
    rows: tuple[Row, ...]
    if plate.type == "motorcycle":
        rows = MOTORCYCLE
    elif plate.type == "low_speed":
        rows = LOW_SPEED
    elif plate.type in ("small_nev", "large_nev"):
        rows = NEW_ENERGY
    else:
        rows = LARGE_REAR if plate.lines == 2 else ONE_LINE
    places = sum(len(row.lefts) for row in rows)
    if places != len(plate.text):
        raise ValueError(f"a {plate.type} plate holds {places} characters, not {len(plate.text)}: {plate.text!r}")
    return rows


def _ground(kind: PlateType, width: int, height: int) -> Image.Image:
    colour = GROUNDS[PLATE_COLOURS[kind]]
    sheet = Image.new("RGB", (width, height), colour)
    if kind == "small_nev":
        share = np.linspace(0.0, 1.0, height)[:, None, None]
        fade = (1.0 - share) * np.array((236, 246, 240)) + share * np.array(colour)
        sheet = Image.fromarray(np.broadcast_to(fade, (height, width, 3)).astype(np.uint8))
    if kind == "large_nev":
        sheet.paste(GROUNDS["yellow"], (0, 0, round(136.0 * PX_PER_MM), height))
    return sheet


def random_plate(
    rng: np.random.Generator, type: PlateType, lines: Literal[1, 2] | None = None, elsewhere: float = 0.3
) -> PlateSpec:
    """A plate with a lawful text; most are 闽H (南平), the share `elsewhere` comes from other places."""
    head = "闽H"
    if rng.random() < elsewhere:
        province = "闽" if rng.random() < 0.5 else str(rng.choice(list(PROVINCES)))
        head = province + str(rng.choice(list(LETTERS[:9])))
    if type == "small_nev":
        tail = str(rng.choice(list(ENERGY_LETTERS))) + str(rng.choice(list(DIGITS + LETTERS))) + _digits(rng, 4)
    elif type == "large_nev":
        tail = _digits(rng, 5) + str(rng.choice(list(ENERGY_LETTERS)))
    elif type in ("trailer", "learner", "police"):
        tail = _serial(rng, 4) + {"trailer": "挂", "learner": "学", "police": "警"}[type]
    else:
        tail = _serial(rng, 5)
    own: Literal[1, 2] = 2 if type in ("trailer", "motorcycle", "low_speed") else 1
    return PlateSpec(text=head + tail, type=type, lines=lines or own)


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(str(digit) for digit in rng.integers(0, 10, count))


def _serial(rng: np.random.Generator, count: int) -> str:
    """A serial number: digits with at most two letters among them."""
    serial = list(_digits(rng, count))
    for place in rng.choice(count, size=int(rng.integers(0, 3)), replace=False):
        serial[place] = str(rng.choice(list(LETTERS)))
    return "".join(serial)
