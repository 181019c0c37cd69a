"""Commands that look: `lushao inspect ...`, pictures and videos to JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from cameras import Frame
from cameras.frame import Image
from detector.detections import Detections
from detector.inspection import PICTURES, Drawing, Inspection, Sight
from detector.network import Network
from detector.settings import DetectorSettings
from detector.two_looks import LEAST_SCORE, TwoLooks
from models import ModelError, bundled_weights
from models.taxonomy import Task

app = typer.Typer(help="See what a network sees in pictures and videos.", no_args_is_help=True)
err = Console(stderr=True)

SHOWN = 0.25
"""Least score of what people are shown, if they ask for no other."""
MEASURED = 0.01
"""Least score of what programs are told: average precision is measured on the weak boxes too."""

Paths = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Pictures, folders of pictures, videos.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="JSON lines; a box comes once for each class that reaches the least score.")
]
MinScore = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help=f"Least score of a box. Without it, {MEASURED} with --json, and {SHOWN} in words and copies."
    ),
]
Draw = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder for copies with the boxes drawn in.")]


@app.command()
def vehicles(
    paths: Paths,
    model: Annotated[Path | None, typer.Option(help="Weights, an ONNX file. Without it, the bundled network.")] = None,
    as_json: AsJson = False,
    min_score: MinScore = None,
    draw: Draw = None,
) -> None:
    """Find vehicles and people: a line per picture and per frame, with class, score and box (pixels) of each."""
    network = _load("vehicles", model, _least(min_score, as_json), each_class=as_json)

    def look(picture: Frame | Image) -> Detections:
        return network.detect([picture])[0]

    _Report(network, as_json, min_score, draw).run(look, paths)


@app.command()
def features(
    paths: Paths,
    model: Annotated[Path | None, typer.Option(help="Weights, an ONNX file. Without it, the bundled network.")] = None,
    as_json: AsJson = False,
    min_score: MinScore = None,
    draw: Draw = None,
    whole: Annotated[bool, typer.Option("--whole", help="Look at the pictures as they are, and no closer.")] = False,
    vehicles_model: Annotated[
        Path | None, typer.Option(help="Weights that find the vehicles. Without it, the bundled network.")
    ] = None,
) -> None:
    """Find what is on vehicles: wheels, plates, panels, diamonds, loads. Lines as of `vehicles`.

    Each picture is looked at as a whole; then the vehicles in it are found, and each that is small in it is looked at
    once more, cut out. Boxes are in pixels of the picture.
    """
    network = _load("features", model, _least(min_score, as_json), each_class=as_json)
    closer = None if whole else TwoLooks(_load("vehicles", vehicles_model, LEAST_SCORE), network)

    def look(picture: Frame | Image) -> Detections:
        return closer.detect(picture) if closer else network.detect([picture])[0]

    _Report(network, as_json, min_score, draw).run(look, paths)


class _Report:
    """Tells people or programs what is in files."""

    def __init__(self, network: Network, as_json: bool, min_score: float | None, draw: Path | None) -> None:
        self._names = network.class_names
        self._threads = network.lanes + 1
        self._as_json = as_json
        self._draw = draw
        self._shown = SHOWN if min_score is None else min_score
        self._failed = False

    def run(self, look: Callable[[Frame | Image], Detections], paths: Sequence[Path]) -> None:
        """Look at all files. Raises Exit where some cannot be read."""
        drawing = None
        if self._draw is not None:
            self._draw.mkdir(parents=True, exist_ok=True)
            drawing = Drawing(self._draw, self._names, self._shown)
        Inspection(look, self._threads, tell=self._tell, fail=self._fail, drawing=drawing).run(list(_files(paths)))
        if self._failed:
            raise typer.Exit(1)

    def _tell(self, sight: Sight) -> None:
        typer.echo(self._json(sight) if self._as_json else self._words(sight))

    def _fail(self, error: Exception) -> None:
        _say(error)
        self._failed = True

    def _json(self, sight: Sight) -> str:
        line: dict[str, Any] = {"image": str(sight.path), "frame": sight.number}
        if sight.t_s is not None:
            line["t_s"] = round(sight.t_s, 3)
        line |= {"width": sight.width, "height": sight.height, "detections": _as_dicts(sight.found, self._names)}
        return json.dumps(line, ensure_ascii=False)

    def _words(self, sight: Sight) -> str:
        when = "" if sight.t_s is None else f" {sight.t_s:8.3f} s"
        found = zip(sight.found.class_ids, sight.found.scores, strict=True)
        return f"{sight.path}{when}: {', '.join(f'{self._names[c]} {s:.2f}' for c, s in found) or 'nothing'}"


def _least(min_score: float | None, as_json: bool) -> float:
    if min_score is not None:
        return min_score
    return MEASURED if as_json else SHOWN


def _load(task: Task, model: Path | None, min_score: float, *, each_class: bool = False) -> Network:
    """The network for a task, the bundled one where none is named. Raises Exit, having said why."""
    path = model or bundled_weights(task)
    try:
        # Pictures come one at a time; several are looked at side by side.
        network = Network.load(DetectorSettings(model=path, min_score=min_score, batch=1), each_class=each_class)
    except ModelError as error:
        raise _failed(error) from None
    if network.manifest.task != task:
        found = f"{path}: is a network for {network.manifest.task} ({', '.join(network.class_names)})"
        raise _failed(f"{found}, expected one for {task}. Name another, or none for the bundled one.")
    return network


def _as_dicts(found: Detections, names: Sequence[str]) -> list[dict[str, Any]]:
    boxes = found.boxes.astype(np.float64).round(2).tolist()
    scores = found.scores.astype(np.float64).round(4).tolist()
    return [
        {"class": names[class_id], "score": score, "box": box}
        for box, score, class_id in zip(boxes, scores, found.class_ids, strict=True)
    ]


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The paths with each folder replaced by the pictures in it."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURES)
        if not inside:
            raise _failed(f"{path}: the folder holds no picture ({', '.join(sorted(PICTURES))}).")
        yield from inside


def _say(what: object) -> None:
    err.print(str(what), style="red", highlight=False, soft_wrap=True, markup=False)


def _failed(what: object) -> typer.Exit:
    _say(what)
    return typer.Exit(1)
