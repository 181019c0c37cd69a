"""A contact sheet: stills with their truth drawn in, for the eye."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from scripts.scenes.sensor import Picture
from scripts.scenes.truth import FrameTruth, read_truth

COLUMNS = 4
WHOLE, PART = (60, 255, 60), (255, 170, 40)


def draw_sheet(folder: Path, out: Path, count: int) -> None:
    """Lay `count` stills of a folder, evenly drawn from all, side by side. ValueError when there are none."""
    paths = sorted(path for path in folder.glob("*.jpg") if path.with_suffix(".json").exists())
    if not paths:
        raise ValueError(f"{folder} holds no stills with their truth: render some with `stills --out {folder}`")
    chosen = [paths[number] for number in np.unique(np.linspace(0, len(paths) - 1, count).astype(int))]
    cells = [_cell(path) for path in chosen]
    blank = np.zeros_like(cells[0])
    cells += [blank] * (-len(cells) % COLUMNS)
    rows = [np.hstack(cells[start : start + COLUMNS]) for start in range(0, len(cells), COLUMNS)]
    if not cv2.imwrite(str(out), np.vstack(rows)[..., ::-1]):
        raise OSError(f"{out} could not be written")


def marked(picture: Picture, frame: FrameTruth) -> Picture:
    """The picture with boxes and words of the truth."""
    drawn = picture.copy()
    for thing in frame.objects:
        for part in thing.parts:
            _mark(drawn, part.box, PART, part.word)
        _mark(drawn, thing.box, WHOLE, f"{thing.word} {thing.visible:.2f}")
    return drawn


def _mark(picture: Picture, box: tuple[int, int, int, int], colour: tuple[int, int, int], word: str) -> None:
    x0, y0, x1, y1 = box
    cv2.rectangle(picture, (x0, y0), (x1 - 1, y1 - 1), colour, 1)
    cv2.putText(picture, word, (x0, max(9, y0 - 2)), cv2.FONT_HERSHEY_SIMPLEX, 0.33, colour, 1, cv2.LINE_AA)


def _cell(path: Path) -> Picture:
    data = cv2.imread(str(path))
    if data is None:
        raise OSError(f"{path} is no picture")
    picture = marked(np.ascontiguousarray(data[..., ::-1], np.uint8), read_truth(path.with_suffix(".json")).frames[0])
    return np.asarray(cv2.resize(picture, (640, 360), interpolation=cv2.INTER_AREA), np.uint8)
