"""The network that reads a sign: one small body, and for each place of the sign a look at where its character is."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from detector.sign_alphabet import ALPHABET, COLOURS, PLACES, SIZE


class Reading(NamedTuple):
    """Of a batch of cut-outs."""

    slots: Tensor
    """(batch, PLACES, len(ALPHABET)) logits."""
    kinds: Tensor
    """(batch, len(COLOURS)) logits."""
    corners: Tensor
    """(batch, 4, 2) shares of the cut-out's width and height."""


class _Block(nn.Module):  # type: ignore[misc]
    """Two 3 x 3 convolutions round which the input is led."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = _conv(channels, channels), _conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.first(x))


def _conv(inside: int, out: int, stride: tuple[int, int] = (1, 1)) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inside, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.SiLU(inplace=True))


class SignNetwork(nn.Module):  # type: ignore[misc]
    """Reads both lines of a sign at once: each place attends to where its character stands, wherever that is."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(3, 32, (2, 2)),
            _conv(32, 48, (2, 2)),
            _Block(48),
            _conv(48, 96, (2, 1)),
            _Block(96),
            _Block(96),
        )
        rows, columns = SIZE[1] // 8, SIZE[0] // 4
        down, across = torch.meshgrid(torch.linspace(-1, 1, rows), torch.linspace(-1, 1, columns), indexing="ij")
        self.register_buffer("grid", torch.stack([down, across])[None])
        self.whole = nn.Sequential(nn.Linear(96, 96), nn.SiLU())
        self.where = nn.Sequential(nn.Conv2d(98, 64, 1), nn.SiLU(), nn.Conv2d(64, PLACES, 1))
        self.place = nn.Parameter(torch.zeros(PLACES, 96))
        self.what = nn.Sequential(nn.Linear(96, 160), nn.SiLU(), nn.Dropout(0.1), nn.Linear(160, len(ALPHABET)))
        self.kind = nn.Linear(96, len(COLOURS))
        self.edge = nn.Conv2d(96, 8, 1)
        self.corner = nn.Linear(8 * rows * columns, 8)
        nn.init.zeros_(self.corner.weight)
        self.corner.bias.data = torch.tensor([0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0])

    def forward(self, pictures: Tensor) -> Reading:
        """`pictures`: (batch, 3, height, width) BGR, 0 to 255."""
        features = self.body(pictures / 127.5 - 1.0)
        pooled = features.mean(dim=(2, 3))
        known = features + self.whole(pooled)[:, :, None, None]
        mix = self.where[0]
        # As one layer over features and grid, but the same grid for all of a batch, whatever its size.
        mixed = nn.functional.conv2d(known, mix.weight[:, :96], mix.bias) + nn.functional.conv2d(
            self.grid.to(known.dtype), mix.weight[:, 96:]
        )
        looks = self.where[1:](mixed)
        looks = nn.functional.softmax(looks.flatten(2).float(), dim=2).to(known.dtype)
        seen = looks @ known.flatten(2).transpose(1, 2)
        slots = self.what(seen + self.place)
        corners = self.corner(nn.functional.silu(self.edge(features)).flatten(1)).reshape(-1, 4, 2)
        return Reading(slots.float(), self.kind(pooled).float(), corners.float())


def loss_of(reading: Reading, slots: Tensor, kinds: Tensor, corners: Tensor) -> Tensor:
    """What training lessens. `slots` (batch, PLACES), -1 where nobody can read a character; `kinds` (batch,), -1
    unknown; `corners` (batch, 4, 2), NaN unknown.

    Where a sign's character cannot be read, any character must be as likely as any other: the reader learns to say so.
    """
    entropy = nn.functional.cross_entropy
    text = entropy(reading.slots.flatten(0, 1), slots.flatten(), ignore_index=-1, label_smoothing=0.02)
    unreadable = (slots < 0) & (kinds != 0)[:, None]
    if unreadable.any():
        logs = nn.functional.log_softmax(reading.slots[unreadable][:, 1:], dim=1)
        text = text - 0.02 * logs.mean() * unreadable.float().mean() * PLACES
    colour = entropy(reading.kinds, kinds, ignore_index=-1) if (kinds >= 0).any() else 0.0
    there = ~corners.isnan()
    edge = nn.functional.smooth_l1_loss(reading.corners[there], corners[there], beta=0.03) if there.any() else 0.0
    return text + 0.2 * colour + 2.0 * edge
