"""Child processes that are kept running: started anew when they die, ended with their parent whatever becomes of it."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Self

log = logging.getLogger(__name__)
_LOOK_S: Final = 0.1
_END_S: Final = 15.0
"""How long a child may take to end before it is killed."""


class Workers:
    """Runs one process per command, each watched by a thread.

    A child holds the reading end of a pipe as its standard input; it must end when that does.
    """

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        *,
        backoff_min_s: float = 1.0,
        backoff_max_s: float = 30.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare. A child that dies is started anew after `backoff_min_s`, then twice as long up to `backoff_max_s`;

        one that has run for longer than that begins with the shortest again.
        """
        self._commands = commands
        self._backoff_min_s = backoff_min_s
        self._backoff_max_s = backoff_max_s
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self._mutex = threading.Lock()
        self._pids: dict[int, int] = {}
        self._threads = [
            threading.Thread(target=self._keep, args=(number,), name=f"worker-{number}", daemon=True)
            for number in range(len(commands))
        ]

    @property
    def pids(self) -> dict[int, int]:
        """Process ids of the children that run, by the place of their command."""
        with self._mutex:
            return dict(self._pids)

    def __enter__(self) -> Self:
        """Start them."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End them, and wait until they have."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _keep(self, number: int) -> None:
        wait_s = self._backoff_min_s
        while not self._stopping.is_set():
            began = self._monotonic()
            fate = self._run(number)
            if self._stopping.is_set():
                return
            if self._monotonic() - began > self._backoff_max_s:
                wait_s = self._backoff_min_s
            log.warning("worker %d ended (%s); it is started anew in %.1f s", number + 1, fate, wait_s)
            self._stopping.wait(wait_s)
            wait_s = min(wait_s * 2, self._backoff_max_s)

    def _run(self, number: int) -> str:
        """Run a child until it ends, or until all are to end; what became of it, in words."""
        try:
            started = subprocess.Popen(self._commands[number], stdin=subprocess.PIPE)
        except OSError as error:  # no memory or too many processes, for the moment
            return f"it cannot be started: {error}"
        with started as child:
            with self._mutex:
                self._pids[number] = child.pid
            try:
                while child.poll() is None and not self._stopping.wait(_LOOK_S):
                    pass
                return _told(_end(child))
            finally:
                with self._mutex:
                    del self._pids[number]


def _end(child: subprocess.Popen[bytes]) -> int:
    if child.poll() is None:
        child.terminate()
    try:
        return child.wait(_END_S)
    except subprocess.TimeoutExpired:
        log.warning("process %d does not end: it is killed", child.pid)
        child.kill()
        return child.wait()


def _told(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"status {status}"
