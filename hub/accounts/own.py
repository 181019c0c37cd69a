"""What people do to their own account: password, one-time codes, language, sessions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from hub.accounts import login, passwords, totp
from hub.accounts.people import AccountError, change, changing
from hub.accounts.sessions import Session, end_sessions
from hub.parts import HubParts
from hub.store.tables import users


def change_password(parts: HubParts, session: Session, old: str, new: str) -> None:
    """Change one's password, which must be given; the other sessions end. Raises AccountError."""
    row = _proven(parts, session, old)
    fault = passwords.fault_of(new, session.user.name)
    if fault is None and passwords.matches(row.password, new):
        fault = "same"
    if fault is not None:
        raise AccountError(f"password_{fault}", f"the new password will not do: {fault}")
    with changing(parts, session.user.id) as (books, now):
        change(books, now, password=passwords.hashed(new), must_change=False, failed=0, locked_until_ms=sa.null())
        end_sessions(books.connection, now.id, but=session.token_sha256)
        books.add(now.name, "change_password")


def begin_totp(parts: HubParts, session: Session, password: str) -> None:
    """Make a new secret for one-time codes, not yet needed at the log-in. Raises AccountError."""
    row = _proven(parts, session, password)
    if row.totp_on:
        raise AccountError("totp_is_on", "one-time codes are on already: turn them off first")
    with parts.database.write() as connection:
        connection.execute(
            sa.update(users)
            .where(users.c.id == row.id, sa.not_(users.c.totp_on))
            .values(totp_secret=totp.new_secret(), totp_step=0)
        )


def totp_state(parts: HubParts, session: Session) -> tuple[bool, str]:
    """Whether one-time codes are on; and while they are being set up, their secret, else nothing."""
    with parts.database.read() as connection:
        row = connection.execute(
            sa.select(users.c.totp_on, users.c.totp_secret).where(users.c.id == session.user.id)
        ).one()
    return row.totp_on, "" if row.totp_on else row.totp_secret


def confirm_totp(parts: HubParts, session: Session, code: str) -> None:
    """Turn one-time codes on, with a code that shows that the telephone has the secret. Raises AccountError."""
    with changing(parts, session.user.id) as (books, row):
        if row.totp_on or not row.totp_secret:
            raise AccountError("totp_not_begun", "begin with the password")
        if not totp.take_code(books.connection, row.id, row.totp_secret, code, parts.clock()):
            raise AccountError("wrong_code", "the code is wrong: check the clock of the telephone")
        change(books, row, totp_on=True)
        end_sessions(books.connection, row.id, but=session.token_sha256)
        books.add(row.name, "totp_on")


def turn_totp_off(parts: HubParts, session: Session, password: str) -> None:
    """Need one-time codes no longer. Raises AccountError."""
    _proven(parts, session, password)
    with changing(parts, session.user.id) as (books, row):
        change(books, row, totp_on=False, totp_secret="", failed=0, locked_until_ms=sa.null())
        books.add(row.name, "totp_off")


def choose_language(parts: HubParts, user_id: int, language: str) -> None:
    """Show the console in this language from now on."""
    with parts.database.write() as connection:
        connection.execute(sa.update(users).where(users.c.id == user_id).values(language=language))


def end_own_sessions(parts: HubParts, session: Session, *, but: str = "", only: str = "") -> None:
    """Log oneself out elsewhere: everywhere, `but` here, or `only` there."""
    with changing(parts, session.user.id) as (books, row):
        ended = end_sessions(books.connection, row.id, but=but, only=only)
        books.add(row.name, "end_sessions", body={"user": row.name, "ended": ended})


def _proven(parts: HubParts, session: Session, password: str) -> Row[Any]:
    """The account of who knows its password; wrong ones count as at the log-in. Raises AccountError."""
    row = login.prove_password(parts, session.user.id, password)
    if row is None:
        raise AccountError("wrong_password", "the password is wrong, or the account rests after too many wrong ones")
    return row
