"""Which leads are on their way: published, and not yet receipted."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(slots=True)
class _Sending:
    attempts: int
    again_at: float


class InFlight:
    """A window of at most `limit` leads, each with the time at which it is to be published again.

    Times are seconds on a monotonic clock, given by the caller.
    """

    def __init__(self, limit: int, timeout_s: float, timeout_max_s: float, chance: random.Random) -> None:
        """The first wait is `timeout_s`; each further one is twice as long, up to `timeout_max_s`."""
        self._limit = limit
        self._timeout_s = timeout_s
        self._timeout_max_s = timeout_max_s
        self._chance = chance
        self._sending: dict[str, _Sending] = {}

    def __len__(self) -> int:
        """How many leads are on their way."""
        return len(self._sending)

    @property
    def ids(self) -> frozenset[str]:
        """The leads on their way."""
        return frozenset(self._sending)

    def room(self) -> int:
        """How many more may be published."""
        return self._limit - len(self._sending)

    def sent(self, lead_id: str, now: float) -> None:
        """Note that a lead was published, for the first time or again."""
        sending = self._sending.setdefault(lead_id, _Sending(0, now))
        wait_s = min(self._timeout_max_s, self._timeout_s * 2.0 ** min(sending.attempts, 32))
        sending.attempts += 1
        sending.again_at = now + wait_s * self._chance.uniform(1.0, 1.1)

    def overdue(self, now: float) -> list[str]:
        """The leads whose receipt did not come in time, the longest overdue first."""
        late = [(sending.again_at, lead_id) for lead_id, sending in self._sending.items() if sending.again_at <= now]
        return [lead_id for _, lead_id in sorted(late)]

    def next_at(self) -> float | None:
        """When the next one becomes overdue; None when none is on its way."""
        return min((sending.again_at for sending in self._sending.values()), default=None)

    def done(self, lead_id: str) -> None:
        """Note that a lead was receipted."""
        self._sending.pop(lead_id, None)

    def clear(self) -> None:
        """Forget all: after a new connection everything without a receipt is published again at once."""
        self._sending.clear()
