"""Commands that make networks: `lushao models ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from detector.network import Network
from detector.settings import DetectorSettings
from models.lab.dataset import Builder, Built
from models.lab.report import write_report
from models.lab.sources import read_sources
from models.manifest import ModelError
from models.taxonomy import Task

app = typer.Typer(help="Make and measure networks.", no_args_is_help=True)
err = Console(stderr=True)


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


def _task(word: str) -> Task:
    if word == "vehicles":
        return "vehicles"
    if word == "features":
        return "features"
    raise typer.BadParameter(f"expected vehicles or features, found {word}")


def _failed(what: object) -> typer.Exit:
    err.print(str(what), style="red", highlight=False, soft_wrap=True, markup=False)
    return typer.Exit(1)
