"""A port for a scale's computer: POST /weigh with one record, answered when it is kept."""

from __future__ import annotations

import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from edge.weighing.intake import WeighIntake
from edge.weighing.published import RecordError
from edge.weighing.settings import HttpSource, ScaleSettings, read_token
from edge.weighing.store import WeighStoreError

MOST_BYTES: Final = 64 << 10
_IDLE_S: Final = 10.0
"""A connection silent for so long is closed."""


class HttpSourceError(Exception):
    """The port cannot be listened on; the text says the remedy."""


class HttpServer:
    """A small HTTP server in a thread of its own, for one scale."""

    def __init__(self, settings: HttpSource, scale: ScaleSettings, intake: WeighIntake) -> None:
        """Binds at once; raises HttpSourceError when the port is taken or the token cannot be read."""
        try:
            self._server = _Server(settings, scale, intake, read_token(settings.token_file))
        except OSError as error:
            raise HttpSourceError(
                f"scale {scale.id}: cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
                "choose another http.port, or end what uses it"
            ) from None
        except ValueError as error:
            raise HttpSourceError(f"scale {scale.id}: {error}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, name=f"weigh-{scale.id}", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Port that is listened on."""
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, settings: HttpSource, scale: ScaleSettings, intake: WeighIntake, token: str) -> None:
        super().__init__((settings.host, settings.port), _Handler)
        self.scale, self.intake = scale, intake
        self.wanted = f"Bearer {token}".encode()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _IDLE_S

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if self.path != "/weigh":
            self._answer(404, problems=["POST /weigh takes records"])
        elif not hmac.compare_digest(self.headers.get("Authorization", "").encode(), self.server.wanted):
            self._answer(401, problems=["send the site's token as: Authorization: Bearer TOKEN"])
        elif not size.isascii() or not size.isdigit():
            self._answer(411, problems=["send Content-Length"])
        elif int(size) > MOST_BYTES:
            self._answer(413, problems=[f"more than {MOST_BYTES} bytes: send each record by itself"])
        else:
            self._take(self.rfile.read(int(size)))

    def _take(self, body: bytes) -> None:
        try:
            record = self.server.intake.accept(body, self.server.scale, "http")
        except RecordError as error:
            self._answer(400, problems=list(error.problems))
        except WeighStoreError as error:
            self._answer(503, problems=[f"not kept, send it again later: {error}"])
        else:
            self._answer(202, pass_id=record.pass_id)

    def _answer(self, code: int, **members: Any) -> None:
        body = json.dumps(members, ensure_ascii=False).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: one comes per vehicle, with its plate."""
