"""What a vehicle is called, when its frames disagree."""

import pytest

from detector.passages import elect


@pytest.mark.parametrize(
    ("shares", "word"),
    [
        ({"car": 0.4, "truck": 0.32, "tank_truck": 0.28}, "truck"),
        ({"car": 0.3, "truck": 0.3, "tank_truck": 0.4}, "tank_truck"),
        ({"car": 0.2, "van": 0.35, "bus": 0.45}, "van"),
        ({"bus": 0.93, "truck": 0.07, "car": 0.0}, "bus"),
        ({"car": 0.6, "bus": 0.3, "truck": 0.1}, "car"),
        ({"person": 1.0}, "person"),
    ],
)
def test_the_family_is_elected_before_the_word(shares: dict[str, float], word: str) -> None:
    assert elect(shares) == word
