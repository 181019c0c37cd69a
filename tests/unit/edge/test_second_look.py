"""The second look's thread: nothing waits for it on a live road, nothing is left out on a file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from detector.axles import Axles
from detector.facts import Fact, Facts
from detector.passage import Passage
from edge.second_look import SecondLookDesk
from tests.unit.detector.views import passage, shot
from tests.unit.edge.offices import wait_until

SEEN = Facts(axles=Fact(Axles(3, "1+2", 0), 0.9, 2, None))


class SlowLooker:
    """Looks when it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.begun: list[int] = []

    def look(self, passage: Passage) -> Passage:
        """The same of every vehicle."""
        self.begun.append(passage.number)
        assert self.let.wait(20)
        if passage.number < 0:
            raise ZeroDivisionError("broken")
        return replace(passage, facts=SEEN)


class Rig:
    """A desk and its looker."""

    def __init__(self, depth: int = 2, most_mib: int = 64) -> None:
        self.looker = SlowLooker()
        self.desk = SecondLookDesk(self.looker, depth=depth, most_mib=most_mib)
        self.desk.start()

    def occupy(self) -> None:
        """Give the thread something to look at, so that all else waits."""
        assert self.desk.ask(vehicle(0))
        wait_until(lambda: self.looker.begun == [0])


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.looker.let.set()
    rig.desk.stop()


def vehicle(number: int, side: int = 50) -> Passage:
    return replace(passage([shot(0.0, (100, 100, 100 + side, 100 + side))]), number=number)


def numbers(desk: SecondLookDesk) -> list[int]:
    return [a.passage.number for a in desk.finish()]


def test_a_passage_comes_back_with_its_facts(rig: Rig) -> None:
    rig.looker.let.set()
    assert rig.desk.ask(vehicle(1))
    (answer,) = rig.desk.finish()
    assert (answer.passage.number, answer.passage.facts, answer.urgent) == (1, SEEN, False)
    assert rig.desk.answers() == []
    assert rig.desk.counts.passages == 1


def test_a_full_queue_turns_a_live_vehicle_away_and_counts_it(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.occupy()
    assert [rig.desk.ask(vehicle(n)) for n in (1, 2, 3, 4)] == [True, True, False, False]
    assert rig.desk.counts.overflows == 2
    assert len(caplog.records) == 1, "said once per burst"
    rig.looker.let.set()
    assert numbers(rig.desk) == [0, 1, 2]


def test_on_a_file_the_asker_waits_until_there_is_room(rig: Rig) -> None:
    rig.occupy()
    asked: list[bool] = []

    def ask() -> None:
        asked.extend(rig.desk.ask(vehicle(n), wait=True) for n in (1, 2, 3))

    asker = threading.Thread(target=ask)
    asker.start()
    wait_until(lambda: rig.desk.waiting == 3)
    assert len(asked) < 3
    rig.looker.let.set()
    asker.join(20)
    assert asked == [True] * 3
    assert numbers(rig.desk) == [0, 1, 2, 3]
    assert rig.desk.counts.overflows == 0


def test_what_a_lead_waits_for_goes_first(rig: Rig) -> None:
    rig.occupy()
    rig.desk.ask(vehicle(1))
    rig.desk.ask(vehicle(2), urgent=True)
    rig.looker.let.set()
    assert numbers(rig.desk) == [0, 2, 1]


def test_the_shots_that_wait_take_no_more_memory_than_they_may() -> None:
    rig = Rig(depth=50, most_mib=1)
    rig.occupy()
    assert rig.desk.ask(vehicle(1, side=500)), "750 kB"
    assert not rig.desk.ask(vehicle(2, side=500))
    assert rig.desk.ask(vehicle(3, side=50))
    rig.looker.let.set()
    rig.desk.stop()


def test_what_no_lead_waits_for_is_let_go_when_the_box_stops(rig: Rig) -> None:
    rig.occupy()
    rig.desk.ask(vehicle(1))
    rig.desk.ask(vehicle(2), urgent=True)
    rig.desk.let_go()
    rig.looker.let.set()
    assert numbers(rig.desk) == [0, 2]
    assert rig.desk.counts.overflows == 1


def test_a_fault_of_the_thread_comes_out_in_the_boxs_own(rig: Rig) -> None:
    rig.looker.let.set()
    rig.desk.ask(vehicle(-1))
    with pytest.raises(ZeroDivisionError):
        rig.desk.finish()
    with pytest.raises(ZeroDivisionError):
        rig.desk.ask(vehicle(1), wait=True)
