"""Watching one camera: frames and detections in, passages and findings out. No disk, no broker, no clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cameras import Frame
from detector.detections import Detections
from detector.passage import Passage
from detector.passages import PassageBuilder
from detector.plan import PlanSettings
from detector.shots import ShotSettings
from detector.tracker import TrackerSettings
from edge.rules import Finding, Place, RuleBook, judge, known_way
from models.taxonomy import group_ids


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """The parts of a site's settings that a watch needs."""

    tracker: TrackerSettings
    shots: ShotSettings
    plan: PlanSettings
    timezone: ZoneInfo
    place: Place


class CameraWatch:
    """Follows the vehicles of one camera and holds each against the rules while it is in view."""

    JUDGE_EVERY_S = 0.25
    """An act is found at most this much later than it could be."""

    def __init__(
        self,
        camera: str,
        class_names: Sequence[str],
        book: RuleBook | None,
        settings: WatchSettings,
        on_finding: Callable[[Finding, Passage], object],
        on_passage: Callable[[Passage], None],
    ) -> None:
        """`on_finding` is called once per rule and passage; `on_passage` when a vehicle has left."""
        self._builder = PassageBuilder(
            camera, class_names, group_ids(class_names), settings.tracker, settings.plan, settings.shots
        )
        self._book = book
        self._zones = {z.id: z for z in settings.plan.zones}
        self._place = settings.place
        self._timezone = settings.timezone
        self._on_finding = on_finding
        self._on_passage = on_passage
        self._judged: dict[int, float] = {}
        self._found: dict[int, set[str]] = {}

    @property
    def busy(self) -> bool:
        """Whether vehicles are being followed."""
        return self._builder.alive > 0

    def looked(self, frame: Frame, detections: Detections) -> None:
        """Take a looked-at frame."""
        look = self._builder.look(frame, detections)
        for passage in look.over:
            self._end(passage)
        for number in look.absorbed:
            self._forget(number)
        if self._book is None or not self._zones:
            return
        for number in look.seen:
            due = frame.pts_s - self._judged.get(number, -1.0) >= self.JUDGE_EVERY_S
            if due and self._builder.has_been_somewhere(number):
                self._judged[number] = frame.pts_s
                self._judge(self._builder.passage(number))

    def finish(self) -> None:
        """The stream has ended: end what is in view."""
        for passage in self._builder.finish():
            self._end(passage)

    def now(self, passage: Passage) -> Passage | None:
        """The passage as known now; None when its vehicle is no longer followed."""
        return self._builder.now(passage)

    def _end(self, passage: Passage) -> None:
        self._judge(passage)
        self._on_passage(passage)
        self._forget(passage.number)

    def _forget(self, number: int) -> None:
        self._judged.pop(number, None)
        self._found.pop(number, None)

    def _judge(self, passage: Passage) -> None:
        if self._book is None:
            return
        found = self._found.setdefault(passage.number, set())
        known = known_way(passage, self._zones, self._place, self._timezone)
        for finding in judge(known, self._book, "in view"):
            if finding.rule.id not in found:
                found.add(finding.rule.id)
                self._on_finding(finding, passage)
