"""The model card: what a network is, where it comes from, how good it is and what it cannot do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models.lab.recipe import Recipe
from models.lab.sources import Source

Figures = Mapping[str, Any]
"""What `models.lab.evaluation` gives: `all`, `sources` and `conditions`."""


def card(
    recipe: Recipe, pictures: Mapping[str, int], sources: Mapping[str, Source], full: Figures, small: Figures | None
) -> str:
    """Markdown of a network's card; `pictures` per source it was trained on, `small` the figures of INT8 if shipped."""
    return "\n".join([*_head(recipe), *_origin(recipe, pictures, sources), *_figures(full, small), *_limits(recipe)])


def _head(recipe: Recipe) -> Iterator[str]:
    look = (
        "first look: road users in a camera's frame"
        if recipe.task == "vehicles"
        else "second look: what is on a vehicle"
    )
    yield f"# {recipe.name}\n"
    yield f"The {look}. Input {recipe.input.width} x {recipe.input.height} pixels, RGB. Licence {recipe.licence}.\n"


def _origin(recipe: Recipe, pictures: Mapping[str, int], sources: Mapping[str, Source]) -> Iterator[str]:
    yield "## Where it comes from\n"
    yield f"{recipe.started_from}\n"
    yield "Trained on the pictures of these sets, which are not part of this project:\n"
    yield "| set | licence | pictures |"
    yield "| --- | --- | ---: |"
    for name, count in pictures.items():
        yield f"| {sources[name].title} | {sources[name].licence} | {count} |"
    yield ""


def _figures(full: Figures, small: Figures | None) -> Iterator[str]:
    yield "## How good it is\n"
    yield "Average precision in percent on pictures held out by scene, never by frame; each set counts for the classes"
    yield "it labels in full.\n"
    yield "| class | labels | AP50 | AP50-95 |"
    yield "| --- | ---: | ---: | ---: |"
    for word, own in full["all"]["classes"].items():
        yield f"| {word} | {own['labels']} | {_percent(own['ap50'])} | {_percent(own['ap50_95'])} |"
    yield f"| mean | | {_percent(full['all']['map50'])} | {_percent(full['all']['map50_95'])} |\n"
    yield "| pictures | number | mAP50 | mAP50-95 | near vehicles found |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for kind in ("sources", "conditions"):
        for name, own in full[kind].items():
            yield (
                f"| {name} | {own['pictures']} | {_percent(own['map50'])} | {_percent(own['map50_95'])} "
                f"| {_percent(own['near_found'])} |"
            )
    yield ""
    if small is not None:
        own = small["all"]
        yield f"The INT8 twin: mAP50 {_percent(own['map50'])}, mAP50-95 {_percent(own['map50_95'])}.\n"


def _limits(recipe: Recipe) -> Iterator[str]:
    yield "## What it cannot do\n"
    for limit in recipe.limits:
        yield f"- {limit.strip()}"
    yield ""


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"
