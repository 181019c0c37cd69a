"""What a vehicle may weigh: unknown things are read in the driver's favour, whatever is known and not known."""

import math
import re
import timeit
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.registry.entries import Permit
from edge.rules import Finding, Known, judge, load_book
from edge.rules.given import Given
from edge.rules.known import Place
from edge.rules.limits import AxleRow, Carrier, PostedLimit, RoadLimits, road_limit
from edge.rules.mass import mass_of
from edge.rules.numbers import Quantity
from edge.rules.weight import OverLimitRule

RULES = Path(__file__).resolve().parents[4] / "configs/rules"
BOOK = load_book(RULES)
LOADS = BOOK.with_rules([rule for rule in BOOK.rules if rule.id[:2] in ("OL", "SZ", "LD")])
OL_01 = next(rule for rule in BOOK.rules if isinstance(rule, OverLimitRule))
TABLE = OL_01.limits
ON_BRIDGE = Place("here", "camera", road_code="G316", stake_km=120.5)
BRIDGE = PostedLimit(
    name="某大桥",
    road_code="G316",
    from_km=120.1,
    to_km=120.9,
    limit=Quantity(value=30_000, unit="kg", source="test"),
)
POSTED = TABLE.model_copy(update={"posted": (BRIDGE,)})

maybe = st.sampled_from([None, False, True])
permits = st.builds(lambda kg: Permit("oversize", max_mass_kg=kg), st.one_of(st.none(), st.floats(20_000, 200_000)))
carriers = st.builds(
    Carrier,
    axles=st.integers(1, 12),
    combination=maybe,
    drive_axles=st.sampled_from([None, 1, 2, 3]),
    single_tyres=maybe,
    exempt=st.sampled_from(["", "refrigerated"]),
    by_register=st.booleans(),
    registered_kg=st.one_of(st.none(), st.floats(1_000, 60_000)),
    permits=st.lists(permits, max_size=2).map(tuple),
    place=st.sampled_from([Place("", ""), ON_BRIDGE]),
)


def allowed(carrier: Carrier) -> float:
    """The limit in kg; infinite where there is none, or none that is known."""
    kg = road_limit(POSTED, carrier).kg
    return math.inf if kg is None else kg


def changed(carrier: Carrier, **fields: Any) -> Carrier:
    return Carrier(**{name: getattr(carrier, name) for name in Carrier.__slots__} | fields)


@given(carriers)
def test_the_limit_never_falls_when_an_axle_is_added(carrier: Carrier) -> None:
    counts = [allowed(changed(carrier, axles=n)) for n in range(2, 13)]

    assert all(fewer <= more for fewer, more in pairwise(counts))


@given(carriers)
def test_what_is_unknown_never_gives_a_lower_limit_than_any_answer_would(carrier: Carrier) -> None:
    for name, answers in (("combination", (False, True)), ("drive_axles", (1, 2, 3)), ("single_tyres", (False, True))):
        unknown = allowed(changed(carrier, **{name: None}))
        assert all(allowed(changed(carrier, **{name: answer})) <= unknown for answer in answers), name
    if carrier.by_register:
        assert allowed(carrier) <= allowed(changed(carrier, registered_kg=None))


@given(carriers, permits)
def test_a_permit_never_lowers_the_limit(carrier: Carrier, permit: Permit) -> None:
    assert allowed(carrier) <= allowed(changed(carrier, permits=(*carrier.permits, permit)))


@pytest.mark.parametrize(
    ("carrier", "kg"),
    [
        (Carrier(2), 18_000),
        (Carrier(3, combination=False), 25_000),
        (Carrier(3, combination=True), 27_000),
        (Carrier(3), 27_000),
        (Carrier(4, combination=False), 31_000),
        (Carrier(4, combination=True), 36_000),
        (Carrier(5, combination=True), 43_000),
        (Carrier(5, combination=False), 43_000),
        (Carrier(6, combination=True, drive_axles=2), 49_000),
        (Carrier(6, combination=True, drive_axles=1), 46_000),
        (Carrier(6, combination=True), 49_000),
        (Carrier(9, combination=True), 49_000),
        (Carrier(6, combination=True, single_tyres=True), 46_000),
        (Carrier(1), None),
        (Carrier(2, exempt="refrigerated"), None),
        (Carrier(2, by_register=True), None),
        (Carrier(2, by_register=True, registered_kg=4_500), 4_500),
    ],
)
def test_limits_of_the_shipped_table(carrier: Carrier, kg: float | None) -> None:
    assert road_limit(TABLE, carrier).kg == kg


def test_unknown_driven_axles_are_said_with_the_lower_limit_they_may_mean() -> None:
    assert "46 t" in "".join(road_limit(TABLE, Carrier(6, combination=True)).notes)


