"""What the box says of itself: metrics, health and telemetry, read off its parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cameras import Frame, StreamState
from detector.network import Network
from edge.clock import clock_error_ms
from edge.disk import DiskQuota
from edge.evidence.desk import EvidenceDesk
from edge.metrics import Health, Reading
from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.settings import SiteSettings
from leads import CameraTelemetry, Telemetry

if TYPE_CHECKING:
    from edge.box import CameraPost

HUNG_AFTER_S = 60.0
"""Frames wait and none was looked at for so long: the box hangs, and systemd may start it anew."""
OLD_LEAD_S = 600.0
"""A lead that waits longer than this for its receipt is a problem."""


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
        self.started = monotonic()
        self.looks = dict.fromkeys(posts, 0)
        self._monotonic = monotonic
        self._last_look = monotonic()

    @property
    def uptime_s(self) -> float:
        """Seconds since the start."""
        return self._monotonic() - self.started

    @property
    def hung(self) -> bool:
        """Whether a camera gives frames and yet none was looked at for a long time."""
        running = any(p.reader.status().state is StreamState.RUNNING for p in self.posts.values())
        return running and self._monotonic() - self._last_look > HUNG_AFTER_S

    def looked(self, frame: Frame) -> None:
        """A frame was looked at."""
        self.looks[frame.camera] += 1
        self._last_look = self._monotonic()


def health_of(state: BoxState) -> Health:
    """What does not work, in words."""
    problems = []
    for name, post in state.posts.items():
        status = post.reader.status()
        if status.state in {StreamState.STALLED, StreamState.LOST}:
            why = f": {status.last_error}" if status.last_error else ""
            problems.append(f"camera {name} is {status.state}{why}")
    if not state.publisher.counters().connected:
        problems.append("the broker is not connected")
    if state.quota.full:
        problems.append("the disk is full: new leads have no clip")
    oldest = state.outbox.oldest_age_s()
    if oldest is not None and oldest > OLD_LEAD_S:
        problems.append(f"a lead has waited {oldest:.0f} s for the hub's receipt")
    if state.hung:
        problems.append(f"no frame was looked at for over {HUNG_AFTER_S:.0f} s")
    return Health(tuple(problems))


def readings_of(state: BoxState) -> Iterator[Reading]:
    """Every metric of the box."""
    yield from _camera_readings(state)
    for stage, total in state.network.times.snapshot().items():
        labels = {"stage": stage}
        yield Reading("lushao_stage_seconds", "Time spent per stage", total.seconds, labels, True)
        yield Reading("lushao_stage_frames", "Frames through each stage", total.count, labels, True)
    desk = state.desk.counts
    yield Reading("lushao_leads_sealed", "Leads made, with their evidence", desk.sealed, {}, True)
    yield Reading("lushao_evidence_waiting", "Cases whose evidence is being gathered", state.desk.waiting, {}, False)
    yield Reading("lushao_clips_without_space", "Leads without a clip: disk full", desk.clips_without_space, {}, True)
    yield Reading("lushao_disk_free_bytes", "Free space for evidence", state.quota.free_bytes, {}, False)
    yield Reading("lushao_evidence_retired", "Closed leads whose video was deleted", state.quota.retired, {}, True)
    yield Reading("lushao_outbox_leads", "Leads that wait for a receipt", state.outbox.depth(), {}, False)
    yield Reading(
        "lushao_outbox_oldest_seconds", "Age of the oldest of them", state.outbox.oldest_age_s() or 0.0, {}, False
    )
    sent = state.publisher.counters()
    yield Reading("lushao_mqtt_connected", "1 while the broker is connected", float(sent.connected), {}, False)
    yield Reading("lushao_mqtt_connects", "Connections to the broker", sent.connects, {}, True)
    yield Reading("lushao_mqtt_published", "Leads handed to the broker", sent.published, {}, True)
    yield Reading("lushao_receipts", "Receipts by outcome", sent.accepted, {"outcome": "accepted"}, True)
    yield Reading("lushao_receipts", "Receipts by outcome", sent.refused, {"outcome": "refused"}, True)
    yield Reading("lushao_receipts", "Receipts by outcome", sent.bad_receipts, {"outcome": "bad"}, True)


def _camera_readings(state: BoxState) -> Iterator[Reading]:
    for name, post in state.posts.items():
        status, labels = post.reader.status(), {"camera": name}
        for one in StreamState:
            yield Reading(
                "lushao_camera_state",
                "1 for the state the stream is in",
                float(status.state is one),
                {**labels, "state": str(one)},
                False,
            )
        yield Reading("lushao_frames_decoded", "Frames decoded", status.frames_decoded, labels, True)
        yield Reading("lushao_frames_dropped", "Frames passed over for newer", status.frames_dropped, labels, True)
        yield Reading("lushao_frames_looked", "Frames looked at", state.looks[name], labels, True)
        yield Reading("lushao_camera_reconnects", "Times connected anew", status.reconnects, labels, True)
        yield Reading("lushao_camera_stalls", "Times without a frame for too long", status.stalls, labels, True)
        yield Reading("lushao_decode_errors", "Packets that could not be decoded", status.decode_errors, labels, True)
        counts = post.cases.counts
        yield Reading("lushao_findings", "Rules that fired", counts.findings, labels, True)
        yield Reading("lushao_findings_repeated", "Of them acts known already", counts.repeats, labels, True)


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
    return pages * 4096


def hottest_c() -> float | None:
    """The hottest thermal zone in °C; None where the machine has none."""
    readings = []
    for path in Path("/sys/class/thermal").glob("thermal_zone*/temp"):
        try:
            readings.append(int(path.read_text()) / 1000)
        except (OSError, ValueError):
            continue
    return max(readings, default=None)
