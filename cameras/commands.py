"""Commands for cameras: `lushao cameras ...`."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Annotated

import cv2
import typer
from pydantic import ValidationError
from rich.console import Console

from cameras.errors import StreamError
from cameras.frame import Frame
from cameras.reader import CameraReader
from cameras.settings import CameraSettings

app = typer.Typer(help="Cameras: try an address before it goes into a site's settings.", no_args_is_help=True)
err = Console(stderr=True)


@app.callback()
def cameras() -> None:
    """Keep `probe` a sub-command."""


@app.command()
def probe(
    url: Annotated[str, typer.Argument(help="rtsp:// address without password, a video file or a folder of pictures.")],
    user: Annotated[str | None, typer.Option(help="User name at the camera.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="File with the password.")] = None,
    password_env: Annotated[str | None, typer.Option(help="Environment variable with the password.")] = None,
    seconds: Annotated[float, typer.Option(help="How long to watch.")] = 5.0,
    picture: Annotated[Path | None, typer.Option(help="Write the first picture here.")] = None,
) -> None:
    """Connect once, watch for some seconds and tell codec, size, rate and keyframes; or what is wrong."""
    try:
        settings = CameraSettings(
            id="probe", url=url, user=user, password_file=password_file, password_env=password_env
        )
    except ValidationError as error:
        for fault in error.errors():
            err.print(f"{'.'.join(map(str, fault['loc'])) or 'address'}: {fault['msg']}", style="red", highlight=False)
        raise typer.Exit(1) from None
    doorbell = threading.Event()
    reader = CameraReader(settings, doorbell)
    reader.start()
    try:
        first = _watch(reader, doorbell, seconds)
    except StreamError as error:
        err.print(str(error), style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    finally:
        reader.stop()
    status = reader.status()
    width, height = status.size or (0, 0)
    rate = f"{status.fps:.1f} fps" if status.fps else "rate unknown"
    print_out = Console(highlight=False)
    print_out.print(f"{settings.shown_url}: {status.codec} {width}x{height}, {rate}, {status.frames_decoded} frames")
    if status.decode_errors:
        print_out.print(f"{status.decode_errors} packets could not be decoded")
    if picture is not None:
        cv2.imwrite(str(picture), first.image)
        print_out.print(f"first picture: {picture}")


def _watch(reader: CameraReader, doorbell: threading.Event, seconds: float) -> Frame:
    """The first frame, after watching for `seconds` from then on. Raises the first StreamError."""
    first: Frame | None = None
    until = float("inf")
    while time.monotonic() < until and not (first is not None and reader.ended):
        doorbell.wait(0.1)
        doorbell.clear()
        frame = reader.take()
        error = reader.status().last_error
        if error is not None:
            raise error
        if frame is not None and first is None:
            first, until = frame, time.monotonic() + seconds
        if frame is None and first is None and reader.ended:
            break
    assert first is not None
    return first
