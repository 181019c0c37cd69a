"""Types of Chinese number plates: what their texts look like and which colours they come in.

Forms and colours follow GA 36-2018 and GA 802; the first two characters are province and office, and the letters I and
O do not exist. The few plates whose office is O, given out before, are read and written with the digit 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"
MARKS = "挂学警港澳使领应急试超"
CHARACTERS = DIGITS + LETTERS + PROVINCES + MARKS
"""All that a plate may bear."""
ENERGY_LETTERS = "ABCDEFGHJK"
"""Letters of new energy: A to E run on electricity alone, F to K not."""

PLACES: dict[str, str] = {
    "p": PROVINCES,
    "l": LETTERS,
    "o": LETTERS + "0",
    "s": LETTERS + DIGITS,
    "d": DIGITS,
    "e": ENERGY_LETTERS,
    "x": "XS",
    "h": "港澳",
    "t": "试超",
    "w": DIGITS + "TDSHBXJ",
    "m": "VKHBSLJNGCEZ",
    "n": "ABCDEFGHJKLMNPRTVY",
}
"""What may stand where a form has this letter; every other character of a form stands for itself."""


@dataclass(frozen=True, slots=True)
class PlateType:
    """One type of plate."""

    name: str
    """As on the wire and in the registry."""
    colours: frozenset[str]
    forms: tuple[str, ...]
    """Of the whole text, a letter of PLACES or the character itself for each place."""


def _type(name: str, colours: str, *forms: str) -> PlateType:
    return PlateType(name, frozenset(colours.split()), forms)


TYPES = (
    _type("small_nev", "green", "plesdddd"),
    _type("large_nev", "yellow_green", "plddddde"),
    _type("trailer", "yellow", "plssss挂"),
    _type("learner", "yellow", "plssss学"),
    _type("hk_macao", "black", "粤Zssssh"),
    _type("police", "white", "possss警"),
    _type("emergency", "white", "pxdddd应急"),
    _type("consulate", "black", "pldddd领"),
    _type("embassy", "black", "使dddddd", "dddddd使"),
    _type("armed_police", "white", "WJddddw", "WJpddddw"),
    _type("military", "white", "mnddddd"),
    _type("temporary", "blue white", "plsssst", "plssssst"),
    _type("large_car", "yellow", "posssss"),
    _type("small_car", "blue", "posssss"),
)
"""Tried in this order: the first that fits text and colour is the type."""
SMALL_VEHICLES = {
    ("motorcycle", "yellow"): "motorcycle",
    ("motorcycle", "blue"): "light_motorcycle",
    ("three_wheeler", "yellow"): "low_speed",
}
"""Types that bear the texts and colours of cars' plates, by the class of the vehicle and the colour."""


@lru_cache(maxsize=64)
def allowed(form: str) -> tuple[str, ...]:
    """What may stand in each place of a form."""
    return tuple(PLACES.get(place, place) for place in form)


def types_of(text: str) -> Iterator[PlateType]:
    """All types that a text could stand on; none for one with a character that was not read."""
    for kind in TYPES:
        for form in kind.forms:
            if len(form) == len(text) and all(c in of for c, of in zip(text, allowed(form), strict=True)):
                yield kind


def type_of(text: str, colour: str, vehicle: str = "") -> str:
    """The plate type of a text on this colour, or `unknown` where the two do not go together.

    Without the class of the `vehicle` a motorcycle's plate is taken for that of a car.
    """
    found = next((kind.name for kind in types_of(text) if colour in kind.colours), "unknown")
    return SMALL_VEHICLES.get((vehicle, colour), found) if found in ("large_car", "small_car") else found


def lawful(text: str) -> bool:
    """Whether the text could stand on a plate of any type."""
    return next(types_of(text), None) is not None
