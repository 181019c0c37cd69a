"""A built dataset as training wants it: canvases drawn at random, each with what its source had labelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from ultralytics.data.dataset import YOLODataset

from cameras.frame import Image
from models.lab.canvas import Labelled, Variation, compose
from models.lab.recipe import Recipe
from models.manifest import ModelError
from models.taxonomy import classes_of


class Canvases(YOLODataset):  # type: ignore[misc]
    """`recipe.canvases` canvases a round, drawn by the sources' weights; one canvas holds pictures of one kind.

    Of one kind are sources with the same labelled and told-apart classes: the loss masks a canvas as a whole.
    """

    def __init__(self, folder: Path, recipe: Recipe, seed: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._recipe = recipe
        self._decoded: dict[int, Image] = {}
        self._size = (recipe.input.width, recipe.input.height)
        self._seed, self._round, self._plain = seed, 0, False
        sources = [Path(file).name.split("__")[0] for file in self.im_files]
        masks = _masks(folder, recipe, sources, self.labels)
        kinds = sorted({mask.tobytes() for mask in masks.values()})
        weight = np.array([recipe.weights.get(source, 1.0) for source in sources])
        of_kind = np.array([kinds.index(masks[source].tobytes()) for source in sources])
        self._members = [np.flatnonzero((of_kind == kind) & (weight > 0)) for kind in range(len(kinds))]
        self._within = [weight[members] / max(weight[members].sum(), 1e-9) for members in self._members]
        share = np.array([weight[members].sum() for members in self._members])
        self._share = share / share.sum()
        self._masks = [next(mask for mask in masks.values() if mask.tobytes() == kind) for kind in kinds]

    def __len__(self) -> int:
        return self._recipe.canvases

    def build_transforms(self, hyp: Any) -> None:
        """None: `compose` does what they would."""

    def close_mosaic(self, hyp: Any) -> None:
        """From now on one picture a canvas; ultralytics calls it for the last rounds."""
        self._plain = True

    def __getitem__(self, index: int) -> dict[str, Any]:
        if index == 0:
            self._round += 1
        rng = np.random.default_rng((self._seed, self._round, index, torch.initial_seed() % 2**32))
        kind = int(rng.choice(len(self._share), p=self._share))

        def draw() -> Labelled:
            return self._picture(int(rng.choice(self._members[kind], p=self._within[kind])))

        canvas = compose(rng, draw, self._size, self._variation())
        labelled, told_apart = self._masks[kind]
        middle, side = (canvas.boxes[:, :2] + canvas.boxes[:, 2:]) / 2, canvas.boxes[:, 2:] - canvas.boxes[:, :2]
        whole = np.array(self._size * 2, np.float32)
        return {
            "img": torch.from_numpy(np.ascontiguousarray(canvas.image[:, :, ::-1].transpose(2, 0, 1))),
            "cls": torch.from_numpy(canvas.classes[:, None].astype(np.float32)),
            "bboxes": torch.from_numpy(np.concatenate([middle, side], axis=1) / whole),
            "batch_idx": torch.zeros(len(canvas.classes)),
            "labelled": torch.from_numpy(labelled),
            "told_apart": torch.from_numpy(told_apart),
            "im_file": self.im_files[0],
            "ori_shape": self._size[::-1],
            "resized_shape": self._size[::-1],
        }

    def _variation(self) -> Variation:
        usual = self._recipe.variation
        if not self._plain:
            return usual
        return Variation(
            mosaic=0, scale=(max(usual.scale[0], 0.85), min(usual.scale[1], 1.15)), colour=usual.colour / 2
        )

    def _picture(self, index: int) -> Labelled:
        image = self._decoded.get(index)
        if image is None:
            image = self._decoded[index] = np.asarray(cv2.imread(self.im_files[index], cv2.IMREAD_COLOR), np.uint8)
        label = self.labels[index]
        middle, side = label["bboxes"][:, :2], label["bboxes"][:, 2:]
        pixels = np.array([image.shape[1], image.shape[0]] * 2, np.float32)
        boxes = np.concatenate([middle - side / 2, middle + side / 2], axis=1) * pixels
        return Labelled(image, boxes.astype(np.float32), label["cls"][:, 0].astype(np.int64))

    @staticmethod
    def collate_fn(batch: list[dict[str, Any]]) -> dict[str, Any]:
        """As ultralytics', with the two masks stacked to (batch, classes)."""
        masks = {key: torch.stack([item.pop(key) for item in batch]) for key in ("labelled", "told_apart")}
        return {**YOLODataset.collate_fn(batch), **masks}


def _masks(
    folder: Path, recipe: Recipe, sources: list[str], labels: list[dict[str, Any]]
) -> dict[str, NDArray[np.bool_]]:
    """Per source bool (2, classes): labelled in full (known.json), and told apart (occurring in its labels)."""
    names = classes_of(recipe.task)
    file = folder / "known.json"
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{file}: cannot be read ({error}). Build the dataset with `lushao models dataset`.") from None
    missing = sorted(set(sources) - set(known))
    if missing:
        raise ModelError(f"{file}: says nothing of the sources {', '.join(missing)}. Build the dataset anew.")
    masks = {}
    for source in sorted(set(sources)):
        mask = np.zeros((2, len(names)), bool)
        mask[0, [names.index(name) for name in known[source]]] = True
        mask[1] = mask[0]
        seen = [label["cls"][:, 0] for label, own in zip(labels, sources, strict=True) if own == source]
        mask[1, np.unique(np.concatenate(seen)).astype(int)] = True
        masks[source] = mask
    return masks
