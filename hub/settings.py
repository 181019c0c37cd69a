"""The hub's settings: one model per part, each handed only to that part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from leads.base import Ident, Label
from leads.broker import BrokerSettings


class Part(BaseModel):
    """A part of the settings: frozen, and nothing may be in it that the model does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class PostgresSettings(Part):
    """A PostgreSQL database, for more than one machine or more than a few boxes."""

    host: Annotated[str, Field(min_length=1)] = "localhost"
    """Host name, or folder of its socket."""
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    """Port."""
    database: Annotated[str, Field(min_length=1)] = "lushao"
    """Name of the database."""
    user: Annotated[str, Field(min_length=1)] = "lushao"
    """User, who owns the tables."""
    password_file: Path | None = None
    """File whose first line is the password; null where the server asks for none."""
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = "prefer"
    """As PostgreSQL means it; `verify-full` over a network."""

    def read_password(self) -> str | None:
        """The password. Raises OSError, or ValueError for an empty file."""
        if self.password_file is None:
            return None
        lines = self.password_file.read_text(encoding="utf-8").splitlines()
        if not lines or not lines[0]:
            raise ValueError(f"{self.password_file} is empty: put the password on its first line")
        return lines[0]


class StoreSettings(Part):
    """Where the hub keeps what it holds: SQLite on one machine, PostgreSQL when set."""

    sqlite: Path | None = None
    """SQLite file."""
    postgres: PostgresSettings | None = None
    """PostgreSQL database."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.sqlite is None) == (self.postgres is None):
            raise ValueError("give either `sqlite` or `postgres`")
        return self

    @property
    def name(self) -> str:
        """What it is called in messages; never with a password."""
        if self.postgres is None:
            return str(self.sqlite)
        return f"{self.postgres.database} on {self.postgres.host}:{self.postgres.port}"


class S3Settings(Part):
    """An S3-compatible store of evidence."""

    endpoint: Annotated[str, Field(pattern=r"^https?://")]
    """Address, for example https://minio.example:9000."""
    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    """Bucket; it must exist."""
    prefix: str = ""
    """What the names of the objects begin with."""
    region: str = "us-east-1"
    """Region, as the store calls it."""
    credentials: Path
    """File with the access key on its first line and the secret key on its second."""


class EvidenceSettings(Part):
    """Where clips and pictures of the boxes go."""

    folder: Path
    """Folder of the files; with `s3`, of uploads that are under way and of copies for viewing."""
    s3: S3Settings | None = None
    """Store of the finished files, in place of the folder."""
    fetch: tuple[Literal["picture", "track", "clip"], ...] = ("picture", "track", "clip")
    """What boxes send by themselves, as the link allows; the rest comes when somebody asks for it."""
    most_mib: Annotated[int, Field(ge=1)] = 512
    """Largest file that is taken."""
    min_free_mib: Annotated[int, Field(ge=0)] = 1024
    """Free space below which no more is fetched."""


class TlsServerSettings(Part):
    """Certificate of the console, where no proxy before it has one."""

    cert: Path
    """Certificate with its chain, PEM."""
    key: Path
    """Its private key, PEM."""


class OidcSettings(Part):
    """Log-in by the bureau's own accounts (OpenID Connect)."""

    issuer: Annotated[str, Field(pattern=r"^https?://")]
    """Address of the issuer, without /.well-known/."""
    client_id: Annotated[str, Field(min_length=1)]
    """The hub's id there."""
    client_secret_file: Path
    """File whose first line is the secret."""
    name: Label = "OIDC"
    """What the button says."""
    roles_claim: str = "roles"
    """Claim that holds the roles, as a list."""
    roles: dict[str, str] = Field(default_factory=dict)
    """From the issuer's words to the hub's roles; who has none of them is refused."""


class WebSettings(Part):
    """The console, and the door for boxes and other sources."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port; 0 takes a free one."""
    public_url: Annotated[str, Field(pattern=r"^https?://[^/]+$")] | None = None
    """Address that people and boxes use, if another, e.g. https://hub.example; with https cookies go over TLS only."""
    tls: TlsServerSettings | None = None
    """Certificate; null behind a proxy that has one, or on one machine."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose word on the client's address is taken."""
    language: Literal["zh", "en"] = "zh"
    """Language of who has not chosen."""
    timezone: str = "Asia/Shanghai"
    """Local time on the screen."""
    session_hours: Annotated[float, Field(gt=0, le=168)] = 12
    """After this a person logs in anew."""
    idle_minutes: Annotated[float, Field(gt=0)] = 120
    """After so long without a request, too."""
    lock_after: Annotated[int, Field(ge=3, le=100)] = 6
    """Wrong passwords in a row after which an account rests."""
    lock_minutes: Annotated[float, Field(gt=0)] = 15
    """How long it rests."""
    oidc: OidcSettings | None = None
    """Log-in by other accounts; null for local ones only."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            raise ValueError("no time zone of this machine: take a name such as Asia/Shanghai") from error
        return name


class HubSettings(Part):
    """A hub. Paths are seen from the folder of the settings file."""

    hub_id: Ident
    """Name of the hub, on every receipt."""
    broker: BrokerSettings = BrokerSettings()
    """The broker; with several workers it must know MQTT 5."""
    store: StoreSettings
    """The database."""
    evidence: EvidenceSettings
    """Clips and pictures."""
    web: WebSettings = WebSettings()
    """The console."""
    cases: Path
    """Due times, reasons, and when two acts are one: see configs/cases.yaml."""
    box_keys: Path
    """Folder with one `BOX.pub` per box: its public Ed25519 keys in PEM. Box ids are unique within a hub."""
    signing_key: Path | None = None
    """The hub's private Ed25519 key, to sign receipts and the log of steps; null for neither."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that take leads in; with MQTT 3.1.1 one alone."""
    group: Ident = "hub"
    """Workers of one group share the leads (MQTT 5), on this machine and on others."""
    batch: Annotated[int, Field(ge=1, le=10_000)] = 200
    """How many leads are committed at once under load."""
    refused_kept: Annotated[int, Field(ge=0)] = 100_000
    """How many refused messages are kept, newest first, so that no flood of them fills the disk."""

    @model_validator(mode="after")
    def _shared(self) -> Self:
        if self.workers > 1 and self.broker.protocol != "5":
            raise ValueError("several workers need a broker with MQTT 5: set broker.protocol to 5, or workers to 1")
        return self
