"""Measures how well body and load are told: in photographs held out of training, and of the trucks of the sample clips.

`python -m tests.accuracy.bodies` stores what it measures as the new baselines: to be done when they have risen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from detector.body_look import BodyLook
from detector.facts import Fact, Facts
from edge.second_look import load_second_look
from edge.settings import SecondLookSettings, load_site
from models.bundled import bundled_weights
from models.lab.bodies.evaluation import measure
from models.lab.bodies.photographs import read_photographs
from scripts.scenes.truth import read_truth
from tests.accuracy.following import passages_of
from tests.accuracy.measuring import ROOT, identity_of
from tests.accuracy.networks import BASELINES, DATA

STORED = BASELINES / "bodies.json"
GOODS = ("truck", "tank_truck")

Told = dict[str, tuple[str, str | bool | None, str | bool | None]]
"""By clip and vehicle with question: what was asked, what is true, and what is told without doubt."""


def on_photographs() -> dict[str, float]:
    """Figures of the photographs that were held out, each alone; without the time."""
    figures = measure(BodyLook(), read_photographs(DATA)).figures()
    return {name: figure for name, figure in figures.items() if name.startswith(("body", "load"))}


def on_samples() -> Told:
    """What is told of each truck of the clips that a passage follows, by all its shots together."""
    look = load_second_look(SecondLookSettings(signs=False)).look
    told: Told = {}
    for camera in load_site(ROOT / "configs/sites/samples.yaml").cameras:
        truth = read_truth(Path(camera.source.url).with_suffix(".truth.json"))
        for passage in passages_of(Path(camera.source.url), bundled_weights("vehicles")):
            identity = identity_of(passage, truth)
            vehicle = truth.vehicles[identity] if identity else {"class": ""}
            if vehicle["class"] in GOODS:
                told |= _told(f"{truth.scene} {identity}", vehicle, look.look(passage).facts)
    return told


def _told(name: str, vehicle: dict[str, Any], facts: Facts) -> Told:
    """A closed body has no load to tell, and only a tipper raised boards."""
    asked: dict[str, Fact[Any]] = {"body": facts.body}
    if vehicle["load"] != "none":
        asked["load"] = facts.load
    if vehicle["body"] == "tipper":
        asked["raised_boards"] = facts.raised_boards
    return {
        f"{name} {question}": (question, vehicle[question], fact.value if fact.sure else None)
        for question, fact in asked.items()
    }


def figures(told: Told) -> dict[str, int]:
    """How many answers were asked for, told, and right."""
    return {
        "asked": len(told),
        "told": sum(answer is not None for _, _, answer in told.values()),
        "right": sum(answer == truth for _, truth, answer in told.values()),
    }


def baseline() -> dict[str, dict[str, float]]:
    """Stored figures."""
    stored: dict[str, dict[str, float]] = json.loads(STORED.read_text())
    return stored


if __name__ == "__main__":
    answers = on_samples()
    new = {"photographs": on_photographs(), "samples": figures(answers)}
    STORED.write_text(json.dumps(new, indent=1) + "\n")
    print(json.dumps(new, indent=1), *(f"{name}: {answer}" for name, answer in answers.items()), sep="\n")
