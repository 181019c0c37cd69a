import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from detector.passage import Passage
from detector.plan import PlanSettings, Purpose, ZoneSettings
from edge.rules import Finding, Place, RuleBook, judge, known_way, load_book
from edge.rules.numbers import Quantity
from leads.settings_file import SettingsError
from tests.unit.edge.passages import NOON, driven

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = Path(__file__).resolve().parents[3] / "configs/rules"
BOOK = load_book(RULES / "road.yaml")
LOWER = ((0.0, 0.4), (1.0, 0.4), (1.0, 1.0), (0.0, 1.0))
CLOSED = PlanSettings(zones=(ZoneSettings(id="tunnel", purpose=Purpose.CLOSED, polygon=LOWER),))
NO_STOP = PlanSettings(zones=(ZoneSettings(id="bend", purpose=Purpose.NO_STOP, polygon=LOWER),))
LANE = PlanSettings(
    zones=(ZoneSettings(id="lane-1", purpose=Purpose.LANE, polygon=LOWER, direction=((0.0, 0.5), (1.0, 0.5))),)
)
ACROSS = [(float(x), 300.0) for x in range(100, 900, 20)]
BACK = ACROSS[::-1]


def findings(plan: PlanSettings, way: list[tuple[float, float]], book: RuleBook = BOOK, **more) -> list[str]:  # type: ignore[no-untyped-def]
    return [f.rule.id for f in found(plan, way, book, **more)]


def found(plan: PlanSettings, way: list[tuple[float, float]], book: RuleBook = BOOK, **more) -> tuple[Finding, ...]:  # type: ignore[no-untyped-def]
    return judged(driven(plan, way, **more), plan, book)


def judged(passage: Passage, plan: PlanSettings, book: RuleBook = BOOK) -> tuple[Finding, ...]:
    """What the rules say of a passage by its way alone."""
    known = known_way(passage, {z.id: z for z in plan.zones}, Place("test", "cam"), SHANGHAI)
    return judge(known, book, "in view")


def standing(seconds: float) -> list[tuple[float, float]]:
    return [(400.0, 300.0)] * int(seconds * 10)


def with_rule(rule_id: str, **changes: object) -> RuleBook:
    return BOOK.with_rules([r.model_copy(update=changes) for r in BOOK.rules if r.id == rule_id])


@pytest.mark.parametrize(
    ("plan", "way", "votes", "expected"),
    [
        (CLOSED, ACROSS, {"truck": 1.0}, ["TR-01"]),
        (CLOSED, ACROSS, {"tank_truck": 0.5, "truck": 0.5}, ["TR-01"]),
        (CLOSED, ACROSS, {"car": 1.0}, []),
        (CLOSED, ACROSS, {"truck": 0.59, "bus": 0.41}, []),
        (CLOSED, ACROSS[:7], {"truck": 1.0}, []),
        (CLOSED, [(x, 100.0) for x, _ in ACROSS], {"truck": 1.0}, []),
        (NO_STOP, standing(10.3), {"car": 1.0}, ["TR-02"]),
        (NO_STOP, standing(9.5), {"car": 1.0}, []),
        (NO_STOP, ACROSS, {"car": 1.0}, []),
        (NO_STOP, standing(20), {"person": 1.0}, []),
        (CLOSED, standing(20), {"car": 1.0}, []),
        (LANE, BACK, {"car": 1.0}, ["TR-03"]),
        (LANE, ACROSS, {"car": 1.0}, []),
        (LANE, BACK[:4], {"car": 1.0}, []),
        (LANE, [(400.0, 220.0 + 7 * i) for i in range(30)], {"car": 1.0}, []),
        (LANE, standing(30), {"car": 1.0}, []),
    ],
)
def test_what_fires_and_what_does_not(
    plan: PlanSettings, way: list[tuple[float, float]], votes: dict[str, float], expected: list[str]
) -> None:
    assert findings(plan, way, votes=votes) == expected


@pytest.mark.parametrize(
    ("local", "fires"), [("22:30", True), ("05:59", True), ("06:00", False), ("21:59", False), ("12:00", False)]
)
def test_hours_over_midnight_are_local_time(local: str, fires: bool) -> None:
    hours = type(BOOK.rules[0]).model_validate(BOOK.rules[0].model_dump() | {"hours": ["22:00-06:00"]}).hours
    hour, minute = map(int, local.split(":"))
    at = datetime(2026, 11, 23, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)
    assert findings(CLOSED, ACROSS, with_rule("TR-01", hours=hours), first_at=at) == (["TR-01"] if fires else [])


