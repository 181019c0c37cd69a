"""How a stream fares."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from cameras.errors import StreamError

_RATE_OVER_S = 5.0


class StreamState(StrEnum):
    """What a stream is doing."""

    CONNECTING = "connecting"
    RUNNING = "running"
    STALLED = "stalled"
    """Connected, but no frame for half the stall time-out."""
    LOST = "lost"
    """Not connected; waits before the next try."""
    ENDED = "ended"
    """The file is over, or the reader was stopped."""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A stream at one moment, and its counters since the start."""

    state: StreamState = StreamState.CONNECTING
    session: int = -1
    """Number of the present run of the stream's clock, from 0; -1 before the first."""
    reconnects: int = 0
    """Connections after the first."""
    stalls: int = 0
    """Connections given up because no frame came."""
    frames_decoded: int = 0
    frames_dropped: int = 0
    """Passed over because a newer one had come."""
    decode_errors: int = 0
    """Pictures that were too damaged to be decoded."""
    fps: float | None = None
    """Frames per second of the stream's own clock, over the last seconds."""
    codec: str | None = None
    size: tuple[int, int] | None = None
    """Width, height in pixels."""
    last_error: StreamError | None = None
    """Why the stream was lost last; None since frames come again."""


class StatusBoard:
    """Where a reader's thread writes how it fares, and others read it."""

    def __init__(self, stalled_after_s: float | None) -> None:
        """`stalled_after_s`: silence after which a running stream counts as stalled; None for never."""
        self._stalled_after_s = stalled_after_s
        self._guard = threading.Lock()
        self._status = StreamStatus()
        self._recent: deque[tuple[float, float]] = deque(maxlen=256)
        """Arrival and stream seconds of the last frames of this session."""
        self._alive_at = time.monotonic()

    @property
    def state(self) -> StreamState:
        """The state as last written; never `stalled`."""
        return self._status.state

    @property
    def silent_s(self) -> float:
        """Seconds since the last frame, or since the connection was made."""
        return time.monotonic() - self._alive_at

    def write(self, **changes: Any) -> StreamStatus:
        """Change fields of the status."""
        with self._guard:
            self._status = replace(self._status, **changes)
            return self._status

    def connected(self, **changes: Any) -> None:
        """A connection was made."""
        self._alive_at = time.monotonic()
        self.write(state=StreamState.RUNNING, **changes)

    def begin(self, session: int) -> None:
        """The stream's clock counts anew."""
        with self._guard:
            self._recent.clear()
            self._status = replace(self._status, session=session)

    def frame(self, pts_s: float, dropped: int) -> None:
        """The frame at `pts_s` has come; `dropped` frames in all were passed over."""
        with self._guard:
            self._alive_at = time.monotonic()
            self._recent.append((self._alive_at, pts_s))
            self._status = replace(
                self._status,
                frames_decoded=self._status.frames_decoded + 1,
                frames_dropped=dropped,
                last_error=None,
            )

    def read(self) -> StreamStatus:
        """The status now."""
        with self._guard:
            status, frames = self._status, list(self._recent)
        limit = self._stalled_after_s
        if limit is not None and status.state is StreamState.RUNNING and self.silent_s > limit:
            return replace(status, state=StreamState.STALLED)
        since = time.monotonic() - _RATE_OVER_S
        recent = [pts_s for arrived, pts_s in frames if arrived > since]
        if len(recent) > 1:
            # Not by arrival: the first frames of a connection come in one burst.
            return replace(status, fps=(len(recent) - 1) / (recent[-1] - recent[0]))
        return status
