"""The network that is used where a site or a command names none."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from detector.network import Network
from detector.settings import DetectorSettings
from edge.settings import load_site
from models import bundled_weights
from models.bundled import WEIGHTS
from models.manifest import WeightsManifest, checked_manifest, read_manifest, sha256_of
from models.taxonomy import Task
from tests.world import write_site, write_video


def test_the_detector_looks_with_the_bundled_network_of_vehicles_unless_told_otherwise() -> None:
    assert DetectorSettings().model == bundled_weights("vehicles")
    assert bundled_weights("vehicles").is_absolute()
    assert bundled_weights("vehicles") != bundled_weights("features")


def test_a_site_without_a_model_key_takes_the_bundled_network(tmp_path: Path) -> None:
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", [], 1), detector={"min_score": 0.2})
    assert "model" not in yaml.safe_load(site.read_text(encoding="utf-8"))["detector"]
    assert load_site(site).detector.model == bundled_weights("vehicles")


@pytest.mark.parametrize("task", ["vehicles", "features"])
def test_every_bundled_network_has_its_manifest_and_card_and_loads(task: Task) -> None:
    weights = bundled_weights(task)
    network = Network.load(DetectorSettings(model=weights, provider="cpu"))
    manifest = read_manifest(weights.with_suffix(".yaml"))
    assert manifest.sha256 == sha256_of(weights)
    assert (manifest.task, manifest.licence == "unknown") == (task, False)
    assert network.manifest == manifest
    card = weights.with_suffix(".md").read_text(encoding="utf-8")
    assert all(trained.name in card and trained.licence in card for trained in manifest.trained_on)


@pytest.mark.parametrize("name", ["sign_finder", "sign_reader"])
def test_each_network_of_signs_has_its_manifest_and_card(name: str) -> None:
    weights = WEIGHTS / f"{name}.onnx"
    manifest = checked_manifest(weights, WeightsManifest)
    assert manifest.sha256 == sha256_of(weights)
    assert manifest.metrics["scenes_right"] > 0.9
    card = weights.with_suffix(".md").read_text(encoding="utf-8")
    assert all(trained.name in card and trained.licence in card for trained in manifest.trained_on)


def test_the_network_of_bodies_has_its_manifest_and_card_and_is_small() -> None:
    weights = WEIGHTS / "bodies.onnx"
    manifest = checked_manifest(weights, WeightsManifest)
    assert manifest.sha256 == sha256_of(weights)
    assert min(manifest.metrics[f"rendered_{question}_right"] for question in ("body", "load", "raised")) >= 0.95
    assert weights.stat().st_size < 1_500_000
    card = weights.with_suffix(".md").read_text(encoding="utf-8")
    assert all(trained.name in card and trained.licence in card for trained in manifest.trained_on)


@pytest.mark.parametrize("weights", sorted(WEIGHTS.glob("*.onnx")), ids=lambda path: path.name)
def test_a_bundled_file_can_be_sent_over_a_mountain_link(weights: Path) -> None:
    most = 3_000_000 if weights.stem == "sign_reader" else 12_000_000
    assert weights.stat().st_size < most


@pytest.mark.parametrize("weights", sorted(WEIGHTS.glob("[vf]*.onnx")), ids=lambda path: path.name)
def test_a_detector_is_for_the_task_it_is_named_after(weights: Path) -> None:
    assert Network.load(DetectorSettings(model=weights, provider="cpu")).manifest.task == weights.name.split(".")[0]
