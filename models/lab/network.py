"""The network that is trained: a body that starts from COCO, a light head, a loss that knows what was not labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import nn
from ultralytics.nn.modules import Detect
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.loss import v8DetectionLoss

from models.manifest import ModelError

_LAYOUT = Path(__file__).with_name("network.yaml")


class RoadNetwork(DetectionModel):  # type: ignore[misc]
    """YOLOv5n's body under YOLO11's head, whose class branch is depthwise and cheap.

    Of the sizes a box can carry it is the one for which a trained body may be had; from random weights two cores
    need days.
    """

    def __init__(self, classes: int) -> None:
        layout = yaml.safe_load(_LAYOUT.read_text(encoding="utf-8"))
        super().__init__({**layout, "yaml_file": str(_LAYOUT)}, nc=classes, verbose=False)
        old = self.model[-1]
        head = Detect(classes, reg_max=16, ch=tuple(branch[0].conv.in_channels for branch in old.cv2))
        head.i, head.f, head.type, head.stride = old.i, old.f, old.type, old.stride
        head.bias_init()
        self.model[-1] = head

    def loss(self, batch: dict[str, torch.Tensor], preds: Any = None) -> Any:
        """As ultralytics'; on a CPU that multiplies bfloat16 in hardware the network runs in it, the loss never."""
        if preds is None and batch["img"].device.type == "cpu":
            with torch.autocast("cpu", torch.bfloat16, enabled=torch.ops.mkldnn._is_mkldnn_bf16_supported()):
                preds = self.forward(batch["img"])
            preds = {name: _float(value) for name, value in preds.items()}
        return super().loss(batch, preds)

    def init_criterion(self) -> MaskedLoss:
        """Called by ultralytics at the first batch."""
        return MaskedLoss(self)


def _float(value: Any) -> Any:
    return value.float() if isinstance(value, torch.Tensor) else [level.float() for level in value]


class MaskedLoss(v8DetectionLoss):  # type: ignore[misc]
    """The detection loss, in which a class counts as background only where its absence was made sure.

    The batch holds two boolean masks (batch, classes): `labelled`, classes of which the picture's source marked every
    object, and `told_apart`, classes its labels distinguish. Away from objects only the first are held to be absent;
    on an object only the second, so that a "truck" of a source without tank trucks may still be one.
    """

    def __init__(self, model: RoadNetwork) -> None:
        super().__init__(model)
        self.bce = MaskedEntropy()

    def __call__(self, preds: Any, batch: dict[str, torch.Tensor]) -> Any:
        self.bce.labelled = batch["labelled"][:, None, :]
        self.bce.told_apart = batch["told_apart"][:, None, :]
        return super().__call__(preds, batch)


class MaskedEntropy(nn.Module):  # type: ignore[misc]
    """Binary cross-entropy of (batch, cells, classes) scores, zero where the truth is not known."""

    labelled: torch.Tensor
    told_apart: torch.Tensor

    def forward(self, scores: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        loss = nn.functional.binary_cross_entropy_with_logits(scores, target, reduction="none")
        wanted = target > 0
        known = torch.where(wanted.any(dim=-1, keepdim=True), self.told_apart | wanted, self.labelled)
        return loss * known


def load_body(network: RoadNetwork, weights: Path) -> int:
    """Fill in the tensors of an npz file (names as in ultralytics' yolov5n.yaml); returns how many fitted.

    Raises `ModelError` when none does.
    """
    own = network.state_dict()
    with np.load(weights, allow_pickle=False) as file:
        fitting = {
            name: torch.from_numpy(file[name].astype(np.float32))
            for name in file.files
            if name in own and tuple(own[name].shape) == file[name].shape
        }
    if not fitting:
        raise ModelError(f"{weights}: none of its tensors fits this network; expected names like model.0.conv.weight.")
    network.load_state_dict(fitting, strict=False)
    return len(fitting)
