"""From the reader's probabilities to a text: the likeliest one that could stand on such a sign."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from detector.plate_types import DIGITS, TYPES, allowed
from detector.sign import EMPTY_PANEL, UNREAD, Chances, Logs, SignKind
from detector.sign_alphabet import ALPHABET, COLOURS, PLACES

LEAST_CHARACTER = 0.5
"""A character less probable than this is not read. Of drawn characters held out, 0.30 were right where the reader gave
0.2 to 0.45, 0.51 at 0.45 to 0.6, 0.73 at 0.6 to 0.7, 0.90 at 0.8 to 0.9, 0.998 above 0.95."""
RARE = {"o": {"0": -3.0}}
"""Natural logarithms by which characters are rarer in a place than others."""
HAZARD_CLASSES = [
    "1.1",
    "1.2",
    "1.3",
    "1.4",
    "1.5",
    "1.6",
    "2.1",
    "2.2",
    "2.3",
    "3",
    "4.1",
    "4.2",
    "4.3",
    "5.1",
    "5.2",
    "6.1",
    "6.2",
    "7",
    "8",
    "9",
]
"""Classes and divisions of dangerous goods by GB 6944 and JT/T 617.5."""
_IDS = {character: number for number, character in enumerate(ALPHABET)}
_EMPTY = _IDS[""]


@dataclass(frozen=True, slots=True)
class Text:
    """What a sign most probably says."""

    kind: SignKind
    colour: str
    text: str
    score: float
    """Product of the probabilities of what was read."""
    character_scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Form:
    """One way in which a sign can be written."""

    colours: tuple[int, ...]
    penalty: Logs
    """(PLACES, len(ALPHABET)) added to the logarithms; minus infinity where a character cannot stand."""


def decode(chances: Chances) -> Text | None:
    """The likeliest text of one sign; None where no sign is the likeliest."""
    slots, kinds = chances.slots, chances.kinds
    best = int(np.argmax(kinds))
    if COLOURS[best] == "none":
        return None
    if COLOURS[best] == "panel":
        return _panel(slots, float(np.exp(kinds[best])))
    if COLOURS[best] == "diamond":
        return _diamond(slots, float(np.exp(kinds[best])))
    return _plate(slots, kinds)


def _plate(slots: Logs, kinds: Logs) -> Text:
    """The best text over all forms; colour and form are weighed together."""
    found, most = None, -np.inf
    for form in _plate_forms():
        fitted = slots + form.penalty
        picks = np.argmax(fitted, axis=1)
        weight = float(fitted[np.arange(PLACES), picks].sum() + np.logaddexp.reduce(kinds[list(form.colours)]))
        if weight > most:
            found, most = (picks, form), weight
    assert found is not None
    picks, form = found
    colour = max(form.colours, key=lambda number: float(kinds[number]))
    return _written("plate", COLOURS[colour], slots, picks, float(np.exp(kinds[colour])))


def _written(kind: SignKind, colour: str, slots: Logs, picks: np.ndarray[Any, Any], sure: float) -> Text:
    places = [place for place in range(PLACES) if picks[place] != _EMPTY]
    scores = [float(np.exp(slots[place, picks[place]])) for place in places]
    read = [ALPHABET[picks[place]] if p >= LEAST_CHARACTER else UNREAD for place, p in zip(places, scores, strict=True)]
    return Text(kind, colour, "".join(read), sure * _product(scores), tuple(scores))


def _panel(slots: Logs, sure: float) -> Text:
    """Hazard number over UN number, or an empty panel."""
    digits = [_IDS[digit] for digit in DIGITS]
    empty = float(slots[:, _EMPTY].sum())
    un = slots[4:][:, digits]
    lines = [([_IDS["X"]] if x else []) + [-1] * count for x in (False, True) for count in (2, 3)]
    best, most = None, -np.inf
    for line in lines:
        picks = [digits[int(np.argmax(slots[place, digits]))] if c < 0 else c for place, c in enumerate(line)]
        padded = [*picks, *[_EMPTY] * (4 - len(picks))]
        weight = float(sum(slots[place, c] for place, c in enumerate(padded)))
        if weight > most:
            best, most = picks, weight
    assert best is not None
    if empty > most + float(un.max(axis=1).sum()):
        return Text("panel", "orange", EMPTY_PANEL, sure * float(np.exp(empty)), (1.0,))
    picks = [*best, *[digits[int(number)] for number in np.argmax(un, axis=1)]]
    places = [*range(len(best)), 4, 5, 6, 7]
    scores = [float(np.exp(slots[place, c])) for place, c in zip(places, picks, strict=True)]
    read = [ALPHABET[c] if p >= LEAST_CHARACTER else UNREAD for c, p in zip(picks, scores, strict=True)]
    upper = len(best)
    text = "".join([*read[:upper], "/", *read[upper:]])
    return Text("panel", "orange", text, sure * _product(scores), (*scores[:upper], 1.0, *scores[upper:]))


def _diamond(slots: Logs, sure: float) -> Text:
    weights = [_spelled(slots, name.replace(".", "")) for name in HAZARD_CLASSES]
    best = int(np.argmax(weights))
    score = float(np.exp(weights[best]))
    text = HAZARD_CLASSES[best] if score >= LEAST_CHARACTER else UNREAD
    return Text("diamond", "", text, sure * score, (score,) * len(text))


def _spelled(slots: Logs, digits: str) -> float:
    padded = [_IDS[digit] for digit in digits] + [_EMPTY] * (2 - len(digits))
    return float(sum(slots[place, c] for place, c in enumerate(padded)))


@lru_cache(maxsize=1)
def _plate_forms() -> tuple[_Form, ...]:
    forms = []
    for kind in TYPES:
        for form in kind.forms:
            penalty = np.full((PLACES, len(ALPHABET)), -np.inf, np.float32)
            for place, (letter, characters) in enumerate(zip(form, allowed(form), strict=True)):
                for character in characters:
                    penalty[place, _IDS[character]] = RARE.get(letter, {}).get(character, 0.0)
            penalty[len(form) :, _EMPTY] = 0.0
            forms.append(_Form(tuple(COLOURS.index(colour) for colour in sorted(kind.colours)), penalty))
    return tuple(forms)


def _product(scores: list[float]) -> float:
    read = [score for score in scores if score >= LEAST_CHARACTER]
    return float(np.prod(read)) if read else 0.0
