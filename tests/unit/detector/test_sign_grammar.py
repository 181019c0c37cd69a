"""From probabilities to texts that can stand on a sign, and what type of plate a text is."""

from __future__ import annotations

import numpy as np
import pytest

from detector.plate_types import TYPES, lawful, type_of
from detector.sign import Chances, Logs
from detector.sign_alphabet import ALPHABET, COLOURS, PLACES
from detector.sign_grammar import HAZARD_CLASSES, Text, decode

Guess = dict[str, float]


def slots(*guesses: Guess) -> Logs:
    """Logarithms for the first places as guessed, the rest empty; what is left over is shared by all characters."""
    shares = np.full((PLACES, len(ALPHABET)), 1e-6)
    for place in range(PLACES):
        guess = guesses[place] if place < len(guesses) else {"": 0.999}
        shares[place] += (1 - sum(guess.values())) / len(ALPHABET)
        for character, share in guess.items():
            shares[place, ALPHABET.index(character)] += share
    return np.asarray(np.log(shares / shares.sum(axis=1, keepdims=True)), np.float32)


def read(slots: Logs, kinds: Logs) -> Text | None:
    return decode(Chances(slots, kinds))


def sure(text: str) -> list[Guess]:
    return [{character: 0.98} for character in text]


def kind(name: str) -> Logs:
    shares = np.full(len(COLOURS), 1e-4)
    shares[COLOURS.index(name)] = 1
    return np.asarray(np.log(shares / shares.sum()), np.float32)


@pytest.mark.parametrize(
    ("text", "colour", "type_"),
    [
        ("闽H12345", "blue", "small_car"),
        ("闽H12345", "yellow", "large_car"),
        ("闽HD12345", "green", "small_nev"),
        ("闽HDL2345", "green", "small_nev"),
        ("闽H12345D", "yellow_green", "large_nev"),
        ("闽H1234挂", "yellow", "trailer"),
        ("闽H1234学", "yellow", "learner"),
        ("粤Z1234港", "black", "hk_macao"),
        ("闽A1234警", "white", "police"),
        ("闽S1234应急", "white", "emergency"),
        ("京A1234领", "black", "consulate"),
        ("使123456", "black", "embassy"),
        ("WJ京1234X", "white", "armed_police"),
        ("VA12345", "white", "military"),
        ("闽HA123试", "blue", "temporary"),
    ],
)
def test_each_type_of_plate_is_known_by_its_text_and_colour(text: str, colour: str, type_: str) -> None:
    assert type_of(text, colour) == type_


@pytest.mark.parametrize("text", ["闽HO2345", "闽HI2345", "H123456", "闽H1234", "闽H123456", "闽H12-45", ""])
def test_what_no_plate_bears_is_no_lawful_text(text: str) -> None:
    assert not lawful(text)
    assert type_of(text, "blue") == "unknown"


def test_a_trailer_is_never_blue() -> None:
    assert type_of("闽H1234挂", "blue") == "unknown"


def test_every_type_has_an_example_that_is_lawful() -> None:
    from detector.plate_types import allowed

    for kind_ in TYPES:
        for form in kind_.forms:
            assert lawful("".join(characters[0] for characters in allowed(form))), kind_.name


def test_a_clear_plate_is_read_as_it_stands() -> None:
    text = read(slots(*sure("闽H12345")), kind("blue"))
    assert text is not None
    assert (text.kind, text.colour, text.text) == ("plate", "blue", "闽H12345")
    assert text.score == pytest.approx(0.98**7, abs=0.02)


def test_the_grammar_decides_between_characters_that_look_alike() -> None:
    """The last of a plate of new energy for large vehicles is a letter: D and not 0, though 0 looks likelier."""
    text = read(slots(*sure("闽H12345"), {"0": 0.55, "D": 0.43}), kind("yellow_green"))
    assert text is not None
    assert text.text.startswith("闽H12345")
    assert text.text[-1] in "D-"


@pytest.mark.parametrize(("digit", "letter", "text"), [(0.45, 0.54, "闽B12345"), (0.6, 0.39, "闽-12345")])
def test_a_digit_never_stands_second(digit: float, letter: float, text: str) -> None:
    found = read(slots({"闽": 0.99}, {"8": digit, "B": letter}, *sure("12345")), kind("blue"))
    assert found is not None
    assert found.text == text


def test_a_character_that_nobody_can_read_is_a_dash_and_lowers_no_other() -> None:
    text = read(slots(*sure("闽H12"), {"3": 0.2, "8": 0.2}, *sure("45")), kind("blue"))
    assert text is not None
    assert text.text == "闽H12-45"
    assert text.character_scores[4] < 0.5
    assert text.score > 0.8


def test_no_sign_says_nothing() -> None:
    assert read(slots(*sure("闽H12345")), kind("none")) is None


@pytest.mark.parametrize(("hazard", "un"), [("33", "1203"), ("X423", "1428"), ("268", "1005"), ("X88", "1829")])
def test_a_panel_has_its_hazard_number_over_its_un_number(hazard: str, un: str) -> None:
    blank: list[Guess] = [{"": 0.99}] * (4 - len(hazard))
    text = read(slots(*sure(hazard), *blank, *sure(un)), kind("panel"))
    assert text is not None
    assert (text.kind, text.colour, text.text) == ("panel", "orange", f"{hazard}/{un}")


def test_an_empty_panel_is_told_from_one_that_cannot_be_read() -> None:
    empty = read(slots(), kind("panel"))
    assert empty is not None
    assert empty.text == "/"
    unread = read(slots(*[{"3": 0.3}] * 2, {"": 0.9}, {"": 0.9}, *[{"1": 0.3}] * 4), kind("panel"))
    assert unread is not None
    assert unread.text == "--/----"


@pytest.mark.parametrize("name", HAZARD_CLASSES)
def test_a_diamond_says_its_class(name: str) -> None:
    text = read(slots(*sure(name.replace(".", ""))), kind("diamond"))
    assert text is not None
    assert text.text == name
