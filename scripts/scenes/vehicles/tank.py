"""The tank body: an elliptical vessel on saddles with walkway, manholes, ladder, orange strip and diamonds."""

from __future__ import annotations

import math

import numpy as np

from scripts.scenes import materials, mesh
from scripts.scenes.vehicles.assembly import Assembly
from scripts.scenes.vehicles.bodies import Bed, big_number, side_marks

ORANGE = (0.95, 0.22, 0.01)
WORDS = {
    "2.1": "易燃气体",
    "2.2": "不燃气体",
    "2.3": "有毒气体",
    "3": "易燃液体",
    "5.1": "氧化剂",
    "6.1": "毒害品",
    "8": "腐蚀品",
}
"""Warning written on the side, by the first class; others say 危险品."""


def build_tank(kit: Assembly, bed: Bed) -> None:
    """The vessel fills the bed; signs come from the spec."""
    centre = (bed.floor + 0.10 + bed.top - 0.22) / 2
    tall, wide = (bed.top - 0.22 - bed.floor - 0.10) / 2, bed.half - 0.04
    skin = kit.one_of(
        materials.paint((0.82, 0.82, 0.82), kit.spec.dirt, 1),
        materials.metal((0.72, 0.73, 0.75), 0.28),
        materials.paint((0.66, 0.68, 0.70), kit.spec.dirt, 1),
    )
    _vessel(kit, bed, centre, wide, tall, skin)
    _saddles(kit, bed, centre, tall)
    _top(kit, bed, centre + tall)
    _strip(kit, bed, centre, wide, tall)
    _ladder(kit, bed, centre, tall)
    side_marks(kit, bed, bed.floor - 0.02)
    _signs(kit, bed, centre, wide, tall)


def _ring(x: float, centre: float, wide: float, tall: float) -> list[mesh.Point]:
    """A rounded box between ellipse and rectangle, as such tanks are."""
    ring = []
    for turn in np.linspace(0.0, 2.0 * math.pi, 40, endpoint=False):
        c, s = math.cos(turn), math.sin(turn)
        reach = (abs(c) ** 2.5 + abs(s) ** 2.5) ** (-1.0 / 2.5)
        ring.append((x, wide * reach * c, centre + tall * reach * s))
    return ring


def _vessel(kit: Assembly, bed: Bed, centre: float, wide: float, tall: float, skin: materials.Material) -> None:
    dome = 0.24
    rows = []
    for end, sign in ((bed.rear, 1.0), (bed.front, -1.0)):
        caps = [
            _ring(end + sign * dome * (1 - math.cos(t)), centre, wide * _size(t), tall * _size(t))
            for t in np.radians([4, 25, 50, 70, 90])
        ]
        rows += caps if sign > 0 else caps[::-1]
    kit.add(mesh.loft("vessel", rows, skin))
    for x in np.linspace(bed.rear + dome, bed.front - dome, max(3, round(bed.length / 1.9))):
        band = [_ring(float(x) + d, centre, wide + 0.008, tall + 0.008) for d in (-0.02, 0.02)]
        kit.add(mesh.loft("band", band, skin, caps=False))


def _size(turn: float) -> float:
    return 0.35 + 0.65 * math.pow(math.sin(turn), 0.6)


def _saddles(kit: Assembly, bed: Bed, centre: float, tall: float) -> None:
    for x in np.linspace(bed.rear + 0.6, bed.front - 0.6, max(3, round(bed.length / 1.6))):
        kit.box(
            (0.12, 1.5, centre - 0.6 * tall - bed.floor + 0.2),
            (float(x), 0.0, (centre - 0.6 * tall + bed.floor) / 2),
            kit.frame,
        )
    kit.box((bed.length, 1.1, 0.12), (bed.middle, 0.0, bed.floor - 0.04), kit.frame)
    for side in (-1, 1):
        kit.rod(0.07, 0.62 * bed.length, "x", (bed.middle, side * (bed.half - 0.14), bed.floor + 0.12), kit.chrome, 10)
        kit.box((0.8, 0.30, 0.40), (bed.rear + 1.0, side * (bed.half - 0.2), bed.floor + 0.05), kit.chrome, 0.02)
        kit.box((bed.length, 0.03, 0.14), (bed.middle, side * (bed.half - 0.02), bed.floor - 0.02), kit.frame)


