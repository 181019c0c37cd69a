"""How fast to send: no more than the link's share, in pieces of about a second: what is urgent need not wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PIECE_S: Final = 1.0
"""One piece is to take about so long."""
LEAST_BYTES: Final = 4096
"""A piece is never smaller: each costs a round trip and some 500 bytes of headers."""


class Pace:
    """Says how large the next piece may be, and when it may go."""

    def __init__(
        self, most_bytes_per_s: int | None, most_bytes: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`most_bytes`: of one piece. Without `most_bytes_per_s` the link is the limit."""
        self._limit = most_bytes_per_s
        self._most_bytes = most_bytes
        self._monotonic = monotonic
        self._bytes_per_s = 0.0
        self._free_at = float("-inf")

    def piece_bytes(self) -> int:
        """Size of the next piece, by how fast the last ones went."""
        per_s = self._bytes_per_s if self._limit is None else min(self._bytes_per_s, self._limit)
        return max(LEAST_BYTES, min(self._most_bytes, int(per_s * PIECE_S)))

    def wait_s(self) -> float:
        """Seconds until more may be sent."""
        return max(0.0, self._free_at - self._monotonic())

    def sent(self, size: int, took_s: float) -> None:
        """So many bytes have just gone, in so many seconds."""
        per_s = size / max(took_s, 1e-3)
        # What is shorter than a piece takes its time for the way there and back: it cannot show that the link is slow.
        self._bytes_per_s = per_s if size >= self.piece_bytes() else max(self._bytes_per_s, per_s)
        if self._limit is not None:
            self._free_at = max(self._free_at, self._monotonic() - took_s) + size / self._limit

    def broke(self) -> None:
        """The link broke: begin with small pieces again, for what did not come through is sent anew."""
        self._bytes_per_s = 0.0
