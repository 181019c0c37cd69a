"""Measures the bundled networks on the held-out part of the data beside the project.

`python -m tests.accuracy.networks` stores what it measures as the new baselines: to be done when they have risen, or
when the data or the declared sources have changed.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from detector.network import Network
from detector.settings import DetectorSettings
from models.bundled import bundled_weights
from models.lab.dataset import Builder
from models.lab.evaluation import LEAST_SCORE, Ruler, evaluate
from models.lab.labels import read_labels
from models.lab.sources import read_sources
from models.taxonomy import Task

DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
BASELINES = Path(__file__).parent / "baselines"
FIGURES = ("map50", "map50_95", "near_found", "near_named")
TASKS: tuple[Task, ...] = ("vehicles", "features")


def measure(task: Task, weights: Path) -> dict[str, Any]:
    """Build the data set of a task without renderings, and measure a network on what is held out."""
    network = Network.load(DetectorSettings(model=weights, min_score=LEAST_SCORE), each_class=True)
    with tempfile.TemporaryDirectory() as folder:
        for _ in Builder(DATA, None, Path(folder)).build(task, read_sources(task)):
            pass
        return evaluate(network, read_labels(Path(folder), "val"), Ruler({}, 0.25))


def baseline(task: Task) -> dict[str, float]:
    """Stored figures in 0 to 1, and the count of pictures they were measured on; near vehicles only of vehicles."""
    figures: dict[str, float] = json.loads((BASELINES / f"{task}.json").read_text())
    return figures


def kept(results: dict[str, Any]) -> dict[str, float]:
    """Of the results what a baseline holds; of four digits."""
    every = results["all"]
    measured = {name: round(every[name], 4) for name in FIGURES if every[name] is not None}
    return {"pictures": every["pictures"], **measured}


if __name__ == "__main__":
    for task in TASKS:
        figures = kept(measure(task, bundled_weights(task)))
        (BASELINES / f"{task}.json").write_text(json.dumps(figures, indent=1) + "\n")
        print(task, figures)
