"""Looks at an entry: each is written down with its purpose, and lets its evidence be seen for a while (PIPL)."""

from __future__ import annotations

from typing import Final, Literal, get_args

import sqlalchemy as sa

from hub.accounts.user import User
from hub.cases.faults import refuse
from hub.parts import HubParts
from hub.store.tables import access, entries

Purpose = Literal["review", "check", "appeal", "audit", "training"]
"""What somebody may look at an entry for; it is written down."""
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
ENTRY: Final = "entry"
"""What is written down as looked at when it is the entry as a whole."""
HOLDS_MS: Final = 30 * 60_000
"""So long a look holds; until then it is not written down again."""


def note_look(parts: HubParts, user: User, number: int, purpose: Purpose | None) -> None:
    """Write down that somebody looks at an entry, unless a look of theirs for this purpose still holds.

    Without a purpose any look that holds will do, and a new one is for review. Raises StepError where there is no such
    entry.
    """
    now = parts.clock()
    holds = sa.select(access.c.id).where(
        access.c.user_id == user.id,
        access.c.number == number,
        access.c.until_ms > now,
        access.c.what == ENTRY,
        sa.true() if purpose is None else access.c.purpose == purpose,
    )
    with parts.database.read() as connection:
        if connection.execute(sa.select(entries.c.number).where(entries.c.number == number)).first() is None:
            raise refuse("not_found", "not_found")
        if connection.execute(holds.limit(1)).first() is not None:
            return
    look = {"at_ms": now, "user_id": user.id, "number": number, "what": ENTRY, "purpose": purpose or "review"}
    with parts.database.write() as connection:
        connection.execute(sa.insert(access).values(until_ms=now + HOLDS_MS, **look))
        connection.execute(
            sa.update(entries).where(entries.c.number == number, entries.c.looked_ms.is_(None)).values(looked_ms=now)
        )
