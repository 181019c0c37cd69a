"""Measuring a network on a built data set, where each source counts only for what it labels in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.detections import Detections
from detector.geometry import iou_matrix
from detector.network import Network
from detector.nms import suppress
from models.lab.labelled import Boxes, from_centres, read_image
from models.lab.labels import Sample
from models.lab.precision import Matches, average_precision, match
from models.taxonomy import VEHICLE_GROUPS, group_of

LEAST_SCORE = 0.001
"""Score from which on detections are measured: as low as COCO's, so that precision is known up to all recalls."""
NEAR = 0.15
"""A vehicle is near when its box is at least this share of the picture's height."""
FOUND_IOU = 0.5
"""Intersection over union from which on a near vehicle is found."""
_VEHICLES = frozenset(VEHICLE_GROUPS) - {"person"}
_SAME_IOU = 0.65
"""Boxes that overlap more, of classes that are merged, are one: as at inference."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a network made of a picture: per class known there, and of the near vehicles."""

    source: str
    condition: str
    matches: Mapping[str, Matches]
    near: int
    near_found: int
    """Found as something of the same group, at the working score."""
    near_named: int
    """Found, and the best box on it bears its class."""


@dataclass(frozen=True, slots=True)
class Ruler:
    """How is measured."""

    merge: Mapping[str, str]
    """Word to the word it counts as."""
    score: float
    """Working score, for the near vehicles."""

    def word(self, word: str) -> str:
        """What a word counts as."""
        return self.merge.get(word, word)

    def look(self, network: Callable[[Any], Detections], names: Sequence[str], picture: Sample) -> Seen:
        """Run a network over one picture; `names` are its classes in order."""
        image = read_image(picture.path)
        height, width = image.shape[:2]
        truth = from_centres(picture.shares, width, height)
        words = np.array([self.word(word) for word in picture.words], np.str_)
        found = network(image)
        boxes, scores = found.boxes.astype(np.float64), found.scores.astype(np.float64)
        called = np.array([self.word(names[i]) for i in found.class_ids], np.str_)
        if self.merge:
            boxes, scores, called = _merged(boxes, scores, called)
        counted = {self.word(word) for word in picture.known if self.word(word) in picture.known}
        matches = {
            word: match(boxes[called == word], scores[called == word], truth[words == word]) for word in sorted(counted)
        }
        near = np.isin(words, sorted(counted & _VEHICLES)) & (truth[:, 3] - truth[:, 1] >= NEAR * height)
        sure = scores >= self.score
        hits = _named(truth[near], words[near], boxes[sure], scores[sure], called[sure])
        return Seen(
            picture.source,
            picture.condition,
            matches,
            near=len(hits),
            near_found=sum(name is not None for name in hits),
            near_named=sum(name == word for name, word in zip(hits, words[near], strict=True)),
        )


def _merged(
    boxes: Boxes, scores: NDArray[np.float64], called: NDArray[np.str_]
) -> tuple[Boxes, NDArray[np.float64], NDArray[np.str_]]:
    """One box where two that are now called the same lie on each other."""
    _, numbers = np.unique(called, return_inverse=True)
    kept = suppress(boxes.astype(np.float32), scores.astype(np.float32), numbers, _SAME_IOU, len(scores))
    return boxes[kept], scores[kept], called[kept]


def _named(
    truth: Boxes, words: NDArray[np.str_], boxes: Boxes, scores: NDArray[np.float64], called: NDArray[np.str_]
) -> list[str | None]:
    """What the surest box of the same group on each label is called; None where there is none."""
    if not len(boxes):
        return [None] * len(truth)
    overlap = iou_matrix(truth.astype(np.float32), boxes.astype(np.float32))
    groups = np.array([group_of(str(word)) for word in called])
    named: list[str | None] = []
    for row, word in zip(overlap, words, strict=True):
        fits = (row >= FOUND_IOU) & (groups == group_of(str(word)))
        named.append(str(called[np.argmax(np.where(fits, scores, -1))]) if fits.any() else None)
    return named


def evaluate(network: Network, pictures: Iterable[Sample], ruler: Ruler) -> dict[str, Any]:
    """Figures over all pictures, by source and by condition; `network` loaded with a low score and `each_class`."""
    seen = [ruler.look(lambda image: network.detect([image])[0], network.class_names, p) for p in pictures]
    return {"working_score": ruler.score, "merge": dict(ruler.merge), **report(seen)}


def report(seen: Sequence[Seen]) -> dict[str, Any]:
    """The figures of `figures` over all, by source and by condition."""
    by_source = {name: figures([s for s in seen if s.source == name]) for name in sorted({s.source for s in seen})}
    conditions = sorted({s.condition for s in seen})
    by_condition = {name: figures([s for s in seen if s.condition == name]) for name in conditions}
    return {"all": figures(seen), "sources": by_source, "conditions": by_condition}


def figures(seen: Sequence[Seen]) -> dict[str, Any]:
    """Average precision of each class and its mean over those that occur; recall of near vehicles. All in 0 to 1."""
    classes: dict[str, dict[str, float]] = {}
    for word in sorted({word for s in seen for word in s.matches}):
        own = [s.matches[word] for s in seen if word in s.matches]
        precision = average_precision(own)
        if precision is not None:
            labels = sum(m.labels for m in own)
            classes[word] = {"labels": labels, "ap50": float(precision[0]), "ap50_95": float(precision.mean())}
    near = sum(s.near for s in seen)
    return {
        "pictures": len(seen),
        "map50": _mean([c["ap50"] for c in classes.values()]),
        "map50_95": _mean([c["ap50_95"] for c in classes.values()]),
        "near": near,
        "near_found": sum(s.near_found for s in seen) / near if near else None,
        "near_named": sum(s.near_named for s in seen) / near if near else None,
        "classes": classes,
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
