"""The hub's door as the box uses it: signed requests, one after the other, over a connection kept alive."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.uploads.settings import UploadSettings
from leads import SignatureError, WireError, parse_json, read, verify_any
from leads.uploads import OFFSET_HEADER, WantedFile, WantedList, sign_request

_MOST_BYTES: Final = 4 << 20
"""No list is longer."""
_BUSY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class NoAnswerError(Exception):
    """The hub is away, busy, or answers what no hub says; it is worth trying again. The text says why."""


class BusyError(NoAnswerError):
    """The hub is there and says that it cannot now."""


class BoxRefusedError(Exception):
    """The hub will have nothing of this box: its key, its clock or the address is wrong. The text says which."""


class FileRefusedError(Exception):
    """The hub will not take this file or picture; the text says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the hub answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def detail(self) -> str:
        """Why, in the hub's words, as far as it gave any."""
        text = self.body.decode(errors="replace")
        with contextlib.suppress(ValueError):
            found = json.loads(text)
            text = str(found["detail"]) if isinstance(found, dict) and "detail" in found else text
        told = "".join(char if char.isprintable() else " " for char in text[:300]).strip()
        return f"status {self.status}: {told}" if told else f"status {self.status}"

    @property
    def offset(self) -> int:
        """Bytes of the file that the hub says it holds. Raises FileRefusedError where it does not say."""
        told = self.headers.get(OFFSET_HEADER, "")
        if not (told.isascii() and told.isdigit()):
            raise FileRefusedError(f"{self.detail} (without {OFFSET_HEADER})")
        return int(told)


class HubDoor:
    """One connection to the hub, for one thread; `cut` alone may be called by others.

    All methods raise NoAnswerError and BoxRefusedError.
    """

    def __init__(
        self,
        settings: UploadSettings,
        who: tuple[str, str],
        key: Ed25519PrivateKey,
        clock: Callable[[], datetime],
        hub_keys: Sequence[Ed25519PublicKey] = (),
    ) -> None:
        """Prepare; nothing is sent yet. `who`: site and box; with `hub_keys` no list is believed but one of the hub.

        Raises BrokerError for certificates that are none.
        """
        parts = urlsplit(settings.url)
        host = parts.hostname or ""
        tls = settings.tls.context() if settings.tls else None
        self._connection = (
            http.client.HTTPSConnection(host, parts.port, timeout=settings.timeout_s, context=tls)
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=settings.timeout_s)
        )
        self._who = who
        self._key = key
        self._clock = clock
        self._hub_keys = hub_keys
        self._cut = False

    def wanted(self, leads: Sequence[str] = ()) -> WantedList:
        """What the hub wants, and of which of `leads` it holds the evidence in full."""
        reply = self._ask("GET", "/boxes/v1/wanted" + (f"?leads={','.join(leads)}" if leads else ""))
        if reply.status != HTTPStatus.OK:
            raise BoxRefusedError(f"{reply.detail}; is uploads.url the address of the hub?")
        try:
            wire = parse_json(reply.body)
            verify_any(wire, self._hub_keys)
            return read(WantedList, wire)
        except (WireError, SignatureError) as error:
            raise NoAnswerError(f"the list of wanted files counts for nothing: {error}") from None

    def offset(self, file: WantedFile) -> int:
        """How much of a file the hub holds. Raises FileRefusedError."""
        reply = self._ask("HEAD", _target(file))
        if not _taken(reply):
            raise FileRefusedError(reply.detail)
        return reply.offset

    def append(self, file: WantedFile, offset: int, content: bytes) -> int:
        """Send a piece; returns how much the hub holds now, or held, if that was not `offset`.

        Raises FileRefusedError.
        """
        headers = {OFFSET_HEADER: str(offset), "Content-Type": "application/octet-stream"}
        reply = self._ask("PATCH", _target(file), content, headers)
        if not _taken(reply) and reply.status != HTTPStatus.CONFLICT:
            raise FileRefusedError(reply.detail)
        return reply.offset

    def show(self, camera: str, jpeg: bytes) -> None:
        """Send a camera's last picture. Raises FileRefusedError."""
        reply = self._ask("PUT", f"/boxes/v1/frames/{camera}", jpeg, {"Content-Type": "image/jpeg"})
        if not _taken(reply):
            raise FileRefusedError(reply.detail)

    def gone(self, file: WantedFile) -> None:
        """Say that the box has a file no longer. Raises FileRefusedError."""
        reply = self._ask("PUT", f"{_target(file)}/gone")
        if not _taken(reply):
            raise FileRefusedError(reply.detail)

    def close(self) -> None:
        """Give the connection up."""
        self._connection.close()

    def cut(self) -> None:
        """Wake the thread out of what it waits for; nothing is asked afterwards."""
        self._cut = True
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _ask(self, method: str, target: str, content: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        reused = self._connection.sock is not None
        try:
            try:
                reply = self._exchange(method, target, content, headers or {})
            except (ConnectionError, http.client.BadStatusLine):
                # A server may close a connection that was idle: that is no failure, and asking twice does no harm. Of a
                # piece some may be there: before it goes again the hub is asked how far it came.
                if not reused or self._cut or method == "PATCH":
                    raise
                reply = self._exchange(method, target, content, headers or {})
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise NoAnswerError(str(error) or type(error).__name__) from error
        if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise BoxRefusedError(reply.detail)
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in _BUSY:
            raise BusyError(reply.detail)
        return reply

    def _exchange(self, method: str, target: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        at_ms = int(self._clock().timestamp() * 1000)
        signed = sign_request(method, target, content, self._who, at_ms, self._key)
        try:
            self._connection.request(
                method,
                target,
                body=content if method in ("PATCH", "PUT") else None,
                headers={"Authorization": signed, "User-Agent": "lushao", **headers},
            )
            response = self._connection.getresponse()
            body = response.read(_MOST_BYTES + 1)
            if len(body) > _MOST_BYTES:
                raise http.client.HTTPException(f"the answer is longer than {_MOST_BYTES} bytes")
        except BaseException:
            self._connection.close()
            raise
        return Reply(response.status, response.headers, body)


def _taken(reply: Reply) -> bool:
    return HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES


def _target(file: WantedFile) -> str:
    return f"/boxes/v1/files/{file.lead_id}/{file.name}"
