"""Frames of all cameras go through one network: each camera's in order, none lost, none kept waiting by another."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cameras.frame import Frame, Image
from detector.detections import Detections
from detector.geometry import Letterbox
from detector.motion import MotionGate
from detector.network import Network, Prepared
from detector.preprocess import Canvas
from detector.scheduler import Scheduler, SkipReason
from detector.settings import DetectorSettings, MotionSettings
from detector.stages import StageTimes
from tests.unit.detector.networks import end2end, save_network, ultralytics_metadata
from tests.unit.detector.pictures import blank, frame

FIT = Letterbox.fit(8, 8, 8, 8, "centre")


class Tape:
    """A camera whose frames were put in beforehand, or come when told."""

    def __init__(self, frames: Iterable[Frame] = (), ended: bool = True) -> None:
        self.frames = deque(frames)
        self.ended = ended

    def take(self) -> Frame | None:
        return self.frames.popleft() if self.frames else None


def tape(camera: str, count: int, fps: float = 25.0, session: int = 0) -> Tape:
    return Tape(frames_of(camera, count, fps, session))


def frames_of(camera: str, count: int, fps: float = 25.0, session: int = 0) -> list[Frame]:
    return [frame(blank(8, 8), i / fps, camera=camera, index=i, session=session) for i in range(count)]


class Net:
    """Sees, in each frame, as many boxes as the frame's index; takes as long as it is told."""

    def __init__(self, batch: int = 1, lanes: int = 1, took: Callable[[], None] = lambda: None) -> None:
        self.batch, self.lanes, self.times = batch, lanes, StageTimes()
        self.batches: list[list[str]] = []
        self.most_at_once = 0
        self._took = took
        self._inside = 0
        self._guard = threading.Lock()

    def canvas(self) -> Canvas:
        return Canvas(np.zeros((self.batch, 1)), [None] * self.batch)

    def prepare(self, pictures: list[Frame | Image], canvas: Canvas | None = None) -> Prepared:
        assert canvas is not None
        frames = [p for p in pictures if isinstance(p, Frame)]
        with self._guard:
            self.batches.append([f.camera for f in frames])
        for slot, each in enumerate(frames):
            canvas.tensor[slot] = each.index
        return Prepared(canvas.tensor[: len(frames)], [FIT] * len(frames))

    def infer(self, prepared: Prepared) -> NDArray[Any]:
        with self._guard:
            self._inside += 1
            self.most_at_once = max(self.most_at_once, self._inside)
        self._took()
        output = prepared.tensor.copy()
        with self._guard:
            self._inside -= 1
        return output

    def decode(self, output: NDArray[Any], prepared: Prepared) -> list[Detections]:
        return [boxes(int(row[0])) for row in output]


def boxes(n: int) -> Detections:
    return Detections(np.zeros((n, 4), np.float32), np.zeros(n, np.float32), np.zeros(n, np.int64))


class Sink:
    """Keeps what the scheduler says, and from which thread."""

    def __init__(self) -> None:
        self.looked: list[tuple[str, int, int]] = []
        self.skipped: list[tuple[str, int, SkipReason]] = []
        self.order: dict[str, list[tuple[int, int]]] = {}
        self.threads: set[int] = set()

    def on_looked(self, seen: Frame, found: Detections) -> None:
        self.threads.add(threading.get_ident())
        assert len(found) == seen.index, "a frame came with another's detections"
        self.looked.append((seen.camera, seen.session, seen.index))
        self.order.setdefault(seen.camera, []).append((seen.session, seen.index))

    def on_skipped(self, seen: Frame, reason: SkipReason) -> None:
        self.threads.add(threading.get_ident())
        self.skipped.append((seen.camera, seen.index, reason))
        self.order.setdefault(seen.camera, []).append((seen.session, seen.index))

    def indices(self, camera: str) -> list[int]:
        return [index for name, _, index in self.looked if name == camera]


