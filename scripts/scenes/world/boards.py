"""Boards with writing, and house fronts, as pictures."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.lab.signs.lettering import writing
from scripts.scenes.materials import picture
from scripts.scenes.mesh import box, panel
from scripts.scenes.world import surfaces

Pixels = NDArray[np.uint8]
Rgb = tuple[int, int, int]

BLUE: Rgb = (12, 62, 140)
GREEN: Rgb = (10, 105, 60)
RED: Rgb = (170, 22, 22)
WHITE: Rgb = (240, 240, 236)


def board(lines: tuple[str, ...], ground: Rgb, ink: Rgb, ratio: float) -> Pixels:
    """Lines of writing on a ground, `ratio` times as wide as high; RGB (256, W, 3)."""
    height = 256
    sheet = np.empty((height, round(height * ratio), 3), np.uint8)
    sheet[:] = ground
    cv2.rectangle(sheet, (5, 5), (sheet.shape[1] - 6, height - 6), ink, 4)
    room = (height - 40) // len(lines)
    for number, line in enumerate(lines):
        text = writing(line, ink, 120, ground)
        scale = min(room * 0.86 / text.shape[0], (sheet.shape[1] - 40) / text.shape[1])
        size = (max(1, round(text.shape[1] * scale)), max(1, round(text.shape[0] * scale)))
        small = cv2.resize(text, size, interpolation=cv2.INTER_AREA)
        top = 20 + number * room + (room - size[1]) // 2
        left = (sheet.shape[1] - size[0]) // 2
        sheet[top : top + size[1], left : left + size[0]] = small
    return sheet


def stand(
    name: str,
    pixels: Pixels,
    at: tuple[float, float, float],
    height_m: float,
    heading: float,
    glow: float,
    posts: bool = True,
) -> None:
    """A board with its lower edge's middle at `at`, read by who looks along `heading` (radians), on two posts."""
    wide = height_m * pixels.shape[1] / pixels.shape[0] / 2
    right = np.array([math.sin(heading), -math.cos(heading), 0.0])
    low = np.array(at)
    up = np.array([0.0, 0.0, height_m])
    corners = [low - right * wide, low + right * wide, low + right * wide + up, low - right * wide + up]
    panel(name, [_point(corner) for corner in corners], picture(name, pixels, glow))
    steel = surfaces.plain("sign steel", (0.42, 0.43, 0.44), roughness=0.5, metallic=0.5)
    back = np.array([math.cos(heading), math.sin(heading), 0.0]) * 0.05
    plate = [corner + back for corner in corners]
    panel("board back", [_point(corner) for corner in (plate[1], plate[0], plate[3], plate[2])], steel)
    if posts:
        for side in (-0.6, 0.6):
            foot = low + right * wide * side + back * 2
            box("sign post", (0.09, 0.09, at[2] + height_m), (foot[0], foot[1], (at[2] + height_m) / 2), steel)


def front(
    rng: np.random.Generator, storeys: int, bays: int, shops: tuple[str, ...], lit: float
) -> tuple[Pixels, Pixels]:
    """A house front of a small town: tiles, windows with air conditioners, shops below; and what of it shines."""
    unit = 64
    tone = rng.choice([[205, 196, 180], [186, 178, 168], [214, 208, 200], [176, 160, 142], [196, 188, 190]])
    sheet = np.empty((storeys * unit, bays * unit, 3), np.uint8)
    sheet[:] = tone
    sheet[::8] = (sheet[::8] * 0.94).astype(np.uint8)
    shine = np.zeros_like(sheet)
    for row in range(storeys - 1):
        for column in range(bays):
            _window(rng, sheet, shine, column * unit, row * unit, lit)
    top = (storeys - 1) * unit
    for column in range(bays):
        _shop(rng, sheet, shine, column * unit, top, str(rng.choice(list(shops))), lit)
    streaks = cv2.resize(rng.uniform(0.78, 1.04, (3, bays * 10)).astype(np.float32), (sheet.shape[1], sheet.shape[0]))
    return np.clip(sheet * streaks[..., None], 0, 255).astype(np.uint8), shine


def _window(rng: np.random.Generator, sheet: Pixels, shine: Pixels, x: int, y: int, lit: float) -> None:
    pane = np.array([52, 62, 70]) * rng.uniform(0.6, 1.3)
    cv2.rectangle(sheet, (x + 10, y + 14), (x + 53, y + 50), (232, 232, 228), -1)
    for left in (x + 13, x + 33):
        cv2.rectangle(sheet, (left, y + 17), (left + 17, y + 47), tuple(int(value) for value in pane), -1)
    if rng.random() < lit * 0.5:
        cv2.rectangle(shine, (x + 13, y + 17), (x + 50, y + 47), (255, 205, 140), -1)
    if rng.random() < 0.4:
        cv2.rectangle(sheet, (x + 14, y + 51), (x + 36, y + 62), (222, 222, 218), -1)
        cv2.circle(sheet, (x + 22, y + 57), 4, (120, 120, 120), -1)
    if rng.random() < 0.3:
        for bar in range(x + 10, x + 54, 5):
            cv2.line(sheet, (bar, y + 14), (bar, y + 50), (168, 168, 164), 1)


def _shop(rng: np.random.Generator, sheet: Pixels, shine: Pixels, x: int, y: int, name: str, lit: float) -> None:
    ground: Rgb = [(170, 24, 20), (24, 70, 150), (12, 110, 60), (210, 140, 20), (90, 30, 100)][int(rng.integers(5))]
    cv2.rectangle(sheet, (x + 1, y + 2), (x + 62, y + 18), ground, -1)
    text = writing(name, (255, 250, 225), 60, ground)
    scale = min(13 / text.shape[0], 56 / text.shape[1])
    small = cv2.resize(text, (round(text.shape[1] * scale), round(text.shape[0] * scale)), interpolation=cv2.INTER_AREA)
    left = x + 32 - small.shape[1] // 2
    sheet[y + 4 : y + 4 + small.shape[0], left : left + small.shape[1]] = small
    if rng.random() < 0.35:
        for slat in range(y + 20, y + 63, 3):
            cv2.line(sheet, (x + 4, slat), (x + 60, slat), (150, 150, 148), 2)
        return
    inside = (58, 54, 48) if rng.random() < 0.5 else (92, 84, 70)
    cv2.rectangle(sheet, (x + 4, y + 20), (x + 60, y + 63), inside, -1)
    for _ in range(9):
        left, down = x + int(rng.integers(5, 48)), y + int(rng.integers(30, 56))
        goods = tuple(int(value) for value in rng.integers(40, 220, 3))
        cv2.rectangle(sheet, (left, down), (left + int(rng.integers(4, 12)), down + 7), goods, -1)
    if lit:
        cv2.rectangle(shine, (x + 4, y + 20), (x + 60, y + 63), (255, 226, 180), -1)
        shine[y + 2 : y + 18, x + 1 : x + 62] = sheet[y + 2 : y + 18, x + 1 : x + 62]


def _point(corner: Any) -> tuple[float, float, float]:
    return float(corner[0]), float(corner[1]), float(corner[2])
