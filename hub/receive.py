"""The receiver: leads in by MQTT, committed, then receipted, then acknowledged, in this order."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.intake import Judged, KeysOf, judge
from hub.settings import HubSettings
from hub.store import Held, HubStore, StoreError
from leads import KeyFileError, LeadUpdate, Receipt, encode, sign
from leads.link import Incoming, LinkHooks, MqttLink, Outgoing
from leads.quiet import QuietLog
from leads.topics import BoxTopic, all_boxes, box_topic, parse_box_topic, shared

log = logging.getLogger(__name__)
_IDLE_S = 0.2
_STORE_RETRY_S = 1.0


@dataclass(slots=True)
class ReceiverCounters:
    """Counted since the start."""

    accepted: int = 0
    """Leads and updates taken for the first time."""
    duplicates: int = 0
    """Leads and updates that were held before."""
    refused: int = 0
    """Messages refused."""
    batches: int = 0
    """Commits."""
    store_faults: int = 0
    """Commits that failed and were tried again."""
    overflowed: int = 0
    """Messages left to come again because too many waited."""
    key_faults: int = 0
    """Messages left to come again because the hub could not read its key of the box."""
    odd_topics: int = 0
    """Messages on topics that belong to no box, which cannot be answered."""


class Receiver:
    """Takes leads until `stop`. Two threads: the link's, and one that judges, commits and answers."""

    def __init__(
        self,
        settings: HubSettings,
        store: HubStore,
        keys_of: KeysOf,
        *,
        signing_key: Ed25519PrivateKey | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is received before `start`. `store` stays the caller's to close, after `stop`."""
        self._settings = settings
        self._store = store
        self._keys_of = keys_of
        self._signing_key = signing_key
        self._counters = ReceiverCounters()
        self._quiet = QuietLog(log, monotonic=monotonic)
        self._stopping = threading.Event()
        self._waiting: queue.Queue[Incoming] = queue.Queue(maxsize=settings.batch * 10)
        leads = all_boxes(BoxTopic.LEADS)
        self._link = MqttLink(
            settings.broker,
            f"lushao-hub-{settings.hub_id}",
            LinkHooks(on_up=_nothing, on_down=_nothing, on_message=self._on_message),
            subscriptions=[(shared(settings.group, leads) if settings.broker.protocol == "5" else leads, 1)],
            manual_ack=True,
            receive_maximum=min(settings.batch * 2, 65_535),
            monotonic=monotonic,
        )
        self._thread = threading.Thread(target=self._run, name="hub-intake", daemon=True)

    def start(self) -> None:
        """Begin to connect and to receive. Raises BrokerError when a certificate or password cannot be read."""
        self._link.start()
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Disconnect and end both threads; what is not committed will come again."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        self._link.stop(timeout_s)

    @property
    def connected(self) -> bool:
        """Whether leads can come in now."""
        return self._link.connected

    @property
    def alive(self) -> bool:
        """Whether both threads run."""
        return self._thread.is_alive() and self._link.alive

    def counters(self) -> ReceiverCounters:
        """The counts as they stand."""
        return replace(self._counters)

    def _on_message(self, message: Incoming) -> None:
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            self._counters.overflowed += 1

    # On the receiver's own thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            batch = self._next_batch()
            if batch:
                self._take(batch)

    def _next_batch(self) -> list[Incoming]:
        """What waits, up to a batch; a single lead is not kept waiting for others."""
        batch: list[Incoming] = []
        try:
            batch.append(self._waiting.get(timeout=_IDLE_S))
            while len(batch) < self._settings.batch:
                batch.append(self._waiting.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _take(self, batch: Sequence[Incoming]) -> None:
        judged: list[tuple[Incoming, Judged]] = []
        for message in batch:
            try:
                address = parse_box_topic(message.topic)
            except ValueError as error:
                self._counters.odd_topics += 1
                self._quiet.warning("topic", "left out a message: %s", error)
                self._link.ack(message)
                continue
            try:
                judged.append((message, judge(address, message.payload, self._keys_of)))
            except KeyFileError as error:
                # No receipt: the box keeps its lead and sends it again until the file is put right.
                self._counters.key_faults += 1
                self._quiet.warning("key", "box %s gets no receipts until this is put right: %s", address.box_id, error)
                self._link.ack(message)
        held = self._commit([verdict for _, verdict in judged])
        for (message, _), fate in zip(judged, held, strict=False):
            self._answer(fate)
            self._link.ack(message)

    def _commit(self, judged: Sequence[Judged]) -> list[Held]:
        """Commit, trying until it works; nothing when stopped before. The boxes keep their leads meanwhile."""
        while not self._stopping.is_set():
            try:
                held = self._store.take(judged)
            except StoreError as error:
                self._counters.store_faults += 1
                self._quiet.warning("store", "%s; no receipts until then", error)
                self._stopping.wait(_STORE_RETRY_S)
            else:
                self._counters.batches += 1
                return held
        return []

    def _answer(self, held: Held) -> None:
        judged = held.judged
        if held.fault is not None:
            self._counters.refused += 1
            self._quiet.warning(
                held.fault.reason,
                "refused a message of box %s (%s): %s",
                judged.address.box_id,
                held.fault.reason,
                held.fault.detail,
            )
        elif held.duplicate:
            self._counters.duplicates += 1
        else:
            self._counters.accepted += 1
            what = "update" if isinstance(judged.lead, LeadUpdate) else "lead"
            log.info("%s %s of %s/%s is held", what, judged.lead_id, judged.address.site_id, judged.address.box_id)
        receipt = make_receipt(self._settings.hub_id, held, self._signing_key)
        topic = box_topic(judged.address.site_id, judged.address.box_id, BoxTopic.RECEIPTS)
        self._link.publish(Outgoing(topic, encode(receipt)))


def make_receipt(hub_id: str, held: Held, key: Ed25519PrivateKey | None) -> Receipt:
    """The receipt for what became of a message, signed if there is a key."""
    receipt = Receipt(
        hub_id=hub_id,
        lead_id=held.judged.lead_id,
        payload_sha256=held.judged.payload_sha256,
        outcome="accepted" if held.fault is None else "refused",
        reason=None if held.fault is None else held.fault.reason,
        detail="" if held.fault is None else held.fault.detail,
        stored_at=held.stored_at,
        duplicate=held.duplicate,
    )
    return receipt if key is None else sign(receipt, key)


def _nothing() -> None:
    """The receiver only acts on messages."""
