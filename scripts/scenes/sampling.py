"""Vehicles drawn at random, but true to life: sizes, axles, masses, plates and signs that fit together."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import yaml

from models.lab.signs.lettering import random_plate
from models.lab.signs.spec import PanelSpec, PlateSpec, PlateType
from scripts.scenes.kinds import BODIES_FOR, FLAT_HEIGHT, FORMS, GOODS, KIND_SHARES, KINDS, PAINTS, Form, Span
from scripts.scenes.spec import Body, Kind, Load, VehicleSpec

Word = TypeVar("Word", bound=str)
RULES = Path(__file__).resolve().parents[2] / "configs/rules/loads.yaml"


def drawn(rng: np.random.Generator, weights: dict[Word, float]) -> Word:
    """One of the words, each as likely as its weight."""
    names = list(weights)
    return names[int(rng.choice(len(names), p=np.array(list(weights.values())) / sum(weights.values())))]


@lru_cache
def _limits() -> dict[tuple[int, bool], float]:
    """Limits of the newest OL-01 of the rule book, in kg, by axles and whether it is a combination.

    Read as plain YAML: a machine that renders has none of the box's packages.
    """
    tables = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    rule = max((r for r in tables["rules"] if r["id"] == "OL-01"), key=lambda r: r["version"])
    rows = [row for row in rule["limits"]["rows"].values() if not row.get("one_drive_axle")]
    return {(row["axles"], row["combination"]): float(row["limit"]["value"]) for row in rows}


def limit_kg(axles: int, combination: bool) -> float:
    """Limit of the total mass for the axles on the ground. ValueError for numbers of axles that the table has not."""
    limit = _limits().get((axles, combination))
    if limit is None:
        raise ValueError(f"no limit known for {axles} axles{' in combination' if combination else ''}")
    return limit


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
    if people_in_bed and load is None and kind in ("light_truck", "rigid_truck"):
        load, body = "empty", body or ("stake" if rng.random() < 0.5 else "flat")
    form, bodies = _form(rng, kind, groups, body, load)
    chosen_body = bodies[int(rng.integers(len(bodies)))]
    chosen_load = load or _load(rng, chosen_body)
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
        height_m=_height(rng, kind, form, chosen_body, chosen_load, raised_boards),
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


def _form(
    rng: np.random.Generator, kind: Kind, groups: tuple[int, ...] | None, body: Body | None, load: Load | None
) -> tuple[Form, list[Body]]:
    """A lay-out that fits what is wished, and its bodies that fit."""
    fitting: list[tuple[Form, list[Body]]] = []
    for form in FORMS[kind]:
        bodies = [name for name in form.bodies if body in (None, name) and (load is None or name in BODIES_FOR[load])]
        if bodies and groups in (None, form.groups):
            fitting.append((form, bodies))
    if not fitting:
        known = ", ".join(f"{form.groups} with {'/'.join(form.bodies)}" for form in FORMS[kind])
        raise ValueError(f"no {kind} with axle groups {groups}, body {body} and load {load}; known are {known}")
    shares = np.array([form.share for form, _ in fitting])
    if not shares.any():
        shares[:] = 1.0
    return fitting[int(rng.choice(len(fitting), p=shares / shares.sum()))]


def _load(rng: np.random.Generator, body: Body) -> Load:
    if body in BODIES_FOR["none"]:
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


def _height(rng: np.random.Generator, kind: Kind, form: Form, body: Body, load: Load, raised: bool) -> float:
    """Overall height with the load; 4.0 m is the limit of GB 1589-2016."""
    low, high = form.height
    if body == "flat":
        low, high = FLAT_HEIGHT[kind]
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
