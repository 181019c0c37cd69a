"""Who may do what: roles and their permissions, in one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person is in the hub; one may be several."""

    OPERATOR = "operator"
    """Looks at clues and confirms or rejects them."""
    REVIEWER = "reviewer"
    """Technical review (技术审核), and the check after disposal (复核)."""
    LEGAL = "legal"
    """Legal review (法制审核): opens cases, warns, files."""
    DISPATCHER = "dispatcher"
    """Sends units."""
    UNIT = "unit"
    """A field unit: accepts and disposes."""
    ADMIN = "admin"
    """Accounts, tokens, dead letters; no decisions."""
    AUDITOR = "auditor"
    """Reads everything, the log too; changes nothing."""


class Permission(StrEnum):
    """What can be allowed."""

    QUEUE = "queue"
    """See leads, their evidence and the search."""
    WALL = "wall"
    """See cameras' state and last pictures."""
    FIGURES = "figures"
    """See figures."""
    EXPORT = "export"
    """Take a case file out, others made unrecognisable."""
    EXPORT_ORIGINALS = "export_originals"
    """Take the unchanged originals out too."""
    DECIDE = "decide"
    """Confirm, reject, correct, mark as duplicate."""
    REVIEW = "review"
    """Technical review; check after disposal."""
    LEGAL = "legal"
    """Legal review; warn; file."""
    DISPATCH = "dispatch"
    """Send a unit."""
    FIELD = "field"
    """Accept and dispose."""
    DEAD_LETTERS = "dead_letters"
    """See refused messages."""
    SETTLE = "settle"
    """Try refused messages again or lay them aside."""
    USERS = "users"
    """Accounts and tokens."""
    AUDIT = "audit"
    """Read the log of steps and of looks at evidence."""


_SEEING: Final = frozenset({Permission.QUEUE, Permission.WALL, Permission.FIGURES})

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.OPERATOR: _SEEING | {Permission.DECIDE},
    Role.REVIEWER: _SEEING | {Permission.REVIEW, Permission.EXPORT},
    Role.LEGAL: _SEEING | {Permission.LEGAL, Permission.EXPORT, Permission.EXPORT_ORIGINALS},
    Role.DISPATCHER: _SEEING | {Permission.DISPATCH},
    Role.UNIT: frozenset({Permission.QUEUE, Permission.FIELD}),
    Role.ADMIN: frozenset(
        {Permission.WALL, Permission.FIGURES, Permission.USERS, Permission.DEAD_LETTERS, Permission.SETTLE}
    ),
    Role.AUDITOR: _SEEING | {Permission.EXPORT, Permission.AUDIT, Permission.DEAD_LETTERS},
}


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """All that roles allow together."""
    return frozenset[Permission]().union(*(PERMISSIONS[role] for role in roles))
