"""Threads that do one piece of work again and again while the hub serves."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from hub.evidence.vault import VaultError
from hub.store.database import StoreError
from leads.quiet import QuietLog

log = logging.getLogger(__name__)


class Keeper:
    """One such thread."""

    def __init__(self, name: str, every_s: float, work: Callable[[threading.Event], object]) -> None:
        """`work` is done `every_s` after it was last done; it is told by an event that it is to end soon."""
        self._every_s = every_s
        self._work = work
        self._stopping = threading.Event()
        self._quiet = QuietLog(log)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the work that is being done."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            try:
                self._work(self._stopping)
            except (StoreError, VaultError, OSError) as error:
                self._quiet.warning("fault", "%s: put off: %s", self._thread.name, error)
            except Exception:  # a fault of ours in one piece of work shall not end all that comes after it
                log.exception("%s: put off", self._thread.name)
