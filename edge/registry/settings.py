"""Which registers a box asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge.registry.store import Declared
from leads.base import Label
from leads.broker import Seconds, TlsSettings


class FileRegistrySettings(BaseModel):
    """A register in a file on the box."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["file"]
    path: Path
    """As `lushao edge registry import` made it; its name and what it is complete for stand in it."""
    csv: Path | None = None
    """A table of vehicles that it is made from: imported at the start where it is newer than the file. It is as new as
    the table, complete for nothing, and named after it."""
    stale_after_days: float = Field(default=30, gt=0)
    """Data older than this support a suspicion at most, and that there is no entry says nothing."""


class HttpRegistrySettings(BaseModel):
    """A register asked over HTTP, see docs/site-engineer.md for what it has to answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["http"]
    name: Label
    """As it stands on leads."""
    url: str
    """Address before `/vehicles/` and `/waybills/`; https, or http on a closed network."""
    asks: tuple[Literal["vehicles", "waybills"], ...] = Field(default=("vehicles", "waybills"), min_length=1)
    """What it is asked for."""
    complete_for: tuple[Declared, ...] = ()
    """What it holds in full, so that no entry means no permit, or no waybill."""
    token_file: Path | None = None
    """File with the token that is sent as `Authorization: Bearer`; it may be replaced while the box runs."""
    tls: TlsSettings | None = None
    """Certificates; null for those of the system."""
    timeout_s: Seconds = 1.5
    """The longest that one question may hold up a lead."""
    rest_s: Seconds = 30.0
    """After no answer, the register is left alone for this long."""
    fresh_s: Annotated[float, Field(ge=0, le=86_400)] = 600.0
    """An answer is used again for this long without asking."""
    keep_s: Annotated[float, Field(ge=0)] = 7 * 86_400.0
    """An answer is kept for this long, and given as stale when the register does not answer."""
    most_kept: Annotated[int, Field(ge=1)] = 20_000
    """Answers kept, some 1 kB each; the one not asked for longest goes first."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("`url` is written like https://registry.example.org/api, without a query")
        if parts.username is not None or parts.password is not None:
            raise ValueError("`url` must hold no secret: put a token into `token_file`")
        if self.tls is not None and parts.scheme != "https":
            raise ValueError("`tls` needs an https `url`")
        return self


RegistrySettings: TypeAlias = Annotated[FileRegistrySettings | HttpRegistrySettings, Field(discriminator="kind")]


def registry_problems(registries: Sequence[RegistrySettings]) -> Iterator[str]:
    """What the settings point to that is not there, with key and remedy."""
    for number, one in enumerate(registries):
        where = f"registries.{number}"
        if isinstance(one, HttpRegistrySettings):
            if one.token_file is not None and not one.token_file.is_file():
                yield f"{where}.token_file: no file {one.token_file}; put the token on its only line"
        elif one.csv is not None and not one.csv.is_file():
            yield f"{where}.csv: no file {one.csv}; put the table there, or leave csv out"
        elif one.csv is None and not one.path.is_file():
            yield f"{where}.path: no register {one.path}; make it with: lushao edge registry import"
