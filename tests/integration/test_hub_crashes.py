"""Power cuts of all kinds in mid-load: nothing is lost, nothing doubled, numbers have no gaps, the log stays whole."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from leads import Lead
from tests.hub_worlds import PostgresServer
from tests.integration.brokers import Mosquitto, eventually
from tests.integration.ends import BoxEnd
from tests.integration.served import Served


def _load(box: BoxEnd, leads: list[Lead], number: int) -> None:
    """Make so many leads more, and wait until the hub is in the midst of taking them."""
    before = box.publisher.counters().accepted
    leads += box.make(*range(len(leads), len(leads) + number))
    eventually(lambda: box.publisher.counters().accepted > before + number // 5, what="some receipts")
    assert not box.done


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_workers_killed_in_mid_load(tmp_path: Path, mosquitto: Mosquitto, kind: str) -> None:
    server = PostgresServer(tmp_path / "postgres", durable=True) if kind == "postgres" else None
    if server is not None:
        server.start()
    served = Served(tmp_path, mosquitto, postgres=server.settings() if server else None)
    leads: list[Lead] = []
    with served.running() as process, BoxEnd(tmp_path, mosquitto.settings(in_flight=30)) as box:
        for round_ in range(4):
            _load(box, leads, 60)
            workers = process.children()
            if workers:
                workers[round_ % len(workers)].kill()
        eventually(lambda: box.done, 20, what="the receipts")
    served.assert_held_once(leads)
    if server is not None:
        server.stop("immediate")


def test_postgresql_cut_off_in_mid_load(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with PostgresServer(tmp_path / "postgres", durable=True) as server:
        served = Served(tmp_path, mosquitto, postgres=server.settings())
        leads: list[Lead] = []
        with served.running() as process, BoxEnd(tmp_path, mosquitto.settings(in_flight=30)) as box:
            workers = {worker.pid for worker in process.children()}
            for _ in range(3):
                _load(box, leads, 60)
                server.stop("immediate")
                accepted = box.publisher.counters().accepted
                leads += box.make(*range(len(leads), len(leads) + 10))
                time.sleep(0.5)
                assert box.publisher.counters().accepted <= accepted + 30, "receipts without a database"
                server.start()
            eventually(lambda: box.done, 20, what="the receipts")
            assert {worker.pid for worker in process.children()} == workers, served.said()
        served.assert_held_once(leads)
    assert "no receipts until then" in served.said()
