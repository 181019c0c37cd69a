"""People at their desks, for tests: leads and reports come in, steps are taken."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.accounts.roles import Role
from hub.accounts.user import User
from hub.cases.case import read_case
from hub.cases.correction import Correction
from hub.cases.desk import Wish, take_step
from hub.cases.faults import StepError
from hub.cases.machine import Action, State
from hub.intake.reports import judge_report
from hub.intake.take import take
from hub.store.tables import entries, steps
from leads import Plate, Report, encode
from leads.topics import BoxAddress, BoxTopic
from tests.hub_worlds import HubWorld
from tests.unit.hub.intakes import judged, signed
from tests.unit.leads.samples import NOON, sample_lead

A = Action
_counter = itertools.count(1)
REASONS = {
    A.REJECT: "not_the_act",
    A.RETURN: "not_provable",
    A.WARN: "first_and_slight",
    A.HAND_OVER: "police_matter",
    A.DECLINE: "too_far",
    A.DISPOSE: "violation_found",
    A.REDO: "result_incomplete",
    A.REOPEN: "new_evidence",
    A.OTHER_ACT: "another_occasion",
}
"""A reason for each step that needs one."""
TO_LEGAL = (A.CONFIRM, A.PASS_TECHNICAL)
TO_CASE = (*TO_LEGAL, A.PASS_LEGAL)
TO_THE_END = (*TO_CASE, A.DISPATCH, A.ACCEPT, A.DISPOSE, A.CHECK, A.FILE)


@dataclass
class Bureau:
    """A hub with one person of each role."""

    hub: HubWorld
    people: dict[Role, User] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.people = {role: self.hub.user(role) for role in Role}

    def lead(self, plate: str | None = "闽H12345", at: datetime = NOON, **changes: Any) -> int:
        """A lead comes in; its number. `box`, `offence`, `plate_type`, `key` and `level` can be given."""
        number = next(_counter)
        box = changes.pop("box", "box-1")
        lead = sample_lead(number, box=box)
        colour, kind = "yellow", changes.pop("plate_type", "01")
        read = None if plate is None else Plate(text=plate, type=kind, colour=colour, score=0.9)
        told: dict[str, Any] = {
            "occurred_at": at,
            "vehicle": lead.vehicle.model_copy(update={"plate": read}),
            "act": lead.act.model_copy(update={"offence": changes.pop("offence", "traffic")}),
            "suspect_level": changes.pop("level", "low"),
            "one_act_key": changes.pop("key", f"key-{number}"),
            # Others of its chain were made in between, and have not come.
            "evidence": lead.evidence.model_copy(update={"chain_seq": 10 * number}),
        }
        payload = signed(number, **{**told, "site_id": "site-1", "box_id": box, "lead_id": lead.lead_id, **changes})
        return self._held(judged(payload, BoxAddress("site-1", box, BoxTopic.LEADS)))

    def report(self, plate: str | None = "闽H12345", at: datetime = NOON, **changes: Any) -> int:
        """A report comes in from the hot line; its number."""
        number = next(_counter)
        told: dict[str, Any] = {
            "report_id": sample_lead(number, box="hotline").lead_id,
            "occurred_at": at,
            "offence": changes.pop("offence", "traffic"),
            "title": "货车闯禁行",
            "summary": "群众举报",
            "plate": None if plate is None else Plate(text=plate, score=1.0),
        }
        return self._held(judge_report("hotline", encode(Report(**told | changes))))

    def _held(self, verdict: Any) -> int:
        (held,) = take(self.hub.parts, [verdict])
        assert held.number is not None, held.fault
        return held.number

    def do(self, who: Role | User, number: int, action: Action, **said: Any) -> None:
        """Somebody takes a step, on what they see now. Raises StepError."""
        wish = Wish(
            action,
            said.pop("version", None) or self.row(number).version,
            said.pop("reason", REASONS.get(action, "")),
            said.pop("note", ""),
            said.pop("other", None),
            Correction(**said),
        )
        take_step(self.hub.parts, who if isinstance(who, User) else self.people[who], number, wish)

    def go(self, number: int, *actions: Action) -> int:
        """Steps are taken one after the other, each by somebody whose work it is."""
        for action in actions:
            self.do(WORK[action], number, action)
        return number

    def refusal(self, who: Role | User, number: int, action: Action, **said: Any) -> str:
        """Why somebody cannot take a step: the text's key. Nothing may be changed by it."""
        before = self.everything(number)
        try:
            self.do(who, number, action, **said)
        except StepError as error:
            assert self.everything(number) == before
            return error.fault.text
        raise AssertionError(f"{action} was taken")

    def row(self, number: int) -> sa.Row[Any]:
        """The row of an entry."""
        with self.hub.parts.database.read() as connection:
            return read_case(connection, number).row

    def state(self, number: int) -> State:
        """Where an entry stands."""
        return State(self.row(number).state)

    def everything(self, number: int) -> tuple[Any, Any]:
        """Row and steps of an entry."""
        with self.hub.parts.database.read() as connection:
            return (
                connection.execute(sa.select(entries).where(entries.c.number == number)).one(),
                connection.execute(sa.select(steps).where(steps.c.number == number).order_by(steps.c.seq)).fetchall(),
            )


WORK = {
    A.CONFIRM: Role.OPERATOR,
    A.REJECT: Role.OPERATOR,
    A.DUPLICATE: Role.OPERATOR,
    A.PASS_TECHNICAL: Role.REVIEWER,
    A.RETURN: Role.REVIEWER,
    A.PASS_LEGAL: Role.LEGAL,
    A.WARN: Role.LEGAL,
    A.HAND_OVER: Role.LEGAL,
    A.OTHER_ACT: Role.LEGAL,
    A.DISPATCH: Role.DISPATCHER,
    A.ACCEPT: Role.UNIT,
    A.DECLINE: Role.UNIT,
    A.DISPOSE: Role.UNIT,
    A.CHECK: Role.REVIEWER,
    A.REDO: Role.REVIEWER,
    A.FILE: Role.LEGAL,
    A.REOPEN: Role.REVIEWER,
}
"""Whose work each step is."""
