"""The hub's settings: one frozen model, read from a YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leads.base import Ident
from leads.broker import BrokerSettings


class HubSettingsError(ValueError):
    """A settings file that cannot be used; the text names file, key and remedy."""


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


def load_hub(path: Path) -> HubSettings:
    """Read a hub's settings. Raises HubSettingsError."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HubSettingsError(f"{path}: cannot be read ({error.strerror}); a sample is configs/hub.yaml") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise HubSettingsError(f"{path}: is no YAML: {error}") from error
    if not isinstance(data, dict):
        raise HubSettingsError(f"{path}: expected keys and values, found {type(data).__name__}")
    try:
        settings = HubSettings.model_validate(data)
    except ValidationError as error:
        faults = [f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise HubSettingsError("\n".join(faults)) from error
    return _beside(settings, path.parent.resolve())


def _beside(settings: HubSettings, folder: Path) -> HubSettings:
    """The same settings with every path made absolute, seen from `folder`."""
    broker, tls = settings.broker, settings.broker.tls
    if tls is not None:
        files = {name: folder / value for name in ("ca", "cert", "key") if (value := getattr(tls, name)) is not None}
        broker = broker.model_copy(update={"tls": tls.model_copy(update=files)})
    if broker.password_file is not None:
        broker = broker.model_copy(update={"password_file": folder / broker.password_file})
    paths = {
        name: folder / value
        for name in ("store", "box_keys", "signing_key")
        if (value := getattr(settings, name)) is not None
    }
    return settings.model_copy(update={"broker": broker, **paths})
