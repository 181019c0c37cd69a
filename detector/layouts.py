"""From a network's raw output to boxes: the three layouts, recognised by shape, decoded with numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.detections import Boxes, Detections
from detector.nms import suppress
from models.manifest import ModelError, ModelManifest
from models.shapes import RawShape, readings
from models.taxonomy import group_ids

Output = NDArray[np.float32]
_LARGEST_LOG_SIZE = 10.0
"""exp of it is 22,026 cells, more than any picture: a wild value must not overflow."""

_FARTHEST_OFFSET = 32.0
"""Cells from its own cell to a box's middle; a trained network stays within a few."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What of the candidates is kept."""

    min_score: float
    nms_iou: float
    max_boxes: int
    each_class: bool = False
    """Every class of a box that reaches min_score, and a better box takes the place of its own class alone."""


def recognise(shape: Sequence[int], manifest: ModelManifest) -> RawShape:
    """The layout of an output of concrete `shape` (batch, a, b), checked against the manifest.

    Raises `ModelError` saying what was found and expected.
    """
    size = manifest.input
    found = readings(shape, size.width, size.height)
    for reading in found:
        if reading.layout == manifest.layout and reading.classes in (None, len(manifest.names)):
            return reading
    seen = ", ".join(f"{r.layout} of {r.classes} classes" for r in found) or "no layout known here"
    raise ModelError(
        f"the output has shape {tuple(shape)}, which at input {size.width}x{size.height} is {seen}; the manifest "
        f"expects {manifest.layout} of {len(manifest.names)} classes. Correct layout, names or input of the manifest."
    )


def check_values(output: NDArray[np.floating], shape: RawShape, manifest: ModelManifest) -> None:
    """Check the output for a blank picture, float (batch, a, b): same shape, but is it the same quantity?

    Exports differ in whether scores went through the sigmoid and boxes were decoded; the shape does not tell.
    Raises `ModelError` with the remedy.
    """
    wide = output.astype(np.float64)
    if shape.layout == "yolo26_end2end":
        scores, remedy = wide[:, :, 4], "export with end2end and without half-way outputs"
    elif shape.layout == "yolo11_raw":
        scores, remedy = wide[:, 4:], "export with the sigmoid on the class scores, as ultralytics does"
    else:
        scores, remedy = wide[:, :, 4:], "export YOLOX's inference head, with the sigmoid on its scores"
    low, high = float(scores.min(initial=0)), float(scores.max(initial=0))
    if not (low >= -0.01 and high <= 1.01):
        raise ModelError(f"the scores run from {low:.3g} to {high:.3g}, expected 0 to 1: {remedy}.")
    if shape.layout == "yolox_raw" and np.abs(wide[:, :, :2]).max() > _FARTHEST_OFFSET:
        raise ModelError(
            "the boxes are decoded already (offsets of more than 32 cells on a blank picture), but yolox_raw expects "
            "offsets: export with decode_in_inference off (tools/export_onnx.py without --decode_in_inference)."
        )
    if shape.layout == "yolo11_raw" and wide[:, 0].max() <= 1.5 < manifest.input.width / 8:
        raise ModelError(
            "the boxes run from 0 to 1, expected pixels of the input: export to ONNX, not by way of TFLite."
        )


