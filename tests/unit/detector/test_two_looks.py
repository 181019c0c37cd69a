"""Features in whole scenes: which vehicles are looked at large, and what the looks say together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.detections import Detections
from detector.network import Network
from detector.settings import DetectorSettings
from detector.two_looks import Span, TwoLooks, cut_outs, in_picture, merged
from tests.unit.detector.networks import end2end, save_network, ultralytics_metadata
from tests.unit.detector.pictures import blank, frame

SCENE, INPUT = (1280, 720), (640, 640)


def seen(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    """Detections of rows x0, y0, x1, y1, score, class."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


def spans(box: tuple[float, float, float, float], size: tuple[int, int] = SCENE) -> list[Span]:
    return list(cut_outs(np.array([box], np.float32), size, INPUT))


@pytest.mark.parametrize(
    ("box", "size", "expected"),
    [
        ((400, 300, 700, 400), SCENE, [(376, 292, 724, 408)]),  # 8 % of 300 and of 100 round it
        ((0, 650, 300, 720), SCENE, [(0, 644, 324, 720)]),  # no further than the picture goes
        ((100, 100, 950, 400), SCENE, []),  # with its margin it is no 1.5 times larger cut out
        ((30, 150, 480, 350), (512, 512), []),  # a side view that its truck fills
        ((60, 60, 200, 160), (512, 512), [(48, 52, 212, 168)]),
        ((600, 300, 636, 320), SCENE, []),  # too far away for anything on it to be seen
        ((600, 300, 600, 400), SCENE, []),  # of no width
    ],
)
def test_a_vehicle_is_looked_at_large_where_that_shows_more(
    box: tuple[float, float, float, float], size: tuple[int, int], expected: list[Span]
) -> None:
    assert spans(box, size) == expected


sides = st.integers(1, 2000)


@given(sides, sides, st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_a_cut_out_holds_its_vehicle_and_lies_in_the_picture(width: int, height: int, at: list[float]) -> None:
    (x0, x1), (y0, y1) = sorted(v * width for v in at[:2]), sorted(v * height for v in at[2:])
    for left, top, right, bottom in spans((x0, y0, x1, y1), (width, height)):
        assert 0 <= left <= x0 + 0.01
        assert 0 <= top <= y0 + 0.01
        assert x1 - 0.01 <= right <= width
        assert y1 - 0.01 <= bottom <= height


def test_a_box_of_a_cut_out_is_moved_to_where_the_cut_out_lies() -> None:
    found = in_picture(seen((5, 6, 25, 26, 0.9, 1)), (100, 200, 180, 260), SCENE)
    assert found.boxes.tolist() == [[105, 206, 125, 226]]
    assert (found.scores.tolist(), found.class_ids.tolist()) == ([pytest.approx(0.9)], [1])


def test_what_the_cut_goes_through_belongs_to_another_vehicle() -> None:
    span = (100, 200, 180, 260)
    rows = [(0, 10, 9, 20), (70, 10, 80, 20), (10, 0, 20, 9), (10, 50, 20, 60), (30, 30, 50, 50)]
    found = in_picture(seen(*((*row, 0.9, 0) for row in rows)), span, SCENE)
    assert found.boxes.tolist() == [[130, 230, 150, 250]]


def test_what_the_pictures_own_edge_goes_through_stays() -> None:
    found = in_picture(seen((0, 50, 9, 60, 0.9, 0)), (0, 660, 80, 720), SCENE)
    assert found.boxes.tolist() == [[0, 710, 9, 720]]


def test_one_wheel_seen_in_two_looks_is_one_and_the_surer_look_says_where() -> None:
    whole = seen((100, 100, 120, 120, 0.4, 0), (300, 100, 320, 120, 0.8, 0))
    near = seen((102, 101, 121, 121, 0.9, 0), (102, 101, 121, 121, 0.7, 1))
    found = merged([whole, near])
    assert found.boxes[:, 0].tolist() == [102, 300, 102]
    assert found.class_ids.tolist() == [0, 0, 1]


def load(path: Path, names: list[str], *rows: tuple[float, float, float, float, float, float]) -> Network:
    save_network(path, end2end(*rows), metadata=ultralytics_metadata(names))
    return Network.load(DetectorSettings(model=path, provider="cpu"))


def test_nobody_looks_for_wheels_on_a_person(tmp_path: Path) -> None:
    features = load(tmp_path / "features.onnx", ["wheel"], (8, 8, 16, 16, 0.9, 0))
    both = (24, 24, 32, 40, 0.9, 0), (40, 24, 56, 40, 0.8, 1)
    finder = load(tmp_path / "finder.onnx", ["person", "car"], *both)
    found = TwoLooks(finder, features).detect(blank(256, 256))
    # The whole picture's wheel and that of the car, cut out at 76 pixels a side from (154, 90).
    assert found.boxes.round(1).tolist() == [[32, 32, 64, 64], [163.5, 99.5, 173, 109]]


def test_a_scene_without_vehicles_is_seen_as_a_whole(tmp_path: Path) -> None:
    rows = (8, 8, 16, 16, 0.9, 0), (8, 8, 16, 13.5, 0.8, 0)
    features = load(tmp_path / "features.onnx", ["wheel"], *rows)
    finder = load(tmp_path / "finder.onnx", ["car"])
    picture = frame(blank(64, 64))
    found = TwoLooks(finder, features).detect(picture)
    assert found.boxes.tolist() == features.detect([picture])[0].boxes.tolist()
    assert found.scores.tolist() == features.detect([picture])[0].scores.tolist()
