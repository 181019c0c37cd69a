"""The whole hub as a service runs it: console and workers in processes of their own, which nothing parts from."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
import yaml

from hub import read
from hub.settings import StoreSettings
from hub.store.audit import check_chain
from hub.store.database import Database
from hub.store.tables import boxes
from leads import write_public_key
from tests.hub_worlds import BOX_KEY, CASES, ROOT
from tests.integration.brokers import Mosquitto, eventually
from tests.integration.ends import BoxEnd


class Served:
    """A `lushao hub serve` of a test."""

    def __init__(self, folder: Path, mosquitto: Mosquitto, **web: object) -> None:
        """Lay out a hub of two workers that knows box-1."""
        self.folder = folder
        self.file = folder / "hub.yaml"
        settings = {
            "hub_id": "hub-1",
            "broker": mosquitto.settings().model_dump(mode="json", exclude_defaults=True),
            "store": {"sqlite": "hub.db"},
            "evidence": {"folder": "evidence"},
            "web": {"port": 0, **web},
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
            command = [sys.executable, "-m", "hub.commands", "serve", self.file]
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


def test_a_hub_serves_takes_leads_and_ends_when_told_to(tmp_path: Path, mosquitto: Mosquitto) -> None:
    served = Served(tmp_path, mosquitto)
    with served.running() as process, BoxEnd(tmp_path, mosquitto.settings()) as box:
        assert re.search(r"log in as admin with the one-time password \S{8,}", served.said())
        assert httpx.get(served.address + "/static/style.css").status_code == 200
        leads = box.make(*range(20))
        eventually(lambda: box.done, what="the receipts")
        with Database(StoreSettings(sqlite=tmp_path / "hub.db")).open() as database:
            assert sorted(read.entry_ids(database)) == sorted(lead.lead_id for lead in leads)
            with database.read() as connection:
                states = [(row.box_id, row.state) for row in connection.execute(boxes.select())]
        assert states == [("box-1", "online")]
        workers = process.children()
        assert len(workers) == 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0, served.said()
        assert not any(worker.is_running() for worker in workers)
    with served.running():
        assert "one-time password" not in served.said()


def test_a_worker_that_is_killed_comes_back_and_a_hub_that_is_killed_leaves_none_behind(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    served = Served(tmp_path, mosquitto)
    with served.running() as process, BoxEnd(tmp_path, mosquitto.settings(in_flight=5)) as box:
        leads = []
        for round_ in range(2):
            leads += box.make(*range(round_ * 50, round_ * 50 + 50))
            settled = box.publisher.counters().accepted
            eventually(lambda settled=settled: box.publisher.counters().accepted > settled + 5)  # type: ignore[misc]
            process.children()[0].kill()
        eventually(lambda: box.done, what="the receipts")
        eventually(lambda: len(process.children()) == 2)
        workers = process.children()
        process.kill()
        eventually(lambda: not any(worker.is_running() for worker in workers), 10, what="the workers' end")
    with Database(StoreSettings(sqlite=tmp_path / "hub.db")).open() as database:
        assert sorted(read.entry_ids(database)) == sorted(lead.lead_id for lead in leads)
        with database.read() as connection:
            assert check_chain(connection) == []


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ({"port": "taken"}, "Address already in use.*set web.host and web.port to others"),
        ({"tls": {"cert": "none.crt", "key": "none.key"}}, "cannot use the certificate of web.tls"),
    ],
)
def test_a_hub_that_cannot_serve_says_what_to_do(
    tmp_path: Path, mosquitto: Mosquitto, web: dict[str, object], said: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        if web.get("port") == "taken":
            web = {"port": other.getsockname()[1]}
        served = Served(tmp_path, mosquitto, **web)
        command = [sys.executable, "-m", "hub.commands", "serve", served.file]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert re.search(said, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
