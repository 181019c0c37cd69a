"""Figures: sums by day that follow what is decided, precision, times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from hub.accounts.roles import Role
from hub.cases.machine import State
from hub.figures.reading import Figures, Span, read_figures
from hub.figures.sums import bounds_ms, bucket_of, date_of, day_number, outcome_of, quantile_ms, refresh
from hub.store.days import local_day, mark_stale
from hub.store.tables import entries
from tests.hub_worlds import NOON_MS, HubWorld

ZONE = "Asia/Shanghai"
TODAY = local_day(NOON_MS, ZONE)
HOUR_MS = 3_600_000


def put(world: HubWorld, number: int, state: State = State.CLUE, at_ms: int = NOON_MS, **changes: Any) -> None:
    """A lead as it stands, its day marked."""
    row = {
        "number": number,
        "entry_id": f"{number:026d}",
        "kind": "lead",
        "source": "box",
        "site_id": "site-1",
        "box_id": "box-1",
        "camera_id": "gate",
        "payload_sha256": f"{number:064d}",
        "occurred_ms": at_ms,
        "received_ms": at_ms + 12_000,
        "times_received": 1,
        "rule_id": "OL-01",
        "code": "OL-01",
        "offence": "overload",
        "title": "超限",
        "unit": "",
        "level": 2,
        "grade": "A",
        "plate": "",
        "plate_tail": "",
        "plate_type": "",
        "plate_colour": "",
        "vehicle_class": "truck",
        "place": "",
        "act_key": str(number),
        "state": state,
        "state_ms": at_ms,
        "version": 1,
        "outcome": "",
        "repeats": 0,
        "evidence": 0,
    }
    with world.parts.database.write() as connection:
        connection.execute(sa.insert(entries).values({**row, **changes}))
        mark_stale(connection, [local_day(at_ms, ZONE)], at_ms)


def figures(world: HubWorld, first: int = TODAY - 5, last: int = TODAY, **changes: str) -> Figures:
    refresh(world.parts)
    return read_figures(world.parts, Span(first, last, **changes))


def test_leads_are_counted_by_how_they_stand(either_hub: HubWorld) -> None:
    for number, state in enumerate(State, start=1):
        put(either_hub, number, state)
    assert dict(figures(either_hub).total.counts) == {
        "open": 2,
        "confirmed": 7,
        "filed": 1,
        "rejected": 1,
        "duplicate": 1,
        "police": 1,
        "warned": 1,
    }


def test_precision_is_right_over_decided_and_leaves_duplicates_out(either_hub: HubWorld) -> None:
    put(either_hub, 1, State.FILED)
    put(either_hub, 2, State.TECHNICAL_REVIEW)
    put(either_hub, 3, State.FALSE_ALARM)
    put(either_hub, 4, State.DUPLICATE)
    put(either_hub, 5, State.FALSE_ALARM, camera_id="bridge")
    put(either_hub, 6, camera_id="ramp")
    found = {line.key[2]: line.precision for line in figures(either_hub).rules}
    assert found == {"gate": 2 / 3, "bridge": 0.0, "ramp": None}


def test_a_day_whose_lead_is_decided_is_summed_anew(either_hub: HubWorld) -> None:
    put(either_hub, 1)
    assert figures(either_hub).total.counts["open"] == 1
    with either_hub.parts.database.write() as connection:
        connection.execute(sa.update(entries).values(state=State.FALSE_ALARM))
        mark_stale(connection, [TODAY], NOON_MS)
    assert read_figures(either_hub.parts, Span(TODAY, TODAY)).stale
    again = figures(either_hub)
    assert (again.total.counts["open"], again.total.counts["rejected"], again.stale) == (0, 1, False)


def test_a_day_that_changes_while_it_is_summed_is_summed_again(
    either_hub: HubWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(either_hub, 1)
    write = either_hub.parts.database.write

    @contextmanager
    def late() -> Iterator[Connection]:
        monkeypatch.setattr(either_hub.parts.database, "write", write)
        put(either_hub, 2)  # after the leads were read, before their sums are written
        with write() as connection:
            yield connection

    monkeypatch.setattr(either_hub.parts.database, "write", late)
    refresh(either_hub.parts)
    meanwhile = read_figures(either_hub.parts, Span(TODAY, TODAY))
    assert (meanwhile.total.leads, meanwhile.stale) == (1, True)
    again = figures(either_hub)
    assert (again.total.leads, again.stale) == (2, False)


def test_sums_by_day_offence_and_site(either_hub: HubWorld) -> None:
    put(either_hub, 1, at_ms=NOON_MS - 24 * HOUR_MS)
    put(either_hub, 2, offence="dangerous_goods", rule_id="DG-03")
    put(either_hub, 3, site_id="site-2")
    everything = figures(either_hub)
    assert [(line.key, line.leads) for line in everything.days] == [((str(TODAY - 1),), 1), ((str(TODAY),), 2)]
    assert [(line.key, line.leads) for line in everything.offences] == [
        (("overload",), 2),
        (("dangerous_goods",), 1),
    ]
    assert figures(either_hub, offence="overload").total.leads == 2
    assert figures(either_hub, site="site-2").total.leads == 1
    assert figures(either_hub, first=TODAY).total.leads == 2


_SPANS = [(0, 0), (3, 70), (-22, 8), (-22, 95), (9, 68), (8, 69), (-100, 200), (5, 5)]


@pytest.mark.parametrize(("first", "last"), _SPANS)
def test_rules_over_whole_months_and_parts_of_them(hub: HubWorld, first: int, last: int) -> None:
    """Day 0 is 2026-11-23, so December is 8 to 38 and January 39 to 69."""
    for number, day in enumerate(range(-30, 101, 3), start=1):
        put(hub, number, at_ms=NOON_MS + day * 24 * HOUR_MS, state=State.FILED if day % 2 else State.CLUE)
    while refresh(hub.parts):
        pass
    found = read_figures(hub.parts, Span(TODAY + first, TODAY + last))
    wanted = sum(1 for day in range(-30, 101, 3) if first <= day <= last)
    assert sum(line.leads for line in found.rules) == sum(line.leads for line in found.days) == wanted


def test_a_day_begins_at_local_midnight(hub: HubWorld) -> None:
    begin, end = bounds_ms(TODAY, ZoneInfo(ZONE))
    assert (NOON_MS - begin, end - NOON_MS) == (12 * HOUR_MS, 12 * HOUR_MS)
    put(hub, 1, at_ms=begin - 1)
    put(hub, 2, at_ms=begin)
    assert [line.leads for line in figures(hub).days] == [1, 1]


def test_times_are_told_within_five_per_cent(either_hub: HubWorld) -> None:
    for number in range(1, 101):
        put(either_hub, number, received_ms=NOON_MS + number * 1000, decided_ms=NOON_MS + number * 60_000)
    found = figures(either_hub)
    assert found.receipt.p50_ms == pytest.approx(50_000, rel=0.05)
    assert found.receipt.p95_ms == pytest.approx(95_000, rel=0.05)
    assert found.decision.p95_ms == pytest.approx(95 * 60_000, rel=0.05)
    assert found.decision_by_day[TODAY].count == 100


@given(st.lists(st.integers(1, 10**11), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_quantile_from_buckets_is_near_the_true_one(elapsed: list[int], share: float) -> None:
    buckets: dict[int, int] = {}
    for one in elapsed:
        buckets[bucket_of(one)] = buckets.get(bucket_of(one), 0) + 1
    ranked = sorted(elapsed)
    true = ranked[max(0, -int(-share * len(ranked) // 1) - 1)]
    assert quantile_ms(buckets, share) == pytest.approx(true, rel=0.055)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_day_and_its_number_are_one(day: date) -> None:
    assert date_of(day_number(day)) == day


def test_each_state_has_an_outcome() -> None:
    assert {outcome_of(state) for state in State} == {
        "open",
        "confirmed",
        "filed",
        "rejected",
        "duplicate",
        "police",
        "warned",
    }


@pytest.fixture
def decided(hub: HubWorld) -> HubWorld:
    """A hub with a day's work."""
    for number, state in enumerate((State.FILED, State.FALSE_ALARM, State.CLUE), start=1):
        put(hub, number, state, decided_ms=None if state == State.CLUE else NOON_MS + HOUR_MS)
    refresh(hub.parts)
    return hub


