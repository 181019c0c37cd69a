"""The queue: the gravest first, of these the oldest; each page follows the one before, whatever changes meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.accounts.roles import Role
from hub.cases.faults import StepError
from hub.cases.listing import COUNTED, Place, counts, history, queue
from hub.cases.machine import Action, State
from hub.store.tables import entries
from tests.hub_worlds import HubWorld
from tests.unit.hub.casework import Bureau
from tests.unit.leads.samples import NOON

A, R, S = Action, Role, State
MINUTE = timedelta(minutes=1)


def _queue(bureau: Bureau, *states: State, limit: int = 50) -> list[int]:
    """All pages one after the other."""
    found: list[int] = []
    after: Place | None = None
    with bureau.hub.parts.database.read() as connection:
        while True:
            rows, after = queue(connection, states, after, limit)
            assert len(rows) <= limit
            found += [row.number for row in rows]
            if after is None:
                return found


def test_the_gravest_come_first_and_of_these_the_oldest(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    low, late, early = bureau.lead(), bureau.lead(level="high", at=NOON + MINUTE), bureau.lead(level="high")
    medium, at_once = bureau.lead(level="medium"), bureau.lead(level="high")
    for limit in (50, 2, 1):
        assert _queue(bureau, S.CLUE, limit=limit) == [early, at_once, late, medium, low]


def test_a_queue_of_several_states_is_one_order(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    numbers = [bureau.lead(at=NOON + MINUTE * i) for i in range(4)]
    for number in numbers[1::2]:
        bureau.go(number, A.CONFIRM, A.RETURN)
    assert _queue(bureau, S.CLUE, S.RETURNED, limit=1) == numbers
    assert _queue(bureau, S.RETURNED) == numbers[1::2]
    assert _queue(bureau) == []


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(leads=st.lists(st.tuples(st.sampled_from(["low", "medium", "high"]), st.integers(0, 2)), max_size=8))
def test_pages_of_any_size_hold_every_entry_once(hub: HubWorld, leads: list[tuple[str, int]]) -> None:
    bureau = Bureau(hub)
    for level, minutes in leads:
        bureau.lead(level=level, at=NOON + MINUTE * minutes)
    whole = _queue(bureau, S.CLUE, limit=1000)
    assert len(whole) == len(set(whole))
    for limit in (1, 3):
        assert _queue(bureau, S.CLUE, limit=limit) == whole


@pytest.mark.parametrize("text", ["", "x", "1.2", "1.2.3.4", f"1.{10**30}.1"])
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(StepError, match="bad_cursor"):
        Place.read(text)


def test_a_place_reads_back_as_it_was_written() -> None:
    place = Place(3, 1_795_406_400_000, 17)
    assert Place.read(str(place)) == place


def test_each_state_is_counted_and_no_further_than_it_says_enough(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    first = bureau.lead()
    bureau.go(bureau.lead(), A.REJECT)
    row = bureau.row(first)._asdict()
    with either_hub.parts.database.write() as connection:
        connection.execute(
            sa.insert(entries),
            [row | {"number": n, "entry_id": f"{n:026}", "payload_sha256": f"{n:064}"} for n in range(10, 1110)],
        )
    with either_hub.parts.database.read() as connection:
        told = counts(connection)
    assert told.keys() == set(State)
    assert (told[S.CLUE], told[S.FALSE_ALARM], told[S.FILED]) == (COUNTED, 1, 0)


def test_the_history_is_of_the_same_vehicle_newest_first(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    numbers = [bureau.lead(at=NOON - MINUTE * i, offence=f"o{i}") for i in range(3)]
    bureau.lead("闽H12346")
    bureau.lead(plate_type="02")
    doubtful = bureau.lead("闽H1234-")
    with either_hub.parts.database.read() as connection:
        assert [row.number for row in history(connection, bureau.row(numbers[1]))] == [numbers[0], numbers[2]]
        assert history(connection, bureau.row(doubtful)) == []
