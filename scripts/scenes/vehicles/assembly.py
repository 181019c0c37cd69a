"""A vehicle in the making: gathers pieces, keeps what truth speaks of apart, joins the rest into one object."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from models.lab.signs.hazard import diamond_image, panel_image
from models.lab.signs.lettering import PLATE_COLOURS, Rgb, plate_image, plate_size_mm, writing
from models.lab.signs.spec import PlateSpec
from scripts.scenes import materials, mesh
from scripts.scenes.mesh import Axis, Object, Point
from scripts.scenes.spec import VehicleSpec
from scripts.scenes.vehicles import Built, Part

Material = Any
Pixels = np.ndarray[Any, np.dtype[np.uint8]]
BLACK_RGB = (0.012, 0.012, 0.013)


class Assembly:
    """Pieces of one vehicle, all in its own frame."""

    def __init__(self, spec: VehicleSpec, lamps: float) -> None:
        self.spec = spec
        self.lamps = lamps
        self.glow = 0.35 if lamps > 0.0 else 0.0
        """How much retro-reflecting sheet gives back: only by night."""
        self.rng = np.random.default_rng(spec.seed)
        self.paint = materials.paint(spec.colour, spec.dirt, spec.seed % 5)
        self.black = materials.plastic(BLACK_RGB)
        self.frame = materials.worn((0.035, 0.035, 0.037), spec.dirt, spec.seed % 3)
        self.chrome = materials.metal((0.75, 0.76, 0.78), 0.18)
        self._static: list[Object] = []
        self._built = Built(root=mesh.empty(spec.identity))

    def one_of(self, *choices: Any) -> Any:
        """A choice by the vehicle's seed."""
        return choices[int(self.rng.integers(len(choices)))]

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def add(self, *pieces: Object) -> None:
        """Pieces that stand still in the vehicle's frame and mean nothing by themselves."""
        self._static += pieces

    def box(self, size: Point, at: Point, material: Material, bevel: float = 0.0) -> None:
        self.add(mesh.box("box", size, at, material, bevel))

    def rod(self, radius: float, length: float, axis: Axis, at: Point, material: Material, segments: int = 10) -> None:
        self.add(mesh.cylinder("rod", radius, length, axis, at, material, segments))

    def part(self, word: str, thing: Object, **facts: Any) -> None:
        """Something that the second look finds."""
        thing.name = f"{self.spec.identity} {word}"
        self._built.objects.append(thing)
        self._built.parts.append(Part(word, thing, facts))

    def ride(self, thing: Object) -> None:
        """Something that rides along, an object of its own."""
        self._built.objects.append(thing)

    def wheel(self, thing: Object, at: Point, radius: float, axle: int, side: str) -> None:
        """A wheel (a dual pair counts as one) with its middle at `at`; lifted if the spec says so of its axle."""
        mesh.hung(thing, at)
        word = "lifted_wheel" if axle in self.spec.lifted_axles else "wheel"
        self.part(word, thing, axle=axle, side=side)
        self._built.wheels.append((thing, radius))

    def plate(self, plate: PlateSpec | None, at: Point, forward: bool) -> None:
        """A number plate around `at`, looking forward or back."""
        if plate is None:
            return
        width, height = (value / 1000.0 for value in plate_size_mm(plate))
        material = materials.picture(f"{plate.text} {plate.type} {plate.lines}", plate_image(plate), self.glow)
        self.box((0.012, width + 0.03, height + 0.03), (at[0] - (0.008 if forward else -0.008), *at[1:]), self.black)
        thing = mesh.panel("plate", self.upright(at, width, height, forward), material)
        facts = {"text": plate.text, "type": plate.type, "colour": PLATE_COLOURS[plate.type], "lines": plate.lines}
        self.part("plate", thing, **facts)

    def orange_panel(self, at: Point, forward: bool) -> None:
        """The spec's orange panel, if it wears one."""
        panel = self.spec.panel
        if panel is None:
            return
        pixels = panel_image(panel)
        material = materials.picture(f"panel {panel.hazard}/{panel.un}", pixels, self.glow)
        thing = mesh.panel("panel", self.upright(at, 0.4, 0.3, forward), material)
        self.box((0.01, 0.42, 0.32), (at[0] - (0.007 if forward else -0.007), *at[1:]), self.chrome)
        self.part("orange_panel", thing, hazard=panel.hazard, un=panel.un)

    def diamonds(self, middle: Point, right: Point, up: Point, size: float = 0.3) -> None:
        """The spec's diamonds beside each other; `right` and `up` are unit vectors as their reader sees them."""
        count = len(self.spec.diamonds)
        for number, hazard_class in enumerate(self.spec.diamonds):
            reach = size / 2.0**0.5
            aside = (number - (count - 1) / 2.0) * (2.0 * reach + 0.06)
            centre = np.asarray(middle) + aside * np.asarray(right)
            across, high = reach * np.asarray(right), reach * np.asarray(up)
            corners = [centre - high, centre + across, centre + high, centre - across]
            material = materials.picture(f"diamond {hazard_class}", diamond_image(hazard_class), self.glow)
            uv = [(0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)]
            thing = mesh.surface("diamond", np.array(corners), [(0, 1, 2, 3)], material, uv=uv, smooth=False)
            self.part("diamond", thing, hazard_class=hazard_class)

    def lettering(self, text: str, colour: Rgb, middle: Point, right: Point, up: Point, height: float) -> None:
        """Painted writing of this height in metres."""
        pixels = writing(text, colour, height_px=72)
        key = zlib.crc32(f"{text}{colour}".encode())
        half_up = np.asarray(up) * height / 2.0
        half_right = np.asarray(right) * height / 2.0 * pixels.shape[1] / pixels.shape[0]
        centre = np.asarray(middle)
        corners = [centre - half_right - half_up, centre + half_right - half_up]
        corners += [centre + half_right + half_up, centre - half_right + half_up]
        points = [(float(x), float(y), float(z)) for x, y, z in corners]
        self.add(mesh.panel("lettering", points, materials.picture(f"writing {key:08x}", pixels)))

    @staticmethod
    def upright(at: Point, width: float, height: float, forward: bool) -> list[Point]:
        """Corners of a picture standing across the road, read from before (`forward`) or behind the vehicle."""
        x, y, z = at
        right = width / 2.0 if forward else -width / 2.0
        low, high = z - height / 2.0, z + height / 2.0
        return [(x, y - right, low), (x, y + right, low), (x, y + right, high), (x, y - right, high)]

    def stripes(self, start: Point, along: Point, length: float, up: Point, width: float = 0.05) -> None:
        """Red and white retro-reflecting strip (GB 23254): pieces of 150 mm in turn from `start`."""
        step, high = np.asarray(along) * 0.15, np.asarray(up) * width
        count = max(1, int(length / 0.15))
        for colour, first in (((0.62, 0.012, 0.012), 0), ((0.85, 0.85, 0.85), 1)):
            points: list[Any] = []
            for number in range(first, count, 2):
                low = np.asarray(start) + number * step
                points += [low, low + step, low + step + high, low + high]
            faces = [tuple(range(start_, start_ + 4)) for start_ in range(0, len(points), 4)]
            if faces:
                sheet = materials.reflector(colour, self.glow)
                self.add(mesh.surface("stripes", np.array(points), faces, sheet, smooth=False))

    def lens(self, size: Point, at: Point, rgb: tuple[float, float, float], share: float, bevel: float = 0.01) -> None:
        """A lamp of this colour that shines with a share of the lamps' strength."""
        self.box(size, at, materials.lamp(rgb, self.lamps * share), bevel)

    def finish(self) -> Built:
        """Join what stands still and hang all on the root."""
        body = mesh.join(f"{self.spec.identity} body", self._static)
        self._built.objects.insert(0, body)
        mesh.parented(self._built.root, self._built.objects)
        return self._built
