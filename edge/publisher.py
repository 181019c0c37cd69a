"""The publisher: carries leads and their updates from the outbox to the hub until each has its receipt."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from paho.mqtt.client import topic_matches_sub

from edge.in_flight import InFlight
from edge.outbox import Outbox, OutboxFullError
from leads import Receipt, SignatureError, Status, Telemetry, WireError, encode, parse_json, read, verify_any
from leads.broker import BrokerSettings
from leads.link import Incoming, LinkHooks, MqttLink, Outgoing
from leads.quiet import QuietLog
from leads.topics import BoxTopic, box_topic

log = logging.getLogger(__name__)
Listener = Callable[[str, bytes], None]
"""Gets topic and payload on the network thread: it must be quick (put into a queue) and must not raise."""
_MOST_RECEIPTS_WAITING: Final = 10_000
_FULL_WAIT_S: Final = 1.0


@dataclass(slots=True)
class PublisherCounters:
    """Counted since the start, for the metrics."""

    published: int = 0
    """Leads handed to the broker, each sending counted."""
    repeated: int = 0
    """Those of them that were sent again because no receipt had come."""
    accepted: int = 0
    """Leads the hub holds."""
    refused: int = 0
    """Leads the hub will not take."""
    stray_receipts: int = 0
    """Receipts that fitted no lead waiting for one, such as the second for a lead sent twice."""
    bad_receipts: int = 0
    """Receipts that were malformed or not signed by the hub; they count for nothing."""
    too_large: int = 0
    """Times a lead was held back because the broker does not take so large a message."""
    lost_receipts: int = 0
    """Receipts that could not be noted (disk full, or too many at once); the leads are sent again."""
    connects: int = 0
    """Connections that came up."""
    attempts: int = 0
    """Connections tried."""
    refused_by_broker: int = 0
    """Messages the broker would not pass on."""
    in_flight: int = 0
    """Leads published and not yet receipted, now."""
    connected: bool = False
    """Whether the broker is connected, now."""
    last_error: str | None = None
    """What went wrong last with the connection."""


class Publisher:
    """Two threads: the link's for the network, and one that moves leads and receipts.

    A lead leaves the outbox only when a receipt with the hash of its exact bytes (and, with `hub_keys`, the
    hub's signature) has come. Nothing a caller calls ever waits for the network.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        outbox: Outbox,
        *,
        site_id: str,
        box_id: str,
        birth: Callable[[], Status],
        hub_keys: Sequence[Ed25519PublicKey] = (),
        listeners: Mapping[str, Listener] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        """Prepare; nothing is sent before `start`.

        `birth` tells the box's present state, with state `online`; its `session_id` must not change.
        `listeners` maps topic filters, exact ones or with `+` and `#`, to what is called for their messages.
        """
        self._outbox = outbox
        self._birth = birth
        self._hub_keys = tuple(hub_keys)
        self._clock = clock
        self._monotonic = monotonic
        self._listeners = dict(listeners or {})
        self._leads_topic = box_topic(site_id, box_id, BoxTopic.LEADS)
        self._receipts_topic = box_topic(site_id, box_id, BoxTopic.RECEIPTS)
        self._status_topic = box_topic(site_id, box_id, BoxTopic.STATUS)
        self._telemetry_topic = box_topic(site_id, box_id, BoxTopic.TELEMETRY)
        chance = chance or random.Random()
        self._window = InFlight(settings.in_flight, settings.receipt_timeout_s, settings.receipt_timeout_max_s, chance)
        self._quiet = QuietLog(log, monotonic=monotonic)
        self._counters = PublisherCounters()
        self._bell = threading.Condition()
        self._rung = False
        self._fresh = False
        self._stopping = False
        self._receipts: deque[bytes] = deque()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._link = MqttLink(
            settings,
            f"lushao-{site_id}-{box_id}",
            LinkHooks(self._on_up, self.wake, self._on_message, self._greeting, self._farewell),
            subscriptions=[(self._receipts_topic, 1), *((topic, 1) for topic in self._listeners)],
            will=self._status(self._death("connection_lost", None)),
            monotonic=monotonic,
            chance=chance,
        )

    def start(self) -> None:
        """Begin to connect and to publish. Raises BrokerError when a certificate or password cannot be read."""
        self._link.start()
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Say the box's death, disconnect and end both threads; what has no receipt stays in the outbox."""
        with self._bell:
            self._stopping = True
            self._bell.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        self._link.stop(timeout_s)

    def wake(self) -> None:
        """Say that there is something new in the outbox."""
        with self._bell:
            self._rung = True
            self._bell.notify()

    @property
    def alive(self) -> bool:
        """Whether both threads run: for the watchdog."""
        return self._thread.is_alive() and self._link.alive

    def counters(self) -> PublisherCounters:
        """The counts as they stand."""
        link = self._link.counters
        return replace(
            self._counters,
            connects=link.connects,
            attempts=link.attempts,
            refused_by_broker=link.refused_by_broker,
            in_flight=len(self._window),
            connected=self._link.connected,
            last_error=link.last_error,
        )

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Publish something other than a lead; False when the broker is not connected."""
        return self._link.publish(Outgoing(topic, payload, qos, retain))

    def publish_telemetry(self, telemetry: Telemetry) -> bool:
        """Publish telemetry, not kept if it is lost; False when the broker is not connected."""
        return self.publish(self._telemetry_topic, encode(telemetry), qos=0)

    # On the link's thread: only notes what came

    def _on_up(self) -> None:
        with self._bell:
            self._fresh = True
            self._rung = True
            self._bell.notify()

    def _on_message(self, message: Incoming) -> None:
        if message.topic != self._receipts_topic:
            for pattern, listener in self._listeners.items():
                if topic_matches_sub(pattern, message.topic):
                    listener(message.topic, message.payload)
            return
        with self._bell:
            if len(self._receipts) < _MOST_RECEIPTS_WAITING:
                self._receipts.append(message.payload)
            else:
                self._counters.lost_receipts += 1
            self._rung = True
            self._bell.notify()

    def _greeting(self) -> Sequence[Outgoing]:
        return [self._status(self._birth())]

    def _farewell(self) -> Sequence[Outgoing]:
        return [self._status(self._death("stopped", self._clock()))]

    # On the publisher's own thread

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._take_receipts()
                self._send()
                wait_s = self._wait_s()
            except OutboxFullError as error:
                self._quiet.warning("full", "%s", error)
                wait_s = _FULL_WAIT_S
            with self._bell:
                if not self._rung and not self._stopping:
                    self._bell.wait(wait_s)
                self._rung = False

    def _wait_s(self) -> float | None:
        next_at = self._window.next_at()
        return None if next_at is None or not self._link.connected else max(0.0, next_at - self._monotonic())

    def _take_receipts(self) -> None:
        with self._bell:
            payloads = list(self._receipts)
            self._receipts.clear()
        receipts = [receipt for payload in payloads if (receipt := self._read_receipt(payload)) is not None]
        if not receipts:
            return
        try:
            settled = self._outbox.settle(receipts)
        except OutboxFullError:
            self._counters.lost_receipts += len(receipts)
            raise
        done = settled.accepted + settled.refused
        for lead_id in done:
            self._window.done(lead_id)
        self._counters.accepted += len(settled.accepted)
        self._counters.refused += len(settled.refused)
        self._counters.stray_receipts += len(receipts) - len(done)

    def _read_receipt(self, payload: bytes) -> Receipt | None:
        """The receipt, or None for one that counts for nothing."""
        try:
            wire = parse_json(payload)
            receipt = read(Receipt, wire)
            verify_any(wire, self._hub_keys)
        except (WireError, SignatureError) as error:
            self._counters.bad_receipts += 1
            self._quiet.warning("receipt", "a receipt counts for nothing: %s", error)
            return None
        return receipt

    def _send(self) -> None:
        if not self._link.connected:
            return
        with self._bell:
            fresh, self._fresh = self._fresh, False
        if fresh:
            self._window.clear()
        now = self._monotonic()
        for lead_id in self._window.overdue(now):
            lead = self._outbox.queued(lead_id)
            if lead is None:
                self._window.done(lead_id)
            elif self._publish_lead(lead_id, lead.payload, now):
                self._counters.repeated += 1
                self._quiet.warning(
                    "late", "no receipt for lead %s: published again; is the hub there, and may it answer?", lead_id
                )
        for lead in self._outbox.due(self._window.room(), self._window.ids):
            if not self._publish_lead(lead.lead_id, lead.payload, now):
                return

    def _publish_lead(self, lead_id: str, payload: bytes, now: float) -> bool:
        """Publish a lead and note when to do so again; False when the connection is gone."""
        if len(payload) > self._link.largest_payload:
            self._counters.too_large += 1
            self._quiet.warning(
                "size", "lead %s has %d bytes, more than the broker takes: raise its limit", lead_id, len(payload)
            )
        elif self._link.publish(Outgoing(self._leads_topic, payload)):
            self._counters.published += 1
        else:
            return False
        self._window.sent(lead_id, now)
        return True

    # Birth and death

    def _death(self, reason: Literal["stopped", "connection_lost"], at: datetime | None) -> Status:
        birth = self._birth()
        return Status(
            site_id=birth.site_id,
            box_id=birth.box_id,
            session_id=birth.session_id,
            state="offline",
            reason=reason,
            at=at,
        )

    def _status(self, status: Status) -> Outgoing:
        return Outgoing(self._status_topic, encode(status), qos=1, retain=True)
