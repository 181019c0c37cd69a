"""What the box says of itself: metrics, health and telemetry, read off its parts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cameras import CameraReader, Frame, StreamState
from detector.network import Network
from edge.casework import CaseWorker
from edge.clock import clock_error_ms
from edge.disk import DiskQuota
from edge.evidence.desk import EvidenceDesk
from edge.knowledge import Knowledge
from edge.metrics import Health, Reading
from edge.outbox import Outbox
from edge.publisher import Publisher, PublisherCounters
from edge.second_look import SecondLookDesk
from edge.settings import SiteCamera, SiteSettings
from edge.uploads.tally import Tally
from edge.watch import CameraWatch
from leads import CameraTelemetry, Telemetry

HUNG_AFTER_S = 60.0
"""Frames wait and none was worked on for so long: the box hangs, and systemd may start it anew."""
OLD_LEAD_S = 600.0
"""A lead that waits longer than this for its receipt is a problem."""


@dataclass(slots=True)
class CameraPost:
    """One camera's parts."""

    settings: SiteCamera
    reader: CameraReader
    watch: CameraWatch
    cases: CaseWorker


class BoxState:
    """The parts a reading is taken of, and the little that no part keeps itself."""

    def __init__(
        self,
        site: SiteSettings,
        session: str,
        posts: Mapping[str, CameraPost],
        network: Network,
        outbox: Outbox,
        publisher: Publisher,
        desk: EvidenceDesk,
        quota: DiskQuota,
        monotonic: Callable[[], float] = time.monotonic,
        second_look: SecondLookDesk | None = None,
        knowledge: Knowledge | None = None,
        uploads: Tally | None = None,
    ) -> None:
        """Readings may be taken from any thread."""
        self.site = site
        self.session = session
        self.posts = posts
        self.network = network
        self.outbox = outbox
        self.publisher = publisher
        self.desk = desk
        self.quota = quota
        self.second_look = second_look
        self.knowledge = knowledge
        self.uploads = uploads
        self.started = monotonic()
        self.looks = dict.fromkeys(posts, 0)
        self._monotonic = monotonic
        self._went_on = monotonic()

    @property
    def uptime_s(self) -> float:
        """Seconds since the start."""
        return self._monotonic() - self.started

    def hung(self) -> bool:
        """Whether cameras give frames and none is worked on for long, or nothing is sent any more. Ask often.

        A full disk is no reason to start anew: leads wait in memory then.
        """
        now = self._monotonic()
        running = any(p.reader.status().state is StreamState.RUNNING for p in self.posts.values())
        if not running or self.desk.short_of_space:
            self._went_on = now
        return not self.publisher.alive or now - self._went_on > HUNG_AFTER_S

    def looked(self, frame: Frame) -> None:
        """A frame was looked at."""
        self.looks[frame.camera] += 1
        self._went_on = self._monotonic()

    def passed_over(self) -> None:
        """A frame needed no look."""
        self._went_on = self._monotonic()


def health_of(state: BoxState) -> Health:
    """What does not work, in words."""
    problems = [p for name, post in state.posts.items() for p in _camera_problems(name, post)]
    problems.extend(_delivery_problems(state))
    if state.knowledge is not None:
        problems.extend(state.knowledge.problems())
    if state.uploads is not None:
        problems.extend(state.uploads.problems())
    if state.desk.short_of_space:
        problems.append("the disk is full: leads wait in memory")
    elif state.quota.full:
        problems.append("the disk is full: new leads have no clip")
    if state.hung():
        problems.append(f"the box hangs: nothing is sent, or no frame was worked on for {HUNG_AFTER_S:.0f} s")
    return Health(tuple(problems))


def _camera_problems(name: str, post: CameraPost) -> Iterator[str]:
    status = post.reader.status()
    if status.state in {StreamState.STALLED, StreamState.LOST}:
        why = f": {status.last_error}" if status.last_error else ""
        yield f"camera {name} is {status.state}{why}"
    elif status.state is StreamState.ENDED and status.last_error:
        yield f"camera {name} cannot be read: {status.last_error}"


def _delivery_problems(state: BoxState) -> Iterator[str]:
    sent = state.publisher.counters()
    if not sent.connected:
        yield "the broker is not connected"
    if sent.refused:
        yield f"the hub has refused {sent.refused} leads since the start: see the log, or lushao edge refused"
    if sent.refused_by_broker and state.outbox.depth():
        yield "the broker passes no leads on: see the log, and the broker's access list"
    oldest = state.outbox.oldest_age_s()
    if oldest is not None and oldest > OLD_LEAD_S:
        yield f"a lead has waited {oldest:.0f} s for the hub's receipt"


def _count(name: str, help: str, value: float, **labels: str) -> Reading:
    return Reading(f"lushao_{name}", help, value, labels, counts_up=True)


def _gauge(name: str, help: str, value: float, **labels: str) -> Reading:
    return Reading(f"lushao_{name}", help, value, labels, counts_up=False)


def readings_of(state: BoxState) -> Iterator[Reading]:
    """Every metric of the box."""
    for name, post in state.posts.items():
        yield from _camera_readings(name, post, state.looks[name])
    for stage, total in state.network.times.snapshot().items():
        yield _count("stage_seconds", "Time spent per stage", total.seconds, stage=stage)
        yield _count("stage_frames", "Frames through each stage", total.count, stage=stage)
    if state.second_look is not None:
        yield from _second_look_readings(state.second_look)
    if state.knowledge is not None:
        yield from state.knowledge.readings()
    if state.uploads is not None:
        yield from state.uploads.readings()
    yield from _lead_readings(state)
    yield from _broker_readings(state.publisher.counters())
    yield _gauge("disk_free_bytes", "Free space for evidence", state.quota.free_bytes)
    yield _count("evidence_retired", "Closed leads whose video was deleted", state.quota.retired)
    yield _gauge("memory_bytes", "Resident memory", resident_bytes() or 0)


