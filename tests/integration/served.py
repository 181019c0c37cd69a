"""A hub in processes of its own, as a service runs it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import sqlalchemy as sa
import yaml

from hub.intake.take import INTAKE
from hub.settings import PostgresSettings, StoreSettings
from hub.store.audit import Step, check_chain
from hub.store.database import Database
from hub.store.tables import entries, payloads
from leads import Lead, write_public_key
from tests.hub_worlds import BOX_KEY, CASES, ROOT
from tests.integration.brokers import Mosquitto, eventually


class Served:
    """A `lushao hub serve` of a test."""

    def __init__(
        self,
        folder: Path,
        mosquitto: Mosquitto,
        *,
        web: Mapping[str, object] | None = None,
        postgres: PostgresSettings | None = None,
    ) -> None:
        """Lay out a hub of two workers that knows box-1; without `postgres` it has a SQLite file."""
        self.store = StoreSettings(sqlite=folder / "hub.db") if postgres is None else StoreSettings(postgres=postgres)
        self.folder = folder
        self.file = folder / "hub.yaml"
        settings = {
            "hub_id": "hub-1",
            "broker": mosquitto.settings().model_dump(mode="json", exclude_defaults=True),
            "store": self.store.model_dump(mode="json", exclude_none=True),
            "evidence": {"folder": "evidence"},
            "web": {"port": 0, **(web or {})},
            "cases": str(CASES),
            "box_keys": "boxes",
            "workers": 2,
        }
        self.file.write_text(yaml.safe_dump(settings))
        if not (folder / "boxes").exists():
            write_public_key(folder / "boxes" / "box-1.pub", BOX_KEY.public_key())

    @contextmanager
    def running(self) -> Iterator[psutil.Popen]:
        """The process, once it serves and both workers hear the broker."""
        log = self.folder / "hub.log"
        log.write_text("")
        with log.open("ab") as file:
            command = [sys.executable, "-m", "hub.commands", "serve", str(self.file)]
            process = psutil.Popen(command, cwd=ROOT, stdout=file, stderr=file)
        try:
            eventually(lambda: self.said().count("connected to broker") == 2, 30, what="the hub's start")
            yield process
        finally:
            children = process.children(recursive=True) if process.is_running() else []
            for one in [process, *children]:
                if one.is_running():
                    one.kill()
            process.wait()

    def said(self) -> str:
        """Its output and its log."""
        return (self.folder / "hub.log").read_text()

    @property
    def address(self) -> str:
        """Where it serves."""
        found = re.search(r"serves at (\S+)", self.said())
        assert found is not None, self.said()
        return found[1]

    def assert_held_once(self, leads: Sequence[Lead]) -> None:
        """Every lead is held, once; numbers have no gaps; the log of steps is whole, and pins what is held."""
        with Database(self.store).open() as database, database.read() as connection:
            held = connection.execute(
                sa.select(entries.c.number, entries.c.entry_id, entries.c.payload_sha256).order_by(entries.c.number)
            ).fetchall()
            pinned: list[list[object]] = []
            faults = check_chain(connection, on_step=lambda step: pinned.extend(_pinned(step)))
            kept = connection.execute(sa.select(sa.func.count()).select_from(payloads)).scalar()
        assert sorted(row.entry_id for row in held) == sorted(lead.lead_id for lead in leads)
        assert [row.number for row in held] == list(range(1, len(leads) + 1))
        assert (faults, kept) == ([], len(leads))
        assert pinned == [list(row) for row in held]


def _pinned(step: Step) -> list[list[object]]:
    return list(json.loads(step.body).get("entries", [])) if step.action == INTAKE else []
