"""One act, one lead across the cameras of a site: a vehicle known by its plate makes an update, not a second lead."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cameras import CameraSettings
from detector.facts import Fact, Facts, PlateRead
from detector.passage import Passage
from edge.acts import ActBook
from edge.casework import BoxFacts, CaseWorker
from edge.disk import DiskQuota
from edge.evidence.desk import EvidenceDesk
from edge.evidence.seal import Sealer
from edge.evidence.verify import verify_tree
from edge.outbox import Outbox
from edge.rules.known import Identity, Known, Place
from edge.settings import EvidenceSettings, PlaceSettings
from leads import Lead, LeadUpdate, decode, load_private_key, parse_json, verify
from tests.unit.edge.offices import Office, stop, wait_until
from tests.unit.edge.passages import NOON
from tests.unit.edge.test_rules import BOOK, SHANGHAI

TRUCK = Identity("闽H31782", "01")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "box")
    office.desk.start()
    yield office
    office.desk.stop()
    office.outbox.close()


def known(passage: Passage, identity: Identity | None) -> Known:
    """A pass of which nothing is known but its vehicle."""
    place = Place("test", "cam")
    times = (passage.first_at, passage.first_s, passage.last_s)
    return Known(place, SHANGHAI, *times, passage.votes, identity)


def seen(
    office: Office,
    number: int,
    *,
    minutes: float = 0.0,
    identity: Identity | None = TRUCK,
    per: str = "site",
    facts: Facts | None = None,
) -> None:
    """Vehicle `number` stands in a place of its own, and its case is sealed; `facts`: as the second look finds them."""
    finding, passage = stop(number, first_at=NOON + timedelta(minutes=minutes))
    finding = replace(finding, rule=finding.rule.model_copy(update={"one_act_per": per}))
    office.worker.found(finding, passage, known(passage, identity))
    if facts is not None:
        office.worker.known(replace(passage, facts=facts))
    office.worker.finish()
    wait_until(lambda: office.desk.waiting == 0)


def sent(office: Office) -> tuple[list[Lead], list[LeadUpdate]]:
    """What waits to be sent: leads and updates."""
    payloads = [queued.payload for queued in office.outbox.due(100)]
    updates = [decode(LeadUpdate, p) for p in payloads if "update_id" in parse_json(p)]
    return [decode(Lead, p) for p in payloads if "update_id" not in parse_json(p)], updates


def folders(office: Office) -> int:
    """How many sealed folders there are, all whole and in one chain; no draft is left over."""
    verdicts, chain = verify_tree(office.evidence, office.public)
    assert chain == []
    assert all(v.problems == () for v in verdicts)
    assert office.drafts == []
    return len(verdicts)


def plate(text: str, kind: str = "large_car", doubt: str = "") -> Facts:
    return Facts(plates=(Fact(PlateRead(text, kind, "yellow", "front"), 0.97, 3, None, doubt),))


def test_a_vehicle_seen_at_the_same_act_again_makes_an_update_of_its_lead(office: Office) -> None:
    seen(office, 1)
    seen(office, 2, minutes=10)
    (lead,), (update,) = sent(office)
    assert (update.lead_id, update.rule_id, update.repeat_count) == (lead.lead_id, "TR-02", 1)
    assert update.occurred_at == lead.occurred_at + timedelta(minutes=10)
    assert (update.site_id, update.box_id, update.camera.id) == ("test", "box-1", "cam")
    assert [fact.name for fact in update.facts] == [fact.name for fact in lead.facts]
    assert [fact.proof for fact in update.facts] == [None] * len(update.facts)
    verify(parse_json(office.outbox.due(2)[1].payload), office.public)
    assert (office.desk.counts.sealed, office.desk.counts.updates, office.rung) == (1, 1, 2)
    assert folders(office) == 1


def test_a_plate_that_the_scales_camera_contradicts_names_nobody(office: Office) -> None:
    for number in (1, 2):
        seen(office, number, identity=replace(TRUCK, sure=False), facts=plate("闽H31782"))
    leads, updates = sent(office)
    assert [lead.vehicle.plate for lead in leads] == [None, None]
    assert updates == []
    assert "闽H31782" in [fact.value for fact in leads[0].facts]


def test_a_vehicle_seen_before_two_cameras_makes_one_lead(office: Office) -> None:
    """Both cameras find it before either has read its plate."""
    layby = CaseWorker(
        BoxFacts("test", "box-1", (), BOOK),
        CameraSettings.model_validate({"id": "layby", "url": "layby.mp4", "mode": "live"}),
        PlaceSettings(name="港湾"),
        EvidenceSettings(folder=office.evidence),
        office.ring,
        ActBook(office.outbox.acts),
        office.desk,
        lambda passage: passage,
    )
    for number, (camera, worker) in enumerate((("cam", office.worker), ("layby", layby)), start=1):
        finding, passage = stop(number, first_at=NOON + timedelta(minutes=number))
        passage = replace(passage, camera=camera, id=f"{camera}-{number}")
        worker.found(replace(finding, rule=finding.rule.model_copy(update={"one_act_per": "site"})), passage)
        worker.known(replace(passage, facts=plate("闽H31782")))
    wait_until(lambda: office.desk.counts.opened == 2)
    office.worker.finish()
    layby.finish()
    wait_until(lambda: office.desk.waiting == 0)
    (lead,), (update,) = sent(office)
    assert (lead.camera.id, update.camera.id, update.camera.place) == ("cam", "layby", "港湾")
    assert (update.lead_id, update.passage.id, folders(office)) == (lead.lead_id, "layby-2", 1)


def test_every_time_counts_and_begins_the_window_anew(office: Office) -> None:
    """TR-02 takes thirty minutes."""
    for number in range(4):
        seen(office, number, minutes=25 * number)
    (lead,), updates = sent(office)
    assert [(u.lead_id, u.repeat_count) for u in updates] == [(lead.lead_id, n) for n in (1, 2, 3)]
    assert office.outbox.repeats(lead.lead_id) == 3
    seen(office, 5, minutes=75 + 31)
    assert len(sent(office)[0]) == 2


def test_the_plate_may_be_read_after_the_case_was_opened(office: Office) -> None:
    seen(office, 1, identity=None, facts=plate("闽H31782"))
    seen(office, 2, minutes=5, identity=None, facts=plate("闽H31782"))
    leads, updates = sent(office)
    assert (len(leads), len(updates), folders(office)) == (1, 1, 1)


def test_of_two_cases_open_at_one_time_the_later_sealed_becomes_the_update(office: Office) -> None:
    for number in (1, 2):
        finding, passage = stop(number)
        rule = finding.rule.model_copy(update={"one_act_per": "site"})
        office.worker.found(replace(finding, rule=rule), passage)
        office.worker.known(replace(passage, facts=plate("闽H31782")))
    wait_until(lambda: office.desk.counts.opened == 2)
    office.finish()
    leads, updates = sent(office)
    assert (len(leads), len(updates), folders(office)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("identity", "facts"),
    [
        (Identity("闽H31783", "01"), None),
        (Identity("闽H31782", "02"), None),
        (Identity("闽H31782", "01", sure=False), None),
        (Identity("闽H31782", "unknown"), None),
        (Identity("闽H3178-", "01"), None),
        (None, None),
        (None, plate("闽H31782", doubt="seen in one shot alone")),
        (None, plate("闽H31782", kind="unknown")),
    ],
    ids=["number", "type", "not sure", "type unknown", "one unread", "no plate", "doubtful", "read without type"],
)
def test_without_the_same_sure_identity_there_are_two_leads(
    office: Office, identity: Identity | None, facts: Facts | None
) -> None:
    seen(office, 1)
    seen(office, 2, minutes=5, identity=identity, facts=facts)
    seen(office, 3, minutes=6, identity=identity, facts=facts)
    leads, updates = sent(office)
    same_again = identity in (Identity("闽H31783", "01"), Identity("闽H31782", "02"))
    assert (len(leads), len(updates)) == ((2, 1) if same_again else (3, 0))


def test_a_rule_that_counts_acts_by_camera_is_not_held_together_by_plates(office: Office) -> None:
    seen(office, 1, per="camera")
    seen(office, 2, minutes=5, per="camera")
    assert (len(sent(office)[0]), folders(office)) == (2, 2)


def test_the_same_passage_found_once_more_is_no_update(office: Office) -> None:
    seen(office, 1)
    seen(office, 1)
    seen(office, 2, minutes=5)
    seen(office, 2, minutes=5)
    assert (len(sent(office)[0]), len(sent(office)[1]), office.worker.counts.repeats) == (1, 1, 2)


def test_a_file_looked_at_anew_makes_nothing_twice(office: Office) -> None:
    for _ in range(2):
        seen(office, 1)
        seen(office, 2, minutes=10)
        office.desk.finish()
        office.restart()
        office.desk.start()
    assert (len(sent(office)[0]), len(sent(office)[1]), folders(office)) == (1, 1, 1)


def test_after_a_restart_the_outbox_knows_the_vehicle_even_when_the_hub_holds_its_lead(office: Office) -> None:
    seen(office, 1)
    office.desk.finish()
    office.restart()
    office.desk.start()
    seen(office, 2, minutes=10)
    assert (len(sent(office)[0]), len(sent(office)[1])) == (1, 1)


def test_a_draft_left_over_by_a_power_cut_becomes_an_update_too(office: Office, tmp_path: Path) -> None:
    finding, passage = stop(1)
    rule = finding.rule.model_copy(update={"one_act_per": "site"})
    office.worker.found(replace(finding, rule=rule), passage, known(passage, TRUCK))
    again, later = stop(2, first_at=NOON + timedelta(minutes=3))
    office.worker.found(replace(again, rule=rule), later, known(later, TRUCK))
    wait_until(lambda: office.desk.counts.opened == 2)
    after = Office(tmp_path / "after", disk=office.evidence)
    assert after.desk.seal_left_over("cam") == 2
    assert (len(sent(after)[0]), len(sent(after)[1]), folders(after)) == (1, 1, 1)
    after.outbox.close()


def test_an_update_waits_for_space_as_a_lead_does(office: Office) -> None:
    seen(office, 1)
    office.outbox.full.set()
    finding, passage = stop(2, first_at=NOON + timedelta(minutes=3))
    rule = finding.rule.model_copy(update={"one_act_per": "site"})
    office.worker.found(replace(finding, rule=rule), passage, known(passage, TRUCK))
    office.worker.finish()
    wait_until(lambda: office.desk.short_of_space)
    assert sent(office)[1] == []
    office.outbox.full.clear()
    wait_until(lambda: office.desk.waiting == 0)
    assert (len(sent(office)[1]), folders(office)) == (1, 1)


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from tests.unit.edge.offices import Office
from tests.unit.edge.test_one_lead import seen
office = Office(Path(sys.argv[1]))
office.desk.start()
seen(office, 1)
shutil.rmtree = lambda _: os.kill(os.getpid(), signal.SIGKILL)
seen(office, 2, minutes=10)
"""


def test_killed_between_the_update_and_the_end_of_its_draft_it_comes_once(tmp_path: Path) -> None:
    root = tmp_path / "box"
    box = subprocess.run([sys.executable, "-c", KILLED, str(root)], check=False)
    assert box.returncode == -signal.SIGKILL
    evidence = root / "evidence"
    (draft,) = (evidence / "pending").iterdir()
    with Outbox(root / "outbox.db") as outbox:
        key = load_private_key(root / "box.key")
        sealer = Sealer(evidence, key, ZoneInfo("Asia/Shanghai"), 90, lambda: datetime.now(UTC))
        quota = DiskQuota(evidence, 0, list, lambda _: 1 << 30)
        desk = EvidenceDesk(evidence, sealer, outbox, quota, 90, lambda: None)
        desk.seal_left_over("cam")
        assert (desk.counts.repeated, desk.counts.updates, draft.exists()) == (1, 0, False)
        assert outbox.depth() == 2
        assert outbox.queued(draft.name) is not None
        verdicts, chain = verify_tree(evidence, key.public_key())
        assert (len(verdicts), chain) == (1, [])
