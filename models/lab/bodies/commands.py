"""Commands that make the network of bodies: `lushao models bodies ...`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from detector.body_look import BodyLook
from models.bundled import WEIGHTS
from models.lab.bodies.card import card, table
from models.lab.bodies.crops import BodyCrop, read_crops
from models.lab.bodies.evaluation import figures_of, least_probabilities, measure_both
from models.lab.bodies.photographs import photograph_set, read_photographs
from models.lab.bodies.sheet import draw_sheet
from models.manifest import ModelError, TrainingSet

app = typer.Typer(help="Make and measure the network that tells body and load of vehicles.", no_args_is_help=True)
err = Console(stderr=True)

Data = Annotated[Path | None, typer.Option(help="Folder of the sets of others: takes photographs too.", exists=True)]
Rendered = Annotated[
    list[Path], typer.Option(help="Folder of rendered stills; may be given several times.", exists=True)
]

NAME = "lushao-bodies-2026.11"
RENDERED = TrainingSet(name="Scenes rendered by this project", licence="AGPL-3.0-or-later")


@app.command()
def train(
    rendered: Rendered,
    out: Annotated[Path, typer.Option(help="Folder for weights; outside the checkout.")],
    start: Annotated[
        Path | None, typer.Option(help="Weights to go on from: .pt, or YOLOv5n's as .npz.", exists=True)
    ] = None,
    data: Data = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="Time to train; the rate falls over it.")] = 15,
    rate: Annotated[float, typer.Option(min=0, help="Learning rate at its highest.")] = 1e-3,
) -> None:
    """Train on rendered vehicles; last.pt in --out is what `export` takes."""
    try:
        with _training_packages():
            from models.lab.bodies import course
        course.train(_crops(rendered, data), start, out, minutes, rate, err.print)
    except (ModelError, OSError) as error:
        raise _failed(error) from None


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="last.pt of `train`.", exists=True)],
    rendered: Rendered,
    data: Data = None,
    out: Annotated[Path, typer.Option(help="Folder for weights and manifest.")] = WEIGHTS,
) -> None:
    """Make the ONNX file, measure it on vehicles held out, write manifest and card."""
    try:
        with _training_packages():
            from models.lab.bodies import course
            from models.lab.signs.export import write_manifest
        weights = out / "bodies.onnx"
        course.export(checkpoint, weights)
        sets = (RENDERED, photograph_set()) if data else (RENDERED,)
        write_manifest(weights, NAME, sets, {})
        scores = measure_both(BodyLook(weights), _crops(rendered, data))
        figures = figures_of(scores)
        shares = {name: figure for name, figure in figures.items() if name.endswith(("told", "right"))}
        write_manifest(weights, NAME, sets, shares)
        weights.with_suffix(".md").write_text(card(NAME, sets, scores), encoding="utf-8")
        err.print(json.dumps(figures), highlight=False)
    except (ModelError, OSError) as error:
        raise _failed(error) from None


@app.command()
def evaluate(
    rendered: Rendered,
    data: Data = None,
    weights: Annotated[Path, typer.Option(help="Network to measure.")] = WEIGHTS / "bodies.onnx",
    mistakes: Annotated[Path | None, typer.Option(help="PNG to draw of what was told wrongly.")] = None,
) -> None:
    """Measure a network on vehicles held out, and say from which probability on its answers can be believed."""
    try:
        look, crops = BodyLook(weights), _crops(rendered, data)
        scores = measure_both(look, crops)
        if mistakes is not None:
            draw_sheet([mistake for score in scores.values() for mistake in score.mistakes], mistakes)
    except (ModelError, OSError) as error:
        raise _failed(error) from None
    typer.echo(json.dumps({**figures_of(scores), "least_probabilities": least_probabilities(look, crops)}, indent=1))
    for name, score in scores.items():
        typer.echo("\n".join((f"\n{name}", *table(score))))


def _crops(rendered: list[Path], data: Path | None) -> list[BodyCrop]:
    return read_crops(rendered) + (read_photographs(data) if data else [])


@contextmanager
def _training_packages() -> Iterator[None]:
    """What to do when torch is not there."""
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "onnx", "ultralytics"):
            raise
        raise ModelError(f"{error.name} is not installed: pip install 'lushao[train]' on a training machine.") from None


def _failed(what: object) -> typer.Exit:
    err.print(str(what), style="red", highlight=False, soft_wrap=True, markup=False)
    return typer.Exit(1)
