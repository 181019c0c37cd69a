"""Rendered vehicles cut out, each with what is true of its body and load."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cameras.frame import Image
from detector.body_look import BODIES, LOADS
from detector.detections import Box
from models.lab.labelled import read_image
from models.manifest import ModelError

LEAST_VISIBLE = 0.6
LEAST_WIDTH = 60
"""Pixels of the rendering."""
MARGIN = 0.2
"""Kept round a vehicle, as a share of its size: more than is looked at, for boxes lie off."""
MOST_WIDTH = 320
"""Cut-outs are shrunk to this width."""
LOOKS_IN = 0.07
"""How much higher than the boards a camera must be, per metre of distance, to look into a bed."""
FLAT_RIM_M = 1.85
"""Where the drop-sides of rigid trucks end."""
UNKNOWN = -1
Part = Literal["train", "calibrate", "test"]


@dataclass(frozen=True, slots=True)
class BodyCrop:
    """A vehicle with some of what is round it."""

    name: str
    """Scene and identity."""
    part: Part
    pixels: Image
    """BGR."""
    box: Box
    """Of the vehicle, in pixels of the cut-out."""
    body: int
    """Number in BODIES, or UNKNOWN."""
    load: int
    """Number in LOADS, or UNKNOWN."""
    raised: int
    """Whether its boards are raised, 0 or 1; UNKNOWN of all but tippers."""
    photograph: bool = False
    """Not rendered."""


class _Vehicle(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: str
    body: str
    load: str
    raised_boards: bool
    height_m: float


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True)

    identity: str
    word: str = Field(alias="class")
    box: tuple[float, float, float, float]
    visible: float
    x_m: float
    y_m: float


class _Frame(BaseModel):
    objects: tuple[_Object, ...]


class _Camera(BaseModel):
    position_m: tuple[float, float, float]


class _Truth(BaseModel):
    scene: str
    camera: _Camera
    vehicles: dict[str, _Vehicle]
    frames: tuple[_Frame, ...] = Field(min_length=1)


def part_of(scene: str) -> Part:
    """What a scene is for: of eight one chooses the least probabilities, one measures, six are learned from."""
    return ("test", "calibrate", "train", "train", "train", "train", "train", "train")[zlib.crc32(scene.encode()) % 8]


def read_crops(folders: Iterable[Path]) -> list[BodyCrop]:
    """All vehicles that are large and free enough, of renderings `NAME.jpg` with their truth `NAME.json`."""
    crops = [crop for folder in folders for path in sorted(folder.glob("*.json")) for crop in _cut_out(path)]
    if not crops:
        raise ModelError("no rendered vehicle there: give folders with NAME.jpg and NAME.json (scripts.scenes stills).")
    return crops


def _cut_out(path: Path) -> Iterator[BodyCrop]:
    picture = path.with_suffix(".jpg")
    if not picture.is_file():
        return
    try:
        truth = _Truth.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ModelError(f"{path}: {error}. Render the scene again.") from error
    image = read_image(picture)
    for thing in truth.frames[0].objects:
        vehicle = truth.vehicles.get(thing.identity)
        wide = thing.box[2] - thing.box[0]
        if vehicle is None or thing.word == "motorcycle" or thing.visible < LEAST_VISIBLE or wide < LEAST_WIDTH:
            continue
        pixels, box = around(image, thing.box)
        raised = int(vehicle.raised_boards) if vehicle.body == "tipper" else UNKNOWN
        name, body = f"{truth.scene} {thing.identity}", BODIES.index(vehicle.body)
        yield BodyCrop(name, part_of(truth.scene), pixels, box, body, _load(vehicle, thing, truth.camera), raised)


def around(image: Image, box: Box) -> tuple[Image, Box]:
    """A vehicle with a margin, at most MOST_WIDTH across, and its box therein."""
    aside, above = MARGIN * (box[2] - box[0]), MARGIN * (box[3] - box[1])
    x0, y0 = max(round(box[0] - aside), 0), max(round(box[1] - above), 0)
    pixels = image[y0 : round(box[3] + above), x0 : round(box[2] + aside)].copy()
    scale = min(1.0, MOST_WIDTH / pixels.shape[1])
    if scale < 1.0:
        size = (MOST_WIDTH, max(round(pixels.shape[0] * scale), 1))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(pixels.dtype)
    return pixels, ((box[0] - x0) * scale, (box[1] - y0) * scale, (box[2] - x0) * scale, (box[3] - y0) * scale)


def _load(vehicle: _Vehicle, thing: _Object, camera: _Camera) -> int:
    """Whether a bed is empty or filled to its boards shows only from above them; a three-wheeler's bed is too small."""
    if thing.word == "three_wheeler":
        return UNKNOWN
    if vehicle.body not in ("flat", "stake", "tipper"):
        return LOADS.index("hidden")
    rim_m = _rim_m(vehicle)
    if rim_m is not None and vehicle.load in ("empty", "level"):
        x, y, z = camera.position_m
        slope = (z - rim_m) / max(math.hypot(x - thing.x_m, y - thing.y_m), 1.0)
        if slope < LOOKS_IN:
            return LOADS.index("hidden") if slope < 0 else UNKNOWN
    return LOADS.index(vehicle.load)


def _rim_m(vehicle: _Vehicle) -> float | None:
    """How high the boards end; None where there are none, or where one sees between them."""
    if vehicle.body == "tipper":
        return vehicle.height_m
    return FLAT_RIM_M if vehicle.body == "flat" and vehicle.kind != "semi_trailer" else None
