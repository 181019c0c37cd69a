"""Trees, bushes and grass: a few meshes, placed many times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from scripts.scenes.world import surfaces
from scripts.scenes.world.layout import ClearView

Floats = NDArray[np.float64]
Object = Any

LOW_M = 0.55
"""Plants of a smaller radius hide nothing."""


def broadleaf(rng: np.random.Generator, height_m: float = 8.0, cards: int = 1100) -> Plant:
    """A broad crown of leaf cards on a trunk."""
    crown = height_m * 0.36
    leaves = _cards(rng, cards, (crown, crown, height_m * 0.34), height_m * 0.62, 0.058 * height_m, hollow=0.55)
    return _mesh("broadleaf", leaves, _trunk(height_m * 0.55, 0.022 * height_m), "leaf", (0.018, 0.042, 0.010))


def fir(rng: np.random.Generator, height_m: float = 11.0) -> Plant:
    """A Chinese fir: a slim cone of drooping cards in whorls."""
    quads = []
    for level in np.linspace(0.14, 0.98, 26):
        spread = height_m * 0.19 * (1.03 - level)
        for number in range(9):
            angle = rng.uniform(0, 2 * math.pi) + number
            out = np.array([math.cos(angle), math.sin(angle), 0.0])
            side = np.array([-out[1], out[0], 0.0]) * spread * 0.26
            root = np.array([0.0, 0.0, height_m * level])
            tip = root + out * spread - np.array([0, 0, spread * 0.45])
            quads.append([root - side * 0.4, tip - side, tip + side, root + side * 0.4])
    return _mesh("fir", np.array(quads), _trunk(height_m * 0.9, 0.014 * height_m), "needle", (0.012, 0.032, 0.012))


def bamboo(rng: np.random.Generator, height_m: float = 9.0) -> Plant:
    """A clump of bamboo: leaning stems with cards at their upper half."""
    quads = []
    for _ in range(18):
        lean = rng.normal(0, 0.16, 2)
        foot = rng.normal(0, 0.5, 2)
        for level in rng.uniform(0.3, 1.0, 30):
            at = np.array([*(foot + lean * height_m * level**2), height_m * level * 0.95])
            quads.append(_card(rng, at, 0.42))
    return _mesh("bamboo", np.array(quads), _trunk(height_m * 0.3, 0.3, 5), "bamboo", (0.045, 0.070, 0.014))


def bush(rng: np.random.Generator, size_m: float = 1.6, cards: int = 420) -> Plant:
    """A bush of leaf cards down to the ground."""
    leaves = _cards(rng, cards, (size_m, size_m, size_m * 0.75), size_m * 0.45, 0.15 * size_m, hollow=0.4)
    return _mesh("bush", leaves, _trunk(0.1, 0.05), "bush", (0.022, 0.050, 0.010))


def grass(rng: np.random.Generator) -> Plant:
    """A tuft of long blades."""
    quads = []
    for _ in range(36):
        foot = np.array([*rng.normal(0, 0.22, 2), 0.0])
        tip = foot + np.array([*rng.normal(0, 0.22, 2), rng.uniform(0.2, 0.55)])
        side = np.array([*rng.normal(0, 0.03, 2), 0.0])
        quads.append([foot - side, foot + side, tip + side * 0.2, tip - side * 0.2])
    return _mesh("grass", np.array(quads), _trunk(0.02, 0.02), "grass", (0.05, 0.085, 0.018))


def scatter(
    meshes: Sequence[Plant], places: Floats, rng: np.random.Generator, scale: tuple[float, float], free: ClearView
) -> list[Object]:
    """Put meshes at places (N, 3), turned and scaled at random, where they do not stand in the view."""
    made = []
    for x, y, z in places:
        size = rng.uniform(*scale)
        radius = meshes[0].width_m / 2 * size
        if radius > LOW_M and free.blocks(x, y, radius):
            continue
        thing = bpy.data.objects.new("plant", meshes[int(rng.integers(len(meshes)))].mesh)
        thing.location = (x, y, z - 0.1)
        thing.rotation_euler = (0.0, 0.0, rng.uniform(0, 2 * math.pi))
        thing.scale = (size, size, size * rng.uniform(0.85, 1.2))
        bpy.context.scene.collection.objects.link(thing)
        made.append(thing)
    return made


class Plant:
    """A plant's mesh with the width of its crown."""

    def __init__(self, mesh: Any, width_m: float) -> None:
        self.mesh = mesh
        self.width_m = width_m


def _cards(
    rng: np.random.Generator,
    count: int,
    radii: tuple[float, float, float],
    middle_m: float,
    size_m: float,
    hollow: float,
) -> Floats:
    ways = rng.normal(size=(count, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    lumps = 1 + 0.22 * np.sin(ways[:, :1] * 5 + rng.uniform(0, 6)) * np.cos(ways[:, 1:2] * 4 + ways[:, 2:] * 5)
    reach = rng.uniform(hollow, 1.0, (count, 1)) ** 0.6 * lumps
    middles = ways * reach * np.array(radii) + np.array([0, 0, middle_m])
    return np.array([_card(rng, middle, size_m * rng.uniform(0.6, 1.3)) for middle in middles])


def _card(rng: np.random.Generator, at: Floats, size_m: float) -> Floats:
    one = rng.normal(size=3)
    one /= np.linalg.norm(one)
    two = np.cross(one, rng.normal(size=3))
    two *= 0.8 / np.linalg.norm(two)
    half = size_m / 2
    return np.array(
        [at - (one + two) * half, at + (one - two) * half, at + (one + two) * half, at + (two - one) * half]
    )


def _trunk(height_m: float, radius_m: float, sides: int = 6) -> Floats:
    angles = np.linspace(0, 2 * math.pi, sides + 1)
    quads = []
    for a, b in pairwise(angles):
        low = [(radius_m * math.cos(t), radius_m * math.sin(t), -0.4) for t in (a, b)]
        high = [(0.6 * radius_m * math.cos(t), 0.6 * radius_m * math.sin(t), height_m) for t in (b, a)]
        quads.append([*low, *high])
    return np.array(quads)


def _mesh(name: str, leaves: Floats, trunk: Floats, foliage: str, dark: tuple[float, float, float]) -> Plant:
    quads = np.concatenate([leaves, trunk])
    mesh = bpy.data.meshes.new(name)
    faces = np.arange(len(quads) * 4).reshape(-1, 4)
    mesh.from_pydata(quads.reshape(-1, 3).tolist(), [], faces.tolist())
    light = (dark[0] * 3.2, dark[1] * 2.6, dark[2] * 2.2)
    mesh.materials.append(surfaces.leaves(foliage, dark, light))
    mesh.materials.append(surfaces.plain("bark", (0.075, 0.058, 0.042), roughness=0.95))
    mesh.polygons.foreach_set("material_index", [0] * len(leaves) + [1] * len(trunk))
    spread = leaves.reshape(-1, 3)
    return Plant(mesh, float(np.percentile(np.hypot(spread[:, 0], spread[:, 1]), 95)) * 2)
