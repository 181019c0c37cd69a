"""Who gets on or off a standing vehicle, and who rides in a truck's bed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.passage import Passage
from detector.plan import PlanSettings
from edge.people import boardings, people_in_bed
from tests.unit.edge.passages import SIZE, driven

Way = list[tuple[float, float]]
STANDS: Way = [(400.0, 300.0)] * 100
"""Ten seconds in one place."""
KERB = (400.0, 310.0)


def person(way: Way, first_s: float = 0.0, box: tuple[float, float] = (20.0, 50.0), camera: str = "cam") -> Passage:
    """Somebody whose feet go this way, ten looks a second."""
    walker = driven(PlanSettings(), way, votes={"person": 1.0}, number=9)
    width, height = box
    boxes = np.array([(x - width / 2, y - height, x + width / 2, y) for x, y in way], np.float32)
    return replace(walker, boxes=boxes, times_s=walker.times_s + first_s, camera=camera)


def walk(start: tuple[float, float], end: tuple[float, float], looks: int = 30) -> Way:
    xs, ys = np.linspace(start[0], end[0], looks), np.linspace(start[1], end[1], looks)
    return [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]


VAN = driven(PlanSettings(), STANDS, votes={"van": 1.0}, box=120.0)
COMES, GOES = walk((700, 400), KERB), walk(KERB, (700, 400))


def test_who_vanishes_at_the_door_got_on_and_who_appears_there_got_off() -> None:
    on, off = person(COMES, first_s=2.0), person(GOES, first_s=6.0)
    found = boardings(VAN, [off, on])
    assert [(b.into, round(b.at_s, 1)) for b in found] == [(True, 4.9), (False, 6.0)]


@pytest.mark.parametrize(
    "people",
    [
        [person([(700.0, 400.0)] * 60)],
        [person([KERB] * 60)],
        [person(walk((700, 400), (520, 330)))],
        [person(walk((700, 400), (100, 310), 60))],
        [person(COMES, first_s=2.0, camera="elsewhere")],
        [person(COMES[-3:], first_s=2.0)],
    ],
    ids=[
        "stands far off",
        "waits at the kerb",
        "stops short of it",
        "walks past",
        "another camera",
        "seen for a moment",
    ],
)
def test_others_did_not_board(people: list[Passage]) -> None:
    assert boardings(VAN, people) == ()


def test_nobody_boards_a_vehicle_that_drives() -> None:
    moving = driven(PlanSettings(), walk((100, 300), (900, 300), 100), votes={"van": 1.0}, box=120.0)
    assert boardings(moving, [person(COMES, first_s=2.0)]) == ()


DRIVES = walk((100, 400), (900, 400), 60)
TRUCK = driven(PlanSettings(), DRIVES, votes={"truck": 1.0}, box=200.0)


def rider(dx: float, up: float) -> Passage:
    """Somebody who keeps this far from the truck's middle and above the road."""
    return person([(x + dx, y - up) for x, y in DRIVES], box=(20, 60))


def test_people_in_the_bed_of_a_moving_truck_are_counted() -> None:
    assert people_in_bed(TRUCK, [rider(-60, 80), rider(-20, 90)]) == 2


@pytest.mark.parametrize(
    ("vehicle", "somebody"),
    [
        (TRUCK, rider(70, 80)),
        (TRUCK, rider(-60, 5)),
        (TRUCK, rider(-160, 80)),
        (TRUCK, person(walk((400, 320), (420, 320), 60), box=(20, 60))),
        (replace(TRUCK, class_name="bus"), rider(-60, 80)),
        (driven(PlanSettings(), [(400.0, 400.0)] * 60, box=200.0), person([(380.0, 320.0)] * 60, box=(20, 60))),
    ],
    ids=["in the cab", "on the road before it", "behind it", "beside the road", "in a bus", "on a truck that stands"],
)
def test_nobody_else_rides_in_the_bed(vehicle: Passage, somebody: Passage) -> None:
    assert people_in_bed(vehicle, [somebody]) == 0


def test_the_pictures_are_large_enough_for_all_this() -> None:
    assert max(x for x, _ in DRIVES) + 100 <= SIZE[0]
