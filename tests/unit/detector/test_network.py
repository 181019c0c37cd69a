"""A weights file becomes a network that was checked, or a refusal that says found, expected and remedy."""

from __future__ import annotations

import csv
import logging
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from detector.detections import Detections
from detector.geometry import iou_matrix
from detector.network import Network
from detector.settings import DetectorSettings
from models.manifest import ModelError, sha256_of
from tests.unit.detector.networks import (
    NAMES,
    end2end,
    save_network,
    ultralytics_metadata,
    write_manifest,
    yolo11,
    yolox,
)
from tests.unit.detector.pictures import blank, frame

DATA = Path(__file__).parents[4] / "shared" / "data"
YOLOX_NANO = DATA / "weights" / "yolox_nano_coco.onnx"

ONE_TRUCK = end2end((16, 24, 32, 40, 0.75, 0))
FAINT = end2end((16, 24, 32, 40, 0.25, 0))
LIT = end2end((0, 0, 0, 0, 0.5, 0))
"""With it, the score is 0.25 for a black picture and 0.75 for a white one."""


def load(weights: Path, **settings: object) -> Network:
    return Network.load(DetectorSettings.model_validate({"model": weights, **settings}))


def refusal(weights: Path, **settings: object) -> str:
    with pytest.raises(ModelError) as refused:
        load(weights, **settings)
    return str(refused.value)


def scores(found: list[Detections]) -> list[list[float]]:
    return [np.round(d.scores, 3).tolist() for d in found]


