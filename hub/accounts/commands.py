"""Commands for accounts: made, given a new password, listed, where there is a shell and perhaps no administrator."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hub.accounts.roles import Role
from hub.command_line import SettingsFile, fault, load, say, telling_faults

if TYPE_CHECKING:
    from hub.parts import HubParts

Name = Annotated[str, typer.Argument(help="Log-in name.")]


def add_user(
    settings_file: SettingsFile,
    name: Name,
    role: Annotated[list[Role], typer.Option(help="What the person does; may be given several times.")],
    display: Annotated[str, typer.Option(help="Name for people; the log-in name where none is given.")] = "",
) -> None:
    """Make an account and show its one-time password."""
    with _hub(settings_file) as parts:
        from hub.accounts.people import add_user as add

        password = add(parts, _who(), name, display, role)
    say(f"{name}: log in with the one-time password {password}; it is shown only now")


def reset_password(settings_file: SettingsFile, name: Name) -> None:
    """Give an account a new one-time password, and end its sessions; it need not wait after wrong ones either."""
    with _hub(settings_file) as parts:
        from hub.accounts import people

        wanted = people.clean_name(name)
        found = next((one.id for one in people.accounts(parts) if one.name == wanted), 0)
        password = people.reset_password(parts, _who(), found)
    say(f"{name}: log in with the one-time password {password}; it is shown only now")


def list_users(settings_file: SettingsFile) -> None:
    """Show all accounts."""
    with _hub(settings_file) as parts:
        from hub.accounts.people import accounts

        table = Table("name", "shown as", "roles", "state", box=None)
        for one in accounts(parts):
            said = [
                "" if one.active else "closed",
                "rests after wrong passwords" if one.locked_until_ms is not None else "",
                "one-time password" if one.must_change else "",
                "one-time codes" if one.totp_on else "",
                "bureau's log-in" if one.by_issuer else "",
            ]
            state = ", ".join(word for word in said if word)
            table.add_row(escape(one.name), escape(one.display), ", ".join(one.roles), state)
    Console().print(table)


def _who() -> str:
    """Actor of the log: the person at the shell, who is no user of the hub."""
    return f"shell:{getpass.getuser()}"


@contextmanager
def _hub(settings_file: Path) -> Iterator[HubParts]:
    """A hub's parts, with its errors told in one line."""
    settings = load(settings_file)
    with telling_faults():
        from hub.accounts.people import AccountError
        from hub.parts import open_parts

        try:
            with open_parts(settings) as parts:
                yield parts
        except AccountError as error:
            raise fault(str(error)) from error
