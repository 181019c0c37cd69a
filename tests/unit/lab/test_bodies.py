"""Rendered vehicles cut out for the network of bodies: which are taken, what is true of them, how they are varied."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.body_look import BODIES, LOADS, SIZE, BodySight
from models.lab.bodies.crops import BodyCrop, Part, part_of, read_crops
from models.lab.bodies.evaluation import least_probabilities, measure
from models.lab.bodies.views import Views, cut_off
from models.manifest import ModelError

PICTURE = np.stack(np.meshgrid(np.linspace(0, 250, 320), np.linspace(0, 250, 180)) * 2, axis=2)[..., :3].astype(
    np.uint8
)
"""Brighter to the right and downwards."""
BOX = (40, 30, 240, 150)


def still(folder: Path, scene: str, *things: dict[str, object]) -> None:
    """A rendering with its truth; of each thing what differs from an empty tipper that is seen whole."""
    usual = {"class": "truck", "body": "tipper", "load": "empty", "raised_boards": False, "visible": 1.0, "box": BOX}
    usual |= {"kind": "tipper", "height_m": 3.0, "x_m": 10.0, "y_m": 0.0, "camera_m": 6.0}
    objects, vehicles = [], {}
    for number, thing in enumerate(things):
        told = {**usual, **thing}
        vehicles[f"v{number}"] = {key: told[key] for key in ("kind", "body", "load", "raised_boards", "height_m")}
        objects.append(
            {"identity": f"v{number}", **{key: told[key] for key in ("class", "visible", "box", "x_m", "y_m")}}
        )
    cv2.imwrite(str(folder / f"{scene}.jpg"), PICTURE)
    camera = {"position_m": (0.0, 0.0, float(str(told["camera_m"])))}
    truth = {"scene": scene, "camera": camera, "vehicles": vehicles, "frames": [{"objects": objects}]}
    (folder / f"{scene}.json").write_text(json.dumps(truth))


def crop(part: Part, body: str = "tipper", load: str = "empty", raised: int = 0) -> BodyCrop:
    return BodyCrop("scene v0", part, PICTURE, BOX, BODIES.index(body), LOADS.index(load), raised)


def test_a_vehicle_is_cut_out_with_its_truth_and_some_road(tmp_path: Path) -> None:
    still(tmp_path, "one", {"load": "heaped", "raised_boards": True})
    (found,) = read_crops([tmp_path])
    assert (BODIES[found.body], LOADS[found.load], found.raised) == ("tipper", "heaped", 1)
    assert found.pixels.shape[1] > found.box[2] - found.box[0] == BOX[2] - BOX[0]
    x0, y0, x1, y1 = (round(v) for v in found.box)
    assert np.abs(found.pixels[y0:y1, x0:x1].astype(int) - PICTURE[30:150, 40:240]).mean() < 5


@pytest.mark.parametrize(
    "thing", [{"visible": 0.5}, {"box": (0, 0, 50, 40)}, {"class": "motorcycle", "body": "none"}], ids=str
)
def test_what_hardly_shows_is_not_taken(tmp_path: Path, thing: dict[str, object]) -> None:
    still(tmp_path, "one", thing, {})
    assert [found.name for found in read_crops([tmp_path])] == ["one v1"]


@pytest.mark.parametrize(
    ("thing", "load", "raised"),
    [
        ({"body": "box", "load": "none"}, "hidden", -1),
        ({"body": "none", "load": "none", "class": "car"}, "hidden", -1),
        ({"body": "stake", "load": "level"}, "level", -1),
        ({"load": "level"}, "level", 0),
    ],
)
def test_closed_bodies_have_no_load_to_see_and_only_tippers_raised_boards(
    tmp_path: Path, thing: dict[str, object], load: str, raised: int
) -> None:
    still(tmp_path, "one", thing)
    (found,) = read_crops([tmp_path])
    assert (LOADS[found.load], found.raised) == (load, raised)


@pytest.mark.parametrize(
    ("body", "load", "camera_m", "shown"),
    [
        ("tipper", "empty", 6.0, "empty"),
        ("tipper", "empty", 2.5, "hidden"),
        ("tipper", "level", 2.5, "hidden"),
        ("tipper", "heaped", 2.5, "heaped"),
        ("tipper", "covered", 2.5, "covered"),
        ("flat", "level", 2.8, "level"),
        ("flat", "level", 1.7, "hidden"),
        ("stake", "empty", 1.7, "empty"),
    ],
)
def test_a_bed_is_seen_from_above_its_boards_alone(
    tmp_path: Path, body: str, load: str, camera_m: float, shown: str
) -> None:
    still(tmp_path, "one", {"body": body, "load": load, "camera_m": camera_m})
    (found,) = read_crops([tmp_path])
    assert LOADS[found.load] == shown


def test_all_vehicles_of_a_scene_are_on_one_side() -> None:
    parts = [part_of(f"still-{seed:08d}") for seed in range(4000)]
    assert parts.count("test") / 4000 == pytest.approx(1 / 8, abs=0.02)
    assert parts.count("calibrate") / 4000 == pytest.approx(1 / 8, abs=0.02)


def test_a_folder_without_renderings_is_named_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"scripts\.scenes stills"):
        read_crops([tmp_path])


def test_views_have_the_networks_size_and_show_what_is_rare_more_often() -> None:
    views = Views([*(crop("train") for _ in range(99)), crop("train", "box", "hidden", -1)], np.random.default_rng(1))
    pictures, body, load, raised = views.batch(200)
    assert pictures.shape == (200, 3, SIZE[1], SIZE[0])
    assert (pictures.min() >= 0, pictures.max() <= 255, pictures.std() > 20) == (True, True, True)
    rare = body == BODIES.index("box")
    assert 8 < rare.sum() < 40
    assert set(load[rare]) == {LOADS.index("hidden")}
    assert set(raised[rare]) == {-1}


def test_a_view_is_never_cut_off_where_the_load_is() -> None:
    rng = np.random.default_rng(2)
    for _ in range(40):
        pixels, box = cut_off(rng, PICTURE, BOX)
        assert box[1] == BOX[1]
        assert (box[2] - box[0]) * (box[3] - box[1]) < 0.99 * 200 * 120
        assert pixels.shape[0] >= box[3]
        assert pixels.shape[1] >= box[2]


class Told:
    """A network that always says the same."""

    def __init__(self, sure: float, load: str = "empty") -> None:
        self._sight = BodySight(("tipper", sure), (load, sure), (False, sure))

    def look(self, picture: object, box: object) -> BodySight:
        """The same of all."""
        return self._sight


def test_what_is_told_is_held_against_the_truth() -> None:
    vehicles = [crop("test"), crop("test", load="level"), crop("test", "stake", raised=-1), crop("train", "box")]
    score = measure(Told(0.99), vehicles)
    figures = score.figures()
    assert (figures["body_vehicles"], figures["body_told"], figures["body_right"]) == (3, 1.0, 0.6667)
    assert (figures["load_vehicles"], figures["load_right"], figures["raised_vehicles"]) == (3, 0.6667, 2)
    assert score.tallies["load"]["level"].wrong == {"empty": 1}
    assert [text for _, text in score.mistakes] == ["level, told empty (0.99)", "stake, told tipper (0.99)"]


def test_of_a_load_that_nobody_can_see_nothing_is_asked() -> None:
    figures = measure(Told(0.99, "hidden"), [crop("test"), crop("test", load="hidden")]).figures()
    assert (figures["load_vehicles"], figures["load_told"]) == (1, 0.0)


def test_what_is_unsure_is_not_told() -> None:
    figures = measure(Told(0.3), [crop("test", load="level")]).figures()
    assert (figures["load_told"], figures["load_right"]) == (0.0, 0.0)


def test_answers_that_are_wrong_too_often_can_be_believed_at_no_probability() -> None:
    vehicles = [crop("calibrate", load="level"), *(crop("calibrate") for _ in range(9))]
    least = least_probabilities(Told(0.75), vehicles)
    assert least["body"] == pytest.approx(0.75)
    assert least["load"] == 1.0
