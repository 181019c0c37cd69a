"""Capture time: the stream's own clock, anchored to wall time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class FileClock:
    """Capture time of recorded frames: the recording's beginning plus the stream's seconds."""

    def __init__(self, started_at: datetime) -> None:
        self._started_at = started_at

    def captured_at(self, pts_s: float) -> datetime:
        """UTC time of the frame at `pts_s`."""
        return self._started_at + timedelta(seconds=pts_s)


class LiveClock:
    """Capture time of live frames, free of the network's jitter.

    A frame can be late but never early, so the least delay of the last `WINDOW_S` seconds between the stream's
    clock and ours is the anchor. It is held until the two clocks have drifted apart by `HOLD_S`. Our side is
    the monotonic clock, so a step of wall time shows in `captured_at` at once and nowhere else.
    """

    WINDOW_S = 60.0
    HOLD_S = 0.05

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`monotonic` in seconds; `wall` in UTC."""
        self._monotonic = monotonic
        self._wall = wall
        self._least: deque[tuple[float, float]] = deque()
        """(arrival, delay) with rising delay: the first is the least of the window."""
        self._anchor: float | None = None

    def captured_at(self, pts_s: float) -> datetime:
        """UTC time of the frame at `pts_s`, which has just arrived."""
        now = self._monotonic()
        delay = now - pts_s
        while self._least and self._least[-1][1] >= delay:
            self._least.pop()
        self._least.append((now, delay))
        while self._least[0][0] < now - self.WINDOW_S:
            self._least.popleft()
        least = self._least[0][1]
        if self._anchor is None or abs(least - self._anchor) > self.HOLD_S:
            self._anchor = least
        return self._wall() - timedelta(seconds=now - (pts_s + self._anchor))
