"""The second look's thread: passages wait here for their facts, and nothing that the first look does waits for it.

On a live road a passage that finds the queue full goes without facts and is counted. A file has time: there its asker
waits, so that the same video gives the same facts.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Protocol

from cameras import CameraSettings
from detector.body_look import BodyLook
from detector.dangerous_goods import GoodsTable
from detector.measuring import Meter
from detector.network import Network
from detector.passage import Passage
from detector.second_look import SecondLook
from detector.settings import DetectorSettings
from detector.sights import SignSource
from detector.sign_look import SignLook
from edge.settings import SecondLookSettings
from leads import ModelRef
from leads.settings_file import load_settings
from models.manifest import ModelError, WeightsManifest

log = logging.getLogger(__name__)

LEAST_SCORE = 0.1
"""Weaker boxes of the features network tell nothing; each fact has a higher limit of its own."""
NICENESS = 10
"""Of the thread, where the system has such a thing: the first look goes before it."""


class Looker(Protocol):
    """What the thread works with: `detector.second_look.SecondLook`."""

    def look(self, passage: Passage) -> Passage: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A passage with its facts."""

    passage: Passage
    urgent: bool
    """As it was asked."""


@dataclass(slots=True)
class LookCounts:
    """Counters for the metrics."""

    passages: int = 0
    """Answers given."""
    overflows: int = 0
    """Passages that went without facts: the queue was full."""
    seconds: float = 0.0
    """Time spent looking."""


class SecondLookDesk:
    """A bounded queue and one thread of low priority. `ask` and `answers` are called from the box's main thread."""

    def __init__(
        self,
        looker: Looker,
        *,
        depth: int = 64,
        most_mib: int = 256,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """At most `depth` passages wait, with at most `most_mib` of shots."""
        self._looker = looker
        self._depth = depth
        self._most_bytes = most_mib << 20
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._urgent: deque[Passage] = deque()
        self._waiting: deque[Passage] = deque()
        self._answers: deque[Answer] = deque()
        self._working = False
        self._closing = False
        self._told_full = False
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="second-look", daemon=True)
        self.counts = LookCounts()

    @property
    def waiting(self) -> int:
        """Passages not yet answered."""
        return len(self._urgent) + len(self._waiting) + self._working

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the passage it is at; what waits is let go."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def ask(self, passage: Passage, *, urgent: bool = False, wait: bool = False) -> bool:
        """Have a passage looked at; the answer comes with `answers`. False if there is no room and `wait` is not set.

        `urgent`: a lead waits for it, so it goes before the others. Raises a fault of the thread.
        """
        with self._changed:
            while not self._room(passage) and not self._closing:
                self._raise_fault()
                if not wait:
                    self._overflow()
                    return False
                self._changed.wait()
            self._raise_fault()
            self._told_full = False
            (self._urgent if urgent else self._waiting).append(passage)
            self._changed.notify_all()
        return True

    def answers(self) -> list[Answer]:
        """Passages with their facts, as far as they have come since the last call. Raises a fault of the thread."""
        with self._changed:
            self._raise_fault()
            found = list(self._answers)
            self._answers.clear()
        return found

    def finish(self) -> list[Answer]:
        """Wait until all that was asked is answered."""
        with self._changed:
            while self.waiting and self._fault is None and not self._closing:
                self._changed.wait()
        return self.answers()

    def let_go(self) -> None:
        """Forget the passages that no lead waits for: the box is to stop."""
        with self._changed:
            self.counts.overflows += len(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()

    def _room(self, passage: Passage) -> bool:
        held = [*self._urgent, *self._waiting]
        if not held:
            return True
        return len(held) < self._depth and sum(map(_bytes, held)) + _bytes(passage) <= self._most_bytes

    def _overflow(self) -> None:
        self.counts.overflows += 1
        if not self._told_full:
            log.warning("the second look does not keep up: passages go without plate and axles until it does")
            self._told_full = True

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            _step_back()
            while (task := self._next()) is not None:
                passage, urgent = task
                start = self._monotonic()
                answer = Answer(self._looker.look(passage), urgent)
                self.counts.seconds += self._monotonic() - start
                self.counts.passages += 1
                with self._changed:
                    self._answers.append(answer)
                    self._working = False
                    self._changed.notify_all()
        except BaseException as fault:  # noqa: BLE001 - raised in the box's main thread
            with self._changed:
                self._fault = fault
                self._changed.notify_all()

    def _next(self) -> tuple[Passage, bool] | None:
        with self._changed:
            while not self._closing:
                if self._urgent or self._waiting:
                    self._working, urgent = True, bool(self._urgent)
                    passage = (self._urgent or self._waiting).popleft()
                    self._changed.notify_all()
                    return passage, urgent
                self._changed.wait()
        return None


@dataclass(frozen=True, slots=True)
class Loaded:
    """The second look as a site has it."""

    look: SecondLook
    network: Network
    """Finds wheels, loads and lamps."""
    models: tuple[ModelRef, ...]
    """All networks that take part, as leads name them."""


def load_second_look(
    settings: SecondLookSettings,
    cameras: Iterable[CameraSettings] = (),
    zone: tzinfo = UTC,
    reader: SignSource | None = None,
) -> Loaded:
    """Load the second look of a site with these cameras, in this time zone. `reader`: in place of the bundled one.

    Raises ModelError, naming the setting that called for the network, or SettingsError; both say what to do.
    """
    detector = DetectorSettings(
        model=settings.model, provider=settings.provider, threads=settings.threads, lanes=1, min_score=LEAST_SCORE
    )
    with _blamed_on("model"):
        network = Network.load(detector)
    models = [ModelRef(name=network.manifest.name, sha256=_sha256(network.manifest), provider=network.provider)]
    if reader is None and settings.signs:
        with _blamed_on("signs"):
            reader = SignLook.load(settings.threads)
        models += [ModelRef(name=m.name, sha256=_sha256(m), provider="cpu") for m in reader.manifests]
    with _blamed_on("bodies"):
        bodies = BodyLook(threads=settings.threads) if settings.bodies else None
    if bodies is not None:
        models.append(ModelRef(name=bodies.manifest.name, sha256=_sha256(bodies.manifest), provider="cpu"))
    goods = load_settings(settings.un_numbers, GoodsTable) if settings.un_numbers else None
    meters = {camera.id: Meter(camera.calibration, zone) for camera in cameras if camera.calibration}
    return Loaded(SecondLook(network, reader, goods, meters, bodies), network, tuple(models))


@contextmanager
def _blamed_on(setting: str) -> Iterator[None]:
    try:
        yield
    except ModelError as error:
        raise ModelError(f"second_look.{setting}: {error}") from error


def _sha256(manifest: WeightsManifest) -> str:
    assert manifest.sha256 is not None, "filled in where the weights were loaded"
    return manifest.sha256


def _bytes(passage: Passage) -> int:
    return sum(s.crop.nbytes for s in passage.shots)


def _step_back() -> None:
    """Lower the priority of this thread alone; only on Linux has every thread its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
