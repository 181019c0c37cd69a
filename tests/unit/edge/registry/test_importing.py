"""From CSV to a register: what is taken, what is refused, and in which words."""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from edge.registry.entries import VehicleEntry
from edge.registry.importing import BadRowsError, Order, import_registry
from edge.registry.protocol import RegistryError
from edge.registry.store import open_store
from tests.unit.edge.registry.csvs import AS_OF, HEADER, TRUCK, make, opened, write


def entry(path: Path, plate: str = "闽H12345", plate_type: str = "01") -> VehicleEntry:
    found = opened(path).vehicle(plate, plate_type).entry
    assert found is not None
    return found


def bad(folder: Path, *rows: str) -> list[str]:
    with pytest.raises(BadRowsError) as caught:
        make(folder, rows)
    assert not (folder / "test.registry").exists()
    assert [p.name for p in folder.iterdir()] == ["vehicles.csv"]
    return caught.value.problems.first


def refused(folder: Path, *lines: str, encoding: str = "utf-8", ignored: tuple[str, ...] = ()) -> str:
    source = write(folder / "v.csv", *lines, encoding=encoding)
    with pytest.raises(RegistryError) as caught:
        import_registry(Order(folder / "r", "x", AS_OF, vehicles=source, ignored=ignored))
    return str(caught.value)


def test_several_rows_of_one_vehicle_add_permits(tmp_path: Path) -> None:
    path = make(tmp_path, [TRUCK, "闽H12345,01,,,,超限运输,9001,2026/12/31", "闽H12345,01,,,,超限运输,9002,"])
    found = entry(path)
    assert (found.use_nature, found.axles, found.max_mass_kg) == ("F", 4, 31000)
    assert [(p.kind, p.number) for p in found.permits] == [
        ("goods", "350700001"),
        ("oversize", "9001"),
        ("oversize", "9002"),
    ]
    assert found.permits[1].valid_to == date(2026, 12, 31)
    assert found.permits[2].valid_to is None


def test_later_rows_fill_what_the_first_left_empty(tmp_path: Path) -> None:
    path = make(tmp_path, ["闽H12345,01,F,,,,,", "闽H12345,01,,4,31000,,,"])
    assert (entry(path).axles, entry(path).permits) == (4, ())


def test_the_same_row_twice_is_one_entry(tmp_path: Path) -> None:
    path = make(tmp_path, [TRUCK, TRUCK])
    assert len(entry(path).permits) == 1
    connection, about = open_store(path)
    connection.close()
    assert about.vehicles is not None
    assert (about.vehicles.rows, about.vehicles.entries) == (2, 1)


def test_rows_that_contradict_each_other_are_refused_naming_both(tmp_path: Path) -> None:
    first, second = bad(tmp_path, TRUCK, "闽H12345,01,,6,,,,", "闽H12345,01,,,,普货,350700001,2028-12-31")
    assert first == (
        "vehicles.csv:3: axles: 6 here, but 4 in an earlier row of this vehicle (its first is line 2): make them agree"
    )
    assert second.startswith("vehicles.csv:4: permit_valid_to: '2028-12-31' here, but '2027-12-31' in")


def test_one_number_under_two_plate_types_is_two_vehicles(tmp_path: Path) -> None:
    path = make(tmp_path, [TRUCK, "闽H12345,02,A,2,1800,,,"])
    assert entry(path, plate_type="02").use_nature == "A"
    assert entry(path).use_nature == "F"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_utf8_and_gbk_say_the_same(tmp_path: Path, encoding: str) -> None:
    source = write(tmp_path / "v.csv", "号牌号码,号牌种类,使用性质", "闽H12345,大型汽车,货运", encoding=encoding)
    import_registry(Order(tmp_path / "r", "x", AS_OF, vehicles=source))
    assert entry(tmp_path / "r") == VehicleEntry("闽H12345", "01", use_nature="F")


@pytest.mark.parametrize("written", ["闽H·12345", "闽h12345", "闽Ｈ１２３４５", "闽H 12345", " 闽H.12345 "])
def test_plates_are_found_however_they_were_written(tmp_path: Path, written: str) -> None:
    assert entry(make(tmp_path, [f"{written},1,F,,,,,"])).use_nature == "F"


