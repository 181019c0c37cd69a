"""The look-up desk: a register that is too slow holds up no live camera, and a recording waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from edge.lookups import Found, LookupDesk, Question
from edge.registry.entries import NOT_ASKED, Lookup, VehicleEntry

ENTRY: Lookup[VehicleEntry] = Lookup("found", VehicleEntry("闽H31782", "01"), "test")


class Slow:
    """A desk with room for two questions, whose register answers when it is told to."""

    def __init__(self) -> None:
        self.answering = threading.Event()
        self.desk = LookupDesk(self._find, depth=2)
        self.desk.start()

    def _find(self, question: Question) -> Found:
        self.answering.wait(5)
        return Found(question.passage_id, ENTRY)

    def ask(self, name: str, *, wait: bool = False) -> None:
        self.desk.ask(Question(name, None, None, datetime(2026, 1, 1, tzinfo=UTC), waybill=False), wait=wait)


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.answering.set()
    slow.desk.stop()


def test_a_vehicle_that_finds_too_many_waiting_is_not_asked_about(slow: Slow) -> None:
    for name in ("a", "b", "c"):
        slow.ask(name)
    assert [(f.passage_id, f.registry) for f in slow.desk.found()] == [("c", NOT_ASKED)]
    slow.answering.set()
    assert [(f.passage_id, f.registry) for f in slow.desk.found(wait=True)] == [("a", ENTRY), ("b", ENTRY)]
    assert (slow.desk.waiting, slow.desk.unasked) == (0, 1)


def test_a_recording_waits_until_there_is_room(slow: Slow) -> None:
    threading.Timer(0.05, slow.answering.set).start()
    for name in ("a", "b", "c"):
        slow.ask(name, wait=True)
    assert [f.passage_id for f in slow.desk.found(wait=True)] == ["a", "b", "c"]
    assert slow.desk.unasked == 0