def run(tapes: dict[str, Tape], net: Net, sink: Sink | None = None, **options: Any) -> Sink:
    """Run to the end of all tapes."""
    sink = sink or Sink()
    Scheduler(tapes, net, threading.Event(), on_looked=sink.on_looked, on_skipped=sink.on_skipped, **options).run(
        threading.Event()
    )
    return sink


def dawdle() -> Callable[[], None]:
    """Inferences of very different lengths, so that later ones overtake."""
    rng = np.random.default_rng(5)
    waits = deque(rng.choice([0.0, 0.001, 0.004], 2000))
    return lambda: time.sleep(waits.popleft())


@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("batch", [1, 4])
def test_each_cameras_frames_come_out_in_order_and_none_is_lost(lanes: int, batch: int) -> None:
    tapes = {name: tape(name, count) for name, count in (("a", 70), ("b", 40), ("c", 0), ("d", 1))}
    sink = run(tapes, Net(batch, lanes, dawdle()))
    assert {name: sink.indices(name) for name in tapes} == {
        "a": list(range(70)),
        "b": list(range(40)),
        "c": [],
        "d": [0],
    }
    assert sink.skipped == []


def test_looked_at_and_skipped_frames_come_in_one_order_from_the_thread_of_run() -> None:
    sink = run({"a": tape("a", 60)}, Net(lanes=3, took=dawdle()), max_fps=10)
    assert sink.order["a"] == [(0, i) for i in range(60)]
    assert sink.threads == {threading.get_ident()}


@pytest.mark.parametrize(("fps", "max_fps", "expected"), [(30, 10, 10), (25, 10, 10), (25, 24, 24), (10, 30, 10)])
def test_no_more_frames_than_max_fps_are_looked_at(fps: float, max_fps: float, expected: int) -> None:
    sink = run({"a": tape("a", int(fps * 20), fps)}, Net(), max_fps=max_fps)
    assert len(sink.looked) == pytest.approx(expected * 20, abs=1)
    assert {reason for *_, reason in sink.skipped} <= {"rate"}
    assert len(sink.looked) + len(sink.skipped) == fps * 20


def test_without_max_fps_every_frame_is_looked_at() -> None:
    assert len(run({"a": tape("a", 100, fps=1000)}, Net()).looked) == 100


def test_a_clock_that_rounds_does_not_cost_frames() -> None:
    rounded = [frame(blank(8, 8), i / 10 - 0.0004 * (i % 2), camera="a", index=i) for i in range(100)]
    assert run({"a": Tape(rounded)}, Net(), max_fps=10).indices("a") == list(range(100))


def test_a_gap_in_the_stream_is_not_made_up_for() -> None:
    early, late = frames_of("a", 5), frames_of("a", 50)[25:]
    sink = run({"a": Tape([*early, *late])}, Net(), max_fps=5)
    assert sink.indices("a") == [0, 25, 30, 35, 40, 45]


def test_a_new_session_is_looked_at_at_once_though_its_clock_begins_anew() -> None:
    again = [*frames_of("a", 3), *frames_of("a", 3, session=1)]
    sink = run({"a": Tape(again)}, Net(), max_fps=1)
    assert sink.looked == [("a", 0, 0), ("a", 1, 0)]


def test_quiet_frames_are_skipped_unless_vehicles_are_followed_there() -> None:
    settings = MotionSettings(hold_s=0, look_every_s=1)
    gates = {name: MotionGate(settings) for name in ("quiet", "busy")}
    tapes = {name: tape(name, 50) for name in ("quiet", "busy", "no gate")}
    sink = run(tapes, Net(), gates=gates, busy=lambda camera: camera == "busy")
    assert sink.indices("quiet") == [0, 25]
    assert sink.indices("busy") == sink.indices("no gate") == list(range(50))
    assert Counter(sink.skipped) == Counter(("quiet", i, "quiet") for i in range(50) if i % 25)


def test_cameras_take_turns() -> None:
    tapes = {name: tape(name, 100) for name in "abc"}
    net = Net(took=lambda: time.sleep(0.0005))
    run(tapes, net)
    for end in range(3, 300, 3):
        counts = Counter(name for (name,) in net.batches[:end])
        # Two workers take frames, and one may be late in preparing its own.
        assert max(counts.values()) - min(counts[name] for name in "abc") <= 2


