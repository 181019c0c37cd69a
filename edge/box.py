"""The box: puts the parts of a site together and runs them. The one place of composition."""

from __future__ import annotations

import importlib.metadata
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cameras import CameraReader, ClipReservation, Frame
from detector.detections import Detections
from detector.motion import MotionGate
from detector.network import Network
from detector.passage import Passage
from detector.scheduler import Scheduler, SkipReason
from detector.sights import SignSource
from edge.acts import ActBook
from edge.casework import BoxFacts, CaseWorker
from edge.disk import DiskQuota
from edge.evidence.desk import EvidenceDesk
from edge.evidence.manifest import LEAD
from edge.evidence.seal import Sealer, sealed_in
from edge.evidence.verify import BOX_KEY
from edge.inquiry import Inquiries, Post
from edge.knowledge import Knowledge
from edge.metrics import Health, MetricsServer, Reading
from edge.notify import ServiceManager
from edge.outbox import Outbox, RecoveredLead
from edge.publisher import Publisher
from edge.readings import BoxState, CameraPost, health_of, readings_of, telemetry_of
from edge.rules import Finding, Known, RuleBook
from edge.second_look import Answer, SecondLookDesk, load_second_look
from edge.settings import SiteCamera, SiteSettings
from edge.uploads.client import HubDoor
from edge.uploads.uploader import Uploader
from edge.watch import CameraWatch, WatchSettings
from leads import (
    CameraBirth,
    ModelRef,
    Status,
    load_private_key,
    load_public_key,
    load_public_keys,
    write_public_key,
)

log = logging.getLogger(__name__)

TELEMETRY_EVERY_S = 10.0
BEAT_S = 1.0
"""Or a quarter of what systemd asks for, if that is less."""


