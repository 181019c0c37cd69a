"""What the parts of the hub share: opened once per process, handed to who needs it."""

from __future__ import annotations

from dataclasses import dataclass

from hub.box_keys import BoxKeys
from hub.cases.settings import CaseSettings
from hub.settings import HubSettings
from hub.store.audit import AuditLog
from hub.store.database import Clock, Database


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
