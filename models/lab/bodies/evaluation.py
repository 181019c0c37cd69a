"""How often body, load and raised boards are told, and how often rightly, on vehicles that were not learned from."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from detector.body_facts import SURE_BODY, SURE_LOAD, SURE_RAISED
from detector.body_look import BODIES, LOADS, BodySight, BodySource
from models.lab.bodies.crops import BodyCrop, Part

WANTED = 0.95
"""Of what is told so much must be right."""
SILENT = ("none", "hidden")
"""Answers of which a box tells nothing: no goods vehicle, no load to be seen."""
RAISED = ("as made", "raised")
SURE = {"body": SURE_BODY, "load": SURE_LOAD, "raised": SURE_RAISED}


@dataclass(slots=True)
class Tally:
    """Of the vehicles of which one thing is true."""

    vehicles: int = 0
    told: int = 0
    right: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    """What was told instead, and how often."""

    def count(self, truth: str, word: str, sure: bool) -> None:
        """One vehicle more."""
        self.vehicles += 1
        self.told += sure
        self.right += sure and word == truth
        if sure and word != truth:
            self.wrong[word] += 1


@dataclass(slots=True)
class Score:
    """Of a set of vehicles."""

    tallies: dict[str, dict[str, Tally]]
    """By question (body, load, raised) and true answer."""
    mistakes: list[tuple[BodyCrop, str]]
    """Cut-outs of which something wrong was told, and what."""
    milliseconds: list[float]
    """Per cut-out, on one core."""

    def figures(self) -> dict[str, float]:
        """Per question: vehicles with something to tell, the share told, and right of those; the middle time."""
        figures: dict[str, float] = {}
        for question, tallies in self.tallies.items():
            vehicles = sum(tally.vehicles for truth, tally in tallies.items() if truth not in SILENT)
            told, right = (sum(getattr(tally, key) for tally in tallies.values()) for key in ("told", "right"))
            figures[f"{question}_vehicles"] = vehicles
            figures[f"{question}_told"] = round(told / max(vehicles, 1), 4)
            figures[f"{question}_right"] = round(right / max(told, 1), 4)
        figures["ms_per_crop"] = round(float(np.median(self.milliseconds)), 2) if self.milliseconds else 0.0
        return figures


def measure(look: BodySource, crops: Iterable[BodyCrop], part: Part = "test") -> Score:
    """What the network tells of the cut-outs of a part, each alone."""
    score = Score({question: {} for question in SURE}, [], [])
    for crop in crops:
        if crop.part != part:
            continue
        start = time.perf_counter()
        sight = look.look(crop.pixels, crop.box)
        score.milliseconds.append(1000 * (time.perf_counter() - start))
        if sight is None:
            continue
        faults = []
        for question, truth, word, probability in answers(crop, sight):
            sure = probability >= SURE[question] and word not in SILENT
            score.tallies[question].setdefault(truth, Tally()).count(truth, word, sure)
            if sure and word != truth:
                faults.append(f"{truth}, told {word} ({probability:.2f})")
        if faults:
            score.mistakes.append((crop, "; ".join(faults)))
    return score


def measure_both(look: BodySource, crops: Sequence[BodyCrop]) -> dict[str, Score]:
    """Renderings and, where there are any, photographs that were held out."""
    kinds = {"rendered": [c for c in crops if not c.photograph], "photographs": [c for c in crops if c.photograph]}
    return {name: measure(look, some) for name, some in kinds.items() if some}


def figures_of(scores: Mapping[str, Score]) -> dict[str, float]:
    """The figures of all sets in one mapping."""
    return {f"{name}_{key}": figure for name, score in scores.items() for key, figure in score.figures().items()}


def answers(crop: BodyCrop, sight: BodySight) -> list[tuple[str, str, str, float]]:
    """Question, truth, answer and its probability, of what is known to be true."""
    found = [("body", BODIES[crop.body], *sight.body)] if crop.body >= 0 else []
    if crop.load >= 0:
        found.append(("load", LOADS[crop.load], *sight.load))
    if crop.raised >= 0:
        found.append(("raised", RAISED[crop.raised], RAISED[sight.raised[0]], sight.raised[1]))
    return found


def least_probabilities(look: BodySource, crops: Iterable[BodyCrop], part: Part = "calibrate") -> dict[str, float]:
    """Of each question the least probability from which on WANTED of the answers are right."""
    asked: dict[str, list[tuple[float, bool]]] = {question: [] for question in SURE}
    for crop in crops:
        sight = look.look(crop.pixels, crop.box) if crop.part == part else None
        for question, truth, word, probability in answers(crop, sight) if sight else ():
            if word not in SILENT:
                asked[question].append((probability, word == truth))
    return {question: _least(rows) for question, rows in asked.items() if rows}


def _least(rows: list[tuple[float, bool]]) -> float:
    """The lowest probability at which those above it are right often enough; 1 where there is none."""
    rows.sort(key=lambda row: -row[0])
    right = np.cumsum([hit for _, hit in rows]) / np.arange(1, len(rows) + 1)
    enough = np.flatnonzero(right >= WANTED)
    return rows[int(enough[-1])][0] if len(enough) else 1.0
