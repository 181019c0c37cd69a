"""`Network`: turns pictures into `Detections` with one ONNX Runtime session, checked at load."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cameras.frame import Frame, Image
from detector.detections import Detections
from detector.geometry import Letterbox
from detector.layouts import Decoder, Limits, check_values, recognise
from detector.preprocess import Canvas, Preprocessor
from detector.session import Session, Tensor, open_session
from detector.settings import DetectorSettings
from detector.stages import StageTimes
from models.described import Described, describe
from models.manifest import InputSpec, ModelError, ModelManifest, find_manifest, sha256_of

log = logging.getLogger(__name__)
_GPU_BATCH = 8


@dataclass(slots=True)
class Prepared:
    """Pictures laid into an input: `tensor` (batch, 3, height, width) and where each one lies."""

    tensor: Tensor
    placed: list[Letterbox]


class Network:
    """A loaded network. All methods may be called from several threads at once."""

    def __init__(self, session: Session, manifest: ModelManifest, decoder: Decoder, batch: int) -> None:
        """Parts that fit each other; `Network.load` makes and checks them."""
        self.manifest = manifest
        self.class_names = manifest.classes
        self.input_size = (manifest.input.width, manifest.input.height)
        self.provider = session.provider
        self.lanes = session.lanes
        self.threads = session.threads
        self.batch = batch
        self.times = StageTimes()
        self._fixed = session.input_shape[0] is not None
        self._session = session
        self._decoder = decoder
        self._pixels = Preprocessor(manifest.input, session.dtype)

    @staticmethod
    def load(settings: DetectorSettings, *, each_class: bool = False) -> Network:
        """Open a weights file, run it once on a blank picture, and check that it is what its manifest says.

        `each_class`: give a box once for every class that reaches min_score, and not for its best alone: what average
        precision is measured on. One vehicle then has several boxes.

        Raises `ModelError` saying what was found, what was expected and the remedy.
        """
        # OpenCV's own threads would only take the cores from the inferences that run side by side.
        cv2.setNumThreads(1)
        session = open_session(settings)
        path = settings.model
        manifest = find_manifest(path)
        width, height = session.size(manifest)
        on_gpu = session.provider in ("cuda", "tensorrt")
        batch = session.input_shape[0] or settings.batch or (_GPU_BATCH if on_gpu else 1)
        spec = manifest.input if manifest else InputSpec(width=width, height=height)
        output = session.run(Preprocessor(spec, session.dtype).canvas(batch).tensor)
        if output.ndim != 3 or output.shape[0] != batch:
            raise ModelError(
                f"{path}: expected an output of {batch} x rows x columns, found {'x'.join(map(str, output.shape))}. "
                f"This is not a detector (a classifier has two sides)."
            )
        if manifest is None or manifest.sha256 is None:
            sha256 = sha256_of(path)
            found = Described(path, sha256, session.metadata, width, height, output.shape)
            manifest = manifest.model_copy(update={"sha256": sha256}) if manifest else describe(found)
        shape = recognise(output.shape, manifest)
        check_values(output, shape, manifest)
        least = max(settings.min_score, manifest.min_score or 0.0)
        decoder = Decoder(shape, manifest, Limits(least, settings.nms_iou, settings.max_boxes, each_class))
        log.info("%s: %s at %dx%d, finds %s", manifest.name, shape.layout, width, height, ", ".join(manifest.classes))
        return Network(session, manifest, decoder, batch)

    def canvas(self) -> Canvas:
        """An input for `batch` pictures, to be handed to `prepare` again and again by one thread."""
        return self._pixels.canvas(self.batch)

    def prepare(self, pictures: Sequence[Frame | Image], canvas: Canvas | None = None) -> Prepared:
        """Lay 1 to `batch` pictures (BGR uint8 where they are arrays) into an input tensor.

        The tensor is the canvas itself: it holds until the canvas is used again.
        """
        if not 1 <= len(pictures) <= self.batch:
            raise ValueError(f"expected 1 to {self.batch} pictures, found {len(pictures)}")
        with self.times.measure("preprocess", len(pictures)):
            canvas = canvas or self.canvas()
            placed = [self._pixels.place(p, canvas, i) for i, p in enumerate(pictures)]
        return Prepared(canvas.tensor if self._fixed else canvas.tensor[: len(placed)], placed)

    def infer(self, prepared: Prepared) -> Tensor:
        """Run the network: raw output (batch, a, b)."""
        with self.times.measure("infer", len(prepared.placed)):
            return self._session.run(prepared.tensor)

    def decode(self, output: Tensor, prepared: Prepared) -> list[Detections]:
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

    def _one(self, output: Tensor, box: Letterbox) -> Detections:
        found = self._decoder(output.astype(np.float32, copy=False))
        return Detections(box.to_picture(found.boxes), found.scores, found.class_ids)
