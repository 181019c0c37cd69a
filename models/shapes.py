"""What the shape of a network's output says about its layout: arithmetic only, no runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Layout = Literal["yolo26_end2end", "yolo11_raw", "yolox_raw"]

STRIDES = ((8, 16, 32), (8, 16, 32, 64))
"""Grids of the usual networks and of their P6 variants, pixels per cell."""

END2END_MAX_BOXES = 2000
"""An end-to-end network gives some hundred rows; more than this is a raw output."""


@dataclass(frozen=True, slots=True)
class RawShape:
    """An output shape that was understood; `classes` is None where the shape does not tell."""

    layout: Layout
    classes: int | None
    strides: tuple[int, ...]


def anchor_count(width: int, height: int, strides: Sequence[int]) -> int:
    """Cells over all grids of an input of `width` x `height` pixels."""
    return sum((width // s) * (height // s) for s in strides)


def readings(shape: Sequence[int], width: int, height: int) -> list[RawShape]:
    """All layouts that fit a concrete output shape (batch, a, b) for an input of `width` x `height`."""
    if len(shape) != 3:
        return []
    _, rows, columns = shape
    found = []
    for strides in STRIDES:
        anchors = anchor_count(width, height, strides)
        if columns == anchors and rows > 4:
            found.append(RawShape("yolo11_raw", rows - 4, strides))
        if rows == anchors and columns > 5:
            found.append(RawShape("yolox_raw", columns - 5, strides))
    if not found and columns == 6 and rows <= END2END_MAX_BOXES:
        found.append(RawShape("yolo26_end2end", None, ()))
    return found
