"""Number plates as registers write them: codes of their types, one way to write a number, and how a log shows it."""

from __future__ import annotations

import re
import unicodedata

from detector.plate_types import CHARACTERS, ENERGY_LETTERS

PLATE_CODES = {
    "large_car": "01",
    "small_car": "02",
    "embassy": "03",
    "consulate": "04",
    "motorcycle": "07",
    "light_motorcycle": "08",
    "low_speed": "13",
    "trailer": "15",
    "learner": "16",
    "temporary": "22",
    "police": "23",
    "armed_police": "31",
    "military": "32",
    "large_nev": "51",
    "small_nev": "52",
}
"""Plate types by GA/T 16.7; those of Hong Kong and Macao go by their last character."""
PLATE_NAMES = {
    "01": "大型汽车",
    "02": "小型汽车",
    "03": "使馆汽车",
    "04": "领馆汽车",
    "05": "境外汽车",
    "06": "外籍汽车",
    "07": "普通摩托车",
    "08": "轻便摩托车",
    "09": "使馆摩托车",
    "10": "领馆摩托车",
    "11": "境外摩托车",
    "12": "外籍摩托车",
    "13": "低速车",
    "14": "拖拉机",
    "15": "挂车",
    "16": "教练汽车",
    "17": "教练摩托车",
    "18": "试验汽车",
    "19": "试验摩托车",
    "20": "临时入境汽车",
    "21": "临时入境摩托车",
    "22": "临时行驶车",
    "23": "警用汽车",
    "24": "警用摩托车",
    "25": "原农机",
    "26": "香港入出境车",
    "27": "澳门入出境车",
    "31": "武警",
    "32": "军队",
    "51": "大型新能源汽车",
    "52": "小型新能源汽车",
    "99": "其他",
}
"""All types of GA/T 16.7, with those of new energy that came later."""
_BY_WORD = PLATE_CODES | {name: code for code, name in PLATE_NAMES.items()}
_ENDINGS = {
    "挂": ("15",),
    "学": ("16", "17"),
    "警": ("23", "24"),
    "港": ("26",),
    "澳": ("27",),
}
"""Last characters that go with certain types and with no other."""
_TYPES_WITH_ENDING = {code: ending for ending, codes in _ENDINGS.items() for code in codes}
_NEW_ENERGY = {"51": -1, "52": 2}
"""Types of new energy, and where their letter stands."""
_OF_SEVEN = ("01", "02", "05", "06", "07", "08", "13")
"""Types whose numbers have seven characters."""
_NUMBER = re.compile(f"[{CHARACTERS}WJ临民航]{{5,9}}")
_SEPARATORS = str.maketrans(dict.fromkeys(" \t\xa0\u3000·•・‧∙●.") | {"O": "0"})


def plate_code(text: str) -> str:
    """Code of a plate type given as code, as our word or by its Chinese name. Raises ValueError with the remedy.

    A single digit is taken for a code whose zero a spreadsheet has dropped.
    """
    code = text.zfill(2) if text.isdecimal() else _BY_WORD.get(text, "")
    if code not in PLATE_NAMES:
        raise ValueError(
            f"{text!r} is no plate type: give its code by GA/T 16.7 (01 large, 02 small, 15 trailer, 51 and 52 new "
            f"energy...), its name (大型汽车, 小型汽车...) or one of {', '.join(PLATE_CODES)}"
        )
    return code


def normal_plate(text: str) -> str:
    """A number as it is stored and looked up: half-width capitals without dots and spaces, and 0 for the letter O."""
    return unicodedata.normalize("NFKC", text).upper().translate(_SEPARATORS)


def plate_fault(plate: str, code: str) -> str | None:
    """What is wrong with a number of a type, or None. A vehicle entered under a wrong type would never be found."""
    if _NUMBER.fullmatch(plate) is None:
        return f"{plate!r} is no plate number: write it like 闽H12345, all characters known"
    ending, wanted = plate[-1], _TYPES_WITH_ENDING.get(code)
    if code not in _ENDINGS.get(ending, (code,)):
        return f"a number ending in {ending} is of type {' or '.join(_ENDINGS[ending])}, not {code}"
    if wanted not in (None, ending):
        return f"a number of type {code} ends in {wanted}"
    if code in _NEW_ENERGY and len(plate) != 8:
        return f"a number of type {code} (new energy) has 8 characters, this has {len(plate)}"
    if code in _NEW_ENERGY and plate[_NEW_ENERGY[code]] not in ENERGY_LETTERS:
        return "the letter of new energy stands third on small cars (52) and last on large ones (51)"
    if code in _OF_SEVEN and len(plate) != 7:
        remedy = "; with 8 it is of type 51 or 52 (new energy)" if len(plate) == 8 else ""
        return f"a number of type {code} has 7 characters, this has {len(plate)}{remedy}"
    return None


def masked(plate: str) -> str:
    """A number as a log may show it: 闽H1***5."""
    return "*" * len(plate) if len(plate) < 5 else f"{plate[:3]}{'*' * (len(plate) - 4)}{plate[-1]}"
