"""From CSV files to a register's file: checked as a whole, written beside the old one, and put in its place."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.durable import sync_folder
from edge.registry.csv_file import Problems, examine, read_rows
from edge.registry.desks import Desk, VehicleDesk, WaybillDesk
from edge.registry.protocol import RegistryError
from edge.registry.store import About, Declared, Sheet, create, finish, is_register

Tick = Callable[[Path, int], None]
"""Is told of which file how many bytes are done."""


class BadRowsError(RegistryError):
    """Rows that cannot be taken; nothing was changed."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("\n".join(problems.first))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be imported."""

    into: Path
    name: str
    as_of: datetime
    """How new the data are, UTC."""
    complete_for: tuple[Declared, ...] = ()
    vehicles: Path | None = None
    waybills: Path | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    """Of times without an offset."""
    ignored: Collection[str] = ()
    """Columns that are passed over."""
    skip_bad: bool = False
    """Take the good rows where some are bad. Such a register is complete for nothing."""


def import_registry(order: Order, tick: Tick = lambda path, done: None) -> tuple[About, Problems]:
    """Write the register and put it in place at once. Raises BadRowsError, or RegistryError with the remedy."""
    _check(order)
    folder = order.into.parent
    draft = folder / f".{order.into.name}.part"
    with _alone_in(folder), _explained(order.into):
        draft.unlink(missing_ok=True)
        try:
            about, problems = _write(draft, order, tick)
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(order.into)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(folder)
    return about, problems


def _check(order: Order) -> None:
    if order.vehicles is None and order.waybills is None:
        raise RegistryError("nothing to import: give a CSV of vehicles, or one of waybills with --waybills")
    if order.waybills is None and "waybills" in order.complete_for:
        raise RegistryError("declared complete for waybills, but there are none: give them with --waybills")
    if order.vehicles is None and set(order.complete_for) - {"waybills"}:
        raise RegistryError("declared complete for permits, but no CSV of vehicles is given")
    for source in (order.vehicles, order.waybills):
        if source is not None and order.into.exists() and source.exists() and order.into.samefile(source):
            raise RegistryError(f"--into {order.into} is the table itself: name another file, such as permits.registry")
    if order.into.is_file() and not is_register(order.into):
        raise RegistryError(f"{order.into} is there and is no register: name another file, or remove it")
    if order.as_of > datetime.now(UTC):
        raise RegistryError("--as-of lies in the future: give the day on which the data were taken out")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One import at a time per folder; the kernel lets go of it even after kill -9."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise RegistryError(f"cannot write to {folder}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RegistryError(f"another import into {folder} is running: wait for it") from error
        yield
    finally:
        os.close(handle)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise RegistryError(f"cannot write the register {path}: {error}; check rights and free space") from error


def _write(draft: Path, order: Order, tick: Tick) -> tuple[About, Problems]:
    problems = Problems()
    connection = create(draft)
    try:
        vehicles = _take(order.vehicles, VehicleDesk(connection), order, problems, tick)
        waybills = _take(order.waybills, WaybillDesk(connection, order.zone), order, problems, tick)
        if problems.rows and not order.skip_bad:
            raise BadRowsError(problems)
        for source, sheet in ((order.vehicles, vehicles), (order.waybills, waybills)):
            if sheet is not None and not sheet.entries:
                raise RegistryError(f"{source} holds no row that could be taken: the register stays as it was")
        about = About(
            name=order.name,
            as_of=order.as_of,
            imported_at=datetime.now(UTC),
            complete_for=() if problems.rows else order.complete_for,
            vehicles=vehicles,
            waybills=waybills,
        )
        finish(connection, about)
    finally:
        connection.close()
    return about, problems


def _take(path: Path | None, desk: Desk, order: Order, problems: Problems, tick: Tick) -> Sheet | None:
    if path is None:
        return None
    source = examine(path)
    rows = 0
    for row in read_rows(source, desk.columns, order.ignored, problems, lambda done: tick(path, done)):
        if faults := desk.take(row):
            problems.add(path, row.line, faults)
        else:
            rows += 1
    return Sheet(file=path.name, sha256=source.sha256, rows=rows, entries=desk.entries)
