"""From trained weights of the sign networks to the ONNX files the box takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from torch import nn

from models.manifest import ModelError, TrainingSet, WeightsManifest, sha256_of

OPSET = 17
LARGEST_READER = 3_000_000
"""Bytes; it is sent over the links of mountain roads, and read on every box."""
CLOSE = 2e-3
"""Most by which the file's answers may differ from those of what was trained."""


def to_onnx(network: nn.Module, size: tuple[int, int], outputs: tuple[str, ...], path: Path, *, any_size: bool) -> None:
    """Write a network that takes (batch, 3, height, width); `size` is the width and height it is tried with.

    Raises `ModelError` when the file does not answer as the network does.
    """
    network.eval()
    blank = torch.randint(0, 256, (2, 3, size[1], size[0])).float()
    free = {0: "batch", 2: "height", 3: "width"} if any_size else {0: "batch"}
    axes: dict[str, Any] = {"pictures": free, **dict.fromkeys(outputs, free)}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        network,
        blank,
        str(path),
        dynamo=False,
        opset_version=OPSET,
        input_names=["pictures"],
        output_names=list(outputs),
        dynamic_axes=axes,
    )
    with torch.no_grad():
        expected = [np.asarray(answer) for answer in network(blank)]
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for name, want, got in zip(outputs, expected, session.run(None, {"pictures": blank.numpy()}), strict=True):
        off = float(np.abs(want - got).max())
        if off > CLOSE * max(1.0, float(np.abs(want).max())):
            raise ModelError(f"{path}: its {name} differs by {off:.4f} from what was trained; not written for use.")


def write_manifest(weights: Path, name: str, trained_on: tuple[TrainingSet, ...], metrics: dict[str, float]) -> None:
    """Write the manifest beside the weights."""
    manifest = WeightsManifest(
        name=name,
        sha256=sha256_of(weights),
        licence="AGPL-3.0-or-later",
        trained_on=trained_on,
        metrics={key: round(figure, 4) for key, figure in metrics.items()},
    )
    weights.with_suffix(".yaml").write_text(manifest.to_yaml(), encoding="utf-8")
