"""Commands of the scales: `lushao edge weigh ...`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from edge.plate_codes import masked
from edge.weighing.files import read_file
from edge.weighing.settings import WeighingSite, weighings_path
from edge.weighing.store import WeighStore, WeighStoreError
from leads import Plate
from leads.settings_file import SettingsError, load_settings

app = typer.Typer(help="Scales: bring in their records, and see what became of them.", no_args_is_help=True)
out, err = Console(), Console(stderr=True)

SitePath = Annotated[Path, typer.Argument(metavar="SITE.yaml", help="Settings of the site.")]


def _fail(*lines: object) -> typer.Exit:
    for line in lines:
        err.print(str(line), style="red", highlight=False, soft_wrap=True, markup=False)
    return typer.Exit(1)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[WeighingSite, WeighStore]]:
    try:
        site = load_settings(path, WeighingSite)
        if not site.scales:
            raise _fail(f"{path}: scales: the site has no scale; add one, see docs/site-engineer.md")
        with WeighStore(weighings_path(site.outbox)) as store:
            yield site, store
    except SettingsError as error:
        raise _fail(*error.problems) from None
    except WeighStoreError as error:
        raise _fail(error) from None


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="RECORDS", help="CSV or JSON file of records.")],
    site: SitePath,
    scale: Annotated[str | None, typer.Option(help="Id of the scale, where the site has several.")] = None,
) -> None:
    """Put a file of records into the file of weighings. The box takes them at its next start.

    Rows that cannot be taken are told with file, line and field; the others are taken.
    """
    with _opened(site) as (settings, store):
        names = [s.id for s in settings.scales]
        if scale is None and len(names) > 1:
            raise _fail(f"the site has the scales {', '.join(names)}: say whose records these are with --scale")
        found = next((s for s in settings.scales if scale in (None, s.id)), None)
        if found is None:
            raise _fail(f"no scale {scale!r} in the site; it has {', '.join(names)}")
        records, problems = read_file(file, found, settings.site, ZoneInfo(settings.timezone))
        new = store.put_all(records, "import", datetime.now(UTC))
    known = f", {len(records) - len(new)} were there already" if len(new) < len(records) else ""
    out.print(f"{len(new)} records taken{known}", highlight=False)
    if problems:
        raise _fail(*problems)


@app.command("list")
def list_(
    site: SitePath,
    unmatched: Annotated[bool, typer.Option(help="Only records without a vehicle, and vehicles without one.")] = False,
    most: Annotated[int, typer.Option(min=1, help="At most so many of each, the newest.")] = 50,
) -> None:
    """Show records and what became of them, newest first, and vehicles that were not weighed."""
    with _opened(site) as (settings, store):
        zone = ZoneInfo(settings.timezone)
        kept, passages = store.records("unmatched" if unmatched else None, most), store.unweighed(most)
    table = Table("weighed at", "scale", "lane", "pass", "plate", "axles", "kg", "became", "passage, or why not")
    for one in kept:
        record = one.record
        sure = "" if one.confidence is None else f" {one.confidence:.2f}"
        table.add_row(
            f"{record.weighed_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            record.scale.device_id,
            record.lane,
            record.pass_id,
            _masked(record.plate_front or record.plate_rear),
            "" if record.axle_count is None else str(record.axle_count),
            f"{record.total_kg:.0f}",
            one.state + sure,
            one.passage_id or one.why,
        )
    out.print(table)
    if passages:
        table = Table("crossed at", "scale", "lane", "passage without a record", "why")
        for seen in passages:
            at = f"{seen.crossed_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
            table.add_row(at, seen.device_id, seen.lane, seen.passage_id, seen.why)
        out.print(table)


def _masked(plate: Plate | None) -> str:
    """As much of a plate as may stand on a screen that anyone sees."""
    return "" if plate is None else masked(plate.text)
