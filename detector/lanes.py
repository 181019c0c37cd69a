"""Inferences at a time: so many, and first come, first served."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class Lanes:
    """A semaphore that hands over in order.

    `threading.Semaphore` lets in who comes just then before who has waited; with a fast network a frame would
    wait for a dozen later ones, and its camera's results behind it.
    """

    def __init__(self, count: int) -> None:
        """`count` may be inside at once."""
        self._free = count
        self._waiting: deque[threading.Lock] = deque()
        self._guard = threading.Lock()

    def __enter__(self) -> None:
        with self._guard:
            if self._free:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
