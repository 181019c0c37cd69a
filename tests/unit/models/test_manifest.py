"""Manifests: what is said of a weights file is checked, and every complaint names file, key and remedy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import InputSpec, ModelError, ModelManifest, find_manifest, read_manifest
from models.manifest import SHIPPED, sha256_of
from models.taxonomy import COCO80, FEATURES, VEHICLES, default_map

GOOD = """
name: gantry-1
task: vehicles
layout: yolo11_raw
names: [truck, tree, car]
input: {width: 640, height: 384}
"""


def write(folder: Path, text: str, name: str = "net.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as refused:
        read_manifest(path)
    return str(refused.value)


def test_what_is_left_out_takes_the_habits_of_ultralytics(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, GOOD))
    assert manifest.input == InputSpec(width=640, height=384, colour="rgb", scale=1 / 255, pad=114, placement="centre")
    assert manifest.map == {"truck": "truck", "car": "car"}
    assert manifest.classes == ("car", "truck")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_shipped_manifest_loads_and_names_its_file_by_hash(path: Path) -> None:
    manifest = read_manifest(path)
    assert manifest.sha256 is not None
    assert manifest.classes
    assert manifest.licence != "unknown"


def test_two_shipped_manifests_never_speak_of_one_file() -> None:
    hashes = [read_manifest(path).sha256 for path in SHIPPED.glob("*.yaml")]
    assert len(set(hashes)) == len(hashes) > 0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("task: vehicles", "task: faces"), "task: Input should be 'vehicles' or 'features'"),
        (("layout: yolo11_raw", "layout: ssd"), "layout: Input should be 'yolo26_end2end'"),
        (("width: 640", "width: 8"), "input.width: Input should be greater than or equal to 32"),
        (("name: gantry-1", "nmae: gantry-1"), "nmae: Extra inputs are not permitted"),
        (("[truck, tree, car]", "[car, tree, car]"), "names holds a class twice: car"),
        (("[truck, tree, car]", "[tree, house]"), "no class of the network is wanted: give a map from its names"),
        (("layout:", "map: {lorry: truck}\nlayout:"), "map speaks of classes that names does not hold: lorry"),
        (("layout:", "map: {truck: lorry}\nlayout:"), "map leads to lorry; task vehicles knows car, van, bus"),
        (("layout:", "sha256: ABC\nlayout:"), "sha256: String should match pattern"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    path = write(tmp_path, GOOD.replace(*change))
    text = refusal(path)
    assert text.startswith(f"{path}: ")
    assert complaint in text
    assert text.endswith("Correct these keys of the manifest.")


@pytest.mark.parametrize(
    ("text", "complaint"), [("- 1", "expected a mapping of keys, found list"), ("a: [", "not YAML")]
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    assert complaint in refusal(write(tmp_path, text))


def test_an_own_word_may_be_mapped_onto_the_taxonomy(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("layout:", "map: {truck: tank_truck, car: van}\nlayout:"))
    assert read_manifest(path).classes == ("van", "tank_truck")


def test_features_have_their_own_words(tmp_path: Path) -> None:
    text = GOOD.replace("vehicles", "features").replace("[truck, tree, car]", "[Plate, lifted wheel, car]")
    assert read_manifest(write(tmp_path, text)).map == {"Plate": "plate", "lifted wheel": "lifted_wheel"}


words = st.lists(st.sampled_from([*VEHICLES, "tree", "house"]), min_size=1, unique=True)


@given(words, st.sampled_from(["rgb", "bgr"]), st.floats(1e-3, 1), st.integers(32, 4096), st.none() | st.floats(0, 1))
def test_a_manifest_survives_being_written_and_read(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    colour: str,
    scale: float,
    width: int,
    min_score: float | None,
) -> None:
    if not default_map(names, "vehicles"):
        names = [*names, "car"]
    manifest = ModelManifest.model_validate(
        {
            "name": "m",
            "task": "vehicles",
            "layout": "yolox_raw",
            "names": names,
            "input": {"width": width, "height": 64, "colour": colour, "scale": scale},
            "min_score": min_score,
        }
    )
    path = write(tmp_path_factory.mktemp("m"), manifest.to_yaml())
    assert read_manifest(path) == manifest


def test_coco_is_written_by_its_name() -> None:
    manifest = ModelManifest.model_validate(
        {
            "name": "m",
            "task": "vehicles",
            "layout": "yolox_raw",
            "names": "coco80",
            "input": {"width": 64, "height": 64},
        }
    )
    assert manifest.names == COCO80
    assert "names: coco80\n" in manifest.to_yaml()


def test_the_manifest_beside_a_file_is_taken(tmp_path: Path) -> None:
    weights = tmp_path / "net.onnx"
    weights.write_bytes(b"weights")
    assert find_manifest(weights) is None
    write(tmp_path, GOOD)
    found = find_manifest(weights)
    assert found is not None
    assert found.name == "gantry-1"


def test_a_manifest_for_another_file_is_refused_with_both_hashes(tmp_path: Path) -> None:
    weights = tmp_path / "net.onnx"
    weights.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    assert sha256_of(weights) == digest
    write(tmp_path, f"sha256: {digest}\n{GOOD}")
    assert find_manifest(weights) is not None
    weights.write_bytes(b"weight")
    with pytest.raises(ModelError, match=rf"SHA-256 is {sha256_of(weights)}, .*net.yaml expects {digest}.*copy them"):
        find_manifest(weights)


def test_the_taxonomy_has_no_word_twice() -> None:
    assert len(set(VEHICLES + FEATURES)) == len(VEHICLES) + len(FEATURES)
    assert len(set(COCO80)) == 80
