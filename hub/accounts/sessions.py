"""Sessions: a random token in a cookie, its hash in the database: any worker knows it, none outlives its user."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

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


@dataclass(frozen=True)
class OpenSession:
    """One of a person's sessions, for them to know it by."""

    token_sha256: str
    created_ms: int
    seen_ms: int
    address: str
    agent: str


def open_session(parts: HubParts, user_id: int, address: str, agent: str) -> str:
    """Begin a session; its token, for the cookie. Sessions that are over are taken out."""
    token = secrets.token_urlsafe(32)
    now = parts.clock()
    oldest_ms, idle_ms = _bounds(parts)
    with parts.database.write() as connection:
        connection.execute(
            sa.delete(sessions).where(sa.or_(sessions.c.created_ms < oldest_ms, sessions.c.seen_ms < idle_ms))
        )
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


def _bounds(parts: HubParts) -> tuple[int, int]:
    """Sessions begun before the first time, or not in use since the second, are over; ms."""
    now, web = parts.clock(), parts.settings.web
    return now - round(web.session_hours * 3_600_000), now - round(web.idle_minutes * 60_000)


def session_of(parts: HubParts, token: str, *, in_use: bool = True) -> Session | None:
    """The session of a token that holds; None for one that is unknown, over, or whose user may no longer log in.

    `in_use`: a person did something; what a page asks for by itself does not keep a session.
    """
    if not token:
        return None
    now, digest = parts.clock(), _sha256(token)
    oldest_ms, idle_ms = _bounds(parts)
    with parts.database.read() as connection:
        row = connection.execute(
            sa.select(sessions, users.c.name, users.c.display, users.c.roles, users.c.language, users.c.must_change)
            .join(users, users.c.id == sessions.c.user_id)
            .where(sessions.c.token_sha256 == digest, users.c.active)
        ).one_or_none()
    if row is None or row.created_ms < oldest_ms or row.seen_ms < idle_ms:
        return None
    if in_use and now - row.seen_ms > _TOUCH_MS:
        with parts.database.write() as connection:
            connection.execute(sa.update(sessions).where(sessions.c.token_sha256 == digest).values(seen_ms=now))
    roles = tuple(Role(word) for word in row.roles.split(",") if word)
    user = User(row.user_id, row.name, row.display, roles, row.language)
    return Session(digest, user, row.csrf, row.must_change)


def close_session(parts: HubParts, token_sha256: str) -> None:
    """End a session."""
    with parts.database.write() as connection:
        connection.execute(sa.delete(sessions).where(sessions.c.token_sha256 == token_sha256))


def sessions_of(parts: HubParts, user_id: int) -> list[OpenSession]:
    """A person's sessions that hold, the last used first."""
    oldest_ms, idle_ms = _bounds(parts)
    with parts.database.read() as connection:
        rows = connection.execute(
            sa.select(sessions)
            .where(sessions.c.user_id == user_id, sessions.c.created_ms >= oldest_ms, sessions.c.seen_ms >= idle_ms)
            .order_by(sessions.c.seen_ms.desc())
        ).fetchall()
    return [OpenSession(row.token_sha256, row.created_ms, row.seen_ms, row.address, row.agent) for row in rows]


def end_sessions(connection: Connection, user_id: int, *, but: str = "", only: str = "") -> int:
    """End a person's sessions, all or `but` one or `only` one (by token_sha256); how many there were."""
    ended = sa.delete(sessions).where(sessions.c.user_id == user_id, sessions.c.token_sha256 != but)
    if only:
        ended = ended.where(sessions.c.token_sha256 == only)
    return connection.execute(ended).rowcount
