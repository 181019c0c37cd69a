"""Cars: saloons, hatchbacks, sport utilities, and the taxi in its livery."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from models.lab.signs.lettering import writing
from scripts.scenes import materials
from scripts.scenes.mesh import Material, Object, box, cylinder, join
from scripts.scenes.spec import VehicleSpec
from scripts.scenes.vehicles import Built
from scripts.scenes.vehicles.body import SIDES, Face, Shape
from scripts.scenes.vehicles.small_cabin import TINT, cabin, underbody
from scripts.scenes.vehicles.small_fittings import Assembly, RimStyle, headlamp, writing_panel
from scripts.scenes.vehicles.small_shapes import HATCHBACK, SALOON, UTILITY
from scripts.scenes.vehicles.small_skin import Coachwork, sheet

_DARK = (0.012, 0.012, 0.014)
_RED = (0.45, 0.006, 0.008)
_SASHES = ((0.01, 0.16, 0.05), (0.75, 0.36, 0.01), (0.01, 0.07, 0.32), (0.45, 0.01, 0.01), (0.0, 0.25, 0.28))


def build_car(spec: VehicleSpec, lamps: float) -> Built:
    """A sedan, suv or taxi; the seed decides saloon or hatchback and the proportions."""
    rng = np.random.default_rng(spec.seed)
    hatch = spec.kind == "sedan" and rng.random() < 0.3
    shape = _varied(UTILITY if spec.kind == "suv" else HATCHBACK if hatch else SALOON, rng)
    radius = 0.37 if spec.kind == "suv" else 0.315
    front, rear = shape.bulge_m
    hull = Coachwork(
        shape, spec.length_m - front - rear, spec.width_m, spec.height_m, spec.axle_x_m, radius + 0.055, radius + 0.01
    )
    car = Assembly(spec, lamps)
    paint = materials.paint(spec.colour, spec.dirt, spec.seed)
    black_roof = spec.kind != "taxi" and rng.random() < 0.12
    roof = materials.paint(_DARK, 0.5 * spec.dirt, spec.seed) if black_roof else paint
    sash = materials.paint(_sash_colour(spec, rng), spec.dirt, spec.seed + 1)
    if spec.kind == "taxi" and rng.random() < 0.4:
        roof = sash
    slots = (paint, materials.glass(TINT), car.dark(), materials.plastic((0.01, 0.01, 0.01), 0.9), roof)
    car.add(hull.skin("hull", slots), underbody(hull))
    car.add(*cabin(hull, spec.seed, (0.475, 0.66), 0.38 * spec.height_m))
    _wheels(car, hull, radius, rng)
    _face(car, hull, rng)
    _back(car, hull, rng)
    _sides(car, hull, paint, rng)
    if spec.kind == "suv":
        _cladding(car, hull, rng)
    if spec.kind == "taxi":
        _livery(car, hull, sash)
    return car.done()


def _varied(shape: Shape, rng: np.random.Generator) -> Shape:
    """The same body with a slightly other shoulder, roof and lean."""
    lift, tail = rng.uniform(-0.012, 0.012), rng.uniform(-0.01, 0.015)
    return replace(
        shape,
        belt=tuple((share, height + lift * min(1.0, 4.0 * share)) for share, height in shape.belt),
        top=tuple((share, height + tail * max(0.0, share - 0.84) * 6.0) for share, height in shape.top),
        tumble=shape.tumble + rng.uniform(-0.04, 0.04),
    )


def _wheels(car: Assembly, hull: Coachwork, radius: float, rng: np.random.Generator) -> None:
    styles: tuple[RimStyle, ...] = ("five", "ten", "five", "ten", "five" if car.spec.kind == "suv" else "steel")
    style = styles[int(rng.integers(len(styles)))]
    width = 0.225 if car.spec.kind == "suv" else 0.2
    for axle, x in enumerate(car.spec.axle_x_m):
        car.wheel(axle, "left", (x, hull.width_m / 2 - width / 2 - 0.025, radius), radius, width, style)
        car.wheel(axle, "right", (x, -hull.width_m / 2 + width / 2 + 0.025, radius), radius, width, style)


def _face(car: Assembly, hull: Coachwork, rng: np.random.Generator) -> None:
    """Headlamps, lower intake, plate."""
    h, half = hull.height_m, hull.width_m / 2.0
    brow = float(hull.drawn(hull.shape.belt, np.array([0.0]))[0])
    black = materials.plastic(_DARK, 0.25)
    lens = headlamp(car.lamps)
    inner, outer = 0.50 * half, 0.98 * half + 0.12
    drop = rng.uniform(0.07, 0.11)
    car.add(
        *hull.twins(
            "front", (inner, outer), (brow - drop - 0.03, brow - 0.045), (brow - 0.01, brow + 0.03), black, 0.006
        )
    )
    for start, end in ((0.12, 0.36), (0.44, 0.66)):
        s = (inner + start * (outer - inner), inner + end * (outer - inner))
        car.add(*hull.twins("front", s, (brow - drop, brow - 0.8 * drop), (brow - 0.022, brow - 0.014), lens, 0.010))
    intake = (0.13 * h, 0.13 * h + 0.11)
    car.add(hull.patch("intake", "front", (-0.55 * half, 0.55 * half), intake[0], intake[1], black, 0.005))
    car.add(*hull.twins("front", (0.62 * half, 0.85 * half), intake, (intake[1] + 0.02,) * 2, black, 0.005))
    bottom = _grille(car, hull, rng, brow, intake[1])
    plate_z = max(0.5 * (intake[1] + bottom) + 0.01, intake[1] + 0.06)
    car.plate(car.spec.front_plate, (hull.reach_x("front", plate_z) + 0.02, 0.0, plate_z), backward=False)


def _grille(car: Assembly, hull: Coachwork, rng: np.random.Generator, brow: float, floor: float) -> float:
    """A barred, a tall netted or, as on electric cars, no grille; gives its lower edge."""
    half, plate = hull.width_m / 2.0, car.spec.front_plate
    black, chrome = materials.plastic(_DARK, 0.25), materials.metal((0.7, 0.7, 0.72), 0.15)
    wide, deep = rng.uniform(0.40, 0.48) * half, rng.uniform(0.10, 0.19)
    draw = rng.random()
    if plate is not None and plate.type == "small_nev":
        deep = 0.10
        bar = headlamp(car.lamps) if draw < 0.5 else black
        car.add(hull.patch("light bar", "front", (-wide, wide), brow - 0.045, brow - 0.022, bar))
    elif draw < 0.6:
        car.add(hull.patch("grille", "front", (-wide, wide), brow - deep, brow - 0.03, black, 0.006))
        for number in range(1, 4):
            z = brow - 0.03 - (deep - 0.03) * number / 4.0
            car.add(hull.patch("slat", "front", (-wide, wide), z - 0.005, z + 0.005, chrome, 0.012))
    else:
        deep = max(deep, 0.55 * (brow - floor))
        narrow = 0.82 * wide
        car.add(
            hull.patch("surround", "front", (-wide - 0.02, wide + 0.02), brow - deep - 0.02, brow - 0.02, chrome, 0.005)
        )
        car.add(hull.patch("grille", "front", (-wide, wide), brow - deep, brow - 0.035, black, 0.009))
        for y in np.linspace(-narrow, narrow, 11):
            car.add(hull.patch("rod", "front", (y - 0.006, y + 0.006), brow - deep + 0.01, brow - 0.045, chrome, 0.013))
    badge_z = brow - 0.45 * deep
    at = (hull.reach_x("front", badge_z) + 0.012, 0.0, badge_z)
    car.add(cylinder("badge", 0.045, 0.012, "x", at, chrome, 16))
    return brow - deep


def _back(car: Assembly, hull: Coachwork, rng: np.random.Generator) -> None:
    """Tail lamps, boot gap, plate, bumper."""
    h, half = hull.height_m, hull.width_m / 2.0
    belt = float(hull.drawn(hull.shape.belt, np.array([1.0]))[0])
    red, black = materials.lamp(_RED, 0.2 * car.lamps), materials.plastic(_DARK, 0.4)
    low, high = belt - rng.uniform(0.16, 0.25), belt - 0.025
    inner, outer = rng.uniform(0.5, 0.62) * half, 0.98 * half + 0.1
    car.add(*hull.twins("rear", (inner, outer), (low, low + 0.05), (high, high), red, 0.007))
    white = materials.lamp((0.7, 0.7, 0.68), 0.0)
    car.add(*hull.twins("rear", (inner + 0.03, inner + 0.14), (low + 0.02,) * 2, (low + 0.06,) * 2, white, 0.011))
    if rng.random() < 0.4:
        bar = red if rng.random() < 0.5 else materials.metal((0.7, 0.7, 0.72), 0.15)
        car.add(hull.patch("bar", "rear", (-inner, inner), high - 0.06, high - 0.025, bar, 0.009))
    bumper = 0.36 * h
    car.add(hull.patch("boot gap", "rear", (-0.7 * half, 0.7 * half), bumper, bumper + 0.01, black, 0.004))
    car.add(hull.patch("diffuser", "rear", (-0.7 * half, 0.7 * half), 0.13 * h, 0.2 * h, black, 0.005))
    car.add(*hull.twins("rear", (0.72 * half, 0.9 * half), (0.24 * h,) * 2, (0.24 * h + 0.035,) * 2, red, 0.006))
    plate_z = (bumper + low) / 2.0 + 0.05 if belt - bumper > 0.4 else bumper + 0.14
    car.plate(car.spec.rear_plate, (hull.reach_x("rear", plate_z) - 0.015, 0.0, plate_z), backward=True, lean_m=-0.02)


def _sides(car: Assembly, hull: Coachwork, paint: Material, rng: np.random.Generator) -> None:
    """Door gaps, handles, mirrors, sill."""
    shape = hull.shape
    gap, metal = materials.plastic((0.006, 0.006, 0.006), 0.9), materials.metal((0.65, 0.65, 0.67), 0.2)
    handle = metal if rng.random() < 0.4 else paint
    front, rear = shape.side_windows[0], shape.side_windows[1]
    for side in SIDES:
        sign = 1.0 if side == "left" else -1.0
        for share in (front[0] + 0.005, (front[1] + rear[0]) / 2.0, rear[1] - 0.005):
            x = hull.x_of(share)
            belt = float(hull.drawn(shape.belt, np.array([share]))[0])
            bottom = max(shape.sill_m + 0.06, float(hull.lower_edge(np.array([x]))[0]) + 0.02)
            car.add(hull.patch("gap", side, (x - 0.004, x + 0.004), bottom, belt, gap, 0.003))
        for share in (front[1] - 0.025, rear[1] - 0.03):
            x = hull.x_of(share)
            z = float(hull.drawn(shape.belt, np.array([share]))[0]) - 0.10
            car.add(hull.patch("recess", side, (x - 0.03, x + 0.15), z - 0.03, z + 0.012, gap, 0.003))
            car.add(hull.patch("handle", side, (x - 0.02, x + 0.18), z - 0.012, z + 0.018, handle, 0.028))
        low = (hull.x_of(front[0]), hull.x_of(rear[1] - 0.03))
        car.add(hull.patch("sill", side, low, shape.sill_m, shape.sill_m + 0.05, gap, 0.004))
        x = hull.x_of(front[0] + 0.022)
        z = float(hull.drawn(shape.belt, np.array([front[0]]))[0]) + 0.075
        y = sign * (float(hull.half_width(np.array([0.32]), np.array([z]))[0]) + 0.045)
        car.add(box("mirror", (0.11, 0.19, 0.125), (x, y, z), paint, bevel=0.035))
        car.add(box("mirror glass", (0.004, 0.16, 0.09), (x - 0.056, y, z), materials.metal((0.8, 0.8, 0.8), 0.03)))
        car.add(box("mirror arm", (0.05, 0.12, 0.03), (x, y - sign * 0.1, z - 0.05), car.dark()))
    if car.spec.kind != "taxi":
        fin_x, top = hull.x_of(0.70), float(hull.drawn(shape.top, np.array([0.70]))[0])
        car.add(box("aerial", (0.14, 0.03, 0.06), (fin_x, 0.0, top + 0.02), car.dark(), bevel=0.012))


def _cladding(car: Assembly, hull: Coachwork, rng: np.random.Generator) -> None:
    """Roof rails, and black arches and sills on most."""
    shape = hull.shape
    if rng.random() < 0.75:
        for face in SIDES:
            for x in hull.axle_x_m:
                car.add(_arch(hull, face, x, car.dark()))
            inner = (hull.axle_x_m[0] - hull.arch_m, hull.axle_x_m[1] + hull.arch_m)
            car.add(hull.patch("cladding", face, inner, shape.sill_m, shape.sill_m + 0.13, car.dark(), 0.008))
    rail = materials.metal((0.6, 0.6, 0.62), 0.3)
    shares = np.linspace(0.46, 0.84, 9)
    top = hull.drawn(shape.top, shares) - shape.crown_m - 0.005
    belt = hull.drawn(shape.belt, shares)
    y = hull.half_width(shares, belt) - shape.ledge_m - shape.tumble * (top - belt) - 0.05
    for sign in (1.0, -1.0):
        for number in range(len(shares) - 1):
            length = hull.length_m * (shares[1] - shares[0]) + 0.01
            middle = hull.x_of(float(shares[number : number + 2].mean()))
            at = (middle, sign * float(y[number]), float(top[number : number + 2].mean()) + 0.055)
            car.add(box("rail", (length, 0.03, 0.025), at, rail))


def _arch(hull: Coachwork, face: Face, axle_x: float, material: Material) -> Object:
    """A dark lip around a wheel."""
    turn = np.linspace(0.02, np.pi - 0.02, 15)
    if face == "left":
        turn = turn[::-1]
    turn = turn[::-1]
    radius = np.array([hull.arch_m + 0.07, hull.arch_m])[:, None]
    x, z = axle_x + radius * np.cos(turn), hull.hub_m + radius * np.sin(turn)
    return sheet("arch", hull.around(face, x, z, 0.008), material)


def _sash_colour(spec: VehicleSpec, rng: np.random.Generator) -> tuple[float, float, float]:
    """A colour that stands off the paint."""
    contrasting = [rgb for rgb in _SASHES if math.dist(rgb, spec.colour) > 0.35] or [(0.75, 0.75, 0.75)]
    return contrasting[int(rng.integers(len(contrasting)))]


def _livery(car: Assembly, hull: Coachwork, sash: Material) -> None:
    """A sash along the flanks, the word on the doors, the lamp on the roof."""
    spec, shape = car.spec, hull.shape
    ink = (20, 20, 24) if sum(spec.colour) > 0.9 else (240, 240, 240)
    low = hull.hub_m + hull.arch_m + 0.015
    belt = hull.drawn(shape.belt, np.array([0.1, 0.93]))
    for side in SIDES:
        ends = (hull.x_of(0.1), hull.x_of(0.93))
        high = (min(low + 0.11, float(belt[0]) - 0.01), min(low + 0.16, float(belt[1]) - 0.02))
        car.add(hull.patch("sash", side, ends, low, high, sash, 0.005))
        middle, size = hull.x_of(0.405), 0.20
        word = materials.picture(f"taxi word {ink}", writing("出租", ink))
        along = (middle - 0.19, middle + 0.19)
        car.add(hull.patch("word", side, along, low - 0.03 - size, low - 0.03, word, 0.008))
    _roof_lamp(car, hull)


def _roof_lamp(car: Assembly, hull: Coachwork) -> None:
    share = 0.49
    x, top = hull.x_of(share), float(hull.drawn(hull.shape.top, np.array([share]))[0])
    car.add(box("lamp foot", (0.13, 0.52, 0.04), (x, 0.0, top + 0.005), car.dark(), bevel=0.015))
    glow = 0.5 * car.lamps
    shell = box("shell", (0.13, 0.46, 0.13), (x, 0.0, top + 0.085), materials.lamp((0.85, 0.72, 0.25), glow), 0.03)
    pieces = [shell]
    for sign in (1.0, -1.0):
        corners = [
            (x + sign * 0.067, sign * right * 0.17, top + 0.085 + up * 0.045)
            for right, up in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        pieces.append(writing_panel("taxi lamp word", corners, writing("出租TAXI", (160, 16, 16)), glow))
    car.part("taxi_lamp", join(f"{car.spec.identity} taxi lamp", pieces))
