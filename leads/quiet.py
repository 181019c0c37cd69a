"""Logging once per burst: the first of a kind is told, the rest are counted until the burst is over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable


class QuietLog:
    """Tells each kind of trouble at most once per `every_s` seconds, with how many were left out."""

    def __init__(
        self, logger: logging.Logger, every_s: float = 60.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Log to `logger`."""
        self._logger = logger
        self._every_s = every_s
        self._monotonic = monotonic
        self._mutex = threading.Lock()
        self._told: dict[str, tuple[float, int]] = {}

    def warning(self, kind: str, message: str, *values: object) -> None:
        """Warn of trouble of this kind, or count it when that was done a short while ago."""
        now = self._monotonic()
        with self._mutex:
            told_at, left_out = self._told.get(kind, (float("-inf"), 0))
            if now - told_at < self._every_s:
                self._told[kind] = (told_at, left_out + 1)
                return
            self._told[kind] = (now, 0)
        more = f" (and {left_out} more of this kind before)" if left_out else ""
        self._logger.warning(message + "%s", *values, more)
