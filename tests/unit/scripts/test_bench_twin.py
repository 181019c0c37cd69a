"""The twin that ultralytics can run sees what the YOLOX network sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detector.network import Network
from detector.settings import DetectorSettings
from models.manifest import ModelError
from scripts.bench_twin import ultralytics_twin
from tests.unit.detector.networks import end2end, save_network, write_manifest, yolox
from tests.unit.detector.pictures import blank

TABLE = yolox((26, (0.3, -0.2, np.log(2), 0.4), 0.75, (0.8, 0, 0.2)), (66, (1, 1, 0, 0.1), 0.5, (0.1, 0.3, 0.8)))


@pytest.mark.parametrize("spec", [{"colour": "bgr", "scale": 1.0}, {"colour": "rgb", "scale": 1 / 255}])
def test_it_gives_the_same_boxes_for_the_same_picture(tmp_path: Path, spec: dict[str, object]) -> None:
    weights = tmp_path / "net.onnx"
    # The first score grows with the light of the input, so it tells whether both see the same values.
    light = np.zeros_like(TABLE)
    light[26, 4] = 0.2 / 255 if spec["scale"] == 1.0 else 0.2
    save_network(weights, TABLE, lit=light)
    manifest = write_manifest(weights, "yolox_raw", input=spec)
    twin = ultralytics_twin(weights, manifest, tmp_path)
    picture = blank(64, 64, 200)
    own, its = (Network.load(DetectorSettings(model=path)).detect([picture])[0] for path in (weights, twin))
    assert len(own) == 2
    assert np.allclose(its.boxes, own.boxes, atol=1e-4)
    assert np.allclose(its.scores, own.scores, atol=1e-5)
    assert (its.class_ids == own.class_ids).all()


def test_only_yolox_networks_have_one(tmp_path: Path) -> None:
    weights = save_network(tmp_path / "net.onnx", end2end())
    with pytest.raises(ModelError, match="made of yolox_raw networks, this one is yolo26_end2end"):
        ultralytics_twin(weights, write_manifest(weights, "yolo26_end2end"), tmp_path)
