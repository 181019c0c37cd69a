"""The memory of passes: where a vehicle was in the last days, here and at the neighbours, and no longer than is set."""

from __future__ import annotations

import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from edge.memory import PassageMemory, distance_km
from edge.memory_file import ANY_TYPE, Seen
from edge.memory_neighbours import Neighbours
from edge.memory_settings import MemorySettings, memory_problems
from edge.rules.known import Boarding, Identity, Known, Place
from leads import Sighting, decode, encode, parse_json, sign, verify, write_public_key
from leads.settings_file import SettingsError
from tests.unit.leads.samples import NOON, sample_sighting

CAR = Identity("闽H12345", "02")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NANPING, FUZHOU = (118.17, 26.64), (119.30, 26.08)
"""Longitude and latitude of two cities 130 km apart."""


def seen(hours_before: float, plate: str = "闽H12345", plate_type: str = "02", **changes: object) -> Seen:
    """A pass so many hours before noon."""
    at = NOON - timedelta(hours=hours_before)
    return replace(Seen(plate, plate_type, at, "site-1", "cam", "客运站"), **changes)  # type: ignore[arg-type]


@contextmanager
def remembering(folder: Path, clock: Callable[[], datetime] = lambda: NOON, **more: object) -> Iterator[PassageMemory]:
    """A memory that may come and go; its file stays."""
    memory = PassageMemory(MemorySettings.model_validate({"path": folder / "memory.db"} | more), "site-1", clock)
    memory.RETRY_S, memory.FORGET_EVERY_S, memory.STEP_S = 0.02, 0.05, 0.0
    memory.start()
    try:
        yield memory
    finally:
        memory.stop()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[PassageMemory]:
    with remembering(tmp_path) as memory:
        yield memory


def hours(memory: PassageMemory, identity: Identity = CAR, days: float = 7.0) -> list[float]:
    """How long before noon a vehicle passed."""
    return [(NOON - past.at).total_seconds() / 3600 for past in memory.history(identity, NOON, days)]


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.005)


# What is remembered


def test_the_passes_of_a_vehicle_come_newest_first_and_only_those_before_and_within_the_days(
    memory: PassageMemory,
) -> None:
    for number in (30, 1, 50, 0, -1, 3):
        memory.add(seen(number))
    assert hours(memory) == [1, 3, 30, 50]
    assert memory.wait(5)
    assert hours(memory) == [1, 3, 30, 50]
    assert hours(memory, days=1) == [1, 3]


@pytest.mark.parametrize(
    ("identity", "passes"),
    [
        (CAR, 1),
        (Identity("闽H12345", "01"), 0),
        (Identity("闽H12346", "02"), 0),
        (Identity("闽H12345", "unknown"), 0),
        (Identity("闽H1234-", "02"), 0),
        (Identity("闽H12345", "02", sure=False), 0),
    ],
)
def test_only_a_sure_identity_has_a_history(memory: PassageMemory, identity: Identity, passes: int) -> None:
    memory.add(seen(1))
    assert memory.wait(5)
    assert len(memory.history(identity, NOON, 7)) == passes


def known(identity: Identity | None) -> Known:
    place = Place("site-1", "gate", name="汽车站", hub="客运枢纽")
    boardings = (Boarding(1.0, into=True), Boarding(2.0, into=False))
    at = NOON.replace(microsecond=123_456)
    return Known(
        place, ZoneInfo("Asia/Shanghai"), at, 0.0, 9.0, {"car": 0.9, "van": 0.1}, identity, boardings=boardings
    )


@pytest.mark.parametrize(
    "identity",
    [None, Identity("闽H12345", "02", sure=False), Identity("闽H12345", "unknown"), Identity("闽H1234-", "02")],
)
def test_a_vehicle_that_is_not_surely_known_is_not_remembered(memory: PassageMemory, identity: Identity | None) -> None:
    assert memory.seen(known(identity), "gate-1") is None


def test_a_pass_is_remembered_with_place_hub_class_and_people(tmp_path: Path) -> None:
    with remembering(tmp_path, lon=NANPING[0], lat=NANPING[1]) as memory:
        found = memory.seen(known(CAR), "gate-1")
        assert found is not None
        memory.add(found)
        (past,) = memory.history(CAR, NOON + timedelta(hours=1), 1)
        assert (past.site, past.place, past.hub, past.vehicle_class) == ("site-1", "汽车站", "客运枢纽", "car")
        assert (past.boarded, past.distance_km, past.at) == (2, 0.0, NOON.replace(microsecond=123_000))


