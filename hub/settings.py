"""The hub's settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from leads.base import Ident
from leads.broker import BrokerSettings


class HubSettings(BaseModel):
    """One process that receives leads. Paths are seen from the folder of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hub_id: Ident
    """Name of the hub, on every receipt."""
    broker: BrokerSettings = BrokerSettings()
    """The broker; with several receivers give each its own `client_id` and `session_expiry_s: 0`."""
    store: Path
    """SQLite file that holds the leads."""
    box_keys: Path
    """Folder with one `BOX.pub` per box: its public Ed25519 keys in PEM. Box ids are unique within a hub."""
    signing_key: Path | None = None
    """The hub's private Ed25519 key, to sign receipts; null for receipts without a signature."""
    group: Ident = "hub"
    """Receivers of one group share the leads (MQTT 5); with 3.1.1 run only one."""
    batch: Annotated[int, Field(ge=1, le=10_000)] = 200
    """How many leads are committed at once under load."""
    refused_kept: Annotated[int, Field(ge=0)] = 100_000
    """How many refused messages are kept, newest first, so that no flood of them fills the disk."""
