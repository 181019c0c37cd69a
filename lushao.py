"""The one command, `lushao`: puts together the commands that each room holds."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from cameras.commands import app as cameras_app
from detector.commands import app as inspect_app
from edge.commands import app as edge_app
from hub.commands import app as hub_app
from leads.commands import app as leads_app
from models.lab.commands import app as models_app

app = typer.Typer(
    help="Lushao (路哨): roadside enforcement by video.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(cameras_app, name="cameras")
app.add_typer(inspect_app, name="inspect")
app.add_typer(edge_app, name="edge")
app.add_typer(hub_app, name="hub")
app.add_typer(leads_app, name="leads")
app.add_typer(models_app, name="models")


@app.command()
def demo(
    record: Annotated[Path | None, typer.Option(help="Write what is shown as an SVG picture.")] = None,
    stay: Annotated[
        bool | None, typer.Option(help="Keep the console open at the end; left out: where a person watches.")
    ] = None,
) -> None:
    """Show the main job on this machine: video in, leads with evidence out, a hub whose console people decide at."""
    if not (Path(__file__).parent / "scripts" / "demo.py").is_file():
        typer.echo("The demo runs from a checkout of the project: clone it and run `make demo` there.", err=True)
        raise typer.Exit(1)
    importlib.import_module("scripts.demo").demo(
        record, stay=sys.stdin.isatty() and sys.stdout.isatty() if stay is None else stay
    )


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