def greys(*levels: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    return [blank(64, 64, level) for level in levels]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tmp_path / "net.onnx"


@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
@pytest.mark.parametrize("batch", [None, 1, 4], ids=["free", "one", "four"])
def test_each_picture_of_any_number_gets_its_own_result(weights: Path, batch: int | None, half: bool) -> None:
    save_network(weights, FAINT, batch=batch, half=half, lit=LIT, metadata=ultralytics_metadata())
    network = load(weights, batch=None if batch else 3)
    assert network.batch == (batch or 3)
    levels = [0, 255, 128, 0, 255, 51, 204]
    expected = [[0.25 + 0.5 * level / 255] for level in levels]
    assert np.allclose(scores(network.detect(greys(*levels))), expected, atol=2e-3)
    assert network.detect([]) == []


@pytest.mark.parametrize(("batch", "sent"), [(None, 1), (4, 4)])
def test_a_batch_that_is_not_full_costs_no_more_than_it_must(weights: Path, batch: int | None, sent: int) -> None:
    save_network(weights, FAINT, batch=batch, metadata=ultralytics_metadata())
    assert len(load(weights, batch=4).prepare(list(greys(0))).tensor) == sent


def test_a_fixed_batch_of_the_file_wins_over_the_settings(weights: Path) -> None:
    save_network(weights, FAINT, batch=2, metadata=ultralytics_metadata())
    assert load(weights, batch=8).batch == 2


def test_more_pictures_than_a_batch_are_refused(weights: Path) -> None:
    network = load(save_network(weights, FAINT, batch=2, metadata=ultralytics_metadata()))
    with pytest.raises(ValueError, match="expected 1 to 2 pictures, found 3"):
        network.prepare(list(greys(0, 0, 0)))


def test_frames_and_pictures_of_different_sizes_go_through_together(weights: Path) -> None:
    network = load(save_network(weights, ONE_TRUCK, batch=None, metadata=ultralytics_metadata()), batch=2)
    found = network.detect([blank(128, 96), frame(blank(64, 64))])
    assert [d.boxes.tolist() for d in found] == [[[32, 32, 64, 64]], [[16, 24, 32, 40]]]


def test_a_canvas_is_used_again_without_a_trace_of_before(weights: Path) -> None:
    network = load(save_network(weights, FAINT, lit=LIT, metadata=ultralytics_metadata()))
    canvas = network.canvas()
    for level, expected in ((255, 0.75), (0, 0.25), (255, 0.75)):
        prepared = network.prepare(list(greys(level)), canvas)
        assert prepared.tensor.base is canvas.tensor or prepared.tensor is canvas.tensor
        assert scores(network.decode(network.infer(prepared), prepared)) == [[expected]]


def test_it_may_be_called_from_several_threads(weights: Path) -> None:
    network = load(save_network(weights, FAINT, lit=LIT, metadata=ultralytics_metadata()))
    wrong: list[object] = []

    def work(level: int) -> None:
        for _ in range(30):
            found = scores(network.detect(greys(level)))
            if not np.allclose(found, 0.25 + 0.5 * level / 255, atol=1e-3):
                wrong.append((level, found))

    threads = [threading.Thread(target=work, args=(level,)) for level in (0, 85, 170, 255)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert network.times.snapshot()["infer"].count == 120


def test_an_ultralytics_export_needs_no_manifest(weights: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_network(weights, yolo11((30, (24, 32, 16, 16), (0.75, 0, 0.2))), metadata=ultralytics_metadata())
    with caplog.at_level(logging.INFO):
        network = load(weights)
    assert (network.manifest.layout, network.manifest.names, network.class_names) == (
        "yolo11_raw",
        NAMES,
        ("car", "truck"),
    )
    assert network.manifest.licence.startswith("AGPL-3.0")
    assert network.manifest.sha256 == sha256_of(weights)
    assert "yolo11_raw at 64x64, finds car, truck" in caplog.text


def test_a_network_of_any_size_takes_the_size_it_was_exported_for(weights: Path) -> None:
    save_network(weights, ONE_TRUCK, width=None, height=None, metadata=ultralytics_metadata(width=96, height=64))
    assert load(weights).input_size == (96, 64)


def test_a_network_of_any_size_that_nobody_names_is_refused(weights: Path) -> None:
    save_network(weights, ONE_TRUCK, width=None, height=None)
    assert "takes any size" in refusal(weights)
    assert "net.yaml with input: width and height" in refusal(weights)


def test_the_size_of_the_manifest_must_be_the_files(weights: Path) -> None:
    save_network(weights, ONE_TRUCK)
    write_manifest(weights, "yolo26_end2end", input={"width": 96})
    assert "the input is 64x64 pixels (width x height), the manifest expects 96x64. Correct input" in refusal(weights)


def test_the_size_of_the_metadata_must_be_the_files(weights: Path) -> None:
    save_network(weights, ONE_TRUCK, metadata=ultralytics_metadata(height=32))
    assert "the input is 64x64 pixels (width x height), its metadata expects 64x32" in refusal(weights)


def test_a_layout_that_the_manifest_does_not_say_is_refused(weights: Path) -> None:
    save_network(weights, yolo11())
    write_manifest(weights, "yolox_raw")
    assert "yolo11_raw of 3 classes; the manifest expects yolox_raw of 3 classes" in refusal(weights)


def test_another_number_of_classes_is_refused(weights: Path) -> None:
    save_network(weights, yolo11(classes=5), metadata=ultralytics_metadata())
    assert "the file names 3 classes, its output has 5" in refusal(weights)
    write_manifest(weights, "yolo11_raw")
    assert "yolo11_raw of 5 classes; the manifest expects yolo11_raw of 3 classes" in refusal(weights)


def test_scores_before_the_sigmoid_are_refused(weights: Path) -> None:
    save_network(weights, yolo11((0, (8, 8, 8, 8), (-7, -9, 3))), metadata=ultralytics_metadata())
    assert "scores run from -9 to 3, expected 0 to 1" in refusal(weights)


def test_a_file_that_was_changed_is_refused(weights: Path) -> None:
    save_network(weights, ONE_TRUCK)
    write_manifest(weights, "yolo26_end2end", sha256="0" * 64)
    text = refusal(weights)
    assert f"SHA-256 is {sha256_of(weights)}" in text
    assert f"expects {'0' * 64}" in text
    assert "copy them again" in text


def test_a_bare_file_is_refused_with_the_manifest_to_write(weights: Path) -> None:
    save_network(weights, yolox())
    text = refusal(weights)
    assert "holds no class names" in text
    assert f"Write {weights.with_suffix('.yaml')}" in text
    assert f"sha256: '{sha256_of(weights)}'" in text
    assert "layout: yolox_raw" in text


def test_the_higher_of_both_lowest_scores_holds(weights: Path) -> None:
    save_network(weights, end2end((0, 0, 8, 8, 0.25, 0), (16, 24, 32, 40, 0.5, 0)))
    write_manifest(weights, "yolo26_end2end", min_score=0.4)
    assert scores(load(weights, min_score=0.1).detect(greys(0))) == [[0.5]]
    assert scores(load(weights, min_score=0.7).detect(greys(0))) == [[]]


def test_stages_are_timed_per_picture(weights: Path) -> None:
    network = load(save_network(weights, ONE_TRUCK, batch=None, metadata=ultralytics_metadata()), batch=2)
    network.detect(greys(0, 0, 0))
    assert {stage: t.count for stage, t in network.times.snapshot().items()} == dict.fromkeys(
        ("preprocess", "infer", "decode"), 3
    )


@pytest.mark.skipif(not YOLOX_NANO.is_file(), reason="the material of ../shared/data is not here")
def test_a_real_network_finds_the_vehicles_of_a_real_picture() -> None:
    network = load(YOLOX_NANO, min_score=0.3)
    assert network.class_names == ("car", "bus", "truck", "motorcycle", "person")
    video, truth = DATA / "video" / "gantry-rain.mp4", DATA / "video" / "gantry-rain.boxes.csv"
    with av.open(str(video)) as file:
        first = next(file.decode(video=0)).to_ndarray(format="bgr24")
    near = [box for box in labelled(truth, 960, 540) if (box[2] - box[0]) * (box[3] - box[1]) > 70 * 60]
    found = network.detect([np.asarray(first, np.uint8)])[0]
    assert len(near) == 4
    assert (iou_matrix(np.array(near, np.float32), found.boxes).max(axis=1) > 0.7).all()


def labelled(truth: Path, width: int, height: int) -> list[list[float]]:
    """Boxes of the first frame, x0 y0 x1 y1 in pixels."""
    boxes = []
    with truth.open() as file:
        for row in csv.DictReader(file):
            if row["frame"] == "0":
                x, y, w, h = (float(row[key]) for key in ("x_centre", "y_centre", "width", "height"))
                boxes.append([(x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height])
    return boxes
