"""Accounts: made, changed and closed. Everything is written into the log of steps, and never a secret with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub.accounts import passwords
from hub.accounts.roles import Role
from hub.accounts.sessions import end_sessions
from hub.parts import HubParts
from hub.store.audit import Books
from hub.store.tables import users

_NAME: Final = re.compile(r"[a-z0-9\u4e00-\u9fff][a-z0-9\u4e00-\u9fff._@-]{1,63}")


class AccountError(Exception):
    """It cannot be done to this account. `code` is the word for the page, the text is English."""

    def __init__(self, code: str, text: str) -> None:
        """See the class."""
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Account:
    """An account, as administrators see it."""

    id: int
    name: str
    display: str
    roles: tuple[Role, ...]
    active: bool
    must_change: bool
    totp_on: bool
    by_issuer: bool
    """Whether it belongs to the bureau's own log-in (OpenID Connect), which gives its roles."""
    has_password: bool
    locked_until_ms: int | None
    """Until when it rests after wrong passwords; None when it does not."""
    created_ms: int


def _account(row: Row[Any], now_ms: int) -> Account:
    locked = row.locked_until_ms
    return Account(
        id=row.id,
        name=row.name,
        display=row.display,
        roles=tuple(Role(word) for word in row.roles.split(",") if word),
        active=row.active,
        must_change=row.must_change,
        totp_on=row.totp_on,
        by_issuer=row.oidc_subject is not None,
        has_password=bool(row.password),
        locked_until_ms=locked if locked is not None and locked > now_ms else None,
        created_ms=row.created_ms,
    )


def accounts(parts: HubParts) -> list[Account]:
    """All accounts, those that are open first, by name."""
    with parts.database.read() as connection:
        rows = connection.execute(sa.select(users).order_by(users.c.active.desc(), users.c.name)).fetchall()
    return [_account(row, parts.clock()) for row in rows]


def account(parts: HubParts, user_id: int) -> Account | None:
    """One account."""
    with parts.database.read() as connection:
        row = connection.execute(sa.select(users).where(users.c.id == user_id)).one_or_none()
    return None if row is None else _account(row, parts.clock())


def clean_name(text: str) -> str:
    """A log-in name in the one form it is stored and looked up in. Raises AccountError."""
    name = unicodedata.normalize("NFKC", text).strip().lower()
    if not _NAME.fullmatch(name):
        raise AccountError("name", "a name has 2 to 64 letters, digits, Chinese characters or . _ @ -")
    return name


def add_user(parts: HubParts, by: str, name: str, display: str, roles: Iterable[Role]) -> str:
    """Make an account; its one-time password, which is nowhere kept. Raises AccountError."""
    with parts.audit.begin() as books:
        return insert_user(books, by, name, display, roles)


def insert_user(books: Books, by: str, name: str, display: str, roles: Iterable[Role]) -> str:
    """As `add_user`, within a transaction."""
    name, chosen, password = clean_name(name), _distinct(roles), passwords.one_time()
    if not chosen:
        raise AccountError("no_roles", "an account needs at least one role")
    if books.connection.execute(sa.select(users.c.id).where(users.c.name == name)).first():
        raise AccountError("taken", f"there is an account named {name} already")
    books.connection.execute(
        sa.insert(users).values(
            name=name,
            display=display.strip()[:100] or name,
            password=passwords.hashed(password),
            must_change=True,
            roles=",".join(chosen),
            created_ms=books.at_ms,
        )
    )
    books.add(by, "add_user", body={"user": name, "roles": list(chosen)})
    return password


