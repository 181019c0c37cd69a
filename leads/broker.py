"""How a broker is reached: address, protocol, certificates, secrets."""

from __future__ import annotations

import os
import random
import ssl
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Seconds = Annotated[float, Field(gt=0, le=3600)]


class BrokerError(ValueError):
    """The broker's settings cannot be used; the text names the remedy."""


class TlsSettings(BaseModel):
    """Certificates for TLS; with `cert` and `key` the client shows who it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ca: Path | None = None
    """Certificate of the authority that signed the broker's; without it the system's authorities count."""
    cert: Path | None = None
    """Certificate of this client."""
    key: Path | None = None
    """Private key of that certificate."""

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.cert is None) != (self.key is None):
            raise ValueError("`cert` and `key` belong together: give both or neither")
        return self

    def context(self) -> ssl.SSLContext:
        """Make the TLS context. Raises BrokerError naming the file that cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise BrokerError(f"cannot use the authority's certificate {self.ca}: {error}") from error
        if self.cert is not None and self.key is not None:
            try:
                context.load_cert_chain(self.cert, self.key)
            except OSError as error:
                raise BrokerError(f"cannot use certificate {self.cert} with key {self.key}: {error}") from error
        return context


class BrokerSettings(BaseModel):
    """One broker, and how patiently it is dealt with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1)] = "localhost"
    """Name or address; with TLS it must be one that the broker's certificate names."""
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    """Port; 8883 is usual with TLS."""
    protocol: Literal["5", "3.1.1"] = "5"
    """MQTT version; 3.1.1 for brokers that know no 5."""
    tls: TlsSettings | None = None
    """Certificates; null for an open connection, which belongs on one machine or a closed net only."""
    username: str | None = None
    """User name, where the broker asks for one."""
    password_file: Path | None = None
    """File whose first line is the password."""
    password_env: str | None = None
    """Environment variable that holds the password; `password_file` is safer."""
    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,128}$")] | None = None
    """Name before the broker; null makes it from site and box. Two clients of one name throw each other out."""
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30
    """A dead link is noticed, and the last will sent, after one and a half times this."""
    connect_timeout_s: Seconds = 10.0
    """How long a connection may take to come up, TLS and the broker's answer included."""
    session_expiry_s: Annotated[int, Field(ge=0, le=2**32 - 1)] = 3600
    """How long the broker keeps messages for this client while it is away; 0 for not at all."""
    backoff_min_s: Seconds = 1.0
    """Shortest wait before connecting anew."""
    backoff_max_s: Seconds = 60.0
    """Longest wait; waits double up to it, with chance in them so that boxes do not come back all at once."""
    in_flight: Annotated[int, Field(ge=1, le=1000)] = 20
    """How many leads may be published and not yet receipted."""
    receipt_timeout_s: Seconds = 15.0
    """A lead without a receipt is published again after this; each further wait is twice as long."""
    receipt_timeout_max_s: Seconds = 60.0
    """Longest such wait."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.password_file is not None and self.password_env is not None:
            raise ValueError("give the password by `password_file` or by `password_env`, not by both")
        if self.username is None and (self.password_file or self.password_env):
            raise ValueError("a password needs a `username`")
        if self.backoff_max_s < self.backoff_min_s:
            raise ValueError("`backoff_max_s` is below `backoff_min_s`")
        if self.receipt_timeout_max_s < self.receipt_timeout_s:
            raise ValueError("`receipt_timeout_max_s` is below `receipt_timeout_s`")
        return self

    def wait_s(self, failures: int, chance: random.Random) -> float:
        """Seconds to wait before the next try after so many failed ones, at least 1."""
        longest = min(self.backoff_max_s, self.backoff_min_s * 2.0 ** min(failures, 32))
        return chance.uniform(max(self.backoff_min_s, longest / 2), longest)

    def password(self) -> str | None:
        """Read the password. Raises BrokerError naming the file or variable that has none."""
        if self.password_file is not None:
            try:
                lines = self.password_file.read_text(encoding="utf-8").splitlines()
            except OSError as error:
                raise BrokerError(f"cannot read the password file {self.password_file}: {error.strerror}") from error
            if not lines or not lines[0]:
                raise BrokerError(
                    f"the password file {self.password_file} is empty: put the password on its first line"
                )
            return lines[0]
        if self.password_env is not None:
            value = os.environ.get(self.password_env)
            if not value:
                raise BrokerError(f"the environment variable {self.password_env} is not set: it holds the password")
            return value
        return None
