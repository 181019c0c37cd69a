"""Signs of dangerous goods, drawn as pictures: orange panels and diamonds by GB 13392-2023 and JT/T 617.5."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from models.lab.signs.lettering import Pixels, Rgb, glyph
from models.lab.signs.spec import PanelSpec

PX_PER_MM = 2.0
ORANGE: Rgb = (250, 104, 10)
BLACK: Rgb = (12, 12, 12)
WHITE: Rgb = (240, 240, 240)
RED: Rgb = (212, 24, 28)
GREEN: Rgb = (18, 132, 66)
BLUE: Rgb = (20, 74, 170)
YELLOW: Rgb = (252, 205, 14)

SIDE = 400
"""Pixels across a diamond's picture, corner to corner."""
SHARPER = 3
"""Drawn that much larger, then reduced, for soft edges."""

Draw = ImageDraw.ImageDraw
Symbol = Callable[[Draw, Rgb], None]


def panel_image(panel: PanelSpec) -> Pixels:
    """Orange panel of 400 x 300 mm, black border of 15 mm, digits 100 mm high; RGB (600, 800, 3)."""
    width, height, border = (round(mm * PX_PER_MM) for mm in (400, 300, 15))
    sheet = Image.new("RGB", (width, height), BLACK)
    draw = ImageDraw.Draw(sheet)
    if not panel.hazard and not panel.un:
        draw.rectangle((border, border, width - border - 1, height - border - 1), fill=ORANGE)
        return np.asarray(sheet)
    half = height // 2
    for top, bottom, text in (
        (border, half - border // 2, panel.hazard),
        (half + border // 2, height - border, panel.un),
    ):
        draw.rectangle((border, top, width - border - 1, bottom - 1), fill=ORANGE)
        tall, wide, step = (round(mm * PX_PER_MM) for mm in (100, 62, 80))
        left = (width - step * len(text) + (step - wide)) // 2
        for number, character in enumerate(text):
            sheet.paste(BLACK, (left + step * number, (top + bottom - tall) // 2), glyph(character, wide, tall))
    return np.asarray(sheet)


def diamond_image(hazard_class: str) -> Pixels:
    """Diamond of a class (1.1 ... 9), standing on its corner; RGB (SIDE, SIDE, 3), meaningless outside the diamond.

    KeyError for a class that there is not.
    """
    if hazard_class not in DIAMONDS:
        raise KeyError(f"no diamond for class {hazard_class!r}; known are {', '.join(DIAMONDS)}")
    ground, symbol, ink, foot = DIAMONDS[hazard_class]
    big = SIDE * SHARPER
    sheet = Image.new("RGB", (big, big), ground[0])
    draw = ImageDraw.Draw(sheet)
    if len(ground) == 2:
        draw.rectangle((0, big // 2, big, big), fill=ground[1])
    if symbol is not None:
        symbol(draw, ink)
    _frame(draw, foot)
    digit, tall = hazard_class.split(".")[0].rstrip("AB"), round(0.13 * big)
    if symbol is None:
        _text(sheet, hazard_class, big // 2, round(0.36 * big), round(0.2 * big), ink)
    _text(sheet, digit, big // 2, round(0.83 * big), tall, foot)
    return np.asarray(sheet.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def _text(sheet: Image.Image, text: str, x: int, y: int, tall: int, ink: Rgb) -> None:
    wide = round(0.62 * tall)
    left = x - wide * len(text) // 2
    for number, character in enumerate(text):
        size = (wide // 4, tall // 4) if character == "." else (round(0.9 * wide), tall)
        down = tall // 2 - size[1] if character == "." else -tall // 2
        sheet.paste(ink, (left + wide * number + (wide - size[0]) // 2, y + down), glyph(character, *size))


def _frame(draw: Draw, ink: Rgb) -> None:
    for inset in np.linspace(0.045, 0.062, 6):
        draw.line(_scaled([(0.5, inset), (1 - inset, 0.5), (0.5, 1 - inset), (inset, 0.5), (0.5, inset)]), ink, 5)


def _scaled(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Shares of the picture as pixels of the large drawing."""
    return [(x * SIDE * SHARPER, y * SIDE * SHARPER) for x, y in points]


def _disc(draw: Draw, x: float, y: float, radius: float, ink: Any) -> None:
    draw.ellipse(_scaled([(x - radius, y - radius), (x + radius, y + radius)]), fill=ink)


def _flame(draw: Draw, ink: Rgb, down: float = 0.0, size: float = 1.0) -> None:
    half = [(0.0, 0.34), (0.09, 0.33), (0.15, 0.27), (0.16, 0.19), (0.12, 0.10), (0.10, 0.17), (0.06, 0.20)]
    top = [(0.06, 0.10), (0.01, 0.0), (-0.02, 0.10), (-0.07, 0.16), (-0.09, 0.09), (-0.14, 0.18), (-0.14, 0.27)]
    points = [(0.5 + size * x, 0.16 + down + size * y) for x, y in half + top + [(-0.08, 0.33)]]
    draw.polygon(_scaled(points), fill=ink)
    draw.line(_scaled([(0.36, 0.535 + down), (0.64, 0.535 + down)]), ink, 22)


def _bomb(draw: Draw, ink: Rgb) -> None:
    _disc(draw, 0.5, 0.36, 0.08, ink)
    for turn in np.linspace(0.0, 2.0 * math.pi, 14, endpoint=False):
        reach = 0.17 if round(turn * 7 / math.pi) % 2 else 0.23
        aside = turn + 0.12
        draw.polygon(
            _scaled(
                [
                    (0.5 + 0.09 * math.cos(turn - 0.1), 0.36 + 0.09 * math.sin(turn - 0.1)),
                    (0.5 + reach * math.cos(aside), 0.36 + 0.75 * reach * math.sin(aside)),
                    (0.5 + 0.09 * math.cos(turn + 0.2), 0.36 + 0.09 * math.sin(turn + 0.2)),
                ]
            ),
            fill=ink,
        )


def _bottle(draw: Draw, ink: Rgb) -> None:
    draw.rounded_rectangle(_scaled([(0.28, 0.33), (0.62, 0.45)]), radius=60, fill=ink)
    draw.rectangle(_scaled([(0.61, 0.36), (0.68, 0.42)]), fill=ink)
    draw.rectangle(_scaled([(0.69, 0.34), (0.72, 0.44)]), fill=ink)


def _skull(draw: Draw, ink: Rgb, ground: Rgb = WHITE) -> None:
    for left, right in ((0.28, 0.72), (0.72, 0.28)):
        draw.line(_scaled([(left, 0.34), (right, 0.54)]), ink, 34)
        for x, y in ((left, 0.34), (right, 0.54)):
            _disc(draw, x, y, 0.025, ink)
    _disc(draw, 0.5, 0.32, 0.115, ink)
    draw.rectangle(_scaled([(0.44, 0.38), (0.56, 0.47)]), fill=ink)
    for x in (0.455, 0.545):
        _disc(draw, x, 0.33, 0.03, ground)
    draw.polygon(_scaled([(0.5, 0.36), (0.485, 0.395), (0.515, 0.395)]), fill=ground)


def _striped_flame(draw: Draw, ink: Rgb) -> None:
    for number in range(7):
        left = (2 * number + 0.5) / 14.0
        draw.rectangle(_scaled([(left, 0.0), (left + 1 / 14.0, 1.0)]), fill=RED)
    _flame(draw, ink)


def _flame_over_circle(draw: Draw, ink: Rgb) -> None:
    _flame(draw, ink, down=-0.04, size=0.8)
    _disc(draw, 0.5, 0.455, 0.085, ink)
    _disc(draw, 0.5, 0.455, 0.05, YELLOW)


def _crescents(draw: Draw, ink: Rgb) -> None:
    for turn in (-math.pi / 2, math.pi / 6, 5 * math.pi / 6):
        x, y = 0.5 + 0.085 * math.cos(turn), 0.37 + 0.085 * math.sin(turn)
        _disc(draw, x, y, 0.08, ink)
        _disc(draw, x + 0.035 * math.cos(turn), y + 0.035 * math.sin(turn), 0.068, WHITE)
    _disc(draw, 0.5, 0.37, 0.03, ink)


def _trefoil(draw: Draw, ink: Rgb) -> None:
    box = _scaled([(0.36, 0.18), (0.64, 0.46)])
    for start in (240, 0, 120):
        draw.pieslice(box, start, start + 60, fill=ink)
    _disc(draw, 0.5, 0.32, 0.045, YELLOW)
    _disc(draw, 0.5, 0.32, 0.028, ink)


def _tubes(draw: Draw, ink: Rgb) -> None:
    for x, lean in ((0.33, 0.05), (0.60, -0.05)):
        draw.line(_scaled([(x - lean, 0.24), (x + 0.12 + lean, 0.24)]), ink, 40)
        draw.line(_scaled([(x + 0.05, 0.29), (x + 0.05, 0.36)]), ink, 16)
    draw.rectangle(_scaled([(0.26, 0.40), (0.46, 0.43)]), fill=ink)
    draw.polygon(_scaled([(0.54, 0.44), (0.60, 0.39), (0.74, 0.41), (0.74, 0.45), (0.54, 0.46)]), fill=ink)


def _stripes(draw: Draw, ink: Rgb, battery: bool = False) -> None:
    for number in range(7):
        left = (2 * number + 0.5) / 14.0
        draw.rectangle(_scaled([(left, 0.0), (left + 1 / 14.0, 0.5)]), fill=ink)
    if battery:
        for x in (0.36, 0.45, 0.54):
            draw.rectangle(_scaled([(x, 0.58), (x + 0.07, 0.70)]), fill=ink)


DIAMONDS: dict[str, tuple[tuple[Rgb, ...], Symbol | None, Rgb, Rgb]] = {
    **dict.fromkeys(("1.1", "1.2", "1.3"), ((ORANGE,), _bomb, BLACK, BLACK)),
    **dict.fromkeys(("1.4", "1.5", "1.6"), ((ORANGE,), None, BLACK, BLACK)),
    "2.1": ((RED,), _flame, BLACK, BLACK),
    "2.2": ((GREEN,), _bottle, WHITE, WHITE),
    "2.3": ((WHITE,), _skull, BLACK, BLACK),
    "3": ((RED,), _flame, WHITE, WHITE),
    "4.1": ((WHITE,), _striped_flame, BLACK, BLACK),
    "4.2": ((WHITE, RED), _flame, BLACK, BLACK),
    "4.3": ((BLUE,), _flame, WHITE, WHITE),
    "5.1": ((YELLOW,), _flame_over_circle, BLACK, BLACK),
    "5.2": ((RED, YELLOW), _flame, BLACK, BLACK),
    "6.1": ((WHITE,), _skull, BLACK, BLACK),
    "6.2": ((WHITE,), _crescents, BLACK, BLACK),
    "7": ((YELLOW, WHITE), _trefoil, BLACK, BLACK),
    "8": ((WHITE, BLACK), _tubes, BLACK, WHITE),
    "9": ((WHITE,), _stripes, BLACK, BLACK),
    "9A": ((WHITE,), partial(_stripes, battery=True), BLACK, BLACK),
}
"""By class: ground (upper, lower), symbol, its ink, ink of frame and digit."""
