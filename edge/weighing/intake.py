"""Where weigh records come in: checked, kept in the file of weighings, and handed to the box's main thread."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.weighing.files import read_file
from edge.weighing.published import RecordError, device_of, is_own, read_record
from edge.weighing.settings import ScaleSettings
from edge.weighing.store import FILE, WeighStore, WeighStoreError
from leads import SignatureError, WeighRecord, WireError, format_time, load_public_keys, parse_json, verify
from leads.quiet import QuietLog
from leads.topics import weigh_topic

log = logging.getLogger(__name__)
_DEPTH: Final = 1000
"""Messages of the broker that may wait for the main thread."""


@dataclass(slots=True)
class WeighCounts:
    """Counted since the start, for the metrics."""

    received: int = 0
    """Records taken."""
    repeated: int = 0
    """Records that were there already."""
    refused: int = 0
    """Records that could not be taken: malformed, or not signed as they must be."""
    strange: int = 0
    """Records of scales that this site does not have; they are kept as unmatched."""
    dropped: int = 0
    """Messages that found the queue full."""
    unsaved: int = 0
    """Records, and what became of them, that could not be written down."""


class WeighIntake:
    """Takes records on any thread; `records` gives them to the main thread, each once."""

    def __init__(
        self,
        scales: Sequence[ScaleSettings],
        site_id: str,
        zone: ZoneInfo,
        store: WeighStore,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        depth: int = _DEPTH,
    ) -> None:
        """Records that waited when the box went down wait again. Raises KeyFileError or WeighStoreError."""
        self._scales = {scale.id: scale for scale in scales}
        self._keys = {s.id: load_public_keys(s.key) for s in scales if s.key is not None}
        self._site_id, self._zone, self._store, self._clock, self._depth = site_id, zone, store, clock, depth
        self._mutex = threading.Lock()
        self._messages: deque[bytes] = deque()
        self._fresh: deque[WeighRecord] = deque(store.waiting())
        self._quiet = QuietLog(log)
        self.counts = WeighCounts()
        for scale in scales:
            if scale.file is not None:
                self._take_file(scale)

    def listeners(self) -> dict[str, Callable[[str, bytes], None]]:
        """What the publisher listens to: the site's weigh topic, where a scale speaks there."""
        if not any(scale.mqtt for scale in self._scales.values()):
            return {}
        return {weigh_topic(self._site_id): lambda _, payload: self.take(payload)}

    def take(self, payload: bytes) -> None:
        """Take a message of the broker: only noted, on the network's thread; looked at in `records`."""
        with self._mutex:
            if len(self._messages) < self._depth:
                self._messages.append(payload)
                return
            self.counts.dropped += 1
        self._quiet.warning("full", "weigh records come faster than they are looked at: one is dropped")

    def accept(self, payload: bytes, scale: ScaleSettings | None = None, source: str = "mqtt") -> WeighRecord:
        """Take a record and keep it durably. `scale`: whose it is where it does not say so itself.

        Raises RecordError with what is wrong, or WeighStoreError when it cannot be kept.
        """
        try:
            record = self._read(payload, scale)
        except (RecordError, WireError, SignatureError) as error:
            with self._mutex:
                self.counts.refused += 1
            raise RecordError(error.problems if isinstance(error, RecordError) else [str(error)]) from None
        known = record.scale.device_id in self._scales
        why = "" if known else f"scale {record.scale.device_id} is not among the site's scales"
        new = self._store.put(record, source, self._clock(), unmatched=why)
        if not new:
            self._hold_against(record)
        with self._mutex:
            self.counts.received += new
            self.counts.repeated += not new
            self.counts.strange += new and not known
            if new and known:
                self._fresh.append(record)
        return record

    def _hold_against(self, record: WeighRecord) -> None:
        """A record came of a pass of which one is held: said twice does no harm, said otherwise is refused."""
        held = self._store.held(record.scale.device_id, record.pass_id)
        if held is None or held == record:
            return
        with self._mutex:
            self.counts.refused += 1
        told = f"{held.total_kg:g} kg, {format_time(held.weighed_at)}"
        raise RecordError([f"pass_id: {record.pass_id} is held with other values ({told}): give each pass its own"])

    def records(self) -> list[WeighRecord]:
        """Records that came since the last call."""
        with self._mutex:
            messages = list(self._messages)
            self._messages.clear()
        for payload in messages:
            try:
                self.accept(payload)
            except RecordError as error:
                self._quiet.warning("bad", "a weigh record cannot be taken: %s", error)
            except WeighStoreError as error:
                self._keep_going(payload, error)
        with self._mutex:
            found = list(self._fresh)
            self._fresh.clear()
        return found

    def _keep_going(self, payload: bytes, error: WeighStoreError) -> None:
        """There is no room to write it down: it is matched all the same, but would not outlive a restart."""
        self.counts.unsaved += 1
        self._quiet.warning("store", "%s; weigh records are matched, but not kept", error)
        record = self._read(payload, None)
        if record.scale.device_id in self._scales:
            with self._mutex:
                self._fresh.append(record)

    def _read(self, payload: bytes, scale: ScaleSettings | None) -> WeighRecord:
        wire = parse_json(payload)
        device = device_of(wire)
        if scale is not None and device not in (None, scale.id):
            raise RecordError([f"device_id: {device!r}, but this port is that of scale {scale.id}"])
        scale = self._scales.get(device, scale) if device is not None else scale
        self._check_signature(wire, scale.id if scale is not None else device)
        if scale is None and not is_own(wire):
            raise RecordError([f"device_id: {device!r} is none of the site's scales {', '.join(self._scales)}"])
        return read_record(wire, scale or next(iter(self._scales.values())), self._site_id, self._zone)

    def _check_signature(self, wire: Mapping[str, Any], device: str | None) -> None:
        keys: Sequence[Ed25519PublicKey] = self._keys.get(device or "", ())
        faults: list[SignatureError] = []
        for key in keys:
            try:
                return verify(dict(wire), key)
            except SignatureError as error:
                faults.append(error)
        if faults:
            raise faults[0]
        return None

    def _take_file(self, scale: ScaleSettings) -> None:
        assert scale.file is not None
        records, problems = read_file(scale.file, scale, self._site_id, self._zone)
        for problem in problems:
            log.error("%s", problem)
        fresh = self._store.put_all(records, FILE, self._clock())
        self._fresh.extend(fresh)
        self.counts.refused += len(problems)
        self.counts.received += len(fresh)
        self.counts.repeated += len(records) - len(fresh)
