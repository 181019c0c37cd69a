"""The first start: one administrator, with a password that is shown once and kept nowhere."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from hub.accounts.people import insert_user
from hub.accounts.roles import Role
from hub.parts import HubParts
from hub.store.tables import users

_NAME: Final = "admin"


def first_start(parts: HubParts) -> str | None:
    """Make the first account where there is none; the text to print, never to log. None where there is one.

    Of several processes that start at once, one makes it.
    """
    with parts.audit.begin() as books:
        if books.connection.execute(sa.select(users.c.id).limit(1)).first() is not None:
            return None
        password = insert_user(books, parts.actor, _NAME, "", [Role.ADMIN])
    return (
        f"The first account: log in as {_NAME} with the one-time password {password}\n"
        "It is shown only now, and the log-in asks for a new one."
    )
