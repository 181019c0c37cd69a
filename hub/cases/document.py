"""All of one entry as the console shows it: what came in, its evidence, its steps, and what can be done now."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.accounts.user import User
from hub.cases.case import Case, Row, read_case
from hub.cases.faults import Fault
from hub.cases.guard import last_step, objection, undo_until_ms
from hub.cases.listing import file_url, history, shown
from hub.cases.machine import Action, Transition, actions_in
from hub.cases.same_act import likely
from hub.cases.settings import CaseSettings
from hub.evidence.files import evidence_of
from hub.parts import HubParts
from hub.store.tables import payloads, updates
from hub.web.words import Translator


def document(parts: HubParts, user: User, number: int, t: Translator) -> dict[str, Any]:
    """One entry. Raises StepError `not_found`."""
    now = parts.clock()
    with parts.database.read() as connection:
        case = read_case(connection, number)
        row = shown(connection, user, [case.row], now)[0]
        undo = last_step(case, user, parts.cases, now)
        return {
            "row": row,
            "entry": _payload(connection, number),
            "updates": _updates(connection, case.row),
            "files": _files(connection, number),
            "steps": [_step(step, parts.cases, t) for step in case.steps],
            "actions": [_action(case, user, step, parts.cases, t) for step in actions_in(case.state)],
            "same_act": shown(connection, user, likely(connection, case.row, parts.cases.same_act), now),
            "history": shown(connection, user, history(connection, case.row), now),
            "viewers": row["viewers"],
            "undo": None if isinstance(undo, Fault) else {"until_ms": undo_until_ms(undo, parts.cases)},
        }


def tell(fault: Fault, t: Translator) -> str:
    """A fault in the words of a language."""
    return t(f"fault.{fault.text}", **fault.values)


def _payload(connection: Connection, number: int) -> Any:
    return json.loads(connection.execute(sa.select(payloads.c.payload).where(payloads.c.number == number)).scalar_one())


def _updates(connection: Connection, row: Row) -> list[Any]:
    found = connection.execute(
        sa.select(updates.c.payload)
        .where(updates.c.entry_id == row.entry_id, updates.c.site_id == row.site_id, updates.c.box_id == row.box_id)
        .order_by(updates.c.occurred_ms, updates.c.id)
    ).scalars()
    return [json.loads(payload) for payload in found]


def _files(connection: Connection, number: int) -> list[dict[str, Any]]:
    evidence = evidence_of(connection, number)
    return [
        {
            "name": file.name,
            "kind": file.kind,
            "bytes": file.bytes,
            "held": file.held_ms is not None,
            "wanted": file.wanted_ms is not None,
            "gone": file.gone_ms is not None,
            "url": file_url(number, file.name),
        }
        for file in (evidence.files if evidence is not None else ())
    ]


def _step(step: Row, settings: CaseSettings, t: Translator) -> dict[str, Any]:
    return {
        "seq": step.seq,
        "at_ms": step.at_ms,
        "user_name": step.user_name,
        "action": step.action,
        "from_state": step.from_state,
        "to_state": step.to_state,
        "reason": step.reason,
        "reason_text": reason_text(settings, step.reason, t),
        "note": step.note,
        "other": step.other,
        "correction": json.loads(step.correction) if step.correction else None,
        "undone": step.undone_by is not None,
    }


def reason_text(settings: CaseSettings, code: str, t: Translator) -> str:
    """What people read for a reason; the code itself where the list has it no more."""
    for reason in settings.reasons:
        if reason.code == code:
            return reason.words.zh if t.language == "zh" else reason.words.en
    return code


def _action(case: Case, user: User, step: Transition, settings: CaseSettings, t: Translator) -> dict[str, Any]:
    fault = objection(case, user, step, settings)
    action: Action = step.action
    return {
        "action": action.value,
        "label": t.word("action", action),
        "needs_reason": step.needs_reason,
        "needs_other": step.needs_other,
        "needs_note": step.needs_note,
        "allowed": fault is None,
        "why_not": "" if fault is None else tell(fault, t),
        "code": "" if fault is None else fault.code,
        "other": None if fault is None else fault.other,
        "reasons": [{"code": r.code, "text": reason_text(settings, r.code, t)} for r in settings.reasons_for(action)],
    }
