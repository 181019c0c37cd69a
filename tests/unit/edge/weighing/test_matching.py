"""Which record belongs to which vehicle."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.weighing.likeness import likeness, text_likeness
from edge.weighing.matching import Match, match
from edge.weighing.passes import WeighedPass
from edge.weighing.settings import ScaleSettings
from leads import WeighRecord
from tests.unit.edge.weighing.scales import LANES, scale, truck, weighed

SCALE = scale()


def paired(
    passes: Sequence[WeighedPass], records: Sequence[WeighRecord], to: ScaleSettings = SCALE, off_s: float = 0.0
) -> dict[str, str]:
    """Names of vehicles and the records they get."""
    found = match(passes, records, to, clock_off_s=off_s)
    return {m.weighed.passage_id: m.record.pass_id for m in found if m.weighed and m.record}


def of(found: Sequence[Match], name: str) -> Match:
    """What became of a vehicle."""
    return next(m for m in found if m.weighed is not None and m.weighed.passage_id == name)


def test_a_vehicle_alone_gets_its_record() -> None:
    found = match([truck("a", 10)], [weighed("r", 10.2)], SCALE)
    assert [(m.weighed is not None, m.record is not None) for m in found] == [(True, True)]
    assert found[0].confidence > 0.99


def test_of_close_followers_none_takes_the_record_of_the_one_before() -> None:
    """The second record is nearest to the first vehicle; greedy, the two would be swapped or one left out."""
    passes = [truck("a", 10.0), truck("b", 11.0)]
    records = [weighed("ra", 10.55), weighed("rb", 11.6)]
    assert paired(passes, records) == {"a": "ra", "b": "rb"}


def test_axles_tell_followers_apart_whose_times_tell_nothing() -> None:
    passes = [truck("car", 10.0, axles=2), truck("semi", 10.8, axles=6)]
    records = [weighed("heavy", 10.3, axles=6), weighed("light", 10.5, axles=2, kg=1400)]
    assert paired(passes, records) == {"car": "light", "semi": "heavy"}


def test_speeds_tell_followers_apart_whose_times_tell_nothing() -> None:
    passes = [truck("slow", 10.0, speed_kmh=40), truck("quick", 10.4, speed_kmh=62)]
    records = [weighed("q", 10.2, speed_kmh=61), weighed("s", 10.3, speed_kmh=41)]
    assert paired(passes, records) == {"slow": "s", "quick": "q"}


def test_a_missing_record_leaves_its_vehicle_alone_and_moves_no_other() -> None:
    passes = [truck("a", 10), truck("b", 12), truck("c", 14)]
    found = match(passes, [weighed("ra", 10.1), weighed("rc", 14.1)], SCALE)
    assert [(m.weighed.passage_id, m.record and m.record.pass_id) for m in found if m.weighed] == [
        ("a", "ra"),
        ("b", None),
        ("c", "rc"),
    ]


def test_a_record_without_a_vehicle_is_kept_alone() -> None:
    found = match([truck("a", 10)], [weighed("ra", 10.1), weighed("escaped", 25.0, escape=True)], SCALE)
    alone = [m for m in found if m.weighed is None]
    assert [m.record.pass_id for m in alone if m.record] == ["escaped"]
    assert alone[0].confidence > 0.99


def test_a_plate_brings_together_what_ten_seconds_part() -> None:
    passes = [truck("a", 10, plate="闽H31782")]
    assert paired(passes, [weighed("late", 20, plate="闽H31782")]) == {"a": "late"}
    assert paired([truck("a", 10)], [weighed("late", 20)]) == {}


def test_unread_characters_of_a_plate_neither_help_nor_harm() -> None:
    assert text_likeness("闽H3--82", "闽H31782", 0.03) == pytest.approx(text_likeness("闽H3--82", "闽H39982", 0.03))
    assert text_likeness("-------", "闽H31782", 0.03) == 0
    assert text_likeness("闽H31782", "闽H31782", 0.03) > 12


def test_local_plates_of_strangers_share_their_beginning() -> None:
    assert text_likeness("闽H-----", "闽H31782", 0.03) < text_likeness("-----82", "闽H31782", 0.03)


def test_a_plate_that_disagrees_makes_a_pair_less_sure() -> None:
    same = match([truck("a", 10, plate="闽H31782")], [weighed("r", 10.1, plate="闽H31782")], SCALE)[0]
    other = match([truck("a", 10, plate="闽H31782")], [weighed("r", 10.1, plate="赣CR5509")], SCALE)[0]
    assert other.record is not None
    assert other.confidence < same.confidence
    assert other.parts is not None
    assert other.parts.plate < -3


def test_a_trailer_plate_does_not_speak_against_the_tractor() -> None:
    parts = likeness(truck("a", 10, plate="鄂BDJ79挂"), weighed("r", 10, plate="闽H62905"), SCALE, 0.0)
    assert parts is not None
    assert parts.plate == 0


def test_plates_tell_a_swap_of_close_followers() -> None:
    passes = [truck("a", 10, plate="闽H31782"), truck("b", 11, plate="闽HB0921")]
    records = [weighed("rb", 10.1, plate="闽HB0921"), weighed("ra", 11.0, plate="闽H31782")]
    assert paired(passes, records) == {"a": "ra", "b": "rb"}


def test_a_known_error_of_the_clock_is_taken_off() -> None:
    passes = [truck(f"p{n}", 10 + 2 * n) for n in range(5)]
    records = [weighed(f"r{n}", 12 + 2 * n) for n in range(5)]
    assert paired(passes, records, off_s=2.0) == {f"p{n}": f"r{n}" for n in range(5)}


def test_a_time_cut_to_seconds_was_half_a_second_later() -> None:
    cut = weighed("r", 10).model_copy(update={"weighed_at": weighed("r", 10).weighed_at.replace(microsecond=0)})
    late, early = (likeness(truck("a", s), cut, SCALE, 0.0) for s in (10.5, 9.5))
    assert late is not None
    assert early is not None
    assert late.time > early.time


def test_of_a_front_the_last_axle_comes_so_much_later_as_the_vehicle_is_long() -> None:
    fronts = scale(lanes={"1": {"camera": "cam", "line": "strips-1", "sees": "front"}})
    semi = truck("semi", 10, speed_kmh=36)
    spacing = (3.2, 1.35, 6.6, 1.3, 1.3)  # 13.75 m and 1.3 m before: 1.5 s at 10 m/s
    found = [likeness(semi, weighed("r", s, axle_spacing_m=spacing), fronts, 0.0) for s in (11.5, 10.0)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].time > found[1].time + 3


def test_a_heavy_record_is_no_car() -> None:
    parts = likeness(truck("a", 10, kind="car"), weighed("r", 10, kg=42_000), SCALE, 0.0)
    assert parts is not None
    assert parts.kind < -2


def test_a_lifted_axle_that_the_scale_counts_costs_little() -> None:
    record = weighed("r", 10, axles=6)
    lifted = likeness(truck("a", 10, axles=5, lifted=1), record, SCALE, 0.0)
    other = likeness(truck("a", 10, axles=4), record, SCALE, 0.0)
    assert lifted is not None
    assert other is not None
    assert lifted.axles > other.axles + 1


def test_records_of_other_lanes_are_not_taken() -> None:
    assert paired([truck("a", 10, lane="1")], [weighed("r", 10, lane="2")]) == {}


def test_a_straddling_vehicle_is_flagged_and_may_have_its_record_under_either_lane() -> None:
    seen = match([truck("a", 10, lane="1", touched=("2",))], [weighed("r", 10, lane="2")], SCALE)[0]
    assert seen.record is not None
    assert seen.straddling is True
    told = match([truck("a", 10, lane="1")], [weighed("r", 10, lane="2", straddle=True)], SCALE)[0]
    assert told.record is not None
    assert told.straddling is True
    assert match([truck("a", 10)], [weighed("r", 10)], SCALE)[0].straddling is False


def test_nobody_can_tell_straddling_where_one_lane_alone_is_watched() -> None:
    one = scale(lanes={"1": LANES["1"]})
    assert match([truck("a", 10)], [weighed("r", 10)], one)[0].straddling is None
    assert match([truck("a", 10)], [weighed("r", 10, straddle=False)], one)[0].straddling is False


@pytest.mark.parametrize(
    ("other", "beside"),
    [
        (truck("b", 10.6, lane="2"), True),
        (truck("b", 10.6, lane="1"), False),
        (truck("b", 14.0, lane="2"), False),
        (truck("b", 12.0, lane="2", length_m=17, speed_kmh=20), True),
    ],
    ids=["beside", "behind", "later", "long-and-slow"],
)
def test_a_vehicle_on_the_lane_beside_is_told(other: WeighedPass, beside: bool) -> None:
    assert of(match([truck("a", 10), other], [weighed("r", 10)], SCALE), "a").alongside is beside


def test_a_vehicle_beside_that_only_the_scale_has_seen_is_told() -> None:
    found = match([truck("a", 10)], [weighed("r", 10), weighed("other", 10.3, lane="2")], SCALE)
    assert of(found, "a").alongside is True


def test_a_vehicle_beside_that_was_settled_before_is_told() -> None:
    before = match([truck("b", 10.2, lane="2")], [], SCALE)
    found = match([truck("a", 10)], [weighed("r", 10)], SCALE, before=before)
    assert of(found, "a").alongside is True


def test_where_two_vehicles_fit_one_record_alike_neither_is_sure_of_it() -> None:
    found = match([truck("a", 10.0), truck("b", 10.2)], [weighed("r", 10.1)], SCALE)
    assert sum(m.record is not None for m in found) == 1
    assert max(m.confidence for m in found) == pytest.approx(0.5, abs=0.05)


def test_confidence_is_the_share_of_all_ways_to_pair() -> None:
    """Two vehicles and two records: seven ways, counted by hand."""
    passes, records = [truck("a", 10.0), truck("b", 10.7)], [weighed("ra", 10.3), weighed("rb", 10.9)]
    w = np.zeros((2, 2))
    for i, p in enumerate(passes):
        for j, r in enumerate(records):
            parts = likeness(p, r, SCALE, 0.0)
            assert parts is not None
            w[i, j] = np.exp(parts.total)
    straight, crossed = w[0, 0] * w[1, 1], w[0, 1] * w[1, 0]
    every = 1 + w.sum() + straight + crossed
    found = of(match(passes, records, SCALE), "a")
    assert found.record is not None
    assert found.record.pass_id == "ra"
    assert found.confidence == pytest.approx((w[0, 0] + straight) / every)


# Any traffic at all

times = st.floats(0, 40).map(lambda s: round(s, 2))
plates = st.sampled_from(["", "", "闽H31782", "闽HB0921", "赣CR55-9"])
axles = st.sampled_from([None, 2, 3, 6])
vehicles = st.lists(st.tuples(times, st.sampled_from(["1", "2"]), plates, axles), max_size=8).map(
    lambda rows: [truck(f"p{n}", t, lane=lane, plate=p, axles=a) for n, (t, lane, p, a) in enumerate(rows)]
)
weighings = st.lists(st.tuples(times, st.sampled_from(["1", "2"]), plates, axles), max_size=8).map(
    lambda rows: [weighed(f"r{n}", t, lane=lane, plate=p, axles=a) for n, (t, lane, p, a) in enumerate(rows)]
)


def _told(found: Sequence[Match]) -> set[tuple[str | None, str | None, float, bool | None, bool | None]]:
    return {
        (
            m.weighed.passage_id if m.weighed else None,
            m.record.pass_id if m.record else None,
            round(m.confidence, 9),
            m.straddling,
            m.alongside,
        )
        for m in found
    }


@given(vehicles, weighings)
@settings(max_examples=40, deadline=None)
def test_every_vehicle_and_every_record_comes_back_once(passes: list[WeighedPass], records: list[WeighRecord]) -> None:
    found = match(passes, records, SCALE)
    assert sorted(m.weighed.passage_id for m in found if m.weighed) == sorted(p.passage_id for p in passes)
    assert sorted(m.record.pass_id for m in found if m.record) == sorted(r.pass_id for r in records)
    assert all(0 <= m.confidence <= 1 for m in found)


@given(vehicles, weighings, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_in_which_they_come_changes_nothing(
    passes: list[WeighedPass], records: list[WeighRecord], lot: random.Random
) -> None:
    before = _told(match(passes, records, SCALE))
    lot.shuffle(passes)
    lot.shuffle(records)
    assert _told(match(passes, records, SCALE)) == before


@given(vehicles, weighings, st.floats(120, 3600))
@settings(max_examples=40, deadline=None)
def test_a_record_far_away_changes_nothing(
    passes: list[WeighedPass], records: list[WeighRecord], later_s: float
) -> None:
    before = _told(match(passes, records, SCALE))
    far = weighed("far", 0).model_copy(update={"weighed_at": weighed("far", 0).weighed_at + timedelta(seconds=later_s)})
    after = _told(match(passes, [*records, far], SCALE))
    assert before <= after
    assert len(after) == len(before) + 1


def test_a_lane_that_the_settings_lack_is_never_matched() -> None:
    record = weighed("r", 10, lane="9", straddle=True)
    assert paired([truck("a", 10)], [record]) == {}
