"""`Network`: one ONNX Runtime session that turns pictures into `Detections`, checked at load."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from cameras.frame import Frame, Image
from detector import providers
from detector.detections import Detections
from detector.geometry import Letterbox
from detector.layouts import Decoder, Limits, recognise
from detector.preprocess import Preprocessor, Tensor
from detector.settings import DetectorSettings, ProviderName
from detector.stages import StageTimes
from models.described import manifest_of
from models.manifest import ModelError, ModelManifest

log = logging.getLogger(__name__)
_GPU_BATCH = 8


@dataclass(slots=True)
class Prepared:
    """Pictures laid into an input: `tensor` (batch, 3, height, width) and where each one lies."""

    tensor: Tensor
    placed: list[Letterbox]


class Network:
    """A loaded network. All methods may be called from several threads at once."""

    def __init__(
        self,
        session: ort.InferenceSession,
        manifest: ModelManifest,
        provider: ProviderName,
        settings: DetectorSettings,
    ) -> None:
        """Use `Network.load`."""
        self.manifest = manifest
        self.class_names = manifest.classes
        self.input_size = (manifest.input.width, manifest.input.height)
        self.provider = provider
        self.lanes = settings.lanes or 1
        self.times = StageTimes()
        self._session = session
        (self._input,) = session.get_inputs()
        fixed = self._input.shape[0] if isinstance(self._input.shape[0], int) else None
        self.fixed_batch: int | None = fixed
        wanted = settings.batch or (_GPU_BATCH if provider in ("cuda", "tensorrt") else 1)
        self.batch = fixed or wanted
        self._pixels = Preprocessor(manifest.input, _dtype(self._input.type))
        probe = self._run(self._pixels.blank(self.batch))
        shape = recognise(probe.shape, manifest)
        limits = Limits(max(settings.min_score, manifest.min_score or 0.0), settings.nms_iou, settings.max_boxes)
        self._decode = Decoder(shape, manifest, limits)

    @staticmethod
    def load(settings: DetectorSettings) -> Network:
        """Load and check the network. Raises `ModelError` saying what was found, expected and the remedy."""
        path = settings.model
        if not path.is_file():
            raise ModelError(f"{path}: there is no such file. Set model to an ONNX file.")
        session, provider = _open(settings)
        meta = session.get_modelmeta().custom_metadata_map
        inputs = [(i.name, list(i.shape), i.type) for i in session.get_inputs()]
        outputs = [(o.name, list(o.shape), o.type) for o in session.get_outputs()]
        manifest = manifest_of(path, meta, inputs, outputs)
        network = Network(session, manifest, provider, settings)
        log.info("%s runs on %s, batch %d", manifest.name, provider, network.batch)
        return network

    def blank(self) -> Tensor:
        """An input for `batch` pictures, to be handed to `prepare` again and again by one thread."""
        return self._pixels.blank(self.batch)

    def prepare(self, pictures: Sequence[Frame | Image], out: Tensor | None = None) -> Prepared:
        """Lay at most `batch` pictures (BGR uint8 where they are arrays) into an input tensor."""
        if not 1 <= len(pictures) <= self.batch:
            raise ValueError(f"expected 1 to {self.batch} pictures, found {len(pictures)}")
        with self.times.measure("preprocess", len(pictures)):
            tensor = self._pixels.blank(self.batch) if out is None else out
            placed = [self._pixels.place(p, tensor[i]) for i, p in enumerate(pictures)]
        return Prepared(tensor if self.fixed_batch else tensor[: len(placed)], placed)

    def infer(self, prepared: Prepared) -> NDArray[Any]:
        """Run the network: raw output (batch, a, b)."""
        with self.times.measure("infer", len(prepared.placed)):
            return self._run(prepared.tensor)

    def decode(self, output: NDArray[Any], prepared: Prepared) -> list[Detections]:
        """Boxes of each picture, in its pixels, best first."""
        with self.times.measure("decode", len(prepared.placed)):
            return [self._one(output[i], box) for i, box in enumerate(prepared.placed)]

    def detect(self, pictures: Sequence[Frame | Image]) -> list[Detections]:
        """What is in each picture; any number of pictures, in batches as the network allows."""
        found: list[Detections] = []
        for start in range(0, len(pictures), self.batch):
            prepared = self.prepare(pictures[start : start + self.batch])
            found.extend(self.decode(self.infer(prepared), prepared))
        return found

    def _run(self, tensor: Tensor) -> NDArray[Any]:
        (output,) = self._session.run(None, {self._input.name: tensor})
        return np.asarray(output)

    def _one(self, output: NDArray[Any], box: Letterbox) -> Detections:
        found = self._decode(output.astype(np.float32, copy=False))
        return Detections(box.to_picture(found.boxes), found.scores, found.class_ids)


def _dtype(ort_type: str) -> np.dtype[Any]:
    return np.dtype(np.float16 if ort_type == "tensor(float16)" else np.float32)


def _open(settings: DetectorSettings) -> tuple[ort.InferenceSession, ProviderName]:
    threads = settings.threads or max(1, (os.cpu_count() or 1) // (settings.lanes or 1))
    chosen = ort.SessionOptions()
    chosen.intra_op_num_threads = threads
    chosen.inter_op_num_threads = 1
    chosen.log_severity_level = 3
    for name in providers.candidates(settings.provider, ort.get_available_providers()):
        session = ort.InferenceSession(
            str(settings.model), chosen, providers=providers.options(name, threads, settings.engine_cache)
        )
        if providers.ORT_NAMES[name] in session.get_providers():
            return session, name
        log.warning("%s is installed but does not start: %s", name, providers.remedy(name))
    raise ModelError(f"{settings.model}: no provider starts; asked for {settings.provider}")
