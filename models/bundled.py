"""The networks that come with the package, one per task."""

from __future__ import annotations

from pathlib import Path

from models.taxonomy import Task

WEIGHTS = Path(__file__).parent / "weights"
"""Folder of the bundled networks: TASK.onnx, its manifest TASK.yaml and its card TASK.md."""


def bundled_weights(task: Task) -> Path:
    """The network that is used where none is named."""
    return WEIGHTS / f"{task}.onnx"


def missing(weights: Path) -> str:
    """What to say of weights that are not there: what is the matter and what to do."""
    if weights.parent == WEIGHTS:
        return (
            f"{weights}: this copy of Lushao lacks the network that comes with it. Copy the folder models/weights "
            f"again, or name another network (--model, or model: in the site file)."
        )
    return f"{weights}: there is no such file. Name an ONNX weights file, or none for the bundled one."
