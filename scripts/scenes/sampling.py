"""Vehicles drawn at random, but true to life: sizes, axles, masses, plates and signs that fit together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from scripts.scenes.lettering import random_plate
from scripts.scenes.spec import Body, Kind, Load, PanelSpec, PlateSpec, PlateType, VehicleSpec

Colour = tuple[str, tuple[float, float, float]]
Span = tuple[float, float]

KINDS: tuple[Kind, ...] = get_args(Kind)
KIND_SHARES: dict[Kind, float] = {
    "sedan": 0.16,
    "suv": 0.10,
    "taxi": 0.05,
    "minivan": 0.08,
    "coach": 0.06,
    "light_truck": 0.10,
    "rigid_truck": 0.12,
    "tipper": 0.09,
    "semi_trailer": 0.12,
    "tank_truck": 0.05,
    "motorcycle": 0.04,
    "three_wheeler": 0.03,
}
"""How often each kind passes."""

WHITE: Colour = ("white", (0.80, 0.80, 0.79))
GREY: Colour = ("grey", (0.30, 0.31, 0.32))
BLACK: Colour = ("black", (0.015, 0.015, 0.017))
RED: Colour = ("red", (0.42, 0.015, 0.015))
BLUE: Colour = ("blue", (0.015, 0.08, 0.34))
YELLOW: Colour = ("yellow", (0.75, 0.40, 0.01))
GREEN: Colour = ("green", (0.03, 0.22, 0.07))
BROWN: Colour = ("brown", (0.16, 0.07, 0.03))

OPEN_BODIES: tuple[Body, ...] = ("stake", "flat", "tipper")

GOODS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("33", "1203", ("3",)),
    ("30", "1202", ("3",)),
    ("33", "1170", ("3",)),
    ("336", "1230", ("3", "6.1")),
    ("23", "1965", ("2.1",)),
    ("22", "1977", ("2.2",)),
    ("268", "1005", ("2.3", "8")),
    ("80", "1824", ("8",)),
    ("80", "1789", ("8",)),
    ("58", "2014", ("5.1", "8")),
    ("60", "2810", ("6.1",)),
    ("90", "3082", ("9",)),
)
"""Goods that tank trucks carry: hazard number, UN number, classes (UN model regulations)."""


@dataclass(frozen=True, slots=True)
class Form:
    """One lay-out of a kind: sizes in metres, masses in tonnes."""

    groups: tuple[int, ...]
    length: Span
    width: Span
    height: Span
    overhang: Span
    """From the front to the first axle."""
    wheelbase: Span
    """From the last steered axle to the first driven one."""
    tare_t: Span
    bodies: tuple[Body, ...] = ("none",)
    limit_t: float | None = None
    """Its own mass limit, where it is below that of GB 1589-2016 for its axles."""
    share: float = 1.0


_CAR = ((1.78, 1.85), (1.44, 1.50), (0.88, 0.95), (2.62, 2.76), (1.25, 1.60))
_RIGID: tuple[Body, ...] = ("box", "stake", "flat")
_TRAILERS: tuple[Body, ...] = ("stake", "box", "container", "flat")
FORMS: dict[Kind, tuple[Form, ...]] = {
    "sedan": (Form((1, 1), (4.5, 4.9), *_CAR, limit_t=1.95),),
    "taxi": (Form((1, 1), (4.45, 4.75), *_CAR, limit_t=1.85),),
    "suv": (
        Form((1, 1), (4.45, 4.9), (1.82, 1.95), (1.64, 1.78), (0.88, 0.95), (2.64, 2.82), (1.5, 2.0), limit_t=2.4),
    ),
    "minivan": (
        Form((1, 1), (4.0, 4.5), (1.62, 1.72), (1.85, 1.95), (0.65, 0.8), (2.6, 2.9), (1.1, 1.4), limit_t=1.95),
        Form((1, 1), (4.8, 5.3), (1.70, 1.90), (1.95, 2.25), (0.9, 1.05), (2.8, 3.1), (1.6, 2.1), limit_t=3.2),
    ),
    "coach": (
        Form((1, 1), (8.2, 9.0), (2.40, 2.50), (3.2, 3.4), (1.9, 2.2), (4.0, 4.4), (8.0, 9.5), limit_t=13.0),
        Form((1, 1), (10.5, 12.0), (2.50, 2.55), (3.4, 3.8), (2.4, 2.8), (5.4, 6.1), (11.5, 13.5)),
    ),
    "motorcycle": (
        Form((1, 1), (1.9, 2.1), (0.70, 0.80), (1.05, 1.15), (0.30, 0.36), (1.24, 1.36), (0.11, 0.16), limit_t=0.32),
    ),
    "three_wheeler": (
        Form((1, 1), (3.0, 3.6), (1.20, 1.45), (1.5, 1.8), (0.42, 0.55), (1.95, 2.3), (0.45, 0.75), limit_t=1.4),
    ),
    "light_truck": (
        # Blue plates end below 6 m and 4 500 kg (GA 802: from there on a truck is of middle size).
        Form(
            (1, 1), (5.6, 5.99), (1.95, 2.15), (2.3, 3.0), (1.05, 1.15), (3.1, 3.36), (2.4, 2.9), _RIGID, limit_t=4.495
        ),
    ),
    "rigid_truck": (
        Form((1, 1), (8.0, 9.0), (2.40, 2.55), (3.1, 3.95), (1.30, 1.45), (4.5, 5.1), (6.0, 7.0), _RIGID),
        Form((1, 2), (10.5, 12.0), (2.50, 2.55), (3.3, 3.98), (1.35, 1.48), (5.3, 6.0), (9.5, 11.0), _RIGID, share=0.7),
        Form((2, 2), (11.0, 12.0), (2.50, 2.55), (3.3, 3.98), (1.35, 1.48), (4.0, 4.5), (11.0, 12.8), _RIGID),
    ),
    "tipper": (
        Form((1, 2), (8.2, 9.2), (2.48, 2.55), (2.75, 3.05), (1.35, 1.48), (3.6, 4.0), (11.5, 13.0), ("tipper",)),
        Form(
            (2, 2),
            (9.4, 10.6),
            (2.50, 2.55),
            (2.85, 3.2),
            (1.40, 1.50),
            (2.9, 3.4),
            (14.0, 15.8),
            ("tipper",),
            share=1.6,
        ),
    ),
    "semi_trailer": (
        Form(
            (1, 2, 3),
            (16.2, 17.1),
            (2.50, 2.55),
            (3.5, 3.98),
            (1.38, 1.50),
            (3.1, 3.4),
            (14.5, 16.8),
            (*_TRAILERS, "tipper"),
            share=3.0,
        ),
        Form((1, 2, 2), (15.0, 16.4), (2.50, 2.55), (3.5, 3.98), (1.38, 1.50), (3.1, 3.4), (13.5, 15.0), _TRAILERS),
        Form((1, 1, 3), (15.8, 16.9), (2.50, 2.55), (3.5, 3.98), (1.38, 1.50), (3.4, 3.8), (13.3, 15.0), _TRAILERS),
    ),
    "tank_truck": (
        Form((1, 2), (9.2, 10.5), (2.48, 2.50), (3.3, 3.6), (1.35, 1.48), (4.2, 4.9), (10.5, 12.0), ("tank",)),
        Form((2, 2), (11.0, 12.0), (2.48, 2.50), (3.4, 3.7), (1.38, 1.48), (3.8, 4.3), (13.0, 14.5), ("tank",)),
        Form((1, 2, 3), (15.8, 17.0), (2.48, 2.50), (3.6, 3.9), (1.38, 1.50), (3.1, 3.4), (15.0, 17.0), ("tank",)),
    ),
}

PAINTS: dict[Kind, tuple[Colour, ...]] = {
    "sedan": (WHITE, WHITE, GREY, BLACK, RED, BLUE, BROWN),
    "suv": (WHITE, WHITE, GREY, BLACK, RED, BLUE),
    "taxi": (("blue", (0.03, 0.22, 0.45)), YELLOW, GREEN, ("red", (0.5, 0.05, 0.02))),
    "minivan": (WHITE, WHITE, GREY, ("grey", (0.5, 0.5, 0.5))),
    "coach": (WHITE, WHITE, YELLOW, BLUE, RED, GREEN),
    "light_truck": (WHITE, WHITE, BLUE, BLUE, RED, GREY),
    "rigid_truck": (WHITE, RED, RED, BLUE, BLUE, YELLOW, ("blue", (0.03, 0.20, 0.42)), GREEN),
    "tipper": (RED, RED, BLUE, GREEN, YELLOW, WHITE, ("yellow", (0.70, 0.22, 0.01)), GREY),
    "semi_trailer": (RED, RED, WHITE, BLUE, YELLOW, GREY, GREEN, BROWN),
    "tank_truck": (WHITE, WHITE, RED, BLUE, YELLOW),
    "motorcycle": (RED, BLACK, BLUE, GREY),
    "three_wheeler": (BLUE, RED, GREEN),
}


def limit_kg(axles: int, combination: bool) -> float:
    """Limit of the total mass for the axles on the ground, GB 1589-2016 table 3 (62号令 art. 3 has the same).

    ValueError for numbers of axles that the table does not hold.
    """
    table = {3: 27, 4: 36, 5: 43, 6: 49} if combination else {2: 18, 3: 25, 4: 31}
    if axles not in table:
        raise ValueError(f"no limit known for {axles} axles{' in combination' if combination else ''}")
    return table[axles] * 1000.0


def sample_vehicle(
    rng: np.random.Generator,
    kind: Kind | None = None,
    *,
    identity: str | None = None,
    groups: tuple[int, ...] | None = None,
    body: Body | None = None,
    load: Load | None = None,
    raised_boards: bool | None = None,
    lifted_axles: tuple[int, ...] | None = None,
    over_limit: bool | None = None,
    panel: bool | None = None,
    diamonds: bool | None = None,
    people_in_bed: int = 0,
    plate: str | None = None,
) -> VehicleSpec:
    """A vehicle of this kind or any; what is given is kept, the rest drawn, mostly lawful.

    `groups` picks the lay-out of axles; `panel` and `diamonds` say whether a tank truck wears them; `plate` is the
    text of its own front plate. ValueError where what is given does not exist together.
    """
    kind = kind or KINDS[int(rng.choice(len(KINDS), p=[KIND_SHARES[name] for name in KINDS]))]
    form = _form(rng, kind, groups, body)
    chosen_body = body or form.bodies[int(rng.integers(len(form.bodies)))]
    chosen_load = load or _load(rng, chosen_body)
    if people_in_bed and load is None:
        chosen_load = "empty"
    if raised_boards is None:
        raised_boards = chosen_body == "tipper" and bool(rng.random() < (0.25 if chosen_load == "heaped" else 0.06))
    if lifted_axles is None:
        lifted_axles = _lifted(rng, form, chosen_load)
    combination = len(form.groups) == 3
    grounded = sum(form.groups) - len(lifted_axles)
    limit = form.limit_t * 1000.0 if form.limit_t else limit_kg(grounded, combination)
    name, paint = PAINTS[kind][int(rng.integers(len(PAINTS[kind])))]
    length = _within(rng, form.length)
    front_plate, rear_plate = _plates(rng, kind, combination, plate)
    goods = _goods(rng, kind, panel, diamonds)
    return VehicleSpec(
        identity=identity or f"{kind}-{int(rng.integers(1 << 32)):08x}",
        kind=kind,
        seed=int(rng.integers(1 << 31)),
        length_m=length,
        width_m=_within(rng, form.width),
        height_m=_height(rng, form, chosen_body, chosen_load, raised_boards),
        axle_x_m=_axles(rng, form, length),
        axle_groups=form.groups,
        body=chosen_body,
        colour=paint,
        colour_name=name,
        load=chosen_load,
        raised_boards=raised_boards,
        lifted_axles=lifted_axles,
        dirt=round(float(rng.beta(1.6, 3.0 if kind not in ("tipper", "three_wheeler") else 1.6)), 2),
        front_plate=front_plate,
        rear_plate=rear_plate,
        panel=goods[0],
        diamonds=goods[1],
        people_in_bed=people_in_bed,
        mass_kg=_mass(rng, form, limit, chosen_body, chosen_load, raised_boards, over_limit),
        limit_kg=limit,
    )


def _within(rng: np.random.Generator, span: Span, digits: int = 2) -> float:
    return round(float(rng.uniform(*span)), digits)


def _form(rng: np.random.Generator, kind: Kind, groups: tuple[int, ...] | None, body: Body | None) -> Form:
    fitting = [form for form in FORMS[kind] if groups in (None, form.groups) and (body is None or body in form.bodies)]
    if not fitting:
        known = ", ".join(f"{form.groups} with {'/'.join(form.bodies)}" for form in FORMS[kind])
        raise ValueError(f"no {kind} with axle groups {groups} and body {body}; known are {known}")
    shares = np.array([form.share for form in fitting])
    return fitting[int(rng.choice(len(fitting), p=shares / shares.sum()))]


def _load(rng: np.random.Generator, body: Body) -> Load:
    if body not in OPEN_BODIES:
        return "none"
    loads: tuple[Load, ...] = ("empty", "level", "covered", "heaped")
    shares = {"tipper": (0.30, 0.25, 0.33, 0.12), "stake": (0.2, 0.3, 0.5, 0.0), "flat": (0.3, 0.35, 0.3, 0.05)}[body]
    return loads[int(rng.choice(4, p=shares))]


def _lifted(rng: np.random.Generator, form: Form, load: Load) -> tuple[int, ...]:
    """Empty trucks lift an axle now and then: a trailer's first, or the last of a tandem."""
    if load not in ("empty", "none") or form.groups in ((1, 1), (1, 2)) or rng.random() > 0.25:
        return ()
    combination = len(form.groups) == 3
    return (form.groups[0] + form.groups[1],) if combination else (sum(form.groups) - 1,)


