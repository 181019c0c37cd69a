"""What counts when a network is measured, and what does not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.detections import Detections
from models.lab.evaluation import Ruler, Seen, figures, report
from models.lab.labelled import as_boxes
from models.lab.labels import Sample
from models.taxonomy import VEHICLES
from tests.unit.lab.sets import photo

Row = tuple[str, float, float]
"""Word, left edge in pixels, score: boxes are 20 wide and 30 high."""


def sample(folder: Path, labels: list[tuple[str, float]], known: set[str], height: float = 30) -> Sample:
    """A picture of 100 x 100 with labels (word, left edge)."""
    path = folder / "p.png"
    cv2.imwrite(str(path), photo(1, 100, 100))
    shares = as_boxes([[(x + 10) / 100, height / 200, 0.2, height / 100] for _, x in labels])
    return Sample(path, "road", "day", frozenset(known), shares, tuple(word for word, _ in labels))


def seen(picture: Sample, found: list[Row], merge: dict[str, str] | None = None) -> Seen:
    boxes = np.array([[x, 0, x + 20, 30] for _, x, _ in found], np.float32).reshape(-1, 4)
    numbers = np.array([VEHICLES.index(word) for word, _, _ in found], np.int64)
    detections = Detections(boxes, np.array([s for _, _, s in found], np.float32), numbers)
    return Ruler(merge or {}, 0.25).look(lambda image: detections, VEHICLES, picture)


def test_what_a_source_does_not_label_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    picture = sample(tmp_path, [("car", 0), ("person", 40)], {"car"})
    result = figures([seen(picture, [("car", 0, 0.5), ("person", 70, 0.9), ("van", 70, 0.9)])])
    assert result["map50"] == 1
    assert list(result["classes"]) == ["car"]


def test_what_a_source_labels_is_wrong_where_there_is_none(tmp_path: Path) -> None:
    picture = sample(tmp_path, [("car", 0)], {"car", "bus"})
    assert figures([seen(picture, [("car", 70, 0.9), ("car", 0, 0.5)])])["map50"] == pytest.approx(0.5)


def test_a_van_counts_as_a_car_where_words_are_merged_and_once_only(tmp_path: Path) -> None:
    picture = sample(tmp_path, [("car", 0), ("van", 40)], {"car", "van"})
    found: list[Row] = [("van", 0, 0.9), ("car", 0, 0.8), ("van", 40, 0.7)]
    apart = figures([seen(picture, found)])
    assert apart["classes"]["car"]["ap50"] == 1
    assert apart["classes"]["van"]["ap50"] == pytest.approx(0.5)
    merged = figures([seen(picture, found, {"van": "car"})])
    assert merged["classes"] == {"car": {"labels": 2, "ap50": pytest.approx(1), "ap50_95": pytest.approx(1)}}


def test_cars_of_a_source_that_labels_only_its_vans_do_not_count_when_merged(tmp_path: Path) -> None:
    picture = sample(tmp_path, [("car", 0), ("van", 40)], {"van"})
    assert figures([seen(picture, [("van", 40, 0.7)], {"van": "car"})])["classes"] == {}


def test_near_vehicles_are_found_as_any_vehicle_and_named_by_the_surest_box(tmp_path: Path) -> None:
    labels = [("car", 0.0), ("truck", 25.0), ("bus", 50.0), ("motorcycle", 75.0), ("person", 40.0)]
    picture = sample(tmp_path, labels, {word for word, _ in labels})
    found: list[Row] = [
        ("car", 0, 0.6),
        ("bus", 25, 0.8),
        ("truck", 25, 0.3),
        ("bus", 50, 0.2),  # below the working score
        ("car", 75, 0.9),  # of another group
    ]
    result = seen(picture, found)
    assert (result.near, result.near_found, result.near_named) == (4, 2, 1)


def test_a_vehicle_below_15_per_cent_of_the_height_is_not_near(tmp_path: Path) -> None:
    assert seen(sample(tmp_path, [("car", 0)], {"car"}, height=14), []).near == 0
    assert seen(sample(tmp_path, [("car", 0)], {"car"}, height=16), []).near == 1


def test_figures_are_told_by_source_and_by_condition(tmp_path: Path) -> None:
    picture = sample(tmp_path, [("car", 0)], {"car"})
    night = Sample(picture.path, "tunnel", "night", picture.known, picture.shares, picture.words)
    told = report([seen(picture, [("car", 0, 0.9)]), seen(night, [])])
    assert told["all"]["map50"] == pytest.approx(51 / 101)
    assert {name: own["map50"] for name, own in told["sources"].items()} == {"road": pytest.approx(1), "tunnel": 0}
    assert told["conditions"]["night"]["near_found"] == 0
