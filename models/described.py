"""The manifest of a weights file: beside it, shipped, or made from what the file says of itself."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.manifest import InputSpec, ModelError, ModelManifest, find_manifest, sha256_of
from models.shapes import readings

Port = tuple[str, list[Any], str]
"""Name, shape (a word or None where it is dynamic) and type of an input or output."""


def manifest_of(
    weights: Path, metadata: Mapping[str, str], inputs: Sequence[Port], outputs: Sequence[Port]
) -> ModelManifest:
    """The manifest of an opened ONNX file.

    Raises `ModelError` saying what was found, what is missing, and the manifest to write.
    """
    manifest = find_manifest(weights)
    return manifest if manifest is not None else describe(weights, metadata, inputs, outputs)


def describe(
    weights: Path, metadata: Mapping[str, str], inputs: Sequence[Port], outputs: Sequence[Port]
) -> ModelManifest:
    """A manifest made from metadata as ultralytics writes it (`names`, `imgsz`, `task`, `end2end`) and shapes."""
    names = ast.literal_eval(metadata["names"]) if "names" in metadata else {}
    height, width = inputs[0][1][2:4]
    found = readings(outputs[0][1], int(width), int(height))
    if not names or not found:
        raise ModelError(f"{weights}: write a manifest at {weights.with_suffix('.yaml')}")
    return ModelManifest(
        name=weights.stem,
        sha256=sha256_of(weights),
        task="vehicles",
        layout=found[0].layout,
        names=tuple(names.values()),
        input=InputSpec(width=width, height=height),
    )
