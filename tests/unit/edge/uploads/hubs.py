"""A hub's door for boxes on this machine, which checks every signature and fails as it is told."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from leads import SignatureError
from leads.uploads import CHUNK_BYTES, OFFSET_HEADER, WantedFile, WantedList, read_request, verify_request

Key = tuple[str, str]


@dataclass(frozen=True)
class Sent:
    """A piece that came, or part of one."""

    name: str
    offset: int
    size: int


@dataclass
class ScriptedHub:
    """What it wants and holds, what came, and how it fails."""

    keys: tuple[Ed25519PublicKey, ...]
    wanted: list[WantedFile] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    """Leads whose evidence it says to hold in full."""
    files: dict[Key, bytes] = field(default_factory=dict)
    unchecked: set[str] = field(default_factory=set)
    """Names of files that it holds and has not looked over: it stopped before."""
    gone: list[str] = field(default_factory=list)
    """Names of the files that the box says it has no longer."""
    frames: list[tuple[str, bytes, float]] = field(default_factory=list)
    """Camera, JPEG, and when it came (monotonic)."""
    frames_every_s: float = 60.0
    ask_again_s: float = 0.5
    refuses: dict[str, int] = field(default_factory=dict)
    """Status by name of a file or camera that it does not take."""
    answers: deque[int] = field(default_factory=deque)
    """Statuses of the next answers, in place of the right ones."""
    says: bytes | None = None
    """The list of wanted files, in place of the right one."""
    cut_after: int | None = None
    """Of the next piece, take so many bytes and hang up."""
    keeps_part: bool = False
    """Whether what came of a piece that was cut is kept."""
    bytes_per_s: float | None = None
    """How fast it takes what is sent."""
    silent: threading.Event = field(default_factory=threading.Event)
    """While set, it answers nothing."""
    stuck: bool = False
    """Whether it forgets every piece."""
    off_s: float = 0.0
    """How far its clock is off."""
    requests: list[str] = field(default_factory=list)
    leads_asked: list[list[str]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    port: int = 0
    over_tls: bool = False

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self.over_tls else 'http'}://127.0.0.1:{self.port}"

    def pieces(self, name: str) -> list[Sent]:
        """The pieces of one file that were taken."""
        return [sent for sent in self.sent if sent.name == name]

    def whole(self, name: str) -> bool:
        """Whether it holds all of the wanted file of this name."""
        return any(f.name == name and self._is_whole(f) for f in self.wanted)

    def _is_whole(self, file: WantedFile) -> bool:
        content = self.files.get((file.lead_id, file.name))
        if content is None:
            return False
        if file.sha256 is None:
            return True
        return hashlib.sha256(content).hexdigest() == file.sha256

    def still_wanted(self) -> list[WantedFile]:
        """The wanted files that are not there."""
        there = [f for f in self.wanted if self._is_whole(f) and f.name not in self.unchecked]
        return [f for f in self.wanted if f not in there and f.name not in self.gone]

    def now_ms(self) -> int:
        """By its clock."""
        return int((datetime.now(UTC).timestamp() + self.off_s) * 1000)


@contextmanager
def serving(hub: ScriptedHub, tls: SSLContext | None = None) -> Iterator[ScriptedHub]:
    """Run it, on the port that it had before if it had one."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A box that hangs up, or trusts nobody here, is no fault of the hub."""

    class Handler(_Handler):
        told = hub

    server = Server(("127.0.0.1", hub.port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        hub.over_tls = True
    hub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.silent.clear()
        server.shutdown()
        server.server_close()
        for connection in Handler.open_connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    told: ScriptedHub
    open_connections: list[socket.socket]

    def __init_subclass__(cls) -> None:
        cls.open_connections = []

    def setup(self) -> None:
        self.open_connections.append(self.request)
        super().setup()

    def do_GET(self) -> None:
        if self._content() is None:
            return
        leads = parse_qs(urlsplit(self.path).query).get("leads", [""])[0]
        self.told.leads_asked.append(leads.split(",") if leads else [])
        answer = WantedList(
            files=tuple(self.told.still_wanted()),
            held=tuple(sorted(self.told.held.intersection(leads.split(",")))),
            frames_every_s=self.told.frames_every_s,
            ask_again_s=self.told.ask_again_s,
        )
        self._answer(200, body=self.told.says or answer.model_dump_json().encode())

    def do_HEAD(self) -> None:
        if self._content() is None:
            return
        key = self._key()
        status = self.told.refuses.get(key[1], 200)
        self._answer(status, len(self.told.files.get(key, b"")) if status == 200 else None)

    def do_PATCH(self) -> None:
        content = self._content()
        if content is None:
            return
        key, offset = self._key(), int(self.headers[OFFSET_HEADER])
        if key[1] in self.told.refuses:
            self._answer(self.told.refuses[key[1]], body=b'{"detail": "no such file here"}')
            return
        there = self.told.files.get(key, b"")
        if offset != len(there):
            self._answer(409, len(there))
            return
        self.told.unchecked.discard(key[1])
        self.told.sent.append(Sent(key[1], offset, len(content)))
        if not self.told.stuck:
            there = self.told.files[key] = there + content
        file = next(f for f in self.told.wanted if (f.lead_id, f.name) == key)
        if len(there) == file.bytes and hashlib.sha256(there).hexdigest() != file.sha256:
            del self.told.files[key]
            self._answer(422, 0, b'{"detail": "its SHA-256 is not that of the lead"}')
            return
        self._answer(204, len(there))

    def do_PUT(self) -> None:
        content = self._content()
        if content is None:
            return
        parts = self.path.split("/")
        if parts[3] == "frames":
            if parts[4] in self.told.refuses:
                self._answer(self.told.refuses[parts[4]])
                return
            self.told.frames.append((parts[4], content, time.monotonic()))
        else:
            assert parts[6] == "gone"
            self.told.gone.append(parts[5])
        self._answer(204)

    def _key(self) -> Key:
        _, _, _, _, lead_id, name = self.path.split("/")
        return lead_id, name

    def _content(self) -> bytes | None:
        """The content of a request that is signed as it should be; None where it was answered otherwise."""
        told = self.told
        size = int(self.headers.get("Content-Length") or 0)
        assert size <= CHUNK_BYTES
        cut, told.cut_after = (told.cut_after, None) if self.command == "PATCH" else (None, told.cut_after)
        if cut is not None:
            part = self.rfile.read(cut)
            if told.keeps_part:
                told.files[self._key()] = told.files.get(self._key(), b"") + part
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        content = self.rfile.read(size)
        if told.bytes_per_s is not None and size:
            time.sleep(size / told.bytes_per_s)
        told.requests.append(f"{self.command} {self.path}")
        while told.silent.is_set():
            time.sleep(0.005)
        try:
            request = read_request(self.headers["Authorization"])
            verify_request(self.command, self.path, request, told.keys, told.now_ms())
            assert request.content_sha256 == hashlib.sha256(content).hexdigest()
        except SignatureError as error:
            self._answer(401, body=json.dumps({"detail": str(error)}).encode())
            return None
        if told.answers:
            self._answer(told.answers.popleft(), body=b'{"detail": "as it was told"}')
            return None
        return content

    def _answer(self, status: int, offset: int | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        if offset is not None:
            self.send_header(OFFSET_HEADER, str(offset))
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
