"""When a first offence may end with a warning (首违警告, 行政处罚法 art. 33: first, slight, put right in time)."""

from __future__ import annotations

import json
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.cases.case import Case, Row
from hub.cases.faults import Fault
from hub.cases.machine import PURSUED
from hub.cases.same_act import same_vehicle
from hub.cases.settings import WarningTerms
from hub.store.tables import entries, payloads

_DAY_MS: Final = 86_400_000


def no_warning(case: Case, terms: WarningTerms) -> Fault | None:
    """Why no warning may be given; None where it may. Whether it was slight and put right is for people to say."""
    row = case.row
    if row.offence not in terms.offences:
        return Fault("no_warning", "no_warning_offence")
    if row.level > terms.highest_level:
        return Fault("no_warning", "no_warning_level")
    earlier = same_vehicle(row)
    if earlier is None:
        return Fault("no_warning", "no_warning_plate")
    found = _pursued_before(case, earlier, terms)
    if found is not None:
        return Fault("no_warning", "no_warning_history", found.number, {"number": str(found.number)})
    prior = prior_count(case.connection, case.number)
    if prior:
        return Fault("no_warning", "no_warning_prior", values={"count": str(prior)})
    return None


def prior_count(connection: Connection, number: int) -> int | None:
    """Acts of the vehicle within a year by what its lead says; None where that is not known."""
    payload = connection.execute(sa.select(payloads.c.payload).where(payloads.c.number == number)).scalar_one()
    told = json.loads(payload).get("prior_count")
    return None if told is None else int(told)


def _pursued_before(case: Case, earlier: sa.ColumnElement[bool], terms: WarningTerms) -> Row | None:
    """The last act of the vehicle, of any offence, that was pursued within the days of the terms."""
    since_ms = case.row.occurred_ms - terms.within_days * _DAY_MS
    return case.connection.execute(
        sa.select(entries)
        .where(
            earlier,
            entries.c.occurred_ms.between(since_ms, case.row.occurred_ms),
            entries.c.state.in_(PURSUED),
            entries.c.number != case.number,
        )
        .order_by(entries.c.occurred_ms.desc())
        .limit(1)
    ).one_or_none()
