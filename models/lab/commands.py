"""Commands that make networks: `lushao models ...`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from detector.network import Network
from detector.settings import DetectorSettings
from models.bundled import bundled_weights
from models.lab.bodies.commands import app as bodies_app
from models.lab.dataset import Builder, Built
from models.lab.evaluation import LEAST_SCORE, Ruler
from models.lab.evaluation import evaluate as evaluate_network
from models.lab.labels import read_labels, task_of
from models.lab.recipe import RECIPES, read_recipe
from models.lab.report import write_report
from models.lab.signs.commands import app as signs_app
from models.lab.sources import Split, read_sources
from models.lab.tables import tables
from models.manifest import ModelError
from models.taxonomy import FEATURES, VEHICLES, Task

app = typer.Typer(help="Make and measure networks.", no_args_is_help=True)
app.add_typer(signs_app, name="signs")
app.add_typer(bodies_app, name="bodies")
err = Console(stderr=True)
out_console = Console()


@app.callback()
def models() -> None:
    """Keep the sub-commands apart."""


@app.command()
def dataset(
    task: Annotated[str, typer.Argument(metavar="vehicles|features", help="Which network it is for.")],
    data: Annotated[Path, typer.Option(help="Folder of the sets of others.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="Folder to write; holds no data set yet.")],
    rendered: Annotated[
        Path | None, typer.Option(help="Folder of renderings with their truth.", exists=True, file_okay=False)
    ] = None,
    width: Annotated[int, typer.Option(min=64, help="Pictures are shrunk to this width at most.")] = 640,
    prelabel: Annotated[
        Path | None, typer.Option(help="Network (ONNX) that adds boxes where a source has labelled nothing.")
    ] = None,
    prelabel_score: Annotated[float, typer.Option(min=0, max=1, help="Least score of an added box.")] = 0.5,
) -> None:
    """Merge the declared sources into one data set in ultralytics' form, split by scene."""
    try:
        network = None if prelabel is None else Network.load(DetectorSettings(model=prelabel, min_score=prelabel_score))
        for step in Builder(data, rendered, out, width, network).build(_task(task), read_sources(_task(task))):
            if isinstance(step, Built):
                write_report(step, out)
                err.print(f"{len(step.entries)} pictures; {out / 'report.md'} tells what they hold", highlight=False)
            else:
                err.print(f"{step.name} ...", highlight=False)
    except ModelError as error:
        raise _failed(error) from None


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="Data set built by `lushao models dataset`.", exists=True)],
    model: Annotated[
        list[Path] | None, typer.Option(help="Weights (ONNX); more than once to compare. Default: the bundled network.")
    ] = None,
    split: Annotated[str, typer.Option(metavar="train|val", help="Side of the data set.")] = "val",
    merge: Annotated[str, typer.Option(help="Words that count as others: van=car,tank_truck=truck.")] = "",
    score: Annotated[float, typer.Option(min=0, max=1, help="Working score, for the near vehicles.")] = 0.25,
    json_file: Annotated[Path | None, typer.Option("--json", help="File for all the figures.")] = None,
) -> None:
    """Measure networks: average precision by class, source and condition, and how many near vehicles are found."""
    side, ruler = _split(split), Ruler(_merge(merge), score)
    try:
        pictures = read_labels(data, side)
        results = {}
        for path in model or [bundled_weights(task_of(data))]:
            settings = DetectorSettings(model=path, min_score=LEAST_SCORE)
            network = Network.load(settings, each_class=True)
            if network.manifest.task != task_of(data):
                raise ModelError(f"{path}: finds {network.manifest.task}, {data} is for {task_of(data)}. Name another.")
            results[str(path)] = evaluate_network(network, track(pictures, path.name, console=err), ruler)
            for table in tables(path.name, results[str(path)]):
                out_console.print(table)
    except ModelError as error:
        raise _failed(error) from None
    if json_file is not None:
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe (YAML), or vehicles or features for the project's own.")],
    data: Annotated[Path, typer.Option(help="Data set built by `lushao models dataset`.", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder for checkpoints; outside the checkout.")],
    start: Annotated[
        Path | None,
        typer.Option(help="Weights to begin with: an ONNX file of ours, or an npz of a YOLOv5n body.", exists=True),
    ] = None,
    hours: Annotated[float | None, typer.Option(min=0.01, help="End after so long, with the schedule fitted.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in --out.")] = False,
) -> None:
    """Train a network, on an accelerator where there is one. Ends with a checkpoint for `export`."""
    try:
        chosen = read_recipe(_recipe(recipe))
        with _training_packages():
            from models.lab.train import train as run
        err.print(f"{run(chosen, data, out, start, hours, resume)}: the last checkpoint", highlight=False)
    except ModelError as error:
        raise _failed(error) from None


@app.command()
def export(
    recipe: Annotated[Path, typer.Argument(help="Recipe the network was trained by.")],
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint (.pt) of `train`.", exists=True)],
    data: Annotated[Path, typer.Option(help="Data set it was trained on.", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder for weights, manifests and card.")],
) -> None:
    """Make ONNX files, float32 and INT8, measure both, and write manifests and the model card."""
    try:
        chosen = read_recipe(_recipe(recipe))
        with _training_packages():
            from models.lab.release import release
        for line in release(checkpoint, chosen, data, out, lambda pictures, name: track(pictures, name, console=err)):
            err.print(line, highlight=False)
    except ModelError as error:
        raise _failed(error) from None


@contextmanager
def _training_packages() -> Iterator[None]:
    """What to do when torch is not there."""
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "ultralytics", "onnx"):
            raise
        raise ModelError(f"{error.name} is not installed: pip install 'lushao[train]' on a training machine.") from None


def _recipe(name: Path) -> Path:
    own = RECIPES / f"{name}.yaml"
    return own if own.is_file() else name


def _split(word: str) -> Split:
    if word == "train":
        return "train"
    if word == "val":
        return "val"
    raise typer.BadParameter(f"expected train or val, found {word}")


def _merge(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair]
    known = {*VEHICLES, *FEATURES}
    wrong = [word for one, _, other in pairs for word in (one, other) if word not in known]
    if wrong:
        raise typer.BadParameter(f"expected WORD=WORD,... of the taxonomy; {wrong[0] or 'nothing'} is none of it")
    return {one: other for one, _, other in pairs}


def _task(word: str) -> Task:
    if word == "vehicles":
        return "vehicles"
    if word == "features":
        return "features"
    raise typer.BadParameter(f"expected vehicles or features, found {word}")


def _failed(what: object) -> typer.Exit:
    err.print(str(what), style="red", highlight=False, soft_wrap=True, markup=False)
    return typer.Exit(1)
