"""Tokens of other sources: made, changed, switched off, and checked at the door.

How many requests of a token are taken is counted in its row and not with a library such as `limits`: any number of
processes share one database, and a restart forgets nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final, Literal

import sqlalchemy as sa

from hub.intake.judge import BOX
from hub.parts import HubParts
from hub.store.tables import tokens
from leads.topics import check_id

_PREFIX: Final = "lushao_"
"""By it a token is known for one wherever it turns up."""
_MINUTE_MS: Final = 60_000
PER_MINUTE: Final = 60
MOST_PER_MINUTE: Final = 6_000


class SourceError(ValueError):
    """A source that cannot be made or changed; `code` says why in a word, the text in words."""

    def __init__(self, code: Literal["name", "taken", "unknown", "pace"], text: str) -> None:
        super().__init__(text)
        self.code = code


class DoorError(Exception):
    """A request that is not let in."""

    def __init__(self, status: Literal[401, 403, 429], text: str, retry_after_s: int | None = None) -> None:
        """`status`: as of HTTP."""
        super().__init__(text)
        self.status = status
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Source:
    """A source that has a token."""

    id: int
    name: str
    created_ms: int
    active: bool
    per_minute: int
    used_ms: int | None
    """When it last asked for anything, to within its pace; None for never."""


def sources_of(parts: HubParts) -> list[Source]:
    """All sources by name; those switched off come last."""
    with parts.database.read() as connection:
        rows = connection.execute(sa.select(tokens).order_by(tokens.c.active.desc(), tokens.c.source)).all()
    return [_source(row, parts.clock()) for row in rows]


def _source(row: sa.Row[tuple[object, ...]], now_ms: int) -> Source:
    used_ms = min(now_ms, row.busy_until_ms - _MINUTE_MS // row.per_minute) if row.busy_until_ms else None
    return Source(row.id, row.source, row.created_ms, row.active, row.per_minute, used_ms)


def add_source(parts: HubParts, by: str, name: str, per_minute: int = PER_MINUTE) -> str:
    """Make a source; its token, of which only the hash is kept. Raises SourceError."""
    try:
        check_id(name)
    except ValueError:
        raise SourceError("name", f"{name!r} is no name: letters, digits, `.`, `_` and `-`, at most 64") from None
    if name == BOX:
        raise SourceError("name", f"{BOX!r} is what leads of boxes are called: take another name")
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        raise SourceError("pace", f"between 1 and {MOST_PER_MINUTE} requests a minute can be taken")
    token, digest = _new_token()
    with parts.audit.begin() as books:
        if books.connection.execute(sa.select(tokens.c.id).where(tokens.c.source == name)).first():
            raise SourceError("taken", f"there is a source {name} already: give it a new token, or take another name")
        row = {"source": name, "token_sha256": digest, "created_ms": books.at_ms, "per_minute": per_minute}
        books.connection.execute(sa.insert(tokens).values(row))
        books.add(by, "add_source", body={"source": name, "token_sha256": digest, "per_minute": per_minute})
    return token


def renew_token(parts: HubParts, by: str, name: str) -> str:
    """Give a source a new token in place of the one it had, switched off or not. Raises SourceError."""
    token, digest = _new_token()
    with parts.audit.begin() as books:
        values = {"token_sha256": digest, "created_ms": books.at_ms, "active": True}
        done = books.connection.execute(sa.update(tokens).where(tokens.c.source == name).values(values))
        if done.rowcount == 0:
            raise _unknown(name)
        books.add(by, "renew_source", body={"source": name, "token_sha256": digest})
    return token


def switch_off(parts: HubParts, by: str, name: str) -> None:
    """Take nothing more of a source; what it sent stays. Raises SourceError."""
    with parts.audit.begin() as books:
        done = books.connection.execute(
            sa.update(tokens).where(tokens.c.source == name, tokens.c.active).values(active=False)
        )
        if done.rowcount == 0:
            raise _unknown(name)
        books.add(by, "close_source", body={"source": name})


def _unknown(name: str) -> SourceError:
    return SourceError("unknown", f"there is no source {name} that is in use")


def _new_token() -> tuple[str, str]:
    token = _PREFIX + secrets.token_urlsafe(32)
    return token, _sha256(token)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def admit(parts: HubParts, authorization: str) -> Source:
    """The source behind a request, by its header `Authorization: Bearer TOKEN`; the request is counted.

    A minute's worth of requests may come at once; after that they are taken at the source's pace (the generic cell
    rate algorithm of ITU-T I.371). Raises DoorError.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise DoorError(401, "send the token of your source: Authorization: Bearer TOKEN")
    now_ms, t = parts.clock(), tokens.c
    with parts.database.read() as connection:
        row = connection.execute(sa.select(tokens).where(t.token_sha256 == _sha256(token.strip()))).one_or_none()
    if row is None:
        raise DoorError(401, "this token is not known: ask the hub's administrator for a new one")
    if not row.active:
        raise DoorError(403, f"the token of {row.source} was switched off: ask the hub's administrator")
    each_ms = _MINUTE_MS // row.per_minute
    latest = now_ms + _MINUTE_MS - each_ms
    begins = sa.case((t.busy_until_ms > now_ms, t.busy_until_ms), else_=now_ms)
    with parts.database.write() as connection:
        done = connection.execute(
            sa.update(tokens)
            .where(t.id == row.id, t.active, t.busy_until_ms <= latest)
            .values(busy_until_ms=begins + each_ms)
        )
    if done.rowcount == 0:
        wait_s = max(1, -(-(row.busy_until_ms - latest) // 1000))
        raise DoorError(429, f"more than {row.per_minute} requests a minute: go on in {wait_s} s", wait_s)
    return _source(row, now_ms)
