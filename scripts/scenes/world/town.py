"""A town street with the coach station: houses, shops, pavements, the stop with its bay, lamps, street trees."""

from __future__ import annotations

import numpy as np

from scripts.scenes.materials import picture
from scripts.scenes.mesh import box, cylinder, join, panel
from scripts.scenes.world import boards, plants, surfaces
from scripts.scenes.world.layout import ClearView, Layout
from scripts.scenes.world.roadway import LIFT_M, WHITE, kerb, street_lamps
from scripts.scenes.world.terrain import band, horizon, stations

STOP_M = (-12.0, 6.0)
"""Where along the road the marked bay of the stop lies, at the right kerb."""
_SHOPS = ("沙县小吃", "便利店", "五金店", "手机维修", "水果店", "延平药店", "理发店", "烟酒", "打字复印", "建溪茶行")


def build_town(
    layout: Layout, free: ClearView, rng: np.random.Generator, glow: float
) -> list[tuple[float, float, float]]:
    """Both sides of the street; gives the places of the street lamps."""
    paving = surfaces.plain("paving", (0.33, 0.31, 0.29), mottle=0.45, grain=1.3)
    for edge in (layout.right_end_m, layout.left_end_m):
        kerb(layout, edge, 5.5, paving)
    ground = surfaces.ground("yard", (0.10, 0.095, 0.085), (0.19, 0.18, 0.165), 0.8)
    for sign, edge in ((-1, layout.right_end_m), (1, layout.left_end_m)):
        band("yard", layout, sorted([(edge + sign * 5.6, 0.15), (edge + sign * 120, 0.15)]), ground)
    _station(-31.0, layout.right_end_m - 9.0, free, glow)
    _houses(layout, free, rng, glow)
    _stop(layout, free, glow)
    trees = [plants.broadleaf(rng, 6.5, 1000), plants.broadleaf(rng, 5.8, 900)]
    for edge, sign in ((layout.right_end_m, -1), (layout.left_end_m, 1)):
        places = np.array([[x, edge + sign * 1.3, 0.2] for x in np.arange(-98.0, 110.0, 9.0) if not -18 < x < 10])
        plants.scatter(trees, places, rng, (0.75, 1.0), free)
    horizon(layout.road.seed, surfaces.ground("forest", (0.014, 0.030, 0.010), (0.038, 0.056, 0.020), 0.05), 80, 300)
    return street_lamps(layout, layout.left_end_m + 0.8, 26.0, free, glow > 0)


def _station(x: float, y: float, free: ClearView, glow: float) -> None:
    """The coach station's hall behind a forecourt."""
    if free.blocks(x, y, 13.0):
        return
    wall = surfaces.plain("station", (0.58, 0.55, 0.50), roughness=0.6, mottle=0.25, grain=0.4)
    pane = surfaces.plain("station glass", (0.03, 0.05, 0.06), roughness=0.07, glow=0.0)
    bright = surfaces.plain("station inside", (1.0, 0.86, 0.62), glow=0.9 if glow else 0.0)
    dark = surfaces.plain("station frame", (0.16, 0.17, 0.18), roughness=0.4)
    parts = [
        box("hall", (26.0, 10.0, 9.0), (x, y - 5.0, 4.5), wall),
        box("eaves", (28.0, 3.4, 0.5), (x, y + 1.2, 4.6), wall),
        box("roof edge", (26.6, 10.6, 0.5), (x, y - 5.0, 9.1), dark),
    ]
    for column in np.arange(-12.0, 12.1, 4.0):
        parts.append(cylinder("column", 0.25, 4.6, "z", (x + float(column), y + 2.4, 2.3), wall, 12))
        parts.append(box("mullion", (0.2, 0.15, 9.0), (x + float(column), y + 0.05, 4.5), dark))
    join("station", parts)
    box("upper glass", (24.0, 0.1, 2.6), (x, y + 0.02, 6.6), pane)
    box("doors", (18.0, 0.1, 3.0), (x, y + 0.02, 1.5), bright if glow else pane)
    name = boards.board(("延平汽车客运站",), RED_GROUND, boards.WHITE, 7.0)
    boards.stand("station name", name, (x, y + 2.0, 9.3), 2.0, -np.pi / 2, max(glow, 0.05), posts=False)
    short = boards.board(("客运站",), RED_GROUND, boards.WHITE, 2.9)
    # The end walls carry the name too: who looks along the street does not see the front.
    for side in (-1, 1):
        heading = np.pi if side > 0 else 0.0
        at = (x + 13.1 * side, y - 1.75, 6.3)
        boards.stand("station end", short, at, 1.05, heading, max(glow, 0.05), posts=False)
        box("end glass", (0.1, 7.0, 2.2), (x + 13.02 * side, y - 4.6, 3.2), pane)