def _top(kit: Assembly, bed: Bed, top: float) -> None:
    kit.box((bed.length - 0.8, 0.75, 0.04), (bed.middle, 0.0, top + 0.05), kit.frame)
    count = max(2, round(bed.length / 2.4))
    for x in np.linspace(bed.rear + 0.9, bed.front - 0.9, count):
        kit.rod(0.25, 0.12, "z", (float(x), 0.0, top + 0.10), kit.chrome, 18)
        kit.rod(0.27, 0.03, "z", (float(x), 0.0, top + 0.16), kit.chrome, 18)
        kit.box((0.10, 0.30, 0.05), (float(x), 0.0, top + 0.185), kit.frame)
    for side in (-1, 1):
        kit.add(
            mesh.bar(
                "rail",
                (bed.rear + 0.4, side * 0.52, top + 0.10),
                (bed.front - 0.4, side * 0.52, top + 0.10),
                0.03,
                kit.chrome,
            )
        )


def _strip(kit: Assembly, bed: Bed, centre: float, wide: float, tall: float) -> None:
    """The orange retro-reflecting strip, 150 mm wide, around the tank at half height."""
    sheet = materials.reflector(ORANGE, kit.glow)
    low, high = centre - 0.075, centre + 0.075
    for side in (-1, 1):
        points = []
        for x in (bed.rear + 0.26, bed.front - 0.26):
            points += [(x, side * (_half_at(z, centre, wide, tall) + 0.012), z) for z in (low, centre, high)]
        faces = [(0, 3, 4, 1), (1, 4, 5, 2)]
        kit.add(mesh.surface("strip", points, faces, sheet))
    kit.box((0.012, 1.0, 0.15), (bed.rear + 0.0, 0.0, centre), sheet)


def _half_at(z: float, centre: float, wide: float, tall: float) -> float:
    """Half width of the vessel at this height."""
    share: float = min(1.0, abs(z - centre) / tall)
    return wide * math.pow(1.0 - share**2.5, 1.0 / 2.5)


def _ladder(kit: Assembly, bed: Bed, centre: float, tall: float) -> None:
    x, y = bed.rear - 0.10, 0.85
    for offset in (-0.19, 0.19):
        foot, head = (x, y + offset, bed.floor - 0.25), (x, y + offset, centre + tall + 0.12)
        kit.add(mesh.bar("ladder", foot, head, 0.02, kit.chrome))
        kit.add(mesh.bar("ladder", head, (bed.rear + 0.45, y + offset, head[2]), 0.02, kit.chrome))
    for z in np.arange(bed.floor - 0.1, centre + tall, 0.3):
        kit.add(mesh.bar("rung", (x, y - 0.19, float(z)), (x, y + 0.19, float(z)), 0.015, kit.chrome))


def _signs(kit: Assembly, bed: Bed, centre: float, wide: float, tall: float) -> None:
    """Panel and diamonds behind, diamonds and the warning on both sides, the number behind."""
    rear = bed.rear - 0.03
    kit.orange_panel((rear, -0.55, centre - 0.45 * tall), forward=False)
    kit.diamonds((rear, -0.45, centre + 0.40 * tall), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), 0.28)
    big_number(kit, (rear, -0.12, centre + 0.19), (20, 20, 24), 0.13)
    word = WORDS.get(kit.spec.diamonds[0], "危险品") if kit.spec.diamonds else "严禁烟火"
    for side in (-1, 1):
        right = (-float(side), 0.0, 0.0)
        low, high = centre - 0.40 * tall, centre + 0.36 * tall
        at = (bed.rear + 1.1 + 0.25 * len(kit.spec.diamonds), side * (_half_at(low, centre, wide, tall) + 0.03), low)
        kit.diamonds(at, right, _rise(low, side, centre, wide, tall), 0.30)
        at = (bed.middle, side * (_half_at(high, centre, wide, tall) + 0.015), high)
        kit.lettering(word, (190, 20, 24), at, right, _rise(high, side, centre, wide, tall), 0.36)


def _rise(z: float, side: int, centre: float, wide: float, tall: float) -> mesh.Point:
    """Unit vector up along the vessel's wall at this height."""
    lean = side * (_half_at(z + 0.1, centre, wide, tall) - _half_at(z - 0.1, centre, wide, tall))
    length = math.hypot(lean, 0.2)
    return 0.0, lean / length, 0.2 / length
