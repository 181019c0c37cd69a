"""Plates and signs look and read as their standards say."""

from __future__ import annotations

import re
from typing import get_args

import numpy as np
import pytest

from models.lab.signs.hazard import DIAMONDS, diamond_image, panel_image
from models.lab.signs.lettering import (
    PLATE_COLOURS,
    PX_PER_MM,
    glyph,
    plate_image,
    plate_size_mm,
    random_plate,
    writing,
)
from models.lab.signs.spec import PanelSpec, PlateSpec, PlateType

PROVINCE, LETTER = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]", "[A-HJ-NP-Z]"
GRAMMAR: dict[PlateType, str] = {
    "large_car": f"{PROVINCE}{LETTER}[A-HJ-NP-Z0-9]{{5}}",
    "small_car": f"{PROVINCE}{LETTER}[A-HJ-NP-Z0-9]{{5}}",
    "trailer": f"{PROVINCE}{LETTER}[A-HJ-NP-Z0-9]{{4}}挂",
    "small_nev": rf"{PROVINCE}{LETTER}[A-HJK][A-HJ-NP-Z0-9]\d{{4}}",
    "large_nev": rf"{PROVINCE}{LETTER}\d{{5}}[A-HJK]",
    "motorcycle": f"{PROVINCE}{LETTER}[A-HJ-NP-Z0-9]{{5}}",
    "police": f"{PROVINCE}{LETTER}[A-HJ-NP-Z0-9]{{4}}警",
    "learner": f"{PROVINCE}{LETTER}[A-HJ-NP-Z0-9]{{4}}学",
    "low_speed": f"{PROVINCE}{LETTER}[A-HJ-NP-Z0-9]{{5}}",
}


@pytest.mark.parametrize("kind", get_args(PlateType))
def test_a_drawn_number_follows_the_grammar_of_its_type(kind: PlateType) -> None:
    rng = np.random.default_rng(7)
    texts = [random_plate(rng, kind).text for _ in range(200)]
    assert all(re.fullmatch(GRAMMAR[kind], text) for text in texts)
    assert len(set(texts)) > 190


def test_most_numbers_are_from_nanping_and_some_from_other_provinces() -> None:
    rng = np.random.default_rng(1)
    texts = [random_plate(rng, "large_car").text for _ in range(500)]
    home = sum(text.startswith("闽H") for text in texts)
    assert 300 < home < 420
    assert any(not text.startswith("闽") for text in texts)


@pytest.mark.parametrize(
    ("plate", "size"),
    [
        (PlateSpec("闽H12345", "large_car"), (440, 140)),
        (PlateSpec("闽H12345", "large_car", 2), (440, 220)),
        (PlateSpec("闽H1234挂", "trailer", 2), (440, 220)),
        (PlateSpec("闽HD12345", "small_nev"), (480, 140)),
        (PlateSpec("闽H12345", "motorcycle", 2), (220, 140)),
        (PlateSpec("闽H12345", "low_speed", 2), (300, 165)),
    ],
)
def test_a_plate_has_the_size_of_its_type_in_millimetres(plate: PlateSpec, size: tuple[int, int]) -> None:
    assert plate_size_mm(plate) == size
    assert plate_image(plate).shape == (size[1] * PX_PER_MM, size[0] * PX_PER_MM, 3)


def test_every_type_is_drawn_in_its_colour() -> None:
    rng = np.random.default_rng(3)
    words = {}
    for kind in get_args(PlateType):
        image = plate_image(random_plate(rng, kind))
        red, green, blue = np.median(image[-30:-12, -300:].reshape(-1, 3), axis=0).astype(int)
        if min(red, green, blue) > 200:
            words[kind] = "white"
        elif blue > red:
            words[kind] = "blue" if blue > green else "green"
        else:
            words[kind] = "yellow" if red > green else "green"
    assert words == {**PLATE_COLOURS, "large_nev": "green"}


def test_the_left_of_a_large_new_energy_plate_is_yellow() -> None:
    image = plate_image(PlateSpec("闽H12345D", "large_nev"))
    left, right = image[10, 20].astype(int), image[10, -20].astype(int)
    assert left[0] > left[1]
    assert right[1] > right[0]


def test_the_second_line_of_a_large_rear_plate_holds_the_number() -> None:
    one, two = (plate_image(PlateSpec(text, "large_car", 2)) for text in ("闽H12345", "闽H67890"))
    changed = np.flatnonzero((one != two).any(axis=(1, 2)))
    assert changed.min() >= 90 * PX_PER_MM - 1


def test_a_text_too_long_for_its_plate_is_refused() -> None:
    with pytest.raises(ValueError, match="holds 7 characters, not 8"):
        plate_image(PlateSpec("闽HD12345", "small_car"))


def test_characters_fill_their_place_but_a_one_is_a_slender_bar_without_a_foot() -> None:
    eight, one = (np.asarray(glyph(character, 90, 180)) > 128 for character in "81")
    assert eight.any(axis=0).sum() > 80
    assert one.any(axis=0).sum() < 45
    assert one[-5:].any(axis=0).sum() == pytest.approx(one[90].sum(), abs=2)


def test_writing_is_clear_where_there_is_no_ink() -> None:
    line = writing("闽H·12345", (250, 250, 250), height_px=40)
    assert line.shape[2] == 4
    assert {0, 255} <= set(np.unique(line[..., 3]))


def test_an_orange_panel_has_a_black_border_and_two_lines() -> None:
    image = panel_image(PanelSpec("33", "1203")).astype(int)
    assert image.shape == (600, 800, 3)
    dark = image.sum(axis=2) < 200
    assert dark[:28].all()
    assert dark[:, :28].all()
    assert dark[300, 100:700].all()
    orange = image[~dark].mean(axis=0)
    assert orange[0] > 200 > orange[1] > orange[2]


def test_a_blank_panel_is_orange_all_over() -> None:
    image = panel_image(PanelSpec("", "")).astype(int)
    assert (image[40:-40, 40:-40] == image[300, 400]).all()


def test_different_goods_give_different_panels() -> None:
    panels = [panel_image(PanelSpec(*numbers)) for numbers in (("33", "1203"), ("30", "1203"), ("33", "1202"))]
    assert (panels[0] != panels[1]).any()
    assert (panels[0] != panels[2]).any()


@pytest.mark.parametrize(
    ("hazard_class", "red", "green", "blue"),
    [("3", True, False, False), ("2.2", False, True, False), ("4.3", False, False, True), ("8", True, True, True)],
)
def test_a_diamond_has_the_ground_of_its_class(hazard_class: str, red: bool, green: bool, blue: bool) -> None:
    image = diamond_image(hazard_class)
    assert ((image[130, 120] > 110) == (red, green, blue)).all()


def test_all_classes_look_different() -> None:
    images = [diamond_image(hazard_class) for hazard_class in DIAMONDS if hazard_class not in ("1.2", "1.3")]
    assert all((one != two).any() for number, one in enumerate(images) for two in images[:number])


def test_a_class_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError, match=r"no diamond for class '2\.7'"):
        diamond_image("2.7")
