"""The command that makes a token for another source."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from hub.command_line import SettingsFile, fault, load, say, telling_faults


def add_source(
    settings_file: SettingsFile,
    name: Annotated[str, typer.Argument(help="Name of the source, e.g. hotline-12328; it stands at each report.")],
    per_minute: Annotated[int, typer.Option(help="Requests a minute that are taken of it.")] = 60,
    renew: Annotated[bool, typer.Option("--renew", help="Give a source that is there a new token.")] = False,
) -> None:
    """Make a token with which another source may send reports; it is shown only now."""
    settings = load(settings_file)
    with telling_faults():
        from hub.parts import open_parts
        from hub.sources import tokens

        by = f"shell:{getpass.getuser()}"
        try:
            with open_parts(settings) as parts:
                new = tokens.renew_token(parts, by, name) if renew else tokens.add_source(parts, by, name, per_minute)
        except tokens.SourceError as error:
            raise fault(str(error)) from error
    say(f"{name}: send reports with `Authorization: Bearer {new}`; the token is shown only now")
