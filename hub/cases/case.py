"""An entry with the steps taken of it, as a decision needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.cases.faults import refuse
from hub.cases.machine import Action, State
from hub.store.tables import entries, steps

Row = sa.Row[Any]


@dataclass(frozen=True)
class Case:
    """One entry within a transaction."""

    connection: Connection
    row: Row
    """Its row of `entries`."""
    steps: Sequence[Row]
    """Its rows of `steps`, in their order."""

    @property
    def number(self) -> int:
        """Its number."""
        return int(self.row.number)

    @property
    def state(self) -> State:
        """Where it stands."""
        return State(self.row.state)

    @property
    def standing(self) -> Sequence[Row]:
        """The steps that hold: neither taken back, nor taking one back."""
        return [step for step in self.steps if step.undone_by is None and step.action != Action.UNDO]

    def last(self, action: Action) -> Row | None:
        """The last step of a kind that holds."""
        return next((step for step in reversed(self.standing) if step.action == action), None)

    @property
    def declared(self) -> frozenset[int]:
        """Numbers of the entries that a legal reviewer found to be other acts than this one."""
        return frozenset(step.other for step in self.standing if step.action == Action.OTHER_ACT)


def read_case(connection: Connection, number: int) -> Case:
    """The entry of a number, with its steps. Raises StepError `not_found`."""
    row = connection.execute(sa.select(entries).where(entries.c.number == number)).one_or_none()
    if row is None:
        raise refuse("not_found", "not_found")
    taken = connection.execute(sa.select(steps).where(steps.c.number == number).order_by(steps.c.seq)).fetchall()
    return Case(connection, row, taken)
