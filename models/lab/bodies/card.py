"""The model card of the network of bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from models.lab.bodies.evaluation import Score
from models.manifest import TrainingSet

_LIMITS = (
    "The photographs are of Indonesian roads, close and by day, labelled by eye; of loads they hardly show more than "
    "covers. Heaps, level and empty beds, mixers and raised boards were learned from renderings: on real ones, and on "
    "goods that the renderer does not know (cars, steel coils, logs, livestock), expect less.",
    "What lies in a bed whose boards are higher than the camera cannot be told.",
    "A level load is hardly ever told: too few were seen for it to be sure.",
    "Raised boards are told of tippers alone.",
)


def card(name: str, sets: Sequence[TrainingSet], scores: Mapping[str, Score]) -> str:
    """Markdown of the card; `scores` of vehicles held out of training."""
    return "\n".join(_lines(name, sets, scores))


def _lines(name: str, sets: Sequence[TrainingSet], scores: Mapping[str, Score]) -> Iterator[str]:
    yield f"# {name}\n"
    yield "Tells of a vehicle cut out to 256 x 160 pixels what body it has, how it is loaded, and whether a tipper's"
    yield "boards were raised. Licence AGPL-3.0-or-later.\n"
    yield "## Where it comes from\n"
    yield "The first half of the body of YOLOv5n v6 trained on COCO 2017 (Ultralytics, AGPL-3.0) under heads that start"
    yield "from random weights. Trained on:\n"
    yield from (f"- {one.name}, {one.licence}" for one in sets)
    yield "\n## How good it is\n"
    yield "Vehicles held out of training, one picture of each; the least probabilities were chosen on as many others,"
    yield "and raised where these asked for it:"
    for kind, score in scores.items():
        yield f"\n### {kind.capitalize()}\n"
        yield from table(score)
    yield "\n## What it cannot do\n"
    yield from (f"- {limit}" for limit in _LIMITS)
    yield ""


def table(score: Score) -> Iterator[str]:
    """A row per question and true answer."""
    yield "| question | truth | vehicles | told | right of those | told instead |"
    yield "| --- | --- | ---: | ---: | ---: | --- |"
    for question, tallies in score.tallies.items():
        for truth, tally in sorted(tallies.items()):
            wrong = ", ".join(f"{word} {count}" for word, count in tally.wrong.most_common())
            yield f"| {question} | {truth} | {tally.vehicles} | {tally.told} | {tally.right} | {wrong} |"
