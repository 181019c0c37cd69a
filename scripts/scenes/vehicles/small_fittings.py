"""What small vehicles carry: wheels, plates, mirrors; and the putting together of it all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import bpy
import numpy as np

from models.lab.signs.lettering import PLATE_COLOURS, plate_image, plate_size_mm
from models.lab.signs.spec import PlateSpec
from scripts.scenes import materials
from scripts.scenes.mesh import (
    Material,
    Object,
    Point,
    box,
    cylinder,
    empty,
    hung,
    join,
    panel,
    parented,
    surface,
    turned,
)
from scripts.scenes.spec import VehicleSpec
from scripts.scenes.vehicles import Built, Part

RimStyle = Literal["five", "ten", "steel", "bus", "wire"]
Side = Literal["left", "right"]

PLATE_GLOW = 0.25
"""Share of its own colour a retro-reflecting plate gives off when lamps are lit."""


class Assembly:
    """A vehicle in the making: pieces that end in one body, and the parts kept apart."""

    def __init__(self, spec: VehicleSpec, lamps: float) -> None:
        self.spec, self.lamps = spec, lamps
        self.pieces: list[Object] = []
        self.built = Built(root=empty(spec.identity))
        self._passengers: list[Object] = []
        self._wheels: dict[tuple[Any, ...], Any] = {}

    def add(self, *pieces: Object) -> None:
        self.pieces += pieces

    def part(self, word: str, thing: Object, **facts: Any) -> None:
        """A part that truth speaks of, as an object of its own."""
        self.built.parts.append(Part(word, thing, facts))

    def wheel(self, axle: int, side: Side, at: Point, radius: float, width: float, style: RimStyle) -> None:
        """A wheel turning about its own Y; wheels of one kind share one mesh."""
        key = (side, radius, width, style)
        name = f"{self.spec.identity} wheel {axle} {side}"
        if key in self._wheels:
            thing = bpy.data.objects.new(name, self._wheels[key])
            bpy.context.scene.collection.objects.link(thing)
        else:
            thing = _wheel(name, radius, width, style, out=1.0 if side == "left" else -1.0)
            self._wheels[key] = thing.data
        self.part("wheel", hung(thing, at), axle=axle, side=side)
        self.built.wheels.append((thing, radius))

    def plate(self, plate: PlateSpec | None, at: Point, backward: bool, lean_m: float = 0.0) -> None:
        """A number plate around the middle `at`, its upper edge set back by `lean_m`."""
        if plate is None:
            return
        wide, tall = (side / 2000.0 for side in plate_size_mm(plate))
        sign = -1.0 if backward else 1.0
        x, y, z = at
        corners = [
            (x + sign * 0.004 - sign * lean_m * up, y + sign * right * wide, z + (2 * up - 1) * tall)
            for right, up in ((-1, 0), (1, 0), (1, 1), (-1, 1))
        ]
        name = f"{self.spec.identity} {'rear' if backward else 'front'} plate"
        glow = PLATE_GLOW if self.lamps > 0.0 else 0.0
        ground = materials.picture(f"{plate.text} {plate.type} {plate.lines}", plate_image(plate), glow)
        facts = {"text": plate.text, "type": plate.type, "colour": PLATE_COLOURS[plate.type], "lines": plate.lines}
        self.part("plate", panel(name, corners, ground), **facts)
        self.add(box(f"{name} frame", (0.012, 2 * wide + 0.03, 2 * tall + 0.03), (x - sign * 0.008, y, z), self.dark()))

    def passenger(self, number: int, person: Object, turn: float) -> None:
        """A person who stays an object of its own, turned by so many radians."""
        person.name = f"{self.spec.identity} passenger {number}"
        person.rotation_euler = (0.0, 0.0, turn)
        self._passengers.append(person)

    def dark(self) -> Material:
        return materials.plastic((0.018, 0.018, 0.019), 0.55)

    def done(self) -> Built:
        """Join the pieces and hang all on the root."""
        body = join(f"{self.spec.identity} body", self.pieces)
        self.built.objects = [body, *self._passengers, *(part.object for part in self.built.parts)]
        parented(self.built.root, self.built.objects)
        return self.built


def headlamp(strength: float) -> Material:
    """A lit lens at night, by day the mirror behind it."""
    return materials.lamp((1.0, 0.95, 0.85), strength) if strength > 0.0 else materials.metal((0.8, 0.82, 0.85), 0.12)


def writing_panel(name: str, corners: Sequence[Point], pixels: np.ndarray[Any, Any], glow: float = 0.0) -> Object:
    """Lettering on a quad: bottom left, bottom right, top right, top left, as its reader sees them."""
    return panel(name, corners, materials.picture(name, pixels, glow))


def _wheel(name: str, radius: float, width: float, style: RimStyle, out: float) -> Object:
    half, rim = width / 2.0, radius * {"bus": 0.58, "wire": 0.76, "steel": 0.62}.get(style, 0.68)
    bead = min(0.03, 0.2 * width)
    tyre = [
        (-0.8 * half, rim),
        (-half, rim + 0.35 * (radius - rim)),
        (-half, radius - bead),
        (-half + 0.6 * bead, radius - 0.25 * bead),
        (-0.3 * half, radius),
        (0.3 * half, radius),
        (half - 0.6 * bead, radius - 0.25 * bead),
        (half, radius - bead),
        (half, rim + 0.35 * (radius - rim)),
        (0.8 * half, rim),
    ]
    pieces = [turned(f"{name} tyre", tyre, "y", (0, 0, 0), materials.rubber(), 32)]
    pieces += {"bus": _disc, "steel": _disc, "wire": _wire}.get(style, _spoked)(name, rim, half, out, style)
    return join(name, pieces)


def _spoked(name: str, rim: float, half: float, out: float, style: RimStyle) -> list[Object]:
    """Cast wheel: lip, dark barrel, brake disc, spokes and hub."""
    silver, dark = materials.metal((0.55, 0.56, 0.58), 0.3), materials.plastic((0.02, 0.02, 0.02), 0.6)
    face = out * 0.78 * half
    lip = [(out * 0.8 * half, rim + 0.004), (out * 0.86 * half, rim - 0.006), (out * 0.5 * half, rim - 0.03)]
    barrel = [(out * 0.5 * half, rim - 0.03), (-out * 0.5 * half, rim - 0.03), (-out * 0.5 * half, 0.0)]
    made = [
        turned(f"{name} lip", lip, "y", (0, 0, 0), silver, 32),
        turned(f"{name} barrel", barrel, "y", (0, 0, 0), dark, 24),
        cylinder(
            f"{name} brake", 0.62 * rim, 0.02, "y", (0, 0.1 * out * half, 0), materials.metal((0.3, 0.3, 0.3)), 20
        ),
        cylinder(f"{name} hub", 0.24 * rim, 0.04, "y", (0, face - 0.012 * out, 0), silver, 16),
    ]
    count = 10 if style == "ten" else 5
    inner, outer = (0.10, 0.13) if style == "ten" else (0.2, 0.3)
    inner, outer = inner * rim, outer * rim
    made += [
        _spoke(f"{name} spoke", 2 * math.pi * number / count, rim, face, out, inner, outer, silver)
        for number in range(count)
    ]
    return made


def _spoke(
    name: str, turn: float, rim: float, face: float, out: float, inner: float, outer: float, metal: Material
) -> Object:
    points = []
    for depth in (0.0, 0.03):
        for far, broad in ((0.2 * rim, inner), (0.97 * rim, outer)):
            for side in (-0.5, 0.5):
                x, z = far, side * broad
                dish = 0.02 * (1.0 - far / rim)
                points.append(
                    (
                        x * math.cos(turn) - z * math.sin(turn),
                        face - out * (depth + dish),
                        x * math.sin(turn) + z * math.cos(turn),
                    )
                )
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 2, 6, 4), (1, 5, 7, 3), (2, 3, 7, 6), (0, 4, 5, 1)]
    return surface(name, points, faces, metal, smooth=False)


def _disc(name: str, rim: float, half: float, out: float, style: RimStyle) -> list[Object]:
    """Pressed steel wheel with round holes and bolts around the hub."""
    steel = materials.metal((0.42, 0.42, 0.43), 0.5)
    dark = materials.plastic((0.02, 0.02, 0.02), 0.6)
    face = out * half
    dish = [(0.8 * face, rim), (0.85 * face, rim - 0.012), (0.45 * face, rim - 0.03), (0.25 * face, 0.72 * rim)]
    dish += [(0.35 * face, 0.5 * rim), (0.55 * face, 0.38 * rim), (0.6 * face, 0.0)]
    made = [
        turned(f"{name} dish", dish, "y", (0, 0, 0), steel, 32),
        cylinder(f"{name} back", rim, 0.01, "y", (0, -0.3 * face, 0), dark, 20),
    ]
    count, hub = (10, 0.2) if style == "bus" else (8, 0.18)
    made.append(cylinder(f"{name} hub", hub * rim, 0.07, "y", (0, 0.65 * face, 0), steel, 16))
    for number in range(count):
        turn = 2 * math.pi * number / count
        x, z = math.cos(turn), math.sin(turn)
        hole = (0.62 * rim * x, 0.31 * face, 0.62 * rim * z)
        made.append(cylinder(f"{name} hole", 0.08 * rim, 0.012, "y", hole, dark, 8))
        bolt = (0.32 * rim * x, 0.6 * face, 0.32 * rim * z)
        made.append(cylinder(f"{name} bolt", 0.035 * rim, 0.04, "y", bolt, steel, 6))
    return made


def _wire(name: str, rim: float, half: float, out: float, style: RimStyle) -> list[Object]:
    """Motorcycle wheel, the same from both sides: rim, thin spokes, drum."""
    silver = materials.metal((0.6, 0.6, 0.62), 0.3)
    ring = [(-0.6 * half, rim), (-0.5 * half, rim - 0.018), (0.5 * half, rim - 0.018), (0.6 * half, rim)]
    made = [
        turned(f"{name} rim", ring, "y", (0, 0, 0), silver, 28),
        cylinder(f"{name} drum", 0.28 * rim, 1.6 * half, "y", (0, 0, 0), materials.metal((0.35, 0.35, 0.36), 0.5), 16),
    ]
    for number in range(14):
        turn = 2 * math.pi * number / 14
        side = 0.5 * half * (1 if number % 2 else -1)
        made.append(_spoke(f"{name} spoke", turn, rim, side, 0.2 * out, 0.012, 0.012, silver))
    return made
