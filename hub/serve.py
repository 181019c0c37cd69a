"""The whole hub on one machine: the console in this process, the workers that take leads in beside it."""

from __future__ import annotations

import logging
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn

from hub.accounts.first import first_start
from hub.figures.sums import keep_up
from hub.keeper import Keeper
from hub.parts import HubParts, open_parts
from hub.settings import HubSettings, WebSettings
from hub.tidy import EVERY_S, tidy
from hub.web.app import create_app
from hub.workers import Workers

log = logging.getLogger(__name__)
_PATIENCE_S: Final = 3
"""How long requests under way may take when the hub is to stop."""
_POOL: Final = 20


class ServeError(Exception):
    """The console cannot be served; the text says what to do."""


def serve_hub(settings_file: Path, settings: HubSettings, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `say` tells the address and, on the first start, the first log-in.

    Raises ServeError for a port that is taken or a certificate that does not fit, and what `open_parts` raises.
    """
    with ExitStack() as undo:
        parts = undo.enter_context(open_parts(settings, pool=_POOL))
        listener = undo.enter_context(_listen(settings.web))
        server = uvicorn.Server(_config(parts, settings.web))
        _end_when_told(server)
        welcome = first_start(parts)
        if welcome is not None:
            say(welcome)
        undo.enter_context(Workers([_worker(settings_file, number + 1) for number in range(settings.workers)]))
        for keeper in (
            Keeper("figures", 3.0, lambda stopping: keep_up(parts, stopping)),
            Keeper("tidy", EVERY_S, lambda _: tidy(settings.evidence)),
        ):
            keeper.start()
            undo.callback(keeper.stop)
        say(f"the hub serves at {address(settings.web, listener.getsockname()[1])}")
        server.run(sockets=[listener])
    log.info("the hub has stopped")


def address(web: WebSettings, port: int) -> str:
    """The address people open."""
    if web.public_url is not None:
        return web.public_url
    host = f"[{web.host}]" if ":" in web.host else web.host
    return f"{'http' if web.tls is None else 'https'}://{host}:{port}"


def _worker(settings_file: Path, number: int) -> list[str]:
    arguments = ["receive", str(settings_file), "--worker", str(number), "--attached"]
    return [sys.executable, "-m", "hub.commands", *arguments]


def _listen(web: WebSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    try:
        return socket.create_server((web.host, web.port), family=family, backlog=512)
    except OSError as error:
        raise ServeError(
            f"cannot listen on {web.host} port {web.port} ({error.strerror}): set web.host and web.port to others"
        ) from error


def _config(parts: HubParts, web: WebSettings) -> uvicorn.Config:
    config = uvicorn.Config(
        create_app(parts),
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=bool(web.trusted_proxies),
        forwarded_allow_ips=list(web.trusted_proxies),
        ssl_certfile=None if web.tls is None else web.tls.cert,
        ssl_keyfile=None if web.tls is None else web.tls.key,
        timeout_graceful_shutdown=_PATIENCE_S,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise ServeError(f"cannot use the certificate of web.tls: {error}") from error
    return config


def _end_when_told(server: uvicorn.Server) -> None:
    """End at SIGTERM and SIGINT, also before uvicorn listens to them, and when it repeats them after its own end."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
