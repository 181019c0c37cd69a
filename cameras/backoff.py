"""How long to wait before the next try to connect."""

from __future__ import annotations

import random


class Backoff:
    """Waits that double from `first_s` to `most_s`, each shortened by chance so that boxes do not knock together."""

    def __init__(self, first_s: float = 1.0, most_s: float = 60.0, chance: random.Random | None = None) -> None:
        self._first_s = first_s
        self.most_s = most_s
        self._chance = chance or random.Random()
        self._next_s = first_s

    def next_s(self) -> float:
        """Seconds to wait before the next try: between `first_s` and `most_s`."""
        wait_s = self._chance.uniform(max(self._first_s, self._next_s / 2), self._next_s)
        self._next_s = min(self._next_s * 2, self.most_s)
        return wait_s

    def reset(self) -> None:
        """It worked: begin anew."""
        self._next_s = self._first_s