def _camera_readings(name: str, post: CameraPost, looks: int) -> Iterator[Reading]:
    status, counts = post.reader.status(), post.cases.counts
    for one in StreamState:
        here = float(status.state is one)
        yield _gauge("camera_state", "1 for the state the stream is in", here, camera=name, state=str(one))
    yield _count("frames_decoded", "Frames decoded", status.frames_decoded, camera=name)
    yield _count("frames_dropped", "Frames passed over for newer", status.frames_dropped, camera=name)
    yield _count("frames_looked", "Frames looked at", looks, camera=name)
    yield _count("camera_reconnects", "Times connected anew", status.reconnects, camera=name)
    yield _count("camera_stalls", "Times without a frame for too long", status.stalls, camera=name)
    yield _count("decode_errors", "Packets that could not be decoded", status.decode_errors, camera=name)
    yield _count("findings", "Rules that fired", counts.findings, camera=name)
    yield _count("findings_repeated", "Of them acts known already", counts.repeats, camera=name)


def _second_look_readings(desk: SecondLookDesk) -> Iterator[Reading]:
    counts = desk.counts
    yield _count("second_looks", "Passages whose best shots were looked at", counts.passages)
    yield _count("second_look_seconds", "Time spent on that", counts.seconds)
    yield _count("second_looks_missed", "Passages without facts: too many were waiting", counts.overflows)
    yield _gauge("second_looks_waiting", "Passages that wait for their facts", desk.waiting)


def _lead_readings(state: BoxState) -> Iterator[Reading]:
    desk = state.desk.counts
    yield _count("leads_sealed", "Leads made, with their evidence", desk.sealed)
    yield _count("leads_known", "Acts found anew after a restart, whose lead was made before", desk.repeated)
    yield _count("lead_updates", "Acts seen again at another camera or later: updates of their lead", desk.updates)
    yield _count("clips_without_space", "Leads without a clip: disk full", desk.clips_without_space)
    yield _count("waits_for_space", "Times that leads had to wait for a full disk", desk.waits_for_space)
    yield _gauge("evidence_waiting", "Cases whose evidence is being gathered", state.desk.waiting)
    yield _gauge("outbox_leads", "Leads that wait for a receipt", state.outbox.depth())
    yield _gauge("outbox_oldest_seconds", "Age of the oldest of them", state.outbox.oldest_age_s() or 0.0)


def _broker_readings(sent: PublisherCounters) -> Iterator[Reading]:
    yield _gauge("mqtt_connected", "1 while the broker is connected", float(sent.connected))
    yield _count("mqtt_connects", "Connections to the broker", sent.connects)
    yield _count("mqtt_published", "Leads handed to the broker", sent.published)
    yield _count("mqtt_repeated", "Of them those sent again for want of a receipt", sent.repeated)
    yield _count("mqtt_refused", "Messages the broker would not pass on", sent.refused_by_broker)
    yield _count("mqtt_too_large", "Leads held back: the broker takes no such size", sent.too_large)
    yield _gauge("mqtt_in_flight", "Leads published and not yet receipted", sent.in_flight)
    yield _count("receipts", "Receipts by outcome", sent.accepted, outcome="accepted")
    yield _count("receipts", "Receipts by outcome", sent.refused, outcome="refused")
    yield _count("receipts", "Receipts by outcome", sent.bad_receipts, outcome="bad")
    yield _count("receipts", "Receipts by outcome", sent.stray_receipts, outcome="stray")
    yield _count("receipts", "Receipts by outcome", sent.lost_receipts, outcome="lost")


def telemetry_of(state: BoxState) -> Telemetry:
    """The message to the hub."""
    return Telemetry(
        site_id=state.site.site,
        box_id=state.site.box,
        session_id=state.session,
        at=datetime.now(UTC),
        uptime_s=state.uptime_s,
        cameras=tuple(
            CameraTelemetry(
                id=name,
                state=str(status.state),
                fps=status.fps or 0.0,
                frames=status.frames_decoded,
                dropped=status.frames_dropped,
                reconnects=status.reconnects,
                stalls=status.stalls,
            )
            for name, status in ((n, p.reader.status()) for n, p in state.posts.items())
        ),
        stage_ms={stage: round(t.mean_ms, 3) for stage, t in state.network.times.snapshot().items()},
        counters=dict(state.uploads.counters()) if state.uploads is not None else {},
        outbox_depth=state.outbox.depth(),
        outbox_oldest_s=state.outbox.oldest_age_s(),
        clock_error_ms=clock_error_ms(),
        memory_bytes=resident_bytes(),
        disk_free_bytes=state.quota.free_bytes,
        temperature_c=hottest_c(),
    )


def resident_bytes() -> int | None:
    """Resident memory of this process, from /proc; None where there is none."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def hottest_c() -> float | None:
    """The hottest thermal zone in °C; None where the machine has none."""
    readings = []
    for path in Path("/sys/class/thermal").glob("thermal_zone*/temp"):
        try:
            readings.append(int(path.read_text()) / 1000)
        except (OSError, ValueError):
            continue
    return max(readings, default=None)
