"""The weighing desk: tells of each vehicle over a scale, once it is settled, which weighing is its own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from detector.passage import Passage
from edge.metrics import Reading
from edge.rules.known import Weighing
from edge.weighing.intake import WeighIntake
from edge.weighing.likeness import Parts
from edge.weighing.matching import Match
from edge.weighing.passes import WeighedPass, weighed_pass
from edge.weighing.settings import ScaleSettings
from edge.weighing.store import UnweighedPassage, WeighStore, WeighStoreError
from edge.weighing.waiting import ScaleQueue
from leads import WeighRecord
from leads.quiet import QuietLog

log = logging.getLogger(__name__)
CLOCK_BAD_S: Final = 1.0
"""From so much on the scale's clock must be set: 治超 evidence wants record and picture within 2 s of each other."""
AGAINST: Final = -1.0
"""What speaks so much against a pair is told."""
ODD_TIME: Final = -3.5
"""A time that is met so seldom, as the logarithm of its density per second, speaks neither for nor against a pair."""
_PRUNE_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one vehicle at one scale."""

    passage_id: str
    device_id: str
    weighing: Weighing | None
    """None where no record belongs to it."""
    why: str
    """Why there is none; of a weighing what speaks against it, or nothing."""


class WeighDesk:
    """For the box's main thread: tell it of vehicles and of the time, and it tells of weighings."""

    def __init__(
        self,
        scales: Sequence[ScaleSettings],
        intake: WeighIntake,
        store: WeighStore,
        zone: ZoneInfo,
        *,
        keep_days: float = 90.0,
    ) -> None:
        """`keep_days`: how long records are kept of which no lead was made."""
        self._scales = {scale.id: scale for scale in scales}
        self._intake, self._store, self._zone = intake, store, zone
        self._keep = timedelta(days=keep_days)
        self._from_files = {s.id for s in scales if s.file is not None}
        # Of recorded video the same must come out every time, so nothing of an earlier time is known.
        clocks = {s.id: None if s.id in self._from_files else store.memory(s.id).clock_off_s for s in scales}
        self._queues = {s.id: ScaleQueue(s, clocks[s.id], recorded=s.id in self._from_files) for s in scales}
        self._pruned_at: datetime | None = None
        self._quiet = QuietLog(log)
        self.matched = self.unweighed = self.unmatched = 0

    def passed(self, passage: Passage, *, facts_follow: bool = False) -> int:
        """A vehicle has left. Over how many scales it drove: of each `tick` or `finish` will tell its weighing.

        `facts_follow`: `known` will be called with its facts, and it waits for them.
        """
        found = [(name, w) for name, scale in self._scales.items() if (w := weighed_pass(passage, scale)) is not None]
        for name, weighed in found:
            self._queues[name].passed(weighed, facts_follow=facts_follow)
        return len(found)

    def known(self, passage: Passage) -> None:
        """The facts of a vehicle that has left are there."""
        for name, scale in self._scales.items():
            if (weighed := weighed_pass(passage, scale)) is not None:
                self._queues[name].known(weighed)

    def tick(self, now: datetime, camera: str) -> list[Settled]:
        """A camera's pictures have come up to this moment (UTC of its stream)."""
        self._take(self._intake.records())
        found: list[Settled] = []
        for name, queue in self._queues.items():
            queue.time_is(now, camera)
            found += self._tell(name, queue.settle())
        if self._pruned_at is None or now - self._pruned_at >= _PRUNE_EVERY:
            self._prune(now)
        return found

    def finish(self) -> list[Settled]:
        """No more pictures will come: every vehicle is settled, and records of files that none wanted.

        Other records go on waiting in the file of weighings.
        """
        self._take(self._intake.records())
        found: list[Settled] = []
        for name, queue in self._queues.items():
            found += self._tell(name, queue.finish())
            if name in self._from_files:
                found += self._tell(name, queue.give_up())
        return found

    def lead_made(self, passage_id: str, lead_id: str) -> None:
        """A lead was made of a vehicle: its record is kept."""
        try:
            self._store.lead_made(passage_id, lead_id)
        except WeighStoreError as error:
            self._unsaved(error)

    def problems(self) -> Iterator[str]:
        """What a person should see to, for the health check."""
        for name, queue in self._queues.items():
            off_s = queue.clock_off_s
            if off_s is not None and abs(off_s) >= CLOCK_BAD_S:
                ahead = "ahead of" if off_s > 0 else "behind"
                yield f"scale {name}: its clock is {abs(off_s):.1f} s {ahead} the cameras': set it"

    def readings(self) -> Iterator[Reading]:
        """Numbers for the metrics."""
        counts = self._intake.counts
        for state, value in (
            ("received", counts.received),
            ("repeated", counts.repeated),
            ("refused", counts.refused),
            ("strange", counts.strange),
            ("dropped", counts.dropped),
            ("unsaved", counts.unsaved),
            ("matched", self.matched),
            ("unmatched", self.unmatched),
        ):
            yield Reading(
                "lushao_weigh_records", "Weigh records, by what became of them", value, {"state": state}, True
            )
        yield Reading("lushao_weigh_unweighed", "Vehicles over a scale without a record", self.unweighed, {}, True)
        for name, queue in self._queues.items():
            label = {"scale": name}
            if (off_s := queue.clock_off_s) is not None:
                yield Reading("lushao_weigh_clock_off_seconds", "Scale's clock ahead", off_s, label, False)
            with suppress(WeighStoreError):
                lost = self._store.memory(name).lost
                yield Reading("lushao_weigh_lost_serials", "Records lost by their serial numbers", lost, label, False)

    def _take(self, records: Iterable[WeighRecord]) -> None:
        for record in records:
            # One that waited for a scale since taken out of the settings goes on waiting.
            if record.scale.device_id in self._queues:
                self._queues[record.scale.device_id].take([record])

    def _tell(self, device: str, matches: Iterable[Match]) -> list[Settled]:
        """Note what became of vehicles and records, and say it of the vehicles."""
        queue, found = self._queues[device], list(matches)
        if not found:
            return []
        told, pairs, alone, unweighed = list[Settled](), [], [], []
        for one in found:
            if one.weighed is None and one.record is not None:
                alone.append((one.record, _why_alone(one.record, queue)))
            elif one.weighed is not None and one.record is not None:
                pairs.append((one.record, one.weighed.passage_id, one.confidence))
                weighing = self._weighing(device, one.weighed, one.record, one)
                told.append(Settled(one.weighed.passage_id, device, weighing, _against(one.parts)))
            elif one.weighed is not None:
                why = f"no record of scale {device} fits it"
                seen = one.weighed
                unweighed.append(
                    UnweighedPassage(device, seen.passage_id, seen.lane, seen.crossed_at, one.confidence, why)
                )
                told.append(Settled(seen.passage_id, device, None, why))
        self.matched += len(pairs)
        self.unmatched += len(alone)
        self.unweighed += len(unweighed)
        try:
            off_s = queue.clock_off_s
            self._store.settle(pairs, alone, unweighed, {device: off_s} if off_s is not None and pairs else {})
        except WeighStoreError as error:
            self._unsaved(error)
        return told

    def _weighing(self, device: str, weighed: WeighedPass, record: WeighRecord, one: Match) -> Weighing:
        scale = self._scales[device]
        paper, holds = scale.certificate(record.scale.cert_no, record.weighed_at, self._zone)
        if not scale.certificates and record.scale.cert_no is not None and record.scale.cert_valid_to is not None:
            holds = record.weighed_at < record.scale.cert_valid_to
        return Weighing(
            record=record,
            confidence=one.confidence,
            at_s=weighed.crossed_s + (record.weighed_at - weighed.crossed_at).total_seconds(),
            straddling=one.straddling,
            alongside=one.alongside,
            scale_class=(paper.scale_class if paper else None) or record.scale.scale_class,
            certified=holds,
            announced=scale.announced(record.weighed_at, self._zone),
        )

    def _prune(self, now: datetime) -> None:
        self._pruned_at = now
        try:
            self._store.prune(now - self._keep)
        except WeighStoreError as error:
            self._unsaved(error)

    def _unsaved(self, error: WeighStoreError) -> None:
        self._intake.counts.unsaved += 1
        self._quiet.warning("store", "%s; weighings are told, but not kept", error)


def _why_alone(record: WeighRecord, queue: ScaleQueue) -> str:
    late_s = queue.nearest_s(record)
    if record.escape:
        return "the scale says that its vehicle evaded weighing"
    if late_s is None:
        return f"no vehicle was seen on lane {record.lane}"
    hint = "; if the record came too late, raise patience_s" if abs(late_s) < 1 else ""
    return f"no vehicle fits; the nearest on lane {record.lane} was {abs(late_s):.1f} s off{hint}"


def _against(parts: Parts | None) -> str:
    """What speaks against a pair."""
    if parts is None:
        return ""
    words = {"time": parts.time - ODD_TIME, "speed": parts.speed, "axles": parts.axles, "length": parts.length}
    words |= {"class": parts.kind, "plates": parts.plate}
    found = [word for word, worth in words.items() if worth < AGAINST]
    return f"{', '.join(found)}: camera and scale differ" if found else ""
