"""What the hub takes: each lead once, numbered without gaps, durable before anybody is told; refused ones kept too."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from hub import read
from hub.intake.judge import Judged, judge
from hub.intake.take import Held, take
from hub.store.audit import check_chain, steps_of
from hub.store.days import local_day
from hub.store.tables import entries, refused, stale_days
from leads import LEAD_MAX_BYTES, encode, sign
from leads.topics import BoxAddress, BoxTopic
from tests.hub_worlds import BOX_KEY, HUB_KEY, NOON_MS, HubWorld
from tests.unit.hub.intakes import ADDRESS, judged, signed, signed_update
from tests.unit.leads.samples import sample_lead, sample_update

LEAD_ID = sample_lead().lead_id


def _take(hub: HubWorld, *batch: Judged) -> list[Held]:
    return take(hub.parts, batch)


def _fate(held: Held) -> tuple[str | None, bool, int | None]:
    return held.fault.reason if held.fault else None, held.duplicate, held.number


def test_leads_are_kept_as_they_came_in_the_order_they_came(either_hub: HubWorld) -> None:
    held = _take(either_hub, judged(signed(2)), judged(signed(1)))
    assert [_fate(one) for one in held] == [(None, False, 1), (None, False, 2)]
    database, ids = either_hub.parts.database, [sample_lead(2).lead_id, LEAD_ID]
    assert read.entry_ids(database) == ids
    assert read.payload(database, ids[0]) == signed(2)
    lead = read.lead(database, ids[0])
    assert lead is not None
    assert lead.model_copy(update={"signature": None}) == sample_lead(2)
    assert (read.lead(database, "x"), read.payload(database, "x"), read.times_received(database, "x")) == (
        None,
        None,
        0,
    )


def test_a_lead_that_comes_twice_is_held_once_since_its_first_time(either_hub: HubWorld) -> None:
    (first,) = _take(either_hub, judged(signed()))
    either_hub.clock.go(60)
    again, and_again = _take(either_hub, judged(signed()), judged(signed()))
    assert (again.stored_ms, and_again.stored_ms) == (first.stored_ms, first.stored_ms)
    assert [_fate(one) for one in (first, again, and_again)] == [(None, False, 1), (None, True, 1), (None, True, 1)]
    database = either_hub.parts.database
    assert (read.count(database), read.times_received(database, LEAD_ID)) == (1, 3)


def test_any_count_that_a_lead_may_bear_is_held(either_hub: HubWorld) -> None:
    _take(either_hub, judged(signed(repeat_count=2**53 - 1)), judged(signed_update()))
    assert read.repeats(either_hub.parts.database, LEAD_ID) == 2**53


def test_a_lead_twice_in_one_batch_is_held_once(either_hub: HubWorld) -> None:
    held = _take(either_hub, judged(signed()), judged(signed()))
    assert [_fate(one) for one in held] == [(None, False, 1), (None, True, 1)]
    assert read.times_received(either_hub.parts.database, LEAD_ID) == 2


def test_another_lead_under_an_id_that_is_taken_is_refused(either_hub: HubWorld) -> None:
    other = judged(signed(suspect_level="high"))
    first, second = _take(either_hub, judged(signed()), other)
    assert (_fate(first), _fate(second)) == ((None, False, 1), ("id_conflict", False, None))
    (third,) = _take(either_hub, other)
    assert _fate(third) == ("id_conflict", True, None)
    assert read.payload(either_hub.parts.database, LEAD_ID) == signed()


def test_updates_are_kept_beside_their_lead_and_counted(either_hub: HubWorld) -> None:
    held = _take(either_hub, judged(signed()), *(judged(signed_update(time=time)) for time in (2, 1)))
    assert [(one.fault, one.duplicate) for one in held] == [(None, False)] * 3
    _take(either_hub, judged(signed_update(time=3)))
    database = either_hub.parts.database
    assert (read.count(database), read.repeats(database, LEAD_ID)) == (1, 3)
    assert [update.repeat_count for update in read.updates_of(database, LEAD_ID)] == [1, 2, 3]


def test_an_update_that_comes_before_its_lead_counts_when_that_comes(either_hub: HubWorld) -> None:
    database = either_hub.parts.database
    (held,) = _take(either_hub, judged(signed_update()))
    assert (held.fault, read.repeats(database, LEAD_ID), read.updates_of(database, LEAD_ID)) == (None, 0, [])
    _take(either_hub, judged(signed_update(time=2)), judged(signed()))
    assert read.repeats(database, LEAD_ID) == 2


def test_an_update_counts_once_however_often_and_in_whatever_words_it_comes(either_hub: HubWorld) -> None:
    first = _take(either_hub, judged(signed()), judged(signed_update()))[1]
    for verdict in (judged(signed_update()), judged(signed_update(repeat_count=9))):
        (held,) = _take(either_hub, verdict)
        assert (held.fault, held.duplicate, held.stored_ms) == (None, True, first.stored_ms)
    assert read.repeats(either_hub.parts.database, LEAD_ID) == 1
    (struck_off,) = _take(either_hub, judge(ADDRESS, signed_update(), lambda _: ()))
    assert (struck_off.fault, struck_off.duplicate) == (None, True)


def test_no_box_counts_up_the_lead_of_another(either_hub: HubWorld) -> None:
    other = BoxAddress("site-1", "box-2", BoxTopic.LEADS)
    foreign = sample_update(sample_lead(), box_id="box-2")
    _take(either_hub, judged(signed()), judged(encode(sign(foreign, BOX_KEY)), other))
    assert read.repeats(either_hub.parts.database, LEAD_ID) == 0
    (taken,) = _take(either_hub, judged(signed_update()))
    assert _fate(taken) == ("id_conflict", False, None)


def test_a_refused_message_is_kept_with_its_reason_and_counted(either_hub: HubWorld) -> None:
    unsigned = json.dumps(json.loads(signed()) | {"signature": None}).encode()
    fates = [_fate(held) for _ in range(2) for held in _take(either_hub, judged(unsigned), judged(unsigned))]
    assert fates == [("unsigned", False, None)] + [("unsigned", True, None)] * 3
    (message,) = read.refused_messages(either_hub.parts.database)
    assert (message.reason, message.times_received, message.payload) == ("unsigned", 4, unsigned)
    assert (message.door, message.entry_id, message.site_id, message.box_id) == ("mqtt", LEAD_ID, "site-1", "box-1")
    assert read.count(either_hub.parts.database) == 0


def test_a_lead_refused_for_want_of_a_key_is_taken_when_the_key_is_there_and_waits_no_longer(
    either_hub: HubWorld,
) -> None:
    _take(either_hub, judge(ADDRESS, signed(), lambda _: ()))
    (held,) = _take(either_hub, judged(signed()))
    assert _fate(held) == (None, False, 1)
    with either_hub.parts.database.read() as connection:
        row = connection.execute(sa.select(refused)).one()
    assert (row.settled_ms, row.settled_by, row.settled_as) == (held.stored_ms, "hub:hub-1", "taken")


def test_a_lead_that_is_held_stays_so_when_its_box_is_struck_off(either_hub: HubWorld) -> None:
    _take(either_hub, judged(signed()))
    (held,) = _take(either_hub, judge(ADDRESS, signed(), lambda _: ()))
    assert _fate(held) == (None, True, 1)


def test_the_same_nonsense_of_two_boxes_is_kept_for_both(either_hub: HubWorld) -> None:
    for box in ("box-1", "box-2"):
        _take(either_hub, judged(b"nonsense", BoxAddress("site-1", box, BoxTopic.LEADS)))
    assert [message.box_id for message in read.refused_messages(either_hub.parts.database)] == ["box-2", "box-1"]


def test_a_flood_of_refused_messages_is_bounded_and_leaves_the_log_alone(either_hub: HubWorld) -> None:
    parts = either_hub.parts
    few = type(parts)(**{**parts.__dict__, "settings": parts.settings.model_copy(update={"refused_kept": 3})})
    for number in range(5):
        take(few, [judged(b"nonsense %d" % number), judged(b"more %d" % number)])
    kept = [message.payload for message in read.refused_messages(parts.database)]
    assert kept == [b"more 4", b"nonsense 4", b"more 3"]
    take(few, [judged(b"x" * (LEAD_MAX_BYTES * 2))])
    assert len(read.refused_messages(parts.database, 1)[0].payload) == LEAD_MAX_BYTES
    with parts.database.read() as connection:
        assert list(steps_of(connection)) == []


def test_a_nul_which_postgresql_cannot_store_stands_in_the_bytes_as_they_came_alone(
    either_hub: HubWorld,
) -> None:
    act = sample_lead().act.model_copy(update={"title": "a\0b"})
    odd = signed(act=act)
    held = _take(either_hub, judged(odd), judged(json.dumps({"a\0": 1}).encode()))
    assert [one.fault.reason if one.fault else None for one in held] == [None, "schema_violation"]
    assert read.payload(either_hub.parts.database, LEAD_ID) == odd
    with either_hub.parts.database.read() as connection:
        assert connection.execute(sa.select(entries.c.title)).scalar() == "a\ufffdb"


def test_one_step_of_the_log_pins_all_that_a_batch_brought(either_hub: HubWorld) -> None:
    verdicts = [judged(signed(2)), judged(signed(1)), judged(signed_update()), judged(b"nonsense")]
    _take(either_hub, *verdicts)
    _take(either_hub, *verdicts)
    with either_hub.parts.database.read() as connection:
        (step,) = steps_of(connection)
        assert check_chain(connection, [HUB_KEY.public_key()]) == []
    assert (step.actor, step.action, step.number) == ("hub:hub-1", "intake", None)
    assert json.loads(step.body) == {
        "entries": [[n, v.entry_id, v.payload_sha256] for n, v in enumerate(verdicts[:2], start=1)],
        "updates": [[verdicts[2].entry_id, verdicts[2].payload_sha256]],
    }


def test_numbers_have_no_gaps_whoever_takes_and_whatever_fails(either_hub: HubWorld) -> None:
    def take_some(worker: int) -> None:
        for start in range(0, 20, 4):
            numbers = range(worker * 10 + start, worker * 10 + start + 6)  # each with some of the other's
            _take(either_hub, *(judged(signed(number)) for number in numbers))

    def fail() -> None:
        with either_hub.parts.audit.begin() as books:
            books.next_number()
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(take_some, (0, 1)))
    with either_hub.parts.database.read() as connection:
        rows = connection.execute(sa.select(entries.c.number, entries.c.entry_id).order_by(entries.c.number)).all()
        assert check_chain(connection, [HUB_KEY.public_key()]) == []
    assert [row.number for row in rows] == list(range(1, 33))
    assert sorted(row.entry_id for row in rows) == sorted(sample_lead(number).lead_id for number in range(32))


def test_the_day_of_an_act_has_its_sums_made_anew_by_the_local_calendar(either_hub: HubWorld) -> None:
    hours_ago = sample_lead(1).occurred_at.replace(hour=15, minute=59), sample_lead(1).occurred_at.replace(hour=16)
    leads = [judged(signed(n, occurred_at=at)) for n, at in enumerate(hours_ago)]
    _take(either_hub, *leads)
    _take(either_hub, judged(signed(7)))
    noon = local_day(NOON_MS, "Asia/Shanghai")
    with either_hub.parts.database.read() as connection:
        days = connection.execute(sa.select(stale_days.c.day).order_by(stale_days.c.day)).scalars().all()
    assert days == [noon, noon + 1]


@pytest.mark.parametrize("at_ms", [0, -62_135_596_800_000, 253_402_300_799_999])
def test_the_oldest_and_the_last_moment_have_a_day(at_ms: int) -> None:
    assert abs(local_day(at_ms, "Asia/Shanghai") - at_ms / 86_400_000) <= 1.0
