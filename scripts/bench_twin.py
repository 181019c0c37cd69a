"""The same YOLOX network behind an ultralytics-style front: so that both programs can run one network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from detector.layouts import grid
from models.manifest import ModelError, ModelManifest


def ultralytics_twin(weights: Path, manifest: ModelManifest, folder: Path) -> Path:
    """Write a yolo11_raw network (RGB 0 to 1 in, pixels and class scores out) that holds a yolox_raw one.

    Raises `ModelError` for any other layout.
    """
    if manifest.layout != "yolox_raw":
        raise ModelError(f"{weights}: a twin is made of yolox_raw networks, this one is {manifest.layout}.")
    model = onnx.load(str(weights))
    graph, spec = model.graph, manifest.input
    inner_in, inner_out = graph.input[0].name, graph.output[0].name
    cells, strides = grid(spec.width, spec.height, (8, 16, 32))
    edges = (0, 2, 4, 5, 5 + len(manifest.names))
    constants = {
        "twin_scale": np.array([255 * spec.scale], np.float32),
        "twin_planes": np.array([2, 1, 0] if spec.colour == "bgr" else [0, 1, 2]),
        "twin_axis": np.array([2]),
        "twin_cells": cells[None],
        "twin_strides": strides[None],
        **{f"twin_edge{i}": np.array([edge]) for i, edge in enumerate(edges)},
    }
    before = [
        helper.make_node("Gather", ["pixels", "twin_planes"], ["twin_order"], axis=1),
        helper.make_node("Mul", ["twin_order", "twin_scale"], [inner_in]),
    ]
    after = [
        *(
            helper.make_node("Slice", [inner_out, f"twin_edge{i}", f"twin_edge{i + 1}", "twin_axis"], [part])
            for i, part in enumerate(("twin_xy", "twin_wh", "twin_sure", "twin_class"))
        ),
        helper.make_node("Add", ["twin_xy", "twin_cells"], ["twin_moved"]),
        helper.make_node("Mul", ["twin_moved", "twin_strides"], ["twin_centre"]),
        helper.make_node("Exp", ["twin_wh"], ["twin_grown"]),
        helper.make_node("Mul", ["twin_grown", "twin_strides"], ["twin_size"]),
        helper.make_node("Mul", ["twin_class", "twin_sure"], ["twin_scores"]),
        helper.make_node("Concat", ["twin_centre", "twin_size", "twin_scores"], ["twin_rows"], axis=2),
        helper.make_node("Transpose", ["twin_rows"], ["twin_output"], perm=[0, 2, 1]),
    ]
    nodes = [*before, *graph.node, *after]
    twin = helper.make_graph(
        nodes,
        "twin",
        [helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, [1, 3, spec.height, spec.width])],
        [helper.make_tensor_value_info("twin_output", onnx.TensorProto.FLOAT, [1, edges[-1] - 1, len(cells)])],
        [*graph.initializer, *(numpy_helper.from_array(value, name) for name, value in constants.items())],
    )
    made = helper.make_model(twin, opset_imports=list(model.opset_import), ir_version=model.ir_version)
    about = {
        "task": "detect",
        "stride": "32",
        "batch": "1",
        "names": repr(dict(enumerate(manifest.names))),
        "imgsz": repr([spec.height, spec.width]),
        "license": manifest.licence,
    }
    helper.set_model_props(made, about)
    path = folder / f"{weights.stem}_twin.onnx"
    onnx.save(made, str(path))
    return path
