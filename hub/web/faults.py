"""How faults are told: to people as a page in their language, to programs as JSON, to nobody with what is inside."""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from hub.store.database import StoreError
from hub.web.deps import SAFE_METHODS, LoginRequiredError, PasswordChangeError, language_of, page, parts_of
from hub.web.guard import DOORS, headers_of
from hub.web.words import Translator

log = logging.getLogger(__name__)
_CHANGE: Final = "/account/password"


def tell_faults(app: FastAPI) -> None:
    """Let an application answer with these."""
    app.exception_handler(LoginRequiredError)(_log_in_first)
    app.exception_handler(PasswordChangeError)(_change_password_first)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(StoreError)(_store_away)
    app.exception_handler(DataError)(_not_storable)
    app.exception_handler(Exception)(_broken)


def is_call(request: Request) -> bool:
    """Whether a script, a box or a program asks, not a person with a page before them."""
    return request.url.path.startswith(("/api/", *DOORS)) or "text/html" not in request.headers.get("accept", "")


def fault(request: Request, status: int, detail: object, headers: dict[str, str] | None = None) -> Response:
    """The answer for a fault: JSON, or a page with the words for the status and `detail` where there are none."""
    if is_call(request):
        return JSONResponse({"detail": detail}, status, headers=headers)
    said = getattr(request.state, "session", None)
    user = said.user if said is not None else None
    text = Translator(language_of(request, user)).word("status", str(status))
    shown = str(detail) if text == str(status) else text
    response = page(request, "fault.html", user, status, detail=shown)
    response.headers.update(headers or {})
    return response


def _log_in_first(request: Request, _: Exception) -> Response:
    if request.url.path.startswith(("/api/", *DOORS)):
        return JSONResponse({"detail": "log in first"}, 401)
    if request.method not in SAFE_METHODS:
        return RedirectResponse("/login", 303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/login" if wanted == "/" else f"/login?next={quote(wanted, safe='')}", 303)


def _change_password_first(request: Request, _: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": "change your password first", "code": "must_change"}, 403)
    return RedirectResponse(_CHANGE, 303)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return fault(request, error.status_code, error.detail, dict(error.headers or {}))


def _malformed(request: Request, error: Exception) -> Response:
    """What was sent is not repeated: it may hold a password."""
    assert isinstance(error, RequestValidationError)
    wrong = [{"loc": [str(step) for step in one["loc"]], "msg": str(one["msg"])} for one in error.errors()]
    return fault(request, 422, wrong)


def _store_away(request: Request, error: Exception) -> Response:
    log.error("%s %s: %s", request.method, request.url.path, error)
    return fault(request, 503, "the database does not answer: try again", {"Retry-After": "5"})


def _not_storable(request: Request, error: Exception) -> Response:
    """A text or number that the database cannot hold, such as a text with a zero byte."""
    assert isinstance(error, DataError)
    log.warning("%s %s: %s", request.method, request.url.path, error.orig)
    return fault(request, 422, "something in the request cannot be stored: a zero byte, or a number too large")


def _broken(request: Request, _: Exception) -> Response:
    """A fault of ours; it is in the log of the process, with its trace. This answer passes by the guard."""
    response = fault(request, 500, "something went wrong in the hub")
    response.headers.update(headers_of(parts_of(request), request.url.path))
    return response
