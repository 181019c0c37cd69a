"""Cargo three-wheelers: handlebars in the open, under a canopy, or a closed cab; the bed behind."""

from __future__ import annotations

import numpy as np

from scripts.scenes import materials
from scripts.scenes.mesh import Material, box, hung
from scripts.scenes.spec import VehicleSpec
from scripts.scenes.vehicles import Built
from scripts.scenes.vehicles.body import SIDES, Shape
from scripts.scenes.vehicles.people import build_person
from scripts.scenes.vehicles.small_bikes import rider, steering, tube
from scripts.scenes.vehicles.small_cabin import TINT
from scripts.scenes.vehicles.small_fittings import Assembly, headlamp
from scripts.scenes.vehicles.small_limbs import limb
from scripts.scenes.vehicles.small_skin import Coachwork

_RED = (0.45, 0.006, 0.008)
_AMBER = (0.8, 0.25, 0.01)

CAB = Shape(
    top=((0.0, 0.52), (0.03, 0.56), (0.10, 0.62), (0.16, 0.66), (0.42, 0.93), (0.52, 0.985), (0.7, 1.0), (1.0, 0.985)),
    belt=((0.0, 0.48), (0.1, 0.55), (0.25, 0.57), (1.0, 0.58)),
    plan=((0.0, 0.70), (0.01, 0.76), (0.05, 0.85), (0.15, 0.93), (0.35, 0.985), (0.6, 1.0), (1.0, 1.0)),
    flank=((0.15, 0.94), (0.3, 0.99), (0.45, 1.0), (0.6, 0.98)),
    nose=((0.15, 0.08), (0.25, 0.0), (0.4, 0.0), (0.5, 0.04)),
    tail=((0.0, 0.0), (1.0, 0.0)),
    sill_m=0.34,
    tumble=0.12,
    crown_m=0.06,
    ledge_m=0.012,
    reach_m=0.5,
    bulge_m=(0.06, 0.0),
    bow_m=0.06,
    windscreen=(0.17, 0.44),
    rear_glass=(0.62, 0.85),
    side_windows=((0.27, 0.88),),
    roof=(0.1, 1.0),
)
"""The closed cab of a three-wheeler, by itself."""


def build_three_wheeler(spec: VehicleSpec, lamps: float) -> Built:
    """A cargo three-wheeler: handlebars in the open, under a canopy, or a closed cab; the bed behind."""
    rng = np.random.default_rng(spec.seed)
    trike = Assembly(spec, lamps)
    paint = materials.paint(spec.colour, spec.dirt, spec.seed)
    front, rear, radius = spec.axle_x_m[0], spec.axle_x_m[-1], 0.28
    trike.wheel(0, "left", (front, 0.0, radius), radius, 0.12, "steel")
    for side in SIDES:
        sign = 1.0 if side == "left" else -1.0
        trike.wheel(1, side, (rear, sign * (spec.width_m / 2 - 0.12), radius), radius, 0.14, "steel")
    bed_front = -spec.length_m / 2 + (0.56 if rng.random() < 0.6 else 0.50) * spec.length_m
    _bed(trike, paint, bed_front)
    black = trike.dark()
    trike.add(box("frame", (0.85 * spec.length_m, 0.34, 0.10), (-0.05 * spec.length_m, 0.0, 0.42), black))
    trike.add(
        tube("axle", [(rear, -spec.width_m / 2 + 0.2, radius), (rear, spec.width_m / 2 - 0.2, radius)], 0.045, black)
    )
    if rng.random() < 0.45:
        _cab(trike, paint, bed_front)
    else:
        _saddle(trike, paint, bed_front, front, radius, canopy=bool(rng.random() < 0.5))
    _cargo(trike, bed_front, rng)
    return trike.done()


