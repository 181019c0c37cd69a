"""Types of Chinese number plates: what their texts look like and which colours they come in.

Patterns and colours follow GA 36-2018 and GA 802; the first two characters are province and
office, and the letters I and O do not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"
MARKS = "挂学警港澳使领应急试超"
CHARACTERS = DIGITS + LETTERS + PROVINCES + MARKS
"""All that a plate may bear."""


@dataclass(frozen=True, slots=True)
class PlateType:
    """One type of plate."""

    name: str
    """As on the wire and in the registry."""
    colours: frozenset[str]
    pattern: str
    """Regular expression of the whole text; P is a province, L a letter, S a letter or digit, E the letter of a
    vehicle of new energy."""
    lines: frozenset[int] = frozenset({1})


def _type(name: str, colours: str, pattern: str, *lines: int) -> PlateType:
    return PlateType(name, frozenset(colours.split()), pattern, frozenset(lines or (1,)))


TYPES = (
    _type("small_nev", "green", r"PLES\d{4}"),
    _type("large_nev", "yellow_green", r"PL\d{5}E"),
    _type("trailer", "yellow", r"PLS{4}挂", 2),
    _type("learner", "yellow", r"PLS{4}学"),
    _type("hk_macao", "black", r"粤ZS{4}[港澳]"),
    _type("police", "white", r"PLS{4}警"),
    _type("emergency", "white", r"P[XS]\d{4}应急"),
    _type("consulate", "black", r"PL\d{4}领"),
    _type("embassy", "black", r"使\d{6}|\d{6}使"),
    _type("armed_police", "white", r"WJP?\d{4}[0-9TDSHBXJ]"),
    _type("military", "white", r"[VKHBSLJNGCEZ][A-DJ-PR-TVY]\d{5}"),
    _type("temporary", "blue white", r"PLS{4,5}[试超]"),
    _type("large_car", "yellow", r"PLS{5}", 1, 2),
    _type("small_car", "blue", r"PLS{5}"),
)
"""Tried in this order: the first that fits text and colour is the type."""

_CLASSES = {"P": f"[{PROVINCES}]", "L": "[A-HJ-NP-Z]", "S": "[A-HJ-NP-Z0-9]", "E": "[A-HJK]"}


@lru_cache(maxsize=len(TYPES))
def _compiled(pattern: str) -> re.Pattern[str]:
    spelled, inside = [], False
    for before, character in zip(" " + pattern, pattern, strict=False):
        inside = (inside or character == "[") and character != "]"
        escaped = inside or before == "\\"
        spelled.append(character if escaped else _CLASSES.get(character, character))
    return re.compile("".join(spelled))


def fits(text: str, kind: PlateType) -> bool:
    """Whether a text could stand on a plate of this type; UNREAD characters fit nothing."""
    return _compiled(kind.pattern).fullmatch(text) is not None


def type_of(text: str, colour: str) -> str:
    """The plate type of a text on this colour, or `unknown` where the two do not go together."""
    return next((kind.name for kind in TYPES if colour in kind.colours and fits(text, kind)), "unknown")


def lawful(text: str) -> bool:
    """Whether the text could stand on a plate of any type."""
    return any(fits(text, kind) for kind in TYPES)
