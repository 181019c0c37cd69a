"""The states of a case, and the steps between them: written down here, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.accounts.roles import Permission


class State(StrEnum):
    """Where a lead or case stands."""

    CLUE = "clue"
    """线索: waits for an operator."""
    RETURNED = "returned"
    """退回: a review sent it back; waits for an operator."""
    TECHNICAL_REVIEW = "technical_review"
    """技术审核: waits for the technical review."""
    LEGAL_REVIEW = "legal_review"
    """法制审核: waits for the legal review."""
    OPENED = "opened"
    """立案: both reviews are passed and the case has its number; waits for a unit to be sent."""
    DISPATCHED = "dispatched"
    """派单: a unit is sent; waits for it to accept."""
    ACCEPTED = "accepted"
    """签收: the unit has accepted; waits for its result."""
    DISPOSED = "disposed"
    """处置: the unit has reported its result; waits for the check."""
    CHECKED = "checked"
    """复核: the result is checked; waits to be filed."""
    FILED = "filed"
    """归档: closed, one case one file (一案一档)."""
    FALSE_ALARM = "false_alarm"
    """误报: closed, nothing of the kind was done."""
    POLICE = "police"
    """移交公安: closed here, handed to the police."""
    DUPLICATE = "duplicate"
    """重复: closed, the act has its case already."""
    FIRST_WARNING = "first_warning"
    """首违警告: closed with a warning, for a first and slight offence."""


CLOSED: Final = frozenset(
    {State.FILED, State.FALSE_ALARM, State.POLICE, State.DUPLICATE, State.FIRST_WARNING},
)
"""States that wait for nobody."""
BEFORE_CASE: Final = frozenset({State.CLUE, State.RETURNED, State.TECHNICAL_REVIEW, State.LEGAL_REVIEW})
"""States in which there is no case yet."""
PURSUED: Final = frozenset(
    {
        State.OPENED,
        State.DISPATCHED,
        State.ACCEPTED,
        State.DISPOSED,
        State.CHECKED,
        State.FILED,
        State.FIRST_WARNING,
        State.POLICE,
    }
)
"""States of an act that is or was pursued: no second case of the same act may be opened (一事不再罚)."""
CORRECTABLE: Final = frozenset({State.CLUE, State.RETURNED, State.TECHNICAL_REVIEW})
"""States in which what the entry says can be put right; somebody else looks at it after each of them. A legal review
that finds something wrong sends it back."""


class Action(StrEnum):
    """A step that a person takes."""

    CONFIRM = "confirm"
    REJECT = "reject"
    DUPLICATE = "duplicate"
    HAND_OVER = "hand_over"
    RETURN = "return"
    PASS_TECHNICAL = "pass_technical"
    PASS_LEGAL = "pass_legal"
    WARN = "warn"
    DISPATCH = "dispatch"
    DECLINE = "decline"
    ACCEPT = "accept"
    DISPOSE = "dispose"
    REDO = "redo"
    CHECK = "check"
    FILE = "file"
    REOPEN = "reopen"
    OTHER_ACT = "other_act"
    CORRECT = "correct"
    NOTE = "note"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Transition:
    """One step: from where, to where, who may, and what it needs."""

    action: Action
    sources: frozenset[State]
    to: State | None
    """None where it leaves the state as it is."""
    permission: Permission
    needs_reason: bool = False
    """Whether a reason code of the list for this action must be given."""
    needs_other: bool = False
    """Whether the number of the entry that it repeats, or is found not to repeat, must be given."""
    needs_note: bool = False
    """Whether words of one's own must be given."""
    not_by: Action | None = None
    """Whoever took this step of the entry last may not take this one: four eyes."""
    also: frozenset[Permission] = frozenset()
    """Other permissions that will do."""

    def permitted(self, permissions: frozenset[Permission]) -> bool:
        """Whether these permissions allow it."""
        return self.permission in permissions or not self.also.isdisjoint(permissions)


def _from(*states: State) -> frozenset[State]:
    return frozenset(states)


_S, _A, _P = State, Action, Permission

