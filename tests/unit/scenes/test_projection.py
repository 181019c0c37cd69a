"""The camera in numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.scenes.projection import box_corners, projection_of, road_points
from scripts.scenes.spec import CameraSpec

GANTRY = CameraSpec("gantry", (14.0, -2.0, 6.0), (-6.0, -2.0, 0.5), 50.0, 1280, 720)


def test_the_target_lies_in_the_middle_of_the_picture() -> None:
    pixels, depth = projection_of(GANTRY).pixels(np.array([GANTRY.target_m]))
    assert pixels[0] == pytest.approx([640, 360])
    assert depth[0] == pytest.approx(math.dist(GANTRY.position_m, GANTRY.target_m))


def test_who_looks_against_the_traffic_has_the_left_of_the_road_at_the_right() -> None:
    left_of_road = np.array([[-6.0, 3.0, 0.5]])
    assert projection_of(GANTRY).pixels(left_of_road)[0][0, 0] > 640


def test_what_is_higher_lies_higher_in_the_picture() -> None:
    low, high = projection_of(GANTRY).pixels(np.array([[-6.0, -2.0, 0.0], [-6.0, -2.0, 3.0]]))[0]
    assert high[1] < low[1]


def test_what_is_behind_the_camera_has_no_pixel() -> None:
    pixels, depth = projection_of(GANTRY).pixels(np.array([[30.0, -2.0, 6.0]]))
    assert np.isnan(pixels).all()
    assert depth[0] < 0


@settings(max_examples=40)
@given(x=st.floats(-60, 4), y=st.floats(-9, 9))
def test_a_pixel_of_the_road_leads_back_to_its_place(x: float, y: float) -> None:
    projection = projection_of(GANTRY)
    pixel = projection.pixels(np.array([[x, y, 0.0]]))[0][0]
    assert projection.ground((float(pixel[0]), float(pixel[1]))) == pytest.approx((x, y), abs=1e-6)


def test_above_the_horizon_there_is_no_road() -> None:
    level = CameraSpec("side", (0.0, -10.0, 2.0), (0.0, 0.0, 2.0), 40.0, 640, 360)
    assert projection_of(level).ground((320.0, 20.0)) is None


def test_road_points_calibrate_the_whole_road() -> None:
    points = road_points(GANTRY)
    assert len(points) >= 6
    assert len({point[3] for point in points}) > 3
    for x_px, y_px, x_m, y_m in points:
        assert projection_of(GANTRY).ground((x_px, y_px)) == pytest.approx((x_m, y_m), abs=2e-3)


def test_a_turned_box_keeps_its_size() -> None:
    corners = box_corners(3.0, 4.0, 90.0, (10.0, 2.5, 3.5))
    assert np.ptp(corners, axis=0) == pytest.approx([2.5, 10.0, 3.5])
    assert corners.mean(axis=0) == pytest.approx([3.0, 4.0, 1.75])
