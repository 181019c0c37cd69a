"""`lushao edge watchlist`: which vehicles the box watches for, as it has them on disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge.settings import load_site
from edge.spare_file import SpareFileError
from edge.watchlist import SHARDS, watchlist_path
from edge.watchlist_file import ShardState, WatchFile
from leads.base import COLOURS
from leads.settings_file import SettingsError


def watchlist(site: Annotated[Path, typer.Argument(metavar="SITE.yaml", help="Settings of the site.")]) -> None:
    """Show the watch list that the box holds: revision, age and entries of each colour. The box may be running."""
    err = Console(stderr=True, soft_wrap=True)
    try:
        path = watchlist_path(load_site(site).outbox)
        states = _held(path) if path.exists() else []
    except SettingsError as error:
        err.print(str(error), style="red", highlight=False, markup=False)
        raise typer.Exit(1) from None
    except SpareFileError as error:
        err.print(str(error), style="red", highlight=False, markup=False)
        raise typer.Exit(1) from None
    if not states:
        err.print("no vehicle is under watch: the hub's list has not come yet", highlight=False)
        return
    Console().print(_table(states, datetime.now(UTC)))
    missing = sorted(set(SHARDS) - {state.shard for state in states})
    if missing:
        err.print(f"not come yet: shards {', '.join(missing)}", highlight=False)


def _held(path: Path) -> list[ShardState]:
    file = WatchFile(path)
    try:
        return file.shards()
    finally:
        file.close()


def _table(states: list[ShardState], now: datetime) -> Table:
    table = Table("shard", "revision", "issued", "received", *COLOURS)
    for state in states:
        counts = (str(state.entries.get(colour, 0)) for colour in COLOURS)
        table.add_row(
            state.shard, str(state.revision), _age(now - state.issued_at), _age(now - state.received_at), *counts
        )
    table.add_section()
    totals = (str(sum(state.entries.get(colour, 0) for state in states)) for colour in COLOURS)
    table.add_row("all", "", "", "", *totals)
    return table


def _age(gone: timedelta) -> str:
    hours = gone.total_seconds() / 3600
    if hours < 1:
        return f"{max(hours, 0) * 60:.0f} min ago"
    return f"{hours:.0f} h ago" if hours < 48 else f"{hours / 24:.0f} days ago"
