"""Signs of dangerous goods: what they say, and whether panel, diamonds and waybill tell of the same goods."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from detector.dangerous_goods import Goods, GoodsTable, compare, diamond_facts, panel_fact
from detector.detections import Box
from detector.facts import Fact, Facts, Panel
from detector.second_look import SecondLook
from detector.sign import Sign
from tests.unit.detector.views import Finder, Reader, passage, shot, sign

SHIPPED = Path(__file__).resolve().parents[3] / "configs/un-numbers.yaml"
TABLE = GoodsTable(
    version=date(2026, 11, 25),
    source="test",
    goods={
        "0027": Goods(name="黑火药", danger="1.1"),
        "1203": Goods(name="车用汽油", danger="3", hazards=("33",)),
        "1230": Goods(name="甲醇", danger="3", also=("6.1",), hazards=("336",)),
        "1402": Goods(name="碳化钙", danger="4.3", hazards=("X423", "423")),
        "1972": Goods(name="冷冻液态甲烷", danger="2.1", hazards=("223",)),
        "1942": Goods(name="硝酸铵", danger="5.1"),
    },
)
PETROL = Panel("33", "1203")


def panel(text: str, score: float = 0.9) -> Sign:
    return sign(text, "panel", "orange", score=score)


def diamond(text: str, score: float = 0.9) -> Sign:
    return sign(text, "diamond", "", score=score)


def read(*signs: list[Sign], seen: tuple[tuple[str, Box, float], ...] = ()) -> Facts:
    views = [shot(float(i), (100, 100, 700, 500)) for i in range(len(signs))]
    return SecondLook(Finder(seen), Reader(*signs), TABLE).look(passage(views)).facts


def test_a_panel_read_in_two_shots_is_told() -> None:
    told = read([panel("33/1203")], [panel("33/1203")]).panel
    assert (told.value, told.shots, told.doubt) == (PETROL, 2, "")


def test_a_panel_that_warns_of_water_keeps_its_x() -> None:
    told = read([panel("X423/1402")], [panel("X423/1402")]).panel
    assert told.value == Panel("X423", "1402")


def test_an_empty_panel_is_a_fact_where_both_networks_see_a_panel() -> None:
    there = ("orange_panel", panel("/").box, 0.8)
    told = read([panel("/")], [panel("/")], seen=(there,)).panel
    assert (told.value, told.shots, told.doubt) == (Panel("", ""), 2, "")


def test_an_orange_thing_that_one_network_alone_takes_for_an_empty_panel_is_none() -> None:
    assert not read([panel("/")], [panel("/")]).panel.known


def test_a_panel_with_an_unread_digit_says_no_number() -> None:
    told = read([panel("33/12-3")], [panel("33/12-3")]).panel
    assert told.value is None
    assert told.proof is not None
    assert "33/12-3" in told.doubt


def test_a_panel_read_once_is_doubtful_and_settles_nothing() -> None:
    told = read([panel("33/1203"), diamond("3")], [])
    assert told.panel.value == PETROL
    assert not told.panel.sure
    assert not told.signs_agree.known


def test_signs_that_are_read_with_little_confidence_contradict_nothing() -> None:
    for signs in ([panel("33/1203", 0.5), diamond("8")], [panel("33/1203"), diamond("8", 0.5)]):
        told = read(signs, signs)
        assert not (told.panel.sure and told.diamonds[0].sure)
        assert not told.signs_agree.known


def test_every_class_of_diamond_is_told() -> None:
    told = read([diamond("3"), diamond("6.1")], [diamond("3")]).diamonds
    assert [(d.value, d.shots, bool(d.doubt)) for d in told] == [("3", 2, False), ("6.1", 1, True)]


@pytest.mark.parametrize(("text", "result"), [("3", "agree"), ("8", "disagree")])
def test_panel_and_diamond_of_one_vehicle_are_held_against_each_other(text: str, result: str) -> None:
    told = read(*[[panel("33/1203"), diamond(text)]] * 2).signs_agree
    assert (told.value, told.shots) == (result, 2)
    assert told.proof is not None


def test_no_sign_is_no_fact() -> None:
    nothing: Facts = read([], [])
    fact: Fact[Panel] = nothing.panel
    assert (fact.value, fact.proof) == (None, None)
    assert nothing.diamonds == ()
    assert (panel_fact([]).value, diamond_facts([])) == (None, ())


@pytest.mark.parametrize(
    ("panel", "diamonds", "waybill", "result"),
    [
        (PETROL, ["3"], None, "agree"),
        (PETROL, ["3"], "1203", "agree"),
        (PETROL, [], "1203", "agree"),
        (None, ["3"], "1203", "agree"),
        (PETROL, ["8"], None, "disagree"),
        (PETROL, ["3"], "1202", "disagree"),
        (Panel("30", "1203"), ["3"], None, "disagree"),
        (Panel("", ""), [], "1203", "disagree"),
        (Panel("336", "1230"), ["3", "6.1"], None, "agree"),
        (Panel("423", "1402"), ["4.3"], None, "agree"),
        (Panel("223", "1972"), ["2"], None, "agree"),
        (Panel("50", "1942"), ["5.1"], None, "agree"),
        (None, ["1.4"], "0027", "agree"),
        (None, ["3"], "0027", "disagree"),
        (Panel("336", "1230"), ["6.1"], None, None),
        (PETROL, [], None, None),
        (None, ["3"], None, None),
        (None, [], None, None),
        (Panel("", ""), ["3"], None, None),
        (Panel("33", "9999"), ["3"], None, None),
    ],
)
def test_what_is_missing_is_no_contradiction(
    panel: Panel | None, diamonds: list[str], waybill: str | None, result: str | None
) -> None:
    said = compare(panel, diamonds, TABLE, waybill)
    assert said.result == result
    assert said.why


def test_the_shipped_table_holds_what_is_common_on_the_roads() -> None:
    table = GoodsTable.model_validate(yaml.safe_load(SHIPPED.read_text(encoding="utf8")))
    assert len(table.goods) >= 60
    for un, danger, hazard in (
        ("1203", "3", "33"),
        ("1202", "3", "30"),
        ("1965", "2.1", "23"),
        ("1972", "2.1", "223"),
        ("1830", "8", "80"),
        ("1005", "2.3", "268"),
    ):
        assert (table.goods[un].danger, hazard in table.goods[un].hazards) == (danger, True), un


def test_of_the_shipped_table_every_hazard_number_begins_with_its_class() -> None:
    """Its first digit is the main danger (ADR 5.3.2.3): 2 gas, 3 liquid, 4 solid, 5 oxidiser, 6 toxic, 8 corrosive."""
    table = GoodsTable.model_validate(yaml.safe_load(SHIPPED.read_text(encoding="utf8")))
    for un, goods in table.goods.items():
        for hazard in goods.hazards:
            assert hazard.removeprefix("X")[0] == goods.danger[0], un
