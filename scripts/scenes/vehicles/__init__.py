"""Vehicles built from their specs, with the parts that truth must speak of kept as objects of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scripts.scenes.spec import VehicleSpec

Object = Any

SMALL_KINDS = frozenset({"sedan", "suv", "taxi", "minivan", "coach", "motorcycle", "three_wheeler"})


@dataclass(slots=True)
class Part:
    """One thing on a vehicle that the second look finds."""

    word: str
    """A word of models.taxonomy.FEATURES."""
    object: Object
    """Its own mesh object, so that its visibility can be tried by rays."""
    facts: dict[str, Any] = field(default_factory=dict)
    """wheel, lifted_wheel: axle, side; plate: text, type, colour, lines; orange_panel: hazard, un;
    diamond: hazard_class; others: none."""


@dataclass(slots=True)
class Built:
    """A vehicle in the scene."""

    root: Object
    """An empty at the origin of the vehicle's frame; everything hangs on it."""
    objects: list[Object] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    wheels: list[tuple[Object, float]] = field(default_factory=list)
    """Each wheel, turning about its own Y, with its radius in metres."""


def build_vehicle(spec: VehicleSpec, lamps: float = 0.0, door_open: bool = False) -> Built:
    """Build a vehicle in the current scene; `lamps` is how brightly its lamps shine, 0 by day.

    `door_open` slides back a minivan's right door.
    """
    if spec.kind in SMALL_KINDS:
        from scripts.scenes.vehicles.small import build_small

        return build_small(spec, lamps, door_open)
    from scripts.scenes.vehicles.truck import build_truck

    return build_truck(spec, lamps)
