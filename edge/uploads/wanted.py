"""What the hub wants of the box, and which of it goes next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from edge.evidence.draft import CLIP
from edge.rules.base import Hours
from leads.uploads import WantedFile


class WantedFiles:
    """The hub's list, less what is left alone for a while and what has to wait for its hours."""

    def __init__(
        self,
        clip_hours: Sequence[Hours] | None,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        """`clip_hours`: when clips go that nobody waits for, local time of `zone`; None for always."""
        self._clip_hours = clip_hours
        self._zone = zone
        self._clock = clock
        self._monotonic = monotonic
        self._files: tuple[WantedFile, ...] = ()
        self._resting: dict[tuple[str, str], float] = {}
        self._put_off: dict[tuple[str, str], float] = {}

    def __len__(self) -> int:
        return len(self._files)

    def take(self, files: Sequence[WantedFile]) -> None:
        """The hub has said anew what it wants, most wanted first."""
        now = self._monotonic()
        self._resting = {key: until for key, until in self._resting.items() if until > now}
        self._put_off = {key: until for key, until in self._put_off.items() if until > now}
        self._files = tuple(files)

    def drop(self, file: WantedFile, rest_s: float) -> None:
        """Done with a file, well or ill: leave it alone for so long, even if the hub still names it."""
        self._resting[file.lead_id, file.name] = self._monotonic() + rest_s
        self._files = tuple(f for f in self._files if (f.lead_id, f.name) != (file.lead_id, file.name))

    def put_off(self, file: WantedFile, for_s: float) -> None:
        """Let all others go before a file for so long."""
        self._put_off[file.lead_id, file.name] = self._monotonic() + for_s

    def first(self, under_way: Callable[[WantedFile], bool]) -> WantedFile | None:
        """The file to go on with: the one under way, unless it is no longer wanted or the first is more urgent."""
        ready = sorted(filter(self._may_go, self._files), key=self._is_put_off)
        if not ready:
            return None
        going = next(filter(under_way, ready), None)
        return going if going is not None and (going.urgent or not ready[0].urgent) else ready[0]

    def _is_put_off(self, file: WantedFile) -> bool:
        return self._put_off.get((file.lead_id, file.name), 0.0) > self._monotonic()

    def _may_go(self, file: WantedFile) -> bool:
        if self._resting.get((file.lead_id, file.name), 0.0) > self._monotonic():
            return False
        if file.urgent or file.name != CLIP or self._clip_hours is None:
            return True
        local = self._clock().astimezone(self._zone).time()
        return any(local in span for span in self._clip_hours)
