"""systemd's notification protocol (sd_notify(3)): ready, alive, stopping."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class ServiceManager:
    """Talks to systemd where it started us; says nothing elsewhere."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """`environment`: where NOTIFY_SOCKET and WATCHDOG_USEC are looked up."""
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        usec = environment.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(usec) / 1e6 if usec.isdigit() else None
        """Seconds within which systemd wants to hear that we are alive; None when it does not."""

    def ready(self) -> None:
        """The box is up."""
        self._send("READY=1")

    def alive(self, status: str) -> None:
        """The box works; `status` is shown by systemctl."""
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def stopping(self) -> None:
        """The box is going down."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.sendto(text.encode(), self._address)