def test_a_camera_with_many_frames_waiting_does_not_starve_one_that_has_few() -> None:
    tapes = {"flood": tape("flood", 400), "drip": tape("drip", 20)}
    sink = run(tapes, Net(took=lambda: time.sleep(0.0005)))
    last = max(i for i, (name, *_) in enumerate(sink.looked) if name == "drip")
    assert last <= 44


def test_a_batch_holds_frames_of_several_cameras() -> None:
    net = Net(batch=4)
    run({name: tape(name, 10) for name in "abcd"}, net)
    assert [sorted(batch) for batch in net.batches] == [list("abcd")] * 10


def test_one_camera_alone_fills_a_batch_with_its_own_frames() -> None:
    net = Net(batch=4)
    sink = run({"a": tape("a", 10)}, net)
    assert sink.indices("a") == list(range(10))
    assert max(len(batch) for batch in net.batches) == 4


@pytest.mark.parametrize("lanes", [1, 3])
def test_no_more_inferences_at_once_than_lanes(lanes: int) -> None:
    net = Net(lanes=lanes, took=lambda: time.sleep(0.002))
    run({"a": tape("a", 40)}, net)
    assert net.most_at_once == lanes


def test_lanes_work_side_by_side() -> None:
    both, first = threading.Barrier(2), deque(range(2))

    def wait_for_the_other() -> None:
        if first:
            first.popleft()
            both.wait(5)

    assert len(run({"a": tape("a", 40)}, Net(lanes=2, took=wait_for_the_other)).looked) == 40


def test_a_camera_that_gives_nothing_does_not_slow_the_others() -> None:
    dead = Tape(ended=False)
    tapes = {"dead": dead, "a": tape("a", 200)}
    sink, stop = Sink(), threading.Event()

    def looked(seen: Frame, found: Detections) -> None:
        sink.on_looked(seen, found)
        if seen.index == 199:
            stop.set()

    start = time.monotonic()
    Scheduler(tapes, Net(), threading.Event(), on_looked=looked).run(stop)
    assert sink.indices("a") == list(range(200))
    assert time.monotonic() - start < 1


def test_a_camera_that_comes_up_late_is_served_when_it_rings() -> None:
    late, doorbell, sink = Tape(ended=False), threading.Event(), Sink()
    scheduler = Scheduler({"late": late}, Net(), doorbell, on_looked=sink.on_looked)
    thread = threading.Thread(target=scheduler.run, args=(threading.Event(),))
    thread.start()
    waited = []
    for seen in frames_of("late", 5):
        time.sleep(0.02)
        before = time.monotonic()
        late.frames.append(seen)
        doorbell.set()
        while len(sink.looked) <= seen.index and time.monotonic() - before < 5:
            time.sleep(0.0005)
        waited.append(time.monotonic() - before)
    late.ended = True
    doorbell.set()
    thread.join(5)
    assert not thread.is_alive()
    assert sink.indices("late") == list(range(5))
    assert max(waited) < 0.2, "a ring was missed: the frame waited for the sleep to end"


@pytest.mark.parametrize("lanes", [1, 4])
def test_rings_are_not_missed_under_load(lanes: int) -> None:
    """Two cameras ring for single frames as fast as they are served; a missed ring would cost half a second."""
    doorbell, sink = threading.Event(), Sink()
    tapes = {name: Tape(ended=False) for name in "ab"}
    done = {name: threading.Event() for name in "ab"}

    def looked(seen: Frame, found: Detections) -> None:
        sink.on_looked(seen, found)
        done[seen.camera].set()

    def camera(name: str) -> None:
        for seen in frames_of(name, 150):
            done[name].clear()
            tapes[name].frames.append(seen)
            doorbell.set()
            assert done[name].wait(5)
        tapes[name].ended = True
        doorbell.set()

    threads = [threading.Thread(target=camera, args=(name,)) for name in "ab"]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    Scheduler(tapes, Net(lanes=lanes), doorbell, on_looked=looked).run(threading.Event())
    assert [sink.indices(name) for name in "ab"] == [list(range(150))] * 2
    assert time.monotonic() - start < 5


