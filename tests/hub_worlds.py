"""Hubs to try things on: databases of both kinds, the parts of a hub, people who have logged in."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

import psycopg
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.testclient import TestClient

from hub.accounts.roles import Role
from hub.accounts.sessions import Session, open_session, session_of
from hub.accounts.user import User
from hub.box_keys import BoxKeys
from hub.cases.settings import CaseSettings
from hub.parts import HubParts
from hub.settings import EvidenceSettings, HubSettings, PostgresSettings, StoreSettings
from hub.store.audit import AuditLog
from hub.store.database import Database
from hub.store.tables import users
from hub.web.app import create_app
from hub.web.deps import CSRF_HEADER, cookie_name
from leads import write_public_key
from leads.settings_file import load_settings

ROOT: Final = Path(__file__).resolve().parents[1]
CASES: Final = ROOT / "configs/cases.yaml"
BOX_KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
"""Key of box-1 at site-1."""
HUB_KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
NOON_MS: Final = 1_795_406_400_000
"""2026-11-23 04:00 UTC, noon in Fujian; the clock of a hub made here starts an hour later."""


class PostgresServer:
    """A PostgreSQL server of one's own, in a folder, on a socket in it and no port of the network."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        """`durable`: with fsync, as in service; without, tests are quicker."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = _free_port()
        self._durable = durable
        self._bin = _postgres_folder()
        if os.geteuid() == 0:  # the server refuses to run as root
            for parent in folder.parents:
                if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001 and parent != Path("/"):
                    parent.chmod(parent.stat().st_mode | 0o011)
            shutil.chown(folder, "postgres")
        self._run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "lushao", "--no-locale", "-E", "UTF8")

    def start(self) -> None:
        """Start it, or start it again; returns when it answers."""
        options = f"-k {self.folder} -p {self.port} -c listen_addresses= -c max_connections=200"
        if not self._durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-o", f"'{options}'", "-w", "-l", log, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is as bad as a power cut to the server."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def settings(self, database: str = "postgres") -> PostgresSettings:
        """How a hub reaches one of its databases."""
        return PostgresSettings(host=str(self.folder), port=self.port, database=database, user="lushao")

    def make_database(self, name: str, template: str = "template1") -> PostgresSettings:
        """A new database."""
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.settings(name)

    def drop_database(self, name: str) -> None:
        """Take a database away, whoever is connected."""
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _conninfo(self) -> str:
        return f"host={self.folder} port={self.port} user=lushao dbname=postgres"

    def _run(self, command: str, *arguments: str) -> None:
        as_whom = ["su", "postgres", "-c"] if os.geteuid() == 0 else ["sh", "-c"]
        line = [*as_whom, " ".join((str(self._bin / command), *arguments))]
        done = subprocess.run(line, capture_output=True, text=True, cwd="/", timeout=60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop("immediate")


def _postgres_folder() -> Path:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not folders:
        raise RuntimeError("no PostgreSQL here: run `sh scripts/system-packages.sh test`")
    return folders[-1].parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class HandClock:
    """A clock that a test moves on; milliseconds of UTC."""

    now_ms: int = NOON_MS + 3_600_000

    def __call__(self) -> int:
        return self.now_ms

    def go(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ms += round(seconds * 1000)


@dataclass
class HubWorld:
    """A hub's parts on one database, with a clock to move, its application and people."""

    parts: HubParts
    clock: HandClock
    folder: Path
    _people: int = field(default=0)

    def user(self, *roles: Role, name: str | None = None) -> User:
        """A new person with these roles, who has no password and is logged in by `client`."""
        self._people += 1
        name = name or f"{'-'.join(roles) or 'nobody'}-{self._people}"
        with self.parts.database.write() as connection:
            row = connection.execute(
                sa.insert(users)
                .values(
                    name=name,
                    display=name.title(),
                    roles=",".join(roles),
                    created_ms=self.clock(),
                    password="",
                    must_change=False,
                    totp_secret="",
                    totp_on=False,
                    totp_step=0,
                    active=True,
                    language="",
                    failed=0,
                )
                .returning(users.c.id)
            ).one()
        return User(row.id, name, name.title(), roles, "")

    def session(self, user: User) -> tuple[str, Session]:
        """A session of a person: its token and what it is."""
        token = open_session(self.parts, user.id, "127.0.0.1", "test")
        found = session_of(self.parts, token)
        assert found is not None
        return token, found

    def client(self, user: User | None = None) -> TestClient:
        """A client of the application, logged in as a person; its changes bear the right token."""
        client = TestClient(create_app(self.parts), base_url="http://127.0.0.1:8080", follow_redirects=False)
        if user is not None:
            token, found = self.session(user)
            client.cookies.set(cookie_name(self.parts), token)
            client.headers[CSRF_HEADER] = found.csrf
        return client


def make_settings(folder: Path, store: StoreSettings, **changes: object) -> HubSettings:
    """Settings of a hub below a folder that knows box-1."""
    keys = folder / "boxes"
    if not (keys / "box-1.pub").exists():
        write_public_key(keys / "box-1.pub", BOX_KEY.public_key())
    base = HubSettings(
        hub_id="hub-1",
        store=store,
        evidence=EvidenceSettings(folder=folder / "evidence", min_free_mib=0),
        cases=CASES,
        box_keys=keys,
    )
    return base.model_copy(update=changes)


def make_world(folder: Path, store: StoreSettings, **changes: object) -> HubWorld:
    """A hub on a database that has its tables, or gets them now."""
    settings = make_settings(folder, store, **changes)
    clock = HandClock()
    database = Database(store).open()
    parts = HubParts(
        settings=settings,
        cases=load_settings(CASES, CaseSettings),
        database=database,
        audit=AuditLog(database, HUB_KEY, clock),
        box_keys=BoxKeys(settings.box_keys),
        clock=clock,
        key=HUB_KEY,
    )
    return HubWorld(parts, clock, folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for all tests of a run; its template `ready` has the hub's tables.

    Not below pytest's own folder: another run would close that to the server's user.
    """
    with TemporaryDirectory(prefix="lushao-postgres-") as folder, PostgresServer(Path(folder) / "server") as server:
        Database(StoreSettings(postgres=server.make_database("ready"))).open().close()
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite file with the hub's tables."""
    path = tmp_path_factory.mktemp("sqlite") / "ready.db"
    database = Database(StoreSettings(sqlite=path)).open()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def hub(tmp_path: Path, sqlite_template: Path) -> Iterator[HubWorld]:
    """A hub on SQLite."""
    shutil.copy(sqlite_template, tmp_path / "hub.db")
    world = make_world(tmp_path, StoreSettings(sqlite=tmp_path / "hub.db"))
    yield world
    world.parts.database.close()


@pytest.fixture
def hub_on_postgres(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[HubWorld]:
    """A hub on PostgreSQL."""
    name = f"hub{time.monotonic_ns()}"
    world = make_world(tmp_path, StoreSettings(postgres=postgres_server.make_database(name, "ready")))
    yield world
    world.parts.database.close()
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgres"])
def either_hub(request: pytest.FixtureRequest) -> HubWorld:
    """A hub, once on each kind of database."""
    world: HubWorld = request.getfixturevalue("hub" if request.param == "sqlite" else "hub_on_postgres")
    return world
