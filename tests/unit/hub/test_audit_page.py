"""The log of steps and the log of looks: found by user, entry, step and day; paged; with the end of the chain."""

from __future__ import annotations

import re
from datetime import date

import pytest
import sqlalchemy as sa

from hub.accounts.logbook import PAGE, Wanted, day_bounds_ms, looks_page, steps_page
from hub.accounts.roles import Role
from hub.store.tables import access, head
from tests.hub_worlds import HubWorld

ZONE = "Asia/Shanghai"
DAY_S = 86_400


def fill(hub: HubWorld, days: int = 3, each: int = 40) -> None:
    """Steps of some days: odd ones of li.na, even ones of wang.fang, every fifth about entry 7."""
    for _ in range(days):
        with hub.parts.audit.begin() as books:
            for i in range(each):
                books.add(
                    ("wang.fang", "li.na")[i % 2], ("note", "correct")[i % 4 // 2], 7 if i % 5 == 0 else i, {"i": i}
                )
        hub.clock.go(DAY_S)


def numbers(hub: HubWorld, wanted: Wanted) -> list[int]:
    """Places in the log of all that is found, page after page."""
    found: list[int] = []
    before: int | None = None
    with hub.parts.database.read() as connection:
        while True:
            rows, before = steps_page(connection, wanted, ZONE, before)
            found += [row.seq for row in rows]
            if before is None:
                return found


def test_all_pages_together_are_the_whole_log_the_newest_first(either_hub: HubWorld) -> None:
    fill(either_hub)
    assert numbers(either_hub, Wanted()) == list(range(120, 0, -1))


def test_steps_are_found_by_user_entry_step_and_day_and_all_at_once(either_hub: HubWorld) -> None:
    fill(either_hub)
    assert len(numbers(either_hub, Wanted(user="li.na"))) == 60
    assert len(numbers(either_hub, Wanted(number=7))) == 3 * 8 + 3
    assert len(numbers(either_hub, Wanted(action="correct"))) == 60
    assert numbers(either_hub, Wanted(day=date(2026, 11, 24))) == list(range(80, 40, -1))
    assert numbers(either_hub, Wanted(day=date(2026, 11, 26))) == []
    assert numbers(either_hub, Wanted(day=date(2020, 1, 1))) == []
    at_once = Wanted(user="li.na", number=7, action="note", day=date(2026, 11, 24))
    assert numbers(either_hub, at_once) == [66, 46]
    assert numbers(either_hub, Wanted(user="nobody")) == []


def test_a_day_begins_at_the_bureau_s_midnight(hub: HubWorld) -> None:
    first, after = day_bounds_ms(date(2026, 11, 23), ZONE)
    assert (first, after - first) == (1_795_363_200_000, DAY_S * 1000)


def look(hub: HubWorld, user_id: int, number: int, purpose: str = "review") -> None:
    """Write a look at evidence down."""
    now = hub.clock()
    row = {"at_ms": now, "user_id": user_id, "number": number, "what": "entry", "purpose": purpose, "until_ms": now}
    with hub.parts.database.write() as connection:
        connection.execute(sa.insert(access).values(row))


def test_looks_are_found_by_user_entry_purpose_and_day(either_hub: HubWorld) -> None:
    one, other = either_hub.user(Role.OPERATOR, name="li.na"), either_hub.user(Role.LEGAL, name="wang.fang")
    for _ in range(3):
        for i in range(30):
            look(either_hub, (one, other)[i % 2].id, i % 3, ("review", "appeal")[i % 2])
        either_hub.clock.go(DAY_S)
    with either_hub.parts.database.read() as connection:

        def count(wanted: Wanted) -> int:
            seen: list[int] = []
            before: tuple[int, int] | None = None
            while True:
                rows, before = looks_page(connection, wanted, ZONE, before)
                assert len(rows) <= PAGE
                seen += [row.id for row in rows]
                if before is None:
                    assert seen == sorted(set(seen), reverse=True)
                    return len(seen)

        assert count(Wanted()) == 90
        assert count(Wanted(user="li.na")) == 45
        assert count(Wanted(user="nobody")) == 0
        assert count(Wanted(number=2)) == 30
        assert count(Wanted(action="appeal", day=date(2026, 11, 24))) == 15


def test_the_page_shows_the_end_of_the_chain_and_goes_on_where_it_stops(hub: HubWorld) -> None:
    fill(hub)
    client = hub.client(hub.user(Role.AUDITOR))
    shown = client.get("/audit?user=li.na&number=&action=&day=")
    with hub.parts.database.read() as connection:
        end = connection.execute(sa.select(head.c.audit_sha256)).scalar_one()
    assert f'id="head">{end}<' in shown.text
    assert shown.text.count("<tr><td") == PAGE
    older = re.findall(r'href="(/audit\?[^"]*before[^"]*)"', shown.text)[0].replace("&amp;", "&")
    rest = client.get(older)
    assert rest.text.count("<tr><td") == 60 - PAGE
    assert "wang.fang" not in rest.text.split("<tbody>")[1]


def test_the_page_of_looks_names_who_looked_and_what_for(hub: HubWorld) -> None:
    look(hub, hub.user(Role.OPERATOR, name="li.na").id, 12, "appeal")
    shown = hub.client(hub.user(Role.AUDITOR)).get("/audit/looks").text
    assert "li.na" in shown
    assert 'href="/entries/12?purpose=audit"' in shown
    assert "复议" in shown


@pytest.mark.parametrize(
    "query",
    [
        "number=x",
        "number=-5",
        "number=" + "9" * 25,
        "number=٣",
        "day=yesterday",
        "day=2026-02-31",
        "day=0001-01-01",
        "day=9999-12-31",
        "before=x",
        "before=" + "9" * 25,
        "before=" + "9" * 5000,
        "before=1." + "9" * 5000,
        "user=%00",
        "user='; DROP TABLE audit; --",
        "before=1.2.3",
    ],
)
def test_nothing_that_is_typed_breaks_the_pages(either_hub: HubWorld, query: str) -> None:
    client = either_hub.client(either_hub.user(Role.AUDITOR))
    for path in ("/audit", "/audit/looks"):
        assert client.get(f"{path}?{query}").status_code in (200, 422), path


def test_what_stands_in_the_log_is_shown_as_text(hub: HubWorld) -> None:
    with hub.parts.audit.begin() as books:
        books.add("li.na", "note", 1, {"text": "<img src=x onerror=alert(1)>"})
    assert "<img src=x" not in hub.client(hub.user(Role.AUDITOR)).get("/audit").text
