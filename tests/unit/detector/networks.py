"""Tiny ONNX networks whose output is known: they give the same table for every picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.manifest import InputSpec, ModelManifest
from models.shapes import Layout
from models.taxonomy import Task

Table = NDArray[np.float32]
NAMES = ("truck", "tree", "car")
ANCHORS_64 = 84
"""Cells of a 64x64 input: 8x8, 4x4 and 2x2."""


def save_network(
    path: Path,
    table: Table,
    *,
    width: int | None = 64,
    height: int | None = 64,
    batch: int | None = 1,
    channels: int = 3,
    half: bool = False,
    lit: Table | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a network that gives `table` (a, b) for each picture; None sizes are left free.

    Where `lit` (a, b) is not 0, that value times the mean of the picture's input is added: so that a result tells
    which picture it belongs to.
    """
    kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    lit = np.zeros_like(table) if lit is None else lit
    nodes = [
        helper.make_node("Cast", ["images"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["wide", "planes"], ["light"], keepdims=0),
        helper.make_node("Unsqueeze", ["light", "last"], ["column"]),
        helper.make_node("Mul", ["column", "lit"], ["lit_table"]),
        helper.make_node("Add", ["lit_table", "table"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["output0"], to=kind),
    ]
    constants = [
        numpy_helper.from_array(np.array([1, 2, 3]), "planes"),
        numpy_helper.from_array(np.array([1, 2]), "last"),
        numpy_helper.from_array(lit[None].astype(np.float32), "lit"),
        numpy_helper.from_array(table[None].astype(np.float32), "table"),
    ]
    image = helper.make_tensor_value_info(
        "images", kind, [batch or "batch", channels, height or "height", width or "width"]
    )
    output = helper.make_tensor_value_info("output0", kind, [batch or "batch", *table.shape])
    return _save(path, nodes, constants, [image], [output], metadata)


def save_classifier(path: Path, outputs: int = 1) -> Path:
    """A network that gives one mean per plane, `outputs` times: no boxes."""
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])
    nodes = [helper.make_node("ReduceMean", ["images", "area"], [f"y{i}"], keepdims=0) for i in range(outputs)]
    given = [helper.make_tensor_value_info(f"y{i}", TensorProto.FLOAT, [1, 3]) for i in range(outputs)]
    return _save(path, nodes, [numpy_helper.from_array(np.array([2, 3]), "area")], [image], given, None)


def _save(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    constants: Sequence[onnx.TensorProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    metadata: Mapping[str, str] | None,
) -> Path:
    graph = helper.make_graph(nodes, "known", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def ultralytics_metadata(
    names: Sequence[str] = NAMES, width: int = 64, height: int = 64, **more: str
) -> dict[str, str]:
    """What ultralytics writes into its exports."""
    return {
        "task": "detect",
        "names": repr(dict(enumerate(names))),
        "imgsz": repr([height, width]),
        "license": "AGPL-3.0 License (https://ultralytics.com/license)",
        **more,
    }


def write_manifest(weights: Path, layout: Layout, **changes: Any) -> ModelManifest:
    """Put a manifest beside a weights file."""
    task: Task = changes.pop("task", "vehicles")
    spec = InputSpec(width=64, height=64).model_copy(update=changes.pop("input", {}))
    manifest = ModelManifest(name="known", task=task, layout=layout, names=changes.pop("names", NAMES), input=spec)
    manifest = manifest.model_copy(update=changes)
    weights.with_suffix(".yaml").write_text(manifest.to_yaml(), encoding="utf-8")
    return manifest


def end2end(*rows: tuple[float, float, float, float, float, float]) -> Table:
    """A YOLO26 table (300, 6) whose first rows are x0, y0, x1, y1, score, class."""
    table = np.zeros((300, 6), np.float32)
    table[: len(rows)] = np.array(rows, np.float32).reshape(-1, 6)
    return table


def yolo11(*boxes: tuple[int, tuple[float, float, float, float], Sequence[float]], classes: int = len(NAMES)) -> Table:
    """A YOLO11 table (4 + C, A): anchor, centre x, centre y, width, height, and a score per class."""
    table = np.zeros((4 + classes, ANCHORS_64), np.float32)
    table[:4] = 8.0
    for anchor, box, scores in boxes:
        table[:4, anchor], table[4:, anchor] = box, scores
    return table


def yolox(
    *boxes: tuple[int, tuple[float, float, float, float], float, Sequence[float]], classes: int = len(NAMES)
) -> Table:
    """A YOLOX table (A, 5 + C): anchor, offsets and log sizes in cells, objectness, and a score per class."""
    table = np.zeros((ANCHORS_64, 5 + classes), np.float32)
    for anchor, box, objectness, scores in boxes:
        table[anchor] = (*box, objectness, *scores)
    return table
