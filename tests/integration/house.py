"""A whole house of real processes: a box that watches the made-up road, a hub, and a broker between them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from edge.evidence.verify import verify_tree
from hub import read
from hub.settings import StoreSettings
from hub.store.database import Database
from leads import Lead, load_public_key
from tests.hub_worlds import CASES
from tests.integration.brokers import Mosquitto
from tests.world import CLOSED_LANE, ROOT, convoy, write_site, write_video

LUSHAO = [sys.executable, "-c", "import lushao; lushao.main()"]
BROKER_PATIENCE = {"backoff_min_s": 0.2, "backoff_max_s": 1.0, "receipt_timeout_s": 2.0, "receipt_timeout_max_s": 4.0}


class Process:
    """One `lushao` process with its log."""

    def __init__(self, arguments: list[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as file:
            self.popen = subprocess.Popen(
                [*LUSHAO, *arguments], stdout=file, stderr=file, cwd=ROOT, env={**os.environ, **(env or {})}
            )

    def kill(self) -> None:
        """End it without any warning."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, within_s: float = 30.0) -> int:
        """End it as systemd does; its exit status."""
        self.popen.send_signal(signal.SIGTERM)
        return self.wait(within_s)

    def wait(self, within_s: float) -> int:
        """Its exit status, once it has ended by itself."""
        return self.popen.wait(within_s)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.popen.poll() is None


class House:
    """Box, hub and broker of one test, all below one folder."""

    def __init__(self, folder: Path, mosquitto: Mosquitto) -> None:
        self.folder = folder
        self.mosquitto = mosquitto
        self.box: Process | None = None
        self.hub: Process | None = None
        self.expected = 0

    def build(self, trucks: int, every_s: float = 3.5, box_folder: Path | None = None, **changes: Any) -> None:
        """Lay out the road: `trucks` trucks drive through the closed lane, each one lead."""
        self.expected = trucks
        video = write_video(self.folder / "road.mp4", convoy(trucks, every_s=every_s), trucks * every_s + 5)
        self.box_folder = box_folder or self.folder / "box"
        broker = {"host": "127.0.0.1", "port": self.mosquitto.port, **BROKER_PATIENCE}
        self.site = write_site(self.box_folder, video, broker=broker, **changes)
        hub = {
            "hub_id": "hub-1",
            "broker": broker,
            "store": {"sqlite": "hub.db"},
            "evidence": {"folder": "evidence"},
            "cases": str(CASES),
            "box_keys": str(self.box_folder / "hub/keys"),
        }
        self.hub_settings = self.folder / "hub.yaml"
        self.hub_settings.write_text(yaml.safe_dump(hub))

    def live_camera(self) -> dict[str, Any]:
        """Settings that play the video as a live camera does, in its own time."""
        return {
            "cameras": [
                {
                    "source": {"id": "gate", "url": str(self.folder / "road.mp4"), "mode": "live"},
                    "place": {"name": "测试点"},
                    "plan": {"zones": [CLOSED_LANE]},
                }
            ]
        }

    def start_hub(self) -> Process:
        """Start the hub."""
        self.hub = Process(["hub", "receive", str(self.hub_settings)], self.folder / "hub.log")
        return self.hub

    def start_box(self, env: Mapping[str, str] | None = None) -> Process:
        """Start the box."""
        self.box = Process(["edge", "run", str(self.site)], self.folder / "box.log", env)
        return self.box

    def close(self) -> None:
        """End every process."""
        for process in (self.box, self.hub):
            if process is not None and process.alive:
                process.kill()

    def run_to_the_end(self, within_s: float = 90.0, env: Mapping[str, str] | None = None) -> None:
        """Run the box until it has watched its video and every lead has its receipt."""
        status = self.start_box(env).wait(within_s)
        assert status == 0, self.log("box")

    def run_to_the_end_of_live(self, within_s: float = 90.0) -> None:
        """Wait until the running box has seen its live file to the end and has every receipt."""
        assert self.box is not None
        assert self.box.wait(within_s) == 0, self.log("box")

    def held(self) -> dict[str, Lead]:
        """The leads in the hub's store by id."""
        with Database(StoreSettings(sqlite=self.folder / "hub.db")).open() as database:
            return {i: lead for i in read.entry_ids(database) if (lead := read.lead(database, i)) is not None}

    def wait_for(self, what: Callable[[], bool], within_s: float) -> None:
        """Wait until something has come about."""
        until = time.monotonic() + within_s
        while not what():
            assert time.monotonic() < until, self.log("box") + self.log("hub")
            time.sleep(0.02)

    def log(self, of: str) -> str:
        """What a process said."""
        path = self.folder / f"{of}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def assert_every_lead_exactly_once(self, complete: bool = True) -> None:
        """Each truck gave one lead, the hub holds it once, and its evidence is whole, chained and signed."""
        leads = self.held()
        passages = Counter(lead.passage.id for lead in leads.values())
        assert len(leads) == self.expected, f"{len(leads)} leads of {self.expected} trucks\n{self.log('box')}"
        assert max(passages.values()) == 1, passages
        key = load_public_key(self.box_folder / "hub/keys/box-1.pub")
        verdicts, breaks = verify_tree(self.box_folder / "evidence", key)
        assert [v.problems for v in verdicts if v.problems] == []
        assert breaks == []
        assert {v.folder.name for v in verdicts} == set(leads)
        for lead in leads.values():
            folder = self.box_folder / "evidence" / lead.evidence.folder
            assert (folder / "manifest.json").is_file()
            assert lead.evidence.complete or not complete, lead.evidence.missing
