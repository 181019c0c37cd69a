"""Goods vehicles drawn so that each kind of body, each load and raised boards are about equally frequent."""

from __future__ import annotations

import numpy as np

from scripts.scenes.kinds import BODIES_FOR, FORMS
from scripts.scenes.sampling import drawn, sample_vehicle
from scripts.scenes.spec import Body, Kind, Load, VehicleSpec

BODIES: dict[Body, float] = {
    "none": 0.06,
    "box": 0.13,
    "container": 0.11,
    "tank": 0.07,
    "mixer": 0.08,
    "stake": 0.17,
    "flat": 0.16,
    "tipper": 0.22,
}
"""How often each is drawn."""
LOADS: dict[Load, float] = {"empty": 0.3, "level": 0.26, "covered": 0.22, "heaped": 0.22}
"""How often each is drawn for bodies that are open."""
RAISED = 0.35
"""Of tippers so many have raised boards."""
LIFTED = 0.3
"""Of those that are empty so many have an axle lifted, as far as they can."""


def goods_vehicle(rng: np.random.Generator) -> VehicleSpec:
    """A vehicle by lot."""
    body = drawn(rng, BODIES)
    if body == "none":
        others: tuple[Kind, ...] = ("sedan", "suv", "minivan", "coach", "three_wheeler")
        return sample_vehicle(rng, others[int(rng.integers(len(others)))])
    kinds: list[Kind] = [kind for kind, forms in FORMS.items() if any(body in form.bodies for form in forms)]
    kind = kinds[int(rng.integers(len(kinds)))]
    if body in BODIES_FOR["none"]:
        return sample_vehicle(rng, kind, body=body)
    loads = {load: share for load, share in LOADS.items() if body in BODIES_FOR[load]}
    load = drawn(rng, loads)
    raised = body == "tipper" and bool(rng.random() < RAISED)
    keeps_down = None if load == "empty" and rng.random() < LIFTED else ()
    return sample_vehicle(rng, kind, body=body, load=load, raised_boards=raised, lifted_axles=keeps_down)
