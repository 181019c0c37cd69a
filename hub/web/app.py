"""The web application, put together: pages, calls, doors for boxes and other sources."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from hub.parts import HubParts
from hub.web import figures, wall
from hub.web.deps import LoginRequiredError, page

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(parts: HubParts) -> FastAPI:
    """The application over a hub's parts."""
    app = FastAPI(title="Lushao hub", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts = parts
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.include_router(figures.router)
    app.include_router(wall.router)
    app.middleware("http")(_guard)
    app.exception_handler(LoginRequiredError)(_log_in_first)
    app.exception_handler(HTTPException)(_fault)
    return app


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Headers on every answer; what lies in /static may be kept for a day."""
    response = await call_next(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.url.path.startswith("/static/"):
        response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _is_call(request: Request) -> bool:
    """Whether a script, a box or a program asks, not a person with a page before them."""
    return request.url.path.startswith(("/api/", "/boxes/", "/sources/"))


async def _log_in_first(request: Request, _: Exception) -> Response:
    if _is_call(request):
        return JSONResponse({"detail": "log in first"}, 401)
    return RedirectResponse(f"/login?next={request.url.path}", 303)


async def _fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if _is_call(request) or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": error.detail}, error.status_code, headers=error.headers)
    return page(request, "fault.html", status_code=error.status_code, detail=error.detail)
