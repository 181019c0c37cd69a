"""Records in the published field names, as tables and as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.weighing.files import read_file
from edge.weighing.published import RecordError, read_record
from leads import WeighRecord, encode
from tests.unit.edge.weighing.scales import SHANGHAI, scale, weighed

ROOT = Path(__file__).resolve().parents[4]
ROW = {
    "previewCode": "35070220261123142203017",
    "previewDate": "2026-11-23 14:22:03",
    "previewStationCode": "350702",
    "licenseCodeFront": "闽H·31782",
    "licenseCodeBack": "闽H31782",
    "licensePlateColor": "2",
    "vehicleType": "四轴货车",
    "axisNum": "4",
    "speed": "34.0",
    "laneNo": "1",
    "totalWeight": "39710",
    "overLimitWeight": "8710",
    "axle1Weight": "7510",
    "axle2Weight": "10730",
    "axle3Weight": "10730",
    "axle4Weight": "10740",
    "axle5Weight": "0",
    "axle6Weight": "",
    "snapshotTime": "2026-11-23 14:22:02.500",
    "measureType": "动态",
    "overLimitRate": "0.281",
    "isEscape": "0",
}


def read(row: dict[str, Any], **published: Any) -> WeighRecord:
    return read_record(row, scale(published=published), "yanping", SHANGHAI)


def problems(**changes: Any) -> list[str]:
    with pytest.raises(RecordError) as error:
        read(ROW | changes)
    return list(error.value.problems)


def test_a_published_row_is_read_whole() -> None:
    record = read(ROW, plate_colours="jt415")
    assert record.pass_id == "35070220261123142203017"
    assert record.weighed_at == datetime(2026, 11, 23, 6, 22, 3, tzinfo=UTC)
    assert record.snapshot_at == datetime(2026, 11, 23, 6, 22, 2, 500_000, tzinfo=UTC)
    assert record.scale.device_id == "scale-1"
    assert record.plate_front is not None
    assert (record.plate_front.text, record.plate_front.type, record.plate_front.colour) == ("闽H31782", "01", "yellow")
    assert (record.total_kg, record.limit_kg, record.over_kg, record.over_rate) == (39710, 31000, 8710, 0.281)
    assert record.axle_kg == (7510, 10730, 10730, 10740)
    assert record.escape is False


@pytest.mark.parametrize(
    ("number", "codes", "colour"),
    [
        ("5", "jt415", "green"),
        ("5", "gat1400", "blue"),
        ("94", "jt415", "gradient_green"),
        ("5", "words", "unknown"),
        ("7", "jt415", "unknown"),
        ("黄色", "words", "yellow"),
        ("蓝牌", "jt415", "blue"),
        ("yellow_green", "gat1400", "yellow_green"),
    ],
)
def test_a_number_is_a_colour_only_in_the_code_set_that_the_site_names(number: str, codes: str, colour: str) -> None:
    plate = read(ROW | {"licensePlateColor": number}, plate_colours=codes).plate_front
    assert plate is not None
    assert plate.colour == colour


@pytest.mark.parametrize("text", ["", "无牌", "未识别", None])
def test_no_plate_is_no_plate(text: str | None) -> None:
    assert read(ROW | {"licenseCodeFront": text}).plate_front is None


def test_unread_characters_become_dashes() -> None:
    plate = read(ROW | {"licenseCodeBack": "闽h3?7_2"}).plate_rear
    assert plate is not None
    assert plate.text == "闽H3-7-2"


def test_a_trailer_is_yellow_whatever_the_front_is() -> None:
    plate = read(ROW | {"licenseCodeBack": "鄂BDJ79挂", "licensePlateColor": "渐变绿"}).plate_rear
    assert plate is not None
    assert (plate.colour, plate.type) == ("yellow", "15")


def test_own_additions_are_read() -> None:
    more = {"axle_spacing_m": "1.89;3.2;1.35", "straddle_flag": "1", "match_confidence": "0.9", "cert_no": "JL-7"}
    record = read(ROW | more | {"len_mm": "9550", "len_error_mm": "100", "pass_id": "own", "serial": "7"})
    assert record.axle_spacing_m == (1.89, 3.2, 1.35)
    assert (record.straddle, record.match_confidence, record.scale.cert_no) == (True, 0.9, "JL-7")
    assert record.length is not None
    assert (record.length.mm, record.length.error_mm) == (9550, 100)
    assert (record.pass_id, record.serial) == ("own", 7)


def test_what_is_left_to_the_limit_is_nothing_over_it() -> None:
    record = read(ROW | {"overLimitWeight": "-1200", "overLimitRate": "-0.03"})
    assert (record.over_kg, record.over_rate, record.limit_kg) == (0, 0, None)


def test_a_rate_in_percent_becomes_a_share() -> None:
    assert read(ROW | {"overLimitRate": "28.1"}, over_rate="percent").over_rate == pytest.approx(0.281)


def test_masses_of_more_axles_than_the_table_has_are_left_out() -> None:
    masses = {f"axle{n}Weight": "9000" for n in range(1, 7)}
    assert read(ROW | masses | {"axisNum": "8"}).axle_kg == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"totalWeight": "heavy"}, "totalWeight: 'heavy' is no number"),
        ({"totalWeight": "nan"}, "totalWeight: 'nan' is no number"),
        ({"totalWeight": "-5"}, "totalWeight: Input should be greater than or equal to 0"),
        ({"totalWeight": None}, "totalWeight: is missing"),
        ({"previewDate": "yesterday"}, "previewDate: 'yesterday' is no time such as 2026-11-23 14:22:03"),
        ({"axisNum": "4.5"}, "axisNum: '4.5' is no whole number"),
        ({"axisNum": "5"}, "axisNum: 5 axles, but the masses of 4"),
        ({"axle2Weight": ""}, "axle2Weight: is missing, but one behind it is there"),
        ({"isEscape": "maybe"}, "isEscape: 'maybe' is neither 0 nor 1"),
        ({"laneNo": " "}, "laneNo: is missing"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(changes: dict[str, Any], told: str) -> None:
    assert any(problem.startswith(told) for problem in problems(**changes))


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(problems(totalWeight="x", previewDate="y", laneNo="")) == 3


@pytest.mark.parametrize("text", ["2026/11/23 14:22:03", "20261123142203", "2026-11-23T06:22:03Z"])
def test_times_are_read_in_the_forms_that_are_met(text: str) -> None:
    assert read(ROW | {"previewDate": text}).weighed_at == datetime(2026, 11, 23, 6, 22, 3, tzinfo=UTC)


def test_own_names_are_read_as_they_are() -> None:
    record = weighed("r", 10, plate="闽H31782", axles=4)
    assert read(json.loads(encode(record))) == record


# Files


def _table(path: Path, *rows: dict[str, str], encoding: str = "utf-8-sig") -> Path:
    lines = [",".join(ROW), *(",".join(row.values()) for row in rows)]
    path.write_text("\n".join(lines), encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_of_an_office_program_is_read(tmp_path: Path, encoding: str) -> None:
    records, wrong = read_file(_table(tmp_path / "a.csv", ROW, encoding=encoding), scale(), "yanping", SHANGHAI)
    assert not wrong
    assert records[0].vehicle_type == "四轴货车"


def test_a_bad_row_is_told_with_its_line_and_the_others_are_read(tmp_path: Path) -> None:
    path = _table(tmp_path / "a.csv", ROW, ROW | {"speed": "fast"}, ROW)
    records, wrong = read_file(path, scale(), "yanping", SHANGHAI)
    assert len(records) == 2
    assert wrong == [f"{path}:3: speed: 'fast' is no number"]


def test_a_misspelt_field_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("previewCode,previewDate,laneNo,totalWeight,speeed\n1,2026-11-23 14:22:03,1,2000,50\n", "utf-8")
    records, wrong = read_file(path, scale(), "yanping", SHANGHAI)
    assert len(records) == 1
    assert wrong == [f"{path}: no field is called speeed: rename it, or take it out"]


def test_a_table_without_its_heading_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1,2,3\n", "utf-8")
    assert read_file(path, scale(), "yanping", SHANGHAI)[1][0].startswith(f"{path}: the first line has no field laneNo")


def test_json_that_is_no_list_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}", "utf-8")
    assert read_file(path, scale(), "yanping", SHANGHAI) == (
        [],
        [f"{path}: holds no list: put the records between [ and ]"],
    )


def test_the_records_beside_the_sample_clip_are_read() -> None:
    records, wrong = read_file(ROOT / "samples/overload-checkpoint.weigh.json", scale(), "demo", SHANGHAI)
    assert not wrong
    assert [r.axle_count for r in records] == [4, 6, 2, 6]
