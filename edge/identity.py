"""Who a vehicle is: the number and the type of its plate, as box and scale have read them."""

from __future__ import annotations

from detector.agreement import distance
from detector.facts import Fact, Facts, PlateRead
from detector.sign import UNREAD
from edge.plate_codes import PLATE_CODES
from edge.rules.known import Identity
from leads import Plate, WeighRecord
from leads.base import UNKNOWN

_BORDER = {"港": "26", "澳": "27"}
"""Plate types of Hong Kong and Macao by GA/T 16.7."""
SCALE_READS = 0.9
"""Least score of a plate that the scale's own camera read, and least confidence that the record is this vehicle's, for
it to name a vehicle whose plate the box has not read."""
ANOTHER = 1.5
"""Characters by which a doubtful reading may differ from another of the same plate: one misread, one not read."""


def type_code(read: PlateRead) -> str:
    """The type of a plate by GA/T 16.7, or `unknown`."""
    if read.type == "hk_macao":
        return _BORDER.get(read.text[-1], UNKNOWN)
    return PLATE_CODES.get(read.type, UNKNOWN)


def identity_of(facts: Facts, record: WeighRecord | None = None, confidence: float = 0.0) -> Identity | None:
    """The motor vehicle's identity; `record` and `confidence`: the weigh record matched to it, if there is one.

    A reading that the box doubts gives way to that of the scale's camera, where it is of the same plate as far as can
    be told. Where the two contradict each other, none is sure.
    """
    own = facts.plate
    scale = _usable(record.plate_front, confidence) if record else None
    if own is None or own.value is None:
        return Identity(scale.text, scale.type, sure=True, source="scale") if scale else None
    text, code = own.value.text, type_code(own.value)
    if scale is None:
        return Identity(text, code, own.sure)
    if scale.text == text:
        alike = code in (UNKNOWN, scale.type)
        return Identity(text, scale.type if alike else code, sure=alike, source="both")
    if own.sure or distance(scale.text, text) > ANOTHER:
        return Identity(text, code, sure=False)
    return Identity(scale.text, scale.type, sure=True, source="scale")


def trailer_identity(facts: Facts) -> Identity | None:
    """The identity of the trailer, by its own plate."""
    found: Fact[PlateRead] | None = next((p for p in facts.plates if p.value and p.value.end == "trailer"), None)
    if found is None or found.value is None:
        return None
    return Identity(found.value.text, PLATE_CODES["trailer"], found.sure)


def _usable(plate: Plate | None, confidence: float) -> Plate | None:
    whole = plate is not None and UNREAD not in plate.text and plate.type != UNKNOWN
    return plate if whole and plate is not None and min(plate.score, confidence) >= SCALE_READS else None