RED_GROUND = (126, 20, 22)


def _houses(layout: Layout, free: ClearView, rng: np.random.Generator, glow: float) -> None:
    for side, edge in ((-1, layout.right_end_m - 5.8), (1, layout.left_end_m + 5.8)):
        x = -118.0
        while x < 125.0:
            bays, storeys = int(rng.integers(3, 7)), int(rng.integers(3, 7))
            width, height = bays * 3.6, storeys * 3.2
            middle = x + width / 2
            x += width + (rng.uniform(2, 6) if rng.random() < 0.2 else 0.0)
            if side < 0 and -48 < middle < 4:
                continue
            if free.blocks(middle, edge + side * 5.0, max(width / 2, 5.0) + 0.5):
                continue
            _house(rng, middle, edge, side, (width, height), (bays, storeys), glow)


def _house(
    rng: np.random.Generator,
    x: float,
    edge: float,
    side: int,
    size_m: tuple[float, float],
    units: tuple[int, int],
    glow: float,
) -> None:
    width, height = size_m
    wall = surfaces.plain(f"house {int(rng.integers(3))}", (0.42, 0.40, 0.37), mottle=0.5, grain=0.3)
    box("house", (width, 9.0, height), (x, edge + side * 4.55, height / 2 + 0.1), wall)
    day, shine = boards.front(rng, units[1], units[0], _SHOPS, 1.0 if glow else 0.0)
    tag = f"front {x:.1f} {side}"
    left, right = x + side * width / 2, x - side * width / 2
    low, high = 0.16, height + 0.1
    y = edge + side * 0.02
    corners = [(right, y, low), (left, y, low), (left, y, high), (right, y, high)]
    if side < 0:
        corners = [(x + width / 2, y, low), (x - width / 2, y, low), (x - width / 2, y, high), (x + width / 2, y, high)]
    else:
        corners = [(x - width / 2, y, low), (x + width / 2, y, low), (x + width / 2, y, high), (x - width / 2, y, high)]
    if glow:
        day = np.maximum((day * 0.6).astype(np.uint8), 0)
        lit = np.where(shine.any(axis=2, keepdims=True), shine, (day * 0.03).astype(np.uint8))
        panel(tag, corners, picture(tag, lit.astype(np.uint8), 0.35))
        return
    panel(tag, corners, picture(tag, day, roughness=0.7))


def _stop(layout: Layout, free: ClearView, glow: float) -> None:
    """The bus stop at the right kerb: marked bay, shelter, pole."""
    start, end = STOP_M
    edge, paint = layout.right_end_m, surfaces.road_paint(WHITE, 0.0)
    inner = edge + 3.0
    band("bay", layout, [(inner - 0.08, LIFT_M + 0.002), (inner + 0.08, LIFT_M + 0.002)], paint, stations(start, end))
    for x in (start, end):
        box("bay end", (0.15, 3.0, 0.004), (x, edge + 1.5, LIFT_M), surfaces.plain("bay paint", WHITE, roughness=0.6))
    text = boards.board(("公交车",), (92, 90, 86), boards.WHITE, 2.4)[14:-14, 14:-14]
    middle, low, high = (start + end) / 2, edge + 0.6, edge + 2.5
    corners = [(middle - 2.4, high, LIFT_M + 0.003), (middle - 2.4, low, LIFT_M + 0.003)]
    corners += [(middle + 2.4, low, LIFT_M + 0.003), (middle + 2.4, high, LIFT_M + 0.003)]
    panel("bay text", corners, picture("bay text", text, roughness=0.8))
    if free.blocks(middle, edge - 2.6, 4.0):
        return
    steel = surfaces.plain("shelter", (0.30, 0.31, 0.33), roughness=0.35, metallic=0.6)
    roof = surfaces.plain("shelter roof", (0.06, 0.16, 0.30), roughness=0.3)
    y = edge - 2.6
    for dx in (-3.4, 0.0, 3.4):
        box("shelter post", (0.1, 0.1, 2.6), (middle + dx, y - 0.6, 1.45), steel)
    box("shelter roof", (7.6, 1.9, 0.12), (middle, y, 2.8), roof)
    box("bench", (5.0, 0.4, 0.08), (middle, y - 0.4, 0.62), steel)
    poster = boards.board(("绿色出行", "平安延平"), boards.GREEN, boards.WHITE, 2.3)
    boards.stand("shelter poster", poster, (middle + 1.7, y - 0.62, 0.8), 1.35, -np.pi / 2, 0.6 if glow else 0.0, False)
    name = boards.board(("客运站",), boards.BLUE, boards.WHITE, 3.2)
    boards.stand("stop name", name, (middle + 4.6, edge - 0.8, 2.1), 0.5, 0.0, glow)