def change_roles(parts: HubParts, by: str, user_id: int, roles: Iterable[Role]) -> None:
    """Give an account other roles; its sessions end. Raises AccountError."""
    chosen = _distinct(roles)
    if not chosen:
        raise AccountError("no_roles", "an account needs at least one role")
    with changing(parts, user_id) as (books, row):
        if row.oidc_subject is not None:
            raise AccountError("by_issuer", f"{row.name} has its roles from the bureau's own log-in: change them there")
        if Role.ADMIN not in chosen:
            _keep_an_admin(books.connection, row)
        change(books, row, roles=",".join(chosen))
        end_sessions(books.connection, row.id)
        books.add(by, "change_roles", body={"user": row.name, "from": row.roles.split(","), "to": list(chosen)})


def reset_password(parts: HubParts, by: str, user_id: int) -> str:
    """Give an account a new one-time password; its sessions end, and it rests no longer. Raises AccountError."""
    password = passwords.one_time()
    with changing(parts, user_id) as (books, row):
        if row.oidc_subject is not None:
            raise AccountError("by_issuer", f"{row.name} logs in with the bureau's own account, which has the password")
        change(books, row, password=passwords.hashed(password), must_change=True, failed=0, locked_until_ms=sa.null())
        end_sessions(books.connection, row.id)
        books.add(by, "reset_password", body={"user": row.name})
    return password


def reset_totp(parts: HubParts, by: str, user_id: int) -> None:
    """Take the one-time codes off an account whose telephone is lost; its sessions end. Raises AccountError."""
    with changing(parts, user_id) as (books, row):
        change(books, row, totp_on=False, totp_secret="")
        end_sessions(books.connection, row.id)
        books.add(by, "reset_totp", body={"user": row.name})


def close_account(parts: HubParts, by: str, user_id: int) -> None:
    """Let an account log in no more; its sessions end. Raises AccountError."""
    with changing(parts, user_id) as (books, row):
        _keep_an_admin(books.connection, row)
        change(books, row, active=False)
        end_sessions(books.connection, row.id)
        books.add(by, "close_user", body={"user": row.name})


def reopen_account(parts: HubParts, by: str, user_id: int) -> None:
    """Let a closed account log in again. Raises AccountError."""
    with changing(parts, user_id) as (books, row):
        change(books, row, active=True)
        books.add(by, "open_user", body={"user": row.name})


def unlock(parts: HubParts, by: str, user_id: int) -> None:
    """Let an account that rests after wrong passwords log in again now. Raises AccountError."""
    with changing(parts, user_id) as (books, row):
        change(books, row, failed=0, locked_until_ms=sa.null())
        books.add(by, "unlock_user", body={"user": row.name})


def end_all_sessions(parts: HubParts, by: str, user_id: int) -> None:
    """Log an account out everywhere. Raises AccountError."""
    with changing(parts, user_id) as (books, row):
        end_sessions(books.connection, row.id)
        books.add(by, "end_sessions", body={"user": row.name})


@contextmanager
def changing(parts: HubParts, user_id: int) -> Iterator[tuple[Books, Row[Any]]]:
    """A transaction in which no other changes an account, and the account as it is. Raises AccountError."""
    with parts.audit.begin() as books:
        row = books.connection.execute(sa.select(users).where(users.c.id == user_id)).one_or_none()
        if row is None:
            raise AccountError("unknown", "there is no such account")
        yield books, row


def change(books: Books, row: Row[Any], **values: object) -> None:
    """Change columns of an account."""
    books.connection.execute(sa.update(users).where(users.c.id == row.id).values(**values))


def _keep_an_admin(connection: Connection, row: Row[Any]) -> None:
    """Raise AccountError where, without this account, nobody could administer accounts."""
    if Role.ADMIN not in row.roles.split(",") or not row.active:
        return
    others = connection.execute(sa.select(users.c.roles).where(users.c.active, users.c.id != row.id)).scalars()
    if not any(Role.ADMIN in roles.split(",") for roles in others):
        raise AccountError("last_admin", f"{row.name} is the last administrator: make another one first")


def _distinct(roles: Iterable[Role]) -> tuple[Role, ...]:
    given = set(roles)
    return tuple(role for role in Role if role in given)
