"""Whether a step may be taken: by whom, in which state, and past which laws."""

from __future__ import annotations

from typing import Final

from hub.accounts.user import User
from hub.cases.case import Case, Row
from hub.cases.faults import Fault
from hub.cases.machine import PURSUED, Action, State, Transition, transition
from hub.cases.same_act import blocking
from hub.cases.settings import CaseSettings
from hub.cases.warning import no_warning

_MINUTE_MS: Final = 60_000


def objection(case: Case, user: User, step: Transition, settings: CaseSettings) -> Fault | None:
    """Why this person may not take this step now; None where they may.

    `step` is one that the entry's state knows. What the person says with it is judged by the desk.
    """
    if not step.permitted(user.permissions):
        return Fault("roles", "roles")
    if step.not_by is not None:
        before = case.last(step.not_by)
        if before is not None and before.user_id == user.id:
            return Fault("four_eyes", "four_eyes")
    if step.to in PURSUED and case.state not in PURSUED:
        others = blocking(case, settings.same_act)
        if others:
            return Fault("same_act", "same_act", others[0].number, {"number": str(others[0].number)})
    if step.action == Action.WARN:
        return no_warning(case, settings.warning)
    return None


def last_step(case: Case, user: User, settings: CaseSettings, now_ms: int) -> Row | Fault:
    """The step that this person may take back now, or why there is none.

    It is the last one that holds, their own, not too long ago, and nobody else has stepped since, not even in vain.
    """
    if not case.standing:
        return Fault("not_now", "nothing_to_undo")
    last = case.standing[-1]
    if any(step.user_id != user.id for step in case.steps if step.seq >= last.seq):
        return Fault("not_now", "undo_others")
    if now_ms > undo_until_ms(last, settings):
        return Fault("not_now", "undo_late", values={"minutes": f"{settings.undo_minutes:g}"})
    meant = transition(Action(last.action), State(last.from_state))
    if meant is None or not meant.permitted(user.permissions):
        return Fault("roles", "roles")
    return last


def undo_until_ms(step: Row, settings: CaseSettings) -> int:
    """Until when a step may be taken back."""
    return int(step.at_ms) + round(settings.undo_minutes * _MINUTE_MS)
