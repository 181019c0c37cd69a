"""A mountain road: a cut slope with rock and woods on the left, a valley on the right; and the tunnel's mouth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.scenes.mesh import box, panel, surface
from scripts.scenes.world import plants, surfaces
from scripts.scenes.world.layout import REACH_M, ClearView, Layout
from scripts.scenes.world.roadway import barrier, poles, reflector_wall
from scripts.scenes.world.terrain import band, bumps, horizon, slope, stations

Floats = NDArray[np.float64]

PORTAL_M = 34.0
"""Where a tunnel's mouth stands along the road."""
_TUBE_M = 90.0
_ARCH_M = 5.6
"""Height of the tube's crown above its walls' foot, less the walls."""


def build_mountain(layout: Layout, free: ClearView, rng: np.random.Generator) -> None:
    """Slopes, woods, ditch, barrier, poles."""
    seed = layout.road.seed
    rocky, valley = bool(rng.random() < 0.75), bool(rng.random() < 0.6)
    cut = _cut(layout, seed, 7.0 if rocky else 2.5)
    far = _valley(layout, seed) if valley else _mirror(layout, seed)
    before = stations(-REACH_M, PORTAL_M if layout.road.setting == "tunnel" else REACH_M)
    _ditch(layout, before)
    earth = surfaces.ground("woodland", (0.020, 0.034, 0.010), (0.060, 0.066, 0.022), 1.2)
    start = layout.left_end_m + 1.5
    face = np.concatenate([np.linspace(start, start + 5, 7), [start + 8]])
    slope("cut", layout, face, cut, surfaces.rock() if rocky else earth, before)
    slope("hillside", layout, np.array([start + 8, start + 14, start + 24, start + 40, start + 75]), cut, earth)
    edge = layout.right_end_m
    verge = surfaces.ground("verge", (0.040, 0.050, 0.016), (0.115, 0.095, 0.055), 2.5)
    slope(
        "verge",
        layout,
        edge - np.array([-0.3, 0.0, 1.2, 2.5, 6, 12, 24, 50, 90]),
        far,
        verge if valley else earth,
        before,
    )
    barrier(layout, edge - 0.5, free) if rng.random() < 0.75 else reflector_wall(layout, edge - 0.5, free)
    poles(layout, layout.left_end_m + 4.5 if rng.random() < 0.5 else edge - 2.5, 38.0, free, rng)
    _woods(layout, cut, far, free, rng, before[-1] - 2)
    horizon(seed, surfaces.ground("forest", (0.014, 0.030, 0.010), (0.038, 0.056, 0.020), 0.05))


def build_tunnel(layout: Layout, lit: bool, sign: Any | None) -> list[tuple[float, float, float]]:
    """The mouth at PORTAL_M with its tube and the mountain above; gives the places of the lamps in the tube."""
    middle = (layout.left_end_m + layout.right_end_m) / 2
    half = (layout.left_end_m - layout.right_end_m) / 2 + 0.6
    arch = _arch(half)
    concrete = surfaces.plain("portal", (0.40, 0.385, 0.36), mottle=0.65, grain=0.8)
    lining = surfaces.plain("lining", (0.17, 0.165, 0.155), mottle=0.5, grain=0.7)
    _portal(arch, middle, half, concrete)
    _rim(arch, middle, surfaces.plain("rim", (0.52, 0.51, 0.49), mottle=0.4))
    tube = [(middle + y, z) for y, z in arch]
    band("tube", layout, tube, lining, stations(PORTAL_M, PORTAL_M + _TUBE_M), smooth=True)
    box("tube end", (0.5, 2 * half + 2, 12), (PORTAL_M + _TUBE_M, middle, 5), surfaces.plain("black", (0.002,) * 3))
    tiles = surfaces.plain("tiles", (0.42, 0.41, 0.38), roughness=0.35, mottle=0.5)
    for side in (-1, 1):
        wall = middle + side * (half - 0.03)
        band("tiles", layout, [(wall, 0.0), (wall, 2.6)], tiles, stations(PORTAL_M, PORTAL_M + _TUBE_M))
    lamp = surfaces.plain("tunnel lamp", (1.0, 0.66, 0.30), glow=14.0)
    lamps = []
    for along in np.arange(PORTAL_M + 3, PORTAL_M + _TUBE_M, 7.0):
        for aside in (-0.62, 0.62):
            at = (float(along), middle + aside * half, 5.0)
            box("tunnel lamp", (1.1, 0.3, 0.12), at, lamp)
            lamps.append(at)
    if sign is not None:
        _board(middle, half, sign)
    hood = surfaces.ground("woodland", (0.020, 0.034, 0.010), (0.060, 0.066, 0.022), 1.2)
    seed = layout.road.seed
    across = np.linspace(middle - 70, middle + 70, 29)
    slope("hood", layout, across, lambda s, y: _hood(s, y, middle, seed), hood, stations(PORTAL_M + 1, REACH_M))
    return lamps if lit else lamps[:4]


