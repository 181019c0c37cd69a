"""Motorcycles with their riders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scripts.scenes import materials
from scripts.scenes.mesh import Material, Object, box, cylinder, hung, turned
from scripts.scenes.spec import VehicleSpec
from scripts.scenes.vehicles import Built
from scripts.scenes.vehicles.body import Array
from scripts.scenes.vehicles.people import build_person
from scripts.scenes.vehicles.small_fittings import Assembly, headlamp
from scripts.scenes.vehicles.small_limbs import limb

_RED = (0.45, 0.006, 0.008)
_AMBER = (0.8, 0.25, 0.01)


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
    steering(bike, front, radius, grips)
    (_scooter if scooter else _street)(bike, paint, front, rear, radius)
    _tail(bike, rear, 0.66 if scooter else 0.70)
    if rng.random() < 0.4:
        case = materials.plastic((0.02, 0.02, 0.02), 0.4)
        bike.add(box("top case", (0.36, 0.38, 0.28), (rear - 0.06, 0.0, 0.98), case, bevel=0.06))
    bike.add(rider(spec.seed, hips, grips))
    if rng.random() < 0.2:
        bike.add(rider(spec.seed + 1, hips + np.array([-0.33, 0.0, 0.05]), hips + np.array([0.02, 0.2, 0.25])))
    return bike.done()


def rider(seed: int, hips: Array, grips: Array) -> Object:
    """Somebody astride with the hips and, mirrored, the left hand where told."""
    left = grips - hips
    person = build_person(seed, "riding", (left, left * np.array([1.0, -1.0, 1.0])))
    return hung(person, (float(hips[0]), 0.0, float(hips[2]) - 0.02))


def tube(name: str, path: Sequence[tuple[float, float, float]], radius: float, material: Material) -> Object:
    """A tube through points."""
    return limb(name, [np.array(point) for point in path], [radius] * len(path), material)


def steering(bike: Assembly, front: float, radius: float, grips: Array) -> None:
    """Fork, mudguard, handlebars with mirrors, headlamp."""
    steel, black = materials.metal((0.5, 0.5, 0.52), 0.3), bike.dark()
    head = (front - 0.30, 0.0, 0.92)
    for side in (0.075, -0.075):
        bike.add(tube("fork", [(front, side, radius), (head[0], side, head[2])], 0.022, steel))
    x, y, z = (float(value) for value in grips)
    bike.add(tube("bars", [(x, y, z), (head[0], 0.12, z + 0.01), (head[0], -0.12, z + 0.01), (x, -y, z)], 0.014, black))
    for sign in (1.0, -1.0):
        bike.add(tube("grip", [(x, sign * y, z), (x, sign * (y - 0.11), z)], 0.020, black))
        bike.add(tube("stalk", [(x + 0.04, sign * 0.2, z), (x + 0.04, sign * 0.32, z + 0.18)], 0.008, black))
        bike.add(box("mirror", (0.03, 0.13, 0.08), (x + 0.04, sign * 0.34, z + 0.20), black, bevel=0.012))
    guard = _arc(front, radius, radius + 0.025, 0.35, 2.3)
    bike.add(limb("mudguard", guard, [(0.008, 0.065)] * len(guard), black))
    lens = headlamp(bike.lamps)
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
        tube("spine", [(head, 0, 0.90), (middle, 0, 0.72), (rear + 0.15, 0, 0.68), (rear - 0.2, 0, 0.74)], 0.035, black)
    )
    bike.add(tube("down tube", [(head, 0, 0.86), (middle + 0.18, 0, 0.34), (middle - 0.2, 0, 0.30)], 0.025, black))
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
        tube("exhaust", [(middle + 0.2, -0.13, 0.50), (middle + 0.1, -0.17, 0.28), (rear, -0.18, 0.30)], 0.025, steel)
    )
    bike.add(tube("silencer", [(rear + 0.25, -0.19, 0.30), (rear - 0.25, -0.20, 0.38)], 0.048, steel))
    for sign in (1.0, -1.0):
        bike.add(tube("swing arm", [(middle - 0.2, sign * 0.09, 0.38), (rear, sign * 0.09, radius)], 0.022, black))
        bike.add(tube("spring", [(rear + 0.02, sign * 0.12, radius), (rear + 0.10, sign * 0.12, 0.70)], 0.028, steel))
        bike.add(box("side cover", (0.26, 0.03, 0.18), (rear + 0.27, sign * 0.11, 0.62), paint, bevel=0.012))
        bike.add(tube("peg", [(middle - 0.05, sign * 0.10, 0.30), (middle - 0.05, sign * 0.26, 0.30)], 0.014, black))


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
    bike.add(tube("silencer", [(rear + 0.25, -0.15, radius + 0.02), (rear - 0.24, -0.16, radius + 0.08)], 0.055, black))


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
