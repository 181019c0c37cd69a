"""A register in a file: what it answers, what no entry means, and how a new file takes the old one's place."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.registry.entries import Lookup, VehicleEntry
from edge.registry.importing import Order, import_registry
from edge.registry.protocol import RegistryError
from edge.registry.store import open_store
from tests.unit.edge.registry.csvs import AS_OF, TRUCK, WAYBILLS, make, opened, write

TANKER = "YD-1,闽H12345,01,1203,3,汽油,2026-02-27 08:00,2026-02-27 18:00"
NOON = datetime(2026, 2, 27, 4, tzinfo=UTC)
"""12:00 in China."""


def test_a_vehicle_is_found_with_the_name_and_age_of_the_register(tmp_path: Path) -> None:
    answer = opened(make(tmp_path)).vehicle("闽H12345", "01")
    assert answer.entry is not None
    assert answer.entry.axles == 4
    assert (answer.answered, answer.source, answer.as_of, answer.stale) == ("found", "延平运管", AS_OF, False)


def test_no_entry_means_something_only_where_the_register_is_complete(tmp_path: Path) -> None:
    partial = opened(make(tmp_path)).vehicle("闽H99999", "01")
    assert (partial.answered, partial.complete_for) == ("absent", frozenset())
    whole = opened(make(tmp_path, complete_for=("goods",))).vehicle("闽H99999", "01")
    assert (whole.answered, whole.complete_for) == ("absent", frozenset({"goods"}))


def test_a_register_that_is_too_old_says_so_and_is_complete_no_more(tmp_path: Path) -> None:
    path = make(tmp_path, complete_for=("goods",))
    for plate in ("闽H12345", "闽H99999"):
        assert not opened(path, days_later=30).vehicle(plate, "01").stale
        old = opened(path, days_later=30.01).vehicle(plate, "01")
        assert (old.stale, old.complete_for) == (True, frozenset())


def test_a_register_without_vehicles_or_waybills_was_not_asked_for_them(tmp_path: Path) -> None:
    assert opened(make(tmp_path)).waybill("闽H12345", "01", NOON).answered == "not_asked"
    bills = write(tmp_path / "w.csv", WAYBILLS, TANKER)
    import_registry(Order(tmp_path / "w.registry", "运单", AS_OF, waybills=bills))
    alone = opened(tmp_path / "w.registry")
    assert alone.vehicle("闽H12345", "01").answered == "not_asked"
    assert alone.waybill("闽H12345", "01", NOON).answered == "found"


@pytest.mark.parametrize(
    ("at", "answered"),
    [
        (datetime(2026, 2, 26, 23, 59, tzinfo=UTC), "absent"),
        (datetime(2026, 2, 27, 0, tzinfo=UTC), "found"),
        (NOON, "found"),
        (datetime(2026, 2, 27, 10, tzinfo=UTC), "found"),
        (datetime(2026, 2, 27, 10, 1, tzinfo=UTC), "absent"),
    ],
)
def test_a_waybill_holds_for_its_trip(tmp_path: Path, at: datetime, answered: str) -> None:
    assert opened(make(tmp_path, waybills=[TANKER])).waybill("闽H12345", "01", at).answered == answered


def test_a_waybill_of_days_holds_through_the_last(tmp_path: Path) -> None:
    registry = opened(make(tmp_path, waybills=["YD-1,闽H12345,01,1203,3,汽油,2026-02-26,2026/2/27"]))
    assert registry.waybill("闽H12345", "01", datetime(2026, 2, 27, 15, 59, tzinfo=UTC)).answered == "found"
    assert registry.waybill("闽H12345", "01", datetime(2026, 2, 27, 16, 1, tzinfo=UTC)).answered == "absent"


def test_a_mixed_load_tells_all_its_un_numbers(tmp_path: Path) -> None:
    later = "YD-2,闽H12345,01,UN1202,3,柴油,2026-02-27T09:00:00+08:00,2026-02-27 20:00"
    found = opened(make(tmp_path, waybills=[TANKER, later])).waybill("闽H12345", "01", NOON).entry
    assert found is not None
    assert (found.number, found.un, found.also_un) == ("YD-2", "1202", ("1203",))


def test_no_waybill_means_nothing_for_a_trip_after_the_data_were_taken_out(tmp_path: Path) -> None:
    registry = opened(make(tmp_path, waybills=[TANKER], complete_for=("waybills",)))
    before = registry.waybill("闽H12345", "01", AS_OF - timedelta(hours=1))
    assert (before.answered, before.stale, before.complete_for) == ("absent", False, frozenset({"dangerous_goods"}))
    after = registry.waybill("闽H12345", "01", AS_OF + timedelta(hours=1))
    assert (after.answered, after.stale, after.complete_for) == ("absent", True, frozenset())


def test_complete_waybills_say_nothing_of_permits(tmp_path: Path) -> None:
    registry = opened(make(tmp_path, waybills=[TANKER], complete_for=("waybills",)))
    assert registry.vehicle("闽H99999", "01").complete_for == frozenset()


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("YD-1,闽H12345,01,12034,3,汽油,2026-02-27,2026-02-27", "un: '12034' is no UN number"),
        ("YD-1,闽H12345,01,1203,3,汽油,2026-02-28,2026-02-27", "ends_at: lies before starts_at"),
        ("YD-1,闽H12345,01,1203,3,汽油,,2026-02-27", "starts_at: is empty"),
        ("YD-1,闽H12345,01,1203,flammable,汽油,2026-02-27,2026-02-27", "danger: 'flammable': give it like"),
        ("YD-1,闽H1234挂,01,1203,3,汽油,2026-02-27,2026-02-27", "plate: a number ending in 挂 is of type 15"),
        (TANKER.replace("汽油", "柴油") + "\n" + TANKER, "goods: '汽油' here, but '柴油' in line 2"),
    ],
)
def test_bad_waybills_are_told_by_line_and_column(tmp_path: Path, row: str, fault: str) -> None:
    with pytest.raises(RegistryError, match=r"waybills.csv:\d: ") as caught:
        make(tmp_path, waybills=[row])
    assert fault in str(caught.value)


def test_a_new_register_is_taken_at_the_next_look_up(tmp_path: Path) -> None:
    registry = opened(make(tmp_path))
    assert registry.vehicle("闽H12345", "01").answered == "found"
    make(tmp_path, ["闽H99999,01,F,,,,,"], as_of=AS_OF + timedelta(hours=1))
    assert registry.vehicle("闽H12345", "01").answered == "absent"
    assert registry.vehicle("闽H99999", "01").as_of == AS_OF + timedelta(hours=1)


def test_a_new_register_that_is_cut_short_or_gone_leaves_the_last_one_in_use(tmp_path: Path) -> None:
    path = make(tmp_path)
    registry = opened(path)
    cut = tmp_path / "cut"
    cut.write_bytes(path.read_bytes()[:-4096])
    cut.replace(path)
    assert registry.vehicle("闽H12345", "01").answered == "found"
    path.unlink()
    assert registry.vehicle("闽H12345", "01").answered == "found"
    make(tmp_path, ["闽H12345,01,F,2,,,,"])
    entry = registry.vehicle("闽H12345", "01").entry
    assert entry is not None
    assert entry.axles == 2


def test_a_reader_sees_the_old_or_the_new_register_and_nothing_between(tmp_path: Path) -> None:
    """Imports go on while another thread asks, as on a box."""
    path = make(tmp_path, ["闽H12345,01,F,3,,,,"])
    registry = opened(path)
    answers: list[Lookup[VehicleEntry]] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answers.append(registry.vehicle("闽H12345", "01"))

    thread = threading.Thread(target=ask)
    thread.start()
    for axles in range(4, 14):
        make(tmp_path, [f"闽H12345,01,F,{axles},,,,"])
    stop.set()
    thread.join()
    answers.append(registry.vehicle("闽H12345", "01"))
    seen = [answer.entry.axles for answer in answers if answer.entry is not None and answer.entry.axles]
    assert len(seen) == len(answers)
    assert seen == sorted(seen)
    assert seen[-1] == 13


def test_a_damaged_entry_is_no_answer(tmp_path: Path) -> None:
    path = make(tmp_path, [TRUCK, "闽H54321,01,F,,,,,"])
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE vehicles SET json = substr(json, 1, 40) WHERE plate = '闽H12345'")
        connection.execute("UPDATE vehicles SET plate = '闽H22222' WHERE plate = '闽H54321'")
    connection.close()
    registry = opened(path)
    assert registry.vehicle("闽H12345", "01") == Lookup("unreachable", source="延平运管")
    assert registry.vehicle("闽H22222", "01").answered == "unreachable", "it is the entry of another vehicle"


def test_a_file_that_is_no_register_says_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="make it with `lushao edge registry import`"):
        open_store(tmp_path / "none.registry")
    write(tmp_path / "text.registry", "no database " * 100)
    with pytest.raises(RegistryError, match="is damaged"):
        open_store(tmp_path / "text.registry")
    sqlite3.connect(tmp_path / "other.registry").executescript("CREATE TABLE t (x)").close()
    with pytest.raises(RegistryError, match="is no register"):
        open_store(tmp_path / "other.registry")
    path = make(tmp_path)
    newer = tmp_path / "newer.registry"
    shutil.copy(path, newer)
    sqlite3.connect(newer).executescript("PRAGMA user_version = 9").close()
    with pytest.raises(RegistryError, match="version 9, not 1"):
        open_store(newer)
