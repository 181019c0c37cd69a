"""What the uploader says of itself: counts, health, metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from edge.metrics import Reading

AWAY_S: Final = 600.0
"""A hub that takes nothing for longer is a problem."""
Failure = Literal["broken", "refused", "gone", "changed", "picture"]
"""The hub gave no answer; would not take a file; the box has a wanted file no longer, or not as its lead names it; the
hub would not take a camera's picture."""


@dataclass(slots=True)
class UploadCounts:
    """Counted since the start."""

    files: int = 0
    """Files that the hub holds in full since this box sent their last piece."""
    bytes: int = 0
    """Bytes of files that the hub took."""
    frames: int = 0
    """Pictures of cameras that the hub took."""
    waiting: int = 0
    """Files that the hub wants, of those it named last, now."""


class Tally:
    """Written by the uploader's thread, read by any."""

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`url`: the hub's, for messages."""
        self._url = url
        self._monotonic = monotonic
        self.counts = UploadCounts()
        self.failures: dict[Failure, int] = dict.fromkeys(("broken", "refused", "gone", "changed", "picture"), 0)
        self.problem: str | None = None
        """What keeps the box from sending anything at all, now."""
        self._worked_at: float | None = None
        self._away_since: float | None = None

    def worked(self) -> None:
        """The hub took something, or wants nothing more."""
        self._worked_at = self._monotonic()
        self._away_since = self.problem = None

    def failed(self, how: Failure) -> None:
        """Something went wrong."""
        self.failures[how] += 1
        if how == "broken" and self._away_since is None:
            self._away_since = self._monotonic()

    def problems(self) -> Iterator[str]:
        """What a person should see to."""
        if self.problem is not None:
            yield self.problem
        away_since = self._away_since
        if away_since is not None and self._monotonic() - away_since > AWAY_S:
            yield f"the hub {self._url} has taken no evidence for {self._monotonic() - away_since:.0f} s: see the log"
        if self.failures["refused"]:
            yield f"the hub has refused {self.failures['refused']} evidence files since the start: see the log"
        if self.failures["changed"]:
            yield f"{self.failures['changed']} evidence files are not as their leads name them: see lushao edge verify"

    def counters(self) -> Mapping[str, int]:
        """For telemetry."""
        counts = self.counts
        return {
            "uploaded_files": counts.files,
            "uploaded_bytes": counts.bytes,
            "uploaded_frames": counts.frames,
            "uploads_waiting": counts.waiting,
            **{f"uploads_{how}": count for how, count in self.failures.items()},
        }

    def readings(self) -> Iterator[Reading]:
        """For the metrics."""
        counts = self.counts
        yield Reading("lushao_uploaded_files", "Evidence files that the hub took", counts.files, {}, counts_up=True)
        yield Reading("lushao_uploaded_bytes", "Bytes of evidence that it took", counts.bytes, {}, counts_up=True)
        yield Reading("lushao_uploaded_frames", "Pictures of cameras that it took", counts.frames, {}, counts_up=True)
        for how, count in self.failures.items():
            told = "Uploads that failed, by reason"
            yield Reading("lushao_uploads_failed", told, count, {"reason": how}, counts_up=True)
        told = "Evidence files that the hub wants, of those it named last"
        yield Reading("lushao_uploads_waiting", told, counts.waiting, {}, counts_up=False)
        if (at := self._worked_at) is not None:
            told = "Seconds since the hub last took something or wanted nothing more"
            yield Reading("lushao_uploads_last_success_seconds", told, self._monotonic() - at, {}, counts_up=False)
