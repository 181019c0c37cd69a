"""What may be known of a pass, drawn at random, and the same with something of it not known."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from detector.facts import Facts, unknown
from edge.registry.entries import NO_WAYBILL, NOT_ASKED, Permit, VehicleEntry
from edge.rules import load_book
from edge.rules.base import Finding, Judgement, RuleBase
from edge.rules.cases import Case, load_cases
from edge.rules.given import Given
from edge.rules.known import Known

CONFIGS = Path(__file__).resolve().parents[4] / "configs/rules"
BOOK = load_book(CONFIGS)
MINE = ("NP", "DG", "PL", "WL")
RULES: dict[str, RuleBase] = {r.id: r for r in BOOK.rules if r.id.startswith(MINE)}
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def judged(known: Known, rule_id: str) -> Judgement:
    return RULES[rule_id].judge(known)


def fired(known: Known, rule_id: str) -> Finding:
    finding = judged(known, rule_id).finding
    assert finding is not None, judged(known, rule_id).checks
    return finding


def firing(known: Known) -> dict[str, Finding]:
    judgements = (rule.judge(known) for rule in RULES.values())
    return {j.rule.id: j.finding for j in judgements if j.finding is not None}


def case(**given: Any) -> Known:
    """What is known in a case written down as in a case file."""
    return Given(**given).known()


Drawn = st.SearchStrategy[dict[str, Any]]
SHUTTLE = [
    {"days": [1, 2, 3], "daily": ["08:12", "10:20"], "hub": "客运枢纽", "boarded": 2},
    {"days": [1, 2, 3], "daily": ["09:15", "11:31"], "hub": "医院"},
]

permits: Drawn = st.builds(
    dict,
    kind=st.sampled_from(["scheduled", "charter", "tourist", "taxi", "ride_hailing", "dangerous_goods", "goods"]),
    state=st.sampled_from(["valid", "valid", "suspended", "revoked"]),
    valid_to=st.sampled_from([None, date(2026, 10, 1), date(2026, 11, 22), date(2027, 5, 1)]),
    scope=st.sampled_from([(), ("3507",), ("3501",), ("南平至上海",), ("接驳运输",)]),
    sections=st.sampled_from([(), ("茫荡山隧道",)]),
)
vehicles: Drawn = st.builds(
    dict,
    use_nature=st.sampled_from(["", "A", "B", "D", "E", "F", "M", "O", "R"]),
    state=st.sampled_from(["", "A", "C", "Q"]),
    inspection_valid_to=st.sampled_from([None, date(2026, 10, 1), date(2027, 5, 1)]),
    vehicle_type=st.sampled_from(["", "K33", "K39", "H14", "Q11", "B13"]),
    seats=st.sampled_from([None, 7, 9]),
)
registries: Drawn = st.builds(
    dict,
    answered=st.sampled_from(["found", "found", "found", "absent", "unreachable", "not_asked"]),
    vehicle=vehicles,
    permits=st.lists(permits, max_size=2),
    complete_for=st.sampled_from([(), ("passenger", "dangerous_goods")]),
    stale=st.sampled_from([False, False, True]),
)
histories = st.sampled_from(
    [
        [],
        SHUTTLE,
        [{"days": [1, 2, 3, 4], "daily": ["11:50", "12:05"], "boarded": 1}],
        [{"days": [0], "daily": ["08:00", "09:30", "11:00"]}, {"days": [7, 14], "daily": ["02:10"]}],
        [{"hours_ago": 0.1, "site": "neighbour", "distance_km": 80}],
    ]
)
zones: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        purpose=st.sampled_from(["no_dangerous_goods", "no_stop"]),
        title=st.just("茫荡山隧道"),
        seconds=st.sampled_from([0.5, 20.0]),
    ),
    max_size=2,
)


def _some(value: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, value])


givens = st.fixed_dictionaries(
    {
        "at": st.sampled_from(
            [NOON, NOON - timedelta(hours=10), NOON - timedelta(hours=9), NOON - timedelta(hours=11)]
        ),
        "vehicle_class": st.sampled_from(["car", "van", "bus", "truck", "tank_truck"]),
        "plate": st.sampled_from(
            [
                None,
                {"text": "闽H6T283", "type": "02"},
                {"text": "赣E6T283", "type": "02", "sure": False},
                {"text": "赣E05518", "type": "01"},
                {"text": "闽H1234试", "type": "22"},
            ]
        ),
        "trailer_plate": _some({"text": "闽H1234挂", "type": "15"}),
        "place": st.builds(
            dict,
            hub=_some("客运枢纽"),
            highway=st.sampled_from([None, True, False]),
            region=st.sampled_from([None, "350702", "410100", "440100"]),
            home_prefixes=st.sampled_from([(), ("闽H",)]),
            road_code=_some("S11"),
            stake_km=_some(110.0),
        ),
        "seconds": st.just(500.0),
        "stops": st.sampled_from([[], [11.0], [400.0]]),
        "boarded": st.integers(0, 2),
        "people_in_bed": st.integers(0, 1),
        "zones": zones,
        "panel": st.sampled_from([None, "empty", "33/1203", "80/1830"]),
        "diamonds": st.sampled_from([(), ("3",), ("8",)]),
        "signs_agree": st.sampled_from([None, "agree", "disagree"]),
        "doubtful": st.sampled_from([(), (), ("panel",), ("diamonds", "taxi_lamp")]),
        "taxi_lamp": st.sampled_from([None, True, False]),
        "body": _some("tank"),
        "sides_seen": st.sampled_from([{}, {"rear": 3, "left": 2}]),
        "plate_sought": st.sampled_from([{}, {"front": (4, 0)}, {"front": (4, 4), "rear": (4, 0)}]),
        "speed_kmh": _some({"value": 90, "low": 85, "high": 95}),
        "speed_certified": st.booleans(),
        "registry": registries,
        "trailer_registry": registries,
        "waybill": _some({"un": "1202"}),
        "waybill_answered": st.sampled_from(["not_asked", "absent", "unreachable"]),
        "waybill_complete": st.booleans(),
        "waybill_stale": st.booleans(),
        "history": histories,
        "watched": st.sampled_from([(), ({"colour": "red"},), ({"colour": "blue", "exact": False},)]),
    }
)
passes = givens.map(lambda fields: Given(**fields).known())


def with_entry(known: Known, **changes: Any) -> Known:
    """With other fields in what the register holds of it; as it is where that is nothing."""
    entry = known.registry.entry
    return known if entry is None else replace(known, registry=replace(known.registry, entry=replace(entry, **changes)))


def with_permit(known: Known, permit: Permit) -> Known:
    entry = known.registry.entry
    return known if entry is None else with_entry(known, permits=(*entry.permits, permit))


def _facts(**changes: Any) -> Callable[[Known], Known]:
    return lambda known: replace(known, facts=replace(known.facts, **changes))


def _place(**changes: Any) -> Callable[[Known], Known]:
    return lambda known: replace(known, place=replace(known.place, **changes))


def _known(**changes: Any) -> Callable[[Known], Known]:
    return lambda known: replace(known, **changes)


def _entry(**changes: Any) -> Callable[[Known], Known]:
    return lambda known: with_entry(known, **changes)


def _silent_scopes(known: Known) -> Known:
    entry: VehicleEntry | None = known.registry.entry
    return known if entry is None else with_entry(known, permits=tuple(replace(p, scope=()) for p in entry.permits))


def _doubted(known: Known) -> Known:
    return known if known.identity is None else replace(known, identity=replace(known.identity, sure=False))


LESS: dict[str, Callable[[Known], Known]] = {
    "registry": _known(registry=NOT_ASKED),
    "trailer's registry": _known(trailer_registry=NOT_ASKED),
    "fresh data": lambda known: replace(known, registry=replace(known.registry, stale=True)),
    "completeness": lambda known: replace(known, registry=replace(known.registry, complete_for=frozenset())),
    "use": _entry(use_nature=""),
    "state": _entry(state="", inspection_valid_to=None),
    "registered type": _entry(vehicle_type=""),
    "seats": _entry(seats=None),
    "scopes": _silent_scopes,
    "waybill": _known(waybill=NO_WAYBILL),
    "identity": _known(identity=None),
    "sure identity": _doubted,
    "panel": _facts(panel=unknown("not seen")),
    "diamonds": _facts(diamonds=()),
    "agreement": _facts(signs_agree=unknown("not seen")),
    "taxi lamp": _facts(taxi_lamp=unknown("not seen")),
    "body": _facts(body=unknown("not seen")),
    "speed": _facts(measured=None),
    "all facts": _known(facts=Facts()),
    "sides": _known(sides_seen={}),
    "plates sought": _known(plate_sought={}),
    "boardings": _known(boardings=()),
    "people in bed": _known(people_in_bed=0),
    "zones": _known(areas=()),
    "hub": _place(hub=None),
    "kind of road": _place(highway=None),
    "region": _place(region=None),
    "home": _place(home_prefixes=()),
    "stake": _place(stake_km=None),
    "history": _known(history=()),
    "newest pass": lambda known: replace(known, history=known.history[1:]),
    "oldest pass": lambda known: replace(known, history=known.history[:-1]),
    "watch list": _known(watched=()),
    "what was looked for": _known(looked_for=frozenset({"track"})),
}
"""Ways to know less of a pass. Stops are left: that a coach rests is its way itself."""
ABSENCE_IS_THE_OFFENCE = {
    "panel": {"DG-01"},
    "diamonds": {"DG-01"},
    "all facts": {"DG-01"},
    "identity": {"PL-01"},
    "zones": {"NP-06", "DG-06"},
}
"""Rules about something that is not there: a sign, a plate, a bay."""


def suspected_by_knowing_less(known: Known) -> dict[str, set[str]]:
    """Rules that fire only once something is not known any more, by what that is: there should be none."""
    now = firing(known).keys()
    more = {lost: firing(less(known)).keys() - now for lost, less in LESS.items()}
    return {lost: left for lost, rules in more.items() if (left := rules - ABSENCE_IS_THE_OFFENCE.get(lost, set()))}


def written_cases(name: str) -> tuple[Case, ...]:
    """The cases of a shipped file: each stands at the edge of a rule."""
    return load_cases(CONFIGS / "cases" / f"{name}.yaml")
