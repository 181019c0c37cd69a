from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.detections import Detections
from detector.tracker import Track, Tracker, TrackerSettings
from models.taxonomy import VEHICLES, group_ids
from tests.unit.detector.roads import Car, detections

SIZE = (1280, 720)
GROUPS = group_ids(VEHICLES)
PERSON = VEHICLES.index("person")


def follow(
    cars: list[Car], fps: float, seconds: float, jitter: float = 0.0, seed: int = 0
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Track numbers of each car, and cars of each track number."""
    tracker, rng = Tracker(TrackerSettings(), GROUPS), np.random.default_rng(seed)
    tracks_of, cars_of = defaultdict(set), defaultdict(set)
    for i in range(int(seconds * fps)):
        seen, which = detections(cars, i / fps, rng, jitter)
        for track, row in tracker.update(i / fps, seen, SIZE).matched:
            tracks_of[which[row]].add(track.number)
            cars_of[track.number].add(which[row])
    return tracks_of, cars_of


@settings(max_examples=60, deadline=None)
@given(
    lanes=st.lists(st.floats(-500, 500), min_size=1, max_size=5),
    fps=st.sampled_from([5.0, 10.0, 12.5, 25.0, 30.0]),
    seed=st.integers(0, 1000),
)
def test_numbers_never_jump_between_well_apart_vehicles(lanes: list[float], fps: float, seed: int) -> None:
    cars = [Car((640.0, 100.0 + 250.0 * i), (speed, 0.0)) for i, speed in enumerate(lanes)]
    _, cars_of = follow(cars, fps, 3.0, jitter=0.02, seed=seed)
    assert all(len(cars) == 1 for cars in cars_of.values())


@pytest.mark.parametrize("fps", [5, 10, 15, 30])
def test_a_vehicle_keeps_its_number_at_any_frame_rate(fps: float) -> None:
    # 2 sizes per second, the speed of a vehicle right below a gantry.
    tracks_of, _ = follow([Car((100.0, 300.0), (160.0, 0.0))], fps, 5.0, jitter=0.02)
    assert len(tracks_of[0]) == 1


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_two_vehicles_that_pass_in_opposite_directions_keep_their_numbers(fps: float) -> None:
    cars = [Car((100.0, 300.0), (150.0, 0.0)), Car((900.0, 380.0), (-150.0, 0.0))]
    tracks_of, cars_of = follow(cars, fps, 5.0, jitter=0.02)
    assert [len(tracks_of[i]) for i in (0, 1)] == [1, 1]
    assert all(len(c) == 1 for c in cars_of.values())


def test_weak_boxes_keep_a_track_alive_but_start_none() -> None:
    tracker = Tracker(TrackerSettings(), GROUPS)
    car = [Car((100.0, 300.0), (100.0, 0.0))]
    numbers = set()
    for i in range(30):
        seen, _ = detections(car, i / 10, score=0.8 if i < 5 else 0.15)
        numbers |= {t.number for t, _ in tracker.update(i / 10, seen, SIZE).matched}
    assert numbers == {1}
    fresh = Tracker(TrackerSettings(), GROUPS)
    assert not any(fresh.update(i / 10, detections(car, i / 10, score=0.15)[0], SIZE).matched for i in range(10))


@pytest.mark.parametrize(("gap_s", "tracks"), [(0.8, 1), (3.0, 2)])
def test_a_hidden_vehicle_is_found_again_only_for_some_time(gap_s: float, tracks: int) -> None:
    tracker, numbers = Tracker(TrackerSettings(lost_after_s=1.2), GROUPS), set()
    car = [Car((100.0, 300.0), (40.0, 0.0))]
    for i in range(100):
        t = i / 10
        hidden = 2.0 < t < 2.0 + gap_s
        seen = Detections.empty() if hidden else detections(car, t)[0]
        numbers |= {track.number for track, _ in tracker.update(t, seen, SIZE).matched if track.confirmed}
    assert len(numbers) == tracks


def test_ageing_is_in_seconds_whatever_the_frame_rate() -> None:
    for fps in (5, 30):
        tracker = Tracker(TrackerSettings(lost_after_s=1.0), GROUPS)
        ended_at = None
        for i in range(10 * fps):
            t = i / fps
            seen = detections([Car((300.0, 300.0), (0.0, 0.0), to_s=2.0)], t)[0]
            if tracker.update(t, seen, SIZE).ended:
                ended_at = t
                break
        assert ended_at is not None
        assert 3.0 < ended_at <= 3.0 + 2 / fps


def test_a_surer_box_of_another_vehicle_does_not_take_a_track_from_its_own_weak_one() -> None:
    # A car drives out at the lower left as a truck drives in there, larger and seen better.
    car = [
        (335, 385, 489, 492),
        (308, 397, 466, 504),
        (276, 406, 449, 520),
        (239, 419, 428, 541),
        (199, 423, 404, 558),
        (160, 439, 379, 582),
        (117, 448, 346, 601),
    ]
    tracker = Tracker(TrackerSettings(), GROUPS)
    for i, box in enumerate(car):
        first = Detections(np.array([box], np.float32), np.array([0.8], np.float32), np.array([0]))
        tracker.update(i / 10, first, SIZE)
    boxes = np.array([(124, 471, 313, 599), (0, 488, 333, 720)], np.float32)
    both = Detections(boxes, np.array([0.26, 0.43], np.float32), np.array([0, 3]))
    matched = tracker.update(len(car) / 10, both, SIZE).matched
    assert {row: track.number for track, row in matched} == {0: 1, 1: 2}


def test_a_person_is_never_joined_to_a_vehicle() -> None:
    tracker = Tracker(TrackerSettings(), GROUPS)
    for i in range(6):
        seen = detections([Car((300.0, 300.0), (0.0, 0.0), class_id=3 if i < 3 else PERSON)], i / 10)[0]
        tracks = {t.number for t, _ in tracker.update(i / 10, seen, SIZE).matched}
    assert tracks == {2}


def test_the_cab_inside_a_followed_truck_is_no_second_vehicle() -> None:
    tracker = Tracker(TrackerSettings(), GROUPS)
    truck, cab = Car((400.0, 300.0), (0.0, 0.0), (300.0, 200.0)), Car((500.0, 320.0), (0.0, 0.0), (80.0, 100.0))
    for i in range(10):
        seen, _ = detections([truck] if i < 4 else [truck, cab], i / 10)
        tracker.update(i / 10, seen, SIZE)
    assert tracker.alive == 1


@pytest.mark.parametrize("older", ["cab", "truck"])
def test_cab_and_truck_followed_apart_become_one(older: str) -> None:
    tracker = Tracker(TrackerSettings(), GROUPS)
    # The truck's box jumps into view around a cab that is followed already, or the cab into the truck's, too large
    # at first to count as a part.
    truck, cab = Car((400.0, 300.0), (0.0, 0.0), (300.0, 200.0)), Car((560.0, 350.0), (0.0, 0.0), (120.0, 100.0))
    first, second = (cab, truck) if older == "cab" else (truck, cab)
    inside = Car((480.0, 350.0), (0.0, 0.0), (120.0, 100.0))
    absorbed, last = [], None
    for i in range(40):
        t = i / 10
        cars = [first] if i < 8 else [truck, cab if i < 16 else inside] if older == "truck" else [first, second]
        if older == "cab" and i >= 16:
            cars = [inside, truck]
        step = tracker.update(t, detections(cars, t)[0], SIZE)
        absorbed += [(track.number, track.confirmed) for track in step.absorbed]
        last = step
    assert absorbed == [(2, True)]
    assert last is not None
    ((track, row),) = last.matched
    assert (track.number, tracker.alive) == (1, 1)
    boxes = detections([truck, inside] if older == "truck" else [inside, truck], 4.0)[0].boxes
    assert boxes[row].tolist() == pytest.approx(truck.box(0.0))


def test_a_vehicle_behind_another_is_not_absorbed() -> None:
    # Its box lies inside the larger one's, but it stands further up the road.
    tracker = Tracker(TrackerSettings(part_inside=0.99), GROUPS)
    near, far = Car((400.0, 300.0), (0.0, 0.0), (300.0, 200.0)), Car((500.0, 280.0), (0.0, 0.0), (90.0, 60.0))
    for i in range(30):
        step = tracker.update(i / 10, detections([far] if i < 5 else [far, near], i / 10)[0], SIZE)
        assert not step.absorbed
    assert tracker.alive == 2


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_weak_boxes_become_a_vehicle_only_when_they_go_on(fps: int) -> None:
    def first_confirmed(score: float) -> float | None:
        tracker = Tracker(TrackerSettings(confirm_within_s=2.0), GROUPS)
        for i in range(2 * fps):
            seen = detections([Car((300.0, 300.0), (30.0, 0.0))], i / fps, score=score)[0]
            if any(t.confirmed for t, _ in tracker.update(i / fps, seen, SIZE).matched):
                return i / fps
        return None

    sure, weak = first_confirmed(0.8), first_confirmed(0.3)
    assert sure is not None
    assert weak is not None
    assert sure <= 0.4
    assert weak >= max(2 * sure, 0.39)


def test_a_single_false_box_becomes_no_vehicle() -> None:
    tracker = Tracker(TrackerSettings(), GROUPS)
    ended: list[Track] = []
    for i in range(40):
        seen = detections([Car((300.0, 300.0), (0.0, 0.0), from_s=1.0, to_s=1.05)], i / 10)[0]
        ended += tracker.update(i / 10, seen, SIZE).ended
    assert ended == []
    assert tracker.alive == 0


def test_trackers_share_nothing() -> None:
    first, second = Tracker(TrackerSettings(), GROUPS), Tracker(TrackerSettings(), GROUPS)
    seen, _ = detections([Car((300.0, 300.0), (0.0, 0.0))], 0.0)
    assert first.update(0.0, seen, SIZE).matched[0][0].number == 1
    assert second.update(0.0, seen, SIZE).matched[0][0].number == 1


def test_time_that_goes_back_is_refused() -> None:
    tracker = Tracker(TrackerSettings(), GROUPS)
    tracker.update(1.0, Detections.empty(), SIZE)
    with pytest.raises(ValueError, match="time goes back"):
        tracker.update(0.5, Detections.empty(), SIZE)


def test_a_cab_seen_before_its_truck_was_sure_becomes_no_vehicle_of_its_own() -> None:
    tracker = Tracker(TrackerSettings(), GROUPS)
    truck, cab = Car((400.0, 300.0), (0.0, 0.0), (300.0, 200.0)), Car((470.0, 290.0), (0.0, 0.0), (80.0, 100.0))
    vehicles = set()
    for i in range(20):
        boxes = np.array([truck.box(0.0), cab.box(0.0)], np.float32)
        both = Detections(boxes, np.array([0.8, 0.3], np.float32), np.array([3, 3]))
        vehicles |= {track.number for track, _ in tracker.update(i / 10, both, SIZE).matched if track.confirmed}
    assert len(vehicles) == 1
