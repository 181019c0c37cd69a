"""Signs drawn flat, of every type and with random texts: what the reader of signs learns from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from detector.plate_types import DIGITS, ENERGY_LETTERS, LETTERS, PROVINCES
from models.lab.signs.glyphs import STROKES, printed, stroked
from models.lab.signs.hazard import DIAMONDS, ORANGE, diamond_image
from models.lab.signs.lettering import (
    GROUNDS,
    LARGE_REAR,
    LOW_SPEED,
    MOTORCYCLE,
    NEW_ENERGY,
    ONE_LINE,
    Rgb,
    Row,
    even,
)

Pixels = np.ndarray[Any, np.dtype[Any]]
"""uint8 (height, width, 3)."""
PX_PER_MM = 0.6
FULL_HAZARDS = ("20", "22", "23", "25", "26", "30", "33", "36", "38", "40", "43", "44", "50", "55", "56", "58", "59")
MORE_HAZARDS = ("60", "66", "68", "70", "78", "80", "83", "84", "85", "86", "88", "89", "90", "99", "223", "225", "239")
LONG_HAZARDS = ("263", "265", "268", "323", "333", "336", "338", "339", "382", "423", "446", "462", "482", "539", "606")
HAZARDS = FULL_HAZARDS + MORE_HAZARDS + LONG_HAZARDS + ("623", "663", "664", "668", "823", "839", "883", "885", "886")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sign seen from straight ahead."""

    pixels: Pixels
    """RGB (height, width, 3)."""
    kind: str
    """Colour of a plate; `panel`, `diamond`."""
    slots: tuple[str, ...]
    """What each of the reader's places should say; empty for nothing."""
    cells: tuple[tuple[float, float, float, float], ...]
    """Box of each character, pixels of the sheet."""
    corners: np.ndarray[Any, np.dtype[np.float32]]
    """(4, 2) pixels of the sheet: upper left, then clockwise; of a diamond those of the square round it."""


EVEN_SEVEN = (even(18.0, 25.0, 46.0, 90.0, 13.5, 7),)
EVEN_EIGHT = (even(14.0, 25.0, 43.0, 90.0, 9.2, 8),)
"""Plates without a gap after the second character."""


