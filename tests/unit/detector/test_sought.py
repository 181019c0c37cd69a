"""What was looked for and not found: only a plate that would have been seen is missing."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from detector.detections import Box
from detector.estimates import Estimate, Measurement
from detector.facts import Facts, PlateSought, Proof, Sides
from detector.second_look import SecondLook
from detector.shots import Shot
from detector.sought import LEAST_PLATE_PX, PLATE_M, clear, face_scale, sides_seen
from tests.unit.detector.views import NOISE, Finder, Reader, passage, shot, sign

NEAR = (200.0, 100.0, 600.0, 500.0)
"""Of a car: 205 pixels wide for a metre, 156 high."""
COMING = [(300.0 - 10 * i, 200.0 - 10 * i, 500.0 + 10 * i, 400.0 + 10 * i) for i in range(9)]
LEAVING = COMING[::-1]
ACROSS = [(100.0 + 40 * i, 300.0, 460.0 + 40 * i, 400.0) for i in range(9)]
PLATE = ("plate", (150.0, 300.0, 230.0, 325.0), 0.6)


def looked(
    things: Sequence[Sequence[tuple[str, Box, float]]] = ((),),
    way: Sequence[Box] = COMING,
    views: Sequence[Shot] | None = None,
    class_name: str = "car",
) -> Facts:
    shots = [shot(i / 2, NEAR) for i in range(3)] if views is None else views
    return SecondLook(Finder(*things), Reader(()), None).look(passage(shots, way, class_name)).facts


def only(facts: Facts) -> PlateSought:
    (sought,) = facts.plate_sought
    return sought


@pytest.mark.parametrize(("way", "end"), [(COMING, "front"), (LEAVING, "rear")])
def test_a_plate_that_would_have_been_seen_is_missing_at_the_end_that_was_shown(way: Sequence[Box], end: str) -> None:
    sought = only(looked(way=way))
    assert (sought.end, sought.shots, sought.found) == (end, 3, 0)
    assert sought.proof.shot.box == NEAR


def test_a_plate_that_is_there_is_found_though_nobody_can_read_it() -> None:
    sought = only(looked([[PLATE], [], []]))
    assert (sought.shots, sought.found) == (3, 1)


def test_a_plate_that_only_the_reader_found_is_found() -> None:
    views = [shot(i / 2, NEAR) for i in range(2)]
    look = SecondLook(Finder(()), Reader([sign("闽H31782")]), None)
    (sought,) = look.look(passage(views, COMING, "car")).facts.plate_sought
    assert (sought.shots, sought.found) == (2, 2)


@pytest.mark.parametrize(
    ("view", "why"),
    [
        (shot(0.0, (200.0, 100.0, 350.0, 250.0)), "the plate would be 26 pixels wide"),
        (shot(0.0, NEAR, cut=True), "the vehicle goes on beyond the picture"),
        (shot(0.0, NEAR, others=[(300.0, 350.0, 700.0, 600.0)]), "a nearer vehicle hides it"),
        (shot(0.0, NEAR, (NOISE // 10).astype(np.uint8)), "it is dark"),
        (shot(0.0, NEAR, np.full_like(NOISE, 120)), "nothing is sharp"),
        (shot(0.0, NEAR, np.maximum(NOISE, 251)), "the camera is blinded"),
    ],
)
def test_where_a_plate_could_not_be_seen_none_is_missing(view: Shot, why: str) -> None:
    facts = looked(views=[view])
    assert facts.plate_sought == (), why
    assert facts.sides == Sides(), why


def test_a_vehicle_behind_hides_no_plate() -> None:
    assert only(looked(views=[shot(0.0, NEAR, others=[(300.0, 50.0, 700.0, 480.0)])])).shots == 1


@pytest.mark.parametrize("class_name", ["motorcycle", "three_wheeler"])
def test_of_small_vehicles_no_plate_is_looked_for(class_name: str) -> None:
    assert looked(class_name=class_name).plate_sought == ()


def test_of_a_vehicle_that_stands_no_end_is_known() -> None:
    assert looked(way=[NEAR] * 9).plate_sought == ()


def test_a_truck_must_be_nearer_than_a_car_since_it_is_larger() -> None:
    view = shot(0.0, NEAR)
    assert PLATE_M * face_scale("truck", view) < LEAST_PLATE_PX * 0.6 < PLATE_M * face_scale("car", view)


def test_a_vehicle_that_is_measured_to_be_small_shows_things_larger() -> None:
    small = Measurement(0, 1, 9, None, None, Estimate(1.6, 1.5, 1.7), Estimate(1.4, 1.3, 1.5))
    view = shot(0.0, NEAR)
    assert face_scale("car", view, small) == pytest.approx(face_scale("car", view) * 1.95 / 1.7)


def test_blur_is_judged_at_the_size_of_the_plate() -> None:
    """Seen very near, what is blurred by a few pixels is sharp enough."""
    squares = np.kron(np.random.default_rng(3).integers(0, 2, (30, 54)), np.ones((24, 24)))[:, :1280, None]
    blurred = cv2.GaussianBlur(np.repeat(squares * 200 + 20, 3, axis=2).astype(np.uint8), (0, 0), 6.0)
    assert not clear(shot(0.0, NEAR, np.asarray(blurred, np.uint8)), LEAST_PLATE_PX)
    assert clear(shot(0.0, NEAR, np.asarray(blurred, np.uint8)), 6 * LEAST_PLATE_PX)


@pytest.mark.parametrize(("way", "side"), [(ACROSS, "right"), (ACROSS[::-1], "left")])
def test_who_drives_to_the_right_shows_his_right_side(way: Sequence[Box], side: str) -> None:
    views = [shot(1.0, (300.0, 300.0, 900.0, 480.0))]
    assert sides_seen(passage(views, way, "car"), views, None) == Sides(**{side: 1})


def test_a_side_seen_at_a_slant_is_not_seen_unless_the_vehicle_is_known_to_be_short() -> None:
    views = [shot(1.0, (300.0, 100.0, 1000.0, 600.0))]
    seen = passage(views, ACROSS, "truck")
    assert sides_seen(seen, views, None).right == 0
    short = Measurement(0, 1, 9, None, Estimate(5.0, 4.8, 5.2), None, None)
    assert sides_seen(seen, views, short).right == 1


def test_an_end_that_comes_near_is_seen() -> None:
    assert looked().sides == Sides(front=3)


def test_nothing_was_looked_for_where_no_second_look_was_taken() -> None:
    assert (Facts().plate_sought, Facts().sides) == ((), Sides())


def test_a_sought_plate_names_the_largest_shot() -> None:
    views = [shot(0.0, NEAR), shot(0.5, (150.0, 50.0, 650.0, 550.0))]
    assert only(looked(views=views)).proof == Proof(views[1])