class Box:
    """A roadside box. `run` works until `stop` is set or every camera has ended and every lead is received."""

    def __init__(
        self,
        site: SiteSettings,
        book: RuleBook,
        *,
        on_passage: Callable[[Passage], None] | None = None,
        reader: SignSource | None = None,
        manager: ServiceManager | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Load the networks, open the outbox (saving what can be saved of a damaged one) and prepare all parts.

        `on_passage` is called when a vehicle has left and its facts are known. `reader` reads the signs on vehicles,
        in place of the bundled one.
        Raises ModelError, OutboxError or KeyFileError, each saying what to do.
        """
        self._site = site
        self._monotonic = monotonic
        self._manager = manager or ServiceManager()
        self._on_passage = on_passage
        self._doorbell = threading.Event()
        self._network = Network.load(site.detector)
        self._second_look, models = _second_look(site, reader)
        own = self._network.manifest
        first = ModelRef(name=own.name, sha256=own.sha256, provider=self._network.provider)
        self._facts = BoxFacts(site.site, site.box, (first, *models), book)
        self._outbox = _outbox(site)
        self._knowledge = Knowledge(site, site.outbox.parent, self._publish_lightly)
        self._session = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{time.monotonic_ns() % 10**6:06d}"
        self._publisher = Publisher(
            site.broker,
            self._outbox,
            site_id=site.site,
            box_id=site.box,
            birth=self._birth,
            hub_keys=load_public_keys(site.keys.hub) if site.keys.hub else (),
            listeners=self._knowledge.listeners(),
        )
        quota, self._desk = self._open_desk()
        acts = ActBook(self._outbox.acts)
        self.posts = {c.source.id: self._post(c, book, acts) for c in site.cameras}
        self._inquiries = Inquiries(
            {c.source.id: Post.of(site, c) for c in site.cameras},
            book,
            site.zone_info,
            self._knowledge.lookups,
            self._found,
            self._known,
            self._knowledge.scales,
            self._knowledge.watched,
        )
        self._scheduler = self._make_scheduler()
        self._uploader = self._open_uploader()
        self.state = BoxState(
            site,
            self._session,
            self.posts,
            self._network,
            self._outbox,
            self._publisher,
            self._desk,
            quota,
            monotonic,
            self._second_look,
            self._knowledge,
            self._uploader.tally if self._uploader is not None else None,
        )

    def _open_uploader(self) -> Uploader | None:
        site, settings = self._site, self._site.uploads
        if settings is None:
            return None
        key = load_private_key(site.keys.box)
        hub_keys = load_public_keys(site.keys.hub) if site.keys.hub else ()
        door = HubDoor(settings, (site.site, site.box), key, lambda: datetime.now(UTC), hub_keys)
        return Uploader(settings, door, site.evidence.folder, self._outbox, site.zone_info, monotonic=self._monotonic)

    def _open_desk(self) -> tuple[DiskQuota, EvidenceDesk]:
        evidence, outbox = self._site.evidence, self._outbox
        root, quality, keep = evidence.folder, evidence.jpeg_quality, timedelta(days=evidence.keep_open_days)
        quota = DiskQuota(root, evidence.min_free_mib << 20, lambda: outbox.closed_leads(datetime.now(UTC) - keep))
        key = load_private_key(self._site.keys.box)
        _leave_key(root, key.public_key())
        sealer = Sealer(root, key, self._site.zone_info, quality, lambda: datetime.now(UTC))
        return quota, EvidenceDesk(root, sealer, outbox, quota, quality, self._publisher.wake, self._monotonic)

    def run(self, stop: threading.Event) -> None:
        """Work. Returns after `stop`, or when all cameras are files that have ended and all leads are received."""
        with ExitStack() as undo:
            undo.callback(self._outbox.close)
            if self._site.metrics is not None:
                server = MetricsServer(self._site.metrics, self._readings, self._health)
                undo.callback(server.stop)
                log.info("metrics and health on http://%s:%d", self._site.metrics.host, server.port)
            self._publisher.start()
            undo.callback(self._publisher.stop)
            self._desk.start()
            undo.callback(self._desk.stop)
            if self._uploader is not None:
                self._uploader.start()
                undo.callback(self._uploader.stop)
            if self._second_look is not None:
                self._second_look.start()
                undo.callback(self._second_look.stop)
            self._knowledge.start()
            undo.callback(self._knowledge.stop)
            # A file's acts come round again and are sealed then, whole.
            for name, post in self.posts.items():
                if post.settings.source.mode == "live":
                    self._desk.adopt(name)
            for post in self.posts.values():
                post.reader.start()
                undo.callback(post.reader.stop)
            ended = threading.Event()
            beat = threading.Thread(target=self._beat, args=(ended,), name="beat", daemon=True)
            beat.start()
            undo.callback(beat.join)
            undo.callback(ended.set)
            self._manager.ready()
            try:
                self._scheduler.run(stop)
                self._wind_up(stop)
            finally:
                self._manager.stopping()

    def _wind_up(self, stop: threading.Event) -> None:
        """The streams have ended, or the box is told to stop: seal what is open, deliver what can be delivered."""
        for name, post in self.posts.items():
            post.watch.finish()
            post.cases.finish()
            error = post.reader.status().last_error
            if error is not None and post.reader.ended:
                log.error("camera %s could not be read: %s", name, error)
        self._finish_second_look(at_once=stop.is_set())
        self._inquiries.finish()
        for post in self.posts.values():
            post.cases.finish()
            post.cases.give_up()
        self._desk.finish()
        self._desk.seal_left_over()
        told = False
        while not stop.is_set() and self._outbox.depth():
            self._check_publisher()
            if not told:
                log.info("all cameras have ended; waiting for the hub's receipts of %d leads", self._outbox.depth())
                told = True
            stop.wait(0.1)
        self._send_evidence(stop)

    def _send_evidence(self, stop: threading.Event) -> None:
        """The hub has all leads: wait until it has what it wants of their evidence."""
        if self._uploader is None:
            return
        began = self._monotonic()
        self._uploader.ask_soon()
        while not stop.is_set() and not self._uploader.nothing_left(began):
            stop.wait(0.1)

    def _finish_second_look(self, *, at_once: bool) -> None:
        """Wait for the facts of all passages; `at_once`: only of those that a lead waits for."""
        if self._second_look is None:
            return
        if at_once:
            self._second_look.let_go()
        self._take_facts(self._second_look.finish())

    def _take_facts(self, answers: list[Answer]) -> None:
        for answer in answers:
            self.posts[answer.passage.camera].cases.known(answer.passage)
            if not answer.urgent:
                self._inquiries.looked(answer.passage)

    def _found(self, finding: Finding, known: Known, passage: Passage, held: ClipReservation | None) -> None:
        lead_id = self.posts[passage.camera].cases.found(finding, passage, known, held)
        if lead_id is not None and known.weighing is not None and self._knowledge.scales is not None:
            self._knowledge.scales.lead_made(passage.id, lead_id)

    def _known(self, known: Known, passage: Passage) -> None:
        self._knowledge.remember(known, passage.id)
        self._tell(passage)

    def _publish_lightly(self, topic: str, payload: bytes) -> bool:
        return self._publisher.publish(topic, payload, qos=0)

    def _tell(self, passage: Passage) -> None:
        if self._on_passage is not None:
            self._on_passage(passage)

    def _post(self, camera: SiteCamera, book: RuleBook, acts: ActBook) -> CameraPost:
        source = camera.source
        reader = CameraReader(source, self._doorbell)
        place = self._site.place_of(camera)
        settings = WatchSettings(self._site.tracker, self._site.shots, camera.plan, self._site.zone_info, place)
        cases: CaseWorker

        def passed(passage: Passage) -> None:
            cases.passed(passage)
            if passage.class_name == "person":
                self._inquiries.seen_person(passage)
                self._tell(passage)
                return
            held = cases.hold(passage)
            wait = source.mode == "replay"
            looking = self._second_look is not None and self._second_look.ask(passage, wait=wait)
            self._inquiries.passed(passage, held, looking=looking)

        watch = CameraWatch(
            source.id,
            self._network.class_names,
            book,
            settings,
            on_finding=lambda finding, passage: cases.found(finding, passage),
            on_passage=passed,
        )
        cases = CaseWorker(
            self._facts,
            source,
            camera.place,
            self._site.evidence,
            reader.ring,
            acts,
            self._desk,
            watch.now,
            self._monotonic,
            self._second_look,
        )
        return CameraPost(camera, reader, watch, cases)

    def _make_scheduler(self) -> Scheduler:
        live = {n: p for n, p in self.posts.items() if p.settings.source.mode == "live"}
        detector = self._site.detector
        return Scheduler(
            {name: post.reader for name, post in self.posts.items()},
            self._network,
            self._doorbell,
            on_looked=self._looked,
            on_skipped=self._passed_over,
            # What a gate lets through depends on timing; a replay has to give the same every time.
            gates={name: MotionGate(detector.motion) for name in live},
            busy=lambda name: self.posts[name].watch.busy,
            max_fps=detector.max_fps,
        )

    def _check_publisher(self) -> None:
        if not self._publisher.alive:
            raise RuntimeError("a thread of the publisher has died; see the log above")

    def _looked(self, frame: Frame, detections: Detections) -> None:
        self._check_publisher()
        post = self.posts[frame.camera]
        if self._second_look is not None:
            self._take_facts(self._second_look.answers())
        post.watch.looked(frame, detections)
        self._time_is(frame)
        self.state.looked(frame)

    def _passed_over(self, frame: Frame, _: SkipReason) -> None:
        if self._second_look is not None:
            self._take_facts(self._second_look.answers())
        self._time_is(frame)
        self.state.passed_over()

    def _time_is(self, frame: Frame) -> None:
        if self._uploader is not None:
            self._uploader.saw(frame)
        self._inquiries.time_is(frame.captured_at, frame.camera)
        self.posts[frame.camera].cases.time_is(frame)

    def _birth(self) -> Status:
        return Status(
            site_id=self._site.site,
            box_id=self._site.box,
            session_id=self._session,
            state="online",
            at=datetime.now(UTC),
            software=f"lushao {importlib.metadata.version('lushao')}",
            models=self._facts.models,
            rules_sha256=self._facts.book.sha256,
            cameras=tuple(CameraBirth(id=c.source.id, place=c.place.name) for c in self._site.cameras),
        )

    def _beat(self, ended: threading.Event) -> None:
        """Tell systemd that the box is alive, as long as it is, and the hub how it fares."""
        next_telemetry = self._monotonic()
        beat_s = min(BEAT_S, (self._manager.watchdog_s or math.inf) / 4)
        while not ended.wait(beat_s):
            health = self._health()
            if not self.state.hung():
                self._manager.alive("; ".join(health.problems) or "working")
            if self._monotonic() >= next_telemetry:
                self._publisher.publish_telemetry(telemetry_of(self.state))
                next_telemetry += TELEMETRY_EVERY_S

    def _readings(self) -> Iterator[Reading]:
        return readings_of(self.state)

    def _health(self) -> Health:
        return health_of(self.state)


def _second_look(site: SiteSettings, reader: SignSource | None) -> tuple[SecondLookDesk | None, tuple[ModelRef, ...]]:
    """The desk of a site's second look, and the networks that take part; none where it is switched off."""
    settings = site.second_look
    if settings is None:
        return None, ()
    loaded = load_second_look(settings, [camera.source for camera in site.cameras], site.zone_info, reader)
    return SecondLookDesk(loaded.look, depth=settings.depth, most_mib=settings.most_mib), loaded.models


def _outbox(site: SiteSettings) -> Outbox:
    """The outbox, with the sealed leads that a power cut kept from it."""
    root = site.evidence.folder
    root.mkdir(parents=True, exist_ok=True)
    outbox = Outbox.open_or_salvage(site.outbox)
    added = outbox.recover(_leads_on_disk(root, outbox))
    if added:
        log.warning("%d sealed leads were not in the outbox yet (power cut?); they are now", added)
    return outbox


def _leave_key(root: Path, public: Ed25519PublicKey) -> None:
    """Leave a copy of the public key with the evidence, for `lushao edge verify`."""
    copy = root / BOX_KEY
    if not copy.exists():
        try:
            write_public_key(copy, public)
        except OSError as error:
            log.warning("no copy of the key is left with the evidence: %s", error)
    elif load_public_key(copy) != public:
        log.warning("%s: the evidence so far was signed with another key; keep that one to verify it", copy)


def _leads_on_disk(root: Path, outbox: Outbox) -> Iterator[RecoveredLead]:
    """The sealed leads that the outbox lacks, oldest first; all of them where it may lack the chain's head too."""
    everything = outbox.salvaged or outbox.chain_head() is None
    for folder in sorted(p.parent for p in root.glob(f"????????/*/{LEAD}")):
        if everything or not outbox.known_lead(folder.name):
            try:
                yield sealed_in(folder)
            except (OSError, ValueError) as error:
                log.error("%s is damaged and cannot be sent; see lushao edge verify: %s", folder, error)
