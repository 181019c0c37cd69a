"""systemd's notification protocol, spoken to a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.notify import ServiceManager


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def test_it_says_ready_alive_and_stopping(systemd: socket.socket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": systemd.getsockname()})
    manager.ready()
    manager.alive("camera gate is lost; the disk is full")
    manager.stopping()
    assert [systemd.recv(4096).decode() for _ in range(3)] == [
        "READY=1",
        "WATCHDOG=1\nSTATUS=camera gate is lost; the disk is full",
        "STOPPING=1",
    ]


def test_an_abstract_socket_is_spoken_to_as_well() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0lushao-test-notify")
        listener.settimeout(5)
        ServiceManager({"NOTIFY_SOCKET": "@lushao-test-notify"}).ready()
        assert listener.recv(4096) == b"READY=1"


def test_without_systemd_nothing_is_said() -> None:
    manager = ServiceManager({})
    manager.ready()
    manager.alive("working")
    manager.stopping()
