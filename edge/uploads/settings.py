"""How the box sends evidence to the hub: where to, how fast, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge.rules.base import Hours
from leads.broker import BrokerError, Seconds, TlsSettings
from leads.uploads import CHUNK_BYTES


class UploadSettings(BaseModel):
    """The hub's door for evidence, and how much of the link it may take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    """Address of the hub, for example https://hub.example.org:8443; plain http on a closed network only."""
    tls: TlsSettings | None = None
    """Certificates, where the system's authorities do not know the hub's."""
    most_bytes_per_s: Annotated[int, Field(ge=1024)] | None = None
    """Most of the link that uploads take, so that leads get through; null for all that is free."""
    clip_hours: tuple[Hours, ...] | None = None
    """Hours of the day, local time, in which clips go that nobody waits for; null for all. Pictures always go."""
    frames: bool = True
    """Whether the hub gets each camera's last picture, small, for its wall."""
    chunk_bytes: Annotated[int, Field(ge=4096, le=CHUNK_BYTES)] = 512 << 10
    """Most bytes of one request. On a slow link requests are smaller, so that a clip asked for need not wait."""
    timeout_s: Seconds = 20.0
    """A hub that is silent for this long is away; it is asked again later."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("`url` is written like https://hub.example.org:8443, with nothing after the port")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("`url` has a port that is none: it is a number from 1 to 65535") from None
        if parts.username is not None or parts.password is not None:
            raise ValueError("`url` must hold no secret: the box signs its requests with its own key")
        if self.tls is not None and parts.scheme != "https":
            raise ValueError("`tls` needs an https `url`")
        return self


def upload_problems(settings: UploadSettings) -> Iterator[str]:
    """What the settings point to that cannot be used, with key and remedy."""
    if settings.tls is not None:
        try:
            settings.tls.context()
        except BrokerError as error:
            yield f"uploads.tls: {error}"
