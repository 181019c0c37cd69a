"""How strongly a look supports a suspicion, and what it asks for."""

from pathlib import Path
from typing import Any

import pytest

from edge.rules import Finding, judge, load_book
from edge.rules.given import Given

BOOK = load_book(Path(__file__).resolve().parents[4] / "configs/rules")
TRUCK = {"vehicle_type": "H17", "axles": 3, "height_m": 3.0, "board_height_m": 1.5}
HIGH = {"value": 4.3, "low": 4.05, "high": 4.55}
AT_NIGHT = "2026-11-23T23:30:00+08:00"


def finding(rule_id: str, **fields: Any) -> Finding | None:
    return next((f for f in judge(Given.model_validate(fields).known(), BOOK) if f.rule.id == rule_id), None)


def level(rule_id: str, **fields: Any) -> str | None:
    found = finding(rule_id, **fields)
    return found.level if found else None


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({"load": "heaped"}, None),
        ({"load": "heaped", "plate_sought": {"rear": (3, 0)}}, "low"),
        ({"load": "heaped", "plate_sought": {"rear": (3, 1)}}, None),
        ({"load": "heaped", "axles": {"count": 2}, "registry": {"vehicle": TRUCK}}, "low"),
        ({"load": "heaped", "height_m": HIGH}, "low"),
        ({"load": "heaped", "raised_boards": True}, "medium"),
        ({"load": "heaped", "axles": {"count": 2, "lifted": 1}}, "medium"),
        ({"load": "heaped", "raised_boards": True, "height_m": HIGH}, "high"),
        ({"load": "level", "raised_boards": True}, None),
        ({"load": "level", "raised_boards": True, "axles": {"count": 2, "lifted": 1}}, "medium"),
        ({"load": "covered", "axles": {"count": 2, "lifted": 1}, "at": AT_NIGHT}, None),
        ({"load": "level", "axles": {"count": 2, "lifted": 1}, "at": AT_NIGHT}, "low"),
    ],
)
def test_the_more_marks_come_together_the_stronger_is_the_suspicion_of_overload(
    marks: dict[str, Any], expected: str | None
) -> None:
    assert level("OL-04", **marks) == expected


def test_a_look_asks_for_a_weighing_and_never_makes_good_evidence() -> None:
    found = finding("OL-04", load="heaped", raised_boards=True)

    assert found is not None
    assert found.summary == "疑似超限超载：货物高出栏板、栏板疑似加高；建议拦检称重"
    assert [(c.what, c.met) for c in found.conditions] == [("was weighed", False)]


@pytest.mark.parametrize(
    ("height", "load", "expected"),
    [
        (None, "level", "low"),
        ({"value": 3.4, "low": 3.11, "high": 3.7}, "level", "medium"),
        ({"value": 3.4, "low": 3.11, "high": 3.7}, "heaped", "low"),
        ({"value": 3.3, "low": 3.09, "high": 3.5}, "empty", "low"),
        ({"value": 2.9, "low": 2.8, "high": 3.0}, "empty", None),
    ],
)
def test_raised_boards_are_surer_where_the_vehicle_is_higher_than_registered(
    height: dict[str, float] | None, load: str, expected: str | None
) -> None:
    fields = {"raised_boards": True, "load": load, "height_m": height, "registry": {"vehicle": TRUCK}}

    assert level("LD-02", **fields) == expected


def test_registered_height_of_boards_goes_along_for_who_measures_them() -> None:
    found = finding("LD-02", raised_boards=True, registry={"vehicle": TRUCK})

    assert found is not None
    assert "登记栏板高 1.5 m" in found.summary


@pytest.mark.parametrize(
    ("weighed", "expected"),
    [
        (None, "low"),
        ({"total_kg": 34_000, "axle_count": 4}, "medium"),
        ({"total_kg": 34_000, "axle_count": 4, "certified": False}, "low"),
        ({"total_kg": 20_000, "axle_count": 4}, None),
    ],
)
def test_a_lifted_axle_is_surest_where_the_scale_says_that_it_is_heavy(
    weighed: dict[str, Any] | None, expected: str | None
) -> None:
    axles = {"count": 4, "pattern": "1+1+2", "lifted": 1}

    assert level("LD-03", axles=axles, load="level", weighed=weighed) == expected


def test_size_by_a_profiler_is_surer_than_by_a_camera() -> None:
    record = {"total_kg": 9_000, "axle_count": 2, "height_mm": 4_300, "error_mm": 20}

    assert level("SZ-01", height_m=HIGH) == "low"
    assert level("SZ-01", weighed=record) == "medium"


def test_until_march_2022_points_went_by_the_rated_load() -> None:
    registry = {"vehicle": {"vehicle_type": "H17", "axles": 2, "max_mass_kg": 16_000, "kerb_mass_kg": 6_000}}
    weighed = {"total_kg": 20_000, "axle_count": 2}
    before = finding("OL-02", at="2022-03-31T23:00:00+08:00", weighed=weighed, registry=registry)
    after = finding("OL-02", at="2022-04-01T00:00:00+08:00", weighed=weighed, registry=registry)

    assert before is not None
    assert after is not None
    told = [{f.name: f.value for f in found.facts} for found in (before, after)]
    assert [(t["over_kg"], t["over_percent"], t["points_by_law"]) for t in told] == [(3000, 30, 6), (3000, 18.75, 1)]


def test_an_old_register_supports_a_suspicion_of_over_mass_only() -> None:
    registry = {"vehicle": {"axles": 2, "max_mass_kg": 16_000}}
    weighed = {"total_kg": 20_000, "axle_count": 2}

    assert level("OL-02", weighed=weighed, registry=registry) == "high"
    assert level("OL-02", weighed=weighed, registry={**registry, "stale": True}) == "low"