def test_a_posted_limit_holds_on_its_section_even_for_the_exempt() -> None:
    crane = Carrier(3, exempt="special_work", place=ON_BRIDGE)

    assert road_limit(POSTED, crane).kg == 30_000
    assert (
        road_limit(POSTED, changed(crane, place=Place("here", "camera", road_code="G316", stake_km=121.0))).kg is None
    )
    assert road_limit(POSTED, changed(crane, place=Place("here", "camera", road_code="G316"))).kg is None


def test_a_posted_limit_may_hold_in_one_direction() -> None:
    up = BRIDGE.model_copy(update={"direction": "上行"})
    place = Place("here", "camera", road_code="G316", stake_km=120.5, direction="下行")

    assert BRIDGE.holds_at(place)
    assert not up.holds_at(place)


def test_a_table_whose_limits_fall_is_refused() -> None:
    light = AxleRow(axles=4, combination=False, limit=Quantity(value=20_000, unit="kg", source="test"))
    rows = {**TABLE.rows, "truck_4": light}

    with pytest.raises(ValueError, match="a limit falls where an axle is added"):
        RoadLimits.model_validate({**TABLE.model_dump(), "rows": {k: r.model_dump() for k, r in rows.items()}})


def test_a_table_that_has_no_row_for_a_number_of_axles_is_refused() -> None:
    rows = {name: row.model_dump() for name, row in TABLE.rows.items() if row.axles != 5}

    with pytest.raises(ValueError, match="no row holds for 5 axles"):
        RoadLimits.model_validate({**TABLE.model_dump(), "rows": rows})


# Whole passes, as a case file would give them.

registries = st.one_of(
    st.just({"answered": "unreachable"}),
    st.fixed_dictionaries(
        {
            "vehicle": st.fixed_dictionaries(
                {},
                optional={
                    "vehicle_type": st.sampled_from(["H17", "Q11", "H51", "Z11", "K11"]),
                    "axles": st.integers(2, 4),
                    "drive_axles": st.integers(1, 2),
                    "max_mass_kg": st.integers(3_000, 40_000),
                    "train_mass_kg": st.integers(30_000, 60_000),
                    "height_m": st.floats(2, 4),
                    "exempt": st.sampled_from([(), ("refrigerated",), ("special_work",)]),
                },
            )
        }
    ),
)
sizes = st.builds(lambda v, e: {"value": v, "low": v - e, "high": v + e}, st.floats(2, 25), st.floats(0, 1))
weighings = st.fixed_dictionaries(
    {"total_kg": st.floats(0, 120_000)},
    optional={
        "axle_count": st.integers(2, 8),
        "scale_class": st.sampled_from([None, "0.2", "2", "5", "10", "unheard of"]),
        "certified": maybe,
        "confidence": st.floats(0, 1),
        "straddling": maybe,
        "alongside": maybe,
        "escape": maybe,
        "height_mm": st.floats(2_000, 6_000),
        "error_mm": st.floats(0, 100),
    },
)
passes = st.fixed_dictionaries(
    {"seconds": st.floats(0.5, 30)},
    optional={
        "vehicle_class": st.sampled_from(["truck", "tank_truck", "three_wheeler"]),
        "plate": st.sampled_from([None, {"text": "闽H31782"}, {"text": "闽H31782", "sure": False}]),
        "trailer_plate": st.just({"text": "闽H1234挂", "type": "15"}),
        "axles": st.fixed_dictionaries(
            {"count": st.integers(2, 7), "lifted": st.integers(0, 2), "sure": st.booleans()}
        ),
        "load": st.sampled_from(["empty", "level", "heaped", "covered"]),
        "raised_boards": st.booleans(),
        "length_m": sizes,
        "width_m": sizes,
        "height_m": sizes,
        "registry": registries,
        "plate_sought": st.just({"rear": (5, 0)}),
    },
)


def known(**fields: Any) -> Known:
    return Given.model_validate(fields).known()


def found(**fields: Any) -> tuple[Finding, ...]:
    return judge(known(**fields), LOADS)


@settings(max_examples=150, deadline=None)
@given(passes, weighings)
def test_what_is_found_is_over_and_no_heavier_than_measured(seen: dict[str, Any], weighed: dict[str, Any]) -> None:
    weighing = known(**seen, weighed=weighed).weighing
    assert weighing is not None
    assert mass_of(weighing, OL_01.scale).effective_kg <= round(weighing.record.total_kg, 1)
    for finding in found(**seen, weighed=weighed):
        facts = {fact.name: fact.value for fact in finding.facts}
        if finding.rule.id in ("OL-01", "OL-02"):
            assert float(facts["over_kg"]) > 0
            limit = facts.get("limit_kg", facts.get("registered_mass_kg", 0))
            assert float(facts["mass_effective_kg"]) > float(limit)


@settings(max_examples=150, deadline=None)
@given(passes)
def test_no_mass_is_told_of_what_was_not_weighed(seen: dict[str, Any]) -> None:
    for finding in found(**seen):
        assert not [fact.name for fact in finding.facts if fact.unit == "kg" or "mass" in fact.name]
        assert not re.search(r"\d\s*(t\b|kg|吨)", finding.summary), finding.summary


