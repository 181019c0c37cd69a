"""Plain reading of what the hub holds, for the command line and for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hub.store.database import Database
from hub.store.tables import entries, payloads, refused, updates
from leads import Lead, LeadUpdate, decode


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message that was refused."""

    door: str
    """`mqtt`, or `http` for other sources than boxes."""
    site_id: str
    box_id: str
    """The box; for others the source's name."""
    entry_id: str | None
    reason: str
    detail: str
    received_ms: int
    times_received: int
    payload: bytes
    """Its bytes, up to the largest size of a lead."""


def count(database: Database) -> int:
    """How many leads and reports are held."""
    return int(_scalar(database, sa.select(sa.func.count()).select_from(entries)))


def entry_ids(database: Database) -> list[str]:
    """Ids of all leads and reports held, in the order of their numbers."""
    with database.read() as connection:
        return list(connection.execute(sa.select(entries.c.entry_id).order_by(entries.c.number)).scalars())


def newest_leads(database: Database, limit: int) -> list[Lead]:
    """The leads that came last, newest first."""
    with database.read() as connection:
        rows = connection.execute(
            sa.select(payloads.c.payload)
            .join(entries, entries.c.number == payloads.c.number)
            .where(entries.c.kind == "lead")
            .order_by(entries.c.number.desc())
            .limit(limit)
        )
        return [decode(Lead, row.payload) for row in rows]


def lead(database: Database, lead_id: str) -> Lead | None:
    """One lead; None when it is not held."""
    found = payload(database, lead_id)
    return None if found is None else decode(Lead, found)


def payload(database: Database, entry_id: str) -> bytes | None:
    """The bytes of one lead or report exactly as they came; None when it is not held."""
    found = _scalar(
        database,
        sa.select(payloads.c.payload)
        .join(entries, entries.c.number == payloads.c.number)
        .where(entries.c.entry_id == entry_id),
    )
    return None if found is None else bytes(found)


def times_received(database: Database, entry_id: str) -> int:
    """How often a lead or report came in; 0 when it is not held."""
    return int(_scalar(database, sa.select(entries.c.times_received).where(entries.c.entry_id == entry_id)) or 0)


def repeats(database: Database, lead_id: str) -> int:
    """How often a lead's act was seen again; 0 while the lead is not held."""
    return int(_scalar(database, sa.select(entries.c.repeats).where(entries.c.entry_id == lead_id)) or 0)


def updates_of(database: Database, lead_id: str) -> list[LeadUpdate]:
    """The updates of a lead by its own box, in the order of what they tell; none while the lead is not held."""
    with database.read() as connection:
        rows = connection.execute(
            sa.select(updates.c.payload)
            .join(
                entries,
                sa.and_(
                    entries.c.entry_id == updates.c.entry_id,
                    entries.c.site_id == updates.c.site_id,
                    entries.c.box_id == updates.c.box_id,
                ),
            )
            .where(updates.c.entry_id == lead_id)
            .order_by(updates.c.occurred_ms, updates.c.id)
        )
        return [decode(LeadUpdate, row.payload) for row in rows]


def refused_messages(database: Database, limit: int = 100) -> list[RefusedMessage]:
    """The newest refused messages, newest first."""
    columns = [refused.c[name] for name in RefusedMessage.__dataclass_fields__]
    with database.read() as connection:
        rows = connection.execute(sa.select(*columns).order_by(refused.c.id.desc()).limit(limit))
        return [RefusedMessage(**{**row._mapping, "payload": bytes(row.payload)}) for row in rows]


def _scalar(database: Database, statement: sa.Select[Any]) -> Any:
    with database.read() as connection:
        return connection.execute(statement).scalar()
