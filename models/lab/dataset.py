"""Building a data set for ultralytics out of the declared sources."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from detector.network import Network
from models.lab.labelled import Boxes, Picture, shrunk, to_centres
from models.lab.prelabel import missing
from models.lab.readers import read
from models.lab.scenes import alike, by_order, difference_hash, side
from models.lab.sources import Source, Split
from models.manifest import ModelError
from models.taxonomy import Task, classes_of

_QUALITY = 92
LEAST_SIDE = 3.0
"""Boxes narrower or lower than this, in pixels of the written picture, are left out: nothing can be told there."""


@dataclass(slots=True)
class Entry:
    """A picture of the data set."""

    source: str
    name: str
    """File name without suffix."""
    width: int
    height: int
    boxes: Boxes
    words: tuple[str, ...]
    """In the taxonomy's words."""
    condition: str
    order: float
    hash: NDArray[np.bool_]
    scene: str | None
    split: Split | None
    prelabelled: int = 0
    """How many boxes, the last ones, another network added."""


@dataclass(slots=True)
class Built:
    """What came of building: the pictures, and what was left out."""

    task: Task
    sources: list[Source]
    entries: list[Entry] = field(default_factory=list)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many boxes or pictures, by source and reason."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Where the sources lie, and how the data set is to be."""

    data: Path
    """Folder of the sets of others."""
    rendered: Path | None
    """Folder of renderings; without it sources that are rendered are left out."""
    out: Path
    width: int = 640
    """Pictures are shrunk to this width at most."""
    prelabel: Network | None = None
    """Network that adds boxes where a source allows it."""

    def build(self, task: Task, sources: Sequence[Source]) -> Iterator[Source | Built]:
        """Write pictures, labels and lists: gives each source before it is read, and at the end what came of it.

        Raises `ModelError` where the folder is taken or a source is missing or wrong.
        """
        if (self.out / "images").exists():
            raise ModelError(f"{self.out}: holds a data set already. Remove it, or name another folder.")
        for split in ("train", "val"):
            (self.out / "images" / split).mkdir(parents=True)
            (self.out / "labels" / split).mkdir(parents=True)
        built = Built(task, [s for s in sources if self.rendered is not None or not s.is_rendered])
        for source in built.sources:
            yield source
            root = self.rendered if source.is_rendered and self.rendered is not None else self.data
            built.entries += [self._take_in(picture, source, built) for picture in read(source, root)]
        _split(built)
        for entry in built.entries:
            self._settle(entry, built)
        built.entries = [entry for entry in built.entries if entry.split is not None]
        _write_lists(built, self.out)
        yield built

    def _take_in(self, picture: Picture, source: Source, built: Built) -> Entry:
        """Shrink and map a picture and write its file, for the time being among those for training."""
        picture = shrunk(picture, self.width)
        height, width = picture.image.shape[:2]
        boxes = np.clip(picture.boxes, 0, [width, height, width, height])
        kept = []
        for i, word in enumerate(picture.words):
            if word not in source.map:
                reason = f"{word}: {source.left_out.get(word, 'no word of the taxonomy')}"
                built.left_out[source.name, reason] += 1
            elif (boxes[i, 2:] - boxes[i, :2]).min() < LEAST_SIDE:
                built.left_out[source.name, f"boxes below {LEAST_SIDE:g} pixels"] += 1
            else:
                kept.append(i)
        words = tuple(source.map[picture.words[i]] for i in kept)
        boxes, more = boxes[kept], 0
        if self.prelabel is not None and source.prelabel:
            new, new_words = missing(picture.image, boxes, words, source.prelabel, self.prelabel)
            boxes, words, more = np.concatenate([boxes, new]), words + new_words, len(new_words)
        name = f"{source.name}__{picture.stem}"
        _write(self.out / "images/train" / f"{name}.jpg", picture)
        return Entry(
            source=source.name,
            name=name,
            width=width,
            height=height,
            boxes=boxes,
            words=words,
            condition=picture.condition,
            order=picture.order,
            hash=difference_hash(picture.image),
            scene=picture.scene,
            split=picture.split,
            prelabelled=more,
        )

    def _settle(self, entry: Entry, built: Built) -> None:
        """Move a picture to its side and write its labels, or take it away."""
        path = self.out / "images/train" / f"{entry.name}.jpg"
        if entry.split is None:
            path.unlink()
            built.left_out[entry.source, "pictures in the gap before the part held out"] += 1
            return
        if entry.split == "val":
            path.rename(self.out / "images/val" / path.name)
        classes = classes_of(built.task)
        shares = to_centres(entry.boxes, entry.width, entry.height)
        lines = [
            f"{classes.index(word)} " + " ".join(f"{v:.6f}" for v in row)
            for word, row in zip(entry.words, shares, strict=True)
        ]
        (self.out / "labels" / entry.split / f"{entry.name}.txt").write_text("".join(f"{line}\n" for line in lines))


def _split(built: Built) -> None:
    """Give each picture its scene and its side."""
    rules = {source.name: source.scenes for source in built.sources}
    loose = [entry for entry in built.entries if rules[entry.source].by == "likeness"]
    # All sources at once: the same photo may be in two of them.
    if loose:
        groups = alike(np.array([e.hash for e in loose]), [e.scene or e.name for e in loose])
        for entry, first in zip(loose, groups, strict=True):
            entry.scene = loose[first].name
    for source in built.sources:
        if source.scenes.by == "order":
            row = [entry for entry in built.entries if entry.source == source.name]
            for entry, where in zip(row, by_order([e.order for e in row], source.scenes), strict=True):
                block = int(entry.order // source.scenes.block)
                entry.scene, entry.split = f"{source.name}-{where}-{block:03d}", where
    for entry in built.entries:
        entry.scene = entry.scene or entry.name
        if rules[entry.source].by in ("likeness", "seed"):
            entry.split = side(entry.scene, rules[entry.source].val)


def _write_lists(built: Built, out: Path) -> None:
    """`data.yaml` for ultralytics, `known.json` and `pictures.json` for masking and measuring."""
    names = dict(enumerate(classes_of(built.task)))
    data = {"path": str(out.resolve()), "train": "images/train", "val": "images/val", "names": names}
    (out / "data.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    used = {entry.source for entry in built.entries}
    known = {s.name: sorted(s.labelled, key=classes_of(built.task).index) for s in built.sources if s.name in used}
    (out / "known.json").write_text(json.dumps(known, indent=1) + "\n")
    pictures = {
        entry.name: {
            "source": entry.source,
            "scene": entry.scene,
            "condition": entry.condition,
            "split": entry.split,
            "prelabelled": entry.prelabelled,
        }
        for entry in built.entries
    }
    (out / "pictures.json").write_text(json.dumps(pictures, indent=1, ensure_ascii=False) + "\n")


def _write(path: Path, picture: Picture) -> None:
    if path.exists():
        raise ModelError(f"{picture.stem}: the source has two pictures of this name. Rename one.")
    if not cv2.imwrite(str(path), picture.image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]):
        raise ModelError(f"{path}: cannot be written. Is the disk full?")
