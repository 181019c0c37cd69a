"""Hulls made into mesh objects: the skin itself and the patches laid on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scripts.scenes.mesh import Material, Object, surface
from scripts.scenes.vehicles.body import Array, Face, Hull, Span

_PROUD_M = 0.007
"""How far patches stand proud, so that they never sink into the skin's chords."""


class Coachwork(Hull):
    """A hull that makes objects."""

    def skin(self, name: str, materials: Sequence[Material]) -> Object:
        """The hull as one object; `materials` for paint, glass, trim, underside and roof, in this order."""
        points, faces, slots = self.skin_grid()
        made = surface(name, points, faces, materials[0])
        for material in materials[1:]:
            made.data.materials.append(material)
        made.data.polygons.foreach_set("material_index", np.array(slots, np.int32))
        return made

    def patch(
        self,
        name: str,
        face: Face,
        along: Span,
        low: float | Span,
        high: float | Span,
        material: Material,
        proud_m: float = _PROUD_M,
    ) -> Object:
        """A patch on the lower body (see `patch_grid`)."""
        return sheet(name, self.patch_grid(face, along, low, high, proud_m), material)

    def twins(
        self, face: Face, along: Span, low: Span, high: Span, material: Material, proud_m: float = _PROUD_M
    ) -> tuple[Object, Object]:
        """A patch on the front or rear and its mirror image."""
        mirrored = (-along[0], -along[1])
        return (
            self.patch("twin", face, along, low, high, material, proud_m),
            self.patch("twin", face, mirrored, low, high, material, proud_m),
        )

    def leaning(
        self, name: str, face: Face, along: Span, low: float, high: float, material: Material, proud_m: float
    ) -> Object:
        """A flat pane that goes on above the belt line from `low` to `high` with the greenhouse's lean."""
        ends = along if face == "right" else along[::-1]
        foot = self.around(face, np.array([ends]), np.full((1, 2), low), proud_m)
        inward = self.shape.ledge_m + self.shape.tumble * (high - low)
        head = foot + np.array([0.0, -inward if face == "left" else inward, high - low])
        return sheet(name, np.concatenate([foot, head]), material)


def sheet(name: str, points: Array, material: Material) -> Object:
    """A grid of points (rows, columns, 3) as a skin with picture coordinates; rows go up, columns to the right."""
    rows, columns = points.shape[:2]
    faces, uv = [], []
    for row in range(rows - 1):
        for column in range(columns - 1):
            a = row * columns + column
            faces.append((a, a + 1, a + 1 + columns, a + columns))
            for up, right in ((0, 0), (0, 1), (1, 1), (1, 0)):
                uv.append(((column + right) / (columns - 1), (row + up) / (rows - 1)))
    return surface(name, points.reshape(-1, 3), faces, material, uv=uv)
