"""Searches that people keep under a name, each their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from hub.accounts.user import User
from hub.cases.faults import refuse
from hub.parts import HubParts
from hub.store.audit import canonical
from hub.store.rows import insert_into
from hub.store.tables import saved_searches

MOST: Final = 50
"""So many a person may keep."""


def kept(parts: HubParts, user: User) -> list[dict[str, Any]]:
    """What a person keeps, by name."""
    with parts.database.read() as connection:
        rows = connection.execute(
            sa.select(saved_searches).where(saved_searches.c.user_id == user.id).order_by(saved_searches.c.name)
        ).fetchall()
    return [{"id": row.id, "name": row.name, "query": json.loads(row.query)} for row in rows]


def keep(parts: HubParts, user: User, name: str, query: Mapping[str, Any]) -> None:
    """Keep a search; one of that name is replaced. Raises StepError when there are too many."""
    mine = saved_searches.c.user_id == user.id
    with parts.database.write() as connection:
        names = set(connection.execute(sa.select(saved_searches.c.name).where(mine)).scalars())
        if name not in names and len(names) >= MOST:
            raise refuse("input", "too_many_searches", count=str(MOST))
        insert = insert_into(connection, saved_searches).values(
            user_id=user.id, name=name, query=canonical(query), created_ms=parts.clock()
        )
        connection.execute(
            insert.on_conflict_do_update(index_elements=["user_id", "name"], set_={"query": insert.excluded.query})
        )


def forget(parts: HubParts, user: User, search_id: int) -> bool:
    """Keep it no more; whether it was there and theirs."""
    with parts.database.write() as connection:
        gone = connection.execute(
            sa.delete(saved_searches).where(saved_searches.c.user_id == user.id, saved_searches.c.id == search_id)
        )
    return gone.rowcount == 1
