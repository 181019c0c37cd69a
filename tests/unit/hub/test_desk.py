"""Steps of a case: who takes them, in which order, what they change, how they are taken back, what is written down."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from hub.accounts.roles import Role
from hub.cases.faults import StepError
from hub.cases.machine import Action, State
from hub.store.audit import check_chain
from hub.store.days import local_day
from hub.store.tables import audit, entries, payloads, stale_days
from tests.hub_worlds import HUB_KEY, HubWorld
from tests.unit.hub.casework import TO_CASE, TO_LEGAL, TO_THE_END, Bureau

A, R, S = Action, Role, State
_HOUR_MS = 3_600_000


@pytest.fixture
def bureau(hub: HubWorld) -> Bureau:
    """A bureau on SQLite."""
    return Bureau(hub)


@pytest.fixture
def either_bureau(either_hub: HubWorld) -> Bureau:
    """A bureau, once on each kind of database."""
    return Bureau(either_hub)


# ---- the way of a case


def test_a_case_goes_its_way_from_the_clue_to_the_file(either_bureau: Bureau) -> None:
    number = either_bureau.go(either_bureau.lead(), *TO_THE_END)
    row, steps = either_bureau.everything(number)
    assert (row.state, row.outcome, row.version, row.case_number) == ("filed", "filed", 9, "2026-00001")
    assert [(step.action, step.from_state, step.to_state) for step in steps][:3] == [
        ("confirm", "clue", "technical_review"),
        ("pass_technical", "technical_review", "legal_review"),
        ("pass_legal", "legal_review", "opened"),
    ]
    with either_bureau.hub.parts.database.read() as connection:
        assert check_chain(connection, [HUB_KEY.public_key()]) == []


@pytest.mark.parametrize(
    ("before", "who", "action", "state"),
    [
        ((), R.OPERATOR, A.REJECT, S.FALSE_ALARM),
        (TO_LEGAL[:1], R.REVIEWER, A.RETURN, S.RETURNED),
        (TO_LEGAL[:1], R.REVIEWER, A.HAND_OVER, S.POLICE),
        (TO_LEGAL, R.LEGAL, A.RETURN, S.RETURNED),
        (TO_LEGAL, R.LEGAL, A.WARN, S.FIRST_WARNING),
        (TO_LEGAL, R.LEGAL, A.HAND_OVER, S.POLICE),
        ((*TO_CASE, A.DISPATCH), R.UNIT, A.DECLINE, S.OPENED),
        ((*TO_CASE, A.DISPATCH, A.ACCEPT, A.DISPOSE), R.REVIEWER, A.REDO, S.ACCEPTED),
        ((*TO_CASE, A.DISPATCH, A.ACCEPT, A.DISPOSE), R.LEGAL, A.WARN, S.FIRST_WARNING),
        ((A.REJECT,), R.REVIEWER, A.REOPEN, S.CLUE),
    ],
)
def test_side_ways_lead_where_they_should(
    bureau: Bureau, before: tuple[Action, ...], who: Role, action: Action, state: State
) -> None:
    number = bureau.go(bureau.lead(), *before)
    bureau.do(who, number, action)
    assert bureau.state(number) == state


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    ("before", "action", "allowed"),
    [
        ((), A.CONFIRM, {R.OPERATOR}),
        (TO_LEGAL[:1], A.PASS_TECHNICAL, {R.REVIEWER}),
        (TO_LEGAL, A.PASS_LEGAL, {R.LEGAL}),
        (TO_CASE, A.DISPATCH, {R.DISPATCHER}),
        ((*TO_CASE, A.DISPATCH), A.ACCEPT, {R.UNIT}),
    ],
)
def test_only_whose_work_it_is_takes_a_step(
    bureau: Bureau, before: tuple[Action, ...], action: Action, allowed: set[Role], role: Role
) -> None:
    number = bureau.go(bureau.lead(), *before)
    if role in allowed:
        bureau.do(role, number, action)
    else:
        assert bureau.refusal(role, number, action) == "roles"


def test_a_step_that_means_nothing_in_the_state_is_refused(bureau: Bureau) -> None:
    number = bureau.lead()
    assert bureau.refusal(R.LEGAL, number, A.PASS_LEGAL) == "not_now"
    assert bureau.refusal(R.OPERATOR, bureau.go(number, A.CONFIRM), A.CONFIRM) == "not_now"


def test_there_is_no_step_of_an_entry_that_is_not_there(bureau: Bureau) -> None:
    with pytest.raises(StepError, match="not_found"):
        bureau.do(R.OPERATOR, 99, A.CONFIRM, version=1)


def test_who_decides_on_what_has_changed_meanwhile_is_told_so(bureau: Bureau) -> None:
    number = bureau.lead()
    bureau.do(R.OPERATOR, number, A.NOTE, note="回看一次")
    assert bureau.refusal(R.OPERATOR, number, A.CONFIRM, version=1) == "stale"


@pytest.mark.parametrize(
    ("before", "action"), [((A.CONFIRM,), A.PASS_TECHNICAL), (TO_LEGAL, A.PASS_LEGAL), (TO_LEGAL, A.WARN)]
)
def test_who_took_the_step_before_does_not_review_it(
    bureau: Bureau, before: tuple[Action, ...], action: Action
) -> None:
    everything = bureau.hub.user(R.OPERATOR, R.REVIEWER, R.LEGAL)
    number = bureau.go(bureau.lead(), *before[:-1])
    bureau.do(everything, number, before[-1])
    assert bureau.refusal(everything, number, action) == "four_eyes"
    bureau.go(number, action)


def test_four_eyes_are_those_of_the_last_confirmation(bureau: Bureau) -> None:
    """Who confirmed once, before the lead was returned and confirmed by somebody else, may review it."""
    both = bureau.hub.user(R.OPERATOR, R.REVIEWER)
    number = bureau.lead()
    bureau.do(both, number, A.CONFIRM)
    bureau.go(number, A.RETURN, A.CONFIRM)
    bureau.do(both, number, A.PASS_TECHNICAL)
    assert bureau.state(number) == S.LEGAL_REVIEW


# ---- what has to be said


@pytest.mark.parametrize(
    ("action", "said", "refusal"),
    [
        (A.REJECT, {"reason": ""}, "no_reason"),
        (A.REJECT, {"reason": "too_far"}, "bad_reason"),
        (A.CONFIRM, {"reason": "not_the_act"}, "bad_reason"),
        (A.NOTE, {"note": "  "}, "no_note"),
        (A.CORRECT, {}, "no_correction"),
        (A.CORRECT, {"plate": "闽H·12345"}, "correction_same"),
        (A.NOTE, {"note": "x", "plate": "闽H99999"}, "correction_late"),
        (A.DUPLICATE, {}, "no_other"),
        (A.DUPLICATE, {"other": 1}, "other_itself"),
        (A.DUPLICATE, {"other": 77}, "other_not_found"),
    ],
)
def test_a_step_that_lacks_its_words_is_refused(
    bureau: Bureau, action: Action, said: dict[str, Any], refusal: str
) -> None:
    assert bureau.refusal(R.OPERATOR, bureau.lead(), action, **said) == refusal


def test_a_duplicate_names_the_entry_that_counts(bureau: Bureau) -> None:
    first, second, third = bureau.lead(), bureau.lead(), bureau.lead()
    bureau.do(R.OPERATOR, second, A.DUPLICATE, other=first)
    assert (bureau.state(second), bureau.row(second).duplicate_of) == (S.DUPLICATE, first)
    assert bureau.refusal(R.OPERATOR, third, A.DUPLICATE, other=second) == "other_closed"
    bureau.do(R.REVIEWER, second, A.REOPEN)
    assert (bureau.state(second), bureau.row(second).duplicate_of) == (S.CLUE, None)


# ---- corrections


def test_a_correction_changes_what_is_searched_but_never_what_came(either_bureau: Bureau) -> None:
    number = either_bureau.lead()
    database = either_bureau.hub.parts.database
    with database.read() as connection:
        before = connection.execute(sa.select(payloads.c.payload)).scalar_one()
    correction = {"plate": "闽h·o8888", "plate_type": "02", "vehicle_class": "bus", "axle_count": 3}
    either_bureau.do(R.OPERATOR, number, A.CONFIRM, **correction, box=(1.5, 10, 20, 110, 220))
    row, steps = either_bureau.everything(number)
    assert (row.plate, row.plate_tail, row.plate_type, row.vehicle_class) == ("闽H08888", "08888", "02", "bus")
    assert json.loads(steps[0].correction) == {
        "plate": "闽H08888", "plate_type": "02", "vehicle_class": "bus", "axle_count": 3,
        "box": [1.5, 10.0, 20.0, 110.0, 220.0],
    }  # fmt: skip
    with database.read() as connection:
        assert connection.execute(sa.select(payloads.c.payload)).scalar_one() == before


def test_a_legal_reviewer_sends_back_what_has_to_be_corrected(bureau: Bureau) -> None:
    number = bureau.go(bureau.lead(), *TO_LEGAL)
    assert bureau.refusal(R.LEGAL, number, A.PASS_LEGAL, plate="闽H54321") == "correction_late"
    bureau.do(R.LEGAL, number, A.RETURN, reason="correct_first")
    bureau.do(R.OPERATOR, number, A.CORRECT, plate="闽H54321")
    assert (bureau.state(number), bureau.row(number).plate) == (S.RETURNED, "闽H54321")


@pytest.mark.parametrize("box", [(0, 10, 10, 5, 20), (-1, 0, 0, 5, 5), (0, -1, 0, 5, 5), (0, 0, 0, float("nan"), 5)])
def test_a_box_lies_in_the_picture_at_a_time_of_the_clip(bureau: Bureau, box: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"no box|finite"):
        bureau.do(R.OPERATOR, bureau.lead(), A.CORRECT, box=box)


# ---- times


def test_each_state_has_its_due_time_and_a_closed_one_has_none(bureau: Bureau) -> None:
    number = bureau.lead()
    hours = bureau.hub.parts.cases.due_hours
    for action in (*TO_CASE, A.DISPATCH):
        bureau.hub.clock.go(600)
        bureau.go(number, action)
        row = bureau.row(number)
        assert row.state_ms == bureau.hub.clock.now_ms
        assert row.due_ms == row.state_ms + round(hours[State(row.state)] * _HOUR_MS)
    rejected = bureau.go(bureau.lead(plate="闽H77777"), A.REJECT)
    assert bureau.row(rejected).due_ms is None


def test_notes_and_corrections_leave_state_and_due_time_alone(bureau: Bureau) -> None:
    number = bureau.lead()
    before = bureau.row(number)
    bureau.hub.clock.go(600)
    bureau.do(R.OPERATOR, number, A.NOTE, note="等待补传录像")
    bureau.do(R.OPERATOR, number, A.CORRECT, vehicle_class="bus")
    after = bureau.row(number)
    assert (after.state_ms, after.due_ms, after.decided_ms) == (before.state_ms, before.due_ms, None)


def test_the_first_decision_is_the_one_that_is_timed(bureau: Bureau) -> None:
    number = bureau.lead()
    bureau.hub.clock.go(30)
    bureau.go(number, A.CONFIRM)
    first = bureau.hub.clock.now_ms
    bureau.hub.clock.go(30)
    bureau.go(number, A.RETURN, A.REJECT, A.REOPEN)
    assert bureau.row(number).decided_ms == first


def test_a_step_has_the_day_of_its_act_summed_anew(bureau: Bureau) -> None:
    number = bureau.lead()
    with bureau.hub.parts.database.write() as connection:
        connection.execute(sa.delete(stale_days))
    bureau.go(number, A.CONFIRM)
    with bureau.hub.parts.database.read() as connection:
        days = connection.execute(sa.select(stale_days.c.day)).scalars().all()
    assert days == [local_day(bureau.row(number).occurred_ms, "Asia/Shanghai")]


# ---- undo


def test_who_erred_takes_the_last_step_back_and_all_is_as_before(either_bureau: Bureau) -> None:
    number = either_bureau.lead()
    before = either_bureau.row(number)._asdict()
    either_bureau.do(R.OPERATOR, number, A.REJECT, plate="闽H00000")
    either_bureau.hub.clock.go(60)
    either_bureau.do(R.OPERATOR, number, A.UNDO)
    row, (rejected, undone) = either_bureau.everything(number)
    assert row._asdict() == before | {"version": 3}
    assert rejected.undone_by == undone.seq
    assert (undone.action, undone.from_state, undone.to_state) == ("undo", "false_alarm", "clue")


def test_undo_takes_back_one_step_after_the_other(bureau: Bureau) -> None:
    number = bureau.lead()
    bureau.do(R.OPERATOR, number, A.CORRECT, plate="闽H11111")
    bureau.do(R.OPERATOR, number, A.CONFIRM)
    bureau.do(R.OPERATOR, number, A.UNDO)
    assert (bureau.state(number), bureau.row(number).plate) == (S.CLUE, "闽H11111")
    bureau.do(R.OPERATOR, number, A.UNDO)
    assert bureau.row(number).plate == "闽H12345"
    assert bureau.refusal(R.OPERATOR, number, A.UNDO) == "nothing_to_undo"


def test_nobody_takes_back_what_others_did_or_built_upon(bureau: Bureau) -> None:
    number = bureau.go(bureau.lead(), A.CONFIRM)
    assert bureau.refusal(R.REVIEWER, number, A.UNDO) == "undo_others"
    bureau.go(number, A.PASS_TECHNICAL)
    assert bureau.refusal(R.OPERATOR, number, A.UNDO) == "undo_others"
    bureau.do(R.REVIEWER, number, A.UNDO)
    assert bureau.refusal(R.OPERATOR, number, A.UNDO) == "undo_others"


def test_after_some_minutes_a_step_stands(bureau: Bureau) -> None:
    number = bureau.go(bureau.lead(), A.CONFIRM)
    bureau.hub.clock.go(bureau.hub.parts.cases.undo_minutes * 60 + 1)
    assert bureau.refusal(R.OPERATOR, number, A.UNDO) == "undo_late"


def test_a_confirmation_taken_back_leaves_the_four_eyes_free(bureau: Bureau) -> None:
    both = bureau.hub.user(R.OPERATOR, R.REVIEWER)
    number = bureau.lead()
    bureau.do(both, number, A.CONFIRM)
    bureau.do(both, number, A.UNDO)
    bureau.go(number, A.CONFIRM)
    bureau.do(both, number, A.PASS_TECHNICAL)


# ---- case numbers


def test_cases_are_numbered_without_gaps_within_the_local_year(either_bureau: Bureau) -> None:
    clock = either_bureau.hub.clock
    plates = [f"闽H0000{i}" for i in range(4)]
    first = either_bureau.go(either_bureau.lead(plates[0]), *TO_CASE)
    refused = either_bureau.go(either_bureau.lead(plates[0]), *TO_LEGAL)
    assert either_bureau.refusal(R.LEGAL, refused, A.PASS_LEGAL) == "same_act"
    second = either_bureau.go(either_bureau.lead(plates[1]), *TO_CASE)
    # In Fujian it is the new year eight hours before it is in Greenwich.
    clock.now_ms = round(datetime(2026, 12, 31, 16, 0, tzinfo=UTC).timestamp() * 1000)
    third = either_bureau.go(either_bureau.lead(plates[2]), *TO_CASE)
    numbers = [either_bureau.row(number).case_number for number in (first, second, third)]
    assert numbers == ["2026-00001", "2026-00002", "2027-00001"]


def test_an_opening_taken_back_keeps_its_number_for_the_same_entry(bureau: Bureau) -> None:
    first = bureau.go(bureau.lead("闽H00001"), *TO_CASE)
    bureau.do(R.LEGAL, first, A.UNDO)
    assert (bureau.state(first), bureau.row(first).case_number) == (S.LEGAL_REVIEW, "2026-00001")
    second = bureau.go(bureau.lead("闽H00002"), *TO_CASE)
    bureau.go(first, A.PASS_LEGAL)
    assert [bureau.row(n).case_number for n in (first, second)] == ["2026-00001", "2026-00002"]


# ---- at once, and in the log


def test_of_two_people_who_decide_at_once_one_is_told_to_look_again(either_bureau: Bureau) -> None:
    number = either_bureau.lead()

    def decide(action: Action) -> str:
        try:
            either_bureau.do(R.OPERATOR, number, action, version=1)
        except StepError as error:
            return error.fault.code
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, (A.CONFIRM, A.REJECT))) == ["stale", "taken"]


def test_the_log_tells_of_each_step_who_did_what_and_why(bureau: Bureau) -> None:
    number = bureau.lead()
    bureau.do(R.OPERATOR, number, A.REJECT, reason="wrong_plate", note="车牌为K不是X", plate="闽HK2345")
    with bureau.hub.parts.database.read() as connection:
        step = connection.execute(sa.select(audit).where(audit.c.number == number)).one()
        assert step.seq == connection.execute(sa.select(sa.func.max(audit.c.seq))).scalar()
        version = connection.execute(sa.select(entries.c.version)).scalar_one()
    operator, body = bureau.people[R.OPERATOR], json.loads(step.body)
    assert (step.actor, step.action, body["user_id"], body["version"]) == (operator.name, "case.reject", operator.id, 2)
    assert (body["reason"], body["note"], version) == ("wrong_plate", "车牌为K不是X", 2)
    assert (body["from_state"], body["to_state"], body["correction"]) == ("clue", "false_alarm", {"plate": "闽HK2345"})
    assert (body["before"]["plate"], body["after"]["plate"]) == ("闽H12345", "闽HK2345")
