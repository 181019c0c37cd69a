"""Commands for cameras: `lushao cameras ...`."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from pydantic import ValidationError
from rich.console import Console

from cameras.calibration import CalibrationError, fault_of, fitted
from cameras.calibration_file import as_yaml, read_settings, told
from cameras.calibration_page import serve
from cameras.calibration_picture import draw as draw_calibration
from cameras.calibration_settings import CalibrationSettings
from cameras.errors import StreamError
from cameras.frame import Frame, Image
from cameras.reader import CameraReader
from cameras.settings import CameraSettings
from cameras.status import StreamState

app = typer.Typer(help="Cameras: try an address, tie pixels to the road.", no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def probe(
    url: Annotated[str, typer.Argument(help="rtsp:// address without password, a video file or a folder of pictures.")],
    user: Annotated[str | None, typer.Option(help="User name at the camera.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="File with the password.")] = None,
    password_env: Annotated[str | None, typer.Option(help="Environment variable with the password.")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="How long to watch.")] = 5.0,
    picture: Annotated[Path | None, typer.Option(help="Write the first picture here, as .jpg or .png.")] = None,
) -> None:
    """Connect once, watch for some seconds and tell codec, size, rate and keyframes; or what is wrong."""
    # A lost connection is said once, by this command.
    logging.getLogger("cameras.reader").setLevel(logging.ERROR)
    try:
        settings = CameraSettings(
            id="probe",
            url=url,
            user=user,
            password_file=password_file,
            password_env=password_env,
            ring_seconds=max(seconds, CameraSettings.model_fields["ring_seconds"].default),
        )
    except ValidationError as error:
        for fault in error.errors():
            err.print(fault["msg"].removeprefix("Value error, "), style="red")
        raise typer.Exit(1) from None
    try:
        first, told = _watch(settings, seconds)
        out.print(f"{settings.shown_url}: {told}")
        if picture is not None:
            _write(picture, first.image)
            out.print(f"first picture: {picture}")
    except (StreamError, OSError) as error:
        err.print(str(error), style="red")
        raise typer.Exit(1) from None


@app.command()
def calibrate(
    picture: Annotated[Path, typer.Argument(help="A still of the camera: lushao cameras probe URL --picture FILE.")],
    marks: Annotated[Path | None, typer.Option(help="YAML of road points or lane marks.")] = None,
    draw: Annotated[Path | None, typer.Option(help="Write the picture with marks and a 5 m grid here.")] = None,
    page: Annotated[bool, typer.Option("--page", help="Go on in the browser page with these marks.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page on this machine; 0 takes any.")] = 8765,
) -> None:
    """Tie a camera's pixels to its road. Without --marks, in a browser page; with it, tells how well the marks fit.

    A bad fit is refused, naming the worst mark.
    """
    try:
        image = _read(picture)
        settings = read_settings(marks) if marks else None
        if settings is None or page:
            _serve(image, settings, port)
            return
        calibration = fitted(settings)
        for line in told(calibration):
            out.print(line)
        if draw is not None:
            _write(draw, draw_calibration(image, calibration))
            out.print(f"drawn: {draw}")
        problem = fault_of(calibration, settings)
        if problem:
            raise CalibrationError(problem)
        out.print(f"good; for the site file, under the camera's source:\n\n{as_yaml(settings)}", end="")
    except (CalibrationError, OSError, ValueError) as error:
        err.print(str(error), style="red")
        raise typer.Exit(1) from None


def _serve(image: Image, settings: CalibrationSettings | None, port: int) -> None:
    with serve(image, settings, port) as server:
        out.print(f"open http://127.0.0.1:{server.server_port}/ in a browser on this machine; Ctrl-C ends")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            out.print("ended")


def _read(path: Path) -> Image:
    coded = np.frombuffer(path.read_bytes(), np.uint8)
    image = cv2.imdecode(coded, cv2.IMREAD_COLOR) if len(coded) else None
    if image is None:
        raise OSError(f"{path} is no picture: take one with lushao cameras probe URL --picture {path.stem}.png")
    return np.asarray(image, np.uint8)


def _watch(settings: CameraSettings, seconds: float) -> tuple[Frame, str]:
    """The first frame, and what is to be told after watching for `seconds` from then on. Raises StreamError."""
    doorbell = threading.Event()
    reader = CameraReader(settings, doorbell)
    reader.start()
    try:
        with err.status(f"connecting to {settings.shown_url}"):
            first = _next(reader, doorbell, float("inf"))
            assert first is not None
            until = time.monotonic() + seconds
            while _next(reader, doorbell, until) is not None:
                pass
        return first, _told(reader)
    finally:
        reader.stop()


def _next(reader: CameraReader, doorbell: threading.Event, until: float) -> Frame | None:
    """The next frame; None when the time is up or a file is over. Raises StreamError when the stream is lost."""
    while True:
        ended = reader.ended
        frame = reader.take()
        if frame is not None:
            return frame
        status = reader.status()
        if status.last_error is not None:
            raise status.last_error
        left_s = until - time.monotonic()
        if ended or left_s <= 0:
            return None
        doorbell.wait(min(left_s, 0.5))
        doorbell.clear()


def _told(reader: CameraReader) -> str:
    status = reader.status()
    width, height = status.size or (0, 0)
    rate = "rate unknown" if status.fps is None else f"{status.fps:.1f} fps"
    keyframes = reader.ring.keyframes()
    if len(keyframes) > 1:
        every = f"a keyframe every {float(np.diff(keyframes).max()):.1f} s"
    elif reader.ring.size:
        every = "only one keyframe in this time"
    else:
        every = "no packets to cut clips from"
    parts = [f"{status.codec} {width}x{height}", rate, f"{status.frames_decoded} frames", every]
    if status.decode_errors:
        parts.append(f"{status.decode_errors} too damaged to decode")
    if status.state is StreamState.STALLED:
        parts.append("stalled")
    return ", ".join(parts)


def _write(path: Path, image: Image) -> None:
    try:
        coded = cv2.imencode(path.suffix, image)[1]
    except cv2.error:
        raise OSError(f"{path}: give the picture a name that ends in .jpg or .png") from None
    path.write_bytes(coded.tobytes())