@pytest.mark.parametrize(
    ("start", "end", "fires"),
    [
        (date(2026, 11, 23), None, True),
        (date(2026, 11, 24), None, False),
        (date(2020, 1, 1), date(2026, 11, 24), True),
        (date(2020, 1, 1), date(2026, 11, 23), False),
    ],
)
def test_a_rule_holds_from_its_first_day_to_the_day_before_its_end(start: date, end: date | None, fires: bool) -> None:
    book = with_rule("TR-01", effective_from=start, effective_to=end)
    assert findings(CLOSED, ACROSS, book) == (["TR-01"] if fires else [])


def test_the_local_day_counts_not_the_day_in_greenwich() -> None:
    book = with_rule("TR-01", effective_from=date(2026, 11, 24))
    half_past_midnight = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    assert findings(CLOSED, ACROSS, book, first_at=half_past_midnight) == ["TR-01"]


def test_a_rule_that_names_zones_holds_in_these_alone() -> None:
    assert findings(CLOSED, ACROSS, with_rule("TR-01", zones=("elsewhere",))) == []
    assert findings(CLOSED, ACROSS, with_rule("TR-01", zones=("tunnel",))) == ["TR-01"]


def test_a_finding_says_when_where_how_long_and_that_it_is_a_suspicion() -> None:
    (finding,) = found(CLOSED, [(50.0, 100.0)] * 10 + ACROSS)
    assert finding.zone == "tunnel"
    assert finding.from_s == pytest.approx(1.0)
    assert finding.occurred_at == NOON + timedelta(seconds=1.0)
    assert finding.summary.startswith("疑似")
    assert {f.name: f.value for f in finding.facts}["time_in_zone"] == pytest.approx(3.9)


def test_judging_changes_nothing_and_gives_the_same_again() -> None:
    assert found(LANE, BACK) == found(LANE, BACK)


BROKEN = """
name: t
version: "1"
rules:
  - id: TR-01
    version: 1
    kind: closed_zone
    title: {zh: 甲, en: a}
    offence: traffic
    level: medium
    legal_basis: []
    confidence: unverified
    jurisdiction: CN
    effective_from: 2021-04-29
    classes: [truck, lorry]
    least_class_share: {value: 0.6, unit: ratio, source: operator}
    least_inside: {value: 0.8, unit: s}
    same_act_within: {value: 3, unit: s, source: operator}
"""


def test_a_wrong_table_names_file_line_key_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    shutil.copy(RULES / "classes.yaml", tmp_path)
    path.write_text(BROKEN, encoding="utf8")
    with pytest.raises(SettingsError) as error:
        load_book(path)
    text = str(error.value)
    assert f"{path}:15: rules.0.classes" in text
    assert "lorry" in text
    assert "use some of car" in text
    assert f"{path}:17: rules.0.least_inside.source: is missing: add it" in text


def test_a_number_in_another_unit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    shutil.copy(RULES / "classes.yaml", tmp_path)
    whole = BROKEN.replace("unit: s}", "unit: s, source: operator}").replace(", lorry", "")
    path.write_text(whole, encoding="utf8")
    assert load_book(path).rules[0].same_act_within.value == 3
    path.write_text(whole.replace("value: 3, unit: s", "value: 3, unit: min"), encoding="utf8")
    with pytest.raises(SettingsError, match=r"\.0\.same_act_within: this number is reckoned in s: convert it from min"):
        load_book(path)


def test_a_vehicle_that_stands_drives_against_no_lane() -> None:
    book = with_rule("TR-03", least_travel=Quantity(value=0, unit="box sizes", source="test"))
    assert findings(LANE, standing(3), book) == []


@pytest.mark.parametrize("day", ["2027-06-31", "2027-02-30"])
def test_a_day_that_does_not_exist_names_its_line(tmp_path: Path, day: str) -> None:
    path = tmp_path / "rules.yaml"
    shutil.copy(RULES / "classes.yaml", tmp_path)
    path.write_text(BROKEN.replace("2021-04-29", day), encoding="utf8")
    with pytest.raises(SettingsError, match=rf"{path}:14: no such date, time or number"):
        load_book(path)


@pytest.mark.parametrize(("other", "told"), [("WL-01", "is judged at another time"), ("TR-09", "no table has")])
def test_a_rule_gives_way_only_to_one_that_is_judged_with_it(tmp_path: Path, other: str, told: str) -> None:
    book = tmp_path / "rules"
    shutil.copytree(RULES, book)
    road = book / "road.yaml"
    text = road.read_text(encoding="utf8")
    road.write_text(text.replace("    kind: no_stop\n", f"    kind: no_stop\n    gives_way_to: [{other}]\n"), "utf8")
    with pytest.raises(SettingsError, match=f"TR-02: gives way to {other}, .*{told}"):
        load_book(book)
