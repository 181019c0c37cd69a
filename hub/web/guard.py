"""What every request and answer goes through first: who may be speaking to us, how much of it, and headers for all.

Plain ASGI, so that clips, exports and live events pass through it unbuffered.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.parts import HubParts
from hub.web.deps import SAFE_METHODS, is_https

DOORS: Final = ("/boxes/", "/sources/")
"""Boxes and other sources come in here: no browsers, with proofs and limits of their own."""
MOST_BYTES: Final = 1 << 20
"""The largest request of the console: nothing that people send comes near."""
_EVERYWHERE: Final = ("/healthz", "/metrics")
"""Asked for from the machine itself, by whatever name."""
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
_HSTS: Final = "max-age=31536000"
"""For a year browsers come over TLS alone."""
_OURS_ALONE: Final = re.compile(r"/api/|/entries/[^/]+/(files/|export\.|thumb\.)|/wall/frames/|/dead-letters/")
"""What is asked for from pages of the hub alone, since asking is written down, or costs much."""
_OTHER_SITE: Final = "the request came from another site"
_PORTS: Final = {"https": ":443", "http": ":80"}


def headers_of(parts: HubParts, path: str) -> dict[str, str]:
    """The headers of every answer. What lies in /static is asked for anew each time, and mostly answered with 304."""
    headers = dict(_HEADERS)
    if is_https(parts):
        headers["Strict-Transport-Security"] = _HSTS
    if path.startswith("/static/"):
        headers["Cache-Control"] = "no-cache"
    return headers


class Guard:
    """Refuses what no page of ours sends; counts the bytes of a request; puts headers on every answer."""

    def __init__(self, app: ASGIApp, parts: HubParts) -> None:
        """`app`: what is behind it."""
        self._app = app
        self._parts = parts
        public = urlsplit(parts.settings.web.public_url or "")
        self._hosts = {public.netloc, public.netloc.removesuffix(_PORTS.get(public.scheme, ""))} - {""}
        self._hosts |= {host + _PORTS[public.scheme] for host in self._hosts if public.port is None}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        headers = headers_of(self._parts, path)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in headers.items():
                    given.setdefault(name, value)
            await send(message)

        if path.startswith(DOORS):
            await self._app(scope, receive, answer)
            return
        refused = self._refused(scope["method"], path, Headers(scope=scope))
        if refused is not None:
            response = JSONResponse({"detail": refused[1]}, refused[0], headers={"Connection": "close"})
            await response(scope, receive, answer)
            return
        await self._app(scope, _counted(receive), answer)

    def _refused(self, method: str, path: str, headers: Headers) -> tuple[int, str] | None:
        """Status and reason, for a request that is not taken."""
        host = headers.get("host", "").lower()
        if self._hosts and host not in self._hosts and path not in _EVERYWHERE:
            return 421, f"this hub is at {self._parts.settings.web.public_url}: use that address"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            return 413, _TOO_LARGE
        if method in SAFE_METHODS:
            if headers.get("sec-fetch-site") in ("cross-site", "same-site") and _OURS_ALONE.match(path):
                return 403, _OTHER_SITE
            return None
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, _OTHER_SITE
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() not in (self._hosts or {host}):
            return 403, "the request came from another site; if it did not, set web.public_url to the console's address"
        return None


_TOO_LARGE: Final = f"the request is larger than {MOST_BYTES // 1024} KiB"


def _counted(receive: Receive) -> Receive:
    """As `receive`; raises HTTPException 413 where a request without a length turns out too large."""
    taken = 0

    async def count() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            raise HTTPException(413, _TOO_LARGE)
        return message

    return count
