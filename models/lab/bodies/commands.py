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
from models.lab.bodies.crops import read_crops
from models.lab.bodies.evaluation import least_probabilities, measure
from models.lab.bodies.sheet import draw_sheet
from models.manifest import ModelError, TrainingSet

app = typer.Typer(help="Make and measure the network that tells body and load of vehicles.", no_args_is_help=True)
err = Console(stderr=True)

Rendered = Annotated[
    list[Path], typer.Option(help="Folder of rendered stills; may be given several times.", exists=True)
]

NAME = "lushao-bodies-2026.11"
SETS = (TrainingSet(name="Scenes rendered by this project", licence="AGPL-3.0-or-later"),)


@app.command()
def train(
    rendered: Rendered,
    out: Annotated[Path, typer.Option(help="Folder for weights; outside the checkout.")],
    start: Annotated[
        Path | None, typer.Option(help="Weights to go on from: .pt, or YOLOv5n's as .npz.", exists=True)
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="Time to train; the rate falls over it.")] = 15,
    rate: Annotated[float, typer.Option(min=0, help="Learning rate at its highest.")] = 1e-3,
) -> None:
    """Train on rendered vehicles; last.pt in --out is what `export` takes."""
    try:
        with _training_packages():
            from models.lab.bodies import course
        course.train(read_crops(rendered), start, out, minutes, rate, err.print)
    except (ModelError, OSError) as error:
        raise _failed(error) from None


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="last.pt of `train`.", exists=True)],
    rendered: Rendered,
    out: Annotated[Path, typer.Option(help="Folder for weights and manifest.")] = WEIGHTS,
) -> None:
    """Make the ONNX file, measure it on vehicles held out, write manifest and card."""
    try:
        with _training_packages():
            from models.lab.bodies import course
            from models.lab.signs.export import write_manifest
        weights = out / "bodies.onnx"
        course.export(checkpoint, weights)
        write_manifest(weights, NAME, SETS, {})
        score = measure(BodyLook(weights), read_crops(rendered))
        figures = score.figures()
        write_manifest(weights, NAME, SETS, {name: value for name, value in figures.items() if "ms" not in name})
        weights.with_suffix(".md").write_text(card(NAME, SETS, score), encoding="utf-8")
        err.print(json.dumps(figures), highlight=False)
    except (ModelError, OSError) as error:
        raise _failed(error) from None


@app.command()
def evaluate(
    rendered: Rendered,
    weights: Annotated[Path, typer.Option(help="Network to measure.")] = WEIGHTS / "bodies.onnx",
    mistakes: Annotated[Path | None, typer.Option(help="PNG to draw of what was told wrongly.")] = None,
) -> None:
    """Measure a network on vehicles held out, and say from which probability on its answers can be believed."""
    try:
        look, crops = BodyLook(weights), read_crops(rendered)
        score = measure(look, crops)
        if mistakes is not None:
            draw_sheet(score.mistakes, mistakes)
    except (ModelError, OSError) as error:
        raise _failed(error) from None
    typer.echo(json.dumps({**score.figures(), "least_probabilities": least_probabilities(look, crops)}, indent=1))
    typer.echo("\n".join(table(score)))


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
