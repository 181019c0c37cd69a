"""What a person puts right of an entry: its searchable columns change, what came in never does."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from hub.intake.entry import normal_plate
from hub.settings import Part
from leads.base import UNKNOWN
from models.taxonomy import VEHICLES

_PLATE: Final = re.compile(r"[0-9A-Z\u4e00-\u9fff-]{0,16}")
CLASSES: Final = tuple(word for word in VEHICLES if word != "person")
"""Classes a vehicle can be put right to, besides `unknown`."""


def _plate(text: str) -> str:
    plate = normal_plate(text)
    if not _PLATE.fullmatch(plate):
        raise PydanticCustomError("bad_plate", "characters, letters, digits and - only")
    return plate


def _class(word: str) -> str:
    if word not in (*CLASSES, UNKNOWN):
        raise PydanticCustomError("bad_class", "no class of vehicle")
    return word


def _box(box: tuple[float, float, float, float, float]) -> tuple[float, float, float, float, float]:
    at_s, x0, y0, x1, y1 = box
    if not all(map(math.isfinite, box)) or at_s < 0 or not 0 <= x0 < x1 or not 0 <= y0 < y1:
        raise PydanticCustomError("bad_box", "no box")
    return box


class Correction(Part):
    """What is put right; null where it is right as it is."""

    plate: Annotated[str, StringConstraints(max_length=32), AfterValidator(_plate)] | None = None
    """The number; `-` for a character that cannot be read, empty for no plate at all."""
    plate_type: Annotated[str, StringConstraints(pattern=r"^([0-9]{2}|unknown)$")] | None = None
    """Plate type by GA/T 16.7, two digits, or `unknown`."""
    vehicle_class: Annotated[str, AfterValidator(_class)] | None = None
    """A word of the taxonomy, or `unknown`."""
    axle_count: Annotated[int, Field(ge=1, le=99)] | None = None
    """Axles of vehicle and trailer."""
    box: Annotated[tuple[float, float, float, float, float], AfterValidator(_box)] | None = None
    """Where the vehicle is at a time of the clip: seconds from its beginning; left, top, right, bottom in pixels."""

    def told(self) -> dict[str, Any]:
        """What was given, as it is written down."""
        return self.model_dump(mode="json", exclude_none=True)

    def columns(self) -> dict[str, str]:
        """The searchable columns it sets; texts that are not known are empty there."""
        changed: dict[str, str] = {}
        if self.plate is not None:
            changed |= {"plate": self.plate, "plate_tail": self.plate[2:]}
        if self.plate_type is not None:
            changed["plate_type"] = "" if self.plate_type == UNKNOWN else self.plate_type
        if self.vehicle_class is not None:
            changed["vehicle_class"] = "" if self.vehicle_class == UNKNOWN else self.vehicle_class
        return changed


FAULT_OF_FIELD: Final = {
    "plate": "bad_plate",
    "plate_type": "bad_plate_type",
    "vehicle_class": "bad_class",
    "axle_count": "bad_axles",
    "box": "bad_box",
}
"""Text in words/fault.yaml for what is wrong with each of them."""
