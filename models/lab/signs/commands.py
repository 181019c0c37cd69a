"""Commands that make the networks of signs: `lushao models signs ...`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer
from rich.console import Console

from detector.sign_finder import SignFinder
from detector.sign_look import SignLook
from detector.sign_reader import SignReader
from models.bundled import WEIGHTS
from models.lab.signs.card import card
from models.lab.signs.evaluation import measure
from models.lab.signs.finder_pictures import Scene, plate_scenes, rendered_scenes, vehicle_scenes
from models.lab.signs.pool import Pool, drawn, patches
from models.lab.signs.real import RealPlate, read_crops, read_scenes
from models.lab.sources import read_sources
from models.manifest import ModelError, TrainingSet

app = typer.Typer(help="Make and measure the networks that find and read plates, panels and diamonds.")
err = Console(stderr=True)

Which = Annotated[Literal["finder", "reader"], typer.Argument(help="Which of the two networks.")]
Data = Annotated[Path, typer.Option(help="Folder of the sets of others.", exists=True, file_okay=False)]

PER_POOL = 15_000
NAMES = {"finder": "lushao-sign-finder-2026.11", "reader": "lushao-sign-reader-2026.11"}
REAL_SETS = (
    TrainingSet(name="EasyPR general test pictures (liuruoze/EasyPR)", licence="Apache-2.0"),
    TrainingSet(name="LPRNet test crops (sirius-ai/LPRNet_Pytorch)", licence="Apache-2.0"),
)
VEHICLE_PICTURES = {"highway": 500, "street": 250, "weather": 120}
"""Pictures that the finder learns from, by source."""


@app.command()
def draw(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for the views.")],
    pools: Annotated[int, typer.Option(min=1, help=f"Files of {PER_POOL} views each; 300 MB apiece.")] = 8,
    seed: int = 0,
) -> None:
    """Draw signs and take views of them, for training the reader. Goes on after the files that are there."""
    out.mkdir(parents=True, exist_ok=True)
    backgrounds = patches(data / "vehicles", 400, seed)
    for number in range(pools):
        path = out / f"views-{seed + number}"
        if Path(f"{path}-corners.npy").exists():
            continue
        drawn(PER_POOL, seed + number, backgrounds).save(path)
        err.print(f"{path}: {PER_POOL} views", highlight=False)


@app.command()
def train(
    which: Which,
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for weights; outside the checkout.")],
    views: Annotated[Path | None, typer.Option(help="Reader: folder written by `draw`.")] = None,
    rendered: Annotated[Path | None, typer.Option(help="Finder: folder of rendered stills.")] = None,
    start: Annotated[Path | None, typer.Option(help="Weights (.pt) to go on from.", exists=True)] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="Time to train; the rate falls over it.")] = 30,
    rate: Annotated[float, typer.Option(min=0, help="Learning rate at its highest.")] = 2e-3,
) -> None:
    """Train one of them on two cores or more; last.pt in --out is what `export` takes."""
    try:
        with _training_packages():
            from models.lab.signs import courses
        if which == "reader":
            courses.read(_pools(views or out), _plates(data), out, start, minutes, rate, err.print)
        else:
            courses.find(_vehicles(data), _scenes(data), _rendered(rendered), out, start, minutes, rate, err.print)
    except (ModelError, OSError) as error:
        raise _failed(error) from None


@app.command()
def export(
    which: Which,
    checkpoint: Annotated[Path, typer.Argument(help="last.pt of `train`.", exists=True)],
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for weights and manifest.")] = WEIGHTS,
) -> None:
    """Make the ONNX file, measure it on held-out plates with the other one, write manifest and card."""
    try:
        with _training_packages():
            from models.lab.signs import courses
            from models.lab.signs.export import write_manifest
        weights = out / f"sign_{which}.onnx"
        courses.export(which, checkpoint, weights)
        sets = REAL_SETS if which == "reader" else (REAL_SETS[0], *_vehicle_sets())
        write_manifest(weights, NAMES[which], sets, {})
        metrics = measure(_look_with(out), data)[0]
        weights.with_suffix(".md").write_text(card(which, NAMES[which], sets, metrics), encoding="utf-8")
        write_manifest(weights, NAMES[which], sets, {k: v for k, v in metrics.items() if "right" in k or "found" in k})
        err.print(json.dumps(metrics), highlight=False)
    except (ModelError, OSError) as error:
        raise _failed(error) from None


@app.command()
def evaluate(
    data: Data,
    every: Annotated[bool, typer.Option("--all", help="Also the plates it was trained on.")] = False,
) -> None:
    """Measure the bundled networks on real plates: found and wholly right, and milliseconds on one core."""
    try:
        figures, missed = measure(SignLook.load(), data, every)
    except (ModelError, OSError) as error:
        raise _failed(error) from None
    typer.echo(json.dumps(figures, indent=1))
    for line in missed:
        err.print(line, highlight=False)


def _pools(folder: Path) -> list[Pool]:
    last = "-corners.npy"
    found = sorted(folder.glob(f"*{last}"))
    if not found:
        raise ModelError(
            f"{folder}: holds no views. Make them with `lushao models signs draw`, name them with --views."
        )
    return [Pool.load(path.with_name(path.name.removesuffix(last))) for path in found]


def _look_with(folder: Path) -> SignLook:
    """The networks of a folder, and the bundled one where it has but one of them."""
    finder, reader = (
        path if path.is_file() else WEIGHTS / path.name
        for path in (folder / "sign_finder.onnx", folder / "sign_reader.onnx")
    )
    return SignLook(SignFinder(finder), SignReader(reader))


def _plates(data: Path) -> list[RealPlate]:
    plates = [*read_crops(data / "plates"), *read_scenes(data / "plates/scenes")]
    return [plate for plate in plates if not plate.held_out]


def _scenes(data: Path) -> list[Scene]:
    return plate_scenes([plate for plate in read_scenes(data / "plates/scenes") if not plate.held_out])


def _vehicles(data: Path) -> list[list[Scene]]:
    """Of each set of vehicles, pictures whose own plates nobody marked."""
    sources = {source.name: source for source in read_sources("vehicles")}
    return [
        vehicle_scenes(
            data / sources[name].folder, sources[name].names, frozenset(sources[name].names) - {"person"}, count, 1
        )
        for name, count in VEHICLE_PICTURES.items()
    ]


def _vehicle_sets() -> list[TrainingSet]:
    sources = [source for source in read_sources("vehicles") if source.name in VEHICLE_PICTURES]
    return [TrainingSet(name=source.title, licence=source.licence) for source in sources]


def _rendered(folder: Path | None) -> list[Scene]:
    if folder is None:
        raise ModelError("the finder learns from rendered stills too: name their folder with --rendered.")
    return rendered_scenes(folder, np.iinfo(np.int32).max)


@contextmanager
def _training_packages() -> Iterator[None]:
    """What to do when torch is not there."""
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "onnx"):
            raise
        raise ModelError(f"{error.name} is not installed: pip install 'lushao[train]' on a training machine.") from None


def _failed(what: object) -> typer.Exit:
    err.print(str(what), style="red", highlight=False, soft_wrap=True, markup=False)
    return typer.Exit(1)
