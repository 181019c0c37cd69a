"""How fast the box is, as ratios against the bare network and against ultralytics, in one run on one machine.

The box decodes a video, looks at every frame, follows the vehicles and notes their passages. Beside it, in turns so
that whatever else the machine does hits all of them alike:

- session: nothing but ONNX Runtime, one inference after the other, on as many threads as the box uses in all;
- lanes: nothing but ONNX Runtime, as many inferences at a time and threads each as the box uses. All cores are at
  work, so the distance to it is all the work of the box that is not the network;
- two looks: the box with its second look as on a live road, where a full queue is passed over: what plates, axles and
  signs cost the first look;
- peer (with --peer PYTHON, an interpreter that has ultralytics): `track` on the same network and video.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import psutil
import typer
from rich.console import Console
from rich.table import Table

from cameras import CameraReader, CameraSettings
from detector.network import Network
from detector.passage import Passage
from detector.second_look import SecondLook
from detector.settings import DetectorSettings
from edge.replay import Replay, replay_source, watch_settings
from edge.second_look import Answer, SecondLookDesk, load_second_look
from edge.settings import SecondLookSettings
from models.bundled import bundled_weights
from scripts.bench_twin import ultralytics_twin

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
VIDEO = DATA / "video" / "gantry-rain.mp4"
WEIGHTS = bundled_weights("vehicles")
MIN_SCORE = 0.1
console = Console(highlight=False)


@dataclass(frozen=True)
class Run:
    """One pass over the video, or as many inferences."""

    fps: float
    cpu_ms: float
    """Processor time per frame, of all threads."""


@dataclass
class Contender:
    """Something that is timed, and its runs."""

    name: str
    what: str
    go: Callable[[], Run]
    runs: list[Run]

    @property
    def fps(self) -> float:
        return median(run.fps for run in self.runs)

    @property
    def best_fps(self) -> float:
        """What the machine can do when nobody else uses it."""
        return max(run.fps for run in self.runs)

    def over(self, other: Contender) -> float:
        """Median of the ratios of runs that followed each other."""
        return median(mine.fps / its.fps for mine, its in zip(self.runs, other.runs, strict=True))


def main(
    video: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Video.")] = VIDEO,
    model: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Weights, an ONNX file; the bundled ones.")
    ] = WEIGHTS,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads of one inference.")] = None,
    lanes: Annotated[int | None, typer.Option(min=1, help="Inferences at a time.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each; medians are reported.")] = 5,
    peer: Annotated[Path | None, typer.Option(help="A Python that has ultralytics, to compare with.")] = None,
) -> None:
    """Time the box, the bare network and, if asked, ultralytics, in turns."""
    settings = DetectorSettings(model=model, threads=threads, lanes=lanes, min_score=MIN_SCORE)
    box = Box(settings, video)
    box.run()
    peak_mib = _peak_mib()
    looker = load_second_look(SecondLookSettings()).look
    both = Box(settings, video, looker)
    contenders = [
        Contender("box", f"video to passages, {box.lanes} lanes of {box.threads} threads", box.run, []),
        Contender("two looks", "the same with the second look beside it", both.run, []),
        _bare("session", settings, box.lanes * box.threads, 1, box.frames),
        _bare("lanes", settings, box.threads, box.lanes, box.frames),
    ]
    with tempfile.TemporaryDirectory() as folder:
        if peer is not None:
            contenders += _against(peer, settings, video, Path(folder))
        for number in range(rounds):
            for contender in contenders:
                contender.runs.append(contender.go())
                last = contender.runs[-1]
                console.print(f"round {number + 1} {contender.name:12} {last.fps:7.1f} fps {last.cpu_ms:6.2f} ms CPU")
    _report(contenders, box, peak_mib)
    console.print(f"second look: {both.looked_at} of {box.passages} passages")


class Box:
    """The whole path of the box but for rules, disk and wire."""

    def __init__(self, settings: DetectorSettings, video: Path, looker: SecondLook | None = None) -> None:
        self._settings = settings
        self._video = video
        self._looker = looker
        self.frames = 0
        self.looked_at = 0
        self.passages = 0
        self.stages_ms: dict[str, list[float]] = {}
        self.lanes = self.threads = 0

    def run(self) -> Run:
        """Look at every frame of the video."""
        network = Network.load(self._settings)
        self.lanes, self.threads, self.passages, self.looked_at = network.lanes, network.threads, 0, 0
        desk = None if self._looker is None else _LiveDesk(self._looker)

        def passed(passage: Passage) -> None:
            self.passages += 1
            self.looked_at += bool(passage.facts.looked_at)

        replay = Replay(
            replay_source(self._video, None),
            network,
            watch_settings(None, None),
            None,
            passed,
            lambda *_: None,
            desk,
        )
        done = _timed(lambda: replay.run(threading.Event()))
        times = network.times.snapshot()
        self.frames = times["sink"].count
        for stage in ("preprocess", "infer", "decode", "sink"):
            self.stages_ms.setdefault(stage, []).append(times[stage].mean_ms)
        return done(self.frames)

    def decode_ms(self) -> float:
        """Milliseconds of processor per frame to read and decode the video, alone."""
        doorbell = threading.Event()
        reader = CameraReader(CameraSettings(id="bench", url=str(self._video), mode="replay"), doorbell)

        def drain() -> None:
            reader.start()
            while not (reader.ended and reader.take() is None):
                doorbell.wait(0.1)
                doorbell.clear()
                while reader.take() is not None:
                    pass

        return _timed(drain)(self.frames).cpu_ms


class _LiveDesk(SecondLookDesk):
    """Nobody waits for it, as on a live road; what is left at the end of the video is let go."""

    def ask(self, passage: Passage, *, urgent: bool = False, wait: bool = False) -> bool:
        """Pass over what does not fit."""
        return super().ask(passage, urgent=urgent)

    def finish(self) -> list[Answer]:
        """End with the passage at hand."""
        self.let_go()
        return super().finish()


def _bare(name: str, settings: DetectorSettings, threads: int, lanes: int, frames: int) -> Contender:
    """ONNX Runtime alone: the same blank input again and again."""
    network = Network.load(settings.model_copy(update={"threads": threads, "lanes": lanes}))

    def work(count: int) -> None:
        prepared = network.prepare([np.zeros((64, 64, 3), np.uint8)])
        for _ in range(count):
            network.infer(prepared)

    def go() -> Run:
        workers = [threading.Thread(target=work, args=(frames // lanes,)) for _ in range(lanes)]

        def together() -> None:
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()

        work(5)
        return _timed(together)(frames // lanes * lanes)

    return Contender(name, f"ONNX Runtime alone, {lanes} at a time, {threads} threads each", go, [])


def _against(peer: Path, settings: DetectorSettings, video: Path, folder: Path) -> list[Contender]:
    """Ultralytics and the box on one network that both can run."""
    network = Network.load(settings)
    twin = settings.model
    if network.manifest.layout == "yolox_raw":
        twin = ultralytics_twin(settings.model, network.manifest, folder)
    box = Box(settings.model_copy(update={"model": twin}), video)

    def go() -> Run:
        command = [str(peer), str(ROOT / "scripts" / "bench_peer.py"), str(twin), str(video.resolve()), str(MIN_SCORE)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        told = json.loads(done.stdout.splitlines()[-1])
        return Run(told["fps"], told["cpu_ms"])

    return [
        Contender("box, twin", "the box on the network as ultralytics takes it", box.run, []),
        Contender("peer", "ultralytics track (ByteTrack) on that network", go, []),
    ]


def _timed(work: Callable[[], object]) -> Callable[[int], Run]:
    """Do it; the answer turns a count of frames into a `Run`."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    return lambda frames: Run(frames / seconds, 1000 * cpu_s / frames)


