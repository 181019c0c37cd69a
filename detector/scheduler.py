"""The one scheduler: frames due over all cameras go through one network, results come back in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from cameras.frame import Frame, Image
from detector.detections import Detections
from detector.lanes import Lanes
from detector.motion import MotionGate
from detector.network import Prepared
from detector.preprocess import Canvas
from detector.stages import StageTimes

SkipReason = Literal["rate", "quiet"]
"""Not due yet under max_fps; nothing moves."""

_IDLE_S = 0.5
"""Longest sleep without a ring, should a source forget to ring when it ends."""


class Reader(Protocol):
    """Where a camera's frames come from."""

    @property
    def ended(self) -> bool:
        """No frame will be added any more; those waiting may still be taken."""

    def take(self) -> Frame | None:
        """The next frame, or None when none is waiting. Never blocks. Rings are on the shared doorbell."""


class Looker(Protocol):
    """The part of `Network` that the scheduler uses."""

    batch: int
    lanes: int
    times: StageTimes

    def canvas(self) -> Canvas: ...
    def prepare(self, pictures: list[Frame | Image], canvas: Canvas | None = None) -> Prepared: ...
    def infer(self, prepared: Prepared) -> NDArray[Any]: ...
    def decode(self, output: NDArray[Any], prepared: Prepared) -> list[Detections]: ...


@dataclass(slots=True)
class _Job:
    """One taken frame on its way to the sink."""

    camera: str
    frame: Frame
    found: Detections | None = None
    skipped: SkipReason | None = None
    done: bool = False


@dataclass(slots=True)
class _Camera:
    """What the scheduler knows of one camera."""

    name: str
    reader: Reader
    gate: MotionGate | None
    jobs: deque[_Job] = field(default_factory=deque)
    session: int | None = None
    next_due_s: float = 0.0
    finished: bool = False


class Scheduler:
    """Looks at the frames of all cameras with one network.

    Workers, one more than inferences may run at a time, each take a frame (or a batch of one per camera),
    prepare it, wait for a free inference, run it and decode it: so the next frame is prepared while the
    present one is in the network. The thread of `run` hands results to the sink.
    """

    def __init__(
        self,
        readers: Mapping[str, Reader],
        network: Looker,
        doorbell: threading.Event,
        *,
        on_looked: Callable[[Frame, Detections], None],
        on_skipped: Callable[[Frame, SkipReason], None] | None = None,
        gates: Mapping[str, MotionGate] | None = None,
        busy: Callable[[str], bool] | None = None,
        max_fps: float | None = None,
    ) -> None:
        """`readers` and `gates` by camera; a camera without a gate has every frame looked at.

        `doorbell` is set by readers when a frame arrives or their state changes. `on_looked` and `on_skipped`
        are called from the thread of `run` alone, in the order of each camera's frames. `busy(camera)` says
        that vehicles are being followed there.
        """
        self.times = network.times
        self._network = network
        self._doorbell = doorbell
        self._on_looked = on_looked
        self._on_skipped = on_skipped
        self._busy = busy
        self._period_s = 1 / max_fps if max_fps else 0.0
        self._lanes = network.lanes
        self._inference = Lanes(network.lanes)
        self._room = 4 * (network.lanes + 1) * network.batch
        self._guard = threading.Lock()
        gates = gates or {}
        self._cameras = deque(_Camera(name, reader, gates.get(name)) for name, reader in readers.items())
        self._in_flight = 0
        self._ready: deque[_Job] = deque()
        self._delivery = threading.Condition(self._guard)
        self._fault: BaseException | None = None
        self._closing = False

    def run(self, stop: threading.Event) -> None:
        """Work until all readers have ended or `stop` is set; what a worker or the sink raises comes out here."""
        workers = [threading.Thread(target=self._work, name=f"look-{i}", daemon=True) for i in range(self._lanes + 1)]
        for worker in workers:
            worker.start()
        try:
            self._deliver(stop)
        finally:
            self._closing = True
            self._doorbell.set()
            for worker in workers:
                worker.join()
        if self._fault is not None:
            raise self._fault

    def _deliver(self, stop: threading.Event) -> None:
        while not stop.is_set():
            with self._guard:
                if self._fault is not None:
                    return
                if not self._ready:
                    if self._in_flight == 0 and all(c.finished for c in self._cameras):
                        return
                    self._delivery.wait(_IDLE_S)
                    continue
                job = self._ready.popleft()
            with self.times.measure("sink"):
                self._hand_over(job)
            with self._guard:
                self._in_flight -= 1
            self._doorbell.set()

    def _hand_over(self, job: _Job) -> None:
        if job.found is not None:
            self._on_looked(job.frame, job.found)
        elif job.skipped is not None and self._on_skipped is not None:
            self._on_skipped(job.frame, job.skipped)

    def _work(self) -> None:
        canvas = self._network.canvas()
        try:
            while not self._closing:
                self._doorbell.clear()
                jobs = self._take()
                if not jobs:
                    self._doorbell.wait(_IDLE_S)
                    continue
                # Others may have slept through a ring that was cleared above.
                self._doorbell.set()
                self._look(jobs, canvas)
        except BaseException as fault:  # noqa: BLE001 - carried to the thread of run
            with self._guard:
                self._fault = self._fault or fault
                self._closing = True
                self._delivery.notify()
            self._doorbell.set()

    def _look(self, jobs: list[_Job], canvas: Canvas) -> None:
        prepared = self._network.prepare([job.frame for job in jobs], canvas)
        with self._inference:
            output = self._network.infer(prepared)
        found = self._network.decode(output, prepared)
        with self._guard:
            for job, detections in zip(jobs, found, strict=True):
                job.found, job.done = detections, True
            self._release()

    def _take(self) -> list[_Job]:
        """At most a batch of frames that are due, cameras in turn, the longest unserved first."""
        jobs: list[_Job] = []
        with self._guard:
            idle = 0
            while idle < len(self._cameras) and len(jobs) < self._network.batch and self._in_flight < self._room:
                camera = self._cameras[0]
                self._cameras.rotate(-1)
                ended = camera.reader.ended
                frame = None if camera.finished else camera.reader.take()
                if frame is None:
                    camera.finished = camera.finished or ended
                    idle += 1
                    continue
                idle = 0
                job = _Job(camera.name, frame, skipped=self._reason_to_skip(camera, frame))
                job.done = job.skipped is not None
                camera.jobs.append(job)
                self._in_flight += 1
                if not job.done:
                    jobs.append(job)
            self._release()
        return jobs

    def _reason_to_skip(self, camera: _Camera, frame: Frame) -> SkipReason | None:
        if camera.session != frame.session:
            camera.session, camera.next_due_s = frame.session, frame.pts_s
        # Half a millisecond of grace: stream clocks are rounded.
        if frame.pts_s + 0.0005 < camera.next_due_s:
            return "rate"
        busy = self._busy is not None and self._busy(camera.name)
        if camera.gate is not None and not camera.gate.worth_a_look(frame, busy=busy):
            return "quiet"
        late = frame.pts_s - camera.next_due_s >= self._period_s
        camera.next_due_s = (frame.pts_s if late else camera.next_due_s) + self._period_s
        return None

    def _release(self) -> None:
        """Move what is done, in each camera's order, to the sink's queue. The guard is held."""
        for camera in self._cameras:
            while camera.jobs and camera.jobs[0].done:
                self._ready.append(camera.jobs.popleft())
        self._delivery.notify()
