"""Vehicles under watch: the hub's list, held on disk, looked up by plate the moment a plate is agreed on.

Shards come on the network's thread, retained, so again with every connection. A thread of its own checks and writes
them, so that neither the network nor the road waits for it.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from detector.sign import UNREAD
from edge.metrics import Reading
from edge.plate_codes import normal_plate
from edge.publisher import Listener
from edge.rules.known import Identity, WatchHit
from edge.spare_file import SpareFileError
from edge.watchlist_file import ShardState, WatchFile
from leads import (
    UNKNOWN,
    SignatureError,
    WatchEntry,
    WatchList,
    WireError,
    format_time,
    parse_json,
    read,
    verify_any,
)
from leads.base import COLOURS
from leads.quiet import QuietLog
from leads.topics import all_watchlists, watchlist_topic

log = logging.getLogger(__name__)
SHARDS: Final = "0123456789abcdef"
_TOPICS: Final = {watchlist_topic(shard): shard for shard in SHARDS}
MOST_BYTES: Final = 32 << 20
"""Largest message taken: 20,000 entries are some 6 MB."""
FILE_NAME: Final = "watchlist.db"


def watchlist_path(outbox: Path) -> Path:
    """Where a box keeps its watch list: beside its outbox."""
    return outbox.with_name(FILE_NAME)


@dataclass(slots=True)
class WatchCounts:
    """Counters for the metrics."""

    taken: int = 0
    """Shards that were new, and are on disk."""
    same: int = 0
    """Shards that came again as they are held, as with every connection."""
    old: int = 0
    """Shards of a revision that is not newer than the one held."""
    bad: int = 0
    """Messages that were malformed or not signed by the hub; they count for nothing."""
    unwritten: int = 0
    """Times that a shard could not be written; it is tried again."""
    unread: int = 0
    """Vehicles that could not be looked up, because the file could not be read."""


class VehiclesUnderWatch:
    """The watch list of a box. `heard` is for the network's thread, `hits` for the box's main thread."""

    RETRY_S = 10.0
    """How long a shard that could not be written waits."""

    def __init__(
        self,
        path: Path,
        hub_keys: Sequence[Ed25519PublicKey] = (),
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the file: what it holds counts at once. With `hub_keys`, only what the hub signed is taken."""
        self._file = WatchFile(path)
        self._hub_keys = tuple(hub_keys)
        self._clock = clock
        self._quiet = QuietLog(log, monotonic=monotonic)
        self._changed = threading.Condition()
        self._waiting: dict[str, bytes] = {}
        """The newest message of each shard, as the broker itself keeps it: sixteen at most."""
        self._working = False
        self._closing = False
        self._unwritten = False
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="watchlist", daemon=True)
        self.counts = WatchCounts()
        self._letters: frozenset[str] = frozenset()
        """What a character that was not read may be: all that occur in the list."""
        try:
            self._letters = frozenset().union(*self._file.plates())
        except SpareFileError as error:
            self._quiet.warning("open", "no vehicle is under watch until the hub's list comes: %s", error)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the shard it is at, and close the file."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._file.close()

    @property
    def begun_anew(self) -> int:
        """Times that the file was damaged, and with it the list lost."""
        return self._file.begun_anew

    def shards(self) -> list[ShardState]:
        """What is held, with the entries counted: not for the box's main thread. Raises SpareFileError."""
        return self._file.shards()

    def listeners(self) -> Mapping[str, Listener]:
        """What the box listens to for it, by topic filter."""
        return {all_watchlists(): self.heard}

    def readings(self) -> Iterator[Reading]:
        """Numbers for the metrics."""
        counts = self.counts
        for state, value in (
            ("taken", counts.taken),
            ("same", counts.same),
            ("old", counts.old),
            ("bad", counts.bad),
            ("unwritten", counts.unwritten),
        ):
            help_ = "Shards of the watch list, by what became of them"
            yield Reading("lushao_watchlist_shards", help_, value, {"state": state}, counts_up=True)
        unread = "Vehicles that could not be looked up in the watch list"
        yield Reading("lushao_watchlist_unread", unread, counts.unread, {}, counts_up=True)

    def problems(self) -> Iterator[str]:
        """What a person should see to, for the health check."""
        if self._unwritten:
            yield "the watch list cannot be written: see the log for the cause"

    def heard(self, topic: str, payload: bytes) -> None:
        """A message of the topics `all_watchlists()`; it is checked and written soon."""
        shard = _TOPICS.get(topic)
        if shard is None or len(payload) > MOST_BYTES:
            self._refuse(topic, "there is no such shard" if shard is None else f"it has {len(payload)} bytes")
            return
        with self._changed:
            self._waiting[shard] = payload
            self._changed.notify_all()

    def hits(self, identity: Identity, at: datetime) -> tuple[WatchHit, ...]:
        """The entries that hold at a moment (UTC) for a vehicle, gravest colour first.

        Exact by number and type, where both are sure. With one character unread, an unknown type or a doubtful reading
        there are only clues: every entry that it may be. With more unread there are none. Raises a fault of the thread.
        """
        if self._fault is not None:
            raise self._fault
        plate = normal_plate(identity.plate)
        unread = plate.count(UNREAD)
        if unread > 1:
            return ()
        plates = [plate.replace(UNREAD, letter) for letter in self._letters] if unread else [plate]
        try:
            entries = self._file.entries(plates)
        except SpareFileError as error:
            self.counts.unread += 1
            self._quiet.warning("read", "a vehicle was not looked up: %s", error)
            return ()
        holding = [e for e in entries if identity.plate_type in (e.plate_type, UNKNOWN) and _holds(e, at)]
        exact = identity.sure and not unread and identity.plate_type != UNKNOWN
        return tuple(WatchHit(e, exact) for e in sorted(holding, key=lambda e: (COLOURS.index(e.colour), e.identity)))

    # On its own thread

    def _run(self) -> None:
        try:
            while (task := self._next()) is not None:
                if not self._take(*task):
                    with self._changed:
                        self._waiting.setdefault(*task)
                        self._changed.wait_for(lambda: self._closing, self.RETRY_S)
                with self._changed:
                    self._working = False
                    self._changed.notify_all()
        except BaseException as fault:  # noqa: BLE001 - raised in the box's main thread
            self._fault = fault

    def _next(self) -> tuple[str, bytes] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._waiting)
            if self._closing:
                return None
            self._working = True
            return self._waiting.popitem()

    def wait(self, timeout_s: float) -> bool:
        """Wait until all that was heard is taken or refused; False when that did not come about in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._working, timeout_s)

    def _take(self, shard: str, payload: bytes) -> bool:
        """Check a message and write it; False when it is to be tried again."""
        sha256 = hashlib.sha256(payload).hexdigest()
        try:
            held = self._file.shard(shard)
        except SpareFileError:
            held = None  # writing begins the file anew, or tells why it cannot
        if held is not None and held.sha256 == sha256:
            self.counts.same += 1
            return True
        try:
            message = self._read(shard, payload)
        except (WireError, SignatureError) as error:
            self._refuse(shard, str(error))
            return True
        if held is not None and message.revision <= held.revision:
            self.counts.old += 1
            self._quiet.warning(
                "old",
                "shard %s of the watch list came with revision %d, while %d of %s is held: it counts for nothing; if "
                "the hub was set up anew, stop the box and delete its %s",
                shard,
                message.revision,
                held.revision,
                format_time(held.issued_at),
                FILE_NAME,
            )
            return True
        try:
            self._file.put(message, sha256, self._clock())
        except SpareFileError as error:
            self._unwritten = True
            self.counts.unwritten += 1
            self._quiet.warning("write", "shard %s of the watch list waits: %s", shard, error)
            return False
        self._unwritten = False
        self._letters |= {letter for entry in message.entries for letter in normal_plate(entry.plate)}
        self.counts.taken += 1
        log.info("watch list: shard %s, revision %d, %d vehicles", shard, message.revision, len(message.entries))
        return True

    def _read(self, shard: str, payload: bytes) -> WatchList:
        wire = parse_json(payload)
        verify_any(wire, self._hub_keys)
        message = read(WatchList, wire)
        if message.shard != shard:
            raise WireError(f"it says it is shard {message.shard}")
        return message

    def _refuse(self, where: str, why: str) -> None:
        self.counts.bad += 1
        self._quiet.warning("bad", "a part of the watch list (%s) counts for nothing: %s", where, why)


def _holds(entry: WatchEntry, at: datetime) -> bool:
    return entry.since <= at and (entry.until is None or at < entry.until)
