"""The web application, put together: pages, calls, doors for boxes and other sources."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from hub.cases.faults import StepError
from hub.cases.live import Live
from hub.parts import HubParts
from hub.web import (
    account,
    api,
    audit,
    boxes,
    console,
    dead_letters,
    exports,
    figures,
    files,
    login,
    report_door,
    sources,
    users,
    wall,
)
from hub.web.faults import tell_faults
from hub.web.guard import Guard
from hub.web.login_oidc import add_oidc


def create_app(parts: HubParts) -> FastAPI:
    """The application over a hub's parts."""
    app = FastAPI(title="Lushao hub", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts = parts
    app.state.live = Live(parts)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.include_router(account.router)
    app.include_router(api.router)
    app.include_router(audit.router)
    app.include_router(boxes.router)
    app.include_router(console.router)
    app.include_router(exports.router)
    app.include_router(figures.router)
    app.include_router(files.router)
    app.include_router(login.router)
    app.include_router(users.router)
    app.include_router(wall.router)
    app.include_router(sources.router)
    app.include_router(dead_letters.router)
    app.include_router(report_door.router)
    add_oidc(app, parts)
    app.add_middleware(Guard, parts=parts)
    tell_faults(app)
    app.exception_handler(StepError)(api.refused)
    return app
