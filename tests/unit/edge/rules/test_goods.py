"""Dangerous goods: signs, register and leave."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from detector.facts import Proof, unknown
from detector.shots import Shot
from edge.registry.entries import Permit
from edge.rules.cases import Case
from edge.rules.goods_places import DangerousStopRule, Days
from edge.rules.known import Known
from tests.unit.edge.rules.knowing import (
    RULES,
    case,
    fired,
    firing,
    judged,
    passes,
    suspected_by_knowing_less,
    with_entry,
    with_permit,
    written_cases,
)

TANKER: dict[str, Any] = {
    "vehicle_class": "tank_truck",
    "sides_seen": {"rear": 4, "left": 3},
    "registry": {"vehicle": {"use_nature": "R"}, "permits": [{"kind": "dangerous_goods"}]},
}
IN_TUNNEL = [{"purpose": "no_dangerous_goods", "title": "茫荡山隧道", "seconds": 5}]


@given(passes)
def test_a_valid_permit_for_dangerous_goods_is_no_missing_one(known: Known) -> None:
    assert "DG-02" not in firing(with_permit(known, Permit("dangerous_goods"))) or known.registry.entry is None


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in written_cases("goods")])
def test_who_knows_less_of_a_case_suspects_no_more(case: Case) -> None:
    assert not suspected_by_knowing_less(case.given.known())


@given(passes)
def test_leave_never_closes_a_section(known: Known) -> None:
    entry = known.registry.entry
    leave = ("茫荡山隧道", "泉州湾大桥", "河南高速公路危险货物限行", "广东高速公路危险货物限行")
    free = (
        known if entry is None else with_entry(known, permits=tuple(replace(p, sections=leave) for p in entry.permits))
    )

    assert firing(free).keys() <= firing(known).keys()


@given(passes)
def test_an_empty_panel_speaks_of_no_goods(known: Known) -> None:
    panel = known.facts.panel
    if panel.sure and panel.value is not None and not panel.value.un:
        assert not firing(known).keys() & {"DG-04", "DG-07"}


def test_a_panel_that_cannot_be_read_is_no_missing_sign() -> None:
    bare = case(**TANKER)
    seen: Any = unknown("there is a panel, but it was only read as 3-/12--")
    dirty = replace(bare, facts=replace(bare.facts, panel=replace(seen, proof=Proof(Shot.__new__(Shot)))))

    assert judged(bare, "DG-01").outcome == "fires"
    assert judged(dirty, "DG-01").outcome == "holds off"


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, "medium"),
        ({"plate": {"text": "闽H34468", "type": "01", "sure": False}}, "low"),
        ({"registry": {"vehicle": {"use_nature": "R"}, "stale": True}}, "low"),
    ],
)
def test_a_doubt_about_plate_or_register_makes_unsigned_goods_a_low_clue(changes: Any, level: str) -> None:
    assert fired(case(**TANKER | changes), "DG-01").level == level


def test_leave_that_no_register_holds_is_a_lower_clue_than_leave_that_one_holds_not() -> None:
    known = case(**TANKER, panel="33/1203", zones=IN_TUNNEL)
    absent = case(**TANKER | {"registry": {"answered": "absent"}}, panel="33/1203", zones=IN_TUNNEL)

    assert fired(known, "DG-03").level == "high"
    assert fired(absent, "DG-03").level == "low"


def test_the_act_in_a_closed_zone_is_the_stay_in_it() -> None:
    zones = [{"purpose": "no_dangerous_goods", "zone": "tunnel", "title": "茫荡山隧道", "from_s": 5, "seconds": 2}]
    finding = fired(case(**TANKER, panel="33/1170", zones=zones), "DG-03")

    assert (finding.zone, finding.from_s, finding.proven_s) == ("tunnel", 5.0, 7.0)
    assert "茫荡山隧道" in finding.summary
    assert {(f.name, f.value) for f in finding.facts} >= {("closed_section", "茫荡山隧道"), ("panel_un", "1170")}


def test_pictures_of_a_stop_need_ten_seconds_between_them() -> None:
    rule = RULES["DG-06"]
    short = rule.model_dump() | {"least_stop": {"value": 9, "unit": "s", "source": "operator"}}

    with pytest.raises(ValidationError, match="at least 10 s apart"):
        DangerousStopRule.model_validate(short)


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="last lies before first"):
        Days.model_validate({"name": "notice", "first": "2026-02-01", "last": "2026-01-31"})
