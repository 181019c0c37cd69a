"""Reading back a data set that `lushao models dataset` has built."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from models.lab.labelled import Boxes, as_boxes
from models.lab.sources import Split
from models.manifest import ModelError
from models.taxonomy import Task, classes_of


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture of a data set and its labels."""

    path: Path
    source: str
    condition: str
    known: frozenset[str]
    """What its source labels in full."""
    shares: Boxes
    """Labels: centre x, centre y, width, height as shares of the picture (N, 4)."""
    words: tuple[str, ...]


def read_labels(folder: Path, split: Split) -> list[Sample]:
    """All pictures of one side. Raises `ModelError` where the folder holds no data set."""
    try:
        names: dict[int, str] = yaml.safe_load((folder / "data.yaml").read_text(encoding="utf-8"))["names"]
        known: dict[str, list[str]] = json.loads((folder / "known.json").read_text(encoding="utf-8"))
        pictures: dict[str, dict[str, str]] = json.loads((folder / "pictures.json").read_text(encoding="utf-8"))
        return [
            _one(folder, name, facts, names, known)
            for name, facts in sorted(pictures.items())
            if facts["split"] == split
        ]
    except (OSError, KeyError, ValueError, yaml.YAMLError) as error:
        raise ModelError(
            f"{folder}: is no data set, or a broken one ({error}). Build it with `lushao models dataset`."
        ) from error


def _one(folder: Path, name: str, facts: dict[str, str], names: dict[int, str], known: dict[str, list[str]]) -> Sample:
    lines = (folder / "labels" / facts["split"] / f"{name}.txt").read_text().splitlines()
    rows = [[float(value) for value in line.split()] for line in lines]
    return Sample(
        path=folder / "images" / facts["split"] / f"{name}.jpg",
        source=facts["source"],
        condition=facts["condition"],
        known=frozenset(known[facts["source"]]),
        shares=as_boxes([row[1:] for row in rows]),
        words=tuple(names[int(row[0])] for row in rows),
    )


def task_of(folder: Path) -> Task:
    """Which network a data set is for."""
    try:
        names = yaml.safe_load((folder / "data.yaml").read_text(encoding="utf-8"))["names"]
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        raise ModelError(f"{folder}: is no data set ({error}). Build it with `lushao models dataset`.") from error
    return "features" if set(names.values()) == set(classes_of("features")) else "vehicles"
