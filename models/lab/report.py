"""What a built data set holds, for people: `report.json`, `report.md`, and sheets of pictures with their boxes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cameras.frame import Image
from detector.detections import Detections
from detector.draw import drawn
from models.lab.dataset import Built, Entry
from models.lab.labelled import read_image
from models.taxonomy import classes_of

_TILE = (480, 320)
_COLUMNS, _ROWS = 4, 4


def write_report(built: Built, out: Path) -> None:
    """Write the report and a sheet per source into the folder of the data set."""
    facts = summary(built)
    (out / "report.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / "report.md").write_text(_as_text(facts, classes_of(built.task)), encoding="utf-8")
    (out / "sheets").mkdir(exist_ok=True)
    for source in built.sources:
        own = [entry for entry in built.entries if entry.source == source.name]
        if own:
            cv2.imwrite(str(out / "sheets" / f"{source.name}.jpg"), _sheet(own, out, classes_of(built.task)))


def summary(built: Built) -> dict[str, Any]:
    """Counts by source: pictures, scenes and boxes of each class on each side, and what was left out why."""
    return {"task": built.task, "sources": {s.name: _of_source(s.name, built) for s in built.sources}}


def _of_source(name: str, built: Built) -> dict[str, Any]:
    source = next(s for s in built.sources if s.name == name)
    facts: dict[str, Any] = {
        "title": source.title,
        "licence": source.licence,
        "labelled": list(source.labelled),
        "why": source.why.strip(),
        "left_out": {reason: n for (own, reason), n in sorted(built.left_out.items()) if own == name},
    }
    for split in ("train", "val"):
        own = [entry for entry in built.entries if entry.source == name and entry.split == split]
        boxes = Counter(word for entry in own for word in entry.words)
        facts[split] = {
            "pictures": len(own),
            "scenes": len({entry.scene for entry in own}),
            "conditions": dict(Counter(entry.condition for entry in own)),
            "prelabelled": sum(entry.prelabelled for entry in own),
            "boxes": {word: boxes[word] for word in classes_of(built.task)},
        }
    return facts


def _as_text(facts: dict[str, Any], classes: Sequence[str]) -> str:
    """The summary as Markdown."""
    head = ["source", "side", "pictures", "scenes", *classes, "pre-labelled"]
    lines = [f"# Data set for {facts['task']}", "", _row(head), _row(["---"] * len(head))]
    for name, source in facts["sources"].items():
        for split in ("train", "val"):
            side = source[split]
            counts = [str(side["boxes"][word]) for word in classes]
            numbers = [str(side["pictures"]), str(side["scenes"]), *counts, str(side["prelabelled"])]
            lines.append(_row([name, split, *numbers]))
    for name, source in facts["sources"].items():
        lines += ["", f"## {name}", "", f"{source['title']}, {source['licence']}. {source['why']}", ""]
        lines.append(f"Labelled in full: {', '.join(source['labelled']) or 'nothing'}.")
        lines += [f"- left out: {count} × {reason}" for reason, count in source["left_out"].items()]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _sheet(entries: Sequence[Entry], out: Path, classes: Sequence[str]) -> Image:
    """Pictures from all over a source, side by side; a score below 1 marks boxes that a network added."""
    places = np.linspace(0, len(entries) - 1, min(len(entries), _COLUMNS * _ROWS)).astype(int)
    tiles = [_tile(entries[place], out, classes) for place in places]
    while len(tiles) % _COLUMNS:
        tiles.append(np.zeros_like(tiles[0]))
    rows = [np.hstack(tiles[i : i + _COLUMNS]) for i in range(0, len(tiles), _COLUMNS)]
    return np.asarray(np.vstack(rows), np.uint8)


def _tile(entry: Entry, out: Path, classes: Sequence[str]) -> Image:
    image = read_image(out / "images" / str(entry.split) / f"{entry.name}.jpg")
    ratio = min(_TILE[0] / entry.width, _TILE[1] / entry.height)
    size = (max(1, int(entry.width * ratio)), max(1, int(entry.height * ratio)))
    image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    scores = np.ones(len(entry.words), np.float32)
    scores[len(scores) - entry.prelabelled :] = 0.5
    numbers = np.array([classes.index(word) for word in entry.words], np.int64)
    tile = np.zeros((_TILE[1], _TILE[0], 3), np.uint8)
    marked = Detections((entry.boxes * ratio).astype(np.float32), scores, numbers)
    tile[: size[1], : size[0]] = drawn(image, marked, classes)
    return tile
