"""An overload checkpoint: weigh strip in the road, gantries, office, canopy, cones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scripts.scenes.mesh import box, cylinder, join, turned
from scripts.scenes.world import boards, plants, surfaces
from scripts.scenes.world.layout import ClearView, Layout
from scripts.scenes.world.roadway import barrier, poles, street_lamps
from scripts.scenes.world.terrain import band, bumps, horizon, sheet, stations

Floats = NDArray[np.float64]

WEIGH_M = (-0.45, 0.45)
"""Where along the road the weigh strips lie."""


def build_checkpoint(
    layout: Layout, free: ClearView, rng: np.random.Generator, glow: float
) -> list[tuple[float, float, float]]:
    """The site on level ground between hills; gives the places of the lamps."""
    right, left = layout.right_end_m, layout.left_end_m
    paved = surfaces.plain("apron", (0.27, 0.262, 0.245), mottle=0.5, grain=0.5)
    band("apron", layout, [(right - 24, -0.02), (right, -0.02)], paved, stations(-46, 60))
    earth = surfaces.ground("verge", (0.035, 0.052, 0.016), (0.105, 0.095, 0.050), 1.5)
    for sign, edge in ((-1, right), (1, left)):
        across = edge + sign * np.array([0.0, 3, 8, 16, 30, 44, 62, 90])
        grid_s, grid_y = np.meshgrid(stations(), across, indexing="ij")
        sheet("field", layout, grid_s, grid_y, _field(grid_s, grid_y - edge, layout.road.seed), earth, smooth=True)
    _weigh_strip(layout)
    _gantry(layout, 9.0, free, glow, "detect")
    _gantry(layout, -38.0, free, glow, "announce")
    if not free.blocks(16.0, right - 9.0, 7.0):
        _office(16.0, right - 9.0, glow)
    elif not free.blocks(16.0, left + 9.0, 7.0):
        _office(16.0, left + 9.0, glow)
    _cones(layout, free, rng)
    limit = boards.board(("前方超限检测", "货车靠右 限速40"), boards.BLUE, boards.WHITE, 1.7)
    if not free.blocks(-26.0, right - 1.6, 1.5):
        boards.stand("limit board", limit, (-26.0, right - 1.6, 1.9), 1.9, 0.0, glow)
    barrier(layout, left - 0.4, free)
    poles(layout, left + 6.0, 42.0, free, rng)
    _plants(layout, free, rng)
    seed = layout.road.seed
    horizon(seed, surfaces.ground("forest", (0.014, 0.030, 0.010), (0.038, 0.056, 0.020), 0.05))
    return street_lamps(layout, right - 0.8, 24.0, free, glow > 0)


def _field(along: Floats, beyond: Floats, seed: int) -> Floats:
    out = np.abs(beyond)
    rise = 0.5 * np.maximum(out - 30.0, 0) * (1 + 0.5 * bumps(along, beyond, 50.0, seed))
    return np.asarray(-0.06 + 0.12 * np.clip(out, 0, 1) * bumps(along, beyond, 5.0, seed + 1) + rise)


def _weigh_strip(layout: Layout) -> None:
    """Concrete slab with steel strips across the lanes along +X, and the loops sawn in before and after."""
    slab = surfaces.plain("slab", (0.30, 0.295, 0.28), mottle=0.6, grain=1.2)
    steel = surfaces.plain("strip", (0.20, 0.20, 0.21), roughness=0.4, metallic=0.8, mottle=0.5, grain=4.0)
    saw = surfaces.plain("saw cut", (0.012, 0.012, 0.012), roughness=0.5)
    right, width = layout.right_m + 0.15, -layout.right_m - 0.5
    middle = right + width / 2
    parts = [box("slab", (14.0, width + 0.3, 0.008), (0, middle, 0.0), slab)]
    parts += [box("strip", (0.32, width, 0.012), (x, middle, 0.004), steel) for x in WEIGH_M]
    parts += [box("joint", (0.03, width + 0.3, 0.0095), (x, middle, 0.0), saw) for x in (-7.0, -3.5, 3.5, 7.0)]
    for lane in range(layout.forward):
        centre = -(lane + 0.5) * layout.road.lane_width_m
        for x in (-5.2, 5.2):
            for dx, dy, size in ((-1, 0, (0.02, 2.0)), (1, 0, (0.02, 2.0)), (0, -1, (2.0, 0.02)), (0, 1, (2.0, 0.02))):
                parts.append(box("loop", (*size, 0.0096), (x + dx, centre + dy, 0.0), saw))
    join("weigh strip", parts)


def _gantry(layout: Layout, x: float, free: ClearView, glow: float, role: str) -> None:
    """A steel portal over the road: with camera boxes over the lanes, or with the LED board."""
    steel = surfaces.plain("gantry", (0.46, 0.47, 0.48), roughness=0.45, metallic=0.4, mottle=0.2)
    low, high = layout.right_end_m - 0.7, layout.left_end_m + 0.7
    bases = [y for y in (low, high) if not free.blocks(x, y, 0.5)]
    if len(bases) < 2:
        return
    parts = [box("leg", (0.32, 0.32, 6.9), (x, y, 3.45), steel) for y in bases]
    for z in (6.1, 6.9):
        parts += [box("beam", (0.1, high - low, 0.1), (x + dx, (low + high) / 2, z), steel) for dx in (-0.25, 0.25)]
    for y in np.arange(low, high, 0.8):
        parts.append(box("strut", (0.5, 0.06, 0.06), (x, float(y), 6.5), steel))
        parts.append(box("strut", (0.06, 0.06, 0.8), (x + 0.25, float(y), 6.5), steel))
    join("gantry", parts)
    if role == "announce":
        led = boards.board(("超限检测点 货车靠右", "低速通过 请勿跟车"), (14, 12, 12), (235, 60, 20), 4.2)
        boards.stand("led board", led, (x - 0.4, (low + high) / 2, 5.75), 1.6, 0.0, max(glow, 1.2), posts=False)
        return
    white = surfaces.plain("camera case", (0.62, 0.62, 0.60), roughness=0.4)
    for lane in range(layout.forward):
        y = -(lane + 0.5) * layout.road.lane_width_m
        box("camera case", (0.55, 0.2, 0.2), (x - 0.5, y + 0.5, 5.85), white, bevel=0.02)
        box("flash", (0.3, 0.35, 0.35), (x - 0.45, y - 0.3, 5.85), white, bevel=0.03)
    name = boards.board(("超限检测站",), boards.BLUE, boards.WHITE, 5.0)
    boards.stand("station name", name, (x - 0.4, (low + high) / 2, 7.0), 1.1, 0.0, glow, posts=False)


def _office(x: float, y: float, glow: float) -> None:
    """A container-like office under a blue roof, with the station's name on it."""
    wall = surfaces.plain("office", (0.62, 0.62, 0.60), roughness=0.6, mottle=0.25)
    roof = surfaces.plain("office roof", (0.03, 0.12, 0.33), roughness=0.4)
    pane = surfaces.plain("office pane", (0.03, 0.04, 0.05), roughness=0.08, glow=0.0)
    box("office", (7.0, 3.2, 2.9), (x, y, 1.45), wall)
    box("roof", (12.0, 6.5, 0.25), (x - 1.0, y, 4.1), roof)
    for dx in (-6.4, 4.4):
        for dy in (-2.8, 2.8):
            cylinder("roof post", 0.09, 4.0, "z", (x + dx, y + dy, 2.0), wall, 8)
    for dx in (-2.2, 0.2):
        for side in (-1, 1):
            box("pane", (1.5, 0.05, 1.1), (x + dx, y + side * 1.6, 1.75), pane)
    box("pane", (0.05, 1.6, 1.1), (x - 3.5, y, 1.75), pane)
    name = boards.board(("延平超限检测站",), boards.BLUE, boards.WHITE, 6.0)
    for heading in (np.pi / 2, -np.pi / 2):
        boards.stand(
            "office name", name, (x - 1.0, y - 3.3 * np.sign(heading), 4.05), 1.0, float(heading), glow, posts=False
        )


