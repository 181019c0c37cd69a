"""The calibration page: click marks on a still, see at once how well they fit. Served to this machine alone."""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cameras.calibration import CalibrationError, fault_of, fitted
from cameras.calibration_file import as_yaml, settings_of, told
from cameras.calibration_picture import grid_lines
from cameras.calibration_settings import CalibrationSettings
from cameras.frame import Image

PAGE = Path(__file__).with_suffix(".html")
MOST_BYTES = 1_000_000


def serve(image: Image, settings: CalibrationSettings | None, port: int) -> ThreadingHTTPServer:
    """A server on 127.0.0.1 for a picture (H, W, 3), BGR; `settings` are the marks to begin with. Port 0 takes any.

    The caller runs `serve_forever` and closes it. Raises OSError where the port is taken.
    """
    picture = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    begin = settings.model_dump(mode="json", exclude_none=True) if settings else {}
    start = json.dumps({**begin, "size": [image.shape[1], image.shape[0]]})
    answers = {
        "/": ("text/html; charset=utf-8", PAGE.read_bytes()),
        "/picture.jpg": ("image/jpeg", picture),
        "/start.json": ("application/json", start.encode()),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path)
            if found is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self._answer(*found)

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            # Another site's page cannot send this type without asking first.
            if self.path != "/fit" or self.headers.get("Content-Type") != "application/json":
                self.send_error(HTTPStatus.BAD_REQUEST)
                return
            if not length.isdigit() or int(length) > MOST_BYTES:
                self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return
            try:
                asked = json.loads(self.rfile.read(int(length)))
            except (json.JSONDecodeError, UnicodeDecodeError):
                self.send_error(HTTPStatus.BAD_REQUEST)
                return
            self._answer("application/json", json.dumps(answer(asked)).encode())

        def _answer(self, kind: str, body: bytes) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the page says what is wrong."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


_one_at_a_time = threading.Lock()


def answer(asked: object) -> dict[str, Any]:
    """What the page shows for marks: errors, grid and YAML, or what is wrong."""
    try:
        settings = settings_of(asked)
        with _one_at_a_time:
            calibration = fitted(settings)
            problem = fault_of(calibration, settings)
    except CalibrationError as error:
        return {"problem": str(error)}
    marks = [
        {"name": mark.name, "px": mark.error_px, "cm": mark.error_m * 100, "seen": _plain(mark.seen)}
        for mark in calibration.marks
    ]
    grid = [np.round(line, 1).tolist() for line in grid_lines(calibration)]
    summary = told(calibration)[len(marks) :]
    return {"problem": problem, "marks": marks, "grid": grid, "told": summary, "yaml": as_yaml(settings)}


def _plain(point: tuple[float, float]) -> list[float] | None:
    return [round(value, 1) for value in point] if np.isfinite(point).all() else None
