"""The box's memory of passes: where a vehicle was seen in the last days, here and at the neighbours.

It only ever supports a suspicion (repeated trips between hubs, one number at two places), so the box goes on without it
when the disk is full or the file damaged. Passes of sure identities alone are kept, and only for as long as is set.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from detector.sign import UNREAD
from edge.memory_csv import read_passes
from edge.memory_file import ANY_TYPE, MemoryFile, Seen
from edge.memory_settings import MemorySettings
from edge.metrics import Reading
from edge.plate_codes import normal_plate
from edge.rules.known import Identity, Known, PastPass
from edge.spare_file import SpareFileError
from leads import UNKNOWN
from leads.base import utc_ms
from leads.quiet import QuietLog

log = logging.getLogger(__name__)
MOST_GIVEN: Final = 500
"""Passes of one vehicle that are looked at, the newest; more say nothing more."""
_MOST_WAITING: Final = 4096
_BATCH: Final = 500
_FORGET_AT_ONCE: Final = 200
"""Passes forgotten in one transaction: some milliseconds."""
EARTH_KM: Final = 6371.0088
"""Mean radius (IUGG)."""


@dataclass(slots=True)
class MemoryCounts:
    """Counters for the metrics."""

    stored: int = 0
    """Passes written, those of the neighbours too."""
    lost: int = 0
    """Passes that were not kept: the file could not be written for too long."""
    faults: int = 0
    """Times that the file could not be read or written."""
    forgotten: int = 0
    """Passes deleted because their time was over."""


class PassageMemory:
    """Remembers passes. `add` and `history` may be called by any thread and wait for no disk write."""

    RETRY_S = 5.0
    """How long a file that could not be written is left alone."""
    FORGET_EVERY_S = 60.0
    """How often is looked for what is to be forgotten."""
    STEP_S = 0.1
    """Pause between two steps of forgetting."""

    def __init__(
        self, settings: MemorySettings, site: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Open the file and take in what is to be imported. Raises SettingsError for a CSV file that is wrong."""
        self._settings = settings
        self._clock = clock
        self._quiet = QuietLog(log)
        self._file = MemoryFile(settings.path)
        self._changed = threading.Condition()
        self._waiting: deque[Seen] = deque()
        self._closing = False
        self._forget_at = -math.inf
        self._in_trouble = False
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self.counts = MemoryCounts()
        if settings.import_csv is not None:
            passes = read_passes(settings.import_csv, site)
            try:
                self._file.add(passes, clock())
            except SpareFileError as error:
                self._fault(error)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, if that can be done at once, end the thread and close the file."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._file.close()

    def seen(self, known: Known, passage_id: str) -> Seen | None:
        """A pass as it is remembered; None where the vehicle's identity is not sure and whole."""
        identity, place = known.identity, known.place
        if identity is None or not _whole(identity):
            return None
        return Seen(
            plate=normal_plate(identity.plate),
            plate_type=identity.plate_type,
            at=utc_ms(known.first_at),
            site=place.site,
            camera=place.camera,
            place=place.name,
            hub=place.hub,
            lon=self._settings.lon,
            lat=self._settings.lat,
            vehicle_class=known.class_name,
            boarded=len(known.boardings),
            passage_id=passage_id,
        )

    def add(self, seen: Seen) -> None:
        """Remember a pass; it is part of the history at once, and on disk soon."""
        with self._changed:
            if len(self._waiting) >= _MOST_WAITING:
                self.counts.lost += 1
                self._quiet.warning("lost", "passes are not remembered: too many wait to be written")
                return
            self._waiting.append(seen)
            self._changed.notify_all()

    def history(self, identity: Identity, before: datetime, days: float) -> tuple[PastPass, ...]:
        """Passes of a vehicle in the days before a moment (UTC), newest first; none where it is not surely known."""
        if not _whole(identity):
            return ()
        plate, since = normal_plate(identity.plate), before - timedelta(days=days)
        with self._changed:
            fresh = [s for s in self._waiting if s.plate == plate and since <= s.at < before]
        fresh = [s for s in fresh if s.plate_type in (identity.plate_type, ANY_TYPE)]
        try:
            stored = self._file.find(plate, identity.plate_type, since, before, MOST_GIVEN)
        except SpareFileError as error:
            self._fault(error)
            stored = []
        # What has just been written may be told by both.
        passes = {(s.at, s.site, s.camera): s for s in (*fresh, *stored)}
        newest = sorted(passes.values(), key=lambda s: s.at, reverse=True)[:MOST_GIVEN]
        return tuple(self._past(s) for s in newest)

    def readings(self) -> Iterator[Reading]:
        """Numbers for the metrics."""
        counts = self.counts
        for state, value in (("stored", counts.stored), ("lost", counts.lost), ("forgotten", counts.forgotten)):
            help_ = "Passes in the memory, by what became of them"
            yield Reading("lushao_memory_passes", help_, value, {"state": state}, counts_up=True)
        faults = "Times that the memory could not be read or written"
        yield Reading("lushao_memory_faults", faults, counts.faults, {}, counts_up=True)

    def problems(self) -> Iterator[str]:
        """What a person should see to, for the health check."""
        if self._in_trouble:
            yield "passes are not remembered: see the log for the cause"

    def wait(self, timeout_s: float) -> bool:
        """Wait until all passes are on disk; False when that did not come about in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_s)

    def _past(self, seen: Seen) -> PastPass:
        here, there = (self._settings.lon, self._settings.lat), (seen.lon, seen.lat)
        distance = distance_km(here, there)
        return PastPass(seen.at, seen.site, seen.place, seen.hub, distance, seen.vehicle_class, seen.boarded)

    def _fault(self, error: SpareFileError) -> None:
        self._in_trouble = True
        self.counts.faults += 1
        self._quiet.warning("fault", "the box goes on without its memory of passes: %s", error)

    # On its own thread

    def _run(self) -> None:
        pause_s = 0.0
        while True:
            with self._changed:
                idle_s = max(0.0, self._forget_at - time.monotonic())
                self._changed.wait_for(lambda: self._closing, pause_s)
                self._changed.wait_for(lambda: self._closing or self._waiting, idle_s)
                closing = self._closing
            try:
                self._write()
                self._forget()
                pause_s = 0.0
            except SpareFileError as error:
                self._fault(error)
                pause_s = self.RETRY_S
            if closing:
                with self._changed:
                    self.counts.lost += len(self._waiting) if pause_s else 0
                    if pause_s or not self._waiting:
                        return

    def _write(self) -> None:
        while True:
            with self._changed:
                batch = list(islice(self._waiting, _BATCH))
            if not batch:
                return
            self._file.add(batch, self._clock())
            self._in_trouble = False
            with self._changed:
                for _ in batch:
                    self._waiting.popleft()
                self.counts.stored += len(batch)
                self._changed.notify_all()

    def _forget(self) -> None:
        if time.monotonic() < self._forget_at:
            return
        count = self._file.forget(self._clock() - timedelta(days=self._settings.keep_days), _FORGET_AT_ONCE)
        self.counts.forgotten += count
        more = count == _FORGET_AT_ONCE
        self._forget_at = time.monotonic() + (self.STEP_S if more else self.FORGET_EVERY_S)


def distance_km(here: tuple[float | None, float | None], there: tuple[float | None, float | None]) -> float | None:
    """Great-circle distance of two places (longitude, latitude in degrees) by the haversine; None where one is unknown.

    The earth is no sphere: up to 0.5 % off, far less than the way of a road.
    """
    if None in here or None in there:
        return None
    lon_1, lat_1, lon_2, lat_2 = (math.radians(v) for v in (*here, *there) if v is not None)
    chord = math.sin((lat_2 - lat_1) / 2) ** 2
    chord += math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))


def _whole(identity: Identity) -> bool:
    return identity.sure and identity.plate_type != UNKNOWN and UNREAD not in identity.plate
