"""One act, one fine: no second case of one act, whoever reports it; a warning only for who was never pursued."""

from __future__ import annotations

import contextlib
import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.accounts.roles import Role
from hub.accounts.user import User
from hub.cases.faults import StepError
from hub.cases.machine import PURSUED, Action, actions_in
from hub.cases.same_act import likely, may_be_one
from hub.store.tables import entries
from hub.verify import verify
from tests.hub_worlds import HUB_KEY, HubWorld
from tests.unit.hub.casework import TO_CASE, TO_LEGAL, Bureau
from tests.unit.leads.samples import NOON

A, R = Action, Role
HOURS = timedelta(hours=1)


@pytest.fixture
def bureau(hub: HubWorld) -> Bureau:
    """A bureau on SQLite."""
    return Bureau(hub)


@pytest.fixture
def either_bureau(either_hub: HubWorld) -> Bureau:
    """A bureau, once on each kind of database."""
    return Bureau(either_hub)


def _second(bureau: Bureau, first: dict[str, Any], second: dict[str, Any], by: str = "lead") -> str:
    """What becomes of a second entry after the first has its case: `opened`, or why not."""
    bureau.go(bureau.lead(**first), *TO_CASE)
    number = bureau.go(getattr(bureau, by)(**second), *TO_LEGAL)
    try:
        bureau.do(R.LEGAL, number, A.PASS_LEGAL)
    except StepError as error:
        return error.fault.text
    return "opened"


@pytest.mark.parametrize(
    ("first", "second", "becomes"),
    [
        # The same vehicle, the same offence, the same day
        ({}, {"at": NOON + 3 * HOURS}, "same_act"),
        ({}, {"at": NOON - 24 * HOURS}, "same_act"),
        ({}, {"box": "box-2"}, "same_act"),
        ({"plate": "闽H·12345"}, {"plate": "闽h12345"}, "same_act"),
        ({}, {"plate_type": "unknown"}, "same_act"),
        ({"plate_type": "unknown"}, {}, "same_act"),
        # Another day, offence, vehicle or identity
        ({}, {"at": NOON + 25 * HOURS}, "opened"),
        ({"offence": "dangerous_goods"}, {"offence": "dangerous_goods", "at": NOON + 13 * HOURS}, "opened"),
        ({"offence": "dangerous_goods"}, {"offence": "dangerous_goods", "at": NOON + 11 * HOURS}, "same_act"),
        ({}, {"offence": "overload"}, "opened"),
        ({}, {"plate": "闽H12346"}, "opened"),
        ({}, {"plate_type": "02"}, "opened"),
        # A plate that was not read, or not in full, proves no identity
        ({"plate": None}, {"plate": None}, "opened"),
        ({}, {"plate": "闽H1234-"}, "opened"),
        ({"plate": "闽H1234-"}, {"plate": "闽H1234-"}, "opened"),
        # The key of the act does, whatever else is said
        ({"key": "k"}, {"key": "k", "plate": None, "offence": "overload"}, "same_act"),
    ],
)
def test_a_second_case_of_one_act_is_refused(
    bureau: Bureau, first: dict[str, Any], second: dict[str, Any], becomes: str
) -> None:
    assert _second(bureau, first, second) == becomes


def test_the_hot_line_and_a_box_tell_of_one_act(either_bureau: Bureau) -> None:
    assert _second(either_bureau, {}, {"at": NOON + 2 * HOURS}, by="report") == "same_act"


def test_a_report_that_names_the_act_of_a_lead_is_the_same(bureau: Bureau) -> None:
    second = {"plate": None, "one_act_key": "TR-01|box-1|p7", "offence": "other"}
    assert _second(bureau, {"key": "TR-01|box-1|p7"}, second, by="report") == "same_act"


@pytest.mark.parametrize("action", [A.WARN, A.HAND_OVER])
def test_no_warning_and_no_hand_over_of_an_act_that_has_its_case(bureau: Bureau, action: Action) -> None:
    bureau.go(bureau.lead(), *TO_CASE)
    number = bureau.go(bureau.lead(), *TO_LEGAL)
    assert bureau.refusal(R.LEGAL, number, action) == "same_act"


