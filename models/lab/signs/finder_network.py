"""The network that finds signs in a picture: where the middle of each is, of what kind it is, and its corners."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from detector.sign_alphabet import SIGN_KINDS


class Finding(NamedTuple):
    """Of a batch of pictures; one cell for each STRIDE x STRIDE pixels of the input."""

    heat: Tensor
    """(batch, len(SIGN_KINDS), rows, columns) logits: a sign of the kind has its middle here."""
    corners: Tensor
    """(batch, 8, rows, columns): x, y of the four corners from the cell's middle, in SPAN pixels."""


def _conv(inside: int, out: int, stride: int = 1, size: int = 3) -> nn.Module:
    layer = nn.Conv2d(inside, out, size, stride, size // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(out), nn.SiLU(inplace=True))


class _Block(nn.Module):  # type: ignore[misc]
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = _conv(channels, channels), _conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.first(x))


class FinderNetwork(nn.Module):  # type: ignore[misc]
    """Small maps for what a vehicle looks like, large ones for where exactly the sign is."""

    def __init__(self) -> None:
        super().__init__()
        self.quarter = nn.Sequential(_conv(3, 16, 2), _conv(16, 32, 2))
        self.eighth = nn.Sequential(_conv(32, 64, 2), _Block(64))
        self.sixteenth = nn.Sequential(_conv(64, 96, 2), _Block(96), _Block(96))
        self.small = nn.Sequential(_conv(96, 128, 2), _Block(128))
        self.from_small, self.from_sixteenth = _conv(128, 96, size=1), _conv(96, 64, size=1)
        self.at_eighth = _conv(64, 64)
        self.from_eighth = _conv(64, 32, size=1)
        self.at_quarter = _conv(32, 32)
        self.heat = nn.Conv2d(32, len(SIGN_KINDS), 1)
        self.corners = nn.Sequential(_conv(32, 32), nn.Conv2d(32, 8, 1))
        nn.init.constant_(self.heat.bias, -4.6)

    def forward(self, pictures: Tensor) -> Finding:
        """`pictures`: (batch, 3, height, width) BGR, 0 to 255; both sides multiples of 32."""
        quarter = self.quarter(pictures / 127.5 - 1.0)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        small = self.small(sixteenth)
        up = sixteenth + nn.functional.interpolate(self.from_small(small), scale_factor=2.0)
        up = self.at_eighth(eighth + nn.functional.interpolate(self.from_sixteenth(up), scale_factor=2.0))
        up = self.at_quarter(quarter + nn.functional.interpolate(self.from_eighth(up), scale_factor=2.0))
        return Finding(self.heat(up).float(), self.corners(up).float())


def loss_of(finding: Finding, heat: Tensor, weight: Tensor, corners: Tensor) -> Tensor:
    """Focal loss of the heat (Law and Deng 2018, as CenterNet uses it) and the corners' distance at the middles.

    `heat` like the finding's, 1 at a middle and falling off round it; `weight` (batch, 1, rows, columns) of cells that
    hold no sign for certain; `corners` like the finding's, NaN but at the middles.
    """
    logits = finding.heat.clamp(-12, 12)
    there = heat > 0.999
    probability = logits.sigmoid()
    found = -((1 - probability) ** 2) * nn.functional.logsigmoid(logits) * there
    wrong = -(probability**2) * (1 - heat) ** 4 * nn.functional.logsigmoid(-logits) * weight * ~there
    known = ~corners.isnan()
    count = there.sum().clamp(min=1)
    loss = (found.sum() + wrong.sum()) / count
    if known.any():
        # By the size of the sign: two pixels off matter on a small plate.
        size = (corners[:, 2::8] - corners[:, 0::8]).abs().expand(-1, 8, -1, -1)[known].clamp(min=0.25)
        off = nn.functional.smooth_l1_loss(finding.corners[known], corners[known], beta=0.05, reduction="none")
        loss = loss + 4.0 * (off / size).mean()
    return loss
