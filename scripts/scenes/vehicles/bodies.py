"""Bodies of goods vehicles: box, container, stake, flat with drop-sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.lab.signs.lettering import Rgb
from scripts.scenes import materials, mesh
from scripts.scenes.mesh import Material, Object, Point
from scripts.scenes.vehicles.assembly import Assembly
from scripts.scenes.vehicles.cab import RED


@dataclass(frozen=True, slots=True)
class Bed:
    """The room that a body fills, metres."""

    rear: float
    front: float
    half: float
    floor: float
    top: float
    """Highest point of body and load."""

    @property
    def middle(self) -> float:
        return (self.rear + self.front) / 2.0

    @property
    def length(self) -> float:
        return self.front - self.rear


def build_box(kit: Assembly, bed: Bed) -> None:
    """A closed van body of panels in aluminium rails."""
    tone = kit.one_of((0.82, 0.82, 0.82), (0.78, 0.78, 0.76), (0.62, 0.64, 0.66), kit.spec.colour)
    skin = materials.paint(tone, 0.7 * kit.spec.dirt, 2)
    rail = materials.metal((0.62, 0.63, 0.65), 0.4)
    tall = bed.top - bed.floor
    kit.box((bed.length - 0.04, 2 * bed.half - 0.04, tall - 0.04), (bed.middle, 0.0, bed.floor + tall / 2), skin)
    _edges(kit, bed, rail, 0.07)
    for x in np.arange(bed.rear + 1.1, bed.front - 0.5, 1.1):
        for side in (-1, 1):
            kit.box((0.03, 0.02, tall - 0.12), (float(x), side * (bed.half - 0.015), bed.floor + tall / 2), skin)
    if kit.rng.random() < 0.5:
        band = materials.paint(kit.one_of((0.02, 0.09, 0.35), (0.45, 0.02, 0.02), (0.03, 0.22, 0.08)), 0.2)
        for side in (-1, 1):
            at = (bed.middle, side * (bed.half - 0.018), bed.floor + 0.22 * tall)
            kit.box((bed.length - 0.2, 0.012, 0.16 * tall), at, band)
    _rear_doors(kit, bed, skin, rail, ink_for(tone))
    side_marks(kit, bed, bed.floor + 0.08)


def build_container(kit: Assembly, bed: Bed) -> None:
    """A freight container with trapezoid walls on its twist-locks."""
    tone = kit.one_of(
        (0.28, 0.05, 0.03), (0.02, 0.10, 0.28), (0.05, 0.22, 0.12), (0.50, 0.18, 0.03), (0.33, 0.34, 0.35)
    )
    skin = materials.worn(tone, kit.spec.dirt, 2)
    tall = bed.top - bed.floor
    kit.box((bed.length - 0.1, 2 * bed.half - 0.14, tall - 0.08), (bed.middle, 0.0, bed.floor + tall / 2), skin)
    low, high = bed.floor + 0.12, bed.top - 0.10
    for side in (-1, 1):
        kit.add(_corrugated(bed.rear + 0.1, bed.front - 0.1, side * (bed.half - 0.02), low, high, skin, side))
    _edges(kit, bed, skin, 0.14)
    for x in (bed.rear + 0.09, bed.front - 0.09):
        for side in (-1, 1):
            for z in (bed.floor + 0.06, bed.top - 0.06):
                kit.box((0.18, 0.16, 0.12), (x, side * (bed.half - 0.078), z), kit.frame, 0.01)
    _rear_doors(kit, bed, skin, materials.metal((0.5, 0.5, 0.5), 0.5), ink_for(tone))
    code = "".join(chr(65 + int(n)) for n in kit.rng.integers(0, 26, 3)) + f"U {kit.rng.integers(100000, 999999)} 4"
    for side in (-1, 1):
        at = (bed.middle + side * (0.5 * bed.length - 1.3), side * (bed.half + 0.012), high - 0.25)
        kit.lettering(code, (235, 235, 235), at, (-side, 0.0, 0.0), (0.0, 0.0, 1.0), 0.16)


def _corrugated(rear: float, front: float, y: float, low: float, high: float, skin: Material, side: int) -> Object:
    """A wall along X of ribs 28 cm apart and 4 cm deep."""
    pitch, deep = 0.28, 0.04
    line: list[tuple[float, float]] = []
    for start in np.arange(rear, front - pitch, pitch):
        for share, depth in ((0.0, 0.0), (0.25, 0.0), (0.5, deep), (0.75, deep)):
            line.append((float(start) + share * pitch, y - side * depth))
    line.append((front, y))
    rows = [[(x, v, low) for x, v in line], [(x, v, high) for x, v in line]]
    return mesh.loft("wall", rows, skin, closed=False, smooth=False)


def _edges(kit: Assembly, bed: Bed, rail: Material, wide: float) -> None:
    """Rails along the twelve edges."""
    inner_x, inner_y, inner_z = bed.length - 2 * wide, 2 * (bed.half - wide), bed.top - bed.floor - 2 * wide
    ends = (bed.rear + wide / 2, bed.front - wide / 2)
    heights = (bed.floor + wide / 2, bed.top - wide / 2)
    for side in (-1, 1):
        y = side * (bed.half - wide / 2)
        for z in heights:
            kit.box((inner_x, wide, wide), (bed.middle, y, z), rail)
        for x in ends:
            kit.box((wide, wide, inner_z + 2 * wide), (x, y, (bed.floor + bed.top) / 2), rail)
    for x in ends:
        for z in heights:
            kit.box((wide, inner_y, wide), (x, 0.0, z), rail)


def _rear_doors(kit: Assembly, bed: Bed, skin: Material, rod: Material, ink: Rgb) -> None:
    x, tall = bed.rear, bed.top - bed.floor
    middle = bed.floor + tall / 2
    for side in (-1, 1):
        kit.box((0.03, bed.half - 0.10, tall - 0.16), (x - 0.002, side * (bed.half / 2 - 0.03), middle), skin)
        for share in (0.25, 0.72):
            y = side * share * bed.half
            kit.rod(0.018, tall - 0.1, "z", (x - 0.04, y, middle), rod, 8)
            kit.box((0.05, 0.22, 0.04), (x - 0.045, y - side * 0.08, bed.floor + 0.36 * tall), rod)
            for z in (bed.floor + 0.1, bed.top - 0.1):
                kit.box((0.06, 0.08, 0.05), (x - 0.03, y, z), rod)
        for share in (0.12, 0.37, 0.63, 0.88):
            kit.box((0.04, 0.12, 0.05), (x - 0.02, side * (bed.half - 0.08), bed.floor + share * tall), rod)
    rear_marks(kit, bed, bed.top)
    big_number(kit, (x - 0.022, 0.0, bed.floor + 0.62 * tall), ink, 0.22)


def build_stake(kit: Assembly, bed: Bed) -> None:
    """Low boards with a cage of bars above, open or under a tarpaulin."""
    boards = bed.floor + kit.between(0.55, 0.85)
    top = bed.top - (0.12 if kit.spec.load == "covered" else 0.0)
    _platform(kit, bed)
    ribbed_boards(kit, bed, boards, kit.paint, 0.9)
    posts = list(np.linspace(bed.rear + 0.05, bed.front - 0.05, max(4, round(bed.length / 1.15))))
    heights = list(np.linspace(boards + 0.12, top - 0.04, max(3, round((top - boards) / 0.33))))
    for side in (-1, 1):
        y = side * (bed.half - 0.04)
        for x in posts:
            kit.box((0.06, 0.04, top - boards), (float(x), y, (top + boards) / 2), kit.paint)
        for z in heights:
            kit.box((bed.length, 0.03, 0.045), (bed.middle, y, float(z)), kit.paint)
    for x in (bed.rear + 0.04, bed.front - 0.04):
        for z in heights:
            kit.box((0.03, 2 * bed.half - 0.12, 0.045), (x, 0.0, float(z)), kit.paint)
        for share in (-0.5, 0.0, 0.5):
            kit.box((0.04, 0.06, top - boards), (x, share * 2 * bed.half, (top + boards) / 2), kit.paint)
    for x in posts[1:-1]:
        kit.add(mesh.bar("bow", (float(x), -bed.half, top), (float(x), bed.half, top), 0.02, kit.paint))
    side_marks(kit, bed, bed.floor - 0.07)
    rear_marks(kit, bed, boards)
    big_number(kit, (bed.rear - 0.03, 0.0, (boards + bed.floor) / 2 + 0.05), ink_for(kit.spec.colour), 0.20)


def build_flat(kit: Assembly, bed: Bed, boards: float) -> None:
    """A platform; boards of this height around it, 0 for none (then with a head wall)."""
    _platform(kit, bed)
    side_marks(kit, bed, bed.floor - 0.07)
    if boards > 0.0:
        ribbed_boards(kit, bed, bed.floor + boards, kit.paint, 0.75)
        big_number(kit, (bed.rear - 0.03, 0.0, bed.floor + boards / 2), ink_for(kit.spec.colour), 0.5 * boards)
    else:
        kit.box((0.06, 2 * bed.half, 0.9), (bed.front - 0.03, 0.0, bed.floor + 0.45), kit.paint, 0.01)
    rear_marks(kit, bed, bed.floor + max(boards, 0.1))


def _platform(kit: Assembly, bed: Bed) -> None:
    kit.box((bed.length, 2 * bed.half - 0.02, 0.10), (bed.middle, 0.0, bed.floor - 0.05), kit.frame)
    for x in np.arange(bed.rear + 0.3, bed.front, 0.6):
        kit.box((0.08, 2 * bed.half - 0.04, 0.10), (float(x), 0.0, bed.floor - 0.14), kit.frame)


def ribbed_boards(kit: Assembly, bed: Bed, top: float, material: Material, pitch: float, rear: bool = True) -> None:
    """Four walls from the floor to `top`, with upright ribs outside and a rail above."""
    tall, middle = top - bed.floor, (top + bed.floor) / 2
    for side in (-1, 1):
        y = side * (bed.half - 0.045)
        kit.box((bed.length, 0.03, tall), (bed.middle, y, middle), material)
        kit.box((bed.length, 0.09, 0.09), (bed.middle, y, top - 0.045), material, 0.012)
        for x in np.linspace(bed.rear + 0.06, bed.front - 0.06, max(3, round(bed.length / pitch) + 1)):
            kit.box((0.10, 0.045, tall - 0.02), (float(x), side * (bed.half - 0.03), middle), material)
    for x, there in ((bed.rear + 0.03, rear), (bed.front - 0.03, True)):
        if there:
            kit.box((0.04, 2 * bed.half - 0.06, tall), (x, 0.0, middle), material)
            kit.box((0.08, 2 * bed.half - 0.19, 0.08), (x, 0.0, top - 0.044), material, 0.012)
    if rear:
        for y in np.linspace(-bed.half + 0.1, bed.half - 0.1, 5):
            kit.box((0.05, 0.08, tall), (bed.rear + 0.005, float(y), middle - 0.01), material)


def side_marks(kit: Assembly, bed: Bed, z: float) -> None:
    """Red and white strips and amber lamps along both sides."""
    for side in (-1, 1):
        y = side * (bed.half + 0.006)
        start, along = (bed.front - 0.1, -1.0) if side > 0 else (bed.rear + 0.1, 1.0)
        kit.stripes((start, y, z - 0.025), (along, 0.0, 0.0), bed.length - 0.2, (0.0, 0.0, 1.0))
        for x in np.arange(bed.rear + 1.2, bed.front - 0.5, 2.4):
            kit.lens((0.10, 0.025, 0.04), (float(x), side * bed.half, z - 0.07), (1.0, 0.32, 0.02), 0.12, 0.0)


def rear_marks(kit: Assembly, bed: Bed, top: float) -> None:
    """Red and white strips across the rear and up its edges, end-outline lamps above."""
    x, inner = bed.rear - 0.022, bed.half - 0.02
    kit.stripes((x, inner, bed.floor + 0.01), (0.0, -1.0, 0.0), 2 * inner, (0.0, 0.0, 1.0))
    if top - bed.floor > 1.0:
        for y in (inner, -inner + 0.05):
            kit.stripes((x, y, bed.floor + 0.07), (0.0, 0.0, 1.0), top - bed.floor - 0.1, (0.0, -1.0, 0.0))
        for side in (-1, 1):
            kit.lens((0.03, 0.10, 0.05), (bed.rear - 0.01, side * (bed.half - 0.15), top - 0.05), RED, 0.12)


def ink_for(ground: tuple[float, float, float]) -> Rgb:
    """Ink that stands out on this paint (linear RGB)."""
    return (25, 25, 28) if sum(ground) > 0.9 else (238, 238, 238)


def big_number(kit: Assembly, at: Point, ink: Rgb, height: float) -> None:
    """The enlarged number (放大号) painted on the rear of the body."""
    plate = kit.spec.rear_plate
    if plate is not None:
        text = f"{plate.text[:2]}·{plate.text[2:]}"
        kit.lettering(text, ink, at, (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), height)