@pytest.mark.parametrize("ending", [(A.WARN,), (A.HAND_OVER,), (A.PASS_LEGAL, A.DISPATCH, A.ACCEPT)])
def test_whatever_was_done_about_an_act_counts(bureau: Bureau, ending: tuple[Action, ...]) -> None:
    bureau.go(bureau.lead(), *TO_LEGAL, *ending)
    number = bureau.go(bureau.lead(), *TO_LEGAL)
    assert bureau.refusal(R.LEGAL, number, A.PASS_LEGAL) == "same_act"


def test_an_act_that_was_a_false_alarm_or_is_not_yet_decided_blocks_nothing(bureau: Bureau) -> None:
    bureau.go(bureau.lead(), A.REJECT)
    bureau.lead()
    bureau.go(bureau.lead(), *TO_CASE)


def test_identity_is_the_one_that_was_corrected(bureau: Bureau) -> None:
    bureau.go(bureau.lead("闽H12345"), *TO_CASE)
    misread = bureau.lead("闽H12346")
    bureau.do(R.OPERATOR, misread, A.CONFIRM, plate="闽H12345")
    bureau.go(misread, A.PASS_TECHNICAL)
    assert bureau.refusal(R.LEGAL, misread, A.PASS_LEGAL) == "same_act"
    right = bureau.lead("闽H12345")
    bureau.do(R.OPERATOR, right, A.CONFIRM, plate="闽H12347")
    bureau.go(right, A.PASS_TECHNICAL, A.PASS_LEGAL)


def test_a_plate_cannot_become_that_of_a_case_in_the_step_that_hands_over(bureau: Bureau) -> None:
    bureau.go(bureau.lead("闽H12345"), *TO_CASE)
    misread = bureau.go(bureau.lead("闽H12346"), A.CONFIRM)
    assert bureau.refusal(R.REVIEWER, misread, A.HAND_OVER, plate="闽H12345") == "correction_first"
    bureau.do(R.REVIEWER, misread, A.CORRECT, plate="闽H12345")
    assert bureau.refusal(R.REVIEWER, misread, A.HAND_OVER) == "same_act"


def test_a_case_that_is_taken_back_blocks_no_more(bureau: Bureau) -> None:
    first, second = bureau.go(bureau.lead(), *TO_CASE), bureau.go(bureau.lead(), *TO_LEGAL)
    bureau.do(R.LEGAL, first, A.UNDO)
    bureau.go(second, A.PASS_LEGAL)
    assert bureau.refusal(R.LEGAL, first, A.PASS_LEGAL) == "same_act"


# ---- another act after all


def test_a_legal_reviewer_may_find_that_it_is_another_act(bureau: Bureau) -> None:
    first, second = bureau.go(bureau.lead(), *TO_CASE), bureau.go(bureau.lead(at=NOON + 5 * HOURS), *TO_LEGAL)
    assert bureau.refusal(R.LEGAL, second, A.OTHER_ACT, other=first) == "no_note"
    assert bureau.refusal(R.LEGAL, second, A.OTHER_ACT, note="x", other=first, reason="") == "no_reason"
    assert bureau.refusal(R.REVIEWER, second, A.OTHER_ACT, note="x", other=first) == "roles"
    bureau.do(R.LEGAL, second, A.OTHER_ACT, other=first, note="上午下行、下午上行，系两次通行")
    row, steps = bureau.everything(second)
    assert (row.state, steps[-1].other) == ("legal_review", first)
    bureau.go(second, A.PASS_LEGAL)


def test_each_other_case_has_to_be_found_another_act(bureau: Bureau) -> None:
    first = bureau.go(bureau.lead(), *TO_CASE)
    second, third = (bureau.go(bureau.lead(), *TO_LEGAL) for _ in range(2))
    bureau.do(R.LEGAL, second, A.OTHER_ACT, other=first, note="套牌", reason="another_vehicle")
    bureau.go(second, A.PASS_LEGAL)
    bureau.do(R.LEGAL, third, A.OTHER_ACT, other=first, note="套牌")
    assert bureau.refusal(R.LEGAL, third, A.PASS_LEGAL) == "same_act"