def hood_trees(layout: Layout, free: ClearView, rng: np.random.Generator) -> None:
    """Woods above the tunnel's mouth."""
    middle = (layout.left_end_m + layout.right_end_m) / 2
    along = PORTAL_M + 3 + rng.uniform(0, 1, 260) ** 1.5 * 110
    across = middle + rng.uniform(-60, 60, 260)
    height = _hood(along, across, middle, layout.road.seed)
    places = np.concatenate([layout.place(along, across), height[:, None]], axis=1)
    kinds = [plants.broadleaf(rng, 7.0, 800), plants.fir(rng), plants.broadleaf(rng, 5.5, 700)]
    plants.scatter(kinds, places, rng, (0.7, 1.4), free)
    low = np.concatenate([places[:120, :1] - 3.0, places[:120, 1:]], axis=1)
    low[:, 0] = np.maximum(low[:, 0], PORTAL_M + 1.5)
    low[:, 2] = _hood(low[:, 0], low[:, 1], middle, layout.road.seed)
    plants.scatter([plants.bush(rng), plants.bush(rng, 2.2)], low, rng, (0.6, 1.3), free)


def _cut(layout: Layout, seed: int, wall_m: float) -> Any:
    start = layout.left_end_m + 1.5

    def height(along: Floats, across: Floats) -> Floats:
        beyond = np.maximum(across - start, 0.0)
        wall = wall_m * np.clip(beyond / 4.0, 0, 1) ** 0.8
        wooded = 0.62 * np.maximum(beyond - 5.0, 0.0) * (1 + 0.25 * bumps(along, across, 60.0, seed))
        rough = 0.5 * bumps(along, across * 3, 3.5, seed + 1) * np.clip(beyond, 0, 1)
        return np.asarray(wall * (1 + 0.2 * bumps(along, across, 25.0, seed + 2)) + wooded + rough)

    return height


def _valley(layout: Layout, seed: int) -> Any:
    edge = layout.right_end_m

    def height(along: Floats, across: Floats) -> Floats:
        beyond = np.maximum(edge - across, 0.0)
        fall = -0.62 * np.maximum(beyond - 1.8, 0.0)
        rise = np.where(beyond > 30, 0.95 * (beyond - 30), 0.0)
        return np.asarray(fall + rise + 0.25 * bumps(along, across, 6.0, seed + 4) * np.clip(beyond - 1, 0, 1) - 0.02)

    return height


def _mirror(layout: Layout, seed: int) -> Any:
    edge = layout.right_end_m

    def height(along: Floats, across: Floats) -> Floats:
        beyond = np.maximum(edge - across, 0.0)
        flat = 0.15 * np.clip(beyond - 1, 0, 1) * bumps(along, across, 4.0, seed + 4)
        return np.asarray(
            0.42 * np.maximum(beyond - 22.0, 0) * (1 + 0.3 * bumps(along, across, 40, seed)) + flat - 0.02
        )

    return height


def _hood(along: Floats, across: Floats, middle: float, seed: int) -> Floats:
    up = 10.2 + 0.55 * np.maximum(along - PORTAL_M - 2, 0) + 2.0 * bumps(along, across, 30.0, seed)
    side = np.maximum(np.abs(across - middle) - 14.0, 0)
    return np.asarray(np.clip(up + 0.3 * side, 9.4, None))


