"""Passenger transport: what the register does not tell is no offence, and a guest who is fetched is no fare."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.registry.entries import Lookup, Permit
from edge.rules.cases import Case
from edge.rules.known import Known, PastPass
from edge.rules.passenger import NoPermitRule
from edge.rules.shuttle import moments, shuttle
from tests.unit.edge.rules.knowing import (
    LESS,
    RULES,
    SHUTTLE,
    case,
    fired,
    firing,
    judged,
    passes,
    suspected_by_knowing_less,
    with_permit,
    written_cases,
)

RULE = RULES["NP-01"]
assert isinstance(RULE, NoPermitRule)
TERMS = RULE.behaviour.shuttle
PRIVATE: dict[str, Any] = {
    "vehicle_class": "van",
    "plate": {"text": "闽H6T283", "type": "02"},
    "stops": [11],
    "boarded": 2,
    "registry": {"vehicle": {"use_nature": "A"}},
}
SILENT: st.SearchStrategy[Lookup[Any]] = st.sampled_from(
    [Lookup("not_asked"), Lookup("unreachable"), Lookup("absent"), Lookup("absent", stale=True)]
)


@given(passes, SILENT)
def test_a_register_that_tells_nothing_proves_no_missing_permit(known: Known, registry: Lookup[Any]) -> None:
    found = firing(replace(known, registry=registry))

    assert not found.keys() & {"NP-01", "NP-02", "NP-03", "NP-09", "DG-02", "PL-04"}


@given(passes)
def test_who_knows_less_suspects_no_more(known: Known) -> None:
    assert not suspected_by_knowing_less(known)


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in written_cases("passenger")])
def test_who_knows_less_of_a_case_suspects_no_more(case: Case) -> None:
    assert not suspected_by_knowing_less(case.given.known())


@given(passes, st.sampled_from(["scheduled", "charter", "tourist", "taxi", "ride_hailing"]))
def test_a_valid_permit_makes_no_lead_about_permits_appear(known: Known, kind: Any) -> None:
    more = firing(with_permit(known, Permit(kind, "1", scope=("3507",)))).keys() - firing(known).keys()

    assert not more & {"NP-01", "NP-02", "NP-03", "NP-04", "NP-07", "NP-09"}
    assert not firing(with_permit(known, Permit(kind))).keys() & {"NP-09"} or known.registry.entry is None


@given(passes)
def test_every_lead_is_a_suspicion_and_names_no_vehicle(known: Known) -> None:
    for finding in firing(known).values():
        told = finding.summary + str(finding.facts)

        assert finding.summary.startswith("疑似")
        assert known.identity is None or known.identity.plate not in told
        assert known.first_s <= finding.from_s <= finding.proven_s <= known.last_s


@given(passes)
def test_a_plate_read_with_doubt_makes_low_clues_alone(known: Known) -> None:
    doubted = LESS["sure identity"](known)

    levels = {rule: f.level for rule, f in firing(doubted).items() if doubted.identity is not None}

    # These rest on what was seen, and not on who it was.
    assert all(level == "low" for rule, level in levels.items() if rule not in {"NP-11", "DG-08"})


def test_a_shuttle_with_people_seen_to_get_on_counts_more_than_one_without() -> None:
    seen = case(**PRIVATE, history=SHUTTLE)
    unseen = replace(seen, boardings=(), history=tuple(replace(p, boarded=0) for p in seen.history))

    assert fired(seen, "NP-01").level == "medium"
    assert fired(seen, "NP-03").level == "medium"
    assert fired(unseen, "NP-03").level == "low"


def test_boardings_on_earlier_passes_without_a_shuttle_are_a_low_clue() -> None:
    past = [{"days": [1, 2], "daily": ["08:00", "11:00", "16:00"], "boarded": 2}]

    assert fired(case(**PRIVATE, history=past), "NP-01").level == "low"


def test_the_act_is_the_stop_at_which_people_got_on() -> None:
    finding = fired(case(**PRIVATE, history=SHUTTLE), "NP-01")

    assert (finding.from_s, finding.proven_s) == (0.0, 11.0)
    assert "停车时 2 人上下车" in finding.summary
    assert "往返于医院、客运枢纽" in finding.summary


def test_a_report_tells_what_the_grade_hangs_on() -> None:
    old = {**PRIVATE, "registry": {"vehicle": {"use_nature": "A"}, "stale": True}}

    met = {c.what: c.met for c in fired(case(**old, history=SHUTTLE), "NP-03").conditions}

    assert met == {"plate read without doubt": True, "register has answered with fresh data": False}


def test_passes_of_a_day_are_counted_on_the_local_clock() -> None:
    """23:50 UTC is 07:50 of the next day in Shanghai."""
    known = case(at=datetime(2026, 11, 23, 23, 50, tzinfo=UTC), history=[{"at": "2026-11-23T15:59:00Z"}])

    assert [(m.days_ago, m.second // 60) for m in moments(known, 7)] == [(1, 23 * 60 + 59), (0, 7 * 60 + 50)]


@pytest.mark.parametrize(
    ("daily", "counted"),
    [
        ("ABAB", 4),
        ("AABB", 2),
        ("ABBA", 3),
        ("A", 1),
        ("AAAA", 1),
    ],
)
def test_a_pass_counts_at_another_hub_than_the_last(daily: str, counted: int) -> None:
    day = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
    past = [PastPass(day + timedelta(hours=i), "here", hub, hub) for i, hub in enumerate(daily)]
    known = replace(case(), history=tuple(reversed(past)))

    assert shuttle(moments(known, 7), TERMS).busiest == counted


@given(st.lists(st.tuples(st.integers(0, 9 * 24 * 60), st.sampled_from("AB")), max_size=60))
def test_fewer_passes_never_make_a_shuttle(trail: list[tuple[int, str]]) -> None:
    now = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    past = [PastPass(now - timedelta(minutes=m), "here", hub, hub) for m, hub in sorted(trail)]
    known = replace(case(at=now), history=tuple(past))

    for i in range(len(past)):
        fewer = replace(known, history=(*past[:i], *past[i + 1 :]))
        assert shuttle(moments(known, 7), TERMS).met or not shuttle(moments(fewer, 7), TERMS).met


def test_where_the_register_is_asked_later_nothing_is_said_yet() -> None:
    waiting = replace(case(**PRIVATE, history=SHUTTLE), registry=Lookup("not_asked"))

    assert judged(waiting, "NP-01").outcome == "unknown"
