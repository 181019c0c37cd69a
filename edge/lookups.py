"""The look-up desk: one thread that asks registers and the passage memory, so that no slow register stops the box."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from edge.registry.entries import NO_WAYBILL, NOT_ASKED, Lookup, VehicleEntry, Waybill
from edge.rules.known import Identity, PastPass
from leads.quiet import QuietLog

log = logging.getLogger(__name__)
DEPTH = 64
"""Questions that may wait: of each a passage is held with its pictures and its video."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be found out about one pass."""

    passage_id: str
    identity: Identity | None
    trailer: Identity | None
    at: datetime
    """UTC time of the pass."""
    waybill: bool
    """Whether it carries dangerous goods, or may."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out."""

    passage_id: str
    registry: Lookup[VehicleEntry] = NOT_ASKED
    trailer_registry: Lookup[VehicleEntry] = NOT_ASKED
    waybill: Lookup[Waybill] = NO_WAYBILL
    history: tuple[PastPass, ...] = ()
    asked: bool = True
    """False where nobody could be asked in time."""


Finder = Callable[[Question], Found]


class LookupDesk:
    """Answers questions in the order they come; called from the box's main thread."""

    def __init__(self, find: Finder, on_stop: Callable[[], None] = lambda: None, *, depth: int = DEPTH) -> None:
        """`find` is called on the desk's thread alone, and so is `on_stop` at its end. At most `depth` wait."""
        self._find = find
        self._on_stop = on_stop
        self._questions: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._found: deque[Found] = deque()
        self._news = threading.Condition()
        self._depth = depth
        self._waiting = 0
        self._quiet = QuietLog(log)
        self.unasked = 0
        """Questions that found too many waiting."""
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="lookups", daemon=True)

    @property
    def waiting(self) -> int:
        """Questions not yet answered."""
        return self._waiting

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the question it is at."""
        self._questions.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def ask(self, question: Question, *, wait: bool = False) -> None:
        """Ask; the answer comes with `found`. Where too many wait, it is that nobody was asked, or `wait` for room."""
        with self._news:
            while wait and self._waiting >= self._depth and self._working():
                self._news.wait(1.0)
            if self._waiting >= self._depth:
                self.unasked += 1
                self._quiet.warning("full", "registers are too slow: vehicles are judged without them")
                self._found.append(Found(question.passage_id, asked=False))
                return
            self._waiting += 1
        self._questions.put(question)

    def found(self, *, wait: bool = False) -> list[Found]:
        """What was found since the last call; `wait`: until all is answered. Raises a fault of the thread."""
        with self._news:
            while wait and self._waiting and self._working():
                self._news.wait(1.0)
            if self._fault is not None:
                raise self._fault
            found = list(self._found)
            self._found.clear()
        return found

    def _working(self) -> bool:
        return self._fault is None and self._thread.is_alive()

    def _run(self) -> None:
        try:
            while (question := self._questions.get()) is not None:
                answer = self._find(question)
                with self._news:
                    self._found.append(answer)
                    self._waiting -= 1
                    self._news.notify_all()
        except BaseException as fault:  # noqa: BLE001 - raised in the box's main thread
            with self._news:
                self._fault = fault
                self._news.notify_all()
        finally:
            self._on_stop()
