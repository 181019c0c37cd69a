"""Pictures to learn finding signs from: real ones with drawn signs laid in, real scenes of plates, renderings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detector.sign_alphabet import SIGN_KINDS, SPAN, STRIDE
from models.lab.signs.real import RealPlate
from models.lab.signs.sheets import Pixels, SheetMaker
from models.lab.signs.views import Camera, Floats

LEAST_WIDTH, MOST_WIDTH = 9.0, 260.0
"""Pixels of the input across a sign that is laid in."""
UNSURE = 0.05
"""Weight of cells within vehicles whose own plates are not marked."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture with the signs that are marked in it."""

    pixels: Pixels
    """BGR."""
    kinds: tuple[int, ...]
    """Of each sign, ids of SIGN_KINDS."""
    corners: Floats
    """(N, 4, 2) pixels."""
    exact: bool
    """Whether the corners are the signs' own and not those of upright boxes."""
    unsure: Floats
    """(M, 4) boxes x0, y0, x1, y1 in which signs may be that nobody marked."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the finder should say of a picture."""

    heat: Floats
    weight: Floats
    corners: Floats


def vehicle_scenes(folder: Path, names: Sequence[str], wanted: frozenset[str], count: int, seed: int) -> list[Scene]:
    """Pictures with YOLO labels (`images`, `labels`): vehicles may bear plates that nobody marked."""
    paths = sorted((folder / "images").rglob("*.jpg"))
    chosen = np.random.default_rng(seed).permutation(len(paths))[:count]
    scenes = []
    for number in chosen:
        path = paths[int(number)]
        picture = _at_most(np.asarray(cv2.imread(str(path)), np.uint8), 900)
        height, width = picture.shape[:2]
        label = Path(str(path.with_suffix(".txt")).replace("/images/", "/labels/"))
        rows = np.loadtxt(label, ndmin=2) if label.is_file() and label.stat().st_size else np.zeros((0, 5))
        rows = rows[[names[int(row[0])] in wanted for row in rows]] if len(rows) else rows
        boxes = np.concatenate([rows[:, 1:3] - rows[:, 3:5] / 2, rows[:, 1:3] + rows[:, 3:5] / 2], axis=1)
        unsure = (boxes * [width, height, width, height]).astype(np.float32)
        scenes.append(Scene(picture, (), np.zeros((0, 4, 2), np.float32), True, unsure))
    return scenes


def plate_scenes(plates: Sequence[RealPlate]) -> list[Scene]:
    """Real scenes; every plate in them is marked."""
    by_path: dict[Path, list[RealPlate]] = {}
    for plate in plates:
        by_path.setdefault(plate.path, []).append(plate)
    scenes = []
    for path, own in by_path.items():
        picture = np.asarray(cv2.imread(str(path)), np.uint8)
        corners = np.stack([plate.corners for plate in own if plate.corners is not None])
        scenes.append(Scene(picture, (0,) * len(own), corners, True, np.zeros((0, 4), np.float32)))
    return scenes


