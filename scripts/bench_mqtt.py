"""The least of an MQTT 3.1.1 client that publishes leads and hears receipts, so that a benchmark measures the hub."""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections.abc import Iterator
from typing import Final, Self

_CONNECT: Final = b"\x10"
_CONNACK, _PUBLISH, _PUBACK, _SUBACK = 2, 3, 4, 9
_KEEPALIVE_S: Final = 60


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _packet(kind: bytes, body: bytes) -> bytes:
    length, left = b"", len(body)
    while True:
        left, digit = divmod(left, 128)
        length += bytes([digit | (0x80 if left else 0)])
        if not left:
            return kind + length + body


class BoxesLine:
    """One connection that plays all boxes of a site: QoS 1 both ways, each receipt acknowledged."""

    def __init__(self, port: int, site_id: str) -> None:
        """Connect to a broker of this machine and subscribe to the receipts of the site."""
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._came = bytearray()
        self._id = 0
        self._heard = time.monotonic()
        body = _text("MQTT") + bytes([4, 2]) + struct.pack(">H", _KEEPALIVE_S) + _text(f"bench-{site_id}")
        self._socket.sendall(_packet(_CONNECT, body))
        self._expect(_CONNACK)
        filter_ = _text(f"lushao/v1/{site_id}/+/receipts") + b"\x01"
        self._socket.sendall(_packet(b"\x82", self._next_id() + filter_))
        self._expect(_SUBACK)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> Self:
        """Use as a context manager: connected already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.close()

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1."""
        self._socket.sendall(_packet(b"\x32", _text(topic) + self._next_id() + payload))

    def receipts(self, wait_s: float) -> list[str]:
        """Ids of the leads accepted since, waiting for the first so long. Raises RuntimeError for a refusal."""
        ids: list[str] = []
        acks = bytearray()
        if select.select([self._socket], [], [], wait_s)[0]:
            self._receive()
        for kind, body in self._packets():
            if kind == _PUBLISH:
                (length,) = struct.unpack_from(">H", body)
                acks += b"\x40\x02" + body[2 + length : 4 + length]
                receipt = json.loads(body[4 + length :])
                if receipt["outcome"] != "accepted":
                    raise RuntimeError(f"the hub refuses a lead ({receipt['reason']}): {receipt['detail']}")
                ids.append(receipt["lead_id"])
        if acks:
            self._socket.sendall(acks)
        return ids

    def _next_id(self) -> bytes:
        self._id = self._id % 65_535 + 1
        return struct.pack(">H", self._id)

    def _expect(self, wanted: int) -> None:
        while True:
            self._receive()
            for kind, _ in self._packets():
                if kind == wanted:
                    return

    def _receive(self) -> None:
        data = self._socket.recv(1 << 18)
        if not data:
            raise RuntimeError("the broker hung up")
        self._came += data

    def _packets(self) -> Iterator[tuple[int, bytes]]:
        """Whole packets that have come: their kind and their content."""
        at, came = 0, self._came
        while True:
            length, shift, start = 0, 0, at + 1
            while start < len(came) and came[start] & 0x80:
                length |= (came[start] & 0x7F) << shift
                shift, start = shift + 7, start + 1
            if start >= len(came):
                break
            length |= came[start] << shift
            start += 1
            if start + length > len(came):
                break
            yield came[at] >> 4, bytes(came[start : start + length])
            at = start + length
        del came[:at]