def test_the_letter_o_of_an_old_office_is_a_zero_as_the_camera_reads_it(tmp_path: Path) -> None:
    assert entry(make(tmp_path, ["闽O12345,02,A,,,,,"]), "闽012345", "02").use_nature == "A"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("闽H12345,77,F,,,,,", "plate_type: '77' is no plate type: give its code by GA/T 16.7"),
        ("闽H1?345,01,F,,,,,", "plate: '闽H1?345' is no plate number"),
        ("闽H1234挂,01,F,,,,,", "plate: a number ending in 挂 is of type 15, not 01"),
        ("闽H12345,15,F,,,,,", "plate: a number of type 15 ends in 挂"),
        ("闽HD12345,02,A,,,,,", "plate: a number of type 02 has 7 characters, this has 8; with 8 it is of type 51 or"),
        ("闽H12345,52,A,,,,,", "plate: a number of type 52 (new energy) has 8 characters, this has 7"),
        ("闽H12345,01,搬家,,,,,", "use_nature: '搬家' is not known; use one of A 非营运, B 公路客运"),
        ("闽H12345,01,F,0,,,,", "axles: 0 is outside 1 to 60: count the axles"),
        ("闽H12345,01,F,2.5,,,,", "axles: a whole number is wanted"),
        ("闽H12345,01,F,,31,,,", "max_mass_kg: 31 is outside 100 to 1e+06: give kilograms, not tonnes"),
        ('闽H12345,01,F,,"31,000",,,', "max_mass_kg: '31,000' is no number: write digits alone"),
        ("闽H12345,01,F,,nan,,,", "max_mass_kg: nan is outside 100 to 1e+06"),
        ("闽H12345,01,F,,,快递,,", "permit_kind: '快递' is not known; use one of goods, dangerous_goods"),
        ("闽H12345,01,F,,,,3507,", "permit_kind: is empty, but there is something of a permit"),
        ("闽H12345,01,F,,,普货,1,31.12.2027", "permit_valid_to: '31.12.2027' is no day: write it like 2026-11-23"),
        ("闽H12345,01,F,,,普货,1,2027-02-30", "permit_valid_to: '2027-02-30' is no day of the calendar"),
        (",01,F,,,,,", "plate: is empty: number, for example 闽H12345"),
        ("闽H12345,01,F", "has 3 cells, the header 8: look for a missing or unquoted comma"),
    ],
)
def test_a_bad_row_is_told_by_line_column_and_remedy(tmp_path: Path, row: str, fault: str) -> None:
    (told,) = bad(tmp_path, TRUCK, row)
    assert told.startswith(f"vehicles.csv:3: {fault}")


def test_all_faults_of_a_row_are_told_at_once(tmp_path: Path) -> None:
    assert len(bad(tmp_path, "闽H12345,77,搬家,0,,,,")) == 3


def test_twenty_faults_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    with pytest.raises(BadRowsError) as caught:
        make(tmp_path, ["闽H12345,01,F,0,,,,"] * 30)
    assert len(caught.value.problems.first) == 20
    assert caught.value.problems.rows == 30


def test_bad_rows_may_be_left_out_but_then_no_entry_means_nothing(tmp_path: Path) -> None:
    path = make(tmp_path, [TRUCK, "闽H99999,01,F,0,,,,"], complete_for=("goods",), skip_bad=True)
    assert entry(path).axles == 4
    assert opened(path).vehicle("闽H99999", "01").complete_for == frozenset()


def test_skipping_bad_rows_costs_nothing_where_there_are_none(tmp_path: Path) -> None:
    path = make(tmp_path, complete_for=("goods",), skip_bad=True)
    assert opened(path).vehicle("闽H99999", "01").complete_for == {"goods"}


def test_a_refused_import_leaves_the_register_as_it_was(tmp_path: Path) -> None:
    path = make(tmp_path)
    before = path.read_bytes()
    with pytest.raises(BadRowsError):
        make(tmp_path, ["闽H12345,01,F,0,,,,"])
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["test.registry", "vehicles.csv"]


