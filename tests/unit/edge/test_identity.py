"""Who a vehicle is, by what box and scale have read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from detector.facts import Fact, Facts, PlateEnd, PlateRead
from edge.identity import identity_of, trailer_identity
from edge.rules.known import Identity
from leads import Plate, Scale, WeighRecord

OWN = "闽H31782"


def read(text: str = OWN, kind: str = "large_car", end: PlateEnd = "front", doubt: str = "") -> Fact[PlateRead]:
    return Fact(PlateRead(text, kind, "yellow", end), 0.9, 3, None, doubt)


def weighed(text: str = OWN, kind: str = "01", score: float = 0.97) -> WeighRecord:
    return WeighRecord(
        pass_id="1",
        site_id="test",
        weighed_at=datetime(2026, 11, 23, tzinfo=UTC),
        scale=Scale(device_id="scale-1"),
        lane="1",
        total_kg=1.0,
        plate_front=Plate(text=text, type=kind, colour="yellow", score=score),
    )


def test_what_the_box_read_without_doubt_is_who_it_is() -> None:
    assert identity_of(Facts(plates=(read(),))) == Identity(OWN, "01")


def test_a_doubtful_reading_names_nobody() -> None:
    found = identity_of(Facts(plates=(read(doubt="one shot"),)))
    assert found == Identity(OWN, "01", sure=False)


def test_the_scales_camera_confirms_a_doubtful_reading() -> None:
    found = identity_of(Facts(plates=(read(doubt="one shot"),)), weighed(), 0.97)
    assert found == Identity(OWN, "01", sure=True, source="both")


def test_the_same_number_on_plates_of_two_types_names_nobody() -> None:
    assert identity_of(Facts(plates=(read(),)), weighed(kind="02"), 0.97) == Identity(OWN, "01", False, "both")


def test_where_the_box_read_nothing_the_scales_reading_counts() -> None:
    assert identity_of(Facts(), weighed(), 0.97) == Identity(OWN, "01", sure=True, source="scale")


@pytest.mark.parametrize(("score", "confidence"), [(0.85, 0.97), (0.97, 0.85)])
def test_but_not_a_faint_one_and_not_one_that_may_be_of_another_vehicle(score: float, confidence: float) -> None:
    assert identity_of(Facts(), weighed(score=score), confidence) is None


@pytest.mark.parametrize("own", ["-H31782", "闽H317B2"])
def test_a_doubtful_reading_gives_way_to_the_scales_of_the_same_plate(own: str) -> None:
    facts = Facts(plates=(read(own, doubt="not every character could be read"),))
    assert identity_of(facts, weighed(), 0.97) == Identity(OWN, "01", sure=True, source="scale")


def test_a_doubtful_reading_of_another_plate_speaks_against_the_scales() -> None:
    found = identity_of(Facts(plates=(read("闽H12345", doubt="one shot"),)), weighed(), 0.97)
    assert found is not None
    assert not found.sure


@pytest.mark.parametrize("other", ["闽H31783", "闽A99999"])
def test_two_readings_that_contradict_each_other_name_nobody(other: str) -> None:
    found = identity_of(Facts(plates=(read(),)), weighed(other), 0.97)
    assert found is not None
    assert not found.sure


def test_a_trailers_plate_is_the_trailers() -> None:
    facts = Facts(plates=(read("闽H1234挂", "trailer", "trailer"), read()))
    assert identity_of(facts) == Identity(OWN, "01")
    assert trailer_identity(facts) == Identity("闽H1234挂", "15")
    assert trailer_identity(Facts(plates=(read(),))) is None


@pytest.mark.parametrize(("text", "code"), [("粤ZA123港", "26"), ("粤ZA123澳", "27")])
def test_plates_of_hong_kong_and_macao_are_told_by_their_last_character(text: str, code: str) -> None:
    found = identity_of(Facts(plates=(read(text, "hk_macao"),)))
    assert found is not None
    assert found.plate_type == code
