"""All three layouts give the boxes that the raw numbers stand for, in pixels of the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detector.detections import Detections
from detector.layouts import Decoder, Limits, check_values, grid, recognise
from detector.network import Network
from detector.settings import DetectorSettings
from models.manifest import InputSpec, ModelError, ModelManifest
from models.shapes import Layout, RawShape, readings
from models.taxonomy import Task
from tests.unit.detector.networks import NAMES, Table, end2end, save_network, write_manifest, yolo11, yolox
from tests.unit.detector.pictures import blank

CAR, TRUCK = 0, 1
"""Class ids: places in the taxonomy's order, not in the network's."""


def manifest(layout: Layout, names: tuple[str, ...] = NAMES, task: Task = "vehicles") -> ModelManifest:
    return ModelManifest(name="m", task=task, layout=layout, names=names, input=InputSpec(width=64, height=64))


def decode(layout: Layout, table: Table, min_score: float = 0.1, iou: float = 0.65, limit: int = 300) -> Detections:
    known = manifest(layout)
    return Decoder(recognise((1, *table.shape), known), known, Limits(min_score, iou, limit))(table)


def as_rows(found: Detections) -> list[tuple[list[float], float, int]]:
    return [
        (box, round(score, 6), class_id)
        for box, score, class_id in zip(
            found.boxes.tolist(), found.scores.tolist(), found.class_ids.tolist(), strict=True
        )
    ]


# Input pixels 16, 24 to 32, 40. The picture of 128x96 lies in the input of 64x64 at half its size, 8 pixels down.
ALIKE = {
    "yolo26_end2end": end2end((16, 24, 32, 40, 0.75, 0), (40, 8, 56, 24, 0.5, 2), (0, 8, 8, 16, 0.05, 2)),
    "yolo11_raw": yolo11((30, (24, 32, 16, 16), (0.75, 0, 0.2)), (70, (48, 16, 16, 16), (0.1, 0.3, 0.5))),
    # Cell 2, 3 of the grid of 8 pixels is anchor 26: (2 + 1) * 8 = 24, (3 + 1) * 8 = 32, 16 = 8 * e^log(2).
    # Cell 2, 0 of the grid of 16 is anchor 64 + 2: (2 + 1) * 16 = 48, (0 + 1) * 16 = 16, 16 = 16 * e^0.
    "yolox_raw": yolox(
        (26, (1, 1, np.log(2), np.log(2)), 1.0, (0.75, 0, 0.2)), (66, (1, 1, 0, 0), 0.625, (0.1, 0.3, 0.8))
    ),
}


@pytest.mark.parametrize("layout", ALIKE)
def test_boxes_come_out_in_pixels_of_the_picture(layout: Layout, tmp_path: Path) -> None:
    weights = save_network(tmp_path / "net.onnx", ALIKE[layout])
    write_manifest(weights, layout)
    network = Network.load(DetectorSettings(model=weights))
    assert network.class_names == ("car", "truck")
    found = network.detect([blank(128, 96)])[0]
    assert as_rows(found) == [([32, 32, 64, 64], 0.75, TRUCK), ([80, 0, 112, 32], 0.5, CAR)]
    assert [a.dtype.name for a in (found.boxes, found.scores, found.class_ids)] == ["float32", "float32", "int64"]


@pytest.mark.parametrize("layout", ALIKE)
def test_boxes_below_min_score_are_left_out(layout: Layout) -> None:
    assert as_rows(decode(layout, ALIKE[layout], min_score=0.6)) == [([16, 24, 32, 40], 0.75, TRUCK)]
    assert len(decode(layout, ALIKE[layout], min_score=0.75)) == 1
    assert len(decode(layout, ALIKE[layout], min_score=0.76)) == 0


@pytest.mark.parametrize("layout", ALIKE)
def test_the_best_boxes_are_kept_where_there_are_too_many(layout: Layout) -> None:
    assert as_rows(decode(layout, ALIKE[layout], limit=1)) == [([16, 24, 32, 40], 0.75, TRUCK)]


@pytest.mark.parametrize("layout", ["yolo11_raw", "yolox_raw"])
def test_for_measuring_each_class_of_a_box_counts_and_yields_to_its_own_class_alone(layout: Layout) -> None:
    tables: dict[str, Table] = {
        "yolo11_raw": yolo11((3, (24, 32, 16, 16), (0.6, 0, 0.3)), (4, (24, 32, 16, 16), (0.05, 0.9, 0.7))),
        "yolox_raw": yolox((26, (1, 1, 0, 0), 1, (0.6, 0, 0.3)), (25, (2, 1, 0, 0), 1, (0.05, 0.9, 0.7))),
    }
    known = manifest(layout)
    table = tables[layout]
    decoder = Decoder(recognise((1, *table.shape), known), known, Limits(0.1, 0.65, 300, each_class=True))
    assert [row[1:] for row in as_rows(decoder(table))] == [(0.7, CAR), (0.6, TRUCK)]


def test_classes_that_nobody_asked_for_are_never_seen() -> None:
    tree = end2end((16, 24, 32, 40, 0.9, 1), (40, 8, 56, 24, 0.5, 2))
    assert [c for *_, c in as_rows(decode("yolo26_end2end", tree))] == [CAR]
    # A tree first and foremost, and a car hardly: the car is what we asked for.
    hardly = yolo11((30, (24, 32, 16, 16), (0.0, 0.9, 0.2)))
    assert as_rows(decode("yolo11_raw", hardly)) == [([16, 24, 32, 40], 0.2, CAR)]
    only_tree = yolox((26, (1, 1, 0, 0), 1.0, (0.05, 0.9, 0.05)))
    assert len(decode("yolox_raw", only_tree)) == 0


def test_a_class_number_outside_the_names_is_left_out() -> None:
    assert len(decode("yolo26_end2end", end2end((0, 0, 8, 8, 0.9, 3), (0, 0, 8, 8, 0.9, -1)))) == 0


@pytest.mark.parametrize("layout", ["yolo11_raw", "yolox_raw"])
def test_one_vehicle_called_car_and_truck_gives_one_box(layout: Layout) -> None:
    tables: dict[str, Table] = {
        "yolo11_raw": yolo11((3, (24, 32, 16, 16), (0.6, 0, 0)), (4, (24, 32, 16, 16), (0, 0, 0.7))),
        "yolox_raw": yolox((26, (1, 1, 0, 0), 1, (0.6, 0, 0)), (25, (2, 1, 0, 0), 1, (0, 0, 0.7))),
    }
    assert [row[1:] for row in as_rows(decode(layout, tables[layout]))] == [(0.7, CAR)]


def test_a_rider_and_the_motorcycle_beneath_stay_two() -> None:
    known = manifest("yolo26_end2end", ("person", "motorcycle"))
    table = end2end((10, 10, 30, 50, 0.8, 0), (10, 10, 30, 50, 0.7, 1))
    assert len(Decoder(recognise((1, 300, 6), known), known, Limits(0.1, 0.65, 300))(table)) == 2


def test_wild_values_of_a_network_do_not_overflow_or_come_through() -> None:
    with np.errstate(all="raise"):
        wild = yolox((26, (1, 1, 1e30, 0), 1, (0.9, 0, 0)), (30, (np.nan, 0, 0, 0), 1, (0.9, 0, 0)))
        assert np.isfinite(decode("yolox_raw", wild).boxes).all()
        assert len(decode("yolo26_end2end", end2end((np.inf, 0, 1, 1, 0.9, 0)))) == 0


@pytest.mark.parametrize("layout", ALIKE)
def test_a_picture_with_nothing_in_it_gives_no_boxes(layout: Layout) -> None:
    empty = np.zeros_like(ALIKE[layout])
    assert decode(layout, empty).boxes.shape == (0, 4)


def test_the_grid_runs_row_by_row_from_the_finest() -> None:
    cells, strides = grid(64, 32, (8, 16, 32))
    assert len(cells) == len(strides) == 32 + 8 + 2
    assert cells[[0, 1, 8, 32, 40, 41]].tolist() == [[0, 0], [1, 0], [0, 1], [0, 0], [0, 0], [1, 0]]
    assert strides[[0, 31, 32, 40], 0].tolist() == [8, 8, 16, 32]


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((1, 300, 6), (640, 640), RawShape("yolo26_end2end", None, ())),
        ((1, 84, 8400), (640, 640), RawShape("yolo11_raw", 80, (8, 16, 32))),
        ((1, 3549, 85), (416, 416), RawShape("yolox_raw", 80, (8, 16, 32))),
        ((1, 84, 34000), (1280, 1280), RawShape("yolo11_raw", 80, (8, 16, 32, 64))),
        ((1, 12, 5040), (640, 384), RawShape("yolo11_raw", 8, (8, 16, 32))),
    ],
)
def test_a_layout_is_told_by_its_shape(shape: tuple[int, int, int], size: tuple[int, int], expected: RawShape) -> None:
    assert readings(shape, *size) == [expected]


@pytest.mark.parametrize("shape", [(1, 1000), (1, 84, 8401), (1, 25200, 85), (1, 4, 8400), (1, 3000, 6)])
def test_other_shapes_are_no_layout(shape: tuple[int, ...]) -> None:
    assert readings(shape, 640, 640) == []


def test_a_shape_that_differs_from_the_manifest_is_refused_with_both_named() -> None:
    with pytest.raises(ModelError, match=r"yolo11_raw of 4 classes.*expects yolo11_raw of 3 classes.*Correct layout"):
        recognise((1, 8, 84), manifest("yolo11_raw"))
    with pytest.raises(ModelError, match=r"\(1, 84, 8\).*yolox_raw of 3 classes.*expects yolo26_end2end"):
        recognise((1, 84, 8), manifest("yolo26_end2end"))
    with pytest.raises(ModelError, match=r"no layout known here"):
        recognise((1, 86, 8), manifest("yolox_raw"))


def probe(layout: Layout, table: Table) -> None:
    known = manifest(layout)
    check_values(table[None], recognise((1, *table.shape), known), known)


@pytest.mark.parametrize("layout", ALIKE)
def test_good_values_pass(layout: Layout) -> None:
    probe(layout, ALIKE[layout])


@pytest.mark.parametrize(
    ("layout", "table", "remedy"),
    [
        ("yolo11_raw", yolo11((0, (8, 8, 8, 8), (-7.5, -9, -6))), "scores run from -9 to 0, expected 0 to 1.*sigmoid"),
        ("yolox_raw", yolox((0, (0, 0, 0, 0), 4.5, (0, 0, 0))), "scores run from 0 to 4.5.*YOLOX's inference head"),
        ("yolo26_end2end", end2end((0, 0, 8, 8, 33, 0)), "scores run from 0 to 33.*end2end"),
        ("yolox_raw", yolox((80, (48, 16, 16, 16), 0.5, (0, 0, 0))), "decoded already.*decode_in_inference"),
        ("yolo11_raw", yolo11() / np.float32(64), "boxes run from 0 to 1, expected pixels"),
    ],
    ids=["logits", "objectness logits", "not scores", "decoded", "normalised"],
)
def test_the_right_shape_with_other_quantities_in_it_is_refused(layout: Layout, table: Table, remedy: str) -> None:
    with pytest.raises(ModelError, match=remedy):
        probe(layout, table)
