"""The network that tells body and load: the first half of YOLOv5n's body, and a look at a few places at once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from ultralytics.nn.modules import C3, Conv

from detector.body_look import BODIES, LOADS
from models.manifest import ModelError

CHANNELS = 128
PLACES = 6
"""Each looks where it has learned to: at the rim, at the tail board, at the cab."""
SMOOTHED = 0.03
"""Share of the truth that is given to the other answers, so that none is held to be certain."""
BATCH_NORM_EPS = 1e-3
"""As in ultralytics' networks."""


class Answer(NamedTuple):
    """Logits of a batch."""

    body: Tensor
    """(batch, len(BODIES))"""
    load: Tensor
    """(batch, len(LOADS))"""
    raised: Tensor
    """(batch, 2)"""


class BodyNetwork(nn.Module):  # type: ignore[misc]
    """One trunk, three heads."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            Conv(3, 16, 6, 2, 2),
            Conv(16, 32, 3, 2),
            C3(32, 32, 1),
            Conv(32, 64, 3, 2),
            C3(64, 64, 2),
            Conv(64, CHANNELS, 3, 2),
            C3(CHANNELS, CHANNELS, 3),
        )
        for module in self.trunk.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eps = BATCH_NORM_EPS
        self.where = nn.Conv2d(CHANNELS, PLACES, 1)
        self.known = nn.Sequential(nn.Linear(PLACES * CHANNELS, 64), nn.SiLU(), nn.Dropout(0.3))
        self.body, self.load, self.raised = nn.Linear(64, len(BODIES)), nn.Linear(64, len(LOADS)), nn.Linear(64, 2)

    def forward(self, pictures: Tensor) -> Answer:
        """`pictures`: (batch, 3, height, width) BGR, 0 to 255."""
        features = self.trunk(pictures / 255.0)
        looks = torch.softmax(self.where(features).flatten(2).float(), dim=2).to(features.dtype)
        seen = looks @ features.flatten(2).transpose(1, 2)
        known = self.known(seen.flatten(1))
        return Answer(self.body(known).float(), self.load(known).float(), self.raised(known).float())


def begin(network: BodyNetwork, start: Path) -> None:
    """Take over weights: all from a checkpoint (.pt), the trunk's from an npz file named as in yolov5n.yaml.

    Raises `ModelError` when tensors are missing.
    """
    if start.suffix == ".pt":
        network.load_state_dict(torch.load(start, weights_only=True))
        return
    with np.load(start, allow_pickle=False) as file:
        missing = [name for name in network.trunk.state_dict() if f"model.{name}" not in file.files]
        if missing:
            raise ModelError(f"{start}: lacks model.{missing[0]}. Name weights of YOLOv5n's body, or a checkpoint.")
        tensors = {
            name: torch.from_numpy(file[f"model.{name}"].astype(np.float32)) for name in network.trunk.state_dict()
        }
    tensors["0.conv.weight"] = tensors["0.conv.weight"].flip(1)  # it was made for RGB
    network.trunk.load_state_dict(tensors)


def loss_of(answer: Answer, body: Tensor, load: Tensor, raised: Tensor) -> Tensor:
    """What training lessens; ids are -1 where the truth is not known."""
    total = torch.zeros(())
    for logits, truth in ((answer.body, body), (answer.load, load), (answer.raised, raised)):
        known = (truth >= 0).float().mean()
        if known > 0:
            loss = nn.functional.cross_entropy(logits, truth, ignore_index=-1, label_smoothing=SMOOTHED)
            total = total + known * loss
    return total
