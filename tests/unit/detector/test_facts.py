"""From shots to facts: what is told, how sure, by which shot, and what stays unknown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import pytest

from cameras.frame import Image
from detector.axles import Axles
from detector.detections import Box
from detector.facts import Facts
from detector.network import Network
from detector.second_look import SecondLook
from detector.settings import DetectorSettings
from detector.shots import Shot
from detector.sign import Sign
from models.bundled import bundled_weights
from tests.unit.detector.test_axles import SPACINGS, seen
from tests.unit.detector.views import NOISE, SIZE, Finder, Reader, passage, shot, sign

PLACE = (100.0, 100.0, 700.0, 500.0)
NEARER = [(300.0 - 10 * i, 200.0 - 5 * i, 420.0 + 20 * i, 300.0 + 10 * i) for i in range(9)]
"""Boxes of a vehicle that comes nearer, four a second."""
LEAVING = NEARER[::-1]
ACROSS = [(100.0 + 40 * i, 200.0, 300.0 + 40 * i, 300.0) for i in range(9)]
Things = Sequence[tuple[str, Box, float]]


def shots(count: int = 3, box: Box = PLACE, picture: Image = NOISE, *, cut: bool = False) -> list[Shot]:
    return [shot(float(i), box, picture, cut=cut) for i in range(count)]


def facts(
    things: Sequence[Things] = ((),),
    signs: Sequence[Sequence[Sign]] = ((),),
    views: Sequence[Shot] | None = None,
    way: Sequence[Box] = (),
    class_name: str = "truck",
) -> Facts:
    look = SecondLook(Finder(*things), Reader(*signs), None)
    return look.look(passage(shots() if views is None else views, way, class_name)).facts


def wheels(pattern: str = "1+2", score: float = 0.8) -> Things:
    boxes = seen(SPACINGS[pattern], away_m=22) + np.array([300, 100, 300, 100], np.float32)
    return [("wheel", (float(a), float(b), float(c), float(d)), score) for a, b, c, d in boxes]


def test_axles_that_shots_agree_on_are_told_with_the_shot_that_shows_them() -> None:
    told = facts([wheels()], way=ACROSS[::-1]).axles
    assert told.value == Axles(3, "1+2", 0)
    assert (told.shots, told.doubt) == (3, "")
    assert told.confidence > 0.9
    assert told.proof is not None
    assert told.proof.box is not None


def test_shots_that_count_differently_leave_the_axles_unknown() -> None:
    told = facts([wheels("1+2"), wheels("2+2")], views=shots(2)).axles
    assert not told.known
    assert told.doubt == "the shots disagree: 3 axles, 4 axles"


def test_groups_that_a_shot_in_three_contradicts_are_not_told() -> None:
    told = facts([wheels("1+1+2"), wheels("2+2"), wheels("2+2")], way=ACROSS[::-1]).axles
    assert told.value == Axles(4, "", 0)
    assert told.sure


def test_groups_are_not_told_of_a_vehicle_whose_front_may_be_at_either_end() -> None:
    assert facts([wheels("1+2")], way=[PLACE] * 9).axles.value == Axles(3, "", 0)


def test_one_large_sharp_view_alone_is_told_as_doubtful() -> None:
    told = facts([wheels()], views=shots(1), way=ACROSS[::-1]).axles
    assert told.value == Axles(3, "1+2", 0)
    assert told.shots == 1
    assert told.doubt == "counted in one shot alone"
    assert told.confidence <= 0.5


def test_a_vehicle_that_the_picture_cuts_is_not_counted() -> None:
    told = facts([wheels()], views=shots(cut=True)).axles
    assert (told.value, told.doubt) == (None, "the vehicle goes on beyond the picture's edge")


def test_wheels_of_a_nearer_vehicle_are_not_counted() -> None:
    other = (90.0, 300.0, 720.0, 520.0)
    views = [shot(float(i), PLACE, others=[other]) for i in range(3)]
    assert not facts([wheels()], views=views).axles.known


def test_wheels_at_one_end_alone_are_not_the_whole_vehicle() -> None:
    bunched = [("wheel", (20.0 + 40 * i, 300.0, 50.0 + 40 * i, 340.0), 0.9) for i in (0, 2)]
    told = facts([bunched], views=shots(box=(100, 100, 1000, 500))).axles
    assert told.doubt == "the wheels that are seen are all at one end of the vehicle"


@pytest.mark.parametrize(
    ("way", "text", "end"),
    [(NEARER, "闽H31782", "front"), (LEAVING, "闽H31782", "rear"), (LEAVING, "闽HA172挂", "trailer")],
)
def test_a_plate_is_of_the_end_that_the_vehicle_shows(way: Sequence[Box], text: str, end: str) -> None:
    (plate,) = facts(signs=[[sign(text)]], way=way).plates
    assert plate.value is not None
    assert (plate.value.text, plate.value.end, plate.shots, plate.doubt) == (text, end, 3, "")


@pytest.mark.parametrize(("at", "end"), [((500.0, 120.0, 560.0, 140.0), "front"), ((40.0, 120.0, 99.0, 140.0), "rear")])
def test_of_a_vehicle_that_passes_across_the_plate_ahead_is_the_front_one(at: Box, end: str) -> None:
    (plate,) = facts(signs=[[sign("闽H31782", at=at)]], way=ACROSS).plates
    assert plate.value is not None
    assert plate.value.end == end


def test_tractor_and_trailer_have_a_plate_each() -> None:
    found = [sign("闽H31782", at=(300, 200, 360, 220)), sign("闽HA172挂", at=(40, 200, 100, 230))]
    told = facts(signs=[found], way=ACROSS)
    assert {p.value.end for p in told.plates if p.value} == {"front", "trailer"}
    assert told.plate is not None
    assert told.plate.value is not None
    assert told.plate.value.text == "闽H31782"


def test_two_ends_that_surely_bear_different_numbers_are_both_doubtful() -> None:
    found = [sign("闽H31782", at=(300, 200, 360, 220)), sign("粤B8K520", at=(40, 200, 100, 230))]
    told = facts(signs=[found], way=ACROSS)
    assert {p.doubt for p in told.plates} == {
        "粤B8K520 was read on another end (rear)",
        "闽H31782 was read on another end (front)",
    }


@pytest.mark.parametrize(
    ("vehicle", "colour", "type_"),
    [
        ("truck", "yellow", "large_car"),
        ("motorcycle", "yellow", "motorcycle"),
        ("motorcycle", "blue", "light_motorcycle"),
        ("three_wheeler", "yellow", "low_speed"),
    ],
)
def test_the_plate_of_a_small_vehicle_is_not_taken_for_a_cars(vehicle: str, colour: str, type_: str) -> None:
    (plate,) = facts(signs=[[sign("闽H31782", colour=colour)]], way=LEAVING, class_name=vehicle).plates
    assert plate.value is not None
    assert plate.value.type == type_


def test_a_plate_beside_the_vehicle_or_on_a_nearer_one_is_not_its_own() -> None:
    beside = shot(0.0, (100, 100, 300, 300))
    assert facts(signs=[[sign("闽H31782", at=(220, 50, 280, 70))]], views=[beside]).plates == ()
    hidden = shot(0.0, (100, 100, 300, 300), others=[(150, 150, 400, 400)])
    assert facts(signs=[[sign("闽H31782", at=(100, 100, 160, 120))]], views=[hidden]).plates == ()


def test_a_number_that_no_plate_of_this_colour_has_is_doubtful() -> None:
    (plate,) = facts(signs=[[sign("闽AD12345", colour="blue")]], way=NEARER).plates
    assert plate.doubt.startswith("the readings are not sure enough")


def test_the_number_painted_large_on_a_tank_is_no_other_number() -> None:
    both = [sign("闽H34468", at=(80, 120, 140, 140)), sign("闽H-34468", colour="green", at=(200, 120, 260, 140))]
    (plate,) = facts(signs=[both], way=LEAVING).plates
    assert plate.value is not None
    assert (plate.value.text, plate.doubt) == ("闽H34468", "")


def test_a_second_number_on_the_same_end_makes_both_doubtful() -> None:
    both = [sign("闽H31782", at=(80, 120, 140, 140)), sign("粤B8K520", at=(200, 120, 260, 140))]
    (plate,) = facts(signs=[both], way=NEARER).plates
    assert "another number was read there too" in plate.doubt


@pytest.mark.parametrize(("word", "load"), [("heaped_load", "heaped"), ("covered_load", "covered")])
def test_a_load_that_two_shots_show_is_told_and_makes_an_open_body(word: str, load: str) -> None:
    told = facts([[(word, (50, 20, 400, 120), 0.7)]])
    assert (told.load.value, told.load.shots, told.load.doubt) == (load, 3, "")
    assert told.body.value == "open"


def test_a_load_that_looks_heaped_and_covered_is_neither() -> None:
    heaped, covered = [("heaped_load", (50, 20, 400, 120), 0.7)], [("covered_load", (50, 20, 400, 120), 0.7)]
    told = facts([heaped, covered], views=shots(2)).load
    assert (told.value, told.doubt) == (None, "the load looks heaped in some shots and covered in others")


def test_nothing_seen_on_the_bed_is_not_an_empty_bed() -> None:
    told = facts([wheels()])
    assert not told.load.known
    assert not told.taxi_lamp.known
    assert not told.body.known


def test_a_tank_truck_has_a_tank() -> None:
    assert facts(class_name="tank_truck").body.value == "tank"


def test_a_taxi_lamp_is_told() -> None:
    told = facts([[("taxi_lamp", (200, 0, 240, 20), 0.8)]], class_name="car").taxi_lamp
    assert (told.value, told.shots) == (True, 3)


PAINTS = {
    "white": (235, 235, 235),
    "black": (40, 40, 40),
    "silver": (150, 150, 150),
    "red": (30, 30, 190),
    "blue": (190, 80, 30),
    "yellow": (20, 190, 230),
    "green": (60, 150, 40),
}


def painted(colour: tuple[int, int, int], dimmed: float = 1.0) -> Image:
    """A vehicle in one colour with windows and wheels, on a road with a white line."""
    picture = np.full((SIZE[1], SIZE[0], 3), (110, 115, 118), np.uint8)
    cv2.rectangle(picture, (0, 520), (1280, 540), (245, 245, 245), -1)
    cv2.rectangle(picture, (100, 100), (700, 500), colour, -1)
    cv2.rectangle(picture, (500, 150), (680, 250), (35, 30, 30), -1)
    cv2.circle(picture, (200, 470), 50, (20, 20, 20), -1)
    return (picture * dimmed).astype(np.uint8)


def margins(picture: Image) -> list[Shot]:
    views = []
    for i in range(2):
        crop = picture[60:560, 40:760].copy()
        views.append(
            Shot(float(i), shot(0, PLACE).taken_at, PLACE, 1.0, crop, (40, 60), np.zeros((0, 4), np.float32), False)
        )
    return views


@pytest.mark.parametrize("word", PAINTS)
def test_the_colour_of_the_body_is_told(word: str) -> None:
    told = facts(views=margins(painted(PAINTS[word])), class_name="car").colour
    assert (told.value, told.shots) == (word, 2)


def test_at_night_no_colour_is_told() -> None:
    assert not facts(views=margins(painted(PAINTS["red"], dimmed=0.2)), class_name="car").colour.known


def test_a_trucks_colour_is_doubtful_since_its_cab_may_have_another() -> None:
    told = facts(views=margins(painted(PAINTS["red"]))).colour
    assert told.value == "red"
    assert told.doubt


def test_of_a_person_nothing_is_read() -> None:
    assert facts([wheels()], [[sign("闽H31782")]], class_name="person") == Facts()


@lru_cache(maxsize=1)
def bundled() -> Network:
    return Network.load(DetectorSettings(model=bundled_weights("features"), threads=1, lanes=1, min_score=0.08))


BAD = {
    "black": np.zeros((720, 1280, 3), np.uint8),
    "white": np.full((720, 1280, 3), 255, np.uint8),
    "noise": NOISE,
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("box", [(100.0, 100.0, 110.0, 110.0), (0.0, 0.0, 1280.0, 720.0), (5.0, 5.0, 6.0, 700.0)])
def test_a_bad_picture_gives_no_fact_and_no_crash(kind: str, box: Box) -> None:
    """With the network of the second look itself."""
    views = shots(2, box, BAD[kind])
    told = SecondLook(bundled(), None, None).look(passage(views)).facts
    known = [f for f in (told.axles, told.load, told.panel, told.signs_agree, told.body, told.taxi_lamp) if f.sure]
    assert known == []
    assert (told.plates, told.diamonds) == ((), ())


def test_a_passage_without_shots_has_no_facts() -> None:
    told = facts(views=[])
    assert not told.axles.known
    assert told.axles.doubt == "no shot of the vehicle was had"
    assert told.plates == ()


def test_a_shot_is_looked_at_once() -> None:
    finder = Finder(wheels())
    look = SecondLook(finder, None, None)
    views = shots(2)
    look.look(passage(views))
    look.look(passage([*views, shot(5.0, PLACE)]))
    assert (finder.looks, look.shots) == (3, 3)