class Decoder:
    """Turns the output for one picture into `Detections` in pixels of the network's input."""

    def __init__(self, shape: RawShape, manifest: ModelManifest, limits: Limits) -> None:
        """`shape` as recognised; classes the manifest does not map are never looked at."""
        self._limits = limits
        classes = manifest.classes
        wanted = [i for i, name in enumerate(manifest.names) if name in manifest.map]
        self._columns = np.array(wanted, np.int64)
        self._ids = np.array([classes.index(manifest.map[manifest.names[i]]) for i in wanted], np.int64)
        self._own_to_id = np.full(len(manifest.names), -1, np.int64)
        self._own_to_id[self._columns] = self._ids
        self._groups = np.array(range(len(classes)) if limits.each_class else group_ids(classes), np.int64)
        self._layout = shape.layout
        self._cells, self._strides = grid(manifest.input.width, manifest.input.height, shape.strides)

    def __call__(self, output: Output) -> Detections:
        """Decode one picture's output: float32 (300, 6), (4+C, A) or (A, 5+C)."""
        if self._layout == "yolo26_end2end":
            found = self._end2end(output)
        elif self._layout == "yolo11_raw":
            found = self._yolo11(output)
        else:
            found = self._yolox(output)
        found = found[np.flatnonzero(np.isfinite(found.boxes).all(axis=1))]
        kept = suppress(
            found.boxes,
            found.scores,
            self._groups[found.class_ids],
            self._limits.nms_iou,
            self._limits.max_boxes,
        )
        return found[kept]

    def _end2end(self, output: Output) -> Detections:
        """Rows of x0 y0 x1 y1 score class, in input pixels (YOLO26, YOLOv10)."""
        rows = output[output[:, 4] >= self._limits.min_score]
        own = rows[:, 5].astype(np.int64)
        inside = (own >= 0) & (own < len(self._own_to_id))
        rows, own = rows[inside], own[inside]
        ids = self._own_to_id[own]
        known = ids >= 0
        rows = rows[known]
        return Detections(np.ascontiguousarray(rows[:, :4]), np.ascontiguousarray(rows[:, 4]), ids[known])

    def _yolo11(self, output: Output) -> Detections:
        """Columns of centre x, centre y, width, height and C scores, in input pixels (YOLOv8, YOLO11)."""
        scores = output[4 + self._columns]
        columns, cells = self._choose(scores)
        return Detections(_corners(output[:4, cells].T), scores[columns, cells], self._ids[columns])

    def _yolox(self, output: Output) -> Detections:
        """Rows of offset x, offset y, log width, log height, objectness and C scores, per cell (YOLOX).

        centre = (offset + cell) * stride, size = exp(log size) * stride, score = objectness * class score
        (Ge et al. 2021, demo_postprocess of the reference code).
        """
        likely = np.flatnonzero(output[:, 4] >= self._limits.min_score)
        rows = output[likely]
        scores = rows[:, 5 + self._columns].T * rows[:, 4]
        columns, sure = self._choose(scores)
        rows, cells = rows[sure], likely[sure]
        stride = self._strides[cells]
        centre = (rows[:, :2] + self._cells[cells]) * stride
        size = np.exp(np.minimum(rows[:, 2:4], _LARGEST_LOG_SIZE)) * stride
        return Detections(_corners(np.concatenate([centre, size], axis=1)), scores[columns, sure], self._ids[columns])

    def _choose(self, scores: Output) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Columns and cells of `scores` (C, N) that reach the least score: each cell's best class, or every one."""
        if self._limits.each_class:
            columns, cells = np.nonzero(scores >= self._limits.min_score)
            return columns, cells
        cells = np.flatnonzero(scores.max(axis=0) >= self._limits.min_score)
        return scores[:, cells].argmax(axis=0), cells


def grid(width: int, height: int, strides: Sequence[int]) -> tuple[Output, Output]:
    """Cell indices x, y (A, 2) and strides (A, 1) of all anchors, row by row, finest grid first."""
    cells, sizes = [np.zeros((0, 2), np.float32)], [np.zeros((0, 1), np.float32)]
    for stride in strides:
        columns, rows = width // stride, height // stride
        x, y = np.meshgrid(np.arange(columns), np.arange(rows))
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32))
        sizes.append(np.full((columns * rows, 1), stride, np.float32))
    return np.concatenate(cells), np.concatenate(sizes)


def _corners(centred: Output) -> Boxes:
    """Boxes (N, 4) centre x, centre y, width, height as x0 y0 x1 y1."""
    half = centred[:, 2:] / 2
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1).astype(np.float32, copy=False)
