"""Small vehicles, vans and coaches from their specs."""

from __future__ import annotations

from scripts.scenes.spec import VehicleSpec
from scripts.scenes.vehicles import Built
from scripts.scenes.vehicles.small_bikes import build_motorcycle
from scripts.scenes.vehicles.small_cars import build_car
from scripts.scenes.vehicles.small_trikes import build_three_wheeler
from scripts.scenes.vehicles.small_vans import build_coach, build_minivan


def build_small(spec: VehicleSpec, lamps: float, door_open: bool = False) -> Built:
    """Build a vehicle of SMALL_KINDS; `door_open` slides back the minivan's right door."""
    if spec.kind in ("sedan", "suv", "taxi"):
        return build_car(spec, lamps)
    if spec.kind == "minivan":
        return build_minivan(spec, lamps, door_open)
    if spec.kind == "coach":
        return build_coach(spec, lamps)
    if spec.kind == "motorcycle":
        return build_motorcycle(spec, lamps)
    if spec.kind == "three_wheeler":
        return build_three_wheeler(spec, lamps)
    raise ValueError(f"{spec.identity}: {spec.kind} is no small vehicle")
