"""A contact sheet of vehicles with what was told of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from cameras.frame import Image
from detector.body_look import SIZE, laid_out
from models.lab.bodies.crops import BodyCrop

ACROSS = 5
LINE = 14
"""Pixels of a line of writing."""
MOST = 60


def draw_sheet(vehicles: Sequence[tuple[BodyCrop, str]], path: Path) -> None:
    """Write a PNG of the cut-outs as the network gets them, each under its lines. Raises OSError when it cannot."""
    cells = [_cell(crop, text) for crop, text in vehicles[:MOST]]
    cells += [np.zeros_like(_blank())] * (-len(cells) % ACROSS)
    rows = [np.hstack(cells[start : start + ACROSS]) for start in range(0, len(cells), ACROSS)]
    if not cv2.imwrite(str(path), np.vstack(rows) if rows else _blank()):
        raise OSError(f"{path} cannot be written; name a PNG in a folder that is there.")


def _cell(crop: BodyCrop, text: str) -> Image:
    cell = _blank()
    cell[3 * LINE :] = cv2.resize(laid_out(crop.pixels, crop.box), None, fx=1.5, fy=1.5)
    for number, line in enumerate((crop.name, *text.split("; "))):
        cv2.putText(cell, line, (3, LINE * (number + 1) - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (255, 255, 255))
    return cell


def _blank() -> Image:
    return np.zeros((3 * LINE + SIZE[1] * 3 // 2, SIZE[0] * 3 // 2, 3), np.uint8)
