"""What one sees through the windows: seats, dashboard, wheel, driver."""

from __future__ import annotations

import numpy as np

from scripts.scenes import materials
from scripts.scenes.mesh import Object, box, hung, join
from scripts.scenes.vehicles.body import Hull
from scripts.scenes.vehicles.people import build_person
from scripts.scenes.vehicles.small_limbs import limb

TINT = 0.80
"""How dark window glass is seen from outside."""


def cabin(hull: Hull, seed: int, rows: tuple[float, ...], hip_m: float) -> list[Object]:
    """Seat rows at shares of the length, the driver in the first on the left, the hips at a height.

    The floor hides the road from within.
    """
    rng = np.random.default_rng(seed)
    cloth = materials.plastic(((0.05, 0.05, 0.055), (0.22, 0.19, 0.15), (0.10, 0.10, 0.11))[int(rng.integers(3))], 0.85)
    dark = materials.plastic((0.02, 0.02, 0.02), 0.8)
    width = hull.width_m - 0.36
    made = []
    for number, share in enumerate(rows):
        x = hull.x_of(share)
        places = (0.25 * width, -0.25 * width) if number == 0 else (0.0,)
        wide = 0.40 * width if number == 0 else 0.94 * width
        for y in places:
            made.append(box("seat", (0.48, wide, 0.16), (x + 0.06, y, hip_m - 0.08), cloth, bevel=0.04))
            made.append(box("seat back", (0.14, wide, 0.58), (x - 0.22, y, hip_m + 0.26), cloth, bevel=0.05))
        rests = [(x - 0.25, sign * 0.25 * width, hip_m + 0.66) for sign in (1.0, -1.0)]
        made += [box("head-rest", (0.08, 0.24, 0.17), at, cloth, bevel=0.03) for at in rests]
    front = hull.x_of(rows[0])
    made.append(box("dashboard", (0.36, width + 0.06, 0.22), (front + 0.80, 0.0, hip_m + 0.22), dark, bevel=0.06))
    steering = np.array([front + 0.48, 0.25 * width, hip_m + 0.32])
    turn = np.linspace(0.0, 2.0 * np.pi, 11)
    ring = [steering + 0.18 * np.array([-0.4 * np.sin(t), np.cos(t), 0.9 * np.sin(t)]) for t in turn]
    made.append(limb("steering wheel", ring, [0.016] * len(ring), dark))
    grips = np.array([0.46, 0.16, 0.36])
    driver = build_person(seed, "driving", (grips, grips * np.array([1.0, -1.0, 1.0])))
    made.append(hung(driver, (front, 0.25 * width, hip_m - 0.10)))
    return made


def underbody(hull: Hull, wheels_m: float = 0.62) -> Object:
    """A dark core that keeps one from looking through from wheel to wheel; wheels take `wheels_m` of the width."""
    dark = materials.plastic((0.01, 0.01, 0.01), 0.9)
    sill, width = hull.shape.sill_m, hull.width_m - wheels_m
    pieces = [box("core", (0.94 * hull.length_m, width, 0.24), (0.0, 0.0, sill + 0.14), dark)]
    for x in hull.axle_x_m:
        tall = hull.hub_m + hull.arch_m - sill
        pieces.append(box("wheel house", (2.0 * hull.arch_m, width, tall), (x, 0.0, sill + tall / 2), dark))
    return join("underbody", pieces)