def _bed(trike: Assembly, paint: Material, bed_front: float) -> None:
    spec = trike.spec
    back, wide, floor, tall = -spec.length_m / 2 + 0.03, spec.width_m, 0.60, 0.36
    long, middle = bed_front - back, (bed_front + back) / 2
    trike.add(box("bed floor", (long, wide, 0.05), (middle, 0.0, floor), paint))
    for sign in (1.0, -1.0):
        trike.add(box("side board", (long, 0.03, tall), (middle, sign * (wide / 2 - 0.015), floor + tall / 2), paint))
        for x in np.linspace(back + 0.03, bed_front - 0.03, 6):
            at = (float(x), sign * (wide / 2 + 0.008), floor + tall / 2)
            trike.add(box("rib", (0.04, 0.025, tall), at, paint))
        trike.add(box("rim", (long, 0.05, 0.035), (middle, sign * (wide / 2 - 0.01), floor + tall), paint))
        lamp_at = (back - 0.02, sign * (wide / 2 - 0.10), floor - 0.06)
        trike.add(box("tail lamp", (0.04, 0.14, 0.08), lamp_at, materials.lamp(_RED, 0.2 * trike.lamps), 0.01))
        flap = (trike.spec.axle_x_m[-1] - 0.36, sign * (wide / 2 - 0.12), 0.36)
        trike.add(box("mud flap", (0.012, 0.18, 0.30), flap, trike.dark()))
    for x in (back + 0.015, bed_front - 0.015):
        trike.add(box("end board", (0.03, wide - 0.05, tall), (x, 0.0, floor + tall / 2), paint))
    trike.plate(spec.rear_plate, (back - 0.03, 0.0, floor - 0.10), backward=True)


def _saddle(trike: Assembly, paint: Material, bed_front: float, front: float, radius: float, canopy: bool) -> None:
    """Seat, tank, handlebars and the driver in the open."""
    hips = np.array([bed_front + 0.28, 0.0, 0.80])
    grips = np.array([min(front - 0.34, bed_front + 0.82), 0.34, 1.05])
    steering(trike, front, radius, grips)
    trike.add(box("seat box", (0.48, 0.50, 0.26), (bed_front + 0.27, 0.0, 0.60), paint, bevel=0.03))
    trike.add(box("seat", (0.44, 0.52, 0.10), (bed_front + 0.27, 0.0, 0.77), trike.dark(), bevel=0.04))
    tank = [
        np.array([front - 0.32, 0.0, 0.90]),
        np.array([bed_front + 0.62, 0.0, 0.86]),
        np.array([bed_front + 0.45, 0.0, 0.76]),
    ]
    trike.add(limb("tank", tank, [(0.07, 0.09), (0.12, 0.14), (0.07, 0.10)], paint))
    trike.add(
        box(
            "engine", (0.4, 0.3, 0.26), (bed_front + 0.55, 0.0, 0.46), materials.metal((0.3, 0.3, 0.3), 0.5), bevel=0.05
        )
    )
    apron = [
        np.array([front - 0.20, 0.0, 0.52]),
        np.array([front - 0.24, 0.0, 0.80]),
        np.array([front - 0.28, 0.0, 1.0]),
    ]
    trike.add(limb("apron", apron, [(0.02, 0.22), (0.03, 0.28), (0.03, 0.22)], paint))
    trike.add(rider(trike.spec.seed, hips, grips))
    if canopy:
        top, half = trike.spec.height_m + 0.12, trike.spec.width_m / 2 - 0.12
        middle, long = (front + bed_front) / 2 - 0.05, front - bed_front + 0.25
        trike.add(box("canopy", (long, 2 * half + 0.1, 0.05), (middle, 0.0, top), paint, bevel=0.02))
        for sign in (1.0, -1.0):
            rear_post = [(bed_front + 0.02, sign * half, 0.95), (bed_front + 0.02, sign * half, top)]
            trike.add(tube("post", rear_post, 0.016, trike.dark()))
            trike.add(
                tube("post", [(front - 0.24, sign * 0.26, 0.85), (front - 0.1, sign * half, top)], 0.016, trike.dark())
            )


