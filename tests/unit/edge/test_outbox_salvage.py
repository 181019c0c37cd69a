"""A damaged outbox is told from a whole one, kept, and made anew out of all that can still be read."""

from __future__ import annotations

import hashlib
import logging
import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge.outbox import Outbox, OutboxDamagedError
from leads import encode
from tests.unit.edge.outboxes import accepted, as_version_1, link, on_disk, put, put_update, queue, refused
from tests.unit.leads.samples import NOON, sample_lead

MANY = 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of an outbox with 60 leads, of which the hub holds number 1 and refuses number 2."""
    path = tmp_path_factory.mktemp("whole") / "outbox.db"
    with Outbox(path) as outbox:
        leads = [put(outbox, number) for number in range(1, MANY + 1)]
        outbox.settle([accepted(leads[0]), refused(leads[1])])
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, whole: bytes) -> Path:
    """The same, to be damaged."""
    path = tmp_path / "outbox.db"
    path.write_bytes(whole)
    return path


def _with_evidence(path: Path, clock: Callable[[], datetime] = lambda: NOON) -> Outbox:
    """As the box opens it: with what the evidence folders hold."""
    outbox = Outbox.open_or_salvage(path, clock=clock)
    outbox.recover(on_disk(number) for number in range(1, MANY + 1))
    return outbox


def _cut_to_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _cut_by_a_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _no_database(path: Path) -> None:
    path.write_bytes(b"this is a letter, not a database" * 1000)


def _first_page_lost(path: Path) -> None:
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])


def _one_byte_of_a_payload(path: Path) -> None:
    data = path.read_bytes()
    at = data.index(sample_lead(30).lead_id.encode() + b'","site_id')
    path.write_bytes(data[:at] + b"X" + data[at + 1 :])


def _one_byte_of_an_index(path: Path) -> None:
    data = path.read_bytes()
    sha256 = hashlib.sha256(encode(sample_lead(30))).hexdigest().encode()
    places = [found.start() for found in re.finditer(sha256, data)]
    (at,) = (place for place in places if data[place - 1 : place] != b"}")  # in its row it stands behind the payload
    path.write_bytes(data[:at] + b"X" + data[at + 1 :])


def _only_the_log_is_left(path: Path) -> None:
    with Outbox(path) as outbox:
        put(outbox, MANY + 1)
        log = path.with_name("outbox.db-wal").read_bytes()
    path.unlink()
    path.with_name("outbox.db-wal").write_bytes(log)


DAMAGES = [
    _cut_to_half,
    _cut_by_a_byte,
    _empty,
    _no_database,
    _first_page_lost,
    _one_byte_of_a_payload,
    _one_byte_of_an_index,
    _only_the_log_is_left,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told_with_the_file_and_the_remedy(path: Path, damage: Callable[[Path], None]) -> None:
    damage(path)
    with pytest.raises(OutboxDamagedError, match=r"outbox\.db is damaged \(.+\): start the box"):
        Outbox(path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_with_the_evidence_folders_every_lead_is_there_again(
    path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage(path)
    damaged = path.read_bytes() if path.exists() else None
    with _with_evidence(path) as outbox:
        queued, kept = queue(outbox), [lead.lead_id for lead in outbox.refused()]
        assert len(set(queued)) == len(queued)
        for number in range(3, MANY + 1):
            assert sample_lead(number).lead_id in queued
        assert sample_lead(2).lead_id in queued + kept
        head = outbox.chain_head()
        assert head is not None
        assert head.seq >= MANY
        assert outbox.salvaged
    aside = path.with_name("outbox.db.damaged-20261123T040000000Z")
    assert (aside.read_bytes() if aside.exists() else None) == damaged
    assert "is damaged" in caplog.text
    Outbox(path).close()


def test_half_a_file_gives_back_half_of_its_rows(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _cut_to_half(path)
    with Outbox.open_or_salvage(path) as outbox:
        saved = queue(outbox)
    assert len(saved) > MANY // 4
    assert set(saved) <= {sample_lead(number).lead_id for number in range(3, MANY + 1)}
    assert "Saved" in caplog.text


def test_one_damaged_payload_costs_one_row(path: Path) -> None:
    _one_byte_of_a_payload(path)
    with Outbox.open_or_salvage(path) as outbox:
        queued = queue(outbox)
        assert queued == [sample_lead(number).lead_id for number in range(3, MANY + 1) if number != 30]
        assert outbox.chain_head() == link(MANY)
        assert outbox.known_lead(sample_lead(1).lead_id)
        assert [lead.payload for lead in outbox.refused()] == [encode(sample_lead(2))]


def test_of_a_damaged_file_of_the_first_version_as_much_is_saved(path: Path) -> None:
    as_version_1(path)
    _one_byte_of_a_payload(path)
    with Outbox.open_or_salvage(path) as outbox:
        assert queue(outbox) == [sample_lead(number).lead_id for number in range(3, MANY + 1) if number != 30]
        assert outbox.chain_head() == link(MANY)


def test_updates_are_saved_with_the_lead_they_belong_to(path: Path) -> None:
    with Outbox(path) as outbox:
        waiting, held = (put_update(outbox, sample_lead(5), time) for time in (1, 2))
        outbox.settle([accepted(held)])
    _one_byte_of_a_payload(path)
    with Outbox.open_or_salvage(path) as outbox:
        assert outbox.repeats(sample_lead(5).lead_id) == 2
        assert queue(outbox)[-1] == waiting.update_id


def test_a_new_outbox_takes_in_what_the_evidence_folders_hold(tmp_path: Path) -> None:
    with _with_evidence(tmp_path / "outbox.db") as outbox:
        assert (outbox.depth(), outbox.chain_head(), outbox.salvaged) == (MANY, link(MANY), False)


def test_files_damaged_twice_are_both_kept(path: Path) -> None:
    now = [NOON]
    for _ in range(2):
        _cut_by_a_byte(path)
        now[0] += timedelta(seconds=1)
        _with_evidence(path, lambda: now[0]).close()
    assert len(list(path.parent.glob("outbox.db.damaged-*"))) == 2


@pytest.mark.parametrize("seed", [*range(20), 152, 178, 492, 565, 625, 1362])
def test_no_damage_ends_the_box_or_makes_a_lead_up(path: Path, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 3, 30, 300])):
        start = chance.randrange(len(data))
        stop = min(len(data), start + chance.choice([1, 2, 8, 100, 4096]))
        data[start:stop] = chance.randbytes(stop - start)
    if chance.random() < 0.3:
        del data[chance.randrange(len(data)) :]
    path.write_bytes(bytes(data))
    known = {sample_lead(number).lead_id: encode(sample_lead(number)) for number in range(1, MANY + 1)}
    with _with_evidence(path) as outbox:
        waiting = {lead.lead_id: lead.payload for lead in outbox.due(1000)}
        waiting |= {lead.lead_id: lead.payload for lead in outbox.refused()}
        assert waiting.items() <= known.items()
        outbox.acts("closed-zone", "gantry-up", NOON)
        outbox.closed_leads(NOON)
        outbox.oldest_age_s()
        held = sample_lead(1)  # whose row may have lost its id, but not its act as well
        assert waiting.keys() | {held.lead_id} == known.keys()
