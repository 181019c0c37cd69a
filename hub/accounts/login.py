"""Who may come in: a name and a password, then a one-time code where the account needs one.

An attempt is counted before the password is looked at, in one statement: however many processes are asked at once, an
account never answers more guesses than `lock_after`. Who is refused learns nothing else: unknown name, wrong password
and resting account look the same and take the same time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Row

from hub.accounts import pace, passwords, totp
from hub.accounts.people import AccountError, clean_name
from hub.accounts.shared import seal, unseal
from hub.parts import HubParts
from hub.store.tables import users

_TICKET: Final = "code"
_TICKET_MINUTES: Final = 5
"""How long there is for the one-time code after the password."""


class Refusal(StrEnum):
    """Why somebody does not come in."""

    WRONG = "wrong"
    """Name, password or code is wrong, or the account rests."""
    TOO_MANY = "too_many"
    """Too many attempts from this address."""
    TOO_LATE = "too_late"
    """The code came too long after the password."""


@dataclass(frozen=True)
class Admitted:
    """Somebody may come in."""

    user_id: int


@dataclass(frozen=True)
class CodeNeeded:
    """The password was right; the one-time code is still to come, with this ticket."""

    ticket: str


def by_password(parts: HubParts, name: str, password: str, address: str) -> Admitted | CodeNeeded | Refusal:
    """Try a name and a password."""
    if pace.take_try(parts, address):
        return Refusal.TOO_MANY
    try:
        wanted = clean_name(name)
    except AccountError:
        wanted = ""  # nobody's name: takes as long as any other
    whose = users.c.name == wanted
    row = _count_attempt(parts, whose)
    if not passwords.matches(row.password if row else "", password) or row is None:
        _note_failure(parts, whose, row, address)
        return Refusal.WRONG
    pace.give_back(parts, address)
    if row.totp_on:
        _uncount_attempt(parts, row)
        ticket = seal(parts, _TICKET, {"user": row.id, "of": _fingerprint(row.password)})
        return CodeNeeded(ticket)
    renewed = passwords.hashed(password) if passwords.is_outdated(row.password) else row.password
    with parts.audit.begin() as books:
        books.connection.execute(_forgiven(row).values(password=renewed))
        books.add(row.name, "log_in", body={"address": address, "by": "password"})
    return Admitted(row.id)


def by_code(parts: HubParts, ticket: str, code: str, address: str) -> Admitted | Refusal:
    """Try the one-time code that a ticket is for."""
    if pace.take_try(parts, address):
        return Refusal.TOO_MANY
    content = unseal(parts, _TICKET, ticket, _TICKET_MINUTES)
    if content is None:
        return Refusal.TOO_LATE
    whose = sa.and_(users.c.id == content["user"], users.c.totp_on)
    row = _count_attempt(parts, whose)
    if row is None or _fingerprint(row.password) != content["of"]:
        _note_failure(parts, whose, row, address)
        return Refusal.WRONG
    with parts.audit.begin() as books:
        right = totp.take_code(books.connection, row.id, row.totp_secret, code, parts.clock())
        if right:
            books.connection.execute(_forgiven(row))
            books.add(row.name, "log_in", body={"address": address, "by": "code"})
    if not right:
        _note_failure(parts, whose, row, address)
        return Refusal.WRONG
    pace.give_back(parts, address)
    return Admitted(row.id)


def prove_password(parts: HubParts, user_id: int, password: str) -> Row[Any] | None:
    """The account of somebody who is in already and knows its password; None where it is wrong, which counts."""
    whose = users.c.id == user_id
    row = _count_attempt(parts, whose)
    if row is None or not passwords.matches(row.password, password):
        _note_failure(parts, whose, row, "")
        return None
    with parts.database.write() as connection:
        connection.execute(_forgiven(row))
    return row


def _count_attempt(parts: HubParts, whose: sa.ColumnElement[bool]) -> Row[Any] | None:
    """Use up one attempt of an account that has any left, and the account; None for any other."""
    now, web = parts.clock(), parts.settings.web
    rested = users.c.locked_until_ms.is_not(None)  # and is over, by the condition below
    failed = sa.case((rested, 1), else_=users.c.failed + 1)
    until = sa.case((failed >= web.lock_after, sa.literal(now + round(web.lock_minutes * 60_000), sa.BigInteger)))
    with parts.database.write() as connection:
        return connection.execute(
            sa.update(users)
            .where(whose, users.c.active, users.c.password != "")
            .where(sa.or_(users.c.locked_until_ms.is_(None), users.c.locked_until_ms <= now))
            .values(failed=failed, locked_until_ms=until)
            .returning(users)
        ).one_or_none()


def _uncount_attempt(parts: HubParts, row: Row[Any]) -> None:
    """Give back the attempt of a right password; not those before it, or codes could be guessed for ever."""
    with parts.database.write() as connection:
        connection.execute(_forgiven(row).values(failed=sa.case((users.c.failed > 0, users.c.failed - 1), else_=0)))


def _forgiven(row: Row[Any]) -> sa.Update:
    return sa.update(users).where(users.c.id == row.id).values(failed=0, locked_until_ms=sa.null())


def _note_failure(parts: HubParts, whose: sa.ColumnElement[bool], row: Row[Any] | None, address: str) -> None:
    """Write down that somebody was refused. A name that nobody has is not written: it may be a mistyped password."""
    with parts.audit.begin() as books:
        known = books.connection.execute(sa.select(users.c.name).where(whose)).scalar()
        resting = row is None or row.locked_until_ms is not None
        books.add(
            known or parts.actor,
            "log_in_failed",
            body={"address": address, "known": known is not None, "resting": known is not None and resting},
        )


def _fingerprint(password_hash: str) -> str:
    """Ties a ticket to the password that it was given for."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]
