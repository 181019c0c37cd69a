"""Where a camera's frames wait to be taken."""

from __future__ import annotations

import threading
from collections import deque

from cameras.frame import Frame


class Mailbox:
    """Frames between a camera's thread and the one that takes them.

    `depth` None: one place, and the newest frame wins. Else that many places, and `put` waits for a free one.
    """

    def __init__(self, depth: int | None) -> None:
        self._depth = depth
        self._frames: deque[Frame] = deque()
        self._guard = threading.Condition()
        self._closed = False
        self.dropped = 0
        """Frames that a newer one took the place of."""

    def put(self, frame: Frame) -> None:
        """Add a frame; when closed, it is passed over."""
        with self._guard:
            if self._depth is None:
                self.dropped += len(self._frames)
                self._frames.clear()
            else:
                self._guard.wait_for(lambda: self._closed or len(self._frames) < (self._depth or 1))
            if not self._closed:
                self._frames.append(frame)

    def take(self) -> Frame | None:
        """The oldest frame, or None when there is none. Never blocks."""
        with self._guard:
            if not self._frames:
                return None
            frame = self._frames.popleft()
            self._guard.notify_all()
            return frame

    def close(self) -> None:
        """Take no more frames; those waiting may still be taken."""
        with self._guard:
            self._closed = True
            self._guard.notify_all()
