"""Replay: a video through the whole box but for the wire, every frame looked at, as fast as it goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cameras import CameraReader, CameraSettings, Frame
from detector.detections import Detections
from detector.network import Network
from detector.passage import Passage
from detector.plan import PlanSettings
from detector.scheduler import Scheduler
from detector.shots import ShotSettings
from detector.tracker import TrackerSettings
from edge.evidence.facts import facts_of
from edge.inquiry import Inquiries, Post
from edge.knowledge import Knowledge
from edge.rules import Finding, Known, Place, RuleBook
from edge.second_look import Answer, SecondLookDesk
from edge.settings import SiteCamera, SiteSettings
from edge.watch import CameraWatch, WatchSettings


class Replay:
    """One video, one network; hands over passages and findings as they come."""

    def __init__(
        self,
        source: CameraSettings,
        network: Network,
        watch: WatchSettings,
        book: RuleBook | None,
        on_passage: Callable[[Passage], None],
        on_finding: Callable[[Finding, Passage], None],
        second_look: SecondLookDesk | None = None,
        knowledge: Knowledge | None = None,
    ) -> None:
        """`book`: rules to hold passages against, with the zones of `watch`; None for passages alone.

        With a `second_look`, passages are handed over with their facts, and with `knowledge` they are judged by all
        that is known of them. Both are started and stopped here.
        """
        self._doorbell = threading.Event()
        self._reader = CameraReader(source, self._doorbell)
        self._on_passage = on_passage
        self._second_look = second_look
        self._watch = CameraWatch(source.id, network.class_names, book, watch, on_finding, self._passed)
        self._knowledge = knowledge
        self._inquiries: Inquiries | None = None
        if knowledge is not None and book is not None:
            self._inquiries = Inquiries(
                {source.id: Post(watch.place, {zone.id: zone for zone in watch.plan.zones}, recorded=True)},
                book,
                watch.timezone,
                knowledge.lookups,
                lambda finding, known, passage, _: on_finding(finding, passage),
                self._known,
                knowledge.scales,
                knowledge.watched,
            )
        self._scheduler = Scheduler({source.id: self._reader}, network, self._doorbell, on_looked=self._looked)

    def run(self, stop: threading.Event) -> None:
        """Work through the video. Raises the reader's StreamError when it cannot be read."""
        with ExitStack() as undo:
            if self._second_look is not None:
                self._second_look.start()
                undo.callback(self._second_look.stop)
            if self._knowledge is not None:
                self._knowledge.start()
                undo.callback(self._knowledge.stop)
            self._reader.start()
            undo.callback(self._reader.stop)
            self._scheduler.run(stop)
            self._watch.finish()
            if self._second_look is not None:
                self._hand_over(self._second_look.finish())
            if self._inquiries is not None:
                self._inquiries.finish()
        error = self._reader.status().last_error
        if error is not None:
            raise error

    def _looked(self, frame: Frame, detections: Detections) -> None:
        self._watch.looked(frame, detections)
        if self._second_look is not None:
            self._hand_over(self._second_look.answers())
        if self._inquiries is not None:
            self._inquiries.time_is(frame.captured_at, frame.camera)

    def _passed(self, passage: Passage) -> None:
        if passage.class_name == "person":
            if self._inquiries is not None:
                self._inquiries.seen_person(passage)
            self._on_passage(passage)
            return
        looking = self._second_look is not None and self._second_look.ask(passage, wait=True)
        if self._inquiries is not None:
            self._inquiries.passed(passage, None, looking=looking)
        elif not looking:
            self._on_passage(passage)

    def _known(self, known: Known, passage: Passage) -> None:
        if self._knowledge is not None:
            self._knowledge.remember(known, passage.id)
        self._on_passage(passage)

    def _hand_over(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            if self._inquiries is not None:
                self._inquiries.looked(answer.passage)
            else:
                self._on_passage(answer.passage)


def replay_source(video: Path, camera: SiteCamera | None) -> CameraSettings:
    """The video as a camera's source; with a camera, under its name, beginning at its time, with its calibration."""
    if camera is None:
        return CameraSettings(id="replay", url=str(video.resolve()), mode="replay")
    kept = camera.source.model_dump(include={"id", "started_at", "picture_fps", "calibration"})
    return CameraSettings(**kept, url=str(video.resolve()), mode="replay")


def watch_settings(site: SiteSettings | None, camera: SiteCamera | None) -> WatchSettings:
    """The parts a watch needs, of a site's camera or, without a site, the defaults with no zones."""
    if site is None or camera is None:
        return WatchSettings(TrackerSettings(), ShotSettings(), PlanSettings(), ZoneInfo("UTC"), Place("", "replay"))
    return WatchSettings(site.tracker, site.shots, camera.plan, site.zone_info, site.place_of(camera))


def replay_knowledge(settings: SiteSettings, folder: Path) -> Knowledge:
    """What the site knows, with a memory of its own that begins as the site's does. No scale's port is opened.

    That is the running box's, and a record taken here would be lost to it.
    """
    memory = settings.memory and settings.memory.model_copy(update={"path": folder / "memory.db"})
    scales = tuple(scale.model_copy(update={"http": None}) for scale in settings.scales)
    return Knowledge(settings.model_copy(update={"memory": memory, "scales": scales}), folder)


def passage_json(passage: Passage) -> dict[str, Any]:
    """A passage as a line of JSON; times in seconds of the video, boxes in pixels."""
    direction = passage.direction
    return {
        "kind": "passage",
        "id": passage.id,
        "class": passage.class_name,
        "score": round(passage.class_score, 4),
        "first_s": round(passage.first_s, 3),
        "last_s": round(passage.last_s, 3),
        "entry": passage.entry,
        "exit": passage.exit,
        "direction": None if direction is None else [round(v, 3) for v in direction],
        "zones": [
            {"zone": v.zone, "entered_s": round(v.entered_s, 3), "dwell_s": round(v.dwell_s, 3)} for v in passage.visits
        ],
        "facts": [f.model_dump(mode="json", exclude_none=True) for f in facts_of(passage.facts)],
        "crossings": [{"line": c.line, "at_s": round(c.at_s, 3), "forward": c.forward} for c in passage.crossings],
        "boxes": [
            [round(float(t), 3), *(round(float(v), 1) for v in box)]
            for t, box in zip(passage.times_s, passage.boxes, strict=True)
        ],
    }


def finding_json(finding: Finding, passage: Passage) -> dict[str, Any]:
    """A lead as a line of JSON, without the evidence that only a box makes."""
    rule = finding.rule
    return {
        "kind": "lead",
        "passage": passage.id,
        "rule": rule.id,
        "rule_version": rule.version,
        "title": rule.title.model_dump(),
        "summary": finding.summary,
        "zone": finding.zone,
        "class": passage.class_name,
        "level": finding.level,
        "from_s": round(finding.from_s, 3),
        "proven_s": round(finding.proven_s, 3),
        "legal_basis": list(rule.legal_basis),
        "confidence": rule.confidence,
        "facts": [f.model_dump(mode="json", exclude_none=True) for f in finding.facts],
        "checks": [asdict(check) for check in finding.checks],
    }
