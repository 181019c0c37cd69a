"""The road itself: asphalt, markings, edges, barriers and poles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from scripts.scenes.mesh import box, cylinder, join, surface
from scripts.scenes.world import surfaces
from scripts.scenes.world.layout import REACH_M, ClearView, Layout
from scripts.scenes.world.terrain import band, stations

Object = Any

WHITE = (0.62, 0.61, 0.58)
YELLOW = (0.62, 0.36, 0.035)
MARK_M = 0.15
"""Width of a line (GB 5768.3-2009: 10 to 15 cm)."""
LIFT_M = 0.006
"""Markings lie this far above the asphalt."""


def build_roadway(layout: Layout, wet: float, seed: int) -> None:
    """Asphalt with its markings by GB 5768.3: yellow in the middle, white between lanes of one direction."""
    band(
        "asphalt",
        layout,
        [(layout.right_end_m, 0.0), (layout.left_end_m, 0.0)],
        surfaces.asphalt(layout, wet, seed),
    )
    white, yellow = surfaces.road_paint(WHITE, wet), surfaces.road_paint(YELLOW, wet)
    town = layout.road.setting == "town"
    edges = (layout.right_m, layout.left_m)
    lines: list[Object] = [_line(layout, edge + math.copysign(0.1, -edge), white) for edge in edges]
    if layout.road.lanes > 2 or layout.road.setting == "tunnel":
        lines += [_line(layout, -0.15, yellow), _line(layout, 0.15, yellow)]
    else:
        lines += _dashes(layout, 0.0, yellow, 4.0, 6.0)
    dash, gap = (2.0, 4.0) if town else (6.0, 9.0)
    for lane in range(1, layout.forward):
        lines += _dashes(layout, -lane * layout.road.lane_width_m, white, dash, gap)
    for lane in range(1, layout.backward):
        lines += _dashes(layout, lane * layout.road.lane_width_m, white, dash, gap)
    join("lines", lines)


def barrier(layout: Layout, across_m: float, free: ClearView) -> None:
    """A W-beam crash barrier along one edge, open where the camera looks through."""
    steel = surfaces.plain("barrier", (0.42, 0.43, 0.44), roughness=0.45, metallic=0.7, mottle=0.4, grain=2.0)
    toward = math.copysign(0.08, -across_m)
    profile = [(0.0, 0.42), (1.0, 0.47), (1.0, 0.53), (0.2, 0.58), (1.0, 0.63), (1.0, 0.69), (0.0, 0.74)]
    beam = [(across_m + toward * depth, height) for depth, height in profile]
    for piece in _open_stretches(layout, across_m, free):
        band("beam", layout, beam, steel, piece)
        posts = []
        for along in np.arange(piece[0], piece[-1], 4.0):
            x, y = layout.place(np.array(along), np.array(across_m - toward))
            posts.append(box("post", (0.11, 0.09, 0.85), (float(x), float(y), 0.35), steel))
        if posts:
            join("posts", posts)


def reflector_wall(layout: Layout, across_m: float, free: ClearView) -> None:
    """A low concrete wall with red and white bands, as on older mountain roads."""
    concrete = surfaces.plain("wall paint", (0.50, 0.49, 0.46), mottle=0.7, grain=1.5)
    red = surfaces.plain("wall red", (0.42, 0.05, 0.04), mottle=0.6, grain=1.5)
    for number, along in enumerate(np.arange(-160.0, 160.0, 3.0)):
        x, y = (float(value) for value in layout.place(np.array(along), np.array(across_m)))
        if free.blocks(x, y, 1.2):
            continue
        block = box("block", (2.0, 0.4, 0.75), (0, 0, 0.37), red if number % 2 else concrete, bevel=0.04)
        block.location, block.rotation_euler = (x, y, 0.0), (0, 0, layout.heading(float(along)))


def kerb(layout: Layout, edge_m: float, width_m: float, paving: Any) -> None:
    """A stone kerb with a pavement of some width outside an edge."""
    out = math.copysign(1.0, edge_m)
    stone = surfaces.plain("kerb", (0.36, 0.35, 0.33), mottle=0.5, grain=2.0)
    band("kerb", layout, [(edge_m, 0.0), (edge_m + 0.02 * out, 0.16), (edge_m + 0.16 * out, 0.16)], stone)
    band("pavement", layout, [(edge_m + 0.16 * out, 0.155), (edge_m + (0.16 + width_m) * out, 0.175)], paving)


def poles(layout: Layout, across_m: float, spacing_m: float, free: ClearView, rng: np.random.Generator) -> None:
    """Concrete power poles with cross-arms and sagging wires."""
    concrete = surfaces.plain("pole", (0.30, 0.295, 0.28), mottle=0.3)
    wire = surfaces.plain("wire", (0.02, 0.02, 0.02), roughness=0.6)
    tops: list[np.ndarray[Any, Any]] = []
    for along in np.arange(-150 + rng.uniform(0, spacing_m), 200, spacing_m):
        x, y = (float(value) for value in layout.place(np.array(along), np.array(across_m)))
        if free.blocks(x, y, 0.5):
            continue
        cylinder("pole", 0.14, 10.0, "z", (x, y, 4.0), concrete, 8)
        box("arm", (0.1, 1.8, 0.1), (x, y, 8.6), concrete)
        tops.append(np.array([x, y, 8.7]))
    strands = [_wire(a, b, off, wire) for off in (-0.8, 0.0, 0.8) for a, b in pairwise(tops)]
    if strands:
        join("wires", strands)


def street_lamps(
    layout: Layout, across_m: float, spacing_m: float, free: ClearView, lit: bool
) -> list[tuple[float, float, float]]:
    """Street lamps with arms over the road; gives the places of their heads."""
    steel = surfaces.plain("lamp post", (0.35, 0.36, 0.37), roughness=0.4, metallic=0.6)
    head = surfaces.plain("lamp head", (1.0, 0.82, 0.55), glow=30.0 if lit else 0.0)
    heads = []
    arm = math.copysign(2.0, -across_m)
    for along in np.arange(-112.0, 140.0, spacing_m):
        x, y = (float(value) for value in layout.place(np.array(along), np.array(across_m)))
        if free.blocks(x, y, 0.4):
            continue
        cylinder("lamp post", 0.08, 8.5, "z", (x, y, 4.2), steel, 8)
        box("lamp arm", (0.07, abs(arm), 0.07), (x, y + arm / 2, 8.4), steel)
        box("lamp case", (0.3, 0.75, 0.12), (x, y + arm, 8.42), steel)
        box("lamp glass", (0.22, 0.6, 0.03), (x, y + arm, 8.34), head)
        heads.append((x, y + arm, 8.25))
    return heads


def _line(layout: Layout, across_m: float, paint: Any, start: float = -REACH_M, end: float = REACH_M) -> Object:
    half = MARK_M / 2
    along = stations(start, end)
    return band("line", layout, [(across_m - half, LIFT_M), (across_m + half, LIFT_M)], paint, along)


def _dashes(layout: Layout, across_m: float, paint: Any, dash_m: float, gap_m: float) -> list[Object]:
    grid = np.arange(-180.0, 180.0, dash_m + gap_m)
    half = MARK_M / 2
    points, faces, flat = [], [], []
    for number, start in enumerate(grid):
        along = np.array([start, start, start + dash_m, start + dash_m])
        across = np.array([across_m - half, across_m + half, across_m + half, across_m - half])
        points.append(np.concatenate([layout.place(along, across), np.full((4, 1), LIFT_M)], axis=1))
        faces.append([4 * number + corner for corner in (0, 3, 2, 1)])
        flat += [(along[corner], across[corner]) for corner in (0, 3, 2, 1)]
    return [surface("dashes", np.concatenate(points), faces, paint, uv=flat, smooth=False)]


def _open_stretches(layout: Layout, across_m: float, free: ClearView) -> list[np.ndarray[Any, Any]]:
    """Stretches of stations at this distance across that hide nothing."""
    whole = np.arange(-170.0, 200.0, 2.0)
    places = layout.place(whole, np.full_like(whole, across_m))
    hidden = np.array([free.blocks(float(x), float(y), 1.0) for x, y in places])
    pieces = np.split(np.arange(len(whole)), np.flatnonzero(np.diff(hidden.astype(int))) + 1)
    return [whole[piece] for piece in pieces if not hidden[piece[0]] and len(piece) > 2]


def _wire(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], off_m: float, material: Any, sag_m: float = 0.7) -> Object:
    steps = np.linspace(0, 1, 9)
    line = a + (b - a) * steps[:, None] + np.array([0.0, off_m, 0.0])
    line[:, 2] -= sag_m * 4 * steps * (1 - steps)
    thick = np.array([0.0, 0.0, 0.025])
    points = np.concatenate([line, line + thick])
    faces: Sequence[Sequence[int]] = [(i, i + 1, i + 10, i + 9) for i in range(8)]
    return surface("wire", points, faces, material, smooth=False)
