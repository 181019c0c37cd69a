"""The whole hub as a service runs it: console and workers in processes of their own, which nothing parts from."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from hub import read
from hub.settings import StoreSettings
from hub.store.audit import check_chain
from hub.store.database import Database
from hub.store.tables import boxes
from tests.hub_worlds import ROOT
from tests.integration.brokers import Mosquitto, eventually
from tests.integration.ends import BoxEnd
from tests.integration.served import Served


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
        served = Served(tmp_path, mosquitto, web=web)
        command = [sys.executable, "-m", "hub.commands", "serve", str(served.file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert re.search(said, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
