"""The two ends of a lead's way, put together as box and hub do: outbox and publisher, receiver and store."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.outbox import Outbox
from edge.publisher import Publisher
from hub import read
from hub.box_keys import BoxKeys
from hub.cases.settings import CaseSettings
from hub.intake.receive import Receiver
from hub.parts import HubParts
from hub.settings import StoreSettings
from hub.store.audit import AuditLog
from hub.store.database import Database, now_ms
from leads import Lead, Status, encode, sign
from leads.broker import BrokerSettings
from leads.settings_file import load_settings
from tests.hub_worlds import BOX_KEY, CASES, HUB_KEY, make_settings
from tests.integration.brokers import eventually
from tests.unit.leads.samples import sample_lead

__all__ = ["BOX_KEY", "HUB_KEY", "OTHER_KEY", "BoxEnd", "HubEnd", "delivered"]
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


class HubEnd:
    """A hub that may come and go; its store stays."""

    def __init__(
        self,
        folder: Path,
        broker: BrokerSettings,
        *,
        key: Ed25519PrivateKey | None = None,
        store: StoreSettings | None = None,
    ) -> None:
        """Prepare a hub that knows box-1; with `key` it signs its receipts. Without `store` it takes `hub.db`."""
        self._key = key
        store = store or StoreSettings(sqlite=folder / "hub.db")
        self.settings = make_settings(folder, store, broker=broker, batch=5)

    def __enter__(self) -> Self:
        """Start, and return when leads can come in."""
        self.database = Database(self.settings.store, patience_s=0.05).open()
        self.parts = HubParts(
            self.settings,
            load_settings(CASES, CaseSettings),
            self.database,
            AuditLog(self.database, self._key),
            BoxKeys(self.settings.box_keys),
            now_ms,
            self._key,
        )
        self.receiver = Receiver(self.parts)
        self.receiver.start()
        eventually(lambda: self.receiver.connected, what="the hub's connection")
        return self

    def __exit__(self, *_: object) -> None:
        """Go."""
        assert self.receiver.alive
        self.receiver.stop()
        self.database.close()

    def holds(self, leads: list[Lead]) -> bool:
        """Whether it holds these leads, each once, and no others."""
        return sorted(read.entry_ids(self.database)) == sorted(lead.lead_id for lead in leads)


class BoxEnd:
    """A box that may come and go; its outbox stays."""

    def __init__(
        self,
        folder: Path,
        broker: BrokerSettings,
        *,
        hub_keys: tuple[Ed25519PublicKey, ...] = (),
        **publisher: Any,
    ) -> None:
        """Prepare box-1 of site-1; with `hub_keys` it believes signed receipts only."""
        self._folder = folder
        self._broker = broker
        self._publisher_settings = {"hub_keys": hub_keys, **publisher}
        self._session = 0
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """Start."""
        self._session += 1
        self.outbox = self._undo.enter_context(Outbox(self._folder / "outbox.db"))
        self.publisher = Publisher(
            self._broker,
            self.outbox,
            site_id="site-1",
            box_id="box-1",
            birth=self._birth,
            **self._publisher_settings,
        )
        self.publisher.start()
        self._undo.callback(self.publisher.stop)
        return self

    def __exit__(self, *_: object) -> None:
        """Go."""
        assert self.publisher.alive
        self._undo.close()

    def _birth(self) -> Status:
        return Status(site_id="site-1", box_id="box-1", session_id=f"run-{self._session}", state="online")

    def make(self, *numbers: int, key: Ed25519PrivateKey = BOX_KEY) -> list[Lead]:
        """Make leads of these numbers and put them into the outbox."""
        leads = [sign(sample_lead(number), key) for number in numbers]
        for lead in leads:
            assert self.outbox.add(lead.lead_id, lead.one_act_key, encode(lead), lead.occurred_at)
            self.publisher.wake()
        return leads

    @property
    def done(self) -> bool:
        """Whether no lead waits for a receipt."""
        return self.outbox.depth() == 0


def delivered(box: BoxEnd, hub: HubEnd, leads: list[Lead], within_s: float = 15.0) -> None:
    """Wait until the outbox is empty, and see that the hub holds every lead exactly once."""
    eventually(lambda: box.done, within_s, what="the delivery")
    assert hub.holds(leads)
    assert box.outbox.refused() == []
