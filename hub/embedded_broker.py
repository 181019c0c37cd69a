"""A small broker inside this process (amqtt, MQTT 3.1.1), for a demo or a test without one; not for service."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Coroutine
from typing import Any, Final, Self

_PATIENCE_S: Final = 15.0


class EmbeddedBroker:
    """Runs amqtt on an event loop in a thread of its own, on 127.0.0.1, so open to this machine alone."""

    def __init__(self, port: int = 0) -> None:
        """Prepare; with port 0 a free one is taken, which `port` tells after `start`."""
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="embedded-broker", daemon=True)
        self._broker: Any = None

    def start(self) -> None:
        """Start, and return when it listens.

        Raises RuntimeError, with the remedy, when amqtt is not installed or the port is taken.
        """
        self._thread.start()
        try:
            self._wait_for(self._start())
        except BaseException:
            self._end_loop()
            raise

    def stop(self) -> None:
        """Stop and give the port back."""
        try:
            self._wait_for(self._broker.shutdown())
        finally:
            self._end_loop()

    def __enter__(self) -> Self:
        """Use as a context manager: started here."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    async def _start(self) -> None:
        # Not at the top: amqtt comes with the extra `hub` only, and takes half a second to import.
        try:
            from amqtt.broker import Broker
            from amqtt.errors import BrokerError
        except ImportError as error:
            raise RuntimeError("the embedded broker needs amqtt: run `pip install 'lushao[hub]'`") from error
        for noisy in ("amqtt", "transitions"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        port = self.port or _free_port()
        self._broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            },
            loop=self._loop,
        )
        try:
            await self._broker.start()
        except BrokerError as error:
            raise RuntimeError(f"the embedded broker cannot listen on port {port}: {error}; take another") from error
        self.port = port

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    def _end_loop(self) -> None:
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(_PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        self._loop.close()


async def _cancel_all() -> None:
    """End what still runs on the loop, so that it can be closed without complaint."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
