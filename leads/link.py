"""One connection to the broker, kept up for ever: a thin wrapper of paho with a thread of its own.

Each connection is a fresh paho client, so that nothing half-sent is carried over: what was not confirmed
end to end is sent again by whoever sent it.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from leads.broker import BrokerSettings
from leads.faults import explain, explain_silence
from leads.quiet import QuietLog

log = logging.getLogger(__name__)
_LOOP_S: Final = 0.2
_NO_LIMIT: Final = 2**28
_MOST_UNCONFIRMED: Final = 10
"""Messages of QoS 1 that may wait for the broker's own acknowledgement: all known brokers allow as many."""
_HEADER_BYTES: Final = 512
"""More than topic and header of a packet take."""
_FAREWELL_S: Final = 2.0
"""How long a clean stop waits for the broker to take the last message."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message from the broker. `mid` and `qos` are what `MqttLink.ack` wants."""

    topic: str
    payload: bytes
    qos: int
    mid: int
    connection: int
    """Count of the connection it came on; an acknowledgement is only worth something on the same one."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for the broker."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


@dataclass(frozen=True)
class LinkHooks:
    """What the link calls, on its own thread: hooks must be quick and must not raise."""

    on_up: Callable[[], None]
    """Connected and subscribed."""
    on_down: Callable[[], None]
    """Disconnected, after an `on_up`."""
    on_message: Callable[[Incoming], None]
    """A message came."""
    greeting: Callable[[], Sequence[Outgoing]] = tuple
    """What to publish first on each connection."""
    farewell: Callable[[], Sequence[Outgoing]] = tuple
    """What to publish last, on a clean stop."""


@dataclass
class LinkCounters:
    """Counted since the start."""

    connects: int = 0
    """Connections that came up."""
    attempts: int = 0
    """Connections tried."""
    refused_by_broker: int = 0
    """Messages the broker acknowledged with a refusal (MQTT 5)."""
    last_error: str | None = None
    """What went wrong last; never holds a secret."""


class MqttLink:
    """Connects, subscribes, and connects anew with growing waits until `stop`."""

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        hooks: LinkHooks,
        *,
        subscriptions: Sequence[tuple[str, int]] = (),
        will: Outgoing | None = None,
        manual_ack: bool = False,
        receive_maximum: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        """Prepare a link; nothing is done before `start`.

        `subscriptions` are (filter, QoS); with `manual_ack` each message is acknowledged by `ack` alone, and
        `receive_maximum` (MQTT 5) bounds how many may wait for it.
        """
        self._settings = settings
        self._client_id = settings.client_id or client_id
        self._hooks = hooks
        self._subscriptions = list(subscriptions)
        self._will = will
        self._manual_ack = manual_ack
        self._receive_maximum = receive_maximum
        self._monotonic = monotonic
        self._chance = chance or random.Random()
        self._stopping = threading.Event()
        self._linked = threading.Event()
        self._up = threading.Event()
        self._quiet = QuietLog(log, monotonic=monotonic)
        self.largest_payload = _NO_LIMIT
        """Bytes of payload that the broker takes; it would end the connection over a larger one."""
        self._client: paho.Client | None = None
        self._fault: str | None = None
        self._unconfirmed = _MOST_UNCONFIRMED
        self._thread: threading.Thread | None = None
        self.counters = LinkCounters()

    @property
    def connected(self) -> bool:
        """Whether the broker is connected and has granted the subscriptions."""
        return self._up.is_set()

    @property
    def alive(self) -> bool:
        """Whether the thread runs; False before `start`, after `stop`, and if it died of a fault in the program."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def connection(self) -> int:
        """Count of the present connection."""
        return self.counters.attempts

    def start(self) -> None:
        """Begin to connect, in a thread. Raises BrokerError when a certificate or password cannot be read."""
        self._new_client()
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{self._client_id}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Publish the farewell if connected, disconnect cleanly, and end the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def publish(self, message: Outgoing) -> bool:
        """Hand a message to the connection; False when there is none. It never blocks."""
        client = self._client
        if client is None or not self._linked.is_set():
            return False
        info = client.publish(message.topic, message.payload, message.qos, message.retain)
        return info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def ack(self, message: Incoming) -> None:
        """Acknowledge a message, if the connection it came on still stands."""
        client = self._client
        if client is not None and message.connection == self.connection and message.qos > 0:
            client.ack(message.mid, message.qos)

    # The thread

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self.counters.attempts += 1
            began = self._monotonic()
            came_up = self._one_connection()
            if self._stopping.is_set():
                return
            lasted_s = self._monotonic() - began
            failures = 0 if came_up and lasted_s > self._settings.backoff_max_s / 2 else failures + 1
            wait_s = self._settings.wait_s(max(failures, 1), self._chance)
            log.warning(
                "%s broker %s:%d: %s; next try in %.1f s",
                "lost" if came_up else "no connection to",
                self._settings.host,
                self._settings.port,
                self.counters.last_error,
                wait_s,
            )
            self._stopping.wait(wait_s)

    def _one_connection(self) -> bool:
        """Connect once and serve the connection until it ends; True when it had come up."""
        self._fault = None
        try:
            client = self._new_client()
            self._connect(client)
        except (OSError, ValueError) as error:
            self.counters.last_error = explain(error, self._settings)
            return False
        self._client = client
        try:
            rc = self._serve(client)
        finally:
            came_up, answered = self._up.is_set(), self._linked.is_set()
            self._up.clear()
            self._linked.clear()
            self._client = None
            self._close(client)
            if came_up:
                self._hooks.on_down()
        self.counters.last_error = self._fault or (
            paho.error_string(rc) if answered else explain_silence(self._settings, hung_up=True)
        )
        return came_up

    def _serve(self, client: paho.Client) -> MQTTErrorCode:
        deadline = self._monotonic() + self._settings.connect_timeout_s
        rc = MQTTErrorCode.MQTT_ERR_SUCCESS
        while rc == MQTTErrorCode.MQTT_ERR_SUCCESS and not self._stopping.is_set():
            rc = client.loop(_LOOP_S)
            if not self._up.is_set() and self._monotonic() > deadline:
                self._fault = self._fault or explain_silence(self._settings, hung_up=False)
                return MQTTErrorCode.MQTT_ERR_CONN_LOST
        if self._stopping.is_set() and self._up.is_set():
            self._part(client)
        return rc

    def _part(self, client: paho.Client) -> None:
        """Publish the last messages, wait a little until the broker has them, and disconnect cleanly."""
        sent = [client.publish(m.topic, m.payload, m.qos, m.retain) for m in self._hooks.farewell()]
        deadline = self._monotonic() + _FAREWELL_S
        while self._monotonic() < deadline and not all(info.is_published() for info in sent):
            if client.loop(0.05) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return
        client.disconnect()
        while self._monotonic() < deadline and client.loop(0.05) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            pass

    @staticmethod
    def _close(client: paho.Client) -> None:
        """Close the sockets now; an abandoned client would hold them, and the will unsent, until it is collected."""
        client.on_connect = client.on_subscribe = client.on_message = None
        sock = client.socket()
        if sock is not None:
            sock.close()

    # The paho client

    def _new_client(self) -> paho.Client:
        settings = self._settings
        is_5 = settings.protocol == "5"
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=None if is_5 else settings.session_expiry_s == 0,
            protocol=MQTTProtocolVersion.MQTTv5 if is_5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=self._manual_ack,
        )
        client.max_inflight_messages_set(self._unconfirmed)
        client.connect_timeout = settings.connect_timeout_s
        if settings.tls is not None:
            client.tls_set_context(settings.tls.context())
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password())
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.retain)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        # With this hook set, paho leaves all writing to the thread that calls `loop`.
        client.on_socket_register_write = _leave_to_loop
        return client

    def _connect(self, client: paho.Client) -> None:
        settings = self._settings
        if settings.protocol == "3.1.1":
            client.connect(settings.host, settings.port, settings.keepalive_s)
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = settings.session_expiry_s
        if self._receive_maximum is not None:
            properties.ReceiveMaximum = self._receive_maximum
        fresh = settings.session_expiry_s == 0
        client.connect(settings.host, settings.port, settings.keepalive_s, clean_start=fresh, properties=properties)

    def _on_connect(
        self,
        client: paho.Client,
        _data: Any,
        _flags: paho.ConnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if code.is_failure:
            self._fault = f"the broker refuses the connection: {code}; check its user, certificate and client id"
            return
        # paho cannot take up a lower limit on a connection that stands; the next one will.
        self._unconfirmed = min(_MOST_UNCONFIRMED, getattr(properties, "ReceiveMaximum", _MOST_UNCONFIRMED))
        self.largest_payload = getattr(properties, "MaximumPacketSize", _NO_LIMIT) - _HEADER_BYTES
        self._linked.set()
        for message in self._hooks.greeting():
            self.publish(message)
        if self._subscriptions:
            client.subscribe(self._subscriptions)
        else:
            self._came_up()

    def _on_subscribe(
        self, client: paho.Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Properties
    ) -> None:
        refused = [f for (f, _), code in zip(self._subscriptions, codes, strict=False) if code.is_failure]
        if refused:
            self._fault = f"the broker does not let {self._client_id} hear {', '.join(refused)}: check its access list"
            client.disconnect()
        else:
            self._came_up()

    def _came_up(self) -> None:
        self.counters.connects += 1
        self._up.set()
        log.info("connected to broker %s:%d as %s", self._settings.host, self._settings.port, self._client_id)
        self._hooks.on_up()

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._quiet.warning("topic", "left out a message on a topic that is not UTF-8")
            return
        self._hooks.on_message(Incoming(topic, bytes(message.payload), message.qos, message.mid, self.connection))

    def _on_publish(
        self, _client: paho.Client, _data: Any, _mid: int, code: ReasonCode, _properties: Properties
    ) -> None:
        if code.is_failure:
            self.counters.refused_by_broker += 1
            self._quiet.warning("publish", "the broker refuses a message: %s; check its access list", code)

    def _on_disconnect(
        self,
        _client: paho.Client,
        _data: Any,
        flags: paho.DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._fault = f"the broker ends the connection: {code}"


def _leave_to_loop(_client: paho.Client, _data: Any, _sock: Any) -> None:
    """Nothing to do: `loop` looks for what is to be written by itself."""
