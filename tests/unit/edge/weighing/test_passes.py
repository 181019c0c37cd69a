"""What a passage offers the scale: taken from its way over the plan."""

from __future__ import annotations

import pytest

from detector.plan import PlanSettings
from edge.weighing.passes import weighed_pass
from tests.unit.edge.passages import driven
from tests.unit.edge.weighing.scales import scale


def _lane(name: str, left: float, right: float) -> dict[str, object]:
    corners = [[left, 0], [right, 0], [right, 1], [left, 1]]
    return {"id": name, "purpose": "lane", "polygon": corners, "direction": [[0, 0], [0, 1]]}


PLAN = PlanSettings.model_validate(
    {
        "zones": [_lane("left", 0, 0.5), _lane("right", 0.5, 1)],
        "lines": [{"id": "strips", "start": [1, 0.5], "end": [0, 0.5]}],
    }
)
"""Two lanes down the picture, 500 pixels each, and a line over both; seen from its start, down is to the left."""
DOWN = range(100, 450, 10)


def lanes(**changes: object) -> dict[str, dict[str, object]]:
    return {
        "1": {"camera": "cam", "line": "strips", "zone": "left", "forward": False, **changes},
        "2": {"camera": "cam", "line": "strips", "zone": "right", "forward": False, **changes},
    }


def test_a_vehicle_that_crosses_the_line_in_a_lane_is_weighed_there() -> None:
    found = weighed_pass(driven(PLAN, [(700, y) for y in DOWN]), scale(lanes=lanes()))
    assert found is not None
    assert found.lane == "2"
    assert found.touched == ()
    # It stands on the line at 1.5 s and is beyond at 1.6 s.
    assert found.crossed_s == pytest.approx(1.55)
    assert (found.crossed_at - driven(PLAN, [(700, y) for y in DOWN]).first_at).total_seconds() == pytest.approx(1.55)
    assert 0 < found.time_error_s < 0.1


def test_one_that_changes_lanes_at_the_line_has_touched_both() -> None:
    found = weighed_pass(driven(PLAN, [(280 + y, y) for y in range(50, 330, 10)]), scale(lanes=lanes()))
    assert found is not None
    assert {found.lane, *found.touched} == {"1", "2"}


def test_one_that_changed_lanes_long_before_has_not() -> None:
    way = [(300, y) for y in range(10, 60, 5)] + [(700, y) for y in range(60, 400, 5)]
    found = weighed_pass(driven(PLAN, way), scale(lanes=lanes()))
    assert found is not None
    assert (found.lane, found.touched) == ("2", ())


def test_traffic_the_other_way_is_not_weighed() -> None:
    assert weighed_pass(driven(PLAN, [(700, y) for y in reversed(DOWN)]), scale(lanes=lanes())) is None


def test_one_that_turns_off_before_the_line_is_not_weighed() -> None:
    assert weighed_pass(driven(PLAN, [(700, y) for y in range(50, 220, 10)]), scale(lanes=lanes())) is None


def test_other_cameras_vehicles_are_not_weighed() -> None:
    assert weighed_pass(driven(PLAN, [(700, y) for y in DOWN]), scale(lanes=lanes(camera="elsewhere"))) is None


def test_without_a_line_the_last_look_in_the_zone_counts() -> None:
    found = weighed_pass(driven(PLAN, [(700, y) for y in DOWN]), scale(lanes=lanes(line=None)))
    assert found is not None
    assert found.lane == "2"
    assert found.crossed_s == pytest.approx(3.4)