def _cab(trike: Assembly, paint: Material, bed_front: float) -> None:
    """A closed cab of its own hull, moved to the front."""
    spec = trike.spec
    long = spec.length_m / 2 - bed_front - 0.04
    hull = Coachwork(CAB, long - CAB.bulge_m[0], 0.92 * spec.width_m, spec.height_m, (), 0.0, 0.28)
    half, h = hull.width_m / 2, hull.height_m
    gap, lens = materials.plastic((0.006, 0.006, 0.006), 0.9), headlamp(trike.lamps)
    void = materials.plastic((0.01, 0.01, 0.01), 0.9)
    pieces = [hull.skin("cab", (paint, materials.glass(TINT), trike.dark(), void, paint))]
    pieces += hull.twins("front", (0.36 * half, 0.58 * half), (0.36 * h,) * 2, (0.45 * h,) * 2, lens)
    pieces += hull.twins("front", (0.64 * half, 0.78 * half), (0.37 * h,) * 2, (0.43 * h,) * 2, materials.lamp(_AMBER))
    pieces.append(hull.patch("grille", "front", (-0.28 * half, 0.28 * half), 0.36 * h, 0.40 * h, gap))
    for side in SIDES:
        for share in (0.24, 0.90):
            x = hull.x_of(share)
            pieces.append(hull.patch("gap", side, (x - 0.004, x + 0.004), 0.24 * h, 0.57 * h, gap, 0.003))
        x = hull.x_of(0.80)
        pieces.append(hull.patch("handle", side, (x - 0.05, x + 0.05), 0.50 * h, 0.52 * h, gap, 0.02))
        sign = 1.0 if side == "left" else -1.0
        pieces.append(
            box("mirror", (0.05, 0.12, 0.18), (hull.x_of(0.25), sign * (half + 0.08), 0.70 * h), trike.dark(), 0.02)
        )
    pieces.append(
        box("seat", (0.45, 0.85 * hull.width_m, 0.14), (hull.x_of(0.75), 0.0, 0.62), trike.dark(), bevel=0.04)
    )
    grips = np.array([0.42, 0.3, 0.30])
    driver = build_person(spec.seed, "driving", (grips, grips * np.array([1.0, -1.0, 1.0])))
    trike.add(hung(driver, (bed_front + 0.38, 0.0, 0.60)))
    for piece in pieces:
        piece.location.x = bed_front + 0.04 + long / 2
    trike.add(*pieces)
    trike.plate(spec.front_plate, (spec.length_m / 2 - 0.01, 0.0, 0.28 * h), backward=False)


def _cargo(trike: Assembly, bed_front: float, rng: np.random.Generator) -> None:
    """People riding in the bed, or crates and sacks."""
    spec = trike.spec
    back, floor = -spec.length_m / 2 + 0.1, 0.63
    for number in range(spec.people_in_bed):
        person = build_person(spec.seed + 10 + number, "sitting")
        sign = 1.0 if number % 2 else -1.0
        x = back + 0.3 + (bed_front - back - 0.5) * (number // 2) / max(1, (spec.people_in_bed - 1) // 2)
        trike.passenger(number, hung(person, (x, sign * (spec.width_m / 2 - 0.26), floor + 0.12)), turn=-sign * 1.5)
    if spec.people_in_bed or spec.load == "empty" or (spec.load == "none" and rng.random() < 0.4):
        return
    layers = 2 if spec.load == "heaped" else 1
    for x in np.arange(back + 0.25, bed_front - 0.25, 0.44):
        for y in np.arange(-spec.width_m / 2 + 0.25, spec.width_m / 2 - 0.2, 0.38):
            for layer in range(layers):
                tone = float(rng.uniform(0.2, 0.5))
                cloth = materials.plastic(
                    ((tone, 0.85 * tone, 0.65 * tone), (0.5, 0.5, 0.46))[int(rng.integers(2))], 0.9
                )
                size = (0.41, 0.35, float(rng.uniform(0.2, 0.34)))
                at = (float(x), float(y), floor + 0.16 + 0.3 * layer)
                trike.add(box("sack", size, at, cloth, bevel=float(rng.choice((0.01, 0.09)))))
