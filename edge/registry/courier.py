"""One GET after the other to one server, over a connection kept alive; no caller waits longer than the time-out."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from edge.registry.protocol import RegistryError

_MOST_BYTES: Final = 1 << 20
"""No entry is longer."""


class NoAnswerError(Exception):
    """The server gave no answer; the text says why, and never what was asked."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    body: bytes


class Courier:
    """Asks in a thread of its own: neither a name server nor a server that dribbles can hold the caller."""

    def __init__(self, url: str, tls: ssl.SSLContext | None, token_file: Path | None, timeout_s: float) -> None:
        """Prepare; nothing is sent before `get`. Raises RegistryError where the token cannot be read."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        self._connection = (
            http.client.HTTPSConnection(host, parts.port, timeout=timeout_s, context=tls)
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
        )
        self._base = parts.path.rstrip("/")
        self._token_file = token_file
        self._timeout_s = timeout_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="registry")
        self._open: Future[Reply] | None = None
        self._headers()

    def get(self, target: str) -> Reply:
        """The answer to a path with its query. Raises NoAnswerError."""
        if self._open is not None and not self._open.done():
            raise NoAnswerError("an earlier question is still open")
        self._open = self._thread.submit(self._fetch, self._base + target)
        try:
            return self._open.result(self._timeout_s)
        except TimeoutError:
            self._cut()
            raise NoAnswerError(f"no answer within {self._timeout_s:g} s") from None

    def close(self) -> None:
        """Give the connection up; a question that is still open is let go."""
        self._cut()
        self._thread.submit(self._connection.close)
        self._thread.shutdown(wait=False)

    def _fetch(self, target: str) -> Reply:
        reused = self._connection.sock is not None
        try:
            try:
                return self._ask(target)
            except (ConnectionError, http.client.BadStatusLine):
                if not reused:
                    raise
                return self._ask(target)  # a server may close a connection that was idle: that is no failure
        except (OSError, http.client.HTTPException, RegistryError, UnicodeError) as error:
            raise NoAnswerError(str(error) or type(error).__name__) from error

    def _ask(self, target: str) -> Reply:
        try:
            self._connection.request("GET", target, headers=self._headers())
            response = self._connection.getresponse()
            body = response.read(_MOST_BYTES + 1)
            if len(body) > _MOST_BYTES:
                raise http.client.HTTPException(f"the answer is longer than {_MOST_BYTES} bytes")
        except BaseException:
            self._connection.close()
            raise
        return Reply(response.status, body)

    def _headers(self) -> dict[str, str]:
        """Read each time, so that a new token needs no restart."""
        headers = {"Accept": "application/json", "User-Agent": "lushao"}
        if self._token_file is not None:
            try:
                token = self._token_file.read_text(encoding="ascii").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise RegistryError(f"the token file {self._token_file} cannot be read ({error})") from error
            if not token or not token.isprintable():
                raise RegistryError(f"the token file {self._token_file} has no token: put it on its only line")
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _cut(self) -> None:
        """Wake the thread out of what it waits for."""
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