class SheetMaker:
    """Draws one random sign after the other."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        kinds: list[tuple[float, Callable[[], Sheet]]] = [
            (0.34, self._blue),
            (0.13, self._yellow),
            (0.13, self._yellow_two),
            (0.10, self._green),
            (0.05, self._yellow_green),
            (0.05, self._white),
            (0.05, self._black),
            (0.02, self._small_two),
            (0.06, self._panel),
            (0.07, self._diamond),
        ]
        shares = np.array([share for share, _ in kinds])
        self._shares, self._makers = shares / shares.sum(), [maker for _, maker in kinds]

    def sheet(self) -> Sheet:
        """A sign of a random type with a random text."""
        return self._makers[int(self._rng.choice(len(self._makers), p=self._shares))]()

    def plate(self) -> Sheet:
        """A number plate of a random type."""
        while True:
            made = self.sheet()
            if made.kind not in ("panel", "diamond"):
                return made

    def _one(self, of: str) -> str:
        return of[int(self._rng.integers(len(of)))]

    def _head(self) -> str:
        province = self._one("闽闽闽赣浙粤皖") if self._rng.random() < 0.3 else self._one(PROVINCES)
        return province + ("A" if self._rng.random() < 0.12 else self._one(LETTERS))

    def _serial(self, count: int) -> str:
        """Digits and letters; real numbers bear few letters, the reader should know all of them."""
        share = float(self._rng.choice([0.0, 0.2, 0.45]))
        return "".join(self._one(LETTERS) if self._rng.random() < share else self._one(DIGITS) for _ in range(count))

    def _digits(self, count: int) -> str:
        return "".join(self._one(DIGITS) for _ in range(count))

    def _blue(self) -> Sheet:
        return self._plate("blue", self._head() + self._serial(5), ONE_LINE, 440, 140)

    def _yellow(self) -> Sheet:
        learner = self._rng.random() < 0.2
        text = self._head() + (self._serial(4) + "学" if learner else self._serial(5))
        return self._plate("yellow", text, ONE_LINE, 440, 140)

    def _yellow_two(self) -> Sheet:
        trailer = self._rng.random() < 0.5
        text = self._head() + (self._serial(4) + "挂" if trailer else self._serial(5))
        return self._plate("yellow", text, LARGE_REAR, 440, 220)

    def _small_two(self) -> Sheet:
        colour = "blue" if self._rng.random() < 0.3 else "yellow"
        text = self._head() + self._serial(5)
        if self._rng.random() < 0.5:
            return self._plate(colour, text, MOTORCYCLE, 220, 140)
        return self._plate(colour, text, LOW_SPEED, 300, 165)

    def _green(self) -> Sheet:
        tail = self._one(ENERGY_LETTERS) + self._one(DIGITS + LETTERS) + self._digits(4)
        return self._plate("green", self._head() + tail, NEW_ENERGY, 480, 140)

    def _yellow_green(self) -> Sheet:
        return self._plate(
            "yellow_green", self._head() + self._digits(5) + self._one(ENERGY_LETTERS), NEW_ENERGY, 480, 140
        )

    def _white(self) -> Sheet:
        pick = self._rng.random()
        if pick < 0.55:
            return self._plate("white", self._head() + self._serial(4) + "警", ONE_LINE, 440, 140)
        if pick < 0.7:
            text = self._one(PROVINCES) + self._one("XS") + self._digits(4) + "应急"
            return self._plate("white", text, EVEN_EIGHT, 440, 140)
        if pick < 0.85:
            text = "WJ" + self._one(PROVINCES) + self._digits(4) + self._one(DIGITS + "TDSHBXJ")
            return self._plate("white", text, EVEN_EIGHT, 440, 140)
        text = self._one("VKHBSLJNGCEZ") + self._one("ABCDEFGHJKLMNPRTVY") + self._digits(5)
        return self._plate("white", text, EVEN_SEVEN, 440, 140)

    def _black(self) -> Sheet:
        pick = self._rng.random()
        if pick < 0.6:
            return self._plate("black", "粤Z" + self._serial(4) + self._one("港澳"), ONE_LINE, 440, 140)
        if pick < 0.8:
            text = self._one(PROVINCES) + self._one(LETTERS) + self._digits(4) + "领"
            return self._plate("black", text, ONE_LINE, 440, 140)
        digits = self._digits(6)
        return self._plate("black", "使" + digits if pick < 0.9 else digits + "使", EVEN_SEVEN, 440, 140)

    def _plate(self, kind: str, text: str, rows: tuple[Row, ...], wide_mm: float, tall_mm: float) -> Sheet:
        rng = self._rng
        sheet = _ground(kind, round(wide_mm * PX_PER_MM), round(tall_mm * PX_PER_MM))
        ink: Rgb = (244, 246, 248) if kind in ("blue", "black") else (18, 18, 20)
        if kind not in ("green", "yellow_green"):
            inset, pen = round(4 * PX_PER_MM), max(round(2.5 * PX_PER_MM), 1)
            edge = (sheet.shape[1] - 1 - inset, sheet.shape[0] - 1 - inset)
            cv2.rectangle(sheet, (inset, inset), edge, ink, pen, cv2.LINE_AA)
        cells = self._write(sheet, text, rows, ink)
        dotted = next((row.dot for row in rows if row.dot), None)
        if dotted and rng.random() < 0.9:
            x, y = dotted
            dot = (round(x * PX_PER_MM), round(y * PX_PER_MM))
            cv2.circle(sheet, dot, max(round(5 * PX_PER_MM), 1), ink, -1, cv2.LINE_AA)
        self._bolts(sheet)
        return _finished(sheet, kind, tuple(text) + ("",) * (8 - len(text)), cells)

    def _write(self, sheet: Pixels, text: str, rows: tuple[Row, ...], ink: Rgb) -> list[tuple[float, ...]]:
        """Put a text into its cells; gives their boxes in pixels."""
        rng = self._rng
        weight, face, own = int(rng.integers(9, 15)), int(rng.integers(10)), rng.random() < 0.7
        shift = rng.normal(0, 0.8, 2)
        characters = iter(text)
        cells: list[tuple[float, ...]] = []
        for row in rows:
            for left, wide in zip(row.lefts, row.widths, strict=True):
                character = next(characters)
                width, tall = round(wide * PX_PER_MM), round(row.height * PX_PER_MM)
                x, y = round((left + shift[0]) * PX_PER_MM), round((row.top + shift[1]) * PX_PER_MM)
                x, y = min(max(x, 0), sheet.shape[1] - width), min(max(y, 0), sheet.shape[0] - tall)
                if character in STROKES and own:
                    mask = stroked(character, width, tall, weight)
                    if character == "1" and rng.random() < 0.5:
                        mask = stroked("|", width, tall, weight)
                else:
                    mask = printed(character, width, tall, face)
                red = character in "警使领应急" or (
                    ord(character) < 128 and text.startswith("WJ") and character in "WJ"
                )
                _paint(sheet, mask, x, y, (200, 24, 30) if red and rng.random() < 0.8 else ink)
                cells.append((x, y, x + width, y + tall))
        return cells

    def _bolts(self, sheet: Pixels) -> None:
        height, width = sheet.shape[:2]
        for x in (0.22, 0.78):
            for y in (0.08, 0.92):
                if self._rng.random() < 0.4:
                    grey = int(self._rng.integers(40, 230))
                    at = (round(width * x), round(height * y))
                    cv2.circle(sheet, at, round(5 * PX_PER_MM), (grey, grey, grey), -1, cv2.LINE_AA)

    def _panel(self) -> Sheet:
        rng, px = self._rng, PX_PER_MM
        sheet = np.zeros((round(300 * px), round(400 * px), 3), np.uint8)
        border, half = round(15 * px), round(150 * px)
        gap = round(7.5 * px)
        empty = rng.random() < 0.2
        sheet[border:-border, border:-border] = ORANGE
        hazard = HAZARDS[int(rng.integers(len(HAZARDS)))] if rng.random() < 0.6 else str(int(rng.integers(20, 1000)))
        hazard = "X" + hazard if rng.random() < 0.15 else hazard
        un = f"{int(rng.integers(4, 3600)):04d}" if rng.random() < 0.85 else self._digits(4)
        if empty:
            return _finished(sheet, "panel", ("",) * 8, [])
        sheet[half - gap : half + gap] = 0
        rows: list[Row] = []
        for text, middle in ((hazard, 78.0), (un, 222.0)):
            step = 80.0 if rng.random() < 0.7 else 72.0
            left = 200.0 - step * len(text) / 2 + (step - 62.0) / 2
            rows.append(even(left, middle - 50.0, 62.0, 100.0, step - 62.0, len(text)))
        cells = self._write(sheet, hazard + un, tuple(rows), (14, 14, 14))
        return _finished(sheet, "panel", (*hazard, *[""] * (4 - len(hazard)), *un), cells)

    def _diamond(self) -> Sheet:
        classes = sorted(DIAMONDS)
        name = classes[int(self._rng.integers(len(classes)))]
        if name.startswith("1.") and self._rng.random() < 0.6:
            name = "3"
        digits = name.rstrip("AB").replace(".", "")
        return _finished(_on_its_corner(name).copy(), "diamond", tuple(digits) + ("",) * (8 - len(digits)), [])


@lru_cache(maxsize=32)
def _on_its_corner(name: str) -> Pixels:
    """The diamond of a class on a square; what lies outside it is grey."""
    small = np.array(cv2.resize(diamond_image(name), (180, 180), interpolation=cv2.INTER_AREA))
    rows, columns = np.mgrid[0:180, 0:180]
    outside = np.abs(rows - 89.5) + np.abs(columns - 89.5) > 90
    small[outside] = 128
    return small


def _ground(kind: str, width: int, height: int) -> Pixels:
    sheet = np.empty((height, width, 3), np.uint8)
    sheet[:] = GROUNDS[kind]
    if kind == "green":
        share = np.linspace(0.0, 1.0, height)[:, None, None]
        sheet[:] = (1 - share) * np.array((232, 244, 238)) + share * np.array(GROUNDS["green"])
    if kind == "yellow_green":
        sheet[:, : round(136 * PX_PER_MM)] = GROUNDS["yellow"]
    return sheet


def _paint(sheet: Pixels, mask: Pixels, x: int, y: int, ink: Rgb) -> None:
    part = sheet[y : y + mask.shape[0], x : x + mask.shape[1]]
    cover = mask[: part.shape[0], : part.shape[1], None].astype(np.uint16)
    part[:] = (part * (255 - cover) + np.array(ink, np.uint16) * cover) // 255


def _finished(sheet: Pixels, kind: str, slots: tuple[str, ...], cells: list[tuple[float, ...]]) -> Sheet:
    height, width = sheet.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    boxes = tuple((float(c[0]), float(c[1]), float(c[2]), float(c[3])) for c in cells)
    return Sheet(sheet, kind, slots, boxes, corners)
