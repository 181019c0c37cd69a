"""Scenes drawn by lot."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest

from scripts.scenes.projection import box_corners, projection_of
from scripts.scenes.spec import Body, PlacedVehicle, RoadSpec, SceneSpec
from scripts.scenes.stills import sample_scene
from scripts.scenes.world.layout import ClearView, clear_view, lane_y, layout_of, oncoming_y

SIZE = (640, 360)
SCENES = [sample_scene(seed, SIZE) for seed in range(300)]


def shown(scene: SceneSpec, placed: PlacedVehicle) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    vehicle, pose = placed.vehicle, placed.way[0]
    size = (vehicle.length_m, vehicle.width_m, vehicle.height_m)
    return projection_of(scene.camera).pixels(box_corners(pose.x_m, pose.y_m, pose.heading_deg, size))[0]


def test_the_same_seed_gives_the_same_scene() -> None:
    assert sample_scene(17, SIZE) == SCENES[17]


def test_the_first_vehicle_stands_before_the_camera_and_large() -> None:
    shares = []
    for scene in SCENES:
        pixels = shown(scene, scene.vehicles[0])
        assert 0 < pixels[:, 0].mean() < SIZE[0], scene.identity
        shares.append(np.ptp(pixels[:, 0]) / SIZE[0])
    assert np.quantile(shares, 0.1) > 0.1
    assert np.quantile(shares, 0.9) < 1.0


def test_two_fifths_look_from_the_gantry_and_as_many_from_the_side() -> None:
    views = [scene.camera.view for scene in SCENES]
    assert [views.count(view) / len(views) for view in ("gantry", "side", "rear")] == pytest.approx(
        [0.4, 0.4, 0.2], abs=0.09
    )


def test_no_two_vehicles_stand_in_one_another() -> None:
    for scene in SCENES:
        lanes: dict[float, list[tuple[float, float]]] = {}
        for placed in scene.vehicles:
            pose = placed.way[0]
            lane = round(pose.y_m / scene.road.lane_width_m - 0.5)
            lanes.setdefault(lane, []).append((pose.x_m, placed.vehicle.length_m))
        for row in lanes.values():
            row.sort()
            for (x, length), (beyond, other) in pairwise(row):
                assert beyond - x > (length + other) / 2, scene.identity


def test_traffic_keeps_right() -> None:
    for scene in SCENES:
        for placed in scene.vehicles:
            along = placed.way[0].heading_deg < 90
            assert (placed.way[0].y_m < 0) == along, scene.identity


def test_what_is_rare_on_the_road_is_common_in_the_stills() -> None:
    first = [scene.vehicles[0].vehicle for scene in SCENES]
    assert sum(bool(vehicle.lifted_axles) for vehicle in first) > 15
    assert sum(vehicle.panel is not None for vehicle in first) > 20
    assert sum(vehicle.load == "heaped" for vehicle in first) > 15


def test_lanes_are_counted_from_the_middle_of_the_road() -> None:
    road = RoadSpec("checkpoint", 4, 3.5)
    assert [lane_y(road, lane) for lane in (1, 2)] == [-1.75, -5.25]
    assert oncoming_y(road, 1) == 1.75


def test_a_road_is_straight_where_the_traffic_is_watched() -> None:
    layout = layout_of(RoadSpec("mountain", 2, 3.75, 99))
    along = np.linspace(-50, 50, 21)
    places = layout.place(along, np.full_like(along, -1.9))
    np.testing.assert_allclose(places, np.stack([along, np.full_like(along, -1.9)], axis=1), atol=1e-6)


def test_a_three_lane_road_climbs_with_two() -> None:
    layout = layout_of(RoadSpec("mountain", 3))
    assert (layout.forward, layout.backward) == (2, 1)


def test_nothing_may_stand_between_camera_and_traffic() -> None:
    free = clear_view(SCENES[0].camera)
    assert free.blocks(free.x_m + np.cos(free.azimuth) * 5, free.y_m + np.sin(free.azimuth) * 5)
    assert not free.blocks(free.x_m - np.cos(free.azimuth) * 5, free.y_m - np.sin(free.azimuth) * 5)


def test_what_stands_behind_the_traffic_hides_nothing() -> None:
    assert not ClearView(0.0, 0.0, 0.0, 0.4, 20.0).blocks(30.0, 0.0, 2.0)


def test_of_goods_vehicles_every_body_and_load_is_common_and_mixers_are_there() -> None:
    first = [sample_scene(seed, SIZE, goods=True).vehicles[0].vehicle for seed in range(200)]
    bodies = [vehicle.body for vehicle in first]
    assert set(bodies) == set(get_args(Body))
    assert min(bodies.count(body) for body in ("box", "container", "stake", "flat", "tipper")) > 12
    loads = [vehicle.load for vehicle in first if vehicle.body in ("stake", "flat", "tipper")]
    assert min(loads.count(load) for load in ("empty", "level", "covered", "heaped")) > 12
    assert sum(vehicle.raised_boards for vehicle in first) > 8


def test_mixers_are_drawn_only_where_they_are_asked_for() -> None:
    assert all(placed.vehicle.body != "mixer" for scene in SCENES for placed in scene.vehicles)
