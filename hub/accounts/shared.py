"""What the hub's processes share to trust each other's words: a random secret, and short-lived tickets under it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from itsdangerous import BadSignature, URLSafeSerializer

from hub.parts import HubParts
from hub.store import tables
from hub.store.rows import put

_NAME: Final = "web"


def shared_secret(parts: HubParts) -> str:
    """A random secret of this hub, kept in its database: the same in every process, and after a restart."""
    held = sa.select(tables.secrets.c.value).where(tables.secrets.c.name == _NAME)
    with parts.database.read() as connection:
        value = connection.execute(held).scalar()
    if value is not None:
        return str(value)
    with parts.database.write() as connection:
        put(connection, tables.secrets, [{"name": _NAME, "value": secrets.token_urlsafe(48)}], ())
        return str(connection.execute(held).scalar_one())


def seal(parts: HubParts, purpose: str, content: Mapping[str, Any]) -> str:
    """A ticket that says something to be believed when it comes back: signed, dated, for one purpose; not secret."""
    return _serializer(parts, purpose).dumps({**content, "at_ms": parts.clock()})


def unseal(parts: HubParts, purpose: str, ticket: str, minutes: float) -> Mapping[str, Any] | None:
    """What a ticket says; None for one that is not ours, was for another purpose, or is older."""
    try:
        content: dict[str, Any] = _serializer(parts, purpose).loads(ticket)
    except BadSignature:
        return None
    age_ms = parts.clock() - int(content.pop("at_ms"))
    return content if 0 <= age_ms <= minutes * 60_000 else None


def _serializer(parts: HubParts, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(shared_secret(parts), salt=f"lushao.{purpose}")