TRANSITIONS: Final = (
    # The operator looks
    Transition(_A.CONFIRM, _from(_S.CLUE, _S.RETURNED), _S.TECHNICAL_REVIEW, _P.DECIDE),
    Transition(_A.REJECT, _from(_S.CLUE, _S.RETURNED), _S.FALSE_ALARM, _P.DECIDE, needs_reason=True),
    Transition(_A.DUPLICATE, _from(_S.CLUE, _S.RETURNED), _S.DUPLICATE, _P.DECIDE, needs_other=True),
    # Technical review
    Transition(_A.PASS_TECHNICAL, _from(_S.TECHNICAL_REVIEW), _S.LEGAL_REVIEW, _P.REVIEW, not_by=_A.CONFIRM),
    Transition(_A.RETURN, _from(_S.TECHNICAL_REVIEW), _S.RETURNED, _P.REVIEW, needs_reason=True),
    Transition(_A.REJECT, _from(_S.TECHNICAL_REVIEW), _S.FALSE_ALARM, _P.REVIEW, needs_reason=True),
    Transition(_A.DUPLICATE, _from(_S.TECHNICAL_REVIEW), _S.DUPLICATE, _P.REVIEW, needs_other=True),
    # Legal review; after it there is a case
    Transition(_A.PASS_LEGAL, _from(_S.LEGAL_REVIEW), _S.OPENED, _P.LEGAL, not_by=_A.PASS_TECHNICAL),
    Transition(_A.RETURN, _from(_S.LEGAL_REVIEW), _S.RETURNED, _P.LEGAL, needs_reason=True),
    Transition(_A.REJECT, _from(_S.LEGAL_REVIEW), _S.FALSE_ALARM, _P.LEGAL, needs_reason=True),
    Transition(_A.DUPLICATE, _from(_S.LEGAL_REVIEW), _S.DUPLICATE, _P.LEGAL, needs_other=True),
    Transition(
        _A.WARN,
        _from(_S.LEGAL_REVIEW, _S.DISPOSED),
        _S.FIRST_WARNING,
        _P.LEGAL,
        needs_reason=True,
        not_by=_A.PASS_TECHNICAL,
    ),
    Transition(_A.HAND_OVER, _from(_S.LEGAL_REVIEW, _S.OPENED, _S.DISPOSED), _S.POLICE, _P.LEGAL, needs_reason=True),
    Transition(_A.HAND_OVER, _from(_S.TECHNICAL_REVIEW), _S.POLICE, _P.REVIEW, needs_reason=True),
    # On the road
    Transition(_A.DISPATCH, _from(_S.OPENED), _S.DISPATCHED, _P.DISPATCH),
    Transition(_A.ACCEPT, _from(_S.DISPATCHED), _S.ACCEPTED, _P.FIELD),
    Transition(_A.DECLINE, _from(_S.DISPATCHED), _S.OPENED, _P.FIELD, needs_reason=True),
    Transition(_A.DISPOSE, _from(_S.ACCEPTED), _S.DISPOSED, _P.FIELD, needs_reason=True),
    # After the road
    Transition(_A.CHECK, _from(_S.DISPOSED), _S.CHECKED, _P.REVIEW),
    Transition(_A.REDO, _from(_S.DISPOSED), _S.ACCEPTED, _P.REVIEW, needs_reason=True),
    Transition(_A.FILE, _from(_S.CHECKED), _S.FILED, _P.LEGAL),
    # Second thoughts
    Transition(_A.REOPEN, _from(_S.FALSE_ALARM, _S.DUPLICATE), _S.CLUE, _P.REVIEW, needs_reason=True),
)
"""Every step that changes a state. Besides them, UNDO takes the last step back."""

REMARKS: Final = (
    # A legal reviewer has looked, and what seems the same act as another is not
    Transition(
        _A.OTHER_ACT, _from(_S.LEGAL_REVIEW), None, _P.LEGAL, needs_reason=True, needs_other=True, needs_note=True
    ),
    Transition(_A.CORRECT, _from(_S.CLUE, _S.RETURNED), None, _P.DECIDE),
    Transition(_A.CORRECT, _from(_S.TECHNICAL_REVIEW), None, _P.REVIEW),
    Transition(
        _A.NOTE,
        frozenset(State),
        None,
        _P.DECIDE,
        needs_note=True,
        also=frozenset({_P.REVIEW, _P.LEGAL, _P.DISPATCH, _P.FIELD}),
    ),
)
"""Every step that leaves the state as it is."""


def transition(action: Action, state: State) -> Transition | None:
    """The step that an action means in a state; None where it means none."""
    return next((t for t in actions_in(state) if t.action == action), None)


def actions_in(state: State) -> tuple[Transition, ...]:
    """The steps that can be taken in a state."""
    return tuple(t for t in TRANSITIONS + REMARKS if state in t.sources)


def states_for(permissions: frozenset[Permission]) -> tuple[State, ...]:
    """The states that wait for somebody with these permissions, in the order of the machine."""
    waiting = {state for t in TRANSITIONS if t.permission in permissions for state in t.sources} - CLOSED
    return tuple(state for state in State if state in waiting)