@settings(max_examples=60, deadline=None)
@given(passes, weighings, st.floats(3, 60), st.one_of(st.none(), st.floats(1_000, 200_000)))
def test_a_permit_never_makes_a_finding_of_size_or_road_limit_appear(
    seen: dict[str, Any], weighed: dict[str, Any], size: float, mass: float | None
) -> None:
    permit = {"kind": "oversize", "max_mass_kg": mass, "length_m": size, "height_m": size}
    without = seen.get("registry", {}).get("vehicle", {})
    before = found(**{**seen, "registry": {"vehicle": without}}, weighed=weighed)
    after = found(**{**seen, "registry": {"vehicle": without, "permits": [permit]}}, weighed=weighed)

    for rule_id in ("OL-01", "OL-02", "SZ-01"):
        assert (rule_id in {f.rule.id for f in after}) <= (rule_id in {f.rule.id for f in before})


@settings(max_examples=100, deadline=None)
@given(passes, weighings)
def test_a_scale_that_is_not_surely_in_order_makes_a_suspicion_only(
    seen: dict[str, Any], weighed: dict[str, Any]
) -> None:
    for finding in found(**seen, weighed={**weighed, "certified": None}):
        if finding.rule.id in ("OL-01", "OL-02"):
            assert finding.level == "low"
            assert "仅作嫌疑，须复称" in finding.summary
            assert not all(condition.met for condition in finding.conditions)
            assert "fine_by_law" not in {fact.name for fact in finding.facts}


def overweight(**weighed: Any) -> Finding:
    fields = {"total_kg": 60_000, "axle_count": 6, "plate": "闽H31782", **weighed}
    registry = {"vehicle": {"vehicle_type": "Q11", "axles": 3, "drive_axles": 2}}
    trailer = {"text": "闽H1234挂", "type": "15"}
    return next(f for f in found(weighed=fields, registry=registry, trailer_plate=trailer) if f.rule.id == "OL-01")


def test_a_weighing_in_order_meets_every_condition_of_grade_a_that_is_known_when_judging() -> None:
    finding = overweight()

    assert finding.level == "high"
    assert [c.what for c in finding.conditions if not c.met] == []


@pytest.mark.parametrize(
    ("weighed", "unmet"),
    [
        ({"certified": False}, "certificate of the scale is valid"),
        ({"straddling": None}, "did not straddle lanes"),
        ({"alongside": True}, "no other vehicle was beside it"),
        ({"announced": None}, "point was made public"),
        ({"scale_class": None}, "class of the scale is known"),
        ({"plate": "闽H31783"}, "plate is the same on head and scale"),
        ({"plate": None}, "plate is the same on head and scale"),
    ],
)
def test_each_fault_of_a_weighing_is_named_as_what_keeps_it_from_grade_a(weighed: dict[str, Any], unmet: str) -> None:
    assert [c.what for c in overweight(**weighed).conditions if not c.met] == [unmet]


@pytest.mark.parametrize(
    ("total_kg", "over_kg", "fine"),
    [(52_600, 970, "警告"), (53_700, 2_015, 1_000), (54_600, 2_870, 1_000), (200_000, 141_000, 30_000)],
)
def test_the_fine_named_by_law_is_a_warning_then_five_hundred_a_tonne_up_to_a_cap(
    total_kg: float, over_kg: float, fine: object
) -> None:
    facts = {fact.name: fact.value for fact in overweight(total_kg=total_kg).facts}

    assert facts["over_kg"] == pytest.approx(over_kg)
    assert facts["fine_by_law"] == fine


@pytest.mark.parametrize(("over", "points"), [(0.29, 1), (0.30, 3), (0.49, 3), (0.50, 6)])
def test_points_go_by_bands_of_the_registered_mass(over: float, points: int) -> None:
    registry = {"vehicle": {"vehicle_type": "H17", "axles": 2, "max_mass_kg": 10_000}}
    weighed = {"total_kg": 10_000 * (1 + over) / 0.95, "axle_count": 2}
    facts = {fact.name: fact.value for f in found(weighed=weighed, registry=registry) for fact in f.facts}

    assert facts["points_by_law"] == points


def test_each_rule_is_judged_in_less_than_a_millisecond() -> None:
    seen = known(
        weighed={"total_kg": 60_000, "axle_count": 6, "height_mm": 4_300, "error_mm": 50},
        registry={"vehicle": {"vehicle_type": "Q11", "axles": 2, "max_mass_kg": 18_000, "train_mass_kg": 49_000}},
        trailer_plate={"text": "闽H1234挂", "type": "15"},
        axles={"count": 6, "lifted": 1},
        load="heaped",
        raised_boards=True,
        height_m={"value": 4.3, "low": 4.2, "high": 4.4},
    )
    for rule in LOADS.rules:
        assert min(timeit.repeat(lambda rule=rule: rule.judge(seen), number=1, repeat=20)) < 1e-3, rule.id  # type: ignore[misc]
