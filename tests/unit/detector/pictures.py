"""Frames made for tests: no camera, no file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from cameras.frame import Frame, Image

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def frame(picture: Image, t_s: float = 0.0, *, camera: str = "c1", session: int = 0, index: int = 0) -> Frame:
    """A frame of a BGR picture taken `t_s` after the session began."""
    return Frame(camera, session, index, t_s, START + timedelta(seconds=t_s), picture)


def blank(width: int = 64, height: int = 48, grey: int = 0) -> Image:
    """A picture of one grey."""
    return np.full((height, width, 3), grey, np.uint8)
