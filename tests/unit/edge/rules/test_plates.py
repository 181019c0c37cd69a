"""Plates: what is missing, what is at two places, what is on record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge.registry.entries import Lookup
from edge.rules.cases import Case
from edge.rules.known import Known, PastPass
from edge.rules.plates import ClonedPlateRule
from tests.unit.edge.rules.knowing import (
    LESS,
    RULES,
    case,
    fired,
    firing,
    judged,
    passes,
    suspected_by_knowing_less,
    written_cases,
)

CLONE = RULES["PL-03"]
assert isinstance(CLONE, ClonedPlateRule)
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@given(passes)
def test_a_clone_is_told_of_a_sure_plate_alone(known: Known) -> None:
    assert "PL-03" not in firing(LESS["sure identity"](known))
    assert "PL-03" not in firing(LESS["identity"](known))


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in written_cases("plates")])
def test_who_knows_less_of_a_case_suspects_no_more(case: Case) -> None:
    assert not suspected_by_knowing_less(case.given.known())


@given(passes, st.sampled_from([Lookup("not_asked"), Lookup("unreachable"), Lookup("absent")]))
def test_a_register_that_does_not_hold_a_vehicle_says_nothing_of_its_state(known: Known, answer: Lookup[Any]) -> None:
    assert "PL-02" not in firing(replace(known, registry=answer, trailer_registry=answer))


def test_a_state_that_no_register_knows_is_refused() -> None:
    rule = RULES["PL-02"]

    with pytest.raises(ValidationError, match="X: no state of a vehicle"):
        type(rule).model_validate(rule.model_dump() | {"urgent": "CX"})


@given(st.floats(0, 600), st.floats(0, 11))
def test_a_clone_needs_a_speed_that_no_road_allows(distance_km: float, hours: float) -> None:
    past = PastPass(NOW - timedelta(hours=hours), "neighbour", "建瓯", distance_km=distance_km)

    fires = judged(replace(case(at=NOW), history=(past,)), "PL-03").outcome == "fires"

    assert not fires or (distance_km >= 10 and distance_km / (hours + 120 / 3600) > 179)
    assert fires or distance_km < 10 or distance_km / (hours + 120 / 3600) < 181


def test_a_pass_that_the_neighbour_tells_late_counts_as_well() -> None:
    later = PastPass(NOW + timedelta(minutes=5), "neighbour", "建瓯", distance_km=80)

    assert judged(replace(case(at=NOW), history=(later,)), "PL-03").outcome == "fires"


def test_a_clone_tells_where_the_other_was() -> None:
    finding = fired(case(history=[{"hours_ago": 0.25, "place": "建瓯", "site": "n", "distance_km": 80}]), "PL-03")

    assert "15 分钟前" in finding.summary
    assert "80 km 外的建瓯" in finding.summary


@pytest.mark.parametrize(
    ("given_", "level"),
    [
        ({"plate": None, "plate_sought": {"front": [3, 0], "rear": [3, 0]}}, "medium"),
        ({"plate": None, "plate_sought": {"rear": [9, 0]}}, "low"),
        ({"plate_sought": {"front": [3, 3], "rear": [3, 0]}}, "low"),
    ],
)
def test_a_vehicle_bare_at_both_ends_is_a_stronger_clue_than_at_one(given_: dict[str, Any], level: str) -> None:
    assert fired(case(**given_), "PL-01").level == level


@pytest.mark.parametrize(
    ("registry", "sure", "level"),
    [
        ({"vehicle": {"state": "C"}}, True, "high"),
        ({"vehicle": {"state": "C"}}, False, "low"),
        ({"vehicle": {"state": "C"}, "stale": True}, True, "low"),
        ({"vehicle": {"state": "Q"}}, True, "medium"),
        ({"vehicle": {"state": "A", "inspection_valid_to": "2026-01-31"}}, True, "medium"),
        ({"vehicle": {"state": "QC"}}, True, "high"),
    ],
)
def test_a_stolen_vehicle_is_urgent_and_an_overdue_inspection_is_not(
    registry: dict[str, Any], sure: bool, level: str
) -> None:
    known = case(plate={"text": "闽H31782", "sure": sure}, registry=registry)

    assert fired(known, "PL-02").level == level


@pytest.mark.parametrize(
    ("watched", "level"),
    [
        ([{"colour": "red"}], "high"),
        ([{"colour": "orange"}], "medium"),
        ([{"colour": "blue"}], "low"),
        ([{"colour": "red", "exact": False}], "low"),
        ([{"colour": "red", "exact": False}, {"colour": "orange"}], "medium"),
        ([{"colour": "blue"}, {"colour": "orange"}], "medium"),
    ],
)
def test_a_watch_counts_by_its_colour_and_one_that_is_not_exact_is_a_clue(watched: Any, level: str) -> None:
    finding = fired(case(watched=watched), "WL-01")

    assert finding.level == level
    assert "多次超限" in finding.summary
    assert (finding.conditions[0].met is True) == any(w.get("exact", True) for w in watched)
