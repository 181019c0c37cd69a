"""Best shots: large, sharp, whole views, and not all of the same place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from cameras import Frame
from detector.detections import Box
from detector.shots import Shot, ShotKeeper, ShotSettings

SIZE = (640, 360)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NOISE = np.random.default_rng(7).integers(0, 255, (360, 640, 3), np.uint8)
NOBODY = np.zeros((0, 4), np.float32)


def frame(t_s: float) -> Frame:
    return Frame("cam", 0, round(t_s * 10), t_s, NOON + timedelta(seconds=t_s), NOISE)


def kept(views: list[tuple[float, Box]], keep: int = 3) -> tuple[Shot, ...]:
    keeper = ShotKeeper(ShotSettings(keep=keep), SIZE)
    for t_s, box in views:
        keeper.offer(frame(t_s), box, 0.9, lambda: NOBODY)
    return keeper.best


def square(x: float, y: float, side: float) -> Box:
    return (x, y, x + side, y + side)


def test_the_largest_view_is_the_best() -> None:
    shots = kept([(0.0, square(100, 100, 60)), (1.0, square(120, 100, 120)), (2.0, square(140, 100, 80))])
    assert [s.t_s for s in shots] == [1.0, 2.0, 0.0]


def test_a_view_that_the_pictures_edge_cuts_is_worth_less() -> None:
    shots = kept([(0.0, square(100, 100, 60)), (1.0, square(-20, 100, 120))])
    assert [(s.t_s, s.cut) for s in shots] == [(0.0, False), (1.0, True)]


def test_a_vehicle_that_stands_does_not_fill_all_places_with_one_view() -> None:
    standing = [(5.0 + 0.5 * i, square(300, 100, 100 + i / 10)) for i in range(20)]
    shots = kept([(0.0, square(50, 100, 60)), (1.0, square(150, 100, 80)), *standing])
    assert {0.0, 1.0} < {s.t_s for s in shots}


def test_a_crop_knows_its_place_in_the_picture() -> None:
    (shot,) = kept([(0.0, square(100, 50, 100))])
    assert shot.corner == (92, 42)
    assert shot.own_box == (8, 8, 108, 108)
    assert shot.in_picture((10, 10, 20, 20)) == (102, 52, 112, 62)
    x, y = shot.corner
    height, width = shot.crop.shape[:2]
    assert (shot.crop == NOISE[y : y + height, x : x + width]).all()


def with_another(other: Box) -> Shot:
    keeper = ShotKeeper(ShotSettings(), SIZE)
    keeper.offer(frame(0.0), square(100, 50, 100), 0.9, lambda: np.array([other], np.float32))
    return keeper.best[0]


def test_what_lies_in_a_nearer_vehicles_box_is_not_the_vehicles_own() -> None:
    nearer = with_another((150, 100, 260, 220))
    assert not nearer.is_own((80, 80, 90, 90)), "on the nearer vehicle, which stands lower in the picture"
    assert nearer.is_own((20, 20, 30, 30))
    farther = with_another((150, 20, 260, 140))
    assert farther.is_own((80, 80, 90, 90))


def test_what_lies_outside_the_vehicles_box_is_not_its_own() -> None:
    (shot,) = kept([(0.0, square(100, 50, 100))])
    assert not shot.is_own((0, 0, 6, 6))
