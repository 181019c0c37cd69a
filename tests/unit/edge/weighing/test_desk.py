"""The weighing desk and the commands: from a vehicle's way to its weighing, and what people see of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from detector.passage import Passage
from detector.plan import PlanSettings
from edge.rules.known import Weighing
from edge.weighing.commands import app
from edge.weighing.desk import Settled, WeighDesk
from edge.weighing.intake import WeighIntake
from edge.weighing.settings import ScaleSettings, scale_problems
from edge.weighing.store import WeighStore
from leads import Scale, WeighRecord, encode
from tests.unit.edge.passages import driven
from tests.unit.edge.weighing.scales import NOON, SHANGHAI, at, scale, weighed

PLAN = PlanSettings.model_validate({"lines": [{"id": "strips", "start": [0, 0.5], "end": [1, 0.5]}]})
ONE_LANE = {"1": {"camera": "cam", "line": "strips"}}
CERTIFICATE = {"scale_class": "5", "cert_no": "JL-7", "valid_from": date(2026, 1, 17), "valid_to": date(2027, 1, 16)}


def vehicle(number: int = 1, start_s: float = 0.0) -> Passage:
    """It is over the line 1.55 s after its start."""
    return driven(PLAN, [(500, y) for y in range(100, 450, 10)], number=number, first_at=at(start_s))


class Desk:
    """A desk with its file, and records by the broker."""

    def __init__(self, folder: Path, settings: ScaleSettings) -> None:
        self.store = WeighStore(folder / "weighings.db")
        self.intake = WeighIntake((settings,), "yanping", SHANGHAI, self.store, clock=lambda: NOON)
        self.desk = WeighDesk((settings,), self.intake, self.store, SHANGHAI)

    def weigh(self, record: WeighRecord, **of_passage: float) -> Settled:
        """One vehicle and one record, settled."""
        self.intake.take(encode(record))
        assert self.desk.passed(vehicle(**of_passage))  # type: ignore[arg-type]
        assert self.desk.tick(at(6), "cam") == []
        (settled,) = self.desk.tick(at(15), "cam")
        return settled


def weighing(folder: Path, record: WeighRecord, **settings: object) -> Weighing:
    found = Desk(folder, scale(lanes=ONE_LANE, **settings)).weigh(record).weighing
    assert found is not None
    return found


def certified(record: WeighRecord, cert_no: str | None, to: str | None = None) -> WeighRecord:
    paper = Scale.model_validate({"device_id": "scale-1", "scale_class": "10", "cert_no": cert_no, "cert_valid_to": to})
    return record.model_copy(update={"scale": paper})


def test_a_vehicle_over_the_scale_gets_its_weighing(tmp_path: Path) -> None:
    own = Desk(tmp_path, scale(lanes=ONE_LANE))
    settled = own.weigh(weighed("r", 1.7))
    assert settled.passage_id == vehicle().id
    assert settled.weighing is not None
    assert settled.weighing.record.pass_id == "r"
    assert settled.weighing.at_s == pytest.approx(1.701)
    assert settled.weighing.confidence > 0.95
    assert settled.why == ""
    (row,) = own.store.records()
    assert (row.state, row.passage_id) == ("matched", vehicle().id)


def test_a_vehicle_elsewhere_is_not_waited_for(tmp_path: Path) -> None:
    own = Desk(tmp_path, scale(lanes={"1": {"camera": "other", "line": "strips"}}))
    assert not own.desk.passed(vehicle())


def test_a_vehicle_without_a_record_and_a_record_without_a_vehicle_are_kept_and_shown(tmp_path: Path) -> None:
    own = Desk(tmp_path, scale(lanes=ONE_LANE, vehicle_patience_s=30))
    own.intake.take(encode(weighed("r", 60)))
    own.desk.passed(vehicle())
    (settled,) = own.desk.tick(at(15), "cam")
    assert (settled.weighing, settled.why) == (None, "no record of scale scale-1 fits it")
    assert own.desk.tick(at(95), "cam") == []
    (row,) = own.store.records("unmatched")
    assert row.why.startswith("no vehicle fits; the nearest on lane 1 was 58.5 s off")
    (unweighed,) = own.store.unweighed()
    assert unweighed.passage_id == vehicle().id
    counted = {(r.name, r.labels.get("state")): r.value for r in own.desk.readings()}
    assert counted["lushao_weigh_records", "unmatched"] == 1
    assert counted["lushao_weigh_unweighed", None] == 1


def test_what_speaks_against_a_pair_is_told(tmp_path: Path) -> None:
    settled = Desk(tmp_path, scale(lanes=ONE_LANE)).weigh(weighed("r", 6.0))
    assert settled.weighing is not None
    assert settled.weighing.confidence < 0.99
    assert settled.why == "time: camera and scale differ"


def test_the_sites_certificate_counts_and_not_what_the_record_says(tmp_path: Path) -> None:
    record = certified(weighed("r", 1.7), "JL-7", "2026-01-01T00:00:00.000Z")
    found = weighing(tmp_path, record, certificates=[CERTIFICATE])
    assert (found.certified, found.scale_class) == (True, "5")


def test_a_certificate_holds_through_its_last_local_day(tmp_path: Path) -> None:
    last = CERTIFICATE | {"valid_to": date(2026, 11, 23)}
    over = CERTIFICATE | {"valid_to": date(2026, 11, 22)}
    assert weighing(tmp_path / "a", weighed("r", 1.7), certificates=[last]).certified is True
    assert weighing(tmp_path / "b", weighed("r", 1.7), certificates=[over]).certified is False


def test_of_a_certificate_the_site_does_not_hold_nobody_knows(tmp_path: Path) -> None:
    found = weighing(tmp_path, certified(weighed("r", 1.7), "JL-8"), certificates=[CERTIFICATE])
    assert (found.certified, found.scale_class) == (None, "10")


@pytest.mark.parametrize(
    ("to", "holds"), [("2027-01-01T00:00:00.000Z", True), ("2026-01-01T00:00:00.000Z", False), (None, None)]
)
def test_without_a_register_the_record_is_believed(tmp_path: Path, to: str | None, holds: bool | None) -> None:
    assert weighing(tmp_path, certified(weighed("r", 1.7), "JL-7", to)).certified is holds


@pytest.mark.parametrize(
    ("notice", "known"),
    [
        (None, None),
        ({"announced_at": "2026-11-23", "sign_present": True}, True),
        ({"announced_at": "2026-11-24", "sign_present": True}, False),
        ({"announced_at": "2026-03-01", "sign_present": False}, False),
    ],
)
def test_a_point_is_public_from_its_notice_on_and_with_its_sign(
    tmp_path: Path, notice: dict[str, object] | None, known: bool | None
) -> None:
    assert weighing(tmp_path, weighed("r", 1.7), announcement=notice).announced is known


def test_at_the_end_a_recorded_scales_leftover_records_are_unmatched(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    row = "c{n},2026-11-23 12:0{n}:01,1,20000"
    lines = ["previewCode,previewDate,laneNo,totalWeight", row.format(n=0), row.format(n=5)]
    path.write_text("\n".join(lines), "utf-8")
    own = Desk(tmp_path, scale(lanes=ONE_LANE, file=path))
    own.desk.passed(vehicle(), facts_follow=True)
    own.desk.tick(at(6), "cam")
    (settled,) = own.desk.finish()
    assert settled.weighing is not None
    assert {k.record.pass_id: k.state for k in own.store.records()} == {"c0": "matched", "c5": "unmatched"}


def test_a_clock_that_is_far_off_is_a_problem(tmp_path: Path) -> None:
    with WeighStore(tmp_path / "weighings.db") as store:
        store.settle(clocks={"scale-1": -2.5})
    own = Desk(tmp_path, scale(lanes=ONE_LANE))
    assert list(own.desk.problems()) == ["scale scale-1: its clock is 2.5 s behind the cameras': set it"]


# Settings and commands


def test_lanes_at_one_place_are_refused() -> None:
    with pytest.raises(ValueError, match="lanes 1, 2 of scale scale-1 are at one place"):
        scale(lanes={"1": ONE_LANE["1"], "2": ONE_LANE["1"]})


def test_what_settings_point_to_is_checked(tmp_path: Path) -> None:
    wrong = scale(
        lanes={"1": {"camera": "none", "line": "x"}, "2": {"camera": "cam", "line": "x", "zone": "y"}},
        file=tmp_path / "none.csv",
        key=tmp_path / "none.pub",
        http={"port": 0, "token_file": tmp_path / "none"},
    )
    told = " ".join(scale_problems(wrong, {"cam": PLAN}))
    for word in ("no camera 'none'", "no line 'x'", "no zone 'y'", "none.csv", "none.pub", "openssl rand"):
        assert word in told
    assert list(scale_problems(scale(lanes=ONE_LANE), {"cam": PLAN})) == []


SITE = """
site: yanping
outbox: outbox.db
scales:
  - id: scale-1
    lanes: {"1": {camera: cam, line: strips}}
