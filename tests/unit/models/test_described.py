"""A weights file that describes itself needs no manifest; one that does not gets the manifest to write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from models.described import Described, describe, input_size
from models.manifest import ModelError, ModelManifest

ULTRALYTICS = {"task": "detect", "names": "{0: 'truck', 1: 'tree', 2: 'car'}", "license": "AGPL-3.0"}


def seen(metadata: Mapping[str, str], output: tuple[int, ...] = (1, 7, 8400), side: int = 640) -> Described:
    return Described(Path("net.onnx"), "0" * 64, metadata, side, side, output)


def refusal(what: Described) -> str:
    with pytest.raises(ModelError) as refused:
        describe(what)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("[384, 640]", (640, 384)), ("(384, 640)", (640, 384)), ("640", (640, 640)), ("", None), ("[1, 2, 3]", None)],
)
def test_the_size_is_written_height_first(text: str, expected: tuple[int, int] | None) -> None:
    assert input_size({"imgsz": text}) == expected


@pytest.mark.parametrize(("output", "layout"), [((1, 7, 8400), "yolo11_raw"), ((1, 300, 6), "yolo26_end2end")])
def test_an_ultralytics_export_describes_itself(output: tuple[int, ...], layout: str) -> None:
    manifest = describe(seen(ULTRALYTICS, output))
    assert (manifest.name, manifest.layout, manifest.names) == ("net", layout, ("truck", "tree", "car"))
    assert (manifest.task, manifest.licence, manifest.sha256) == ("vehicles", "AGPL-3.0", "0" * 64)
    assert (manifest.input.colour, manifest.input.placement) == ("rgb", "centre")
    assert manifest.input.scale == pytest.approx(1 / 255)


def test_names_of_features_make_it_a_network_of_the_second_look() -> None:
    assert describe(seen(ULTRALYTICS | {"names": "['plate', 'wheel', 'tree']"})).task == "features"


@pytest.mark.parametrize(
    ("metadata", "output", "fault"),
    [
        ({}, (1, 7, 8400), "the file holds no class names"),
        (ULTRALYTICS, (1, 9, 8400), "the file names 3 classes, its output has 5"),
        (ULTRALYTICS, (1, 7, 8000), "the output of shape (1, 7, 8000) fits no layout at input 640x640"),
        (ULTRALYTICS, (1, 8400, 8), "a YOLOX export says nothing of its colour order, scale and padding"),
        (ULTRALYTICS | {"names": "['a', 'b', 'c']"}, (1, 7, 8400), "its classes (a, b, c) are not the taxonomy's"),
        (ULTRALYTICS | {"names": "{0: 'car', 2: 'van'}"}, (1, 7, 8400), "the file holds no class names"),
        (ULTRALYTICS | {"names": "__import__('os')"}, (1, 7, 8400), "the file holds no class names"),
    ],
)
def test_what_does_not_fit_is_said_with_the_manifest_to_write(
    metadata: Mapping[str, str], output: tuple[int, ...], fault: str
) -> None:
    text = refusal(seen(metadata, output))
    assert fault in text
    assert "Write net.yaml" in text


def test_a_network_for_another_purpose_is_refused() -> None:
    assert "found a network for 'segment', expected one that detects" in refusal(seen({"task": "segment"}))


def test_the_manifest_to_write_is_one_that_loads() -> None:
    text = refusal(seen({}, (1, 8400, 85)))
    written = yaml.safe_load(text.split("\n", 1)[1])
    manifest = ModelManifest.model_validate(written)
    assert (manifest.layout, manifest.input.colour, manifest.input.placement) == ("yolox_raw", "bgr", "top_left")
    assert manifest.input.scale == 1
