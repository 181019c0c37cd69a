"""Body and load: what the shots show together, and when they tell nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from cameras.frame import Image
from detector.body_look import SIZE, BodyLook, BodySight, laid_out
from detector.detections import Box
from detector.facts import Facts
from detector.second_look import SecondLook
from detector.shots import Shot
from tests.unit.detector.views import NOISE, Finder, Reader, Thing, passage, shot

PLACE = (100.0, 100.0, 700.0, 500.0)
HEAP: Sequence[Thing] = [("heaped_load", (50, 20, 400, 120), 0.7)]
COVER: Sequence[Thing] = [("covered_load", (50, 20, 400, 120), 0.7)]


class Bodies:
    """Sees in each crop, by its order, what it was told."""

    def __init__(self, *sights: BodySight | None) -> None:
        self._sights, self.looks = sights, 0

    def look(self, picture: Image, box: Box) -> BodySight | None:
        """The next one."""
        self.looks += 1
        return self._sights[(self.looks - 1) % len(self._sights)]


def sight(body: str = "tipper", load: str = "empty", sure: float = 0.97, *, raised: bool = False) -> BodySight:
    return BodySight((body, sure), (load, sure), (raised, sure))


def facts(
    *sights: BodySight | None,
    things: Sequence[Thing] = (),
    views: Sequence[Shot] | None = None,
    class_name: str = "truck",
) -> Facts:
    views = [shot(float(i), PLACE) for i in range(3)] if views is None else views
    look = SecondLook(Finder(things), Reader(()), None, bodies=Bodies(*sights))
    return look.look(passage(views, class_name=class_name)).facts


@pytest.mark.parametrize("load", ["empty", "level", "heaped", "covered"])
@pytest.mark.parametrize("body", ["flat", "stake", "tipper"])
def test_what_two_shots_show_is_told(body: str, load: str) -> None:
    told = facts(sight(body, load))
    assert (told.body.value, told.load.value, told.load.shots) == (body, load, 3)
    assert told.body.sure
    assert told.load.sure
    assert told.load.proof is not None


def test_one_shot_alone_is_doubtful() -> None:
    told = facts(sight(), views=[shot(0.0, PLACE)])
    assert (told.load.value, told.load.doubt) == ("empty", "seen in one shot alone")
    assert told.body.doubt == "seen in one shot alone"


def test_shots_that_disagree_leave_body_and_load_unknown() -> None:
    told = facts(sight("tipper", "empty"), sight("box", "level"), views=[shot(float(i), PLACE) for i in range(2)])
    assert told.body.doubt == "the body looks different in different shots"
    assert told.load.doubt == "the load looks different in different shots"


def test_what_is_not_sure_is_not_told() -> None:
    told = facts(sight(sure=0.5))
    assert not told.body.known
    assert told.load.doubt == "no heap and no cover is seen, and the bed is not seen well enough"


@pytest.mark.parametrize("body", ["box", "container", "mixer", "tank"])
def test_nobody_sees_how_a_closed_body_is_loaded(body: str) -> None:
    told = facts(sight(body, "hidden"))
    assert told.body.value == body
    assert (told.load.value, told.load.doubt) == (None, "nobody can see how it is loaded")


def test_a_cover_found_on_a_closed_body_is_none() -> None:
    assert not facts(sight("container", "hidden"), things=COVER).load.known


def test_a_bed_seen_in_some_shots_counts_though_others_cannot_look_into_it() -> None:
    views = [shot(float(i), PLACE) for i in range(4)]
    assert facts(sight(load="empty"), sight(load="hidden"), views=views).load.value == "empty"


def test_a_heap_that_was_found_is_one_whatever_the_whole_looks_like() -> None:
    assert facts(sight(load="level"), things=HEAP).load.value == "heaped"


def test_a_heap_found_in_one_shot_alone_does_not_stand_against_the_look_of_the_whole() -> None:
    told = facts(sight(load="level"), things=HEAP, views=[shot(0.0, PLACE)]).load
    assert (told.value, told.doubt) == (None, "a heaped load is found, but the vehicle looks level")


def test_a_cover_that_was_found_on_what_looks_empty_is_unknown() -> None:
    told = facts(sight("stake", "empty"), things=COVER).load
    assert (told.value, told.doubt) == (None, "a covered load is found, but the vehicle looks empty")


def test_a_cover_that_both_see_is_told_with_its_place() -> None:
    told = facts(sight("stake", "covered"), things=COVER).load
    assert (told.value, told.doubt) == ("covered", "")
    assert told.proof is not None
    assert told.proof.box is not None


@pytest.mark.parametrize("raised", [True, False])
def test_raised_boards_are_told_of_tippers(raised: bool) -> None:
    assert facts(sight(raised=raised)).raised_boards.value is raised


def test_raised_boards_are_told_of_tippers_alone() -> None:
    assert not facts(sight("stake", raised=True)).raised_boards.known


def test_a_car_has_no_body_to_tell() -> None:
    told = facts(sight("none", "hidden"), class_name="car").body
    assert (told.value, told.doubt) == (None, "it looks like no goods vehicle")


def test_a_tank_truck_that_looks_like_a_box_is_neither() -> None:
    assert not facts(sight("box", "hidden"), class_name="tank_truck").body.known
    assert facts(sight("tank", "hidden"), class_name="tank_truck").body.value == "tank"


def test_a_vehicle_whose_top_is_outside_the_picture_is_not_looked_at() -> None:
    above = (100.0, 0.0, 700.0, 400.0)
    assert not facts(sight(), views=[shot(float(i), above, cut=True) for i in range(3)]).load.known


def test_a_vehicle_mostly_behind_another_is_not_looked_at() -> None:
    before = [(80.0, 200.0, 720.0, 560.0)]
    assert not facts(sight(), views=[shot(float(i), PLACE, others=before) for i in range(3)]).body.known


def test_a_shot_is_looked_at_once_however_often_its_passage_is_asked_for() -> None:
    bodies = Bodies(sight())
    look = SecondLook(Finder(()), Reader(()), None, bodies=bodies)
    views = [shot(float(i), PLACE) for i in range(2)]
    look.look(passage(views))
    look.look(passage([*views, shot(3.0, PLACE)]))
    assert bodies.looks == 3


@pytest.mark.parametrize("box", [(0, 0, 300, 100), (100, 100, 180, 400), (1200, 600, 1290, 730)])
def test_a_cut_out_keeps_its_proportions_and_has_grey_beside_it(box: Box) -> None:
    laid = laid_out(NOISE, box)
    assert laid.shape == (SIZE[1], SIZE[0], 3)
    filled = (laid != 114).any(axis=2)
    assert filled.any(axis=0).sum() == SIZE[0] or filled.any(axis=1).sum() == SIZE[1]


def test_the_bundled_network_tells_nothing_of_what_is_tiny_or_dark() -> None:
    look = BodyLook()
    assert look.look(NOISE, (100, 100, 140, 140)) is None
    assert look.look(np.zeros((300, 600, 3), np.uint8), (0, 0, 600, 300)) is None


def test_the_bundled_network_gives_probabilities() -> None:
    body, load, raised = BodyLook().probabilities(np.stack([laid_out(NOISE, PLACE)] * 2))
    assert (body.shape, load.shape, raised.shape) == ((2, 8), (2, 5), (2, 2))
    for shares in (body, load, raised):
        np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-5)
