"""Where the time goes: seconds and counts per stage, for the metrics."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageTime:
    """Time spent in one stage so far."""

    count: int
    """Frames (or batches) that went through."""
    seconds: float
    """Time of all of them together."""

    @property
    def mean_ms(self) -> float:
        """Milliseconds per count; 0 before the first."""
        return 1000 * self.seconds / self.count if self.count else 0.0


class StageTimes:
    """Adds up stage times from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[str, tuple[int, float]] = {}

    def add(self, stage: str, seconds: float, count: int = 1) -> None:
        """Count `seconds` of work on `count` frames."""
        with self._lock:
            n, total = self._sums.get(stage, (0, 0.0))
            self._sums[stage] = (n + count, total + seconds)

    @contextmanager
    def measure(self, stage: str, count: int = 1) -> Iterator[None]:
        """Time the block on the monotonic clock."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - start, count)

    def snapshot(self) -> dict[str, StageTime]:
        """Totals so far, by stage."""
        with self._lock:
            return {stage: StageTime(n, total) for stage, (n, total) in self._sums.items()}
