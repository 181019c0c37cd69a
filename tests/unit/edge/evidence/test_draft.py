"""The draft of a lead: what is on disk between the finding and the seal."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.plan import PlanSettings
from edge.evidence.draft import read_track, track_box, write_track
from tests.unit.edge.passages import driven


@pytest.mark.parametrize(
    ("t_s", "expected"),
    [
        (0.0, (70.0, 240.0, 130.0, 300.0)),
        (0.54, (120.0, 240.0, 180.0, 300.0)),
        (0.9, (160.0, 240.0, 220.0, 300.0)),
        (1.8, (160.0, 240.0, 220.0, 300.0)),
        (2.0, None),
        (-0.9, (70.0, 240.0, 130.0, 300.0)),
        (-1.1, None),
    ],
)
def test_the_box_nearest_in_time_is_drawn_and_none_where_there_is_none_near(
    tmp_path: Path, t_s: float, expected: tuple[float, ...] | None
) -> None:
    write_track(tmp_path, driven(PlanSettings(), [(100.0 + 10 * i, 300.0) for i in range(10)]))
    assert track_box(read_track(tmp_path), t_s) == expected
