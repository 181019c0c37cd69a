"""A lead waits in the outbox until the hub says that it holds it, and one act is one lead."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge.outbox import (
    ActPlace,
    ChainForkError,
    Outbox,
    OutboxBusyError,
    OutboxDamagedError,
    OutboxError,
    OutboxFullError,
    RecoveredLead,
)
from edge.outbox_file import VERSION, connect
from leads import LEAD_MAX_BYTES, encode
from tests.unit.edge.outboxes import accepted, as_version_1, link, on_disk, put, put_update, queue, refused
from tests.unit.leads.samples import NOON, sample_lead, sample_update


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.db", clock=lambda: NOON) as outbox:
        yield outbox


# What comes in and goes out


def test_leads_are_due_in_the_order_they_were_added(outbox: Outbox) -> None:
    leads = [put(outbox, number) for number in (3, 5, 9)]
    assert [lead.payload for lead in outbox.due(10)] == [encode(lead) for lead in leads]
    assert [lead.lead_id for lead in outbox.due(1, skip={leads[0].lead_id})] == [leads[1].lead_id]
    assert outbox.depth() == 3


def test_a_lead_or_an_act_known_already_changes_nothing(outbox: Outbox) -> None:
    lead = put(outbox, 1)
    payload, at = encode(lead), lead.occurred_at
    assert not outbox.add(lead.lead_id, "another act", payload, at, chain=link(2))
    assert not outbox.add(sample_lead(2).lead_id, lead.one_act_key, payload, at, chain=link(2))
    assert (outbox.depth(), outbox.chain_head()) == (1, link(1))


def test_an_act_stays_known_after_its_lead_is_held(outbox: Outbox) -> None:
    lead = put(outbox, 1)
    outbox.settle([accepted(lead)])
    assert outbox.known_act(lead.one_act_key)
    assert outbox.known_lead(lead.lead_id)
    assert not outbox.add(lead.lead_id, lead.one_act_key, encode(lead), lead.occurred_at)


def test_a_payload_the_hub_would_not_take_is_refused_at_once(outbox: Outbox) -> None:
    with pytest.raises(ValueError, match=str(LEAD_MAX_BYTES)):
        outbox.add("x", "y", b"x" * (LEAD_MAX_BYTES + 1), NOON)
    assert outbox.depth() == 0


def test_two_links_of_one_number_are_a_fork(outbox: Outbox) -> None:
    put(outbox, 7)
    other = sample_lead(8)
    with pytest.raises(ChainForkError, match="link 7"):
        outbox.add(other.lead_id, other.one_act_key, encode(other), other.occurred_at, chain=link(7))
    assert not outbox.known_lead(other.lead_id)
    assert outbox.chain_head() == link(7)


def test_the_age_of_the_queue_is_that_of_its_first(tmp_path: Path) -> None:
    now = [NOON]
    with Outbox(tmp_path / "outbox.db", clock=lambda: now[0]) as outbox:
        assert outbox.oldest_age_s() is None
        lead = put(outbox, 1)
        now[0] += timedelta(seconds=60)
        put(outbox, 2)
        assert outbox.oldest_age_s() == 60.0
        outbox.settle([accepted(lead)])
        assert outbox.oldest_age_s() == 0.0
        now[0] -= timedelta(days=1)
        assert outbox.oldest_age_s() == 0.0  # a clock stepped back makes no negative age


# Receipts


def test_only_a_receipt_for_the_very_bytes_takes_a_lead_out(outbox: Outbox) -> None:
    lead, other = put(outbox, 1), put(outbox, 2)
    wrong_hash = accepted(lead, payload_sha256="f" * 64)
    wrong_id = accepted(lead, lead_id=other.lead_id)
    assert outbox.settle([wrong_hash, wrong_id]) == outbox.settle([])
    assert queue(outbox) == [lead.lead_id, other.lead_id]
    assert outbox.settle([accepted(lead)]).accepted == (lead.lead_id,)
    assert queue(outbox) == [other.lead_id]
    assert outbox.queued(lead.lead_id) is None
    assert outbox.queued(other.lead_id) is not None


def test_a_receipt_that_comes_twice_counts_once(outbox: Outbox) -> None:
    lead = put(outbox, 1)
    receipt = accepted(lead)
    assert outbox.settle([receipt, receipt]).accepted == (lead.lead_id,)
    assert outbox.settle([receipt]).accepted == ()


def test_a_refused_lead_is_logged_kept_whole_and_can_be_queued_again(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    lead = put(outbox, 1)
    assert outbox.settle([refused(lead)]).refused == (lead.lead_id,)
    assert f"refuses lead {lead.lead_id} (unknown_box_key): register the box" in caplog.text
    assert queue(outbox) == []
    (kept,) = outbox.refused()
    assert (kept.lead_id, kept.reason, kept.detail) == (lead.lead_id, "unknown_box_key", "register the box")
    assert kept.payload == encode(lead)
    assert outbox.requeue_refused() == 1
    assert (queue(outbox), outbox.refused()) == ([lead.lead_id], [])


def test_a_refusal_without_an_id_is_told_by_its_hash(outbox: Outbox) -> None:
    lead = put(outbox, 1)
    receipt = refused(lead).model_copy(update={"lead_id": None, "reason": "malformed_json"})
    assert outbox.settle([receipt]).refused == (lead.lead_id,)


def test_a_lead_held_after_all_is_no_longer_refused(outbox: Outbox) -> None:
    lead = put(outbox, 1)
    outbox.settle([refused(lead)])
    assert outbox.settle([accepted(lead)]).accepted == (lead.lead_id,)
    assert outbox.refused() == []


def test_a_lead_held_is_never_taken_back_by_a_late_refusal(outbox: Outbox) -> None:
    lead = put(outbox, 1)
    outbox.settle([accepted(lead)])
    assert outbox.settle([refused(lead)]).refused == ()
    assert outbox.refused() == []


def test_evidence_may_go_when_the_hub_holds_it_or_has_held_the_lead_for_long(outbox: Outbox) -> None:
    old, fresh, with_evidence, waiting, unwanted = (put(outbox, number) for number in range(1, 6))
    outbox.settle(
        [
            accepted(old, stored_at=NOON - timedelta(days=91)),
            accepted(fresh, stored_at=NOON),
            accepted(with_evidence, stored_at=NOON),
            refused(unwanted),
        ]
    )
    outbox.settle([accepted(with_evidence, holds_evidence=True)])
    assert outbox.closed_leads(NOON - timedelta(days=90)) == [old.lead_id, with_evidence.lead_id]
    assert waiting.lead_id in queue(outbox)


def test_of_the_leads_at_the_hub_those_are_asked_about_whose_evidence_is_not_known_to_be_there(outbox: Outbox) -> None:
    leads = [put(outbox, number) for number in range(1, 6)]
    update = put_update(outbox, leads[0], 1)
    outbox.settle([accepted(leads[0]), accepted(update), accepted(leads[1], holds_evidence=True), refused(leads[2])])
    outbox.settle([accepted(leads[4])])
    assert outbox.evidence_not_held("", 9) == [leads[0].lead_id, leads[4].lead_id]
    assert outbox.evidence_not_held("", 1) == [leads[0].lead_id]
    assert outbox.evidence_not_held(leads[0].lead_id, 9) == [leads[4].lead_id]


def test_evidence_that_the_hub_says_to_hold_may_go_as_by_a_receipt(outbox: Outbox) -> None:
    leads = [put(outbox, number) for number in range(1, 4)]
    outbox.settle([accepted(lead) for lead in leads[:2]])
    outbox.evidence_held({leads[1].lead_id, leads[2].lead_id, sample_lead(9).lead_id})
    outbox.evidence_held(set())
    assert outbox.closed_leads(NOON - timedelta(days=90)) == [leads[1].lead_id]
    assert queue(outbox) == [leads[2].lead_id], "not before its receipt"
    outbox.settle([accepted(leads[2])])
    assert outbox.closed_leads(NOON - timedelta(days=90)) == [leads[1].lead_id]


# Acts


def test_acts_are_known_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with Outbox(path) as outbox:
        lead = put(outbox, 1)
        outbox.act_seen_again(lead.lead_id, NOON + timedelta(minutes=5), (9.0, 9.0, 10.0, 10.0))
        outbox.act_seen_again(lead.lead_id, NOON, None)
    with Outbox(path) as outbox:
        (act,) = outbox.acts("closed-zone", "gantry-up", NOON)
        assert (act.lead_id, act.zone) == (lead.lead_id, "outer-lane")
        assert (act.box, act.seen_at) == ((9.0, 9.0, 10.0, 10.0), NOON + timedelta(minutes=5))
        assert outbox.acts("closed-zone", "gantry-up", NOON + timedelta(minutes=6)) == []
        assert outbox.acts("closed-zone", "layby", NOON) == []
        assert outbox.acts("no-stop", "gantry-up", NOON) == []


# Updates


def test_an_update_goes_out_behind_its_lead_and_leaves_on_its_own_receipt(outbox: Outbox) -> None:
    lead = put(outbox, 1)
    update = put_update(outbox, lead, 1)
    assert queue(outbox) == [lead.lead_id, update.update_id]
    assert outbox.chain_head() == link(1), "an update takes no place in the chain"
    assert outbox.settle([accepted(update)]).accepted == (update.update_id,)
    assert queue(outbox) == [lead.lead_id]
    assert outbox.repeats(lead.lead_id) == 1
    assert outbox.repeats(update.update_id) == 0


def test_an_update_comes_once_and_instead_of_a_lead_of_its_own(outbox: Outbox) -> None:
    lead = put(outbox, 1)
    update = put_update(outbox, lead, 1)
    payload, at = encode(update), update.occurred_at
    assert not outbox.add(update.update_id, "another act", payload, at, of_lead=lead.lead_id)
    assert not outbox.add(sample_lead(2).lead_id, update.one_act_key, payload, at)
    assert outbox.known_act(update.one_act_key)
    assert outbox.repeats(lead.lead_id) == 1


def test_a_hub_that_knows_no_updates_refuses_them_by_their_lead_and_they_are_kept(outbox: Outbox) -> None:
    lead = put(outbox, 1)
    update = put_update(outbox, lead, 1)
    receipt = refused(update).model_copy(update={"lead_id": lead.lead_id, "reason": "schema_violation"})
    assert outbox.settle([receipt]).refused == (update.update_id,)
    assert queue(outbox) == [lead.lead_id]
    assert [one.payload for one in outbox.refused()] == [encode(update)]


def test_an_update_has_no_evidence_that_could_go(outbox: Outbox) -> None:
    lead = put(outbox, 1)
    update = put_update(outbox, lead, 1)
    outbox.settle([accepted(lead, stored_at=NOON), accepted(update, stored_at=NOON)])
    assert outbox.closed_leads(NOON + timedelta(days=1)) == [lead.lead_id]


VEHICLE = ActPlace("NP-01", "gate", plate="闽H12345", plate_type="02", seen_at=NOON)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("asked", "since_h", "until_h", "known"),
    [
        (VEHICLE, -1, 1, True),
        (ActPlace("NP-01", "another", plate="闽H12345", plate_type="02"), -1, 1, True),
        (ActPlace("NP-02", "gate", plate="闽H12345", plate_type="02"), -1, 1, False),
        (ActPlace("NP-01", "gate", plate="闽H12345", plate_type="01"), -1, 1, False),
        (ActPlace("NP-01", "gate", plate="闽H12346", plate_type="02"), -1, 1, False),
        (ActPlace("NP-01", "gate"), -1, 1, False),
        (VEHICLE, 1, 2, False),
        (VEHICLE, -2, -1, False),
    ],
    ids=["same", "camera", "rule", "type", "number", "no plate", "seen too long ago", "only later"],
)
def test_a_lead_is_known_by_rule_and_vehicle_at_any_camera(
    outbox: Outbox, asked: ActPlace, since_h: int, until_h: int, known: bool
) -> None:
    lead = sample_lead(1)
    outbox.add(lead.lead_id, lead.one_act_key, encode(lead), NOON, act=VEHICLE)
    found = outbox.lead_of(asked, NOON + since_h * HOUR, NOON + until_h * HOUR)
    assert found == (lead.lead_id if known else None)


def test_an_update_leads_to_the_lead_it_belongs_to(outbox: Outbox) -> None:
    lead, update = sample_lead(1), sample_update(sample_lead(1))
    outbox.add(lead.lead_id, lead.one_act_key, encode(lead), NOON, act=VEHICLE)
    later = replace(VEHICLE, seen_at=NOON + HOUR)
    outbox.add(update.update_id, "again", encode(update), NOON + HOUR, act=later, of_lead=lead.lead_id)
    assert outbox.lead_of(VEHICLE, NOON + HOUR, NOON + 2 * HOUR) == lead.lead_id


# The evidence folders


def test_recovery_adds_what_is_not_known_and_never_sets_the_chain_back(outbox: Outbox) -> None:
    put(outbox, 5)
    assert outbox.recover([on_disk(4), on_disk(5), on_disk(6)]) == 2
    assert outbox.chain_head() == link(6)
    assert outbox.recover([on_disk(1)]) == 1
    assert outbox.chain_head() == link(6)


def test_recovery_is_whole_or_not_at_all(outbox: Outbox) -> None:
    def breaks_off() -> Iterator[RecoveredLead]:
        yield on_disk(1)
        raise OSError("unreadable")

    with pytest.raises(OSError, match="unreadable"):
        outbox.recover(breaks_off())
    assert (outbox.depth(), outbox.chain_head()) == (0, None)


# The file


def test_what_was_added_and_settled_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with Outbox(path) as outbox:
        leads = [put(outbox, number) for number in (1, 2, 3)]
        outbox.settle([accepted(leads[0]), refused(leads[1])])
    with Outbox(path) as outbox:
        assert queue(outbox) == [leads[2].lead_id]
        assert [lead.lead_id for lead in outbox.refused()] == [leads[1].lead_id]
        assert outbox.chain_head() == link(3)


def test_the_file_is_written_through_to_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    Outbox(path).close()
    with closing(connect(path)) as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


KILLED = """
import sys
from pathlib import Path
from edge.outbox import Outbox
from tests.unit.edge.outboxes import put
outbox = Outbox(Path(sys.argv[1]))
for number in range(1, 10_000):
    print(put(outbox, number).lead_id, flush=True)
