"""Motorcycles with their riders, and three-wheelers with a cargo bed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scripts.scenes import materials
from scripts.scenes.mesh import Material, Object, box, cylinder, hung, turned
from scripts.scenes.spec import VehicleSpec
from scripts.scenes.vehicles import Built
from scripts.scenes.vehicles.body import SIDES, Array, Hull, Shape
from scripts.scenes.vehicles.people import build_person, limb
from scripts.scenes.vehicles.small_fittings import Assembly

_WARM = (1.0, 0.95, 0.85)
_RED = (0.45, 0.006, 0.008)
_AMBER = (0.8, 0.25, 0.01)

CAB = Shape(
    top=((0.0, 0.52), (0.03, 0.56), (0.10, 0.62), (0.16, 0.66), (0.42, 0.93), (0.52, 0.985), (0.7, 1.0), (1.0, 0.985)),
    belt=((0.0, 0.48), (0.1, 0.55), (0.25, 0.57), (1.0, 0.58)),
    plan=((0.0, 0.55), (0.01, 0.62), (0.05, 0.74), (0.15, 0.88), (0.35, 0.98), (0.6, 1.0), (1.0, 1.0)),
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


def build_motorcycle(spec: VehicleSpec, lamps: float) -> Built:
    """A street motorcycle or a scooter, ridden."""
    rng = np.random.default_rng(spec.seed)
    bike = Assembly(spec, lamps)
    paint = materials.paint(spec.colour, spec.dirt, spec.seed)
    scooter = bool(rng.random() < 0.5)
    radius = 0.235 if scooter else 0.30
    front, rear = spec.axle_x_m[0], spec.axle_x_m[-1]
    for axle, x in enumerate((front, rear)):
        bike.wheel(axle, "left", (x, 0.0, radius), radius, 0.11, "five" if scooter else "wire")
    hips = np.array([rear + 0.46, 0.0, 0.80])
    grips = np.array([front - 0.40, 0.33, 1.02])
    _steering(bike, front, radius, grips)
    (_scooter if scooter else _street)(bike, paint, front, rear, radius)
    _tail(bike, rear, 0.66 if scooter else 0.70)
    if rng.random() < 0.4:
        case = materials.plastic((0.02, 0.02, 0.02), 0.4)
        bike.add(box("top case", (0.36, 0.38, 0.28), (rear - 0.06, 0.0, 0.98), case, bevel=0.06))
    bike.add(_rider(spec.seed, hips, grips))
    if rng.random() < 0.2:
        bike.add(_rider(spec.seed + 1, hips + np.array([-0.33, 0.0, 0.05]), hips + np.array([0.02, 0.2, 0.25])))
    return bike.done()


def _rider(seed: int, hips: Array, grips: Array) -> Object:
    left = grips - hips
    person = build_person(seed, "riding", (left, left * np.array([1.0, -1.0, 1.0])))
    return hung(person, (float(hips[0]), 0.0, float(hips[2]) + 0.08))


def _tube(name: str, path: Sequence[tuple[float, float, float]], radius: float, material: Material) -> Object:
    return limb(name, [np.array(point) for point in path], [radius] * len(path), material)


def _steering(bike: Assembly, front: float, radius: float, grips: Array) -> None:
    """Fork, mudguard, handlebars with mirrors, headlamp."""
    steel, black = materials.metal((0.5, 0.5, 0.52), 0.3), bike.dark()
    head = (front - 0.30, 0.0, 0.92)
    for side in (0.075, -0.075):
        bike.add(_tube("fork", [(front, side, radius), (head[0], side, head[2])], 0.022, steel))
    x, y, z = (float(value) for value in grips)
    bike.add(
        _tube("bars", [(x, y, z), (head[0], 0.12, z + 0.01), (head[0], -0.12, z + 0.01), (x, -y, z)], 0.014, black)
    )
    for sign in (1.0, -1.0):
        bike.add(_tube("grip", [(x, sign * y, z), (x, sign * (y - 0.11), z)], 0.020, black))
        bike.add(_tube("stalk", [(x + 0.04, sign * 0.2, z), (x + 0.04, sign * 0.32, z + 0.18)], 0.008, black))
        bike.add(box("mirror", (0.03, 0.13, 0.08), (x + 0.04, sign * 0.34, z + 0.20), black, bevel=0.012))
    guard = _arc(front, radius, radius + 0.025, 0.35, 2.3)
    bike.add(limb("mudguard", guard, [(0.008, 0.065)] * len(guard), black))
    lens = materials.lamp(_WARM, bike.lamps)
    lamp_at = (head[0] + 0.12, 0.0, head[2])
    bowl = [(-0.10, 0.03), (-0.05, 0.08), (0.02, 0.095), (0.03, 0.088), (0.03, 0.0)]
    bike.add(turned("headlamp", bowl, "x", lamp_at, black, 16))
    bike.add(cylinder("lens", 0.082, 0.015, "x", (lamp_at[0] + 0.035, 0.0, lamp_at[2]), lens, 16))
    for sign in (1.0, -1.0):
        at = (lamp_at[0], sign * 0.15, lamp_at[2] - 0.02)
        bike.add(box("indicator", (0.06, 0.06, 0.045), at, materials.lamp(_AMBER), bevel=0.012))


def _arc(x: float, z: float, radius: float, first: float, last: float) -> list[Array]:
    turn = np.linspace(first, last, 9)
    return [np.array([x + radius * np.cos(t), 0.0, z + radius * np.sin(t)]) for t in turn]


def _street(bike: Assembly, paint: Material, front: float, rear: float, radius: float) -> None:
    """Frame, engine, tank, seat, exhaust, chain side."""
    black, steel = bike.dark(), materials.metal((0.45, 0.45, 0.46), 0.4)
    head, middle = front - 0.34, (front + rear) / 2
    bike.add(
        _tube(
            "spine", [(head, 0, 0.90), (middle, 0, 0.72), (rear + 0.15, 0, 0.68), (rear - 0.2, 0, 0.74)], 0.035, black
        )
    )
    bike.add(_tube("down tube", [(head, 0, 0.86), (middle + 0.18, 0, 0.34), (middle - 0.2, 0, 0.30)], 0.025, black))
    tank = [
        np.array([head - 0.02, 0.0, 0.92]),
        np.array([middle + 0.15, 0.0, 0.92]),
        np.array([middle - 0.10, 0.0, 0.82]),
    ]
    bike.add(limb("tank", tank, [(0.08, 0.10), (0.12, 0.15), (0.07, 0.10)], paint))
    seat = [np.array([middle - 0.06, 0.0, 0.79]), np.array([rear + 0.2, 0.0, 0.79]), np.array([rear - 0.16, 0.0, 0.84])]
    bike.add(
        limb("seat", seat, [(0.05, 0.11), (0.055, 0.14), (0.05, 0.11)], materials.plastic((0.015, 0.015, 0.015), 0.7))
    )
    bike.add(box("engine", (0.36, 0.26, 0.28), (middle + 0.02, 0.0, 0.42), steel, bevel=0.05))
    for number in range(4):
        fin = (middle + 0.10, 0.0, 0.57 + 0.03 * number)
        bike.add(box("cylinder fin", (0.17, 0.19, 0.014), fin, steel))
    bike.add(
        _tube("exhaust", [(middle + 0.2, -0.13, 0.50), (middle + 0.1, -0.17, 0.28), (rear, -0.18, 0.30)], 0.025, steel)
    )
    bike.add(_tube("silencer", [(rear + 0.25, -0.19, 0.30), (rear - 0.25, -0.20, 0.38)], 0.048, steel))
    for sign in (1.0, -1.0):
        bike.add(_tube("swing arm", [(middle - 0.2, sign * 0.09, 0.38), (rear, sign * 0.09, radius)], 0.022, black))
        bike.add(_tube("spring", [(rear + 0.02, sign * 0.12, radius), (rear + 0.10, sign * 0.12, 0.70)], 0.028, steel))
        bike.add(box("side cover", (0.26, 0.03, 0.18), (rear + 0.27, sign * 0.11, 0.62), paint, bevel=0.012))
        bike.add(_tube("peg", [(middle - 0.05, sign * 0.10, 0.30), (middle - 0.05, sign * 0.26, 0.30)], 0.014, black))


def _scooter(bike: Assembly, paint: Material, front: float, rear: float, radius: float) -> None:
    """Leg shield, foot-board, seat box over the rear wheel."""
    black = bike.dark()
    head = front - 0.30
    shield = [
        np.array([head + 0.10, 0.0, 0.34]),
        np.array([head + 0.02, 0.0, 0.62]),
        np.array([head - 0.03, 0.0, 0.96]),
    ]
    bike.add(limb("shield", shield, [(0.05, 0.17), (0.07, 0.22), (0.06, 0.15)], paint))
    nose = [
        np.array([front - 0.16, 0.0, 0.54]),
        np.array([front - 0.02, 0.0, 0.53]),
        np.array([front + 0.14, 0.0, 0.42]),
    ]
    bike.add(limb("nose", nose, [(0.06, 0.08), (0.05, 0.08), (0.02, 0.06)], paint))
    floor = [(head + 0.10, 0.0, 0.33), (rear + 0.50, 0.0, 0.31)]
    bike.add(limb("foot-board", [np.array(at) for at in floor], [(0.045, 0.19)] * 2, black))
    tub = [np.array([rear + 0.52, 0.0, 0.50]), np.array([rear + 0.25, 0.0, 0.58]), np.array([rear - 0.30, 0.0, 0.68])]
    bike.add(limb("tub", tub, [(0.16, 0.14), (0.15, 0.19), (0.05, 0.10)], paint))
    seat = [np.array([rear + 0.58, 0.0, 0.73]), np.array([rear + 0.2, 0.0, 0.77]), np.array([rear - 0.22, 0.0, 0.80])]
    bike.add(
        limb("seat", seat, [(0.06, 0.13), (0.06, 0.16), (0.05, 0.12)], materials.plastic((0.015, 0.015, 0.015), 0.7))
    )
    bike.add(
        box("engine", (0.42, 0.16, 0.18), (rear + 0.18, 0.1, 0.30), materials.metal((0.3, 0.3, 0.3), 0.5), bevel=0.04)
    )
    bike.add(
        _tube("silencer", [(rear + 0.25, -0.15, radius + 0.02), (rear - 0.24, -0.16, radius + 0.08)], 0.055, black)
    )


def _tail(bike: Assembly, rear: float, z: float) -> None:
    """Mudguard, lamps and plate."""
    guard = [
        np.array([rear - 0.12, 0.0, z]),
        np.array([rear - 0.30, 0.0, z - 0.06]),
        np.array([rear - 0.38, 0.0, z - 0.26]),
    ]
    bike.add(limb("rear mudguard", guard, [(0.012, 0.07)] * 3, bike.dark()))
    bike.add(
        box("tail lamp", (0.06, 0.16, 0.07), (rear - 0.31, 0.0, z + 0.03), materials.lamp(_RED, 0.2 * bike.lamps), 0.02)
    )
    for sign in (1.0, -1.0):
        bike.add(
            box("indicator", (0.05, 0.06, 0.045), (rear - 0.30, sign * 0.15, z), materials.lamp(_AMBER), bevel=0.012)
        )
    bike.plate(bike.spec.rear_plate, (rear - 0.41, 0.0, z - 0.12), backward=True, lean_m=-0.05)


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
        _tube("axle", [(rear, -spec.width_m / 2 + 0.2, radius), (rear, spec.width_m / 2 - 0.2, radius)], 0.045, black)
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
    _steering(trike, front, radius, grips)
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
    trike.add(_rider(trike.spec.seed, hips, grips))
    if canopy:
        top, half = trike.spec.height_m + 0.12, trike.spec.width_m / 2 - 0.12
        middle, long = (front + bed_front) / 2 - 0.05, front - bed_front + 0.25
        trike.add(box("canopy", (long, 2 * half + 0.1, 0.05), (middle, 0.0, top), paint, bevel=0.02))
        for sign in (1.0, -1.0):
            rear_post = [(bed_front + 0.02, sign * half, 0.95), (bed_front + 0.02, sign * half, top)]
            trike.add(_tube("post", rear_post, 0.016, trike.dark()))
            trike.add(
                _tube("post", [(front - 0.24, sign * 0.26, 0.85), (front - 0.1, sign * half, top)], 0.016, trike.dark())
            )


def _cab(trike: Assembly, paint: Material, bed_front: float) -> None:
    """A closed cab of its own hull, moved to the front."""
    spec = trike.spec
    long = spec.length_m / 2 - bed_front - 0.04
    hull = Hull(CAB, long - CAB.bulge_m[0], 0.92 * spec.width_m, spec.height_m, (), 0.0, 0.28)
    half, h = hull.width_m / 2, hull.height_m
    gap, lens = materials.plastic((0.006, 0.006, 0.006), 0.9), materials.lamp(_WARM, trike.lamps)
    void = materials.plastic((0.01, 0.01, 0.01), 0.9)
    pieces = [hull.skin("cab", (paint, materials.glass(), trike.dark(), void, paint))]
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
