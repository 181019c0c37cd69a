"""Numbers and types of plates as registers and logs write them."""

from __future__ import annotations

import pytest

from detector.plate_types import TYPES
from edge.plate_codes import PLATE_CODES, PLATE_NAMES, masked, normal_plate, plate_code, plate_fault


@pytest.mark.parametrize(
    ("text", "code"), [("01", "01"), ("1", "01"), ("52", "52"), ("trailer", "15"), ("大型新能源汽车", "51")]
)
def test_a_type_is_known_by_code_word_and_name(text: str, code: str) -> None:
    assert plate_code(text) == code


@pytest.mark.parametrize("text", ["00", "28", "001", "truck", "²", "1.0"])
def test_a_type_that_is_none_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValueError, match=r"give its code by GA/T 16\.7"):
        plate_code(text)


def test_every_type_the_camera_reads_has_a_code_but_those_that_go_by_their_last_character() -> None:
    read = {kind.name for kind in TYPES}
    assert read - set(PLATE_CODES) == {"hk_macao", "emergency"}
    assert set(PLATE_CODES.values()) <= set(PLATE_NAMES)


@pytest.mark.parametrize(
    ("plate", "code"),
    [
        ("闽H12345", "01"),
        ("闽HD12345", "52"),
        ("闽H12345D", "51"),
        ("闽H1234挂", "15"),
        ("闽H1234学", "16"),
        ("闽H1234警", "23"),
        ("粤Z1234港", "26"),
        ("使123456", "03"),
        ("WJ12345", "31"),
        ("WJ闽12345", "31"),
    ],
)
def test_numbers_of_their_types(plate: str, code: str) -> None:
    assert plate_fault(plate, code) is None
    assert plate_fault(plate, "26" if code == "52" else "52") is not None


def test_a_number_is_written_in_one_way() -> None:
    assert normal_plate("　闽ｈ·１２３ 45") == "闽H12345"
    assert normal_plate(normal_plate("闽O1234警")) == "闽01234警"


@pytest.mark.parametrize(("plate", "shown"), [("闽H12345", "闽H1***5"), ("闽HD12345", "闽HD****5"), ("闽H1", "***")])
def test_a_log_shows_a_number_by_its_ends(plate: str, shown: str) -> None:
    assert masked(plate) == shown
