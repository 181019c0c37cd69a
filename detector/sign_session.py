"""The small networks of signs: an ONNX Runtime session on one or few cores, checked against its manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from detector.session import ORT_FAULTS
from models.bundled import missing
from models.manifest import ModelError, WeightsManifest, checked_manifest, sha256_of

Floats = np.ndarray[Any, np.dtype[np.float32]]


class SignSession:
    """Runs one of them; may be used from several threads."""

    def __init__(self, weights: Path, *, outputs: int, threads: int = 1) -> None:
        """Raises `ModelError` saying what was found, what was expected and the remedy."""
        for file in (weights, weights.with_suffix(".yaml")):
            if not file.is_file():
                raise ModelError(missing(file))
        manifest = checked_manifest(weights, WeightsManifest)
        self.manifest = manifest if manifest.sha256 else manifest.model_copy(update={"sha256": sha256_of(weights)})
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._ort = ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        except ORT_FAULTS as error:
            raise ModelError(
                f"{weights}: ONNX Runtime refuses it: {str(error).splitlines()[0]}. Copy it again."
            ) from error
        inputs = self._ort.get_inputs()
        if len(inputs) != 1 or len(self._ort.get_outputs()) != outputs:
            found = f"{len(inputs)} inputs and {len(self._ort.get_outputs())} outputs"
            raise ModelError(
                f"{weights}: expected 1 input and {outputs} outputs, found {found}. Name a network of signs."
            )
        self._input = inputs[0].name

    def run(self, pictures: np.ndarray[Any, np.dtype[np.uint8]]) -> list[Floats]:
        """Outputs for pictures (batch, height, width, 3), BGR."""
        planes = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), np.float32)
        return [np.asarray(output, np.float32) for output in self._ort.run(None, {self._input: planes})]
