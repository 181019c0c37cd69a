"""The one command, `lushao`: puts together the commands that each room holds."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Lushao (路哨): roadside enforcement by video.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


def main() -> None:
    """Run the command line."""
    app()