def test_frames_that_wait_at_the_end_of_a_stream_are_still_looked_at() -> None:
    class Ending(Tape):
        """Ends while its last frame is being taken, as a reader's thread may."""

        def take(self) -> Frame | None:
            taken = super().take()
            if len(self.frames) == 1:
                self.ended = True
            return taken

    sink = run({"a": Ending(frames_of("a", 20), ended=False)}, Net(lanes=2))
    assert sink.indices("a") == list(range(20))


def test_stop_ends_it_promptly_though_frames_wait() -> None:
    stop, doorbell = threading.Event(), threading.Event()
    scheduler = Scheduler({"a": tape("a", 100_000)}, Net(), doorbell, on_looked=lambda *_: None)
    thread = threading.Thread(target=scheduler.run, args=(stop,))
    thread.start()
    time.sleep(0.05)
    start = time.monotonic()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - start < 1


def test_stop_ends_it_promptly_though_no_camera_gives_anything() -> None:
    before, stop = threading.active_count(), threading.Event()
    scheduler = Scheduler({"dead": Tape(ended=False)}, Net(lanes=3), threading.Event(), on_looked=lambda *_: None)
    thread = threading.Thread(target=scheduler.run, args=(stop,))
    thread.start()
    time.sleep(0.05)
    start = time.monotonic()
    stop.set()
    thread.join(5)
    assert time.monotonic() - start < 1
    assert threading.active_count() == before, "workers are left behind"


class BrokenError(Exception):
    pass


def broken(*_: object) -> None:
    raise BrokenError("by the test")


def test_what_the_network_raises_comes_out_of_run() -> None:
    before = threading.active_count()
    with pytest.raises(BrokenError):
        run({"a": tape("a", 50), "dead": Tape(ended=False)}, Net(lanes=2, took=broken))
    assert threading.active_count() == before


def test_what_a_reader_raises_comes_out_of_run() -> None:
    class Broken(Tape):
        def take(self) -> Frame | None:
            raise BrokenError("by the test")

    with pytest.raises(BrokenError):
        run({"a": Broken(ended=False)}, Net())


def test_what_the_sink_raises_comes_out_of_run() -> None:
    before = threading.active_count()
    scheduler = Scheduler({"a": tape("a", 50)}, Net(), threading.Event(), on_looked=broken)
    with pytest.raises(BrokenError):
        scheduler.run(threading.Event())
    assert threading.active_count() == before


def test_a_slow_sink_holds_the_cameras_back_and_memory_stays_bounded() -> None:
    frames, most = tape("a", 300), 0
    taken_ahead = 4 * 2 * 1

    def looked(seen: Frame, found: Detections) -> None:
        nonlocal most
        time.sleep(0.0005)
        most = max(most, 300 - len(frames.frames) - seen.index)

    Scheduler({"a": frames}, Net(), threading.Event(), on_looked=looked).run(threading.Event())
    assert most <= taken_ahead


def test_it_runs_a_real_network(tmp_path: Path) -> None:
    weights = save_network(
        tmp_path / "net.onnx", end2end((16, 24, 32, 40, 0.75, 0)), batch=None, metadata=ultralytics_metadata()
    )
    network = Network.load(DetectorSettings(model=weights, batch=2, lanes=2, provider="cpu"))
    seen: list[tuple[str, int, list[list[float]]]] = []
    Scheduler(
        {name: tape(name, 10) for name in "ab"},
        network,
        threading.Event(),
        on_looked=lambda f, found: seen.append((f.camera, f.index, found.boxes.tolist())),
    ).run(threading.Event())
    # 8x8 pictures lie in the input of 64x64 at eight times their size.
    assert sorted(seen) == [(name, i, [[2, 3, 4, 5]]) for name in "ab" for i in range(10)]
    assert {stage: t.count for stage, t in network.times.snapshot().items()} == dict.fromkeys(
        ("preprocess", "infer", "decode", "sink"), 20
    )
