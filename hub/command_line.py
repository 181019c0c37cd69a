"""What the commands of `lushao hub` share: settings, and faults told in a line.

A box installs Lushao without the extra `hub`, so nothing of it is imported before a command runs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from hub.settings import HubSettings
from leads import KeyFileError
from leads.broker import BrokerError
from leads.settings_file import SettingsError, load_settings

SettingsFile = Annotated[Path, typer.Argument(metavar="HUB.yaml", help="Settings of the hub; see configs/hub.yaml.")]
_OWN = frozenset({"hub", "leads", "models"})


def load(path: Path) -> HubSettings:
    """The settings. Ends the command with what is wrong with them."""
    try:
        return load_settings(path, HubSettings)
    except SettingsError as error:
        raise fault(str(error)) from error


@contextmanager
def telling_faults() -> Iterator[None]:
    """Import what needs the extra `hub` within: what a person can put right is told in a line, and the command ends."""
    try:
        from hub.store.database import StoreError
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    try:
        yield
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    except (StoreError, BrokerError, KeyFileError, SettingsError) as error:
        raise fault(str(error)) from error


def _missing(error: ModuleNotFoundError) -> Exception:
    if (error.name or "").partition(".")[0] in _OWN:
        return error
    return fault(f"the hub needs {error.name}, which is not installed: run `pip install 'lushao[hub]'`")


def say(text: str) -> None:
    """Tell something, unfolded."""
    Console(soft_wrap=True).print(escape("\n".join(map(printable, text.split("\n")))), highlight=False)


def printable(text: str) -> str:
    """A text in one line, as what it is: senders can put line ends and commands for terminals into what is told."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class OneLine(logging.Formatter):
    """Writes each message in one line of the log; traces of faults follow in lines of their own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  as logging calls it
        """The line."""
        record.message = printable(record.message)
        return super().formatMessage(record)


def fault(text: str) -> typer.Exit:
    """Tell what is wrong; raise what is given back."""
    Console(stderr=True, soft_wrap=True).print(f"[red]error:[/red] {escape(text)}", highlight=False)
    return typer.Exit(1)
