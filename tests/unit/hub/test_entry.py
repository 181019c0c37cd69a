"""What a lead or report says stands in columns that are searched: plates in one writing, places in one line."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from hub.cases.machine import State
from hub.cases.settings import CaseSettings
from hub.intake.entry import entry_row, normal_plate
from hub.intake.judge import Judged, Sender
from hub.intake.reports import judge_report
from hub.intake.take import take
from hub.store.tables import entries
from leads import FileRef, Report, encode
from leads.settings_file import load_settings
from tests.hub_worlds import CASES, HubWorld
from tests.unit.hub.intakes import judged, signed
from tests.unit.leads.samples import NOON, sample_lead

NOW_MS = 1_795_410_000_000
HOURS_MS = 3_600_000


def _row(verdict: Judged, number: int = 7) -> dict[str, Any]:
    assert verdict.fault is None, verdict.fault
    return entry_row(verdict, number, NOW_MS, load_settings(CASES, CaseSettings))


def _report(**changes: Any) -> Report:
    members: dict[str, Any] = {
        "report_id": sample_lead().lead_id,
        "occurred_at": NOON,
        "offence": "overload",
        "title": "群众举报超载",
        "summary": "一辆货车疑似超载",
    }
    return Report(**(members | changes))


def test_a_lead_is_a_clue_with_what_it_says_in_columns() -> None:
    row = _row(judged(signed(3)))
    hours = load_settings(CASES, CaseSettings).due_hours
    assert (row["number"], row["kind"], row["source"], row["site_id"], row["box_id"]) == (
        7,
        "lead",
        "box",
        "site-1",
        "box-1",
    )
    assert (row["state"], row["state_ms"], row["due_ms"]) == ("clue", NOW_MS, NOW_MS + hours[State.CLUE] * HOURS_MS)
    assert (row["plate"], row["plate_tail"], row["plate_type"], row["plate_colour"]) == (
        "闽H12345",
        "12345",
        "01",
        "yellow",
    )
    assert (row["level"], row["grade"], row["vehicle_class"], row["evidence"]) == (2, "A", "truck", 1)
    assert row["place"] == "岭下超限检测点 G316 K123+400 上行"
    assert row["occurred_ms"] == round(sample_lead(3).occurred_at.timestamp() * 1000)
    assert row["act_key"] == "closed-zone|box-1|gantry-up-3"


def test_what_is_not_known_is_empty() -> None:
    lead = sample_lead()
    vehicle = lead.vehicle.model_copy(update={"vehicle_class": "unknown", "plate": None})
    row = _row(judged(signed(vehicle=vehicle)))
    assert [row[name] for name in ("vehicle_class", "plate", "plate_tail", "plate_type", "plate_colour", "unit")] == (
        [""] * 6
    )
    unread = lead.vehicle.model_copy(update={"plate": lead.vehicle.plate.model_copy(update={"type": "unknown"})})  # type: ignore[union-attr]
    assert _row(judged(signed(vehicle=unread)))["plate_type"] == ""


def test_a_lead_without_a_class_of_the_catalogue_is_of_its_code() -> None:
    assert _row(judged(signed()))["offence"] == "closed-zone"
    act = sample_lead().act.model_copy(update={"offence": "overload", "unit": "transport"})
    row = _row(judged(signed(act=act)))
    assert (row["offence"], row["code"], row["unit"]) == ("overload", "closed-zone", "transport")


def test_a_lead_without_files_waits_for_none() -> None:
    bare = sample_lead().evidence.model_copy(update={"files": (), "complete": False, "missing": ("clip",)})
    facts = tuple(fact.model_copy(update={"proof": None}) for fact in sample_lead().facts)
    assert _row(judged(signed(evidence=bare, facts=facts)))["evidence"] == 0


@pytest.mark.parametrize(
    "written", ["闽H·12345", "闽h 12345", "闽H•12345", "闽H.12345", "闽Ｈ１２３４５", "\u3000闽H12345"]
)
def test_a_plate_has_one_writing(written: str) -> None:
    assert normal_plate(written) == "闽H12345"


def test_a_report_stands_in_the_same_queue_and_numbering(either_hub: HubWorld) -> None:
    report = _report(files=(FileRef(name="a.jpg", kind="picture", sha256="a" * 64, bytes=9),), suspect_level="high")
    lead, said, again, other = take(
        either_hub.parts,
        [
            judged(signed(2)),
            judge_report("hot-line", encode(report)),
            judge_report("hot-line", encode(report)),
            judge_report("informants", encode(report)),
        ],
    )
    assert (lead.number, said.number, again.number) == (1, 2, 2)
    assert (again.duplicate, other.fault is not None and other.fault.reason) == (True, "id_conflict")
    with either_hub.parts.database.read() as connection:
        row = connection.execute(sa.select(entries).where(entries.c.number == 2)).one()
    assert (row.kind, row.source, row.site_id, row.box_id, row.camera_id) == ("report", "hot-line", "", "", "")
    assert (row.offence, row.level, row.state, row.evidence, row.times_received) == ("overload", 3, "clue", 1, 2)


def test_a_report_does_not_pass_for_a_lead_of_the_same_id(either_hub: HubWorld) -> None:
    take(either_hub.parts, [judged(signed())])
    (held,) = take(either_hub.parts, [judge_report("hot-line", encode(_report()))])
    assert held.fault is not None
    assert held.fault.reason == "id_conflict"
    assert held.judged.sender == Sender("hot-line")
