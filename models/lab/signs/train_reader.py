"""Training the reader of signs on drawn views and on real cut-outs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from detector.sign_alphabet import SIZE
from models.lab.signs.pool import Pool
from models.lab.signs.reader_network import SignNetwork, loss_of
from models.lab.signs.sheets import Pixels
from models.lab.signs.training import Course, Tell, follow
from models.lab.signs.views import Camera

Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
REAL_SHARE = 0.12
"""Of the views of a batch are real cut-outs."""


class _Batches(IterableDataset):  # type: ignore[misc]
    """Batches without end: drawn views by chance, and a share of real cut-outs, varied."""

    def __init__(self, pools: Sequence[Pool], real: RealCuts, batch: int, seed: int) -> None:
        self._pools, self._real, self._batch, self._seed = pools, real, batch, seed

    def __iter__(self) -> Iterator[Batch]:
        rng = np.random.default_rng(self._seed)
        camera = Camera(rng, (), SIZE)
        real_count = round(self._batch * REAL_SHARE)
        while True:
            pool = self._pools[int(rng.integers(len(self._pools)))]
            rows = np.sort(rng.choice(len(pool), self._batch - real_count, replace=False))
            drawn: Batch = (pool.pixels[rows], pool.slots[rows], pool.kinds[rows], pool.corners[rows])
            parts = [drawn, self._real.some(real_count, rng, camera)]
            pixels, slots, kinds, corners = (np.concatenate(column) for column in zip(*parts, strict=True))
            light = rng.uniform(0.75, 1.25, (len(pixels), 1, 1, 3)) * rng.uniform(0.8, 1.2, (len(pixels), 1, 1, 1))
            lit = np.clip(pixels * light.astype(np.float32), 0, 255)
            yield lit.transpose(0, 3, 1, 2).copy(), slots.astype(np.int64), kinds.astype(np.int64), corners


class RealCuts:
    """Real cut-outs of signs with what they say; colour ids -1 where unknown."""

    def __init__(self, pixels: Sequence[Pixels], slots: np.ndarray, kinds: np.ndarray) -> None:
        self.pixels, self.slots, self.kinds = pixels, slots, kinds

    def some(self, count: int, rng: np.random.Generator, camera: Camera) -> Batch:
        """`count` of them by chance, each varied anew."""
        rows = rng.integers(0, len(self.pixels), count)
        views = np.stack([camera.degraded(self.pixels[row]) for row in rows])
        return views, self.slots[rows], self.kinds[rows], np.full((count, 4, 2), np.nan, np.float32)


def train(
    network: SignNetwork, pools: Sequence[Pool], real: RealCuts, folder: Path, course: Course, tell: Tell
) -> None:
    """Train; the weights go to `folder`/last.pt."""
    views = _Batches(pools, real, course.batch, course.seed)
    batches = iter(DataLoader(views, batch_size=None, num_workers=1))

    def loss(batch: Sequence[Tensor]) -> Tensor:
        pixels, slots, kinds, corners = batch
        with torch.autocast("cpu", torch.bfloat16, enabled=course.bfloat16):
            reading = network(pixels.contiguous(memory_format=torch.channels_last))
        return loss_of(reading, slots, kinds, corners)

    follow(network, batches, loss, folder, course, tell)
