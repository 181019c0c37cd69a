"""Sessions: a random token in a cookie, its hash in the database: any worker knows it, none outlives its user."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from hub.accounts.roles import Role
from hub.accounts.user import User
from hub.parts import HubParts
from hub.store.tables import sessions, users

_TOUCH_MS: Final = 60_000
"""How seldom it is written down that a session is in use."""


@dataclass(frozen=True)
class Session:
    """Somebody's log-in."""

    token_sha256: str
    user: User
    csrf: str
    """What forms and calls that change something must bear."""
    must_change: bool
    """Whether the password must be changed before anything else."""


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(parts: HubParts, user_id: int, address: str, agent: str) -> str:
    """Begin a session; its token, for the cookie."""
    token = secrets.token_urlsafe(32)
    now = parts.clock()
    with parts.database.write() as connection:
        connection.execute(
            sa.insert(sessions).values(
                token_sha256=_sha256(token),
                user_id=user_id,
                csrf=secrets.token_urlsafe(24),
                created_ms=now,
                seen_ms=now,
                address=address[:64],
                agent=agent[:200],
            )
        )
    return token


def session_of(parts: HubParts, token: str) -> Session | None:
    """The session of a token that holds; None for one that is unknown, over, or whose user may no longer log in."""
    if not token:
        return None
    web, now, digest = parts.settings.web, parts.clock(), _sha256(token)
    with parts.database.read() as connection:
        row = connection.execute(
            sa.select(sessions, users.c.name, users.c.display, users.c.roles, users.c.language, users.c.must_change)
            .join(users, users.c.id == sessions.c.user_id)
            .where(sessions.c.token_sha256 == digest, users.c.active)
        ).one_or_none()
    if row is None:
        return None
    if now - row.created_ms > web.session_hours * 3_600_000 or now - row.seen_ms > web.idle_minutes * 60_000:
        return None
    if now - row.seen_ms > _TOUCH_MS:
        with parts.database.write() as connection:
            connection.execute(sa.update(sessions).where(sessions.c.token_sha256 == digest).values(seen_ms=now))
    roles = tuple(Role(word) for word in row.roles.split(",") if word)
    user = User(row.user_id, row.name, row.display, roles, row.language)
    return Session(digest, user, row.csrf, row.must_change)


def close_session(parts: HubParts, token_sha256: str) -> None:
    """End a session."""
    with parts.database.write() as connection:
        connection.execute(sa.delete(sessions).where(sessions.c.token_sha256 == token_sha256))


def close_sessions_of(parts: HubParts, user_id: int) -> None:
    """End all sessions of a user: after a change of password or roles, or when the account is closed."""
    with parts.database.write() as connection:
        connection.execute(sa.delete(sessions).where(sessions.c.user_id == user_id))
