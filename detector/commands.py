"""Commands that look: `lushao inspect ...`, pictures and videos to JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import numpy as np
import typer
from rich.console import Console

from cameras import Frame
from cameras.frame import Image
from detector.detections import Detections
from detector.draw import drawn, drawn_signs
from detector.inspection import PICTURES, Drawing, Inspection, Sight
from detector.network import Network
from detector.plate_types import type_of
from detector.session import usable_cores
from detector.settings import DetectorSettings
from detector.sign import Sign
from detector.sign_look import SignLook
from detector.two_looks import LEAST_SCORE, TwoLooks
from models import ModelError, bundled_weights
from models.taxonomy import Task

app = typer.Typer(help="See what a network sees in pictures and videos.", no_args_is_help=True)
err = Console(stderr=True)

SHOWN = 0.25
"""Least score of what people are shown, if they ask for no other."""
MEASURED = 0.01
"""Least score of what programs are told: average precision is measured on the weak boxes too."""

LEAST_SIGN = 0.1
"""Signs less sure are mostly none."""

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

    _boxes_report(network, as_json, min_score, draw).run(look, paths)


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

    _boxes_report(network, as_json, min_score, draw).run(look, paths)


@app.command()
def plates(
    paths: Paths,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    crops: Annotated[bool, typer.Option("--crops", help="Each picture is one plate, cut out before.")] = False,
    min_score: Annotated[
        float, typer.Option(min=0, max=1, help="Least score of a plate: of its being one, and of all it says.")
    ] = LEAST_SIGN,
    draw: Draw = None,
) -> None:
    """Find and read number plates: text, type, colour, score, box and corners (pixels, clockwise from upper left).

    A character that cannot be read is `-`. The orange panels and diamonds of dangerous goods are found and read too.
    """
    try:
        look = SignLook.load()
    except ModelError as error:
        raise _failed(error) from None

    def signs(picture: Frame | Image) -> list[Sign]:
        image = picture if isinstance(picture, np.ndarray) else picture.image
        found = look.crop(image) if crops else look.signs(image)
        return [sign for sign in found if sign.score >= min_score]

    def line(sight: Sight[list[Sign]]) -> str:
        if not as_json:
            return _words(sight, [f"{sign.text} {sign.colour or sign.kind} {sign.score:.2f}" for sign in sight.found])
        named = {"plates": "plate", "panels": "panel", "diamonds": "diamond"}
        found = {word: [_sign_dict(s) for s in sight.found if s.kind == kind] for word, kind in named.items()}
        return _json_line(sight, found)

    drawing: Drawing[list[Sign]] | None = None if draw is None else Drawing(draw, drawn_signs)
    _Report(usable_cores() + 1, line, drawing).run(signs, paths)


Found = TypeVar("Found")


class _Report(Generic[Found]):
    """Tells people or programs what is in files."""

    def __init__(self, threads: int, line: Callable[[Sight[Found]], str], drawing: Drawing[Found] | None) -> None:
        self._threads = threads
        self._line = line
        self._drawing = drawing
        self._failed = False

    def run(self, look: Callable[[Frame | Image], Found], paths: Sequence[Path]) -> None:
        """Look at all files. Raises Exit where some cannot be read."""
        if self._drawing is not None:
            try:
                self._drawing.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _failed(f"{self._drawing.folder}: {error.strerror}. Name a folder for the copies.") from None
        Inspection(look, self._threads, tell=self._tell, fail=self._fail, drawing=self._drawing).run(
            list(_files(paths))
        )
        if self._failed:
            raise typer.Exit(1)

    def _tell(self, sight: Sight[Found]) -> None:
        typer.echo(self._line(sight))

    def _fail(self, error: Exception) -> None:
        _say(error)
        self._failed = True


def _boxes_report(network: Network, as_json: bool, min_score: float | None, draw: Path | None) -> _Report[Detections]:
    names = network.class_names
    shown = SHOWN if min_score is None else min_score

    def line(sight: Sight[Detections]) -> str:
        if as_json:
            return _json_line(sight, {"detections": _as_dicts(sight.found, names)})
        found = zip(sight.found.class_ids, sight.found.scores, strict=True)
        return _words(sight, [f"{names[c]} {s:.2f}" for c, s in found])

    def copy(picture: Image, found: Detections) -> Image:
        return drawn(picture, found[found.scores >= shown], names)

    return _Report(network.lanes + 1, line, None if draw is None else Drawing(draw, copy))


def _json_line(sight: Sight[Any], found: dict[str, Any]) -> str:
    line: dict[str, Any] = {"image": str(sight.path), "frame": sight.number}
    if sight.t_s is not None:
        line["t_s"] = round(sight.t_s, 3)
    return json.dumps(line | {"width": sight.width, "height": sight.height} | found, ensure_ascii=False)


def _words(sight: Sight[Any], found: Sequence[str]) -> str:
    when = "" if sight.t_s is None else f" {sight.t_s:8.3f} s"
    return f"{sight.path}{when}: {', '.join(found) or 'nothing'}"


def _sign_dict(sign: Sign) -> dict[str, Any]:
    read = {"text": sign.text, "score": round(sign.score, 4)}
    if sign.kind == "plate":
        read = {"text": sign.text, "type": type_of(sign.text, sign.colour), "colour": sign.colour} | read
    place = {"box": [round(v, 1) for v in sign.box], "corners": sign.corners.astype(float).round(1).tolist()}
    scores = [round(score, 3) for score in sign.character_scores]
    return read | {"lines": sign.lines, "character_scores": scores} | place


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
