"""Training the finder of signs on painted pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from models.lab.signs.finder_network import FinderNetwork, loss_of
from models.lab.signs.finder_pictures import Painter, Scene
from models.lab.signs.training import Course, Tell, follow

INPUT = (640, 384)
"""Width and height of the pictures it is trained on; it takes any multiple of 32."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Scenes of one kind, how often they come, and how many signs are laid in."""

    scenes: Sequence[Scene]
    share: float
    signs: int


class _Batches(IterableDataset):  # type: ignore[misc]
    def __init__(self, mixtures: Sequence[Mixture], batch: int, seed: int) -> None:
        self._mixtures, self._batch, self._seed = mixtures, batch, seed

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        rng = np.random.default_rng(self._seed)
        painter = Painter(rng, INPUT)
        shares = np.array([mixture.share for mixture in self._mixtures])
        while True:
            parts = []
            for pick in rng.choice(len(shares), self._batch, p=shares / shares.sum()):
                mixture = self._mixtures[int(pick)]
                scene = mixture.scenes[int(rng.integers(len(mixture.scenes)))]
                picture, target = painter.paint(scene, int(rng.integers(0, mixture.signs + 1)))
                parts.append((picture.transpose(2, 0, 1), target.heat, target.weight, target.corners))
            yield tuple(np.stack(column) for column in zip(*parts, strict=True))


def train(network: FinderNetwork, mixtures: Sequence[Mixture], folder: Path, course: Course, tell: Tell) -> None:
    """Train; the weights go to `folder`/last.pt."""
    batches = iter(DataLoader(_Batches(mixtures, course.batch, course.seed), batch_size=None, num_workers=1))

    def loss(batch: Sequence[Tensor]) -> Tensor:
        pictures, *target = batch
        with torch.autocast("cpu", torch.bfloat16, enabled=course.bfloat16):
            finding = network(pictures.float().contiguous(memory_format=torch.channels_last))
        return loss_of(finding, *target)

    follow(network, batches, loss, folder, course, tell)