def _peak_mib() -> float:
    """Most memory of this process so far, MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    return psutil.Process().memory_info().rss / 2**20


def _report(contenders: list[Contender], box: Box, peak_mib: float) -> None:
    by_name = {c.name: c for c in contenders}
    for c in contenders:
        console.print(f"{c.name}: {c.what}")
    table = Table("", "fps", "best fps", "CPU ms/frame", "box over it")
    for c in contenders:
        mine = by_name["box, twin"] if c.name == "peer" else by_name["box"]
        ratio = f"{mine.over(c):.2f}" if c.name in ("session", "lanes", "peer", "two looks") else ""
        table.add_row(c.name, f"{c.fps:.1f}", f"{c.best_fps:.1f}", f"{median(r.cpu_ms for r in c.runs):.2f}", ratio)
    console.print(table)
    second = by_name["two looks"].over(by_name["box"])
    console.print(f"the second look leaves {second:.2f} of the frame rate")
    stages = {"video": box.decode_ms(), **{stage: median(ms) for stage, ms in box.stages_ms.items()}}
    console.print("ms per frame and stage: " + ", ".join(f"{stage} {ms:.2f}" for stage, ms in stages.items()))
    console.print(f"{box.frames} frames, {box.passages} passages, peak memory of the box {peak_mib:.0f} MiB")


if __name__ == "__main__":
    typer.run(main)
