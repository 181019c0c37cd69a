"""The live wall: state and last picture of every camera."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.responses import Response

from hub.accounts.roles import Permission
from hub.accounts.user import User
from hub.wall.view import frame_of, note_watcher, wall_of
from hub.web.deps import Parts, language_of, need, page
from hub.web.words import Translator
from leads.base import Ident

router = APIRouter()
Watcher = Annotated[User, Depends(need(Permission.WALL))]


@router.get("/wall")
def wall_page(request: Request, parts: Parts, user: Watcher) -> Response:
    """The page; it asks for the rest."""
    t = Translator(language_of(request, user))
    web = parts.settings.web
    words = t.starting("wall.")
    data = {"language": t.language, "timezone": web.timezone, "now_ms": parts.clock(), "words": words}
    return page(request, "wall.html", user, data=data)


@router.get("/api/wall")
def wall(parts: Parts, user: Watcher) -> dict[str, Any]:
    """Cameras and boxes. While somebody asks, boxes are asked to send pictures often."""
    note_watcher(parts, user.id)
    return wall_of(parts)


@router.get("/wall/frames/{site_id}/{box_id}/{camera_id}.jpg")
def frame(
    parts: Parts,
    user: Watcher,
    site_id: Ident,
    box_id: Ident,
    camera_id: Ident,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """A camera's last picture; 304 where the browser has it already."""
    known = if_none_match.removeprefix("W/").strip('"')
    try:
        at_ms, jpeg = frame_of(
            parts, site_id, box_id, camera_id, int(known) if known.isdecimal() and len(known) < 19 else None
        )
    except KeyError:
        raise HTTPException(404, "this camera has shown no picture yet") from None
    headers = {"ETag": f'"{at_ms}"', "Cache-Control": "private, no-cache"}
    if not jpeg:
        return Response(status_code=304, headers=headers)
    return Response(jpeg, media_type="image/jpeg", headers=headers)
