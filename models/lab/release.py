"""From a checkpoint to the files the box takes: both networks measured, their manifests, the card."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from detector.network import Network
from detector.settings import DetectorSettings
from models.lab.card import card
from models.lab.evaluation import LEAST_SCORE, Ruler, evaluate
from models.lab.export import load_checkpoint, to_int8, to_onnx
from models.lab.labels import Sample, read_labels
from models.lab.recipe import Recipe
from models.lab.sources import Source, read_sources
from models.manifest import ModelError, ModelManifest, TrainingSet, sha256_of
from models.taxonomy import classes_of

MOST_LOST = 0.015
"""mAP50 that INT8 may lose and still be shipped."""
LARGEST_BYTES = 12_000_000
"""A weights file is fetched over the links of mountain roads."""
_CALIBRATION_PICTURES = 200

Watched = Callable[[Iterable[Sample], str], Iterable[Sample]]
"""Shows progress over the pictures of a named network."""


def release(checkpoint: Path, recipe: Recipe, dataset: Path, folder: Path, watched: Watched) -> list[str]:
    """Write TASK.onnx, TASK.yaml and TASK.md into `folder`, and TASK.int8.onnx with its manifest if it is good enough.

    Returns lines that say what was written and why. Raises `ModelError` for a file above `LARGEST_BYTES`.
    """
    sources = {source.name: source for source in read_sources(recipe.task)}
    pictures = _pictures(dataset)
    folder.mkdir(parents=True, exist_ok=True)
    full, small = folder / f"{recipe.task}.onnx", folder / f"{recipe.task}.int8.onnx"
    to_onnx(load_checkpoint(checkpoint, len(classes_of(recipe.task))), recipe.input, full)
    if full.stat().st_size > LARGEST_BYTES:
        raise ModelError(f"{full}: {full.stat().st_size} bytes; at most {LARGEST_BYTES} can be sent to a box.")
    write_manifest(full, recipe, pictures, sources)
    figures = _measure(full, dataset, watched)
    write_manifest(full, recipe, pictures, sources, figures)
    said = [f"{full}: mAP50 {figures['all']['map50']:.3f}"]
    to_int8(full, small, _calibration(dataset), recipe.input)
    write_manifest(small, recipe, pictures, sources)
    small_figures = _measure(small, dataset, watched)
    lost = figures["all"]["map50"] - small_figures["all"]["map50"]
    if lost < MOST_LOST:
        write_manifest(small, recipe, pictures, sources, small_figures)
        said.append(f"{small}: mAP50 {small_figures['all']['map50']:.3f}")
    else:
        small.unlink()
        small.with_suffix(".yaml").unlink()
        said.append(f"no INT8: it loses {100 * lost:.1f} points of mAP50, {100 * MOST_LOST:.1f} are allowed")
    shipped = small_figures if lost < MOST_LOST else None
    full.with_suffix(".md").write_text(card(recipe, pictures, sources, figures, shipped), encoding="utf-8")
    return said


def write_manifest(
    weights: Path,
    recipe: Recipe,
    pictures: dict[str, int],
    sources: dict[str, Source],
    figures: dict[str, Any] | None = None,
) -> None:
    """Write the manifest beside the weights: what they are, what they were trained on, how good they are."""
    names = classes_of(recipe.task)
    trained = {(sources[name].title, sources[name].licence): None for name in pictures}
    manifest = ModelManifest(
        name=recipe.name + (".int8" if ".int8" in weights.name else ""),
        sha256=sha256_of(weights),
        task=recipe.task,
        layout="yolo11_raw",
        names=names,
        input=recipe.input,
        licence=recipe.licence,
        trained_on=tuple(TrainingSet(name=title, licence=licence) for title, licence in trained),
        metrics={k: round(figures["all"][k], 4) for k in ("map50", "map50_95", "near_found") if figures["all"][k]}
        if figures
        else {},
    )
    weights.with_suffix(".yaml").write_text(manifest.to_yaml(), encoding="utf-8")


def _pictures(dataset: Path) -> dict[str, int]:
    """Training pictures per source."""
    facts = json.loads((dataset / "pictures.json").read_text(encoding="utf-8"))
    return dict(sorted(Counter(own["source"] for own in facts.values() if own["split"] == "train").items()))


def _calibration(dataset: Path) -> list[Path]:
    """Training pictures of all sources, drawn the same way each time."""
    pictures = sorted((dataset / "images" / "train").iterdir())
    return random.Random(0).sample(pictures, min(_CALIBRATION_PICTURES, len(pictures)))


def _measure(weights: Path, dataset: Path, watched: Watched) -> dict[str, Any]:
    network = Network.load(DetectorSettings(model=weights, min_score=LEAST_SCORE), each_class=True)
    return evaluate(network, watched(read_labels(dataset, "val"), weights.name), Ruler({}, 0.25))
