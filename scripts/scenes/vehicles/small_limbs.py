"""Round things along a path: arms and legs, tubes and tanks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scripts.scenes.mesh import Material, Object, loft
from scripts.scenes.vehicles.body import Array


def limb(name: str, path: Sequence[Array], radii: Sequence[float | tuple[float, float]], material: Material) -> Object:
    """A round or oval skin along a path, its ends rounded; radii are one, or (forward, sideways) of an upright one."""
    points = np.array(path, float)
    width = np.array([(r, r) if isinstance(r, int | float) else r for r in radii], float)
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    first, last = points[0] - along[0] * 0.6 * width[0].min(), points[-1] + along[-1] * 0.6 * width[-1].min()
    points = np.concatenate([[first], points, [last]])
    width = np.concatenate([width[:1] * 0.55, width, width[-1:] * 0.55])
    along = np.concatenate([along[:1], along, along[-1:]])
    turn = np.linspace(0.0, 2.0 * math.pi, 12, endpoint=False)
    sections = []
    for point, radius, forward in zip(points, width, along, strict=True):
        level = np.array([0.0, 1.0, 0.0]) if abs(forward[1]) < 0.8 else np.array([1.0, 0.0, 0.0])
        sideways = level - forward * float(level @ forward)
        sideways /= np.linalg.norm(sideways)
        ahead = np.cross(sideways, forward)
        ring = point + np.outer(np.cos(turn), ahead) * radius[0] + np.outer(np.sin(turn), sideways) * radius[1]
        sections.append([(float(x), float(y), float(z)) for x, y, z in ring])
    return loft(name, sections, material)


def ball(name: str, at: Array, size: tuple[float, float, float], material: Material) -> Object:
    """An ellipsoid of half axes `size`."""
    steps = np.linspace(-1.0, 1.0, 9) * 0.5 * math.pi * 0.97
    turn = np.linspace(0.0, 2.0 * math.pi, 14, endpoint=False)
    sections = [
        [
            (
                float(at[0] + size[0] * math.cos(step) * math.cos(t)),
                float(at[1] + size[1] * math.cos(step) * math.sin(t)),
                float(at[2] + size[2] * math.sin(step)),
            )
            for t in turn
        ]
        for step in steps
    ]
    return loft(name, sections, material)