def test_a_pass_that_is_told_twice_is_one(memory: PassageMemory) -> None:
    for _ in range(2):
        memory.add(seen(1))
        memory.add(seen(1))
        assert memory.wait(5)
    assert hours(memory) == [1]


def test_distance_is_that_of_the_great_circle() -> None:
    assert distance_km(NANPING, FUZHOU) == pytest.approx(128.3, abs=0.5)
    assert distance_km(NANPING, NANPING) == 0.0
    assert distance_km((179.9, 0.0), (-179.9, 0.0)) == pytest.approx(22.24, abs=0.01)
    assert distance_km((0.0, 90.0), (0.0, -90.0)) == pytest.approx(20015, abs=1)
    assert distance_km((None, None), FUZHOU) is None
    assert distance_km(NANPING, (None, None)) is None


# How long


def test_a_pass_is_forgotten_when_its_days_are_over_in_small_steps(tmp_path: Path) -> None:
    now = [NOON]
    with remembering(tmp_path, lambda: now[0], keep_days=2) as memory:
        for number in range(900):
            memory.add(seen(number / 100))
        assert memory.wait(5)
        now[0] += timedelta(days=1)
        memory.add(seen(0, plate="闽H54321"))
        assert memory.wait(5)
        now[0] += timedelta(days=1, minutes=1)
        until(lambda: memory.counts.forgotten == 900)
        assert hours(memory) == []
        assert len(memory.history(Identity("闽H54321", "02"), NOON + timedelta(hours=1), 7)) == 1
        time.sleep(0.2)
        assert memory.counts.forgotten == 900
    assert "闽H12345".encode() not in (tmp_path / "memory.db").read_bytes()


def test_a_film_of_last_year_is_remembered_as_long_as_todays_road(tmp_path: Path) -> None:
    with remembering(tmp_path, keep_days=1) as memory:
        memory.add(seen(365 * 24))
        assert memory.wait(5)
        time.sleep(0.2)
        assert len(memory.history(CAR, NOON - timedelta(days=364), 7)) == 1


def test_a_clock_that_starts_at_1970_forgets_nothing(tmp_path: Path) -> None:
    with remembering(tmp_path) as memory:
        memory.add(seen(1))
    with remembering(tmp_path, lambda: datetime.fromtimestamp(0, NOON.tzinfo)) as memory:
        time.sleep(0.2)
        assert hours(memory) == [1]


# What happens to the file


def test_passes_are_there_after_a_restart(tmp_path: Path) -> None:
    with remembering(tmp_path) as memory:
        memory.add(seen(1))
    with remembering(tmp_path) as memory:
        assert hours(memory) == [1]


KILLED = """
import sys
from pathlib import Path
from tests.unit.edge.test_memory import remembering, seen
with remembering(Path(sys.argv[1])) as memory:
    for number in range(1, 100_000):
        memory.add(seen(number / 1000))
        if number % 20 == 0:
            memory.wait(10)
            print(number, flush=True)
"""


def test_what_was_written_is_there_after_kill_9(tmp_path: Path) -> None:
    box = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert box.stdout is not None
    for _ in range(5):
        said = int(box.stdout.readline())
    box.send_signal(signal.SIGKILL)
    box.wait()
    box.stdout.close()
    with remembering(tmp_path) as memory:
        assert len(memory.history(CAR, NOON, 7)) >= min(said, 500)


def test_a_full_disk_stops_neither_box_nor_history_and_what_waited_is_written_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with remembering(tmp_path) as memory:
        memory.add(seen(1))
        assert memory.wait(5)
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "memory.db-wal").stat().st_size, hard))
        try:
            memory.add(seen(2))
            until(lambda: memory.counts.faults >= 2)
            assert hours(memory) == [1, 2]
            assert list(memory.problems()) == ["passes are not remembered: see the log for the cause"]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert memory.wait(5)
        assert list(memory.problems()) == []
        assert memory.counts.lost == 0
    assert caplog.text.count("the box goes on without its memory") == 1
    assert "12345" not in caplog.text


def test_too_many_that_wait_are_counted_and_let_go(tmp_path: Path) -> None:
    memory = PassageMemory(MemorySettings(path=tmp_path / "memory.db"), "site-1")
    for number in range(5000):
        memory.add(seen(number / 100))
    assert memory.counts.lost == 5000 - 4096
    memory.stop()


