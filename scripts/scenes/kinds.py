"""What drives by: how often each kind, its lay-outs with sizes and masses, its paints, and what tank trucks carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from scripts.scenes.spec import Body, Kind, Load

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

BODIES_FOR: dict[Load, tuple[Body, ...]] = {
    "none": ("none", "box", "container", "tank", "mixer"),
    "empty": ("stake", "flat", "tipper", "box", "container", "tank"),
    "level": ("stake", "flat", "tipper"),
    "covered": ("stake", "flat", "tipper"),
    "heaped": ("flat", "tipper"),
}
"""Bodies that can show each load: closed ones may only be told to be empty, a cage of bars holds no heap."""
FLAT_HEIGHT: dict[Kind, Span] = {"light_truck": (2.15, 2.30), "rigid_truck": (2.85, 3.15), "semi_trailer": (2.95, 3.5)}
"""A flat body ends below the cab's roof, which then is the vehicle's height."""

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
        # On roads it is rare: it is drawn only where it is asked for.
        Form(
            (2, 2),
            (9.4, 10.2),
            (2.48, 2.50),
            (3.7, 3.95),
            (1.38, 1.48),
            (3.0, 3.5),
            (13.5, 15.0),
            ("mixer",),
            share=0.0,
        ),
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
