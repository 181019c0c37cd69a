"""Draws scenes by lot: one to four vehicles before a camera, with what is rare on the road made frequent."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from scripts.scenes.goods_vehicles import goods_vehicle
from scripts.scenes.projection import box_corners, projection_of
from scripts.scenes.sampling import drawn, sample_vehicle
from scripts.scenes.spec import (
    Body,
    CameraSpec,
    Kind,
    LightSpec,
    Load,
    PlacedPerson,
    PlacedVehicle,
    RoadSpec,
    SceneSpec,
    VehicleSpec,
    Waypoint,
)
from scripts.scenes.world.layout import Layout, lane_y, layout_of, oncoming_y

View = Literal["gantry", "side", "rear"]
Setting = Literal["mountain", "tunnel", "checkpoint", "town"]

VIEWS: dict[View, float] = {"gantry": 0.4, "side": 0.4, "rear": 0.2}
SETTINGS: dict[Setting, float] = {"mountain": 0.3, "checkpoint": 0.3, "town": 0.22, "tunnel": 0.18}
FIRST_KINDS: dict[Kind, float] = {
    "semi_trailer": 0.22,
    "tipper": 0.17,
    "tank_truck": 0.17,
    "rigid_truck": 0.11,
    "light_truck": 0.08,
    "minivan": 0.06,
    "coach": 0.06,
    "taxi": 0.05,
    "sedan": 0.02,
    "suv": 0.02,
    "motorcycle": 0.02,
    "three_wheeler": 0.02,
}
"""Of the vehicle that the camera is set up for."""
OTHER_KINDS: dict[Kind, float] = {
    "sedan": 0.2,
    "suv": 0.14,
    "taxi": 0.08,
    "minivan": 0.1,
    "coach": 0.06,
    "light_truck": 0.1,
    "rigid_truck": 0.08,
    "tipper": 0.06,
    "semi_trailer": 0.08,
    "tank_truck": 0.04,
    "motorcycle": 0.04,
    "three_wheeler": 0.02,
}
GAP_M = 5.0
"""Least distance between two vehicles of one lane."""


def sample_scene(seed: int, size: tuple[int, int], close: bool = False, goods: bool = False) -> SceneSpec:
    """A scene by lot; the same seed gives the same scene. `size` is the picture's width and height.

    `close`: one vehicle fills the picture, as in the cut-out that the second look gets. `goods`: the same, and bodies
    and loads are equally frequent.
    """
    close = close or goods
    rng = np.random.default_rng(seed)
    view = drawn(rng, VIEWS)
    setting = drawn(rng, SETTINGS)
    if setting == "tunnel" and view == "gantry":
        setting = "mountain"
    lanes: Literal[2, 3, 4] = rng.choice([2, 3, 4], p=[0.5, 0.15, 0.35])
    road = RoadSpec(setting, int(lanes), 3.5 if setting == "town" else 3.75, int(rng.integers(1 << 30)))  # type: ignore[arg-type]
    layout = layout_of(road)
    vehicles = _traffic(rng, layout, view, goods)[: 1 if close else None]
    first = vehicles[0]
    return SceneSpec(
        identity=f"{'goods' if goods else 'close' if close else 'still'}-{seed:08d}",
        seed=seed,
        road=road,
        light=_light(rng),
        camera=_camera(rng, view, first, layout, size, close),
        vehicles=vehicles,
        persons=_people(rng, layout, first.way[0].x_m),
    )


def _traffic(rng: np.random.Generator, layout: Layout, view: View, goods: bool) -> tuple[PlacedVehicle, ...]:
    """The vehicle before the camera, and up to three more where they do not stand between the two."""
    lane = layout.forward if view == "side" else int(rng.integers(1, layout.forward + 1))
    first = goods_vehicle(rng) if goods else _telling(rng, drawn(rng, FIRST_KINDS))
    placed = [_placed(rng, layout, first, lane, float(rng.uniform(-2, 2)))]
    taken = {lane: [(placed[0].way[0].x_m, first.length_m)]}
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.3, 0.35, 0.22, 0.13]))):
        other = sample_vehicle(rng, drawn(rng, OTHER_KINDS))
        choices = [*range(1, layout.forward + 1), *(-number for number in range(1, layout.backward + 1))]
        theirs = int(rng.choice(choices))
        x = float(rng.uniform(-45, 12) if view == "gantry" else rng.uniform(-14, 40))
        if view == "side":
            x = float(rng.uniform(-25, 25))
        near = taken.setdefault(theirs, [])
        if all(abs(x - there) > (length + other.length_m) / 2 + GAP_M for there, length in near):
            near.append((x, other.length_m))
            placed.append(_placed(rng, layout, other, theirs, x))
    return tuple(placed)


def _telling(rng: np.random.Generator, kind: Kind) -> VehicleSpec:
    """A vehicle more likely than on the road to show what the second look must find."""
    draw = rng.random()
    if kind == "tipper":
        load: Load = drawn(rng, {"heaped": 0.45, "covered": 0.2, "level": 0.15, "empty": 0.2})
        return sample_vehicle(rng, kind, load=load, raised_boards=bool(rng.random() < 0.3) and load != "covered")
    if kind == "semi_trailer" and draw < 0.35:
        groups, lifted = [((1, 2, 3), (3,)), ((1, 2, 2), (3,)), ((1, 1, 3), (2,))][int(rng.integers(3))]
        return sample_vehicle(rng, kind, groups=groups, lifted_axles=lifted, body="stake", load="empty")
    if kind == "semi_trailer" and draw < 0.55:
        return sample_vehicle(rng, kind, body="tipper", load="heaped" if rng.random() < 0.6 else "covered")
    if kind == "rigid_truck" and draw < 0.3:
        return sample_vehicle(rng, kind, groups=(2, 2), lifted_axles=(3,), load="empty", body="stake")
    if kind == "tank_truck":
        return sample_vehicle(rng, kind, panel=bool(rng.random() < 0.75), diamonds=bool(rng.random() < 0.8))
    if kind in ("light_truck", "three_wheeler") and draw < 0.2:
        body: Body | None = "stake" if kind == "light_truck" else None
        return sample_vehicle(rng, kind, body=body, people_in_bed=int(rng.integers(1, 5)))
    return sample_vehicle(rng, kind)


def _placed(rng: np.random.Generator, layout: Layout, vehicle: VehicleSpec, lane: int, x_m: float) -> PlacedVehicle:
    """Standing in a lane; negative lanes run against X."""
    aside = float(rng.normal(0, 0.18))
    if lane > 0:
        return PlacedVehicle(
            vehicle, (Waypoint(0.0, x_m, lane_y(layout.road, lane) + aside, rng.normal(0, 0.8)),), lane
        )
    return PlacedVehicle(vehicle, (Waypoint(0.0, x_m, oncoming_y(layout.road, -lane) + aside, 180.0),), -lane)


def _camera(
    rng: np.random.Generator, view: View, first: PlacedVehicle, layout: Layout, size: tuple[int, int], close: bool
) -> CameraSpec:
    """Far enough away that the first vehicle fills the share of the picture that was drawn."""
    pose = first.way[0]
    if view == "side":
        turn, height, share = -90 + rng.normal(0, 20), rng.uniform(1.6, 4.5), rng.uniform(0.45, 0.88)
    else:
        turn, height, share = rng.normal(0, 16), rng.uniform(4.2, 7.5), rng.uniform(0.24, 0.62)
        if view == "rear":
            turn, height = 180 + turn, rng.uniform(2.6, 6.5)
    fov = float(rng.uniform(28, 58))
    share *= float(np.clip(first.vehicle.length_m / 8.0, 0.6, 1.0))
    if close:
        fov, share = fov / 2, float(rng.uniform(0.7, 1.0))
    middle = (pose.x_m + rng.normal(0, 0.04) * first.vehicle.length_m, pose.y_m)
    aim = first.vehicle.height_m * rng.uniform(0.28, 0.55)

    def at(distance_m: float) -> CameraSpec:
        angle = math.radians(turn)
        place = (middle[0] + distance_m * math.cos(angle), middle[1] + distance_m * math.sin(angle), float(height))
        return CameraSpec(view, place, (middle[0], middle[1], float(aim)), fov, size[0], size[1])

    nearest = first.vehicle.length_m / 2 + 3.0
    if view == "side":
        nearest = max((pose.y_m - layout.right_end_m + 1.5) / abs(math.sin(math.radians(turn))), 4.0)
    near, far = nearest, 90.0
    for _ in range(24):
        middle_m = (near + far) / 2
        if _filled(at(middle_m), first) > share:
            near = middle_m
        else:
            far = middle_m
    return _nudged(rng, at(far), first)


def _filled(camera: CameraSpec, placed: PlacedVehicle) -> float:
    """The larger of the shares of the picture's width and height (to 1.15 of it) that a vehicle's box takes."""
    pixels = _corners(camera, placed)
    if np.isnan(pixels).any():
        return 9.0
    width, height = np.ptp(pixels, axis=0)
    return float(max(width / camera.width, 0.75 * height / camera.height))


def _nudged(rng: np.random.Generator, camera: CameraSpec, placed: PlacedVehicle) -> CameraSpec:
    """Aimed beside the vehicle's middle, so that it does not always stand in the middle of the picture."""
    pixels = _corners(camera, placed)
    room = max(0.0, camera.width - float(np.ptp(pixels[:, 0]))) / 2
    metres = math.dist(camera.position_m, camera.target_m) / projection_of(camera).focal_px
    side = float(rng.uniform(-0.8, 0.8)) * room * metres
    right = projection_of(camera).axes[0]
    x, y, z = camera.target_m
    target = (x + side * float(right[0]), y + side * float(right[1]), z)
    return CameraSpec(camera.view, camera.position_m, target, camera.horizontal_fov_deg, camera.width, camera.height)