@pytest.mark.parametrize("damage", ["no database", "every page but the first", "cut short"])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "memory.db"
    with remembering(tmp_path) as memory:
        for number in range(500):
            memory.add(seen(number / 10))
    data = bytearray(path.read_bytes())
    match damage:
        case "no database":
            data[:] = b"this is a letter" * 1000
        case "every page but the first":
            data[4096:] = random.Random(1).randbytes(len(data) - 4096)
        case "cut short":
            del data[len(data) // 3 :]
    path.write_bytes(bytes(data))
    with remembering(tmp_path) as memory:
        memory.history(CAR, NOON, 7)
        memory.add(seen(1, place="anew"))
        assert memory.wait(5)
        assert "anew" in [past.place for past in memory.history(CAR, NOON, 7)]
        assert memory.counts.faults > 0
    assert "begun anew" in caplog.text
    assert "12345" not in caplog.text


def test_a_folder_in_its_place_is_no_reason_to_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "memory.db").mkdir()
    with remembering(tmp_path) as memory:
        memory.add(seen(1))
        until(lambda: memory.counts.faults > 1)
        assert hours(memory) == [1]
    assert "check space and rights there" in caplog.text


def test_looking_back_takes_less_than_a_millisecond_among_many(tmp_path: Path) -> None:
    with remembering(tmp_path) as memory:
        chance = random.Random(1)
        plates = [f"闽H{n:05d}" for n in range(1000)]
        memory._file.add((seen(chance.random() * 160, chance.choice(plates)) for _ in range(20_000)), NOON)
        times_s = []
        for _ in range(200):
            began = time.perf_counter()
            memory.history(Identity(chance.choice(plates), "02"), NOON, 7)
            times_s.append(time.perf_counter() - began)
        assert sorted(times_s)[100] < 0.001


# Passes to begin with


def csv_file(folder: Path, text: str) -> Path:
    path = folder / "passes.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_passes_are_imported_and_those_without_a_type_are_of_any(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "plate,plate_type,at,place,hub\n"
        "闽H·12345,small_car,2026-11-23T03:00:00Z,汽车站,客运枢纽\n"
        "闽H12345,,2026-11-23T10:00:00+08:00,市医院,医院\n"
        "闽H12345,01,2026-11-23T01:00:00Z,学校,\n",
    )
    for _ in range(2):
        with remembering(tmp_path, import_csv=path) as memory:
            assert [(p.place, p.hub) for p in memory.history(CAR, NOON, 1)] == [
                ("汽车站", "客运枢纽"),
                ("市医院", "医院"),
            ]
            assert hours(memory, Identity("闽H12345", "01")) == [2, 3]
    with closing(sqlite3.connect(tmp_path / "memory.db")) as db:
        assert db.execute("SELECT count(*) FROM passes WHERE plate_type = ?", (ANY_TYPE,)).fetchone() == (1,)


def test_only_plate_time_and_place_are_needed(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "at,place,plate\n2026-11-23T03:00:00Z,学校,闽H12345\n")
    with remembering(tmp_path, import_csv=path) as memory:
        assert hours(memory) == [1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plate,place\n", r"passes\.csv:1: no column at"),
        ("plate,at,place\n闽H1234-,2026-11-23T03:00:00Z,x\n", r"csv:2: plate 闽H1\*\*\*- is no whole number"),
        ("plate,at,place\n闽H12345,2026-11-23 03:00,x\n", r"csv:2: at: .* says no offset: write it like"),
        ("plate,at,place\n闽H12345,monday,x\n", r"csv:2: at: 'monday' is no time"),
        ("plate,at,place\n闽H12345,0001-01-01T00:00:00+08:00,x\n", r"csv:2: a time at the very end of the calendar"),
        ("plate,plate_type,at,place\n闽H12345,77,2026-11-23T03:00:00Z,x\n", r"csv:2: '77' is no plate type"),
        ("", r"csv:1: no column plate, at, place"),
    ],
)
def test_a_wrong_file_names_line_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        PassageMemory(MemorySettings(path=tmp_path / "m.db", import_csv=csv_file(tmp_path, text)), "site-1")


def test_the_samples_passes_are_taken(tmp_path: Path) -> None:
    path = Path(__file__).parents[3] / "samples" / "passenger-hub.sightings.csv"
    with remembering(tmp_path, import_csv=path) as memory:
        history = memory.history(Identity("闽H6T283", "02"), datetime(2026, 11, 23, tzinfo=NOON.tzinfo), 7)
        assert len(history) == len(path.read_text(encoding="utf-8").splitlines()) - 1
        assert {past.hub for past in history} == {"客运枢纽", "医院"}


# Neighbours