def _cones(layout: Layout, free: ClearView, rng: np.random.Generator) -> None:
    orange = surfaces.plain("cone", (0.72, 0.10, 0.02), roughness=0.5)
    white = surfaces.plain("cone band", (0.75, 0.75, 0.73), roughness=0.4)
    edge = layout.right_m - 0.9
    for x in np.arange(-22.0, 24.0, 3.0):
        if free.blocks(float(x), edge, 0.3) and rng.random() < 0.8:
            continue
        at = (float(x), edge + float(rng.normal(0, 0.06)), 0.0)
        turned("cone", [(0.0, 0.17), (0.04, 0.17), (0.05, 0.13), (0.7, 0.025), (0.7, 0.0)], "z", at, orange, 12)
        turned("cone band", [(0.34, 0.083), (0.50, 0.058)], "z", (at[0], at[1], 0.002), white, 12)


def _plants(layout: Layout, free: ClearView, rng: np.random.Generator) -> None:
    kinds = [plants.broadleaf(rng), plants.fir(rng), plants.broadleaf(rng, 6.5, 850), plants.bamboo(rng)]
    shrubs = [plants.bush(rng), plants.bush(rng, 2.2)]
    right, left = layout.right_end_m, layout.left_end_m

    def spread(count: int, nearest: float, farthest: float, edge: float, side: int) -> Floats:
        along = rng.normal(0, 85, count)
        out = rng.uniform(nearest, farthest, count)
        height = _field(along, out, layout.road.seed)
        return np.concatenate([layout.place(along, edge + side * out), height[:, None]], axis=1)

    plants.scatter(kinds, spread(130, 28, 85, right, -1), rng, (0.7, 1.3), free)
    plants.scatter(kinds, spread(170, 14, 85, left, 1), rng, (0.7, 1.3), free)
    plants.scatter(shrubs, spread(120, 4, 40, left, 1), rng, (0.5, 1.3), free)
    plants.scatter(shrubs, spread(60, 25, 40, right, -1), rng, (0.5, 1.2), free)
    plants.scatter([plants.grass(rng)], spread(320, 0.3, 9, left, 1), rng, (0.5, 1.2), free)
