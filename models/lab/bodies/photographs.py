"""Photographs of trucks that somebody labelled by eye with body and load, in `photographs.csv`.

The pictures are of the set `highway` of the sets of others; cars and buses among them bear that set's own label.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from detector.body_look import BODIES, LOADS
from models.lab.bodies.crops import UNKNOWN, BodyCrop, Part, around
from models.lab.labelled import read_image
from models.lab.sources import read_sources
from models.manifest import TrainingSet

TABLE = Path(__file__).with_name("photographs.csv")


class _Row(BaseModel):
    """A vehicle in a photograph; what nobody can tell by eye is left empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Part
    picture: str
    """Below the folder of vehicles."""
    x0: int
    y0: int
    x1: int
    y1: int
    body: Literal["", "none", "box", "flat", "stake", "tipper", "mixer", "tank", "container"]
    load: Literal["", "hidden", "empty", "level", "heaped", "covered"]


def read_photographs(data: Path) -> list[BodyCrop]:
    """All of them, from the folder of the sets of others. Raises `ModelError` where a picture is missing."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [_Row.model_validate(row) for row in csv.DictReader(file)]
    crops = []
    for row in rows:
        pixels, box = around(read_image(data / "vehicles" / row.picture), (row.x0, row.y0, row.x1, row.y1))
        body = BODIES.index(row.body) if row.body else UNKNOWN
        load = LOADS.index(row.load) if row.load else UNKNOWN
        crops.append(BodyCrop(row.picture, row.part, pixels, box, body, load, UNKNOWN, photograph=True))
    return crops


def photograph_set() -> TrainingSet:
    """Whose pictures they are."""
    (source,) = (source for source in read_sources("vehicles") if source.name == "highway")
    return TrainingSet(name=source.title, licence=source.licence)