def _woods(layout: Layout, cut: Any, far: Any, free: ClearView, rng: np.random.Generator, until_m: float) -> None:
    kinds = [plants.broadleaf(rng), plants.broadleaf(rng, 6.0, 800), plants.fir(rng), plants.bamboo(rng)]
    shrubs = [plants.bush(rng), plants.bush(rng, 2.4, 600)]
    tufts = [plants.grass(rng), plants.grass(rng)]
    left, right = layout.left_end_m + 1.5, layout.right_end_m

    def spread(count: int, low: float, high: float, height: Any, bias: float = 1.0) -> Floats:
        along = np.clip(rng.normal(0, 75, count), -190, min(190, until_m))
        across = low + (high - low) * rng.uniform(0, 1, count) ** bias
        return np.concatenate([layout.place(along, across), height(along, across)[:, None]], axis=1)

    plants.scatter(kinds, spread(170, left + 6, left + 60, cut, 1.4), rng, (0.7, 1.35), free)
    plants.scatter(shrubs, spread(110, left + 4, left + 16, cut), rng, (0.7, 1.5), free)
    plants.scatter(kinds, spread(120, right - 7, right - 70, far, 1.3), rng, (0.7, 1.35), free)
    plants.scatter(shrubs, spread(90, right - 2.8, right - 16, far), rng, (0.5, 1.2), free)
    plants.scatter(tufts, spread(420, right - 0.9, right - 9, far, 1.6), rng, (0.6, 1.4), free)
    plants.scatter(tufts, spread(70, left - 0.4, left + 3, cut), rng, (0.6, 1.2), free)


def _ditch(layout: Layout, along: Floats) -> None:
    concrete = surfaces.plain("ditch", (0.30, 0.29, 0.27), mottle=0.7, grain=1.5)
    start = layout.left_end_m
    profile = [(start, 0.0), (start + 0.3, 0.05), (start + 0.32, -0.4), (start + 0.8, -0.4), (start + 0.82, 0.12)]
    band("ditch", layout, [*profile, (start + 1.6, 0.14)], concrete, along)


def _arch(half_m: float) -> list[tuple[float, float]]:
    angles = np.linspace(math.pi, 0, 25)
    rim = [(half_m * math.cos(a), 2.4 + (_ARCH_M - 0.4) * math.sin(a)) for a in angles]
    return [(-half_m, 0.0), *rim, (half_m, 0.0)]


def _portal(arch: list[tuple[float, float]], middle: float, half: float, material: Any) -> None:
    """The front wall: quads from the arch outwards to a stepped outline."""
    outer = []
    for y, z in arch:
        reach = max(abs(y) / (half + 8.0), (z - 2.0) / 8.4, 1e-6)
        outer.append((y / reach, 2.0 + (z - 2.0) / reach) if z > 0 else (math.copysign(half + 8.0, y), 0.0))
    points, faces = [], []
    for (y0, z0), (y1, z1) in zip(arch, outer, strict=True):
        points += [(PORTAL_M, middle + y0, z0), (PORTAL_M, middle + y1, z1), (PORTAL_M + 1.6, middle + y1, z1)]
    for i in range(len(arch) - 1):
        a, b = 3 * i, 3 * i + 3
        faces += [(a, a + 1, b + 1, b), (a + 1, a + 2, b + 2, b + 1)]
    surface("portal", points, faces, material, smooth=False)
    for side in (-1, 1):
        wing = middle + side * (half + 8.0)
        heights = [(PORTAL_M, 10.4), (PORTAL_M - 7, 7.0), (PORTAL_M - 14, 2.0)]
        low = [(x, wing + side * 0.25 * (PORTAL_M - x), -0.3) for x, _ in heights]
        high = [(x, wing + side * (0.25 * (PORTAL_M - x) + 0.4), z) for x, z in heights]
        surface("wing", [*low, *high], [(0, 1, 4, 3), (1, 2, 5, 4)], material, smooth=False)


def _rim(arch: list[tuple[float, float]], middle: float, material: Any) -> None:
    """A ring of lighter stones standing out around the opening."""
    points, faces = [], []
    for y, z in arch:
        out = 1.0 + 0.62 / max(math.hypot(y, z - 2.0), 1.0)
        points += [(PORTAL_M - 0.25, middle + y, z), (PORTAL_M - 0.25, middle + y * out, 2.0 + (z - 2.0) * out)]
        points += [(PORTAL_M, middle + y * out, 2.0 + (z - 2.0) * out), (PORTAL_M, middle + y, z)]
    for i in range(len(arch) - 1):
        a, b = 4 * i, 4 * i + 4
        faces += [(a, a + 1, b + 1, b), (a + 1, a + 2, b + 2, b + 1), (a + 3, a, b, b + 3)]
    surface("rim", points, faces, material, smooth=False)


def _board(middle: float, half: float, picture: Any) -> None:
    x, low, high = PORTAL_M - 0.3, 8.15, 9.75
    wide = min(half, 4.2)
    corners = [(x, middle + wide, low), (x, middle - wide, low), (x, middle - wide, high), (x, middle + wide, high)]
    panel("tunnel name", corners, picture)
