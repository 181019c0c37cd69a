"""Reading each format in which sources store pictures and boxes."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from cameras.frame import bgr
from models.lab.labelled import Picture, as_boxes, day_or_night, from_centres, read_image, stretched
from models.lab.plates import read_plates
from models.lab.renderings import read_rendered
from models.lab.sources import Source, Split
from models.manifest import ModelError


def read(source: Source, root: Path) -> Iterator[Picture]:
    """All pictures of a source that lies below `root`. Raises `ModelError` where something is missing or wrong."""
    match source.format:
        case "yolo":
            yield from _yolo_parts(source, root)
        case "video":
            yield from _video(source, root)
        case "plates":
            yield from read_plates(source, root / source.folder)
        case "rendered" | "rendered_crops":
            yield from read_rendered(source, root / source.folder)


def _yolo_parts(source: Source, root: Path) -> Iterator[Picture]:
    if source.held_out is None:
        yield from _yolo(source, root / source.folder, None)
        return
    yield from _yolo(source, root / source.folder, "train")
    yield from _yolo(source, root / source.held_out, "val")


def _yolo(source: Source, folder: Path, split: Split | None) -> Iterator[Picture]:
    """`images/NAME.jpg` with `labels/NAME.txt`: class number, centre and size as shares."""
    paths = sorted((folder / "images").glob("*.jpg"))
    if not paths:
        raise ModelError(f"{folder}: no images/*.jpg there. Give the folder of the data with --data.")
    for path in paths:
        if path.stem in source.skip:
            continue
        rows = _yolo_rows(folder / "labels" / f"{path.stem}.txt", len(source.names))
        corrected = source.corrections.get(path.stem, {})
        words = tuple(corrected.get(i, source.names[int(row[0])]) for i, row in enumerate(rows))
        if source.only_with and not set(words) & set(source.only_with):
            continue
        if set(words) & set(source.without):
            continue
        image = stretched(read_image(path), source.stretch)
        boxes = from_centres(as_boxes([row[1:] for row in rows]), image.shape[1], image.shape[0])
        condition = day_or_night(image) if source.condition == "measured" else source.condition
        digits = "".join(c for c in path.stem if c.isdigit())
        yield Picture(path.stem, image, boxes, words, condition, order=float(digits or 0), split=split)


def _yolo_rows(path: Path, classes: int) -> list[list[float]]:
    if not path.is_file():
        raise ModelError(f"{path}: is missing. A picture without boxes needs an empty file.")
    rows = [[float(value) for value in line.split()] for line in path.read_text().splitlines() if line.strip()]
    if any(len(row) != 5 or not 0 <= row[0] < classes for row in rows):
        raise ModelError(f"{path}: expected lines of a class below {classes} and four shares. Correct the file.")
    return rows


def _video(source: Source, root: Path) -> Iterator[Picture]:
    """A film with `NAME.boxes.csv` beside it: frame, class, source_class, centre and size as shares."""
    path = root / str(source.video)
    table = path.with_suffix(".boxes.csv")
    if not path.is_file() or not table.is_file():
        raise ModelError(f"{path} and {table.name}: one is missing. Give the folder of the data with --data.")
    labels: dict[int, list[tuple[str, list[float]]]] = {}
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            shares = [float(row[key]) for key in ("x_centre", "y_centre", "width", "height")]
            labels.setdefault(int(row["frame"]), []).append((row["class"], shares))
    first, end = source.numbers or (0, sys.maxsize)
    with av.open(str(path)) as film:
        for number, frame in enumerate(film.decode(video=0)):
            if number % source.every == 0 and first <= number < end:
                image = np.asarray(bgr(frame), np.uint8)
                found = labels.get(number, [])
                boxes = from_centres(as_boxes([shares for _, shares in found]), image.shape[1], image.shape[0])
                words = tuple(word for word, _ in found)
                yield Picture(f"{number:05d}", image, boxes, words, source.condition, order=float(number))
