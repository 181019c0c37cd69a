"""Several registers asked as one, and how they are opened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from detector.sign import UNREAD
from edge.registry.entries import NO_WAYBILL, NOT_ASKED, Lookup, VehicleEntry, Waybill
from edge.registry.file import FileRegistry
from edge.registry.http import HttpRegistry
from edge.registry.importing import Order, import_registry
from edge.registry.protocol import Registry, RegistryError
from edge.registry.settings import FileRegistrySettings, RegistrySettings
from leads import format_time
from leads.base import UNKNOWN
from leads.settings_file import SettingsError

log = logging.getLogger(__name__)
Entry = TypeVar("Entry")
Clock = Callable[[], datetime]


class Chained:
    """Registers asked in turn until one has an entry: put those that hold permits first. A `Registry`.

    With none it answers `not_asked`, and so it does for a number or a type that was not read in full.
    """

    def __init__(self, registries: Sequence[Registry]) -> None:
        """Ask these, in this order."""
        self._registries = tuple(registries)

    def vehicle(self, plate: str, plate_type: str) -> Lookup[VehicleEntry]:
        """The vehicle with its permits."""
        if UNREAD in plate or plate_type == UNKNOWN:
            return NOT_ASKED
        return _first((r.vehicle(plate, plate_type) for r in self._registries), NOT_ASKED)

    def waybill(self, plate: str, plate_type: str, at: datetime) -> Lookup[Waybill]:
        """The waybill of that moment."""
        if UNREAD in plate or plate_type == UNKNOWN:
            return NO_WAYBILL
        return _first((r.waybill(plate, plate_type, at) for r in self._registries), NO_WAYBILL)

    def close(self) -> None:
        """Close them all."""
        for registry in self._registries:
            registry.close()


def _first(answers: Iterable[Lookup[Entry]], nothing: Lookup[Entry]) -> Lookup[Entry]:
    """The first that was found; else what those say together that have no entry; else that none could be reached."""
    absent: list[Lookup[Entry]] = []
    last = nothing
    for answer in answers:
        if answer.answered == "found":
            return answer
        if answer.answered == "absent":
            absent.append(answer)
        elif answer.answered == "unreachable":
            last = answer
    if not absent:
        return last
    return Lookup(
        "absent",
        source=", ".join(answer.source for answer in absent),
        as_of=min((answer.as_of for answer in absent if answer.as_of), default=None),
        stale=all(answer.stale for answer in absent),
        complete_for=frozenset().union(*(answer.complete_for for answer in absent)),
    )


def open_registries(settings: Sequence[RegistrySettings], clock: Clock = lambda: datetime.now(UTC)) -> Registry:
    """Open a box's registers. Raises SettingsError with a line for each that cannot be used."""
    opened: list[Registry] = []
    problems = []
    for number, one in enumerate(settings):
        try:
            opened.append(_open(one, clock))
        except RegistryError as error:
            problems.append(f"registries.{number}: {error}")
    chained = Chained(opened)
    if problems:
        chained.close()
        raise SettingsError(problems)
    return chained


def _open(settings: RegistrySettings, clock: Clock) -> Registry:
    if isinstance(settings, FileRegistrySettings):
        if settings.csv is not None:
            _bring_up_to_date(settings.path, settings.csv)
        return FileRegistry(settings.path, timedelta(days=settings.stale_after_days), clock)
    return HttpRegistry(settings, clock)


def _bring_up_to_date(into: Path, csv: Path) -> None:
    try:
        changed = datetime.fromtimestamp(csv.stat().st_mtime, UTC)
        made = datetime.fromtimestamp(into.stat().st_mtime, UTC) if into.exists() else None
    except OSError as error:
        raise RegistryError(f"{csv}: {error.strerror}; put the table there, or leave csv out") from None
    if made is not None and made > changed:
        return
    try:
        import_registry(Order(into, csv.stem, min(changed, datetime.now(UTC)), vehicles=csv))
    except RegistryError as error:
        if made is None:
            raise
        log.error("%s is not taken, and the register goes on as it was on %s: %s", csv, format_time(made), error)
