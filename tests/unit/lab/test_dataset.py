"""What a built data set holds, and that no scene is on both of its sides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from detector.network import Network
from detector.settings import DetectorSettings
from models.lab.dataset import Builder, Built
from models.lab.labelled import as_boxes, read_image
from models.lab.labels import read_labels, task_of
from models.lab.prelabel import missing
from models.lab.report import summary, write_report
from models.lab.sources import Source
from models.manifest import ModelError
from models.taxonomy import VEHICLES
from tests.unit.detector.networks import end2end, save_network, ultralytics_metadata
from tests.unit.lab.sets import photo, save_yolo, source

CAR = "0 0.5 0.5 0.5 0.5\n"


def build(folder: Path, *sources: Source, network: Network | None = None, width: int = 640) -> Built:
    *_, built = Builder(folder, None, folder / "out", width, network).build("vehicles", sources)
    assert isinstance(built, Built)
    return built


def facts(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out/pictures.json").read_text())
    return found


def test_what_is_built_reads_back_as_it_was_labelled(tmp_path: Path) -> None:
    save_yolo(tmp_path / "set", {f"p{n}": (photo(n), CAR + "1 .5 .5 .1 .1\n") for n in range(40)})
    built = build(tmp_path, source())
    pictures = [*read_labels(tmp_path / "out", "train"), *read_labels(tmp_path / "out", "val")]
    assert len(pictures) == 40
    assert {p.words for p in pictures} == {("car",)}
    assert {p.known for p in pictures} == {frozenset({"car"})}
    assert all(p.path.is_file() and p.shares == pytest.approx(as_boxes([[0.5, 0.5, 0.5, 0.5]])) for p in pictures)
    assert built.left_out == {("road", "tractor: no word fits"): 40}
    data = yaml.safe_load((tmp_path / "out/data.yaml").read_text())
    assert list(data["names"].values()) == list(VEHICLES)
    assert task_of(tmp_path / "out") == "vehicles"


def test_copies_in_two_sources_are_one_scene_on_one_side(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_yolo(tmp_path / name, {f"{name}{n}": (photo(n), CAR) for n in range(40)})
    build(tmp_path, source(name="one", folder="one"), source(name="two", folder="two"))
    found = facts(tmp_path)
    assert [found[f"one__one{n}"]["split"] for n in range(40)] == [found[f"two__two{n}"]["split"] for n in range(40)]
    assert {facts["split"] for facts in found.values()} == {"train", "val"}


def test_a_fixed_cameras_last_pictures_are_held_out_behind_a_gap(tmp_path: Path) -> None:
    save_yolo(tmp_path / "set", {f"f{n:03d}": (photo(n), CAR) for n in range(101)})
    rule = {"by": "order", "val": 0.2, "gap": 10, "block": 25}
    built = build(tmp_path, source(scenes=rule))
    found = facts(tmp_path)
    assert [n for n in range(101) if f"road__f{n:03d}" not in found] == list(range(70, 81))
    assert {found[f"road__f{n:03d}"]["split"] for n in range(81, 101)} == {"val"}
    sides: dict[str, set[str]] = {}
    for picture in found.values():
        sides.setdefault(picture["scene"], set()).add(picture["split"])
    assert all(len(split) == 1 for split in sides.values())
    assert built.left_out["road", "pictures in the gap before the part held out"] == 11


def test_a_sources_own_split_is_kept(tmp_path: Path) -> None:
    save_yolo(tmp_path / "a", {f"a{n}": (photo(n), CAR) for n in range(3)})
    save_yolo(tmp_path / "b", {f"b{n}": (photo(n), CAR) for n in range(3)})
    build(tmp_path, source(folder="a", held_out="b", scenes={"by": "folder"}))
    assert {name: p["split"] for name, p in facts(tmp_path).items()} == {
        **{f"road__a{n}": "train" for n in range(3)},
        **{f"road__b{n}": "val" for n in range(3)},
    }


def test_boxes_that_shrink_to_nothing_are_left_out_and_counted(tmp_path: Path) -> None:
    save_yolo(tmp_path / "set", {"p": (photo(1, 640, 480), CAR + "0 .5 .5 .01 .01\n")})
    built = build(tmp_path, source(), width=64)
    assert built.left_out == {("road", "boxes below 3 pixels"): 1}
    assert read_image(next((tmp_path / "out/images").rglob("*.jpg"))).shape == (48, 64, 3)


def test_a_folder_that_holds_a_data_set_is_not_written_into(tmp_path: Path) -> None:
    save_yolo(tmp_path / "set", {"p": (photo(1), CAR)})
    build(tmp_path, source())
    with pytest.raises(ModelError, match="holds a data set already"):
        build(tmp_path, source())


def test_where_nothing_is_built_reading_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="lushao models dataset"):
        read_labels(tmp_path, "val")


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Finds a car at the left, a truck in the middle and a person at the right of every picture of 64 x 64."""
    table = end2end((0, 0, 20, 64, 0.9, 0), (24, 0, 40, 64, 0.8, 1), (44, 0, 60, 64, 0.7, 2))
    weights = save_network(tmp_path / "n.onnx", table, metadata=ultralytics_metadata(("car", "truck", "person")))
    return Network.load(DetectorSettings(model=weights, min_score=0.5))


def test_a_network_adds_what_is_wanted_and_lies_on_no_label_of_its_kind(network: Network) -> None:
    image, labels = photo(1, 64, 64), as_boxes([[24, 0, 42, 64], [42, 0, 62, 64]])
    boxes, words = missing(image, labels, ["bus", "motorcycle"], ["car", "truck", "person"], network)
    # The truck is a reading of the bus; the person may well sit on the motorcycle.
    assert words == ("car", "person")
    assert boxes == pytest.approx(as_boxes([[0, 0, 20, 64], [44, 0, 60, 64]]))
    assert missing(image, labels, ["bus", "motorcycle"], ["truck"], network)[1] == ()


def test_added_boxes_are_counted_and_are_not_held_for_labelled(tmp_path: Path, network: Network) -> None:
    save_yolo(tmp_path / "set", {"p": (photo(1, 64, 64), "0 0.15 0.5 0.3 1\n")})
    built = build(tmp_path, source(prelabel=["person"]), network=network)
    (entry,) = built.entries
    assert (entry.words, entry.prelabelled) == (("car", "person"), 1)
    assert json.loads((tmp_path / "out/known.json").read_text()) == {"road": ["car"]}


def test_the_report_tells_counts_and_reasons_and_shows_pictures(tmp_path: Path) -> None:
    save_yolo(tmp_path / "set", {f"p{n}": (photo(n), CAR + "1 .5 .5 .1 .1\n") for n in range(40)})
    built = build(tmp_path, source())
    write_report(built, tmp_path / "out")
    sides = summary(built)["sources"]["road"]
    assert sides["train"]["boxes"]["car"] + sides["val"]["boxes"]["car"] == 40
    assert "40 × tractor: no word fits" in (tmp_path / "out/report.md").read_text()
    sheet = read_image(tmp_path / "out/sheets/road.jpg")
    assert sheet.shape == (4 * 320, 4 * 480, 3)
    assert np.count_nonzero(sheet.max(axis=2) > 60) > sheet.size / 6
