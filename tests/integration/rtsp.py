"""A camera of one test: GStreamer's RTSP server as a process that can be stopped, stalled and started again."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

from tests.world import ROOT


class RtspServer:
    """Serves files under rtsp://127.0.0.1:port/NAME; keeps its port over restarts. Names with h265 are H.265."""

    def __init__(self, streams: dict[str, Path], login: str | None = None, digest: bool = False) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        options = ["--login", login] if login else []
        options += ["--digest"] if digest else []
        script = ROOT / "tests/integration/serve_rtsp.py"
        files = [f"{name}={path}" for name, path in streams.items()]
        # The system's Python: GObject's bindings come as a Debian package.
        self._command = ["/usr/bin/python3", str(script), *options, str(self.port), *files]
        self._process: subprocess.Popen[str] | None = None

    def url(self, name: str) -> str:
        """Address of a stream."""
        return f"rtsp://127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start, and return when it listens."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            said = self._process.communicate()[1]
            raise AssertionError(f"no RTSP server; install with: sh scripts/system-packages.sh test\n{said}")

    def stop(self) -> None:
        """Pull the plug."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def stall(self) -> None:
        """Keep the connections and say nothing any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Speak again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()