def _height(rng: np.random.Generator, form: Form, body: Body, load: Load, raised: bool) -> float:
    """Overall height with the load; 4.0 m is the limit of GB 1589-2016."""
    low, high = form.height
    if body == "flat":
        high = low + 0.1
    elif body in ("box", "container"):
        low = high - 0.3
    elif body == "tipper" and len(form.groups) == 3:
        low, high = 3.0, 3.4
    height = _within(rng, (low, high))
    if body == "tipper":
        height += {"heaped": 0.55, "covered": 0.16}.get(load, 0.0) + (0.6 if raised else 0.0)
    return round(height, 2)


def _axles(rng: np.random.Generator, form: Form, length: float) -> tuple[float, ...]:
    """X of each axle: steered ones 1.8 to 2 m apart, driven 1.35 m, a trailer's 1.31 m."""
    places = [length / 2 - _within(rng, form.overhang)]
    if form.groups[0] == 2:
        places.append(places[0] - _within(rng, (1.8, 2.0)))
    for number in range(form.groups[1]):
        places.append(places[-1] - (1.35 if number else _within(rng, form.wheelbase)))
    if len(form.groups) == 3:
        last = -length / 2 + _within(rng, (1.35, 2.0))
        places += [last + 1.31 * number for number in reversed(range(form.groups[2]))]
    return tuple(round(place, 3) for place in places)


