"""The course by which the bundled network of bodies was trained, and its way into an ONNX file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from detector.body_look import SIZE
from models.lab.bodies.crops import BodyCrop
from models.lab.bodies.network import BodyNetwork, begin, loss_of
from models.lab.bodies.views import Batch, Views
from models.lab.signs.export import to_onnx
from models.lab.signs.training import Course, Tell, follow
from models.manifest import ModelError

BATCH = 48
LARGEST = 1_500_000
"""Bytes of the file; it is sent over the links of mountain roads."""


class _Batches(IterableDataset):  # type: ignore[misc]
    """Batches of views without end."""

    def __init__(self, crops: Sequence[BodyCrop], batch: int, seed: int) -> None:
        self._crops, self._batch, self._seed = crops, batch, seed

    def __iter__(self) -> Iterator[Batch]:
        views = Views(self._crops, np.random.default_rng(self._seed))
        while True:
            yield views.batch(self._batch)


def train(crops: Sequence[BodyCrop], start: Path | None, out: Path, minutes: float, rate: float, tell: Tell) -> None:
    """Train on the cut-outs that are for training; the weights go to `out`/last.pt."""
    network = BodyNetwork()
    if start is not None:
        begin(network, start)
    course = Course(60 * minutes, BATCH, rate)
    views = _Batches([crop for crop in crops if crop.part == "train"], course.batch, course.seed)
    batches = iter(DataLoader(views, batch_size=None, num_workers=1))

    def loss(batch: Sequence[Tensor]) -> Tensor:
        pictures, body, load, raised = batch
        with torch.autocast("cpu", torch.bfloat16, enabled=course.bfloat16):
            answer = network(pictures.contiguous(memory_format=torch.channels_last))
        return loss_of(answer, body, load, raised)

    follow(network, batches, loss, out, course, tell)


def export(checkpoint: Path, weights: Path) -> None:
    """Write the ONNX file. Raises `ModelError` when it is too large or answers otherwise than what was trained."""
    network = BodyNetwork()
    begin(network, checkpoint)
    to_onnx(network, SIZE, ("body", "load", "raised"), weights, any_size=False)
    if weights.stat().st_size > LARGEST:
        raise ModelError(f"{weights}: {weights.stat().st_size} bytes; at most {LARGEST} can be sent to a box.")