"""


def test_what_was_added_is_there_after_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    box = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    assert box.stdout is not None
    said = [box.stdout.readline().strip() for _ in range(20)]
    box.kill()
    said += [line.strip() for line in box.stdout if line.endswith("\n")]
    box.wait()
    box.stdout.close()
    with Outbox(path) as outbox:
        kept = queue(outbox)
        assert kept[: len(said)] == said
        assert outbox.chain_head() == link(len(kept))


def test_only_one_process_has_the_outbox_open(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with Outbox(path), pytest.raises(OutboxBusyError, match="stop the other"):
        Outbox(path)
    Outbox(path).close()


def test_an_outbox_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    Outbox(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version={VERSION + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(OutboxError, match="run the newer Lushao") as caught:
        Outbox.open_or_salvage(path)
    assert not isinstance(caught.value, OutboxDamagedError)
    assert path.read_bytes() == before


def test_an_outbox_of_the_first_version_is_taken_over_with_all_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with Outbox(path) as outbox:
        leads = [put(outbox, number) for number in (1, 2, 3)]
        outbox.settle([accepted(leads[0]), refused(leads[1])])
    as_version_1(path)
    for _ in range(2):
        with Outbox(path) as outbox:
            assert queue(outbox)[0] == leads[2].lead_id
            assert [lead.lead_id for lead in outbox.refused()] == [leads[1].lead_id]
            assert outbox.chain_head() == link(3)
            assert outbox.closed_leads(NOON + timedelta(days=99)) == [leads[0].lead_id]
    with Outbox(path) as outbox:
        put_update(outbox, leads[2], 1)
        assert outbox.repeats(leads[2].lead_id) == 1


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").mkdir()
    with pytest.raises(OutboxError, match=r"outbox\.db.*check its folder"):
        Outbox(tmp_path / "outbox.db")


@contextmanager
def _no_space_beyond(size: int) -> Iterator[None]:
    """The kernel lets no file of this process grow beyond `size` bytes: to SQLite it is a disk without space."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def test_a_full_disk_changes_nothing_and_is_over_when_there_is_space(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with Outbox(path) as outbox:
        first, second = put(outbox, 1), sample_lead(2)
        with _no_space_beyond(path.with_name("outbox.db-wal").stat().st_size):
            with pytest.raises(OutboxFullError, match=r"no space left for the outbox .*outbox\.db"):
                put(outbox, 2)
            assert not outbox.known_lead(second.lead_id)
            assert outbox.chain_head() == link(1)
            with pytest.raises(OutboxFullError):
                outbox.settle([accepted(first)])
            assert queue(outbox) == [first.lead_id]
        put(outbox, 2)
        assert outbox.settle([accepted(first)]).accepted == (first.lead_id,)
    with Outbox(path) as outbox:
        assert queue(outbox) == [second.lead_id]


def test_a_new_outbox_on_a_full_disk_is_made_when_there_is_space(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with _no_space_beyond(5000), pytest.raises(OutboxFullError):
        Outbox(path)
    with Outbox(path) as outbox:
        put(outbox, 1)
