"""`lushao edge registry ...` at the command line."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from edge.commands import app
from edge.registry.columns import VEHICLE_COLUMNS
from tests.unit.edge.registry.csvs import HEADER, TRUCK, WAYBILLS, make, write


def registry(*arguments: object) -> Result:
    done = CliRunner().invoke(app, ["registry", *(str(a) for a in arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def load(folder: Path, *rows: str, more: tuple[object, ...] = ()) -> Result:
    source = write(folder / "vehicles.csv", HEADER, *rows)
    into = folder / "v.registry"
    return registry("import", source, "--into", into, "--name", "延平运管", "--as-of", "2026-03-01", *more)


def test_an_import_says_what_came_of_it_and_status_says_it_again(tmp_path: Path) -> None:
    bills = write(tmp_path / "w.csv", WAYBILLS, "YD-1,闽H12345,01,1203,3,汽油,2026-02-27,2026-02-27")
    done = load(tmp_path, TRUCK, more=("--waybills", bills, "--complete", "goods, waybills"))
    assert done.exit_code == 0, done.stderr
    assert "延平运管, data of 2026-02-28T16:00:00.000Z" in done.stdout
    assert "complete for goods, waybills" in done.stdout
    assert "1 vehicles of 1 rows: vehicles.csv" in done.stdout
    assert registry("status", tmp_path / "v.registry").stdout == done.stdout


def test_bad_rows_are_told_and_nothing_is_changed(tmp_path: Path) -> None:
    done = load(tmp_path, *["闽H12345,01,F,0,,,,"] * 21)
    assert done.exit_code == 1
    assert done.stderr.count("axles: 0 is outside 1 to 60") == 20
    assert "21 bad rows" in done.stderr
    assert "--skip-bad" in done.stderr
    assert not (tmp_path / "v.registry").exists()


def test_bad_rows_left_out_are_told_and_take_the_declaration_with_them(tmp_path: Path) -> None:
    done = load(tmp_path, TRUCK, "闽H99999,01,F,0,,,,", more=("--skip-bad", "--complete", "goods"))
    assert done.exit_code == 0
    assert "1 rows left out: the register is complete for nothing" in done.stderr
    assert "complete for nothing" in done.stdout


def test_words_that_are_not_known_are_refused_with_those_that_are(tmp_path: Path) -> None:
    for more, remedy in (
        (("--complete", "goods,taxis"), "--complete: 'taxis' is not known; use some of goods, dangerous_goods"),
        (("--as-of", "yesterday"), "'yesterday' is no day"),
        (("--timezone", "Asia/Nanping"), "no time zone 'Asia/Nanping'"),
    ):
        done = load(tmp_path, TRUCK, more=more)
        assert done.exit_code == 1
        assert remedy in done.stderr


def test_a_vehicle_is_shown_with_its_permits_however_its_number_is_typed(tmp_path: Path) -> None:
    path = make(tmp_path)
    for arguments in (("闽H·12345",), ("闽h12345", "--type", "1"), ("闽H12345", "--type", "大型汽车")):
        done = registry("show", *arguments, "--in", path)
        assert "plate 闽H12345; plate_type 01; use_nature F; axles 4" in done.stdout
        assert "permit: kind goods; number 350700001; state valid; valid_to 2027-12-31" in done.stdout


def test_a_vehicle_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    path = make(tmp_path)
    done = registry("show", "闽H12345", "--type", "02", "--in", path)
    assert (done.exit_code, done.stderr) == (1, "闽H12345: no entry of type 02\n")
    assert registry("show", "闽H12345", "--in", tmp_path / "none").exit_code == 1


def test_every_column_is_listed() -> None:
    listed = registry("columns").stdout
    assert all(column.name in listed for column in VEHICLE_COLUMNS)
    assert "starts_at" in listed
