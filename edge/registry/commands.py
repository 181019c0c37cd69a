"""Commands of the registers: `lushao edge registry ...`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from edge.plate_codes import PLATE_NAMES, normal_plate, plate_code
from edge.registry.columns import VEHICLE_COLUMNS, parse_moment, waybill_columns
from edge.registry.csv_file import Problems
from edge.registry.entries import Complete, VehicleEntry, Waybill
from edge.registry.file import FileRegistry
from edge.registry.importing import BadRowsError, Order, Tick, import_registry
from edge.registry.protocol import RegistryError
from edge.registry.store import About, Declared, open_store
from leads.base import format_time

app = typer.Typer(help="Registers of vehicles, permits and waybills kept on the box.", no_args_is_help=True)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
DECLARED: tuple[Declared, ...] = (*get_args(Complete), "waybills")
RegisterPath = Annotated[Path, typer.Option("--in", help="The register's file.")]


def _fail(text: object) -> typer.Exit:
    err.print(str(text), style="red", soft_wrap=True, markup=False)
    return typer.Exit(1)


@app.command("import")
def import_(
    into: Annotated[Path, typer.Option(help="The register's file; a running box takes the new one by itself.")],
    name: Annotated[str, typer.Option(help="Name of the register, as it stands on leads.")],
    as_of: Annotated[str, typer.Option(help="Day or time at which the data were taken out of their source.")],
    vehicles: Annotated[
        Path | None, typer.Argument(metavar="[VEHICLES.csv]", help="One row per vehicle and permit.")
    ] = None,
    waybills: Annotated[Path | None, typer.Option(help="CSV of waybills, one row per waybill and goods.")] = None,
    complete: Annotated[
        str, typer.Option(help=f"What it holds in full, by commas: {', '.join(DECLARED)}. Then no entry means none.")
    ] = "",
    ignore: Annotated[list[str] | None, typer.Option(help="A column to pass over; may be given again.")] = None,
    skip_bad: Annotated[bool, typer.Option(help="Take the good rows; it is complete for nothing then.")] = False,
    timezone: Annotated[str, typer.Option(help="Of times without an offset.")] = "Asia/Shanghai",
) -> None:
    """Make a register of CSV files (UTF-8 or GBK, see `columns`) and put it in place of the last one, as a whole."""
    try:
        zone = ZoneInfo(timezone)
        order = Order(
            into=into,
            name=name,
            as_of=parse_moment(as_of, zone),
            complete_for=tuple(_declared(complete)),
            vehicles=vehicles,
            waybills=waybills,
            zone=zone,
            ignored=tuple(ignore or ()),
            skip_bad=skip_bad,
        )
        with _progress() as tick:
            about, problems = import_registry(order, tick)
    except ZoneInfoNotFoundError:
        raise _fail(f"--timezone: no time zone {timezone!r}; use a name such as Asia/Shanghai") from None
    except BadRowsError as error:
        _tell(error.problems)
        raise _fail("nothing was changed: mend the rows, or take the others with --skip-bad") from None
    except (RegistryError, ValueError) as error:
        raise _fail(error) from None
    if problems.rows:
        _tell(problems)
        err.print(f"{problems.rows} rows left out: the register is complete for nothing", style="yellow")
    _describe(about)


@app.command()
def show(
    plate: Annotated[str, typer.Argument(help="Number, for example 闽H12345.")],
    path: RegisterPath,
    type_: Annotated[str | None, typer.Option("--type", help="Type by GA/T 16.7; without it all types.")] = None,
) -> None:
    """Show what a register holds of a vehicle now."""
    try:
        types = [plate_code(type_)] if type_ else list(PLATE_NAMES)
        registry = FileRegistry(path, timedelta.max)
    except (RegistryError, ValueError) as error:
        raise _fail(error) from None
    number, now = normal_plate(plate), datetime.now(UTC)
    answers = [a for t in types for a in (registry.vehicle(number, t), registry.waybill(number, t, now))]
    registry.close()
    broken = [answer for answer in answers if answer.answered == "unreachable"]
    if broken:
        raise _fail(f"the register {path} is damaged: import it anew")
    entries = [answer.entry for answer in answers if answer.entry is not None]
    for entry in entries:
        _show(entry)
    if not entries:
        raise _fail(f"{number}: no entry" + (f" of type {types[0]}" if type_ else ""))


@app.command()
def status(path: Annotated[Path, typer.Argument(metavar="FILE", help="The register's file.")]) -> None:
    """Say what a register holds, how new it is, and what it is complete for."""
    try:
        connection, about = open_store(path)
    except RegistryError as error:
        raise _fail(error) from None
    connection.close()
    _describe(about)


@app.command()
def columns() -> None:
    """List the columns of both CSV files. Empty cells mean "not known"; the order does not matter."""
    for title, listed in (("VEHICLES.csv", VEHICLE_COLUMNS), ("WAYBILLS.csv", waybill_columns(ZoneInfo("UTC")))):
        table = Table("column", "or", "what stands in it", title=title, title_justify="left")
        for column in listed:
            needed = " (needed)" if column.needed else ""
            table.add_row(column.name + needed, column.chinese, escape(column.help))
        out.print(table)


def _declared(text: str) -> Iterator[Declared]:
    for word in filter(None, (part.strip() for part in text.split(","))):
        known = next((kind for kind in DECLARED if kind == word), None)
        if known is None:
            raise ValueError(f"--complete: {word!r} is not known; use some of {', '.join(DECLARED)}")
        yield known


@contextmanager
def _progress() -> Iterator[Tick]:
    """A bar per file, on a terminal."""
    tasks: dict[Path, TaskID] = {}
    parts = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*parts, console=err, transient=True) as progress:

        def tick(path: Path, done: int) -> None:
            if path not in tasks:
                tasks[path] = progress.add_task(escape(path.name), total=path.stat().st_size)
            progress.update(tasks[path], completed=done)

        yield tick


def _tell(problems: Problems) -> None:
    for line in problems.first:
        err.print(line, style="red", soft_wrap=True, markup=False)
    err.print(f"{problems.rows} bad rows", style="red")


def _describe(about: About) -> None:
    complete = ", ".join(about.complete_for) or "nothing: that a vehicle has no entry says nothing of it"
    out.print(f"{escape(about.name)}, data of {format_time(about.as_of)}, imported {format_time(about.imported_at)}")
    out.print(f"  complete for {complete}")
    for word, sheet in (("vehicles", about.vehicles), ("waybills", about.waybills)):
        if sheet is not None:
            made = f"{sheet.entries} {word} of {sheet.rows} rows"
            out.print(f"  {made}: {escape(sheet.file)}, SHA-256 {sheet.sha256}", soft_wrap=True)


def _show(entry: VehicleEntry | Waybill) -> None:
    values = asdict(entry)
    permits = values.pop("permits", ())
    for title, part in (("", values), *(("permit: ", permit) for permit in permits)):
        known = [f"{name} {value}" for name, value in part.items() if value not in (None, "", ())]
        out.print(title + "; ".join(known), markup=False, soft_wrap=True)