def rendered_scenes(folder: Path, count: int) -> list[Scene]:
    """Renderings with their truth; corners are those of upright boxes."""
    words = {"plate": 0, "orange_panel": 1, "diamond": 2}
    scenes = []
    for path in sorted(folder.glob("*.json"))[:count]:
        truth = json.loads(path.read_text(encoding="utf-8"))
        kinds, corners, unsure = [], [], []
        for thing in truth["frames"][0]["objects"]:
            for part in thing["parts"]:
                if part["class"] not in words:
                    continue
                x0, y0, x1, y1 = part["box"]
                if part["visible"] < 0.6 or x1 - x0 < 6:
                    unsure.append((x0, y0, x1, y1))
                    continue
                kinds.append(words[part["class"]])
                corners.append([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        picture = np.asarray(cv2.imread(str(path.with_suffix(".jpg"))), np.uint8)
        found = np.array(corners, np.float32).reshape(-1, 4, 2)
        scenes.append(Scene(picture, tuple(kinds), found, False, np.array(unsure, np.float32).reshape(-1, 4)))
    return scenes


class Painter:
    """Makes one training picture after the other."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int]) -> None:
        """`size`: width and height of the finder's input."""
        self._rng = rng
        self._size = size
        self._sheets = SheetMaker(rng)
        self._camera = Camera(rng, (), size)

    def paint(self, scene: Scene, signs: int) -> tuple[Pixels, Target]:
        """A part of a scene in the input's size, with up to so many drawn signs laid in."""
        rng, (width, height) = self._rng, self._size
        tall, wide = scene.pixels.shape[:2]
        fit = min(width / wide, height / tall)
        scale = fit * float(np.exp(rng.uniform(-0.25, 0.9)))
        if len(scene.kinds):
            # A marked sign stays in the picture and neither too small nor too large.
            pick = scene.corners[int(rng.integers(len(scene.corners)))]
            own = float(np.ptp(pick[:, 0]))
            scale = float(np.clip(scale, LEAST_WIDTH / own, MOST_WIDTH / own))
            middle = pick.mean(axis=0) * scale
            at = np.array([width, height]) * rng.uniform(0.12, 0.88, 2) - middle
        else:
            at = np.array(
                [
                    rng.uniform(min(0, width - wide * scale), max(0, width - wide * scale)),
                    rng.uniform(min(0, height - tall * scale), max(0, height - tall * scale)),
                ]
            )
        turn = rng.normal(0, 0.04)
        matrix = np.array([[scale, -turn * scale, at[0]], [turn * scale, scale, at[1]]])
        interpolation = cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR
        if scale < 0.5:
            half = cv2.resize(scene.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            picture = cv2.warpAffine(
                half, matrix * [2, 2, 1], (width, height), flags=cv2.INTER_LINEAR, borderValue=(114, 114, 114)
            )
        else:
            picture = cv2.warpAffine(
                scene.pixels, matrix, (width, height), flags=interpolation, borderValue=(114, 114, 114)
            )
        picture = np.array(picture, np.uint8)
        corners = [_moved(own, matrix) for own in scene.corners]
        kinds, exact = list(scene.kinds), [scene.exact] * len(scene.kinds)
        unsure = [_box(_moved(_points(box), matrix)) for box in scene.unsure]
        vehicles = list(unsure)
        for _ in range(signs):
            laid = self._lay(picture, vehicles, corners)
            if laid is not None:
                kinds.append(laid[0])
                corners.append(laid[1])
                exact.append(True)
        if rng.random() < 0.8:
            picture = self._camera.shot(picture)
        return picture, self._target(kinds, corners, exact, unsure)

    def _lay(self, picture: Pixels, vehicles: list[Floats], taken: list[Floats]) -> tuple[int, Floats] | None:
        rng, (width, height) = self._rng, self._size
        sheet = self._sheets.sheet()
        corners = self._camera.turned(sheet)
        on = vehicles[int(rng.integers(len(vehicles)))] if vehicles and rng.random() < 0.75 else None
        if on is not None and on[2] - on[0] > 30:
            across = float(np.clip((on[2] - on[0]) * rng.uniform(0.1, 0.35), LEAST_WIDTH, MOST_WIDTH))
            middle = np.array(
                [on[0] + (on[2] - on[0]) * rng.uniform(0.25, 0.75), on[1] + (on[3] - on[1]) * rng.uniform(0.45, 0.95)]
            )
        else:
            across = float(np.exp(rng.uniform(np.log(LEAST_WIDTH), np.log(MOST_WIDTH * 0.7))))
            middle = np.array([rng.uniform(0, width), rng.uniform(0, height)])
        corners = corners * (across / np.ptp(corners[:, 0]))
        corners = (corners - corners.mean(axis=0) + middle).astype(np.float32)
        x0, y0, x1, y1 = _box(corners)
        if x0 < 1 or y0 < 1 or x1 > width - 1 or y1 > height - 1:
            return None
        if any(_overlap((x0, y0, x1, y1), _box(other)) for other in taken):
            return None
        left, top, right, bottom = int(x0) - 3, int(y0) - 3, int(x1) + 4, int(y1) + 4
        left, top = max(left, 0), max(top, 0)
        part = picture[top:bottom, left:right]
        self._camera.lay(sheet, (corners - [left, top]).astype(np.float32), part)
        kind = SIGN_KINDS.index(sheet.kind) if sheet.kind in SIGN_KINDS else 0
        return kind, corners

    def _target(
        self, kinds: Sequence[int], corners: Sequence[Floats], exact: Sequence[bool], unsure: Sequence[Floats]
    ) -> Target:
        columns, rows = self._size[0] // STRIDE, self._size[1] // STRIDE
        heat = np.zeros((len(SIGN_KINDS), rows, columns), np.float32)
        weight = np.ones((1, rows, columns), np.float32)
        where = np.full((8, rows, columns), np.nan, np.float32)
        for box in unsure:
            x0, y0, x1, y1 = np.clip(np.round(np.array(box) / STRIDE), 0, [columns, rows, columns, rows]).astype(int)
            weight[0, y0:y1, x0:x1] = UNSURE
        down, across = np.mgrid[0:rows, 0:columns]
        for kind, own, sure in zip(kinds, corners, exact, strict=True):
            middle = own.mean(axis=0) / STRIDE
            column, row = int(middle[0]), int(middle[1])
            if not (0 <= column < columns and 0 <= row < rows):
                continue
            x0, y0, x1, y1 = _box(own / STRIDE)
            reach = (max((x1 - x0) / 5, 0.6), max((y1 - y0) / 4, 0.6))
            left, right = max(column - int(3 * reach[0]) - 1, 0), column + int(3 * reach[0]) + 2
            top, bottom = max(row - int(3 * reach[1]) - 1, 0), row + int(3 * reach[1]) + 2
            near = np.s_[top:bottom, left:right]
            blob = np.exp(-(((across[near] - column) / reach[0]) ** 2 + ((down[near] - row) / reach[1]) ** 2) / 2)
            heat[kind][near] = np.maximum(heat[kind][near], blob)
            weight[0][near] = np.maximum(weight[0][near], (blob < 0.99) * 1.0)
            heat[kind, row, column] = 1.0
            if sure:
                # Also from the cells beside the middle, should the peak be found there.
                for near_row in range(max(row - 1, 0), min(row + 2, rows)):
                    for near_column in range(max(column - 1, 0), min(column + 2, columns)):
                        at = (np.array([near_column, near_row]) + 0.5) * STRIDE
                        where[:, near_row, near_column] = ((own - at) / SPAN).ravel()
        return Target(heat, weight, where)


def _at_most(picture: Pixels, longest: int) -> Pixels:
    scale = longest / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _points(box: Floats) -> Floats:
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def _moved(points: Floats, matrix: np.ndarray[Any, np.dtype[np.float64]]) -> Floats:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)


def _box(points: Floats) -> Floats:
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _overlap(one: Sequence[float], other: Floats) -> bool:
    return bool(one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3])
