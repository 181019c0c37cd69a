"""The receiver: leads in by MQTT, committed, then receipted, then acknowledged, in this order.

What boxes say of themselves comes the same way, and is noted for the wall.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.intake.judge import Judged, judge
from hub.intake.take import Held, take
from hub.parts import HubParts
from hub.settings import HubSettings
from hub.store.database import StoreError
from hub.wall.boxes import note_status, note_telemetry
from leads import LEAD_MAX_BYTES, KeyFileError, Receipt, Status, Telemetry, WireError, decode, encode, sign
from leads.broker import BrokerSettings
from leads.link import Incoming, LinkHooks, MqttLink, Outgoing
from leads.quiet import QuietLog
from leads.topics import BoxAddress, BoxTopic, all_boxes, box_topic, parse_box_topic, shared

T = TypeVar("T")
log = logging.getLogger(__name__)
_IDLE_S: Final = 0.2
_STORE_RETRY_S: Final = 1.0


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
    notes: int = 0
    """What boxes said of themselves, and was noted."""
    odd_notes: int = 0
    """What boxes should not say of themselves, left out."""


class Receiver:
    """Takes leads until `stop`. Two threads: the link's, and one that judges, commits and answers."""

    def __init__(
        self,
        parts: HubParts,
        *,
        worker: int = 1,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is received before `start`. `parts` stay the caller's to close, after `stop`.

        `worker`: which of the hub's receivers it is, counted from 1; each has a name of its own before the broker.
        """
        self._parts = parts
        self._settings = parts.settings
        self._counters = ReceiverCounters()
        self._quiet = QuietLog(log, monotonic=monotonic)
        self._stopping = threading.Event()
        self._waiting: queue.Queue[Incoming] = queue.Queue(maxsize=self._settings.batch * 10)
        self._link = MqttLink(
            broker_of(self._settings, worker),
            client_id(self._settings, worker),
            LinkHooks(on_up=_nothing, on_down=_nothing, on_message=self._on_message),
            subscriptions=_subscriptions(self._settings),
            manual_ack=True,
            receive_maximum=min(self._settings.batch * 2, 65_535),
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
        """Put a message where it waits. Telemetry, which nothing holds back, may fill half of the room alone."""
        room = self._waiting.maxsize if message.qos else self._waiting.maxsize // 2
        if self._waiting.qsize() < room:  # nobody else puts anything there
            self._waiting.put_nowait(message)
            return
        self._counters.overflowed += 1
        # Without a receipt its box sends it again; not acknowledged, it would hold one of the broker's few places.
        self._link.ack(message)

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
        leads: list[tuple[Incoming, BoxAddress]] = []
        for message in batch:
            try:
                address = parse_box_topic(message.topic)
            except ValueError as error:
                self._counters.odd_topics += 1
                self._quiet.warning("topic", "left out a message: %s", error)
                self._link.ack(message)
                continue
            if address.kind is BoxTopic.LEADS:
                leads.append((message, address))
            else:
                self._note(message, address)
        self._take_leads(leads)

    def _take_leads(self, leads: Sequence[tuple[Incoming, BoxAddress]]) -> None:
        judged: list[tuple[Incoming, Judged]] = []
        for message, address in leads:
            try:
                judged.append((message, judge(address, message.payload, self._parts.box_keys.of)))
            except KeyFileError as error:
                # No receipt: the box keeps its lead and sends it again until the file is put right.
                self._counters.key_faults += 1
                self._quiet.warning("key", "box %s gets no receipts until this is put right: %s", address.box_id, error)
                self._link.ack(message)
        verdicts = [verdict for _, verdict in judged]
        held = self._until_stored(lambda: take(self._parts, verdicts)) if verdicts else None
        if held is None:
            return
        self._counters.batches += 1
        for (message, _), fate in zip(judged, held, strict=True):
            self._answer(fate)
            self._link.ack(message)

    def _until_stored(self, store: Callable[[], T]) -> T | None:
        """Store, trying until it works; None when stopped before. The boxes keep their leads meanwhile."""
        while not self._stopping.is_set():
            try:
                return store()
            except StoreError as error:
                self._counters.store_faults += 1
                self._quiet.warning("store", "%s; no receipts until then", error)
                self._stopping.wait(_STORE_RETRY_S)
        return None

    def _note(self, message: Incoming, address: BoxAddress) -> None:
        """Note what a box says of itself. It is not signed, so nothing but the wall is made of it."""
        try:
            if len(message.payload) > LEAD_MAX_BYTES:
                raise ValueError(f"{len(message.payload)} bytes; a message has at most {LEAD_MAX_BYTES}")
            said: Status | Telemetry
            if address.kind is BoxTopic.STATUS:
                said = decode(Status, message.payload)
            else:
                said = decode(Telemetry, message.payload)
            if (said.site_id, said.box_id) != (address.site_id, address.box_id):
                raise ValueError(f"it says it is from {said.site_id}/{said.box_id}")
        except (WireError, ValueError) as error:
            self._counters.odd_notes += 1
            self._quiet.warning("note", "left out a message on %s: %s", message.topic, error)
            self._link.ack(message)
            return
        if isinstance(said, Status):
            self._until_stored(lambda: note_status(self._parts, said))
        else:
            self._until_stored(lambda: note_telemetry(self._parts, said))
        self._counters.notes += 1
        self._link.ack(message)

    def _answer(self, held: Held) -> None:
        judged = held.judged
        if held.fault is not None:
            self._counters.refused += 1
            reason, detail = held.fault.reason, held.fault.detail
            self._quiet.warning(reason, "refused a message of %s (%s): %s", judged.sender.name, reason, detail)
        elif held.duplicate:
            self._counters.duplicates += 1
        else:
            self._counters.accepted += 1
            log.debug("%s %s of %s is held", judged.kind, judged.entry_id, judged.sender.name)
        receipt = make_receipt(self._settings.hub_id, held, self._parts.key)
        topic = box_topic(judged.sender.site_id, judged.sender.box_id, BoxTopic.RECEIPTS)
        self._link.publish(Outgoing(topic, encode(receipt)))


def make_receipt(hub_id: str, held: Held, key: Ed25519PrivateKey | None) -> Receipt:
    """The receipt for what became of a message, signed if there is a key."""
    receipt = Receipt(
        hub_id=hub_id,
        lead_id=held.judged.entry_id,
        payload_sha256=held.judged.payload_sha256,
        outcome="accepted" if held.fault is None else "refused",
        reason=None if held.fault is None else held.fault.reason,
        detail="" if held.fault is None else held.fault.detail,
        stored_at=held.stored_at,
        duplicate=held.duplicate,
    )
    return receipt if key is None else sign(receipt, key)


def client_id(settings: HubSettings, worker: int) -> str:
    """Name of a worker before the broker; two of one name would throw each other out. No id has a colon."""
    return f"lushao-hub-{settings.hub_id}" + ("" if worker == 1 else f":{worker}")


def broker_of(settings: HubSettings, worker: int) -> BrokerSettings:
    """The broker's settings of a worker: a name that is set is the first one's, others count on from it."""
    if settings.broker.client_id is None or worker == 1:
        return settings.broker
    return settings.broker.model_copy(update={"client_id": f"{settings.broker.client_id}:{worker}"})


def _subscriptions(settings: HubSettings) -> list[tuple[str, int]]:
    """Leads and telemetry are shared among the workers; births come to each: shared, none that is kept would come."""

    def one_of_us(topic_filter: str) -> str:
        return shared(settings.group, topic_filter) if settings.broker.protocol == "5" else topic_filter

    return [
        (one_of_us(all_boxes(BoxTopic.LEADS)), 1),
        (all_boxes(BoxTopic.STATUS), 1),
        (one_of_us(all_boxes(BoxTopic.TELEMETRY)), 0),
    ]


def _nothing() -> None:
    """The receiver only acts on messages."""
