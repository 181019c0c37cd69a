"""A thread that keeps the figures' sums up while the hub serves."""

from __future__ import annotations

import logging
import threading
from typing import Final

from hub.figures.sums import refresh
from hub.parts import HubParts
from hub.store.database import StoreError
from leads.quiet import QuietLog

log = logging.getLogger(__name__)
_EVERY_S: Final = 3.0
_AT_ONCE: Final = 20


class FigureKeeper:
    """Makes the sums of stale days anew, a few seconds after something in them has changed."""

    def __init__(self, parts: HubParts) -> None:
        """Prepare; `start` begins."""
        self._parts = parts
        self._stopping = threading.Event()
        self._quiet = QuietLog(log)
        self._thread = threading.Thread(target=self._run, name="figures", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the day that is being summed."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            try:
                while refresh(self._parts, _AT_ONCE) == _AT_ONCE and not self._stopping.is_set():
                    pass  # many wait, as after an import
            except StoreError as error:
                self._quiet.warning("store", "figures wait: %s", error)