def test_unknown_columns_are_refused_with_what_may_be_meant(tmp_path: Path) -> None:
    told = refused(tmp_path, "plate,plate_typ,owner", "闽H12345,01,某人")
    assert "v.csv:1: column 'plate_typ' is not known; did you mean 'plate_type'?" in told
    assert "v.csv:1: column 'owner' is not known; see `lushao edge registry columns`" in told
    assert "v.csv:1: column plate_type (号牌种类) is missing: add it" in told


def test_columns_nobody_needs_may_be_ignored(tmp_path: Path) -> None:
    source = write(tmp_path / "v.csv", "plate,plate_type,owner", "闽H12345,01,某人")
    import_registry(Order(tmp_path / "r", "x", AS_OF, vehicles=source, ignored=("owner",)))
    assert entry(tmp_path / "r") == VehicleEntry("闽H12345", "01")


def test_a_column_may_not_stand_twice(tmp_path: Path) -> None:
    assert "column '号牌号码' stands twice" in refused(tmp_path, "plate,号牌号码,plate_type", "闽H12345,闽H12345,01")


@pytest.mark.parametrize(
    ("text", "encoding", "remedy"),
    [
        ("plate;plate_type\n", "utf-8", "save it as CSV with commas"),
        ("plate,plate_type\n", "utf-16", "is UTF-16"),
        ("PK\x03\x04", "latin-1", "is a spreadsheet, not CSV"),
        ("plate,plate_type\n\xff\xff\xff\n", "latin-1", "is neither UTF-8 nor GBK"),
        ('plate,plate_type\n"闽H12345,01\n', "utf-8", "check the quotes"),
        ("", "utf-8", "column plate (号牌号码) is missing"),
    ],
)
def test_a_file_that_is_no_such_csv_says_the_remedy(tmp_path: Path, text: str, encoding: str, remedy: str) -> None:
    source = tmp_path / "v.csv"
    source.write_bytes(text.encode(encoding))
    with pytest.raises(RegistryError, match=remedy.replace("(", r"\(").replace(")", r"\)")):
        import_registry(Order(tmp_path / "r", "x", AS_OF, vehicles=source))


def test_a_register_says_where_it_comes_from(tmp_path: Path) -> None:
    connection, about = open_store(make(tmp_path, complete_for=("goods", "passenger")))
    connection.close()
    assert (about.name, about.as_of, about.complete_for) == ("延平运管", AS_OF, ("goods", "passenger"))
    assert about.vehicles is not None
    assert about.vehicles.file == "vehicles.csv"
    assert len(about.vehicles.sha256) == 64


def test_declarations_that_cannot_be_true_are_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "v.csv", HEADER, TRUCK)
    for order, remedy in (
        (Order(tmp_path / "r", "x", AS_OF), "nothing to import"),
        (Order(tmp_path / "r", "x", AS_OF, ("waybills",), source), "complete for waybills, but there are none"),
        (Order(tmp_path / "r", "x", AS_OF, ("goods",), None, source), "no CSV of vehicles"),
        (Order(tmp_path / "r", "x", datetime.now(UTC) + timedelta(days=1), (), source), "lies in the future"),
    ):
        with pytest.raises(RegistryError, match=remedy):
            import_registry(order)


def test_two_imports_do_not_write_at_once(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(RegistryError, match="another import into"):
            make(tmp_path)
    finally:
        os.close(handle)
    assert make(tmp_path).is_file()


def test_a_table_without_rows_replaces_no_register(tmp_path: Path) -> None:
    into = make(tmp_path)
    before = into.read_bytes()
    with pytest.raises(RegistryError, match="holds no row"):
        make(tmp_path, [], complete_for=("goods",))
    assert into.read_bytes() == before


def test_no_table_and_no_other_file_is_overwritten(tmp_path: Path) -> None:
    table = write(tmp_path / "vehicles.csv", HEADER, TRUCK)
    with pytest.raises(RegistryError, match="is the table itself"):
        import_registry(Order(table, "r", AS_OF, vehicles=table))
    letter = write(tmp_path / "letter.txt", "dear colleague")
    with pytest.raises(RegistryError, match="is no register"):
        import_registry(Order(letter, "r", AS_OF, vehicles=table))
    assert letter.read_text() == "dear colleague\n"