def test_nothing_is_declared_where_nothing_stands_in_the_way(bureau: Bureau) -> None:
    other, number = bureau.lead(), bureau.go(bureau.lead(), *TO_LEGAL)
    assert bureau.refusal(R.LEGAL, number, A.OTHER_ACT, other=other, note="x") == "other_not_alike"


def test_a_declaration_taken_back_counts_no_more(bureau: Bureau) -> None:
    first, second = bureau.go(bureau.lead(), *TO_CASE), bureau.go(bureau.lead(), *TO_LEGAL)
    bureau.do(R.LEGAL, second, A.OTHER_ACT, other=first, note="x")
    bureau.do(R.LEGAL, second, A.UNDO)
    assert bureau.refusal(R.LEGAL, second, A.PASS_LEGAL) == "same_act"


# ---- two at once


def test_of_two_legal_reviewers_at_once_one_opens_the_case(either_bureau: Bureau) -> None:
    numbers = [either_bureau.go(either_bureau.lead(box=box), *TO_LEGAL) for box in ("box-1", "box-2")]
    reviewers = [either_bureau.hub.user(R.LEGAL) for _ in numbers]

    def open_case(index: int) -> str:
        try:
            either_bureau.do(reviewers[index], numbers[index], A.PASS_LEGAL)
        except StepError as error:
            return error.fault.text
        return "opened"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(open_case, range(2))) == ["opened", "same_act"]


# ---- what the operator is shown


def _likely(bureau: Bureau, number: int) -> set[int]:
    parts = bureau.hub.parts
    with parts.database.read() as connection:
        return {row.number for row in likely(connection, bureau.row(number), parts.cases.same_act)}


def test_likely_repeats_are_shown_with_the_clue_certain_and_doubtful(either_bureau: Bureau) -> None:
    number = either_bureau.lead("闽H12345")
    same = either_bureau.report("闽H12345", at=NOON + HOURS)
    doubtful = either_bureau.lead("闽H1-345", box="box-2")
    either_bureau.lead("闽H1-346")
    either_bureau.lead("闽H1-345", offence="overload")
    either_bureau.lead("闽H12345", at=NOON + 30 * HOURS)
    either_bureau.go(either_bureau.lead("闽H12345"), A.REJECT)
    assert _likely(either_bureau, number) == {same, doubtful}
    assert _likely(either_bureau, doubtful) == {number, same}


@pytest.mark.parametrize(
    ("one", "other", "may_be"),
    [
        ("闽H12345", "闽H12345", True),
        ("闽H1-345", "闽H12345", True),
        ("闽H1-345", "闽H1234-", True),
        ("闽H1-345", "闽H2-345", False),
        ("闽H1-345", "闽H123456", False),
        ("闽H-----", "闽H12345", False),
        ("-------", "-------", False),
    ],
)
def test_doubtful_plates_may_be_one_where_nothing_read_speaks_against_it(one: str, other: str, may_be: bool) -> None:
    assert may_be_one(one, other) is may_be
    assert may_be_one(other, one) is may_be


# ---- first-offence warnings


def _warning(bureau: Bureau, **changes: Any) -> str:
    number = bureau.go(bureau.lead(**changes), *TO_LEGAL)
    try:
        bureau.do(R.LEGAL, number, A.WARN)
    except StepError as error:
        return error.fault.text
    return "warned"


@pytest.mark.parametrize(
    ("changes", "becomes"),
    [
        ({}, "warned"),
        ({"prior_count": 0}, "warned"),
        ({"prior_count": 1}, "no_warning_prior"),
        ({"offence": "overload"}, "no_warning_offence"),
        ({"level": "medium"}, "no_warning_level"),
        ({"plate": None}, "no_warning_plate"),
        ({"plate": "闽H1234-"}, "no_warning_plate"),
    ],
)
def test_a_warning_is_for_a_first_and_slight_offence_of_a_known_vehicle(
    bureau: Bureau, changes: dict[str, Any], becomes: str
) -> None:
    assert _warning(bureau, **changes) == becomes


