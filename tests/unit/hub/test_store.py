"""The hub's store: each lead once, durable before anybody is told, refused ones kept with their reason."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.intake import judge
from hub.store import HubStore, StoreError
from leads import LEAD_MAX_BYTES, encode, sign
from leads.topics import BoxAddress, BoxTopic
from tests.unit.hub.intakes import ADDRESS, BOX_KEY, judged, signed, signed_update
from tests.unit.leads.samples import NOON, sample_lead, sample_update


class _Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HubStore]:
    with HubStore(tmp_path / "leads.db", clock=_Clock()) as store:
        yield store


def test_leads_are_kept_as_they_came_in_the_order_they_came(store: HubStore) -> None:
    first, second = store.take([judged(signed(2)), judged(signed(1))])
    assert (first.fault, first.duplicate, second.fault, second.duplicate) == (None, False, None, False)
    ids = [sample_lead(2).lead_id, sample_lead(1).lead_id]
    assert store.lead_ids() == ids
    assert store.payload(ids[0]) == signed(2)
    lead = store.lead(ids[0])
    assert lead is not None
    assert lead.model_copy(update={"signature": None}) == sample_lead(2)
    assert (store.lead("x"), store.payload("x"), store.times_received("x")) == (None, None, 0)


def test_a_lead_that_comes_twice_is_held_once_since_its_first_time(store: HubStore) -> None:
    (first,) = store.take([judged(signed())])
    again, and_again = store.take([judged(signed()), judged(signed())])
    assert (again.fault, again.duplicate, again.stored_at) == (None, True, first.stored_at)
    assert and_again.duplicate
    assert (store.count(), store.times_received(sample_lead().lead_id)) == (1, 3)


def test_a_lead_twice_in_one_batch_is_held_once(store: HubStore) -> None:
    held = store.take([judged(signed()), judged(signed())])
    assert [one.duplicate for one in held] == [False, True]
    assert store.count() == 1


def test_another_lead_under_an_id_that_is_taken_is_refused(store: HubStore) -> None:
    store.take([judged(signed())])
    (other,) = store.take([judged(signed(suspect_level="high"))])
    assert other.fault is not None
    assert other.fault.reason == "id_conflict"
    assert store.payload(sample_lead().lead_id) == signed()


def test_updates_are_kept_beside_their_lead_and_counted(store: HubStore) -> None:
    lead = sample_lead()
    held = store.take([judged(signed()), *(judged(signed_update(time=time)) for time in (2, 1))])
    assert [(one.fault, one.duplicate) for one in held] == [(None, False)] * 3
    assert (store.count(), store.repeats(lead.lead_id)) == (1, 2)
    assert [update.repeat_count for update in store.updates(lead.lead_id)] == [1, 2]
    assert store.lead_ids() == [lead.lead_id]


def test_an_update_that_comes_before_its_lead_counts_when_that_comes(store: HubStore) -> None:
    lead_id = sample_lead().lead_id
    (held,) = store.take([judged(signed_update())])
    assert (held.fault, store.repeats(lead_id)) == (None, 0)
    store.take([judged(signed())])
    assert store.repeats(lead_id) == 1


def test_an_update_counts_once_however_often_and_in_whatever_words_it_comes(store: HubStore) -> None:
    first, again = store.take([judged(signed()), judged(signed_update())])[1], judged(signed_update())
    renumbered = judged(signed_update(repeat_count=9))
    for verdict in (again, renumbered):
        (held,) = store.take([verdict])
        assert (held.fault, held.duplicate, held.stored_at) == (None, True, first.stored_at)
    assert store.repeats(sample_lead().lead_id) == 1
    (struck_off,) = store.take([judge(ADDRESS, signed_update(), lambda _: ())])
    assert (struck_off.fault, struck_off.duplicate) == (None, True)


def test_no_box_counts_up_the_lead_of_another(store: HubStore) -> None:
    other = BoxAddress("site-1", "box-2", BoxTopic.LEADS)
    foreign = sample_update(sample_lead(), box_id="box-2")
    store.take([judged(signed()), judged(encode(sign(foreign, BOX_KEY)), other)])
    assert store.repeats(sample_lead().lead_id) == 0
    (taken,) = store.take([judged(signed_update())])
    assert taken.fault is not None
    assert taken.fault.reason == "id_conflict"


def test_a_store_of_the_first_version_is_taken_over_with_all_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "leads.db"
    with HubStore(path) as store:
        store.take([judged(signed())])
    with sqlite3.connect(path) as db:
        db.executescript("DROP TABLE updates; PRAGMA user_version=1;")
    db.close()
    for _ in range(2):
        with HubStore(path) as store:
            store.take([judged(signed_update())])
            assert store.repeats(sample_lead().lead_id) == 1


def test_a_refused_message_is_kept_with_its_reason_and_counted(store: HubStore) -> None:
    unsigned = json.dumps(json.loads(signed()) | {"signature": None}).encode()
    for _ in range(3):
        (held,) = store.take([judged(unsigned)])
        assert held.fault is not None
    (message,) = store.refused()
    assert (message.reason, message.times_received, message.payload) == ("unsigned", 3, unsigned)
    assert (message.lead_id, message.site_id, message.box_id) == (sample_lead().lead_id, "site-1", "box-1")
    assert store.count() == 0


def test_a_lead_refused_for_want_of_a_key_is_taken_when_the_key_is_there(store: HubStore) -> None:
    store.take([judge(ADDRESS, signed(), lambda _: ())])
    (held,) = store.take([judged(signed())])
    assert (held.fault, held.duplicate) == (None, False)


def test_a_lead_that_is_held_stays_so_when_its_box_is_struck_off(store: HubStore) -> None:
    store.take([judged(signed())])
    (held,) = store.take([judge(ADDRESS, signed(), lambda _: ())])
    assert (held.fault, held.duplicate) == (None, True)


def test_a_flood_of_refused_messages_is_bounded(tmp_path: Path) -> None:
    with HubStore(tmp_path / "leads.db", refused_kept=3) as store:
        for number in range(10):
            store.take([judged(b"nonsense %d" % number)])
        assert [message.payload for message in store.refused()] == [b"nonsense 9", b"nonsense 8", b"nonsense 7"]
        store.take([judged(b"x" * (LEAD_MAX_BYTES * 2))])
        assert len(store.refused(1)[0].payload) == LEAD_MAX_BYTES


def test_the_same_nonsense_of_two_boxes_is_kept_for_both(store: HubStore) -> None:
    for box in ("box-1", "box-2"):
        store.take([judged(b"nonsense", BoxAddress("site-1", box, BoxTopic.LEADS))])
    assert [message.box_id for message in store.refused()] == ["box-2", "box-1"]


def test_what_was_taken_is_there_when_the_hub_comes_back(tmp_path: Path) -> None:
    with HubStore(tmp_path / "deep" / "leads.db") as store:
        store.take([judged(signed())])
    with HubStore(tmp_path / "deep" / "leads.db") as store:
        assert store.lead_ids() == [sample_lead().lead_id]


def test_what_take_returns_is_committed_for_others_to_see(store: HubStore) -> None:
    store.take([judged(signed())])
    with HubStore(store.path) as other:
        assert other.lead_ids() == [sample_lead().lead_id]
        other.take([judged(signed(2))])
    assert store.count() == 2


def test_the_file_is_written_through_to_the_disk(store: HubStore) -> None:
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_store_that_is_locked_changes_nothing_and_says_so(tmp_path: Path) -> None:
    with HubStore(tmp_path / "leads.db", busy_timeout_s=0.05) as store:
        other = sqlite3.connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"leads\.db cannot be written \(database is locked\)"):
            store.take([judged(signed())])
        other.close()
        assert store.count() == 0
        assert len(store.take([judged(signed())])) == 1


def test_another_database_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE people (name TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="name another file"):
        HubStore(path)
    assert path.read_bytes()[100:] == before[100:]


@pytest.mark.parametrize("content", [b"a letter" * 1000, None])
def test_a_file_that_is_no_store_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "leads.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=r"leads\.db"):
        HubStore(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"leads\.db"):
        HubStore(tmp_path / "file" / "leads.db")