@pytest.mark.parametrize("chart", ["by_day", "by_offence", "precision", "decision_time"])
def test_charts_are_pictures_without_scripts(decided: HubWorld, chart: str) -> None:
    answer = decided.client(decided.user(Role.REVIEWER)).get(f"/figures/{chart}.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert b"<svg" in answer.content
    assert b"<script" not in answer.content
    assert not re.search(r"(href|src)=\"(?!#)|url\((?!#)|@import", answer.text)


def test_the_csv_has_a_line_per_rule_and_camera_and_no_formula(decided: HubWorld) -> None:
    put(decided, 9, rule_id="=1+1", camera_id="-x")
    refresh(decided.parts)
    text = decided.client(decided.user(Role.AUDITOR)).get("/figures.csv").content.decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0].startswith("rule,site,camera,leads,open,confirmed")
    assert "OL-01,site-1,gate,3,1,0,1,1,0,0,0,0.5000" in lines
    assert any(line.startswith("'=1+1,site-1,'-x,1") for line in lines)


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-11-31",
        "from=x",
        "from=2026-11-25&to=2026-11-01",
        "to=0001-01-01",
        "from=0001-01-01",
        "to=9999-12-31",
    ],
)
def test_wrong_days_are_refused_with_words(decided: HubWorld, query: str) -> None:
    answer = decided.client(decided.user(Role.REVIEWER)).get(f"/figures?{query}")
    assert answer.status_code == 422


def test_the_page_is_for_those_who_may_see_figures(decided: HubWorld) -> None:
    assert decided.client(decided.user(Role.UNIT)).get("/figures").status_code == 403
    assert decided.client().get("/figures").status_code == 303
