"""What the parts of the hub share: opened once per process, handed to who needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.box_keys import BoxKeys
from hub.cases.settings import CaseSettings
from hub.settings import HubSettings
from hub.store.audit import AuditLog
from hub.store.database import Clock, Database, now_ms
from leads import load_private_key
from leads.settings_file import load_settings


@dataclass(frozen=True)
class HubParts:
    """Settings, database and clock of one process."""

    settings: HubSettings
    cases: CaseSettings
    database: Database
    audit: AuditLog
    box_keys: BoxKeys
    clock: Clock
    """Milliseconds of UTC; every time the hub writes comes from it."""
    key: Ed25519PrivateKey | None = None
    """The hub's own key; None where it has none."""

    @property
    def actor(self) -> str:
        """What the log of steps calls the hub."""
        return f"hub:{self.settings.hub_id}"


@contextmanager
def open_parts(settings: HubSettings, *, pool: int = 10) -> Iterator[HubParts]:
    """Open the parts of one process; the database gets its tables, or those of this version.

    Raises StoreError, SettingsError for a wrong file of cases, KeyFileError for a signing key that cannot be read.
    """
    cases = load_settings(settings.cases, CaseSettings)
    key = signing_key(settings)
    with Database(settings.store, pool=pool).open() as database:
        yield HubParts(settings, cases, database, AuditLog(database, key), BoxKeys(settings.box_keys), now_ms, key)


def signing_key(settings: HubSettings) -> Ed25519PrivateKey | None:
    """The hub's private key, where it has one. Raises KeyFileError."""
    return None if settings.signing_key is None else load_private_key(settings.signing_key)