def settings(folder: Path, **more: object) -> MemorySettings:
    return MemorySettings.model_validate(
        {"path": folder / "memory.db", "lon": FUZHOU[0], "lat": FUZHOU[1], "share": True} | more
    )


def neighbours(folder: Path, memory: PassageMemory, *, key: Path | None = None, up: bool = True) -> Neighbours:
    said = settings(folder, neighbours=[{"site": "station", "box": "box-7", "key": key}])
    return Neighbours(said, "site-1", "box-1", memory, lambda *_: up, KEY)


TOPIC = "lushao/v1/station/box-7/sightings"


def test_what_a_neighbour_saw_is_part_of_the_history_with_its_distance(tmp_path: Path) -> None:
    with remembering(tmp_path, lon=FUZHOU[0], lat=FUZHOU[1]) as memory:
        beside = neighbours(tmp_path, memory)
        ((topic, listener),) = beside.listeners().items()
        assert topic == TOPIC
        listener(topic, encode(sample_sighting(5)))
        (past,) = memory.history(CAR, NOON + timedelta(hours=1), 7)
        assert (past.site, past.place, past.hub) == ("station", "南平汽车站", "客运枢纽")
        assert past.distance_km == pytest.approx(128.3, abs=0.5)
        assert past.at == NOON + timedelta(minutes=5)


def test_what_is_not_that_neighbours_counts_for_nothing(
    tmp_path: Path, memory: PassageMemory, caplog: pytest.LogCaptureFixture
) -> None:
    write_public_key(tmp_path / "box-7.pub", KEY.public_key())
    beside = neighbours(tmp_path, memory, key=tmp_path / "box-7.pub")
    for payload in (
        b"{}",
        encode(sample_sighting()),
        encode(sign(sample_sighting(), OTHER_KEY)),
        encode(sign(sample_sighting(box_id="box-8"), KEY)),
    ):
        beside.heard(TOPIC, payload)
    assert (beside.counts.bad, beside.counts.heard) == (4, 0)
    beside.heard(TOPIC, encode(sign(sample_sighting(), KEY)))
    assert beside.counts.heard == 1
    assert caplog.text.count("counts for nothing") == 1
    assert "12345" not in caplog.text


def test_a_box_that_shares_tells_its_passes_signed(tmp_path: Path, memory: PassageMemory) -> None:
    said: list[tuple[str, bytes]] = []

    def publish(topic: str, payload: bytes) -> bool:
        said.append((topic, payload))
        return True

    Neighbours(settings(tmp_path, share=False), "site-1", "box-1", memory, publish, KEY).tell(seen(1))
    assert said == []
    Neighbours(settings(tmp_path), "site-1", "box-1", memory, publish, KEY).tell(
        seen(1, hub="医院", vehicle_class="van", lon=FUZHOU[0], lat=FUZHOU[1])
    )
    ((topic, payload),) = said
    assert topic == "lushao/v1/site-1/box-1/sightings"
    verify(parse_json(payload), KEY.public_key())
    sighting = decode(Sighting, payload)
    assert (sighting.plate, sighting.plate_type, sighting.vehicle_class) == ("闽H12345", "02", "van")
    assert (sighting.hub, sighting.lon, sighting.at) == ("医院", FUZHOU[0], NOON - timedelta(hours=1))


def test_a_pass_that_no_broker_takes_is_counted_and_gone(tmp_path: Path, memory: PassageMemory) -> None:
    beside = neighbours(tmp_path, memory, up=False)
    beside.tell(seen(1))
    assert (beside.counts.told, beside.counts.untold) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lat": None}, "both lon and lat"),
        ({"keep_days": 0}, "greater than 0"),
        ({"neighbours": [{"site": "a", "box": "b"}] * 2}, "neighbours stand twice: a/b"),
        ({"neighbours": [{"site": "a/b", "box": "b"}]}, "neighbours.0.site"),
    ],
)
def test_wrong_settings_say_what_is_wrong(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(tmp_path, **changes)


def test_what_the_settings_point_to_and_is_not_there_is_named(tmp_path: Path) -> None:
    box = {"site": "a", "box": "b", "key": tmp_path / "b.pub"}
    said = list(memory_problems(settings(tmp_path, import_csv=tmp_path / "x.csv", neighbours=[box])))
    assert [problem.split(": no file")[0] for problem in said] == ["memory.import_csv", "memory.neighbours.0.key"]
    (tmp_path / "x.csv").touch()
    (tmp_path / "b.pub").touch()
    assert list(memory_problems(settings(tmp_path, import_csv=tmp_path / "x.csv", neighbours=[box]))) == []