def _mass(
    rng: np.random.Generator, form: Form, limit: float, body: Body, load: Load, raised: bool, over: bool | None
) -> float:
    """True total mass, to 10 kg; heaps and raised boards often go with too much of it."""
    tare = 1000.0 * float(rng.uniform(*form.tare_t))
    if over is None:
        over = load != "empty" and bool(rng.random() < (0.6 if raised else 0.4 if load == "heaped" else 0.03))
        over = over and body != "none"
    if over:
        mass = limit * float(rng.uniform(1.08, 1.75))
    elif load == "empty":
        mass = tare
    else:
        full = limit * float(rng.uniform(0.93, 1.0) if load == "heaped" else rng.uniform(0.70, 0.99))
        mass = max(tare, full) if load != "none" else tare + (full - tare) * float(rng.uniform(0.0, 1.0))
    return round(mass, -1)


def _plates(
    rng: np.random.Generator, kind: Kind, combination: bool, text: str | None
) -> tuple[PlateSpec | None, PlateSpec | None]:
    """Front and rear plate; a semi-trailer wears its own, motorcycles and three-wheelers only one behind."""
    types: dict[Kind, tuple[PlateType, ...]] = {
        "sedan": ("small_car", "small_car", "small_nev"),
        "suv": ("small_car", "small_car", "small_nev"),
        "taxi": ("small_car", "small_nev"),
        "minivan": ("small_car", "small_car", "small_car", "small_nev"),
        "coach": ("large_car", "large_car", "large_car", "large_nev"),
        "light_truck": ("small_car",),
        "motorcycle": ("motorcycle",),
        "three_wheeler": ("low_speed",),
    }
    choices = types.get(kind, ("large_car",))
    own = random_plate(rng, choices[int(rng.integers(len(choices)))])
    if text is not None:
        own = PlateSpec(text, own.type if len(text) == _length(own.type) else choices[0], own.lines)
    if kind in ("motorcycle", "three_wheeler"):
        return None, own
    if combination:
        return own, random_plate(rng, "trailer")
    lines: Literal[1, 2] = 2 if own.type == "large_car" else 1
    return own, PlateSpec(own.text, own.type, lines)


def _length(kind: PlateType) -> int:
    return 8 if kind in ("small_nev", "large_nev") else 7


def _goods(
    rng: np.random.Generator, kind: Kind, panel: bool | None, diamonds: bool | None
) -> tuple[PanelSpec | None, tuple[str, ...]]:
    """Orange panel and diamonds; most tank trucks carry dangerous goods and wear both."""
    if kind != "tank_truck" and not panel and not diamonds:
        return None, ()
    dangerous = bool(rng.random() < 0.9)
    hazard, un, classes = GOODS[int(rng.integers(len(GOODS)))]
    if rng.random() < 0.05:
        hazard, un = "", ""
    worn = PanelSpec(hazard, un) if (panel if panel is not None else dangerous) else None
    return worn, classes if (diamonds if diamonds is not None else dangerous) else ()
