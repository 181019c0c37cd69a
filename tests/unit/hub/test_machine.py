"""The states of a case: every one is reached, none is a trap, and no case opens without two reviews."""

from __future__ import annotations

import pytest

from hub.accounts.roles import Permission, Role, permissions_of
from hub.cases.machine import (
    BEFORE_CASE,
    CLOSED,
    CORRECTABLE,
    PURSUED,
    REMARKS,
    TRANSITIONS,
    Action,
    State,
    actions_in,
    states_for,
    transition,
)


def _ways_to(state: State, seen: tuple[State, ...] = ()) -> list[tuple[State, ...]]:
    """Every way from a clue to a state that visits no state twice."""
    if state == State.CLUE:
        return [(state, *seen)]
    sources = {source for t in TRANSITIONS if t.to == state for source in t.sources} - {state, *seen}
    return [way for source in sources for way in _ways_to(source, (state, *seen))]


@pytest.mark.parametrize("state", list(State))
def test_every_state_can_be_reached_from_a_clue(state: State) -> None:
    assert _ways_to(state)


@pytest.mark.parametrize("state", sorted(set(State) - CLOSED))
def test_from_every_open_state_somebody_can_go_on(state: State) -> None:
    assert any(t.to is not None for t in actions_in(state))


@pytest.mark.parametrize("state", [State.OPENED, State.DISPATCHED, State.FILED, State.FIRST_WARNING])
def test_there_is_no_case_and_no_warning_without_both_reviews(state: State) -> None:
    assert all({State.TECHNICAL_REVIEW, State.LEGAL_REVIEW} <= set(way) for way in _ways_to(state))


def test_an_act_that_was_pursued_stays_so() -> None:
    assert {t.to for t in TRANSITIONS if t.sources & PURSUED} <= PURSUED
    assert PURSUED.isdisjoint(BEFORE_CASE)


def test_a_filed_case_stays_filed() -> None:
    assert [t.action for t in actions_in(State.FILED)] == [Action.NOTE]


@pytest.mark.parametrize("state", list(State))
def test_each_action_means_one_thing_in_a_state(state: State) -> None:
    names = [t.action for t in actions_in(state)]
    assert len(names) == len(set(names))


def test_two_reviews_are_by_two_people() -> None:
    assert {t.action: t.not_by for t in TRANSITIONS if t.not_by} == {
        Action.PASS_TECHNICAL: Action.CONFIRM,
        Action.PASS_LEGAL: Action.PASS_TECHNICAL,
        Action.WARN: Action.PASS_TECHNICAL,
    }


def test_what_was_corrected_is_looked_at_by_somebody_else_before_there_is_a_case() -> None:
    assert {state for t in REMARKS if t.action == Action.CORRECT for state in t.sources} == CORRECTABLE
    assert State.LEGAL_REVIEW not in CORRECTABLE
    assert CORRECTABLE <= BEFORE_CASE


@pytest.mark.parametrize(
    ("role", "states"),
    [
        (Role.OPERATOR, (State.CLUE, State.RETURNED)),
        (Role.REVIEWER, (State.TECHNICAL_REVIEW, State.DISPOSED)),
        (Role.LEGAL, (State.LEGAL_REVIEW, State.OPENED, State.DISPOSED, State.CHECKED)),
        (Role.DISPATCHER, (State.OPENED,)),
        (Role.UNIT, (State.DISPATCHED, State.ACCEPTED)),
        (Role.ADMIN, ()),
        (Role.AUDITOR, ()),
    ],
)
def test_each_role_has_its_own_queue(role: Role, states: tuple[State, ...]) -> None:
    assert states_for(permissions_of([role])) == states


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_who_only_reads_takes_no_step_at_all(role: Role) -> None:
    permissions = permissions_of([role])
    assert not any(t.permitted(permissions) for t in TRANSITIONS + REMARKS)


def test_a_note_can_be_left_by_everybody_who_works_on_cases() -> None:
    note = transition(Action.NOTE, State.FILED)
    assert note is not None
    for permission in (Permission.DECIDE, Permission.REVIEW, Permission.LEGAL, Permission.DISPATCH, Permission.FIELD):
        assert note.permitted(frozenset({permission}))


def test_what_means_nothing_in_a_state_is_no_step() -> None:
    assert transition(Action.PASS_LEGAL, State.CLUE) is None
    assert transition(Action.CORRECT, State.LEGAL_REVIEW) is None