def _corners(camera: CameraSpec, placed: PlacedVehicle) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    vehicle, pose = placed.vehicle, placed.way[0]
    corners = box_corners(pose.x_m, pose.y_m, pose.heading_deg, (vehicle.length_m, vehicle.width_m, vehicle.height_m))
    return projection_of(camera).pixels(corners)[0]


def _light(rng: np.random.Generator) -> LightSpec:
    time: Literal["day", "dusk", "night"] = drawn(rng, {"day": 0.6, "dusk": 0.18, "night": 0.22})
    weather: Literal["clear", "rain", "haze"] = drawn(rng, {"clear": 0.58, "rain": 0.24, "haze": 0.18})
    elevation = rng.uniform(3, 10) if time == "dusk" else rng.uniform(22, 68)
    return LightSpec(time, weather, float(rng.uniform(0, 360)), float(elevation))


def _people(rng: np.random.Generator, layout: Layout, x_m: float) -> tuple[PlacedPerson, ...]:
    """Up to three people beside the road, where there are any at all."""
    share = {"town": 0.6, "checkpoint": 0.35, "mountain": 0.06, "tunnel": 0.04}[layout.road.setting]
    if rng.random() > share:
        return ()
    people = []
    for number in range(int(rng.integers(1, 4))):
        x, y = x_m + rng.uniform(-12, 12), layout.right_end_m - rng.uniform(0.4, 2.6)
        pose: Literal["standing", "walking"] = "standing" if rng.random() < 0.6 else "walking"
        way = (Waypoint(0.0, float(x), float(y), float(rng.uniform(0, 360))),)
        people.append(PlacedPerson(f"person-{number + 1}", int(rng.integers(1 << 30)), way, pose))
    return tuple(people)
