import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from detector.places import PlaceLog
from detector.plan import LineSettings, Plan, PlanSettings, Purpose, ZoneSettings

SIZE = (1000, 500)
RIGHT_HALF = ZoneSettings(id="yard", purpose=Purpose.CLOSED, polygon=((0.5, 0), (1, 0), (1, 1), (0.5, 1)))
MIDDLE = LineSettings(id="gate", start=(0.5, 0.0), end=(0.5, 1.0))


def log_of(*anchors: tuple[float, float], fps: float = 10.0, size: float = 40.0) -> PlaceLog:
    """A track whose boxes stand on the given points, one per frame."""
    log = PlaceLog(Plan(PlanSettings(zones=(RIGHT_HALF,), lines=(MIDDLE,)), SIZE))
    for i, (x, y) in enumerate(anchors):
        log.look(i / fps, (x - size / 2, y - size, x + size / 2, y))
    return log


def along(*xs: float) -> PlaceLog:
    return log_of(*((x, 250.0) for x in xs))


def test_a_crossing_is_seen_once_with_its_time_and_direction() -> None:
    log = along(400, 440, 480, 520, 560, 600)
    assert [(c.line, c.at_s, c.forward) for c in log.crossings] == [("gate", 0.3, False)]


def test_the_way_back_is_the_other_direction() -> None:
    assert [c.forward for c in along(600, 560, 520, 480, 440).crossings] == [True]


def test_one_jumping_box_is_no_crossing() -> None:
    assert along(400, 440, 520, 440, 400, 380).crossings == []


def test_a_vehicle_that_stands_on_the_line_crosses_once_at_most() -> None:
    log = along(480, 490, 505, 510, 495, 490, 505, 510, 495, 490, 520, 530)
    assert len(log.crossings) == 1


def test_passing_beyond_the_end_of_a_line_is_no_crossing() -> None:
    short = LineSettings(id="gate", start=(0.5, 0.0), end=(0.5, 0.2))
    log = PlaceLog(Plan(PlanSettings(lines=(short,)), SIZE))
    for i, x in enumerate((400, 450, 550, 600)):
        log.look(i / 10, (x - 20, 360, x + 20, 400))
    assert log.crossings == []


def test_a_crossing_is_found_between_two_far_apart_looks() -> None:
    assert len(along(100, 150, 900, 950).crossings) == 1


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=40))
def test_no_way_gives_more_than_one_crossing_of_a_line(xs: list[float]) -> None:
    assert len(along(*xs).crossings) <= 1


def test_a_visit_has_entry_and_dwell_and_ends() -> None:
    log = along(400, 450, 520, 560, 600, 640, 450, 400, 350)
    (visit,) = log.visits
    assert (visit.zone, visit.entered_s, visit.last_s, visit.frames, visit.over) == ("yard", 0.2, 0.5, 4, True)


def test_one_frame_in_a_zone_is_no_visit() -> None:
    assert along(400, 520, 450, 400).visits == ()


def test_one_frame_out_does_not_split_a_visit() -> None:
    assert len(along(520, 560, 490, 560, 600).visits) == 1


def test_a_stop_is_found_and_its_length_is_in_seconds() -> None:
    still = [(600.0, 250.0)] * 40
    log = log_of((400.0, 250.0), (500.0, 250.0), *still, (700.0, 250.0), (800.0, 250.0))
    (stop,) = log.stops
    assert stop.from_s == pytest.approx(0.2)
    assert stop.duration_s == pytest.approx(3.9)


def test_jitter_of_the_detector_does_not_end_a_stop() -> None:
    shaken = [(600.0 + (i % 3) * 1.5, 250.0 - (i % 2) * 1.5) for i in range(50)]
    assert len(log_of(*shaken).stops) == 1


def test_creeping_is_not_standing() -> None:
    assert log_of(*[(400.0 + 2.0 * i, 250.0) for i in range(100)]).stops == ()


def test_a_lane_without_direction_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValidationError, match="needs a direction"):
        ZoneSettings(id="lane-1", purpose=Purpose.LANE, polygon=((0, 0), (1, 0), (1, 1)))


def test_zones_and_lines_need_different_names() -> None:
    with pytest.raises(ValidationError, match="used twice: yard"):
        PlanSettings(zones=(RIGHT_HALF,), lines=(MIDDLE.model_copy(update={"id": "yard"}),))
