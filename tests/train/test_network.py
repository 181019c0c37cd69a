"""Parts that need the training framework: run by `make test-train`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch

from models.lab.export import load_onnx, settle, to_onnx
from models.lab.network import MaskedEntropy, RoadNetwork
from models.manifest import InputSpec, ModelError

SIZE = InputSpec(width=160, height=96)
PICTURES = np.random.default_rng(0).random((2, 3, 96, 160), np.float32)


def answer(weights: Path) -> np.ndarray:
    return np.asarray(ort.InferenceSession(str(weights)).run(None, {"images": PICTURES})[0])


def uneven_network() -> RoadNetwork:
    """One whose normalisations do something, as after training."""
    torch.manual_seed(0)
    network = RoadNetwork(8)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.uniform_(-0.5, 0.5)
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
    return network


def test_what_a_source_did_not_label_is_no_background() -> None:
    entropy = MaskedEntropy()
    entropy.labelled = torch.tensor([[[True, True, False]]])
    entropy.told_apart = torch.tensor([[[True, True, False]]])
    scores = torch.tensor([[[0.0, 0.0, 4.0], [2.0, 0.0, 4.0]]])
    background, on_object = entropy(scores, torch.tensor([[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]))[0]
    assert background[:2] == pytest.approx(torch.full((2,), 0.693), abs=1e-3)
    assert background[2] == 0
    assert on_object[0] > 2, "a class the source tells apart is wrong on another class's object"
    assert on_object[2] == 0, "a class the source lumps in with others may be right"


def test_classes_marked_only_here_and_there_are_told_apart_on_objects_alone() -> None:
    entropy = MaskedEntropy()
    entropy.labelled = torch.tensor([[[False, False]]])
    entropy.told_apart = torch.tensor([[[True, True]]])
    scores = torch.full((1, 2, 2), 3.0)
    background, on_object = entropy(scores, torch.tensor([[[0.0, 0.0], [1.0, 0.0]]]))[0]
    assert background.sum() == 0
    assert on_object[1] > 3


def test_training_goes_on_from_an_exported_network(tmp_path: Path) -> None:
    to_onnx(uneven_network(), SIZE, tmp_path / "first.onnx")
    again = RoadNetwork(8)
    load_onnx(again, tmp_path / "first.onnx")
    to_onnx(again, SIZE, tmp_path / "second.onnx")
    assert answer(tmp_path / "second.onnx") == pytest.approx(answer(tmp_path / "first.onnx"), abs=1e-3, rel=1e-3)


def test_a_settled_network_sees_the_same_and_keeps_doing_so_in_training(tmp_path: Path) -> None:
    network = uneven_network()
    to_onnx(network, SIZE, tmp_path / "first.onnx")
    again = RoadNetwork(8)
    load_onnx(again, tmp_path / "first.onnx")
    pictures = torch.from_numpy(PICTURES)
    settle(again, [pictures])
    assert again.training
    with torch.no_grad():
        trained = again(pictures)["scores"]
        seen = again.eval()(pictures)[1]["scores"]
    assert trained.numpy() == pytest.approx(seen.numpy(), abs=1e-2)
    to_onnx(again, SIZE, tmp_path / "second.onnx")
    assert answer(tmp_path / "second.onnx") == pytest.approx(answer(tmp_path / "first.onnx"), abs=1e-2, rel=1e-2)


def test_a_strangers_onnx_is_refused(tmp_path: Path) -> None:
    torch.onnx.export(torch.nn.Conv2d(3, 3, 1), (torch.zeros(1, 3, 8, 8),), str(tmp_path / "other.onnx"), dynamo=False)
    with pytest.raises(ModelError, match="its own float32 exports"):
        load_onnx(RoadNetwork(8), tmp_path / "other.onnx")
