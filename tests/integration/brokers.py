"""A real mosquitto on a free port, a line to it that can be cut, and somebody who listens in."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from leads.broker import BrokerSettings
from leads.link import Incoming, LinkHooks, MqttLink, Outgoing
from tests.integration.certificates import Authority

IMPATIENT: dict[str, Any] = {
    "backoff_min_s": 0.05,
    "backoff_max_s": 0.2,
    "receipt_timeout_s": 0.5,
    "receipt_timeout_max_s": 1.0,
    "connect_timeout_s": 3.0,
}
"""Waits short enough for a test."""
TRUSTING: dict[str, Any] = {"receipt_timeout_s": 600.0, "receipt_timeout_max_s": 600.0}
"""Nothing is sent again for want of a receipt: what arrives does so without."""

SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
"""Where mosquitto is looked for: it is not on the path of everybody."""


def eventually(true: Callable[[], object], within_s: float = 15.0, *, what: str = "it") -> None:
    """Return as soon as `true()` is; AssertionError when it is not in time."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come true within {within_s:g} s"
        time.sleep(0.01)


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """mosquitto in a process of its own, on one port over all its restarts."""

    def __init__(
        self,
        folder: Path,
        *,
        authority: Authority | None = None,
        persistent: bool = False,
        config: Sequence[str] = (),
    ) -> None:
        """Prepare one in `folder`; with an `authority` it speaks TLS and wants client certificates of that one.

        A `persistent` one keeps its queues over restarts. `config` are further lines for its file.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._log = folder / "mosquitto.log"
        self._config = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", *config]
        if authority is not None:
            cert, key = authority.broker()
            lines += [f"cafile {authority.ca}", f"certfile {cert}", f"keyfile {key}", "require_certificate true"]
        if persistent:
            lines += ["persistence true", f"persistence_location {folder}/", "autosave_interval 1"]
        if not any(line.startswith("allow_anonymous") for line in config):
            lines.append("allow_anonymous true")
        self.configure("\n".join(lines))
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self, text: str) -> None:
        """Set its settings file, for the next start."""
        self._config.write_text(f"{text}\nuser {getpass.getuser()}\n", encoding="utf-8")

    def settings(self, **changes: Any) -> BrokerSettings:
        """How to reach it, impatiently."""
        return BrokerSettings(**({"host": "127.0.0.1", "port": self.port, **IMPATIENT} | changes))

    def start(self) -> None:
        """Start, and return when it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([program(), "-c", self._config], stdout=log, stderr=log)
        eventually(self._listens, 10.0, what="mosquitto")

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"mosquitto ended: {self.log()}"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it cleanly; it can be started again."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def kill(self) -> None:
        """End it with kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def restart(self) -> None:
        """End it and start it again."""
        self.stop()
        self.start()

    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> Self:
        """Use as a context manager: started here."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


def program() -> str:
    """Where mosquitto lies. Raises RuntimeError with the remedy when it is not installed."""
    found = shutil.which("mosquitto", path=SEARCHED)
    if found is None:
        raise RuntimeError("mosquitto is not installed: run `sh scripts/system-packages.sh test`")
    return found


class Line:
    """A TCP line to a broker that can be cut, as by a digger, and mended."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        """Lead from a free port of `host`, told by `self.port`, to the broker's `port`."""
        self._target = port
        self._server = socket.create_server((host, 0))
        self.port: int = self._server.getsockname()[1]
        self._whole = threading.Event()
        self._whole.set()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    def cut(self) -> None:
        """Break all connections, without a word to either end, and let none through."""
        self._whole.clear()
        for end in self._sockets:
            _hang_up(end)
        self._sockets.clear()

    def mend(self) -> None:
        """Let connections through again."""
        self._whole.set()

    def close(self) -> None:
        """Take it down."""
        _hang_up(self._server)
        self._server.close()
        self.cut()

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take it down."""
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if not self._whole.is_set():
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()
                continue
            self._sockets += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_carry, args=(source, target), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        _hang_up(target)
        source.close()


def _hang_up(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class Bystander:
    """A further client, which hears what it subscribes to and says what it is told to."""

    def __init__(self, settings: BrokerSettings, *filters: str, name: str = "bystander") -> None:
        """Connect and subscribe; returns when that is done."""
        self.heard: list[Incoming] = []
        self._link = MqttLink(
            settings,
            name,
            LinkHooks(on_up=_nothing, on_down=_nothing, on_message=self.heard.append),
            subscriptions=[(each, 1) for each in filters],
        )
        self._link.start()
        eventually(lambda: self._link.connected, what="the bystander's connection")

    def on(self, topic: str) -> list[bytes]:
        """What was heard on a topic."""
        return [message.payload for message in list(self.heard) if message.topic == topic]

    def say(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publish."""
        assert self._link.publish(Outgoing(topic, payload, qos, retain))

    def close(self) -> None:
        """Disconnect."""
        self._link.stop()

    def __enter__(self) -> Self:
        """Use as a context manager: connected already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.close()


def _nothing() -> None:
    """A bystander only listens."""
