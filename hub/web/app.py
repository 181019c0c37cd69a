"""The web application, put together: pages, calls, doors for boxes and other sources."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from hub.parts import HubParts
from hub.web import figures, wall
from hub.web.faults import tell_faults
from hub.web.guard import Guard


def create_app(parts: HubParts) -> FastAPI:
    """The application over a hub's parts."""
    app = FastAPI(title="Lushao hub", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts = parts
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.include_router(figures.router)
    app.include_router(wall.router)
    app.add_middleware(Guard, parts=parts)
    tell_faults(app)
    return app
