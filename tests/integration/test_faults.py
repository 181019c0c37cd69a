"""Whatever happens, every lead ends exactly once in the hub's store, with whole evidence."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.integration.brokers import Mosquitto
from tests.integration.house import House


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    house = House(tmp_path, mosquitto)
    yield house
    house.close()


def test_nothing_happens(house: House) -> None:
    house.build(trucks=6)
    house.start_hub()
    house.run_to_the_end()
    house.assert_every_lead_exactly_once()


def test_box_killed_at_random_moments(house: House) -> None:
    house.build(trucks=60)
    house.start_hub()
    chance = random.Random(20)
    progress = []
    for _ in range(20):
        box = house.start_box()
        time.sleep(chance.uniform(0.9, 2.2))
        box.kill()
        progress.append(len(list((house.box_folder / "evidence").glob("????????/*/manifest.json"))))
    assert 0 < progress[5] < house.expected, f"the kills did not fall into the work: {progress}"
    house.run_to_the_end()
    house.assert_every_lead_exactly_once()


def test_live_box_killed_seals_what_it_had(house: House) -> None:
    house.build(trucks=4, every_s=2.6)
    house.site = _rewritten(house, **house.live_camera())
    house.start_hub()
    box = house.start_box()
    house.wait_for(lambda: any((house.box_folder / "evidence/pending").glob("*/draft.json")), 20)
    box.kill()
    drafts = {p.name for p in (house.box_folder / "evidence/pending").iterdir()}
    house.start_box()
    house.wait_for(lambda: drafts <= set(house.held()), 20)
    house.run_to_the_end_of_live()
    assert "cut short by the last stop" in house.log("box")
    leads = house.held()
    assert all("ends" in " ".join(leads[d].evidence.missing) for d in drafts)
    house.expected = len(leads)
    house.assert_every_lead_exactly_once(complete=False)


def test_broker_restarted_and_gone_for_a_minute(house: House) -> None:
    house.build(trucks=20)
    house.start_hub()
    house.mosquitto.stop()
    house.start_box()
    house.wait_for(lambda: _sealed(house) == house.expected, 60)
    time.sleep(60)
    assert house.held() == {}
    house.mosquitto.start()
    house.wait_for(lambda: len(house.held()) >= 5, 20)
    house.mosquitto.restart()
    assert house.box is not None
    assert house.box.wait(30) == 0
    house.assert_every_lead_exactly_once()


def test_hub_killed_and_gone(house: House) -> None:
    house.build(trucks=30)
    house.start_hub()
    house.start_box()
    house.wait_for(lambda: len(house.held()) >= 3, 30)
    assert house.hub is not None
    house.hub.kill()
    house.wait_for(lambda: _sealed(house) == house.expected, 60)
    time.sleep(3)
    assert house.box is not None
    assert house.box.alive, "the box must not end before every receipt is in"
    house.start_hub()
    assert house.box.wait(40) == 0
    house.assert_every_lead_exactly_once()


def test_disk_full(house: House, small_disk: Path) -> None:
    house.build(trucks=12, box_folder=small_disk / "box")
    house.start_hub()
    filler = small_disk / "filler"
    house.start_box()
    house.wait_for(lambda: _sealed(house) >= 3, 30)
    _fill(filler)
    house.wait_for(lambda: "disk is full" in house.log("box"), 30)
    time.sleep(3)
    assert house.box is not None
    assert house.box.alive, house.log("box")
    filler.unlink()
    assert house.box.wait(60) == 0, house.log("box")
    house.assert_every_lead_exactly_once(complete=False)


def test_disk_full_from_the_start(house: House, small_disk: Path) -> None:
    house.build(trucks=4, box_folder=small_disk / "box")
    _fill(small_disk / "filler")
    house.start_hub()
    house.start_box()
    assert house.box is not None
    assert house.box.wait(30) == 1, "a box that cannot keep a lead must not seem to work"
    assert "no space left" in house.log("box")
    (small_disk / "filler").unlink()
    house.run_to_the_end()
    house.assert_every_lead_exactly_once()


def test_clock_stepped(house: House) -> None:
    house.build(trucks=24)
    house.start_hub()
    steps = house.folder / "time"
    steps.write_text("+0")
    env = {
        "LD_PRELOAD": _faketime(),
        "FAKETIME_TIMESTAMP_FILE": str(steps),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    house.start_box(env)
    for number, step in enumerate(("-3d", "+2d", "-10y", "+1h"), start=1):
        house.wait_for(lambda n=number: _sealed(house) >= 4 * n, 30)  # type: ignore[misc]
        steps.write_text(step)
    assert house.box is not None
    assert house.box.wait(60) == 0
    house.assert_every_lead_exactly_once()
    made = {lead.made_at.year for lead in house.held().values()}
    assert len(made) > 1, "the steps did not reach the box"


@pytest.mark.parametrize("keep", [0, 100, 4096, 6000, 20_000])
def test_outbox_truncated(house: House, keep: int) -> None:
    house.build(trucks=10)
    house.start_box()
    house.wait_for(lambda: _sealed(house) >= 6, 30)
    assert house.box is not None
    house.box.kill()
    outbox = house.box_folder / "outbox.db"
    with sqlite3.connect(outbox) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert outbox.stat().st_size > keep
    os.truncate(outbox, keep)
    house.start_hub()
    house.run_to_the_end()
    assert "outbox" in house.log("box")
    assert "damaged" in house.log("box") or keep == 0
    house.assert_every_lead_exactly_once()


def _rewritten(house: House, **changes: object) -> Path:
    site = yaml.safe_load(house.site.read_text())
    house.site.write_text(yaml.safe_dump(site | changes, allow_unicode=True))
    return house.site


def _sealed(house: House) -> int:
    return len(list((house.box_folder / "evidence").glob("????????/*/lead.json")))


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for block in (b"\0" * 65536, b"\0" * 512):
            try:
                while True:
                    file.write(block)
            except OSError:
                continue


def _faketime() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "libfaketime is missing; install the tests' system packages: sh scripts/system-packages.sh test"
    return str(found[0])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    sudo = [] if os.geteuid() == 0 else [shutil.which("sudo") or "sudo"]
    subprocess.run(
        [*sudo, "mount", "-t", "tmpfs", "-o", f"size=6m,mode=777,uid={os.getuid()}", "tmpfs", str(place)], check=True
    )
    yield place
    subprocess.run([*sudo, "umount", "-l", str(place)], check=True)
