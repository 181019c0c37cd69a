"""Reading what the project renders: `NAME.jpg` beside `NAME.json`, its truth, anywhere below a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cameras.frame import Image
from models.lab.labelled import Picture, as_boxes, cut_out, read_image
from models.lab.sources import Source
from models.manifest import ModelError
from models.taxonomy import VEHICLE_GROUPS

LEAST_WIDTH = 80.0
"""Vehicles narrower than this, in pixels of the rendering, are not cut out: their features cannot be told."""
MARGIN = 0.08
"""What is cut out is larger than the vehicle by this share of its sides, as at inference."""
_PART_INSIDE = 0.5
"""A part must lie inside what is cut out by this share of its area."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)

    word: str = Field(alias="class")
    box: tuple[float, float, float, float]


class _Object(_Part):
    parts: tuple[_Part, ...] = ()


class _Frame(BaseModel):
    objects: tuple[_Object, ...]


class _Light(BaseModel):
    time: str
    weather: str


class _Truth(BaseModel):
    scene: str
    light: _Light
    frames: tuple[_Frame, ...] = Field(min_length=1)


def read_rendered(source: Source, folder: Path) -> Iterator[Picture]:
    """All renderings as they are, or (`rendered_crops`) each vehicle on them cut out with the parts that show.

    The truth leaves out what hardly shows.
    """
    paths = [path for path in sorted(folder.rglob("*.json")) if path.with_suffix(".jpg").is_file()]
    if not paths:
        raise ModelError(f"{folder}: no NAME.json beside a NAME.jpg there. Give the folder of renderings.")
    for path in paths:
        truth = _read(path)
        stem = "_".join(path.with_suffix("").relative_to(folder).parts)
        image = read_image(path.with_suffix(".jpg"))
        light = truth.light.time if truth.light.weather == "clear" else f"{truth.light.time} {truth.light.weather}"
        objects = truth.frames[0].objects
        if source.format == "rendered":
            yield _labelled(stem, image, objects, light, truth.scene)
        else:
            parts = [part for thing in objects for part in thing.parts]
            yield from _vehicles(_labelled(stem, image, parts, light, truth.scene), objects)


def _read(path: Path) -> _Truth:
    try:
        return _Truth.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ModelError(f"{path}: {error}. Render the scene again.") from error


def _labelled(stem: str, image: Image, things: Sequence[_Part], light: str, scene: str) -> Picture:
    boxes, words = as_boxes([thing.box for thing in things]), tuple(thing.word for thing in things)
    return Picture(stem, image, boxes, words, light, scene=scene)


def _vehicles(whole: Picture, objects: Sequence[_Object]) -> Iterator[Picture]:
    for number, thing in enumerate(objects):
        x0, y0, x1, y1 = thing.box
        if VEHICLE_GROUPS.get(thing.word) in ("vehicle", "motorcycle") and x1 - x0 >= LEAST_WIDTH:
            aside, above = MARGIN * (x1 - x0), MARGIN * (y1 - y0)
            window = (round(x0 - aside), round(y0 - above), round(x1 + aside), round(y1 + above))
            yield cut_out(whole, window, f"{whole.stem}-{number:02d}", _PART_INSIDE)
