"""A shell of stacked outlines with rounded corners and a bulging front: cabs and bumpers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.scenes import mesh
from scripts.scenes.mesh import Object, Point

ARC = 6
"""Points of a front corner."""


@dataclass(frozen=True, slots=True)
class Shell:
    """Outlines stacked from below to above: at each level height, front end X, half width."""

    levels: tuple[tuple[float, float, float], ...]
    back: float
    """X of the rear face."""
    corner: float
    """Radius of the front corners."""
    bulge: float
    """How far the front face's middle stands before its ends."""

    def front(self, y: float, z: float) -> float:
        """X of the front surface."""
        heights, fronts, halves = zip(*self.levels, strict=True)
        tip, half = float(np.interp(z, heights, fronts)), float(np.interp(z, heights, halves))
        straight = half - self.corner
        if abs(y) <= straight:
            return tip - self.bulge * (y / half) ** 2
        aside = min(abs(y) - straight, self.corner)
        corner = tip - self.bulge * (straight / half) ** 2 - self.corner
        return corner + math.sqrt(max(0.0, self.corner**2 - aside**2))

    def half(self, z: float) -> float:
        """Half width at this height."""
        return float(np.interp(z, [level[0] for level in self.levels], [level[2] for level in self.levels]))

    def skin(self, material: Any) -> Object:
        """The closed body."""
        return mesh.loft("shell", [self._ring(*level) for level in self.levels], material)

    def _ring(self, z: float, tip: float, half: float) -> list[Point]:
        straight = half - self.corner
        right: list[Point] = [(self.back, -half + 0.04, z), (self.back + 0.04, -half, z)]
        corner = tip - self.bulge * (straight / half) ** 2 - self.corner
        turns = np.linspace(-math.pi / 2, 0.0, ARC)
        arc = [(math.cos(turn), math.sin(turn)) for turn in turns]
        right += [(corner + self.corner * c, -straight + self.corner * s, z) for c, s in arc]
        face = [(tip - self.bulge * (y / half) ** 2, y, z) for y in np.linspace(-straight, straight, 7)[1:-1]]
        return right + face + [(x, -y, z) for x, y, z in reversed(right)]

    def patch(
        self, y: tuple[float, float], z: tuple[float, float], material: Any, proud: float = 0.008, foot: float = 1.0
    ) -> Object:
        """A piece of the front between two Y and two Z, standing proud of the shell; below `foot` times as wide."""
        ys = np.linspace(*y, 9)
        inner = [level[0] for level in self.levels if z[0] < level[0] < z[1]]
        rows = []
        for h in (z[0], *inner, z[1]):
            across = ys * (foot + (1.0 - foot) * (h - z[0]) / (z[1] - z[0]))
            rows.append([(self.front(v, h) + proud, v, h) for v in across.tolist()])
        points = [point for row in rows for point in row]
        count = len(ys)
        faces = [
            (a, a + 1, a + count + 1, a + count)
            for row in range(len(rows) - 1)
            for a in range(row * count, (row + 1) * count - 1)
        ]
        return mesh.surface("patch", points, faces, material)

    def side(self, shape: list[tuple[float, float]], left: bool, material: Any, proud: float = 0.006) -> Object:
        """A flat piece on a side, its corners (X, Z) in order."""
        sign = 1.0 if left else -1.0
        points = [(x, sign * (self.half(z) + proud), z) for x, z in shape]
        order = tuple(range(len(points)))
        return mesh.surface("side", points, [order if left else order[::-1]], material, smooth=False)
