"""The search finds what fits, by all that people know of a vehicle, page by page, and says when there is more."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.accounts.roles import Role
from hub.cases.faults import StepError
from hub.cases.machine import Action, State
from hub.cases.search import Cursor, Query, search
from hub.intake.entry import to_ms
from hub.store.tables import entries
from leads import CameraRef
from tests.hub_worlds import HubWorld
from tests.unit.hub.casework import TO_CASE, Bureau
from tests.unit.leads.samples import NOON

A, R, S = Action, Role, State
DAY = timedelta(days=1)


def _search(hub: HubWorld, limit: int = 50, **told: Any) -> list[int]:
    """All pages one after the other."""
    found: list[int] = []
    after: Cursor | None = None
    with hub.parts.database.read() as connection:
        while True:
            page = search(connection, Query(**told), after, limit)
            found += [row.number for row in page.rows]
            after = page.next
            if after is None:
                return found


PLATES = ("闽H12345", "闽H12346", "闽HA2345", "闽A12345", "赣E99999", "闽H1234-", "闽HD12345", None)


TYPED: dict[str, list[int]] = {
    "闽H12345": [0],
    "闽h·12345": [0],
    "闽H1234": [0, 1, 5],
    "闽H": [0, 1, 2, 5, 6],
    "闽": [0, 1, 2, 3, 5, 6],
    "H12345": [0],
    "12345": [0, 3, 6],
    "2345": [0, 2, 3, 6],
    "99": [4],
    "闽H1234?": [0, 1, 5],
    "闽?12345": [0, 3],
    "*2345": [0, 2, 3, 6],
    "闽H*5": [0, 2, 6],
    "?H?2345": [0, 2],
    "？H＊": [0, 1, 2, 5, 6],
    "闽H1234-": [5],
    "京A": [],
    "闽H%": [],
    "_H12345": [],
    "\\": [],
    "": [0, 1, 2, 3, 4, 5, 6, 7],
}


def test_plates_are_found_by_beginning_part_and_pattern(either_hub: HubWorld) -> None:
    bureau = Bureau(either_hub)
    numbers = [bureau.lead(plate, at=NOON - timedelta(minutes=i)) for i, plate in enumerate(PLATES)]
    for limit in (50, 1):
        found = {typed: [numbers.index(n) for n in _search(either_hub, limit, plate=typed)] for typed in TYPED}
        assert found == TYPED


@pytest.fixture
def town(either_hub: HubWorld) -> Bureau:
    """Entries 1 to 6, the later the newer."""
    bureau = Bureau(either_hub)
    gate = CameraRef(id="gate", place="岭下超限检测点", road_code="G316", stake="K123+400")
    east = CameraRef(id="east", place="塔前大桥 100%", road_code="G205")
    for i, camera in enumerate((gate, gate, gate, east, east)):
        bureau.lead(at=NOON + DAY * i, camera=camera, level=("low", "high")[i % 2])
    bureau.report(at=NOON + DAY * 9, offence="overload", place="南平汽车站", vehicle_class="bus")
    bureau.go(1, A.REJECT)
    bureau.go(2, *TO_CASE)
    return bureau


ASKED: list[tuple[dict[str, Any], list[int]]] = [
    ({"place": "岭下"}, [3, 2, 1]),
    ({"place": "g316 岭下"}, [3, 2, 1]),
    ({"place": "K123+400"}, [3, 2, 1]),
    ({"place": "100%"}, [5, 4]),
    ({"place": "10%%"}, []),
    ({"place": "汽车站"}, [6]),
    ({"states": (S.FALSE_ALARM,)}, [1]),
    ({"states": (S.FALSE_ALARM, S.OPENED)}, [2, 1]),
    ({"level": 3}, [4, 2]),
    ({"offence": "overload"}, [6]),
    ({"offence": "traffic", "level": 3}, [4, 2]),
    ({"rule": "closed-zone"}, [5, 4, 3, 2, 1]),
    ({"source": "hotline"}, [6]),
    ({"source": "box", "level": 3}, [4, 2]),
    ({"camera": "east"}, [5, 4]),
    ({"camera": "site-1/east"}, [5, 4]),
    ({"camera": "site-2/east"}, []),
    ({"vehicle_class": "bus"}, [6]),
    ({"vehicle_class": "truck", "states": (S.OPENED,)}, [2]),
    ({"from_ms": to_ms(NOON + DAY), "before_ms": to_ms(NOON + 3 * DAY)}, [3, 2]),
    ({"plate": "12345", "camera": "gate", "before_ms": to_ms(NOON + DAY)}, [1]),
    ({"number": "4"}, [4]),
    ({"number": "2026-00001"}, [2]),
    ({"number": "99"}, []),
    ({"number": "x' OR 1=1"}, []),
]


def test_all_that_is_known_narrows_the_search(town: Bureau) -> None:
    for limit in (50, 1):
        assert [(told, _search(town.hub, limit, **told)) for told, _ in ASKED] == ASKED


def test_a_lead_is_found_by_its_id(town: Bureau) -> None:
    assert _search(town.hub, number=town.row(3).entry_id.lower()) == [3]


def test_what_is_not_known_can_be_asked_for(hub: HubWorld) -> None:
    bureau = Bureau(hub)
    number = bureau.report(vehicle_class="unknown")
    bureau.lead()
    assert _search(hub, vehicle_class="unknown") == [number]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.fixed_dictionaries(
        {},
        optional={
            "plate": st.sampled_from(["闽H", "1", "闽H1*", "9"]),
            "offence": st.sampled_from(["traffic", "overload"]),
            "camera": st.sampled_from(["gate", "east"]),
            "level": st.integers(1, 3),
            "states": st.sampled_from([(S.CLUE,), (S.FILED, S.CLUE)]),
            "place": st.sampled_from(["岭", "前"]),
            "before_ms": st.integers(0, 60).map(lambda i: 1_000_000 + i),
        },
    ),
    limit=st.integers(1, 40),
)
def test_walking_along_any_index_finds_the_same(hub: HubWorld, told: dict[str, Any], limit: int) -> None:
    """However the search walks, and in slices of whatever size, it finds what a plain look through all rows finds."""
    _fill(hub)
    with hub.parts.database.read() as connection:
        rows = connection.execute(sa.select(entries)).fetchall()
    fits = [row for row in rows if _fits(row, told)]
    expected = [row.number for row in sorted(fits, key=lambda row: (-row.occurred_ms, -row.number))]
    assert _search(hub, limit, **told) == expected


def _fits(row: Any, told: dict[str, Any]) -> bool:
    plate = told.get("plate", "")
    begins = plate.rstrip("*")
    return all(
        (
            row.plate.startswith(begins) if plate and not plate[0].isascii() else plate in row.plate,
            told.get("offence", row.offence) == row.offence,
            told.get("camera", row.camera_id) == row.camera_id,
            told.get("level", row.level) == row.level,
            row.state in told.get("states", (row.state,)),
            told.get("place", "") in row.place,
            row.occurred_ms < told.get("before_ms", 1 << 60),
        )
    )


def _fill(hub: HubWorld) -> None:
    """Sixty entries of every kind, some at the same moment, once."""
    with hub.parts.database.read() as connection:
        if connection.execute(sa.select(entries.c.number)).first():
            return
    bureau = Bureau(hub)
    row = bureau.row(bureau.lead())._asdict()
    kinds = itertools.cycle(
        itertools.product(("闽H12345", "赣E99999"), ("traffic", "overload"), ("gate", "east"), (1, 2, 3))
    )
    made = []
    for n, (plate, offence, camera, level) in zip(range(2, 62), kinds, strict=False):
        ids = {"number": n, "entry_id": f"{n:026}", "payload_sha256": f"{n:064}", "occurred_ms": 1_000_000 + n // 3}
        says = {"plate": plate, "offence": offence, "camera_id": camera, "level": level, "place": "岭下塔前"[n % 3 :]}
        made.append(row | ids | says | {"state": (S.CLUE, S.FILED, S.POLICE)[n % 3]})
    with hub.parts.database.write() as connection:
        connection.execute(sa.insert(entries), made)


def test_an_answer_comes_in_time_and_says_where_to_go_on(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """With slices of one entry and no time at all, each answer looks at one entry and the next one goes on."""
    monkeypatch.setattr("hub.cases.search._FIRST_SLICE", 1)
    _fill(hub)
    ticks = itertools.count()
    after, answers, found = None, 0, []
    with hub.parts.database.read() as connection:
        while True:
            page = search(connection, Query(level=3), after, 50, lambda: float(next(ticks)))
            answers, after = answers + 1, page.next
            found += [row.number for row in page.rows]
            if after is None:
                break
    assert answers > len(found) > 10
    assert len(found) == len(set(found))


@pytest.mark.parametrize("text", ["1", "a.b", "1.2.3", f"{10**20}.1"])
def test_a_cursor_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(StepError, match="bad_cursor"):
        Cursor.read(text)
