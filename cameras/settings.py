"""Settings of one camera, and the address with and without its password."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cameras.calibration import CalibrationError, calibrate
from cameras.calibration_settings import CalibrationSettings
from cameras.errors import ErrorKind, StreamError

NETWORK_SCHEMES = ("rtsp", "rtsps", "http", "https")
_USER_INFO = re.compile(r"(?<=://)\S*@")
"""To the last @: a password may hold one, or a slash."""
_PASSWORD_PARAMETER = re.compile(r"(?<![a-z])(?:password|passwd|pass|pwd)=(?!\{password\})", re.IGNORECASE)


class CameraSettings(BaseModel):
    """Where a camera's pictures come from and how patient to be with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    """Name of the camera within its box."""
    url: str
    """rtsp:// address without user and password, or a video file, or a folder of pictures.

    Cameras that want them in the path get them where it says {user} and {password}.
    """
    user: str | None = None
    """User name at the camera."""
    password_file: Path | None = None
    """File that holds the password."""
    password_env: str | None = None
    """Environment variable that holds the password, instead of a file."""
    mode: Literal["live", "replay"] = "live"
    """live: the newest frame wins. replay (files): every frame, as fast as it goes."""
    connect_timeout_s: float = Field(default=10.0, gt=0)
    """How long to wait for a camera to answer."""
    stall_timeout_s: float = Field(default=10.0, gt=0)
    """Without a frame for so long, connect anew."""
    ring_seconds: float = Field(default=20.0, ge=0)
    """Seconds of encoded packets kept for clips."""
    ring_mib: int = Field(default=64, ge=1)
    """Most memory for them; and for one clip."""
    started_at: datetime | None = None
    """For files: UTC time of the first frame. Else the file's own creation time, or when it was last changed."""
    picture_fps: float = Field(default=10.0, gt=0)
    """For folders of pictures: pictures per second."""
    calibration: CalibrationSettings | None = None
    """Ties pixels to the road: `lushao cameras calibrate`. Without it no speed and no size is measured."""

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value:
            raise ValueError("no address: give an rtsp:// address, a video file or a folder of pictures")
        if "://" in value:
            if "@" in value:
                raise ValueError(
                    "user and password do not belong in the address: use user and password_file or password_env "
                    "(an @ in the path is written %40)"
                )
            if _PASSWORD_PARAMETER.search(value):
                raise ValueError(
                    "a password does not belong in the address: write {password} in its place and give user and "
                    "password_file or password_env"
                )
            parts = urlsplit(value)
            if parts.scheme not in NETWORK_SCHEMES:
                raise ValueError(
                    f"unknown kind of address {parts.scheme}://; use {', '.join(NETWORK_SCHEMES)} or a file"
                )
        return value

    @field_validator("started_at")
    @classmethod
    def _utc(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time needs its zone, for example 2026-03-01T08:00:00Z")
        return value.astimezone(UTC) if value else None

    @field_validator("calibration")
    @classmethod
    def _fits(cls, value: CalibrationSettings | None) -> CalibrationSettings | None:
        try:
            if value is not None:
                calibrate(value)
        except CalibrationError as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.password_file is not None and self.password_env is not None:
            raise ValueError("give password_file or password_env, not both")
        if self.user is None and (self.password_file or self.password_env):
            raise ValueError("a password needs a user")
        if self.user is not None and not self.is_network:
            raise ValueError("user and password are for network cameras, not for files")
        if self.is_network and self.mode == "replay":
            raise ValueError("mode replay is for files; a network camera is live")
        return self

    @property
    def is_network(self) -> bool:
        """Whether the pictures come over a network."""
        return "://" in self.url

    @property
    def shown_url(self) -> str:
        """The address as it may be shown: it never holds a password."""
        return redact(self.url)

    def connect_url(self) -> str:
        """The address with user and password, for the connection alone. Raises StreamError without the password."""
        if self.user is None:
            return self.url
        user, password = quote(self.user, safe=""), quote(self._password(), safe="")
        if "{password}" in self.url:
            return self.url.replace("{user}", user).replace("{password}", password)
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{user}:{password}@{rest}"

    def _password(self) -> str:
        if self.password_file is not None:
            try:
                return self.password_file.read_text(encoding="utf-8-sig").strip()
            except OSError as error:
                what = f"cannot read the camera's password: {error.strerror}: {self.password_file}"
                raise StreamError(ErrorKind.AUTH, what, "check password_file") from None
            except UnicodeDecodeError:
                what = f"cannot read the camera's password: {self.password_file}"
                raise StreamError(ErrorKind.AUTH, what, "save the file as UTF-8") from None
        if self.password_env is None:
            return ""
        password = os.environ.get(self.password_env)
        if password is None:
            what = f"the camera's password is missing: {self.password_env} is not set"
            raise StreamError(ErrorKind.AUTH, what, "set this environment variable, or give password_file")
        return password


def redact(text: str) -> str:
    """The text without the user and password of any address in it."""
    return _USER_INFO.sub("", text)
