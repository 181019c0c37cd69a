"""Real cut-outs of plates, from the folders that hold them."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from detector.sign_alphabet import COLOURS, slot_ids
from models.lab.signs.sheets import Pixels

HELD_OUT_OF = 4
"""Every so manieth picture is kept for measuring."""


@dataclass(frozen=True, slots=True)
class RealPlate:
    """One plate of a real picture."""

    path: Path
    text: str
    colour: str | None
    corners: np.ndarray | None
    """(4, 2) pixels, clockwise from the upper left; None where the whole picture is the plate."""
    held_out: bool

    def cut(self, margin: float = 0.0) -> Pixels:
        """BGR pixels, along the corners where they are known."""
        picture = np.asarray(cv2.imread(str(self.path)), np.uint8)
        if self.corners is None:
            return picture
        corners = self.corners + (self.corners - self.corners.mean(axis=0)) * margin
        width = max(round(float(np.linalg.norm(corners[1] - corners[0]))), 8)
        height = max(round(float(np.linalg.norm(corners[3] - corners[0]))), 6)
        goal = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        warp = cv2.getPerspectiveTransform(corners.astype(np.float32), goal)
        return np.asarray(cv2.warpPerspective(picture, warp, (width, height), borderMode=cv2.BORDER_REPLICATE))

    @property
    def slots(self) -> np.ndarray:
        """What the reader should say."""
        return slot_ids(tuple(self.text))

    @property
    def kind(self) -> int:
        """Id of the colour, -1 where it is not known."""
        return COLOURS.index(self.colour) if self.colour else -1


def read_crops(folder: Path) -> list[RealPlate]:
    """Plates cut out before: `crops.csv` beside the folder `crops`."""
    with (folder / "crops.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        RealPlate(folder / row["image"], row["text"], None, None, number % HELD_OUT_OF == 0)
        for number, row in enumerate(rows)
    ]


def read_scenes(folder: Path) -> list[RealPlate]:
    """Plates in pictures of the road: `plates.json` with rotated boxes beside the folder `images`."""
    scenes = json.loads((folder / "plates.json").read_text(encoding="utf-8"))
    found = []
    for number, scene in enumerate(scenes):
        for plate in scene["plates"]:
            size = plate["width"], plate["height"]
            centre = plate["x_centre"], plate["y_centre"]
            corners = upright(cv2.boxPoints((centre, size, plate["rotation"])))
            held_out = number % HELD_OUT_OF == 0
            path = folder / "images" / scene["image"]
            found.append(RealPlate(path, plate["text"], plate["colour"], corners, held_out))
    return found


def upright(corners: np.ndarray) -> np.ndarray:
    """The four corners of a plate in order: clockwise, the upper left one first, long side across."""
    middle = corners.mean(axis=0)
    order = np.argsort(np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0]))
    turned = corners[order]
    sides = np.roll(turned, -1, axis=0) - turned
    long = np.linalg.norm(sides, axis=1) >= np.linalg.norm(sides, axis=1).mean()
    first = int(np.argmax(np.where(long, sides[:, 0], -np.inf)))
    return np.asarray(np.roll(turned, -first, axis=0), np.float32)