@pytest.mark.parametrize(
    ("days_before", "earlier", "becomes"),
    [
        (364, {"offence": "overload"}, "no_warning_history"),
        (366, {}, "warned"),
        (30, {"plate": "闽H54321"}, "warned"),
        (30, {"plate_type": "02"}, "warned"),
        (30, {"plate_type": "unknown"}, "no_warning_history"),
    ],
)
def test_who_was_pursued_within_the_year_gets_no_warning(
    bureau: Bureau, days_before: int, earlier: dict[str, Any], becomes: str
) -> None:
    bureau.go(bureau.lead(at=NOON - timedelta(days=days_before), **earlier), *TO_CASE)
    assert _warning(bureau) == becomes


def test_an_earlier_false_alarm_is_no_earlier_offence(bureau: Bureau) -> None:
    bureau.go(bureau.lead(at=NOON - timedelta(days=30)), A.REJECT)
    assert _warning(bureau) == "warned"


# ---- whatever people do


_MOVES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 1000),
        st.integers(0, 2),
        st.sampled_from(["", "", "闽H00001", "闽H00002"]),
        st.integers(0, 3),
        st.sampled_from([1, 30, 400]),
    ),
    min_size=15,
    max_size=40,
)
"""Which entry, which step that means something there, by whom, what is corrected, which other, seconds before."""
_EVERYBODY = (R.OPERATOR, R.REVIEWER, R.LEGAL, R.DISPATCHER, R.UNIT)
_weeks = itertools.count()


def _try(bureau: Bureau, people: list[User], numbers: list[int], move: tuple[int, int, int, str, int, int]) -> None:
    which, step, who, plate, other, seconds = move
    bureau.hub.clock.go(seconds)
    steps = [*(meant.action for meant in actions_in(bureau.state(numbers[which]))), A.UNDO]
    action = steps[step % len(steps)]
    said: dict[str, Any] = {"note": "x"} if action in (A.NOTE, A.OTHER_ACT) else {}
    if action in (A.CORRECT, A.CONFIRM) and plate:
        said["plate"] = plate
    if action in (A.DUPLICATE, A.OTHER_ACT):
        said["other"] = numbers[other]
    with contextlib.suppress(StepError):
        bureau.do(people[who], numbers[which], action, **said)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=_MOVES)
def test_whatever_people_do_the_laws_hold(hub: HubWorld, moves: list[tuple[int, int, int, str, int, int]]) -> None:
    """One pursued case per act unless declared, tables as the log says, a whole chain, gapless case numbers."""
    bureau = Bureau(hub)
    people = [hub.user(*_EVERYBODY) for _ in range(3)]
    week = NOON + timedelta(days=7 * next(_weeks))  # each example has acts of its own
    numbers = [bureau.lead(plate, at=week) for plate in ("闽H00001", "闽H00001", "闽H00002", "闽H0000-")]
    for number in numbers:  # most of what is interesting happens later
        bureau.go(number, *TO_LEGAL)
    for move in moves:
        _try(bureau, people, numbers, move)
    rows = {number: bureau.everything(number) for number in numbers}
    for one, other in itertools.combinations(numbers, 2):
        (a, _), (b, _) = rows[one], rows[other]
        if {a.state, b.state} <= PURSUED and a.plate == b.plate and "-" not in a.plate:
            assert _declared(rows, one, other) or _declared(rows, other, one)
    assert verify(hub.parts, [HUB_KEY.public_key()]).faults == []
    with hub.parts.database.read() as connection:
        given_out = connection.execute(sa.select(entries.c.case_number).where(entries.c.case_number.is_not(None)))
        case_numbers = sorted(given_out.scalars())
    assert case_numbers == [f"2026-{number:05d}" for number in range(1, len(case_numbers) + 1)]


def _declared(rows: dict[int, Any], one: int, other: int) -> bool:
    return any(s.action == A.OTHER_ACT and s.other == other and s.undone_by is None for s in rows[one][1])
