"""A register on a real server of this machine, which does as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TRUCK: dict[str, Any] = {
    "plate": "闽H12345",
    "plate_type": "01",
    "use_nature": "F",
    "axles": 4,
    "max_mass_kg": 31000,
    "permits": [{"kind": "goods", "number": "350700001", "valid_to": "2027-12-31"}],
    "colour_of_cab": "red",
}
"""With a member that nobody knows here."""
WAYBILL: dict[str, Any] = {
    "number": "YD-1",
    "plate": "闽H12345",
    "plate_type": "01",
    "un": "1203",
    "starts_at": "2026-02-27T00:00:00.000Z",
    "ends_at": "2026-02-27T10:00:00.000Z",
}


@dataclass
class RegisterServer:
    """What it answers, and what it was asked."""

    status: int = 200
    body: bytes = b""
    wait_s: float = 0.0
    """Before the answer, or between its bytes with `dribble`."""
    dribble: bool = False
    hang_up: bool = False
    """Close the connection after an answer without saying so."""
    asked: list[str] = field(default_factory=list)
    """Path and query, in words."""
    tokens: list[str | None] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/api/"

    def says(self, value: object, status: int = 200) -> None:
        """Answer this as JSON from now on."""
        self.body, self.status = json.dumps(value, ensure_ascii=False).encode(), status


@contextmanager
def serving() -> Iterator[RegisterServer]:
    """Run it."""
    told = RegisterServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            told.connections += 1
            super().setup()

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = "&".join(f"{k}={v[0]}" for k, v in parse_qs(parts.query).items())
            told.asked.append(f"{unquote(parts.path)}?{query}")
            told.tokens.append(self.headers["Authorization"])
            time.sleep(0 if told.dribble else told.wait_s)
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            for byte in told.body if told.dribble else ():
                time.sleep(told.wait_s)
                self.wfile.write(bytes([byte]))
            if not told.dribble:
                self.wfile.write(told.body)
            self.close_connection = told.hang_up

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True  # the box has hung up

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
