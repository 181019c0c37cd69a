"""A register kept in a file on the box: no network is needed, and a new file takes the old one's place as it runs."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

from edge.registry.codec import vehicle_from_json, waybill_from_json
from edge.registry.entries import NO_WAYBILL, NOT_ASKED, Complete, Lookup, VehicleEntry, Waybill
from edge.registry.protocol import RegistryError
from edge.registry.store import About, open_store
from leads.base import format_time
from leads.quiet import QuietLog

log = logging.getLogger(__name__)
Entry = TypeVar("Entry")
_VEHICLE = "SELECT json FROM vehicles WHERE plate = ? AND plate_type = ?"
_WAYBILLS = (
    "SELECT json FROM waybills WHERE plate = ? AND plate_type = ? AND starts_at <= ? AND ends_at >= ? "
    "ORDER BY starts_at DESC, number, line"
)


@dataclass(frozen=True, slots=True)
class _Opened:
    connection: sqlite3.Connection
    about: About
    stamp: tuple[int, int, int, int]


class FileRegistry:
    """Vehicles and waybills as `lushao edge registry import` wrote them; a `Registry`.

    Each look-up first sees whether another file has taken the name, and takes that. One that cannot be used is told in
    the log, and the last one goes on.
    """

    def __init__(
        self, path: Path, stale_after: timedelta, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Open the file. Raises RegistryError with the remedy."""
        self._path = path
        self._stale_after = stale_after
        self._clock = clock
        self._quiet = QuietLog(log)
        self._refused: tuple[int, int, int, int] | None = None
        self._opened = self._open()

    @property
    def about(self) -> About:
        """What the file says of itself."""
        return self._opened.about

    def vehicle(self, plate: str, plate_type: str) -> Lookup[VehicleEntry]:
        """The vehicle with its permits."""
        about = self._newest()
        if about.vehicles is None:
            return NOT_ASKED
        complete = frozenset[Complete](kind for kind in about.complete_for if kind != "waybills")
        try:
            row = self._opened.connection.execute(_VEHICLE, (plate, plate_type)).fetchone()
            entry = None if row is None else vehicle_from_json(row[0], plate, plate_type)
        except (sqlite3.DatabaseError, ValueError) as error:
            return self._damaged(error)
        return self._answer(entry, complete, self._old)

    def waybill(self, plate: str, plate_type: str, at: datetime) -> Lookup[Waybill]:
        """The waybill of that moment that began last, with the UN numbers of the others.

        That there is none says nothing of a moment after the register was made.
        """
        about = self._newest()
        if about.waybills is None:
            return NO_WAYBILL
        complete = frozenset[Complete](["dangerous_goods"] if "waybills" in about.complete_for else [])
        moment = format_time(at)
        try:
            rows = self._opened.connection.execute(_WAYBILLS, (plate, plate_type, moment, moment)).fetchall()
            found = [waybill_from_json(row[0], plate, plate_type) for row in rows]
        except (sqlite3.DatabaseError, ValueError) as error:
            return self._damaged(error)
        if not found:
            return self._answer(None, complete, self._old or at > about.as_of)
        also = dict.fromkeys(other.un for other in found if other.un != found[0].un)
        return self._answer(replace(found[0], also_un=tuple(also)), complete, self._old)

    def close(self) -> None:
        """Let go of the file."""
        self._opened.connection.close()

    @property
    def _old(self) -> bool:
        return self._clock() - self._opened.about.as_of > self._stale_after

    def _answer(self, entry: Entry | None, complete: frozenset[Complete], stale: bool) -> Lookup[Entry]:
        about = self._opened.about
        answered: Literal["found", "absent"] = "absent" if entry is None else "found"
        return Lookup(answered, entry, about.name, about.as_of, stale, frozenset() if stale else complete)

    def _damaged(self, error: Exception) -> Lookup[Entry]:
        self._quiet.warning("damaged", "the register %s is damaged (%s): import it anew", self._path, error)
        return Lookup("unreachable", source=self._opened.about.name)

    def _newest(self) -> About:
        """Take a file that has come in place of the one that is open."""
        try:
            stamp = _stamp(self._path)
        except OSError as error:
            self._quiet.warning("gone", "the register %s is gone (%s): the last goes on", self._path, error.strerror)
            return self._opened.about
        if stamp not in (self._opened.stamp, self._refused):
            try:
                newer = self._open()
            except RegistryError as error:
                self._refused = stamp
                self._quiet.warning("refused", "%s; the last goes on", error)
            else:
                self.close()
                self._opened = newer
                log.info("register %s of %s is in use", newer.about.name, format_time(newer.about.as_of))
        return self._opened.about

    def _open(self) -> _Opened:
        try:
            stamp = _stamp(self._path)
        except OSError:
            stamp = (0, 0, 0, 0)  # not there: `open_store` says so
        return _Opened(*open_store(self._path), stamp)


def _stamp(path: Path) -> tuple[int, int, int, int]:
    """Differs for another file of the same name."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
