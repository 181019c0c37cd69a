"""The database: one engine over SQLite or PostgreSQL, with transactions to read and to write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import alembic.command
import alembic.config
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from hub.settings import PostgresSettings, StoreSettings

_WRITES: Final = "lushao_writes"
_MIGRATION_LOCK: Final = 0x4C53_4855


class StoreError(Exception):
    """The database cannot be used, or not now; the text says what to do. Nothing of the transaction was kept."""


def now_ms() -> int:
    """Milliseconds of UTC since 1970: how times stand in the tables."""
    return time.time_ns() // 1_000_000


class Database:
    """A pool of connections, safe in threads; several processes may each have their own.

    After `fork` make a new one. Nothing is read into memory that another process could change.
    """

    def __init__(self, settings: StoreSettings, *, pool: int = 10, patience_s: float = 30.0) -> None:
        """Prepare; `open` connects. Raises StoreError when the password cannot be read, or the folder not made.

        `patience_s`: how long another process is waited for, that writes to the same.
        """
        self.settings = settings
        self.engine = (
            _sqlite(settings.sqlite, patience_s) if settings.sqlite else _postgres(settings.postgres, pool, patience_s)
        )
        self.is_postgres = self.engine.dialect.name == "postgresql"
        # Else each statement of PostgreSQL sees what was committed meanwhile; SQLite does so by itself.
        self._reader = (
            self.engine.execution_options(isolation_level="REPEATABLE READ") if self.is_postgres else self.engine
        )

    def open(self) -> Self:
        """Connect and bring the tables up to this version, while other processes wait. Raises StoreError."""
        with self._meaning(), self.engine.execution_options(**{_WRITES: True}).begin() as connection:
            if self.is_postgres:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            tables = sa.inspect(connection).get_table_names()
            if tables and "alembic_version" not in tables:
                raise StoreError(f"the store {self.settings.name} holds something else: name an empty database or file")
            migrate(connection)
        return self

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        """Use as a context manager, opened before: closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, of one state of the tables. Raises StoreError."""
        with self._meaning(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes, durable when it ends well. Steps of a case go through `AuditLog.begin`.

        Raises StoreError, with nothing changed, when the database is away, full or locked for long.
        """
        with self._meaning(), self.engine.execution_options(**{_WRITES: True}).begin() as connection:
            yield connection

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if isinstance(error, sa.exc.IntegrityError | sa.exc.ProgrammingError | sa.exc.DataError):
                raise
            raise StoreError(f"the store {self.settings.name} cannot be used ({error.orig}): {_REMEDY}") from error
        except OSError as error:
            raise StoreError(f"the store {self.settings.name} cannot be used ({error}): {_REMEDY}") from error


_KEEPALIVE: Final = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Either end notices within a minute (seconds, seconds, times) that the machine of the other has no power any more. By
itself a server would notice after two hours; till then the log's end would stay locked, and nothing could come in."""
_REMEDY: Final = "check that it runs, its space and the rights"


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a revision within the connection's transaction."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)


def _sqlite(path: Path, patience_s: float) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder of the store {path} cannot be made ({error})") from error
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": patience_s, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # SQLAlchemy begins transactions itself, below: the driver would begin them late and as readers.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(settings: PostgresSettings | None, pool: int, patience_s: float) -> Engine:
    assert settings is not None, "checked by the settings"
    try:
        password = settings.read_password()
    except (OSError, ValueError) as error:
        raise StoreError(f"the password of the database cannot be read: {error}") from error
    url = sa.URL.create(
        "postgresql+psycopg",
        username=settings.user,
        password=password,
        host=settings.host,
        port=settings.port,
        database=settings.database,
    )
    options = {"lock_timeout": round(patience_s * 1000), **{f"tcp_{name}": value for name, value in _KEEPALIVE.items()}}
    arguments = {
        "connect_timeout": 10,
        "application_name": "lushao-hub",
        "sslmode": settings.sslmode,
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        **_KEEPALIVE,
    }
    return sa.create_engine(url, pool_size=pool, max_overflow=pool, pool_pre_ping=True, connect_args=arguments)


Clock = Callable[[], int]
"""Milliseconds of UTC since 1970."""
