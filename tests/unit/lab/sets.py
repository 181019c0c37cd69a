"""Small sets of labelled pictures in each format, as their makers would lay them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cameras.frame import Image
from models.lab.sources import Source


def photo(seed: int, width: int = 64, height: int = 48) -> Image:
    """A picture like no other: blurred noise of its seed."""
    noise = np.random.default_rng(seed).integers(30, 255, (12, 16, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def save_yolo(folder: Path, pictures: dict[str, tuple[Image, str]]) -> None:
    """Write images/NAME.jpg and labels/NAME.txt."""
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    for name, (image, labels) in pictures.items():
        cv2.imwrite(str(folder / "images" / f"{name}.jpg"), image)
        (folder / "labels" / f"{name}.txt").write_text(labels)


def source(**changed: Any) -> Source:
    """A source of cars and tractors in the folder `set`."""
    usual: dict[str, Any] = {
        "name": "road",
        "task": "vehicles",
        "title": "Road",
        "licence": "CC0-1.0",
        "format": "yolo",
        "folder": "set",
        "names": ["auto", "tractor"],
        "map": {"auto": "car"},
        "left_out": {"tractor": "no word fits"},
        "labelled": ["car"],
        "condition": "day",
        "scenes": {"by": "likeness"},
        "why": "to be tested",
    }
    return Source.model_validate({**usual, **changed})
