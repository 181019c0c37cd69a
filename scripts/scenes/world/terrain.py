"""Ground: bands along the road, slopes with their heights, and the mountains at the horizon."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.scenes.mesh import surface
from scripts.scenes.world.layout import REACH_M, Layout

Floats = NDArray[np.float64]
Height = Callable[[Floats, Floats], Floats]
"""Height in metres at distances along and across the road."""


def bumps(x: Floats, y: Floats, size_m: float, seed: int) -> Floats:
    """Smooth random heights -1 to 1 of about `size_m` across: three octaves of value noise."""
    total = np.zeros(np.broadcast(x, y).shape)
    for octave in range(3):
        rng = np.random.default_rng((seed, octave))
        lattice = rng.uniform(-1, 1, (64, 64))
        u, v = x / size_m * 2**octave + 1000.0, y / size_m * 2**octave + 1000.0
        i, j = np.floor(u).astype(int), np.floor(v).astype(int)
        fu, fv = (3 - 2 * (u - i)) * (u - i) ** 2, (3 - 2 * (v - j)) * (v - j) ** 2
        a, b = lattice[i % 64, j % 64], lattice[(i + 1) % 64, j % 64]
        c, d = lattice[i % 64, (j + 1) % 64], lattice[(i + 1) % 64, (j + 1) % 64]
        total += (a * (1 - fu) * (1 - fv) + b * fu * (1 - fv) + c * (1 - fu) * fv + d * fu * fv) / 2**octave
    return total / 1.75


def stations(start_m: float = -REACH_M, end_m: float = REACH_M) -> Floats:
    """Distances along the road, close together near the origin."""
    fine = np.arange(-REACH_M, REACH_M + 0.1, 4.0)
    return np.unique(np.clip(fine, start_m, end_m))


def band(
    name: str,
    layout: Layout,
    profile: Sequence[tuple[float, float]],
    material: Any,
    along: Floats | None = None,
    smooth: bool = False,
) -> Any:
    """A cross-section (across, height) drawn along the road; picture coordinates are metres along and across."""
    where = stations() if along is None else along
    across, height = np.asarray(profile, dtype=np.float64).T
    grid_s, grid_y = np.meshgrid(where, across, indexing="ij")
    return sheet(name, layout, grid_s, grid_y, np.broadcast_to(height, grid_s.shape), material, smooth)


def slope(name: str, layout: Layout, across: Floats, height: Height, material: Any, along: Floats | None = None) -> Any:
    """Ground of any height between the first and last distance across."""
    grid_s, grid_y = np.meshgrid(stations() if along is None else along, across, indexing="ij")
    return sheet(name, layout, grid_s, grid_y, height(grid_s, grid_y), material, smooth=True)


def sheet(name: str, layout: Layout, along: Floats, across: Floats, height: Floats, material: Any, smooth: bool) -> Any:
    """A mesh over a grid (N, M) in the road's own coordinates."""
    points = np.concatenate([layout.place(along, across), height[..., None]], axis=-1).reshape(-1, 3)
    rows, columns = along.shape
    corner = np.arange(rows * columns).reshape(rows, columns)
    faces = np.stack([corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]], axis=-1).reshape(-1, 4)
    if across[0, 0] > across[0, -1]:
        faces = faces[:, ::-1]
    flat = np.stack([along, across], axis=-1).reshape(-1, 2)
    return surface(name, points, faces.tolist(), material, uv=flat[faces.ravel()].tolist(), smooth=smooth)


def horizon(seed: int, material: Any, low_m: float = 60.0, high_m: float = 260.0) -> Any:
    """Two ranges of wooded mountains around the place, 350 to 1 600 m away."""
    rng = np.random.default_rng((seed, 77))
    angles = np.linspace(0, 2 * math.pi, 145)
    radii = np.array([330.0, 430.0, 560.0, 700.0, 900.0, 1150.0, 1500.0])
    rise = np.array([0.0, 0.35, 0.55, 0.3, 0.65, 1.0, 0.85])
    grid_a, grid_r = np.meshgrid(angles, radii, indexing="ij")
    x, y = grid_r * np.cos(grid_a), grid_r * np.sin(grid_a)
    rough = 0.75 + 0.75 * bumps(x, y, 330.0, int(rng.integers(1 << 30)))
    z = np.broadcast_to(rise, x.shape) * rough * rng.uniform(low_m, high_m) + 8 * bumps(x, y, 70.0, 5) - 6.0
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    rows, columns = x.shape
    corner = np.arange(rows * columns).reshape(rows, columns)
    faces = np.stack([corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]], axis=-1).reshape(-1, 4)
    return surface("horizon", points, faces.tolist(), material)
