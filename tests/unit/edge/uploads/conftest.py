"""A box's uploader before a hub that does as it is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.outbox import Outbox
from edge.uploads.client import HubDoor
from edge.uploads.settings import UploadSettings
from edge.uploads.uploader import Uploader
from leads import deterministic_ulid
from leads.uploads import WantedFile
from tests.unit.edge.uploads.hubs import ScriptedHub, serving

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NIGHT = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
"""Half past midnight in Fujian."""


class QuickUploader(Uploader):
    """One whose patience is that of a test."""

    REASK_S = 0.05
    LEADS_S = 0.05
    BACKOFF_S = (0.02, 0.1)


@dataclass
class Post:
    """A box with evidence, and the hub it sends to."""

    hub: ScriptedHub
    root: Path
    outbox: Outbox
    running: list[Uploader] = field(default_factory=list)

    def file(self, name: str, content: bytes, number: int = 1, **changes: Any) -> WantedFile:
        """Evidence of lead `number`, as the hub wants it; `changes` are what the hub says otherwise."""
        at = NIGHT + timedelta(seconds=number)
        lead_id = deterministic_ulid(at, "box-1", str(number))
        folder = f"{at:%Y%m%d}/{lead_id}"
        path = self.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        facts = {
            "lead_id": lead_id,
            "folder": folder,
            "name": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
        }
        return WantedFile(**(facts | changes))

    def want(self, name: str, content: bytes, number: int = 1, **changes: Any) -> WantedFile:
        """As `file`, and the hub wants it after what it wants already."""
        file = self.file(name, content, number, **changes)
        self.hub.wanted.append(file)
        return file

    def uploader(self, key: Ed25519PrivateKey = KEY, **settings: Any) -> QuickUploader:
        """An uploader that has not begun."""
        chosen = UploadSettings.model_validate({"url": self.hub.url, "timeout_s": 1.0} | settings)
        door = HubDoor(chosen, ("site-1", "box-1"), key, lambda: datetime.now(UTC))
        uploader = QuickUploader(chosen, door, self.root, self.outbox, ZoneInfo("Asia/Shanghai"), clock=lambda: NIGHT)
        self.running.append(uploader)
        return uploader

    def start(self, key: Ed25519PrivateKey = KEY, **settings: Any) -> QuickUploader:
        """An uploader at work."""
        uploader = self.uploader(key, **settings)
        uploader.start()
        return uploader


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """A hub that wants nothing yet, and no uploader at work."""
    with Outbox(tmp_path / "outbox.db") as outbox, serving(ScriptedHub((KEY.public_key(),))) as hub:
        made = Post(hub, tmp_path / "evidence", outbox)
        made.root.mkdir()
        yield made
        for uploader in made.running:
            uploader.stop()
