"""A camera is found from marks on its road, or refused with a reason."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from pydantic import ValidationError

from cameras.calibration import CalibrationError, calibrate, fitted
from cameras.calibration_settings import CalibrationSettings
from tests.unit.cameras.roads import SIZE, by_lines, by_points, gantry, pixels_of, places


def test_points_without_error_give_the_camera_itself() -> None:
    found = calibrate(by_points(gantry(), places()))
    assert found.view.position_m == pytest.approx(gantry().position_m, abs=1e-3)
    assert found.view.focal_px == pytest.approx(gantry().focal_px, rel=1e-4)
    assert found.rms_px < 0.01
    there = places()
    assert found.view.road(pixels_of(gantry(), there)) == pytest.approx(there, abs=1e-3)


def test_four_points_are_enough_but_leave_nothing_to_check_by() -> None:
    corners = places()[[0, 2, 9, 11]]
    found = calibrate(by_points(gantry(), corners))
    assert found.view.position_m == pytest.approx(gantry().position_m, abs=1e-2)
    assert found.spare == 1


def test_the_interval_of_the_camera_holds_the_truth() -> None:
    inside = []
    for seed in range(40):
        found = calibrate(by_points(gantry(), places(), noise=seed))
        height_std = float(np.sqrt(found.covariance[2, 2]))
        focal_std = float(np.sqrt(found.covariance[6, 6]))
        inside.append(abs(found.view.position_m[2] - 5.2) < 1.96 * height_std)
        inside.append(abs(np.log(found.view.focal_px / gantry().focal_px)) < 1.96 * focal_std)
    assert 0.88 <= np.mean(inside) <= 1.0


def test_lane_marks_of_known_length_give_the_camera_too() -> None:
    found = calibrate(by_lines(gantry()))
    assert found.view.position_m[2] == pytest.approx(5.2, rel=1e-3)
    assert found.view.focal_px == pytest.approx(gantry().focal_px, rel=1e-3)
    near, far = found.view.road(pixels_of(gantry(), np.array([(-20.0, -1.0), (-5.0, 1.0)])))
    assert np.linalg.norm(near - far) == pytest.approx(np.hypot(15.0, 2.0), rel=1e-3)


def test_one_wrong_point_of_twelve_is_named() -> None:
    settings = by_points(gantry(), places(), noise=3)
    points = list(settings.points)
    u, v, x, y = points[4]
    points[4] = (u, v, x + 1.0, y)
    with pytest.raises(CalibrationError, match=r"bad fit: points 5 at pixel .* measure or mark it anew"):
        calibrate(settings.model_copy(update={"points": tuple(points)}))


def test_a_bent_lens_is_refused_unless_its_bend_is_fitted() -> None:
    bent = gantry(fov_deg=90, k1=-0.25)
    there = np.array([(x, y) for x in (-30.0, -12.0, -5.0, 0.0, 3.0) for y in (-7.0, -3.0, 1.0, 6.0)])
    there = there[(pixels_of(bent, there) > 0).all(axis=1) & (pixels_of(bent, there) < SIZE).all(axis=1)]
    with pytest.raises(CalibrationError, match="bad fit"):
        calibrate(by_points(bent, there))
    found = calibrate(by_points(bent, there, fit_distortion=True))
    assert found.view.k1 == pytest.approx(-0.25, abs=0.01)
    assert found.view.road(pixels_of(bent, there)) == pytest.approx(there, abs=0.02)


def test_points_on_one_line_tell_nothing() -> None:
    line = np.array([(x, -3.75) for x in (-30.0, -20.0, -12.0, -6.0, -2.0)])
    with pytest.raises(CalibrationError, match="lie on one line"):
        calibrate(by_points(gantry(), line))


def test_mirrored_metres_are_recognised() -> None:
    settings = by_points(gantry(), places())
    mirrored = tuple((u, v, x, -y) for u, v, x, y in settings.points)
    with pytest.raises(CalibrationError, match="mirrored"):
        calibrate(settings.model_copy(update={"points": mirrored}))


def test_points_close_together_cannot_measure_the_road() -> None:
    small = np.array([(x, y) for x in (-9.0, -8.5, -8.0) for y in (-2.0, -1.5)])
    with pytest.raises(CalibrationError, match=r"do not tell the lens|would be off"):
        calibrate(by_points(gantry(), small, noise=1))


def test_a_known_lens_helps_where_points_cannot_tell_it() -> None:
    few = places()[[0, 2, 4, 9, 11]]
    free, told = (fitted(by_points(gantry(), few, noise=2, **more)) for more in ({}, {"horizontal_fov_deg": 54.0}))
    assert told.view.focal_px == pytest.approx(gantry().focal_px)
    assert told.covariance[2, 2] < free.covariance[2, 2]


def test_a_picture_of_another_size_and_the_same_shape_is_served() -> None:
    found = calibrate(by_points(gantry(), places())).resized((640, 360))
    assert found.view.road(pixels_of(gantry(), places()) / 2) == pytest.approx(places(), abs=1e-3)
    with pytest.raises(ValueError, match="calibrate on a picture of the stream in use"):
        found.resized((640, 480))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "give either points or lines"),
        ({"points": [(1, 2, 3, 4)] * 3}, "too few"),
        ({"lines": [{"across_m": 0, "points": [(1, 2), (3, 4)]}]}, "one line is too few"),
        ({"lines": [{"across_m": a, "points": [(1, 2), (3, 4)]} for a in (0, 3.5)]}, "no line has ends of marks"),
        ({"lines": [{"across_m": 0, "ends": [(1, 2, 0)], "points": [(3, 4)]}] * 2}, "one end of a mark"),
    ],
)
def test_settings_that_cannot_be_fitted_say_what_to_give(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        CalibrationSettings.model_validate({"size": SIZE, **given})


def test_nonsense_gives_no_crash() -> None:
    rng = np.random.default_rng(0)
    for count in (4, 5, 8):
        points = tuple(tuple(map(float, row)) for row in rng.uniform(-1000, 1000, (count, 4)))
        with pytest.raises(CalibrationError):
            calibrate(CalibrationSettings.model_validate({"size": SIZE, "points": points}))


def test_a_speed_is_certified_only_under_a_certificate_that_holds() -> None:
    plain = by_points(gantry(), places())
    meter = by_points(gantry(), places(), speed_meter_certified={"number": "JL-2026-0042", "valid_until": "2026-06-30"})
    in_time, late = datetime(2026, 6, 30, 12, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC)
    assert not plain.certified_at(in_time)
    assert meter.certified_at(in_time)
    assert not meter.certified_at(late)
