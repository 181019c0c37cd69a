"""Minivans of seven to nine seats with a sliding door, and coaches of the road-passenger trade."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from models.lab.signs.lettering import writing
from scripts.scenes import materials
from scripts.scenes.mesh import Material, box
from scripts.scenes.spec import VehicleSpec
from scripts.scenes.vehicles import Built
from scripts.scenes.vehicles.body import SIDES, Face, Shape
from scripts.scenes.vehicles.small_cabin import TINT, cabin, underbody
from scripts.scenes.vehicles.small_fittings import Assembly, headlamp
from scripts.scenes.vehicles.small_skin import Coachwork

_DARK = (0.012, 0.012, 0.014)
_RED = (0.45, 0.006, 0.008)
_AMBER = (0.8, 0.25, 0.01)
_BLACK_VOID = (0.01, 0.01, 0.01)

MINIVAN = Shape(
    top=(
        (0.0, 0.43), (0.012, 0.47), (0.05, 0.525), (0.10, 0.56), (0.135, 0.58), (0.155, 0.595),
        (0.29, 0.91), (0.33, 0.965), (0.40, 0.99), (0.5, 1.0), (0.9, 0.995), (0.97, 0.985), (1.0, 0.97),
    ),
    belt=((0.0, 0.41), (0.05, 0.475), (0.14, 0.53), (0.25, 0.545), (1.0, 0.55)),
    plan=(
        (0.0, 0.80), (0.006, 0.84), (0.02, 0.89), (0.05, 0.935), (0.1, 0.97), (0.2, 1.0),
        (0.85, 1.0), (0.95, 0.98), (0.985, 0.955), (0.996, 0.93), (1.0, 0.91),
    ),
    flank=((0.08, 0.95), (0.15, 0.975), (0.28, 0.995), (0.40, 1.0), (0.5, 0.995), (0.6, 0.985)),
    nose=((0.1, 0.10), (0.18, 0.02), (0.26, 0.0), (0.36, 0.02), (0.46, 0.07)),
    tail=((0.1, 0.08), (0.18, 0.0), (0.30, 0.0), (0.34, 0.03), (0.6, 0.05), (0.85, 0.17), (1.0, 0.26)),
    sill_m=0.21,
    tumble=0.16,
    crown_m=0.09,
    ledge_m=0.015,
    bulge_m=(0.09, 0.05),
    bow_m=0.12,
    windscreen=(0.157, 0.30),
    rear_glass=(0.57, 0.90),
    side_windows=((0.185, 0.355), (0.372, 0.61), (0.628, 0.93)),
    roof=(0.16, 1.0),
)  # fmt: skip

_SLIDING = (0.365, 0.617)
"""Where the sliding door is, in shares of the length."""

COACH = Shape(
    top=((0.0, 0.985), (0.02, 0.995), (0.06, 1.0), (0.95, 1.0), (0.99, 0.99), (1.0, 0.98)),
    belt=((0.0, 0.945), (0.05, 0.95), (0.95, 0.95), (1.0, 0.945)),
    plan=(
        (0.0, 0.83), (0.004, 0.88), (0.012, 0.935), (0.025, 0.97), (0.05, 0.995), (0.08, 1.0),
        (0.95, 1.0), (0.985, 0.985), (0.995, 0.95), (1.0, 0.92),
    ),
    flank=((0.05, 0.975), (0.12, 0.99), (0.25, 1.0), (0.45, 1.0), (0.8, 0.975), (0.95, 0.94)),
    nose=((0.08, 0.12), (0.14, 0.02), (0.25, 0.0), (0.35, 0.02), (0.6, 0.13), (0.85, 0.28), (0.95, 0.40), (1.0, 0.55)),
    tail=((0.08, 0.15), (0.14, 0.02), (0.25, 0.0), (0.5, 0.02), (0.85, 0.10), (0.95, 0.18), (1.0, 0.28)),
    sill_m=0.30,
    tumble=0.9,
    crown_m=0.07,
    ledge_m=0.02,
    reach_m=1.1,
    bulge_m=(0.22, 0.08),
    roof=(0.0, 1.0),
)  # fmt: skip

_STRIPES = ((0.5, 0.01, 0.01), (0.01, 0.06, 0.35), (0.0, 0.22, 0.10), (0.65, 0.25, 0.01))


def build_minivan(spec: VehicleSpec, lamps: float, door_open: bool) -> Built:
    """A one-box van; the sliding door on the right may stand open onto the seats."""
    rng = np.random.default_rng(spec.seed)
    shape = replace(MINIVAN, tumble=MINIVAN.tumble + rng.uniform(-0.03, 0.04), doorway=_SLIDING if door_open else None)
    radius, (front, rear) = 0.30, shape.bulge_m
    length = spec.length_m - front - rear
    hull = Coachwork(shape, length, spec.width_m, spec.height_m, spec.axle_x_m, radius + 0.05, radius + 0.01)
    van = Assembly(spec, lamps)
    paint, void = materials.paint(spec.colour, spec.dirt, spec.seed), materials.plastic(_BLACK_VOID, 0.9)
    van.add(hull.skin("hull", (paint, materials.glass(TINT), van.dark(), void, paint)))
    van.add(underbody(hull))
    van.add(*cabin(hull, spec.seed, (0.34, 0.60, 0.82), 0.74))
    for axle, x in enumerate(spec.axle_x_m):
        van.wheel(axle, "left", (x, spec.width_m / 2 - 0.115, radius), radius, 0.18, "steel")
        van.wheel(axle, "right", (x, -spec.width_m / 2 + 0.115, radius), radius, 0.18, "steel")
    _van_front(van, hull)
    _van_rear(van, hull)
    _van_sides(van, hull, door_open)
    return van.done()


def _van_front(van: Assembly, hull: Coachwork) -> None:
    h, half = hull.height_m, hull.width_m / 2.0
    black, chrome = materials.plastic(_DARK, 0.3), materials.metal((0.7, 0.7, 0.72), 0.15)
    brow = 0.40 * h
    van.add(
        *hull.twins("front", (0.50 * half, 1.02 * half), (brow - 0.14, brow - 0.10), (brow - 0.015, brow + 0.03), black)
    )
    lens = headlamp(van.lamps)
    van.add(*hull.twins("front", (0.56 * half, 0.80 * half), (brow - 0.11,) * 2, (brow - 0.035,) * 2, lens, 0.011))
    amber = materials.lamp(_AMBER, 0.0)
    van.add(*hull.twins("front", (0.86 * half, 1.0 * half), (brow - 0.09,) * 2, (brow - 0.02,) * 2, amber, 0.011))
    van.add(hull.patch("grille", "front", (-0.46 * half, 0.46 * half), brow - 0.11, brow - 0.02, black))
    van.add(hull.patch("slat", "front", (-0.46 * half, 0.46 * half), brow - 0.07, brow - 0.055, chrome, 0.012))
    van.add(hull.patch("intake", "front", (-0.6 * half, 0.6 * half), 0.14 * h, 0.14 * h + 0.09, black))
    van.plate(van.spec.front_plate, (hull.reach_x("front", 0.26 * h) + 0.02, 0.0, 0.27 * h), backward=False)


def _van_rear(van: Assembly, hull: Coachwork) -> None:
    h, half = hull.height_m, hull.width_m / 2.0
    red, black = materials.lamp(_RED, 0.2 * van.lamps), materials.plastic(_DARK, 0.4)
    van.add(*hull.twins("rear", (0.80 * half, 0.97 * half), (0.36 * h,) * 2, (0.54 * h,) * 2, red))
    van.add(
        *hull.twins("rear", (0.80 * half, 0.97 * half), (0.41 * h,) * 2, (0.45 * h,) * 2, materials.lamp(_AMBER), 0.011)
    )
    van.add(hull.patch("hatch gap", "rear", (-0.78 * half, 0.78 * half), 0.30 * h, 0.30 * h + 0.012, black, 0.004))
    van.add(hull.patch("garnish", "rear", (-0.35 * half, 0.35 * half), 0.50 * h, 0.525 * h, black))
    van.plate(van.spec.rear_plate, (hull.reach_x("rear", 0.42 * h) - 0.02, 0.0, 0.42 * h), backward=True)


def _van_sides(van: Assembly, hull: Coachwork, door_open: bool) -> None:
    shape, h = hull.shape, hull.height_m
    gap = materials.plastic((0.006, 0.006, 0.006), 0.9)
    paint = materials.paint(van.spec.colour, van.spec.dirt, van.spec.seed)
    belt = 0.545 * h
    for side in SIDES:
        sign = 1.0 if side == "left" else -1.0
        for share in (0.175, *_SLIDING):
            x = hull.x_of(share)
            bottom = max(shape.sill_m + 0.05, float(hull.lower_edge(np.array([x]))[0]) + 0.02)
            van.add(hull.patch("gap", side, (x - 0.004, x + 0.004), bottom, belt, gap, 0.003))
        for share in (0.335, 0.395):
            x = hull.x_of(share)
            van.add(hull.patch("handle", side, (x - 0.08, x + 0.08), belt - 0.15, belt - 0.115, gap, 0.022))
        rail = (hull.x_of(0.93), hull.x_of(_SLIDING[1]))
        van.add(hull.patch("rail", side, rail, belt - 0.09, belt - 0.06, gap, 0.004))
        x, z = hull.x_of(0.20), belt + 0.10
        y = sign * (hull.width_m / 2 + 0.08)
        van.add(box("mirror", (0.10, 0.17, 0.19), (x, y, z), paint, bevel=0.03))
        van.add(box("mirror arm", (0.04, 0.12, 0.03), (x, y - sign * 0.1, z - 0.05), van.dark()))
    if door_open:
        floor = (0.72 * hull.length_m, hull.width_m - 0.1, 0.04)
        van.add(box("floor", floor, (-0.15, 0.0, shape.sill_m + 0.17), materials.plastic((0.07, 0.07, 0.07), 0.8)))
        shift = hull.length_m * (_SLIDING[1] - _SLIDING[0]) - 0.08
        ends = (hull.x_of(_SLIDING[1]) - shift, hull.x_of(_SLIDING[0]) - shift)
        van.add(hull.patch("door leaf", "right", ends, shape.sill_m + 0.05, belt, paint, 0.10))
        leaf = hull.leaning("door window", "right", ends, belt, 0.88 * h, materials.glass(), 0.10)
        van.add(leaf)


def build_coach(spec: VehicleSpec, lamps: float) -> Built:
    """A coach of ten to twelve metres: door on the right ahead of the front axle, flaps below, sign above."""
    rng = np.random.default_rng(spec.seed)
    front, rear = COACH.bulge_m
    radius = 0.50
    hull = Coachwork(
        COACH,
        spec.length_m - front - rear,
        spec.width_m,
        spec.height_m - 0.18,
        spec.axle_x_m,
        radius + 0.07,
        radius + 0.02,
    )
    bus = Assembly(spec, lamps)
    paint, void = materials.paint(spec.colour, spec.dirt, spec.seed), materials.plastic(_BLACK_VOID, 0.9)
    bus.add(hull.skin("hull", (paint, materials.glass(), bus.dark(), void, paint)))
    bus.add(underbody(hull, 1.3))
    for axle, x in enumerate(spec.axle_x_m):
        wide = 0.29 if axle == 0 else 0.60
        bus.wheel(axle, "left", (x, spec.width_m / 2 - wide / 2 - 0.05, radius), radius, wide, "bus")
        bus.wheel(axle, "right", (x, -spec.width_m / 2 + wide / 2 + 0.05, radius), radius, wide, "bus")
    stripe = materials.paint(_STRIPES[int(rng.integers(len(_STRIPES)))], spec.dirt, spec.seed + 1)
    _coach_sides(bus, hull, stripe)
    _coach_front(bus, hull, stripe)
    _coach_rear(bus, hull)
    _coach_roof(bus, hull)
    return bus.done()


def _coach_sides(bus: Assembly, hull: Coachwork, stripe: Material) -> None:
    h = hull.height_m
    glass, gap = materials.glass(), materials.plastic((0.006, 0.006, 0.006), 0.9)
    low, high = 0.46 * h, 0.82 * h
    for side in SIDES:
        start = 0.16 if side == "right" else 0.045
        panes = np.linspace(hull.x_of(start), hull.x_of(0.975), 8)
        bus.add(hull.patch("band", side, (panes[0], panes[-1]), low, high, gap, 0.004))
        for ahead, behind in pairwise(panes):
            bus.add(hull.patch("pane", side, (behind + 0.015, ahead - 0.015), low + 0.03, high - 0.03, glass, 0.008))
        sweep = (hull.x_of(0.97), hull.x_of(0.52))
        bus.add(hull.patch("stripe", side, sweep, (0.36 * h, 0.36 * h), (0.455 * h, 0.39 * h), stripe, 0.004))
        bus.add(hull.patch("stripe", side, (sweep[1], hull.x_of(0.17)), 0.36 * h, (0.39 * h, 0.37 * h), stripe, 0.004))
        _flaps(bus, hull, side)
        word = materials.picture("coach word", writing("长途客运", (30, 40, 110)))
        middle = hull.x_of(0.36)
        bus.add(hull.patch("word", side, (middle - 0.75, middle + 0.75), 0.39 * h + 0.01, 0.455 * h, word, 0.006))
    door = (hull.x_of(0.145), hull.x_of(0.055))
    bus.add(hull.patch("door", "right", door, 0.14 * h, high, gap, 0.006))
    mid = (door[0] + door[1]) / 2
    for pane in ((door[0] + 0.05, mid - 0.02), (mid + 0.02, door[1] - 0.05)):
        bus.add(hull.patch("door pane", "right", pane, 0.20 * h, high - 0.05, glass, 0.012))
    window = (hull.x_of(0.045), hull.x_of(0.012))
    bus.add(hull.patch("driver pane", "left", window, low, high, glass, 0.006))


def _flaps(bus: Assembly, hull: Coachwork, side: Face) -> None:
    """Luggage flaps between the axles, filler and engine flaps behind them."""
    h = hull.height_m
    gap, metal = materials.plastic((0.006, 0.006, 0.006), 0.9), materials.metal((0.5, 0.5, 0.52), 0.4)
    ends = np.linspace(hull.axle_x_m[0] - 0.75, hull.axle_x_m[1] + 0.75, 5)
    for x in (*ends, hull.axle_x_m[1] - 0.75, hull.x_of(0.985)):
        bus.add(hull.patch("gap", side, (x - 0.007, x + 0.007), 0.12 * h, 0.34 * h, gap, 0.004))
    for ahead, behind in pairwise(ends):
        x = (ahead + behind) / 2
        bus.add(hull.patch("grip", side, (x - 0.08, x + 0.08), 0.15 * h, 0.16 * h, metal, 0.015))
        bus.add(hull.patch("gap", side, (behind, ahead), 0.34 * h, 0.344 * h, gap, 0.004))
    x = hull.axle_x_m[1] - 1.3
    bus.add(hull.patch("louvre", side, (x - 0.35, x + 0.35), 0.20 * h, 0.32 * h, gap, 0.006))


def _coach_front(bus: Assembly, hull: Coachwork, stripe: Material) -> None:
    h, half = hull.height_m, hull.width_m / 2.0
    black, gap = materials.plastic(_DARK, 0.3), materials.plastic((0.006, 0.006, 0.006), 0.9)
    wide = 1.02 * half
    bus.add(hull.patch("mask", "front", (-1.06 * wide, 1.06 * wide), 0.33 * h, 0.93 * h, gap, 0.006))
    bus.add(hull.patch("windscreen", "front", (-wide, wide), 0.35 * h, 0.80 * h, materials.glass(), 0.012))
    bus.add(hull.patch("divider", "front", (-0.012, 0.012), 0.35 * h, 0.80 * h, gap, 0.016))
    for sign in (1.0, -1.0):
        sweep = (sign * 0.9 * wide, sign * 0.08 * wide)
        bus.add(hull.patch("wiper", "front", sweep, (0.385 * h, 0.36 * h), (0.392 * h, 0.367 * h), gap, 0.03))
    sign_board = materials.picture(
        "福州-南平", writing("福州-南平", (255, 120, 20), 64, (10, 10, 10)), 0.6 + 0.4 * bus.lamps
    )
    bus.add(hull.patch("destination", "front", (-0.5, 0.5), 0.825 * h, 0.905 * h, sign_board, 0.014))
    lens, amber = headlamp(bus.lamps), materials.lamp(_AMBER)
    bus.add(*hull.twins("front", (0.52 * half, 1.08 * half), (0.185 * h, 0.20 * h), (0.25 * h, 0.285 * h), black))
    for start, end in ((0.58, 0.70), (0.75, 0.87)):
        bus.add(*hull.twins("front", (start * half, end * half), (0.20 * h,) * 2, (0.24 * h,) * 2, lens, 0.012))
    bus.add(*hull.twins("front", (0.93 * half, 1.05 * half), (0.215 * h,) * 2, (0.26 * h,) * 2, amber, 0.012))
    bus.add(hull.patch("intake", "front", (-0.62 * half, 0.62 * half), 0.115 * h, 0.145 * h, black))
    bus.add(hull.patch("stripe", "front", (-0.9 * half, 0.9 * half), 0.295 * h, 0.31 * h, stripe, 0.006))
    bus.plate(bus.spec.front_plate, (hull.reach_x("front", 0.17 * h) + 0.03, 0.0, 0.18 * h), backward=False)
    for sign in (1.0, -1.0):
        x, y, z = hull.length_m / 2 + 0.15, sign * (half + 0.10), 0.70 * h
        bus.add(box("mirror", (0.10, 0.20, 0.42), (x, y, z), black, bevel=0.04))
        bus.add(box("mirror arm", (0.35, 0.05, 0.05), (x - 0.15, y - sign * 0.08, z + 0.26), black))


def _coach_rear(bus: Assembly, hull: Coachwork) -> None:
    h, half = hull.height_m, hull.width_m / 2.0
    gap, red = materials.plastic((0.006, 0.006, 0.006), 0.9), materials.lamp(_RED, 0.2 * bus.lamps)
    bus.add(hull.patch("rear window", "rear", (-0.8 * half, 0.8 * half), 0.55 * h, 0.80 * h, materials.glass(), 0.008))
    bus.add(hull.patch("grille", "rear", (-0.6 * half, 0.6 * half), 0.27 * h, 0.36 * h, gap))
    bus.add(hull.patch("flap", "rear", (-0.7 * half, 0.7 * half), 0.46 * h, 0.464 * h, gap, 0.004))
    bus.add(*hull.twins("rear", (0.80 * half, 0.93 * half), (0.24 * h,) * 2, (0.42 * h,) * 2, gap))
    for low, material in ((0.25, red), (0.31, materials.lamp(_AMBER)), (0.365, red)):
        bus.add(
            *hull.twins("rear", (0.815 * half, 0.915 * half), (low * h,) * 2, ((low + 0.045) * h,) * 2, material, 0.012)
        )
    bus.add(hull.patch("bumper gap", "rear", (-0.9 * half, 0.9 * half), 0.16 * h, 0.165 * h, gap, 0.004))
    word = materials.picture("福州-南平 rear", writing("福州-南平", (200, 20, 20)))
    bus.add(hull.patch("line", "rear", (-0.45, 0.45), 0.475 * h, 0.53 * h, word, 0.006))
    bus.plate(bus.spec.rear_plate, (hull.reach_x("rear", 0.21 * h) - 0.02, 0.0, 0.215 * h), backward=True)


def _coach_roof(bus: Assembly, hull: Coachwork) -> None:
    h = hull.height_m
    paint = materials.paint(bus.spec.colour, bus.spec.dirt, bus.spec.seed)
    bus.add(box("cooler", (2.6, 1.7, 0.24), (-0.4, 0.0, h + 0.06), paint, bevel=0.09))
    for number in range(4):
        grille = (0.4, 1.2, 0.01)
        bus.add(box("cooler grille", grille, (0.5 - 0.6 * number, 0.0, h + 0.182), bus.dark()))
    for x in (0.30 * hull.length_m, -0.36 * hull.length_m):
        bus.add(box("hatch", (0.7, 0.7, 0.06), (x, 0.0, h + 0.01), paint, bevel=0.02))
