"""The network that is used where a site or a command names none."""

from __future__ import annotations

from pathlib import Path

import yaml

from detector.settings import DetectorSettings
from edge.settings import load_site
from models import bundled_weights
from tests.world import write_site, write_video


def test_the_detector_looks_with_the_bundled_network_of_vehicles_unless_told_otherwise() -> None:
    assert DetectorSettings().model == bundled_weights("vehicles")
    assert bundled_weights("vehicles").is_absolute()
    assert bundled_weights("vehicles") != bundled_weights("features")


def test_a_site_without_a_model_key_takes_the_bundled_network(tmp_path: Path) -> None:
    site = write_site(tmp_path, write_video(tmp_path / "road.mp4", [], 1), detector={"min_score": 0.2})
    assert "model" not in yaml.safe_load(site.read_text(encoding="utf-8"))["detector"]
    assert load_site(site).detector.model == bundled_weights("vehicles")
