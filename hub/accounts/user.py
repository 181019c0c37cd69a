"""The person behind a request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hub.accounts.roles import Permission, Role, permissions_of


@dataclass(frozen=True)
class User:
    """A person who has logged in."""

    id: int
    name: str
    """Log-in name; it stands in the log of steps."""
    display: str
    """Name for people."""
    roles: tuple[Role, ...]
    language: str
    """`zh`, `en`, or empty for the hub's own."""

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """All that the roles allow."""
        return permissions_of(self.roles)

    def may(self, permission: Permission) -> bool:
        """Whether this is allowed."""
        return permission in self.permissions
