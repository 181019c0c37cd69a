"""The window of leads on their way: so many at once, and each again when its receipt is late."""

from __future__ import annotations

import random

from edge.in_flight import InFlight


class _Least(random.Random):
    """Chance that adds nothing."""

    def uniform(self, a: float, b: float) -> float:
        return a


def _window(limit: int = 3) -> InFlight:
    return InFlight(limit, 15.0, 60.0, _Least())


def test_no_more_than_the_limit_are_on_their_way() -> None:
    window = _window()
    for lead in "abc":
        window.sent(lead, 0.0)
    assert (len(window), window.room()) == (3, 0)
    window.done("b")
    assert (window.ids, window.room()) == (frozenset("ac"), 1)


def test_waits_for_a_receipt_double_up_to_the_longest() -> None:
    window, now, waits = _window(), 0.0, []
    for _ in range(5):
        window.sent("a", now)
        again_at = window.next_at()
        assert again_at is not None
        waits.append(again_at - now)
        assert window.overdue(again_at - 0.001) == []
        assert window.overdue(again_at) == ["a"]
        now = again_at
    assert waits == [15.0, 30.0, 60.0, 60.0, 60.0]


def test_the_longest_overdue_comes_first() -> None:
    window = _window()
    window.sent("b", 1.0)
    window.sent("a", 2.0)
    assert window.overdue(100.0) == ["b", "a"]


def test_a_new_connection_begins_anew() -> None:
    window = _window()
    window.sent("a", 0.0)
    window.sent("a", 0.0)
    window.clear()
    assert (window.room(), window.next_at()) == (3, None)
    window.sent("a", 0.0)
    assert window.next_at() == 15.0


def test_waits_are_spread_so_that_leads_do_not_come_back_all_at_once() -> None:
    window = InFlight(100, 15.0, 60.0, random.Random(1))
    for lead in range(100):
        window.sent(str(lead), 0.0)
    assert len(window.overdue(15.8)) not in (0, 100)
    assert len(window.overdue(16.5)) == 100