"""


def test_a_table_is_brought_in_once_and_listed(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE, "utf-8")
    table = tmp_path / "day.csv"
    table.write_text(
        "previewCode,previewDate,laneNo,totalWeight,licenseCodeFront\n"
        "c1,2026-11-23 14:22:03,1,39710,闽H31782\nc2,2026-11-23 14:25:03,1,much,\n",
        "utf-8",
    )
    run = CliRunner()
    for said in ("1 records taken", "0 records taken, 1 were there already"):
        done = run.invoke(app, ["import", str(table), str(tmp_path / "site.yaml")])
        assert done.exit_code == 1
        assert said in done.stdout
        assert f"{table}:3: totalWeight: 'much' is no number" in done.stderr
    listed = run.invoke(app, ["list", str(tmp_path / "site.yaml")], env={"COLUMNS": "200"}).stdout
    assert "2026-11-23 14:22:03" in listed
    assert "39710" in listed
    assert "31782" not in listed, "plates are masked"
    assert "39710" not in run.invoke(app, ["list", str(tmp_path / "site.yaml"), "--unmatched"]).stdout


def test_a_site_without_a_scale_says_so(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("site: yanping\noutbox: outbox.db\n", "utf-8")
    done = CliRunner().invoke(app, ["list", str(tmp_path / "site.yaml")])
    assert done.exit_code == 1
    assert "the site has no scale" in done.stderr
