"""Training by ultralytics' trainer, with the project's own canvases, network and loss."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from ultralytics.models.yolo.detect import DetectionTrainer

from models.lab.canvases import Canvases
from models.lab.export import load_checkpoint, load_onnx, settle
from models.lab.network import RoadNetwork, load_body
from models.lab.recipe import Recipe
from models.manifest import ModelError

_SETTLING_BATCHES = 8


class RoadTrainer(DetectionTrainer):  # type: ignore[misc]
    """Trains a `RoadNetwork` on `Canvases`. Validation is `lushao models evaluate`, which knows the masks."""

    recipe: Recipe
    start: Path | None = None
    dataset_folder: Path

    def get_model(self, cfg: Any = None, weights: torch.nn.Module | None = None, verbose: bool = True) -> RoadNetwork:
        """The network with the weights to go on from: a checkpoint's, else `start`'s, else random ones."""
        network = RoadNetwork(self.data["nc"])
        if weights is not None:
            network.load_state_dict(weights.float().state_dict())
        elif self.start is not None:
            _begin(network, self.start)
        network.to(memory_format=torch.channels_last)
        return network

    def _setup_train(self) -> None:
        super()._setup_train()
        if not self.resume and self.start is not None and self.start.suffix == ".onnx":
            batches = (self.preprocess_batch(batch)["img"] for batch in islice(self.train_loader, _SETTLING_BATCHES))
            settle(self.model, batches)
            self.ema.ema.load_state_dict(self.model.state_dict())

    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Any:
        """Canvases to train on; ultralytics' own pictures for the validation set it insists on having."""
        if mode != "train":
            return super().build_dataset(img_path, mode, batch)
        return Canvases(
            self.dataset_folder,
            self.recipe,
            self.args.seed,
            img_path=img_path,
            imgsz=max(self.recipe.input.width, self.recipe.input.height),
            data=self.data,
            batch_size=batch or 1,
            hyp=self.args,
        )

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """As ultralytics', with the pixels laid out as the convolutions of a CPU like them."""
        batch = super().preprocess_batch(batch)
        batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
        return batch

    def validate(self) -> tuple[dict[str, float], None]:
        """No figures here: those of ultralytics would count what a source did not label as false."""
        return {}, None

    def final_eval(self) -> None:
        """See `validate`."""


def _begin(network: RoadNetwork, start: Path) -> None:
    if start.suffix == ".onnx":
        load_onnx(network, start)
    elif start.suffix == ".pt":
        network.load_state_dict(load_checkpoint(start, network.model[-1].nc).state_dict())
    else:
        load_body(network, start)


def train(
    recipe: Recipe,
    dataset: Path,
    out: Path,
    start: Path | None = None,
    hours: float | None = None,
    resume: bool = False,
) -> Path:
    """Train and return the last checkpoint, `out`/weights/last.pt; with `resume` go on from it.

    `dataset` is a folder built by `lushao models dataset`, `start` an npz of body weights, an exported
    network or a checkpoint. Runs on an accelerator if there is one. Raises `ModelError` when there is nothing to
    resume.
    """
    out = out.resolve()  # ultralytics puts what is relative below its own folder of runs
    last = out / "weights" / "last.pt"
    if resume and not last.is_file():
        raise ModelError(f"{last}: no checkpoint to go on from. Leave out --resume to begin.")
    settings: dict[str, Any] = {
        "model": str(last) if resume else "network.yaml",
        "data": str(dataset / "data.yaml"),
        "project": str(out.parent),
        "name": out.name,
        "exist_ok": True,
        "imgsz": recipe.input.width,
        "epochs": recipe.epochs,
        "batch": recipe.batch,
        "nbs": recipe.batch,
        "optimizer": "AdamW",
        "lr0": recipe.learning_rate,
        "lrf": 0.02,
        "cos_lr": True,
        "weight_decay": 0.0005,
        "warmup_epochs": 1.0,
        "warmup_bias_lr": recipe.learning_rate,
        "close_mosaic": recipe.plain_epochs,
        "amp": torch.cuda.is_available(),
        "val": False,
        "plots": False,
        "deterministic": False,
        "patience": 0,
        "pretrained": False,
    }
    if hours is not None:
        settings["time"] = hours
    if resume:
        settings["resume"] = str(last)
    trainer = RoadTrainer(overrides=settings)
    trainer.recipe, trainer.start, trainer.dataset_folder = recipe, start, dataset
    torch.set_num_threads(len(os.sched_getaffinity(0)))  # ultralytics leaves one core to others
    trainer.train()
    return last
