"""Coming in by the bureau's own accounts: to the issuer (state, nonce, PKCE) and back with its signed word."""

from __future__ import annotations

import logging
from typing import Any, Final

from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import StarletteOAuth2App
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.accounts.oidc import admit, claims_wanted, make_client, prepare
from hub.accounts.people import AccountError
from hub.accounts.shared import shared_secret
from hub.parts import HubParts
from hub.settings import OidcSettings
from hub.web.deps import Parts, address_of, is_https
from hub.web.login import come_in, form

try:  # authlib takes whichever is there, the newer one first, and raises its errors
    import httpx2 as httpx
except ModuleNotFoundError:
    import httpx  # type: ignore[no-redef]

log = logging.getLogger(__name__)
_PATH: Final = "/login/oidc"
_MINUTES: Final = 10
"""How long somebody may take at the issuer."""
_LEEWAY_S: Final = 60
"""How far the issuer's clock and ours may differ."""


def add_oidc(app: FastAPI, parts: HubParts) -> None:
    """Let people log in by the issuer of the settings, where one is set. Raises ValueError for wrong settings."""
    settings = parts.settings.web.oidc
    if settings is None:
        return
    desk = _Desk(settings, make_client(settings))
    app.add_api_route(_PATH, desk.leave, methods=["GET"])
    app.add_api_route(f"{_PATH}/return", desk.come_back, methods=["GET"])
    app.add_middleware(_ShortSession, parts=parts)


class _ShortSession:
    """The cookie in which authlib keeps state, nonce and verifier on the way to the issuer and back; there alone."""

    def __init__(self, app: ASGIApp, parts: HubParts) -> None:
        self._app = app
        self._with_session = SessionMiddleware(
            app,
            secret_key=shared_secret(parts),
            session_cookie="lushao_oidc",
            max_age=_MINUTES * 60,
            path=_PATH,
            same_site="lax",
            https_only=is_https(parts),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and scope["path"].startswith(_PATH)
        await (self._with_session if ours else self._app)(scope, receive, send)


class _Desk:
    """The two addresses of the way."""

    def __init__(self, settings: OidcSettings, client: StarletteOAuth2App) -> None:
        self._settings = settings
        self._client = client

    async def leave(self, request: Request, parts: Parts, next: str = "") -> Response:
        """Off to the issuer."""
        try:
            await prepare(self._client, self._settings)
            request.session["next"] = next[:500]
            response: Response = await self._client.authorize_redirect(request, _return_address(request, parts))
        except (httpx.HTTPError, ValueError, AccountError) as error:
            raise _away(error) from error
        return response

    async def come_back(self, request: Request, parts: Parts) -> Response:
        """Back, with a code to ask for the ID token with."""
        next = str(request.session.pop("next", ""))
        try:
            await prepare(self._client, self._settings)
            wanted = claims_wanted(self._settings, self._client.server_metadata["issuer"])
            token: dict[str, Any] = await self._client.authorize_access_token(
                request, claims_options=wanted, leeway=_LEEWAY_S
            )
        except (OAuthError, JoseError) as error:
            log.warning("log-in by %s refused: %s", self._settings.issuer, error)
            return form(request, parts, next, "issuer_refused", 401)
        except (httpx.HTTPError, ValueError, AccountError) as error:
            raise _away(error) from error
        claims = token.get("userinfo")
        if not claims:
            log.warning("log-in by %s refused: it sent no ID token", self._settings.issuer)
            return form(request, parts, next, "issuer_refused", 401)
        try:
            user_id = await run_in_threadpool(admit, parts, claims, address_of(request))
        except AccountError as error:
            log.warning("log-in by %s refused: %s", self._settings.issuer, error)
            return form(request, parts, next, f"issuer_{error.code}", 403)
        return await run_in_threadpool(come_in, request, parts, user_id, next)


def _return_address(request: Request, parts: HubParts) -> str:
    base = parts.settings.web.public_url or str(request.base_url).rstrip("/")
    return f"{base}{_PATH}/return"


def _away(error: Exception) -> HTTPException:
    log.error("the issuer of log-ins cannot be used: %s", error)
    return HTTPException(502, "the bureau's log-in does not answer as it should: see the hub's log")
