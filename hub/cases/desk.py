"""The desk: where steps of a case are taken and taken back, each in one transaction with its line in the log.

The line's body tells all there is: who, from where to where, why, what was put right, and the columns of the entry
before and after. So the state of every entry can be found again from the log alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from hub.accounts.user import User
from hub.cases.case import Case, read_case
from hub.cases.correction import Correction
from hub.cases.faults import Fault, StepError, refuse
from hub.cases.guard import last_step, objection
from hub.cases.machine import CLOSED, CORRECTABLE, PURSUED, Action, State, Transition, transition
from hub.cases.numbering import next_case_number
from hub.cases.same_act import blocking
from hub.parts import HubParts
from hub.store.audit import Books, canonical
from hub.store.days import local_day, mark_stale
from hub.store.tables import audit, entries, steps

LOGGED_AS: Final = "case."
"""What the log calls a step begins so: `case.confirm`."""
_HOUR_MS: Final = 3_600_000
_KEPT: Final = frozenset({"case_number"})
"""Columns that stay when a step is taken back: a number once given is not given to another case."""


@dataclass(frozen=True)
class Wish:
    """What a person wants to do with an entry."""

    action: Action
    version: int
    """Version of the entry that the person saw."""
    reason: str = ""
    """Code of the list of reasons."""
    note: str = ""
    other: int | None = None
    """Number of another entry, for steps that need one."""
    correction: Correction = field(default_factory=Correction)


def take_step(parts: HubParts, user: User, number: int, wish: Wish) -> None:
    """Take a step of an entry, or take the last one back.

    Raises StepError, with nothing changed, and StoreError as `Database.write`.
    """
    with parts.audit.begin() as books:
        case = read_case(books.connection, number)
        if case.row.version != wish.version:
            raise refuse("stale", "stale")
        desk = _Desk(parts, books, case, user)
        if wish.action == Action.UNDO:
            desk.undo(wish)
        else:
            desk.take(wish)


@dataclass(frozen=True)
class _Desk:
    """One person, one entry, one transaction."""

    parts: HubParts
    books: Books
    case: Case
    user: User

    def take(self, wish: Wish) -> None:
        step = transition(wish.action, self.case.state)
        if step is None:
            raise refuse("not_now", "not_now")
        fault = objection(self.case, self.user, step, self.parts.cases)
        if fault is not None:
            raise StepError(fault)
        self._check_words(step, wish)
        self._check_correction(step, wish)
        after = {**wish.correction.columns(), **self._moved(step, wish)}
        self._write(wish, step.to or self.case.state, after)

    def undo(self, wish: Wish) -> None:
        last = last_step(self.case, self.user, self.parts.cases, self.books.at_ms)
        if isinstance(last, Fault):
            raise StepError(last)
        body = self.books.connection.execute(sa.select(audit.c.body).where(audit.c.seq == last.seq)).scalar_one()
        before = {name: value for name, value in json.loads(body)["before"].items() if name not in _KEPT}
        seq = self._write(wish, State(last.from_state), before, undone=last.seq)
        self.books.connection.execute(sa.update(steps).where(steps.c.seq == last.seq).values(undone_by=seq))

    # What the person says

    def _check_words(self, step: Transition, wish: Wish) -> None:
        if not wish.reason:
            if step.needs_reason:
                raise refuse("input", "no_reason")
        elif wish.reason not in {reason.code for reason in self.parts.cases.reasons_for(wish.action)}:
            raise refuse("input", "bad_reason")
        if step.needs_note and not wish.note.strip():
            raise refuse("input", "no_note")
        if step.needs_other:
            self._check_other(wish)

    def _check_other(self, wish: Wish) -> None:
        if wish.other is None:
            raise refuse("input", "no_other")
        if wish.other == self.case.number:
            raise refuse("input", "other_itself")
        other = read_other(self.books, wish.other)
        if wish.action == Action.DUPLICATE:
            if other in (State.DUPLICATE, State.FALSE_ALARM):
                raise refuse("input", "other_closed", number=str(wish.other))
        elif wish.other not in {row.number for row in blocking(self.case, self.parts.cases.same_act)}:
            raise refuse("input", "other_not_alike", number=str(wish.other))

    def _check_correction(self, step: Transition, wish: Wish) -> None:
        told = wish.correction.told()
        if not told:
            if wish.action == Action.CORRECT:
                raise refuse("input", "no_correction")
            return
        if self.case.state not in CORRECTABLE or wish.action == Action.NOTE:
            raise refuse("not_now", "correction_late")
        if step.to in PURSUED:  # whether the act was pursued before was judged by what the entry says now
            raise refuse("not_now", "correction_first")
        columns = wish.correction.columns()
        only_columns = "axle_count" not in told and "box" not in told
        if only_columns and all(getattr(self.case.row, name) == value for name, value in columns.items()):
            raise refuse("input", "correction_same")

    # What becomes of the entry

    def _moved(self, step: Transition, wish: Wish) -> dict[str, Any]:
        """The columns that change with the state."""
        if step.to is None:
            return {}
        now, row = self.books.at_ms, self.case.row
        hours = None if step.to in CLOSED else self.parts.cases.due_hours.get(step.to)
        after: dict[str, Any] = {
            "state": step.to.value,
            "state_ms": now,
            "due_ms": None if hours is None else now + round(hours * _HOUR_MS),
            "outcome": step.to.value if step.to in CLOSED else "",
            "decided_ms": now if row.decided_ms is None else row.decided_ms,
            "duplicate_of": wish.other if step.to == State.DUPLICATE else None,
        }
        if step.to == State.OPENED and row.case_number is None:
            timezone = self.parts.settings.web.timezone
            after["case_number"] = next_case_number(self.books, self.parts.cases.case_number, timezone)
        return after

    def _write(self, wish: Wish, to: State, columns: Mapping[str, Any], undone: int | None = None) -> int:
        """Write the step down, change the entry; the step's place in the log."""
        row, connection = self.case.row, self.books.connection
        after = {name: value for name, value in columns.items() if getattr(row, name) != value}
        told = {
            "action": wish.action.value,
            "from_state": self.case.state.value,
            "to_state": to.value,
            "user_id": self.user.id,
            "user_name": self.user.display,
            "reason": wish.reason,
            "note": wish.note.strip(),
            "other": wish.other,
        }
        correction = wish.correction.told()
        body = {
            **told,
            "correction": correction,
            "undoes": undone,
            "version": row.version + 1,
            "before": {name: getattr(row, name) for name in after},
            "after": after,
        }
        seq = self.books.add(self.user.name, f"{LOGGED_AS}{wish.action}", row.number, body)
        connection.execute(
            sa.insert(steps).values(
                seq=seq,
                number=row.number,
                at_ms=self.books.at_ms,
                correction=canonical(correction) if correction else "",
                **told,
            )
        )
        changed = sa.update(entries).where(entries.c.number == row.number, entries.c.version == row.version)
        if connection.execute(changed.values(version=row.version + 1, **after)).rowcount != 1:
            raise refuse("stale", "stale")
        mark_stale(connection, [local_day(row.occurred_ms, self.parts.settings.web.timezone)], self.books.at_ms)
        return seq


def read_other(books: Books, number: int) -> State:
    """Where another entry stands. Raises StepError where there is none."""
    state = books.connection.execute(sa.select(entries.c.state).where(entries.c.number == number)).scalar()
    if state is None:
        raise refuse("input", "other_not_found", number=str(number))
    return State(state)
