"""Reading road scenes with rotated boxes of number plates, as wholes and as cut-outs of about a vehicle's front."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from pydantic import BaseModel, TypeAdapter, ValidationError

from models.lab.labelled import Boxes, Picture, as_boxes, cut_out, day_or_night, read_image
from models.lab.sources import Source
from models.manifest import ModelError

_WORD = "plate"
_PER_PLATE = 2
"""Cut-outs around each plate."""
_WIDTHS = (3.2, 6.0)
"""Width of a cut-out in widths of the plate: a plate is 0.44 m wide (GA 36-2018), a vehicle's front 1.5 to 2.6 m."""
_SHAPES = (0.6, 1.1)
"""Height of a cut-out by its width, from a saloon's front to a lorry's."""
_INSIDE = 0.6
"""Other plates must lie inside by this share of their area."""


class _Plate(BaseModel):
    x_centre: float
    y_centre: float
    width: float
    height: float
    rotation: float
    """Degrees, clockwise."""


class _Scene(BaseModel):
    image: str
    plates: tuple[_Plate, ...]


def read_plates(source: Source, folder: Path) -> Iterator[Picture]:
    """`plates.json` with the pictures in `images`; the same cut-outs each time."""
    path = folder / "plates.json"
    try:
        scenes = TypeAdapter(list[_Scene]).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(f"{path}: {error}. Give the folder of the data with --data.") from error
    rng = np.random.default_rng(20131101)
    for scene in scenes:
        image = read_image(folder / "images" / scene.image)
        stem = Path(scene.image).stem
        boxes = as_boxes([_upright(plate) for plate in scene.plates])
        condition = day_or_night(image) if source.condition == "measured" else source.condition
        whole = Picture(stem, image, boxes, (_WORD,) * len(boxes), condition, scene=f"{source.name}__{stem}")
        yield whole
        for number, box in enumerate(np.repeat(boxes, _PER_PLATE, axis=0)):
            yield cut_out(whole, _front(box, rng), f"{stem}-{number}", _INSIDE)


def _upright(plate: _Plate) -> tuple[float, float, float, float]:
    """The upright box around a rotated one."""
    corners = cv2.boxPoints(((plate.x_centre, plate.y_centre), (plate.width, plate.height), plate.rotation))
    return (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())


def _front(box: Boxes, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """A window about as large as the front of a vehicle with this plate, the plate in its lower half."""
    width = (box[2] - box[0]) * rng.uniform(*_WIDTHS)
    height = width * rng.uniform(*_SHAPES)
    left = (box[0] + box[2]) / 2 - width * rng.uniform(0.3, 0.7)
    top = (box[1] + box[3]) / 2 - height * rng.uniform(0.5, 0.88)
    return round(left), round(top), round(left + width), round(top + height)
