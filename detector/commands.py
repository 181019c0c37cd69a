"""Commands that look: `lushao inspect ...`, pictures and videos to JSON lines."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from rich.console import Console

from cameras import CameraReader, CameraSettings, Frame, StreamError
from cameras.frame import Image
from detector.detections import Detections
from detector.draw import DrawnVideo, drawn
from detector.network import Network
from detector.scheduler import Scheduler
from detector.settings import DetectorSettings
from models import ModelError

app = typer.Typer(help="See what a network sees in pictures and videos.", no_args_is_help=True)
err = Console(stderr=True)

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
"""Suffixes of files that are read as pictures; any other file is read as a video."""


@app.callback()
def inspect() -> None:
    """Keep `vehicles` a sub-command."""


@app.command()
def vehicles(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Pictures, folders of pictures, videos.")],
    model: Annotated[Path, typer.Option(help="Weights, an ONNX file.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    min_score: Annotated[float, typer.Option(min=0, max=1, help="Leave out weaker boxes.")] = 0.25,
    draw: Annotated[Path | None, typer.Option(help="Folder for copies with the boxes drawn in.")] = None,
) -> None:
    """Find vehicles: a line per picture and per frame, with class, score and box (pixels) of each."""
    try:
        network = Network.load(DetectorSettings(model=model, min_score=min_score))
    except ModelError as error:
        raise _failed(error) from None
    if draw is not None:
        draw.mkdir(parents=True, exist_ok=True)
    inspection = _Inspection(network, as_json, draw)
    unread = 0
    for path in _files(paths):
        try:
            inspection.look_at(path)
        except (StreamError, _UnreadableError) as error:
            _failed(error)
            unread += 1
    if unread:
        raise typer.Exit(1)


class _UnreadableError(Exception):
    """A file that holds no picture; the text says which."""


class _Inspection:
    """Looks at files one after the other and tells what is in them."""

    def __init__(self, network: Network, as_json: bool, draw: Path | None) -> None:
        self._network = network
        self._as_json = as_json
        self._draw = draw
        self._drawn: set[str] = set()

    def look_at(self, path: Path) -> None:
        """Raises _UnreadableError or StreamError."""
        if path.suffix.lower() in PICTURES:
            self._picture(path)
        else:
            self._video(path)

    def _picture(self, path: Path) -> None:
        picture = _read(path)
        found = self._network.detect([picture])[0]
        self._tell({"file": str(path), "size": [picture.shape[1], picture.shape[0]]}, found)
        if self._draw is not None:
            target = self._target(self._draw, path, path.suffix)
            _write(target, drawn(picture, found, self._network.class_names))

    def _video(self, path: Path) -> None:
        doorbell = threading.Event()
        reader = CameraReader(CameraSettings(id="inspect", url=str(path), mode="replay", ring_seconds=0), doorbell)
        with nullcontext() if self._draw is None else DrawnVideo(self._target(self._draw, path, ".mp4")) as video:

            def looked(frame: Frame, found: Detections) -> None:
                facts = {"file": str(path), "t_s": round(frame.pts_s, 3), "size": [frame.width, frame.height]}
                self._tell(facts, found)
                if video is not None:
                    video.add(drawn(frame.image, found, self._network.class_names), frame.pts_s)

            reader.start()
            try:
                Scheduler({"inspect": reader}, self._network, doorbell, on_looked=looked).run(threading.Event())
            finally:
                reader.stop()
        error = reader.status().last_error
        if error is not None:
            raise error

    def _tell(self, facts: dict[str, Any], found: Detections) -> None:
        names = self._network.class_names
        if self._as_json:
            typer.echo(json.dumps({**facts, "detections": _as_dicts(found, names)}, ensure_ascii=False))
            return
        when = f" {facts['t_s']:8.3f} s" if "t_s" in facts else ""
        seen = ", ".join(f"{names[c]} {s:.2f}" for c, s in zip(found.class_ids, found.scores, strict=True))
        typer.echo(f"{facts['file']}{when}: {seen or 'nothing'}")

    def _target(self, folder: Path, source: Path, suffix: str) -> Path:
        """A name in the folder that no other file of this run has."""
        name, number = f"{source.stem}{suffix}", 2
        while name in self._drawn:
            name, number = f"{source.stem}-{number}{suffix}", number + 1
        self._drawn.add(name)
        return folder / name


def _as_dicts(found: Detections, names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"class": names[class_id], "score": round(float(score), 4), "box": [round(float(v), 1) for v in box]}
        for box, score, class_id in zip(found.boxes, found.scores, found.class_ids, strict=True)
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


def _read(path: Path) -> Image:
    try:
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error) as error:
        reason = error.strerror if isinstance(error, OSError) else "the file is empty"
        raise _UnreadableError(f"{path}: cannot be read: {reason}.") from None
    if picture is None:
        raise _UnreadableError(f"{path}: is not a picture, or was cut short. Copy it again.")
    return np.asarray(picture, np.uint8)


def _write(path: Path, picture: Image) -> None:
    if not cv2.imwrite(str(path), picture):
        raise OSError(f"{path}: cannot be written")


def _failed(what: object) -> typer.Exit:
    err.print(str(what), style="red", highlight=False, soft_wrap=True, markup=False)
    return typer.Exit(1)
