"""The three sample clips: who drives where and when, what it breaks, and what scale and registry say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from scripts.scenes.records import RegistryEntry, Sighting
from scripts.scenes.sampling import sample_vehicle
from scripts.scenes.spec import (
    CameraSpec,
    LightSpec,
    PlacedPerson,
    PlacedVehicle,
    RoadSpec,
    SceneSpec,
    VehicleSpec,
    Waypoint,
)
from scripts.scenes.truth import Violation
from scripts.scenes.world.layout import lane_y, oncoming_y

SIZE = (1280, 720)
FPS = 10.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A clip to render, and the records that lie beside it."""

    scene: SceneSpec
    seconds: float
    started_at: datetime
    """Time of the first frame, UTC; the site file of the demo names the same."""
    violations: tuple[Violation, ...]
    registry: tuple[RegistryEntry, ...]
    weighed: bool = False
    """Whether vehicles cross the weigh strips at X = 0."""
    sightings: tuple[Sighting, ...] = ()
    """Passages of earlier days that the box would remember."""
    fps: float = FPS


def through(vehicle: VehicleSpec, road: RoadSpec, at_m: float, kmh: float, seconds: float) -> PlacedVehicle:
    """A vehicle that drives along the first lane at an even speed, its middle at `at_m` at 0 s."""
    y = lane_y(road, 1)
    end = at_m + kmh / 3.6 * seconds
    return PlacedVehicle(vehicle, (Waypoint(0.0, at_m, y), Waypoint(seconds, end, y)), 1)


def oncoming(vehicle: VehicleSpec, road: RoadSpec, at_m: float, kmh: float, seconds: float) -> PlacedVehicle:
    """The same against X."""
    y = oncoming_y(road, 1)
    end = at_m - kmh / 3.6 * seconds
    return PlacedVehicle(vehicle, (Waypoint(0.0, at_m, y, 180.0), Waypoint(seconds, end, y, 180.0)), 1)


def overload_checkpoint() -> Sample:
    """A heaped tipper, a semi-trailer far over its limit, a car, a lawful semi-trailer, all over the weigh strips."""
    rng = np.random.default_rng(41)
    road, seconds = RoadSpec("checkpoint", 2, 3.75, 7), 13.5
    tipper = sample_vehicle(
        rng,
        "tipper",
        identity="tipper",
        groups=(2, 2),
        load="heaped",
        raised_boards=False,
        over_limit=True,
        plate="闽H31782",
    )
    semi = sample_vehicle(
        rng,
        "semi_trailer",
        identity="semi-over",
        groups=(1, 2, 3),
        body="stake",
        load="covered",
        lifted_axles=(),
        over_limit=True,
        plate="闽H62905",
    )
    car = sample_vehicle(rng, "sedan", identity="car", plate="闽H5K618")
    lawful = sample_vehicle(
        rng,
        "semi_trailer",
        identity="semi-lawful",
        groups=(1, 2, 3),
        body="container",
        load="none",
        lifted_axles=(),
        over_limit=False,
        plate="闽H70316",
    )
    back = sample_vehicle(rng, "light_truck", identity="oncoming", load="covered", plate="闽H8R552")
    speed = 34.0
    placed = tuple(
        through(vehicle, road, at, speed, seconds)
        for vehicle, at in ((tipper, -30.0), (semi, -56.0), (car, -79.0), (lawful, -103.0))
    )
    return Sample(
        SceneSpec(
            "overload-checkpoint",
            41,
            road,
            LightSpec("day", "clear", 250.0, 42.0),
            CameraSpec("gantry", (12.0, -9.2, 5.2), (-8.0, -1.6, 1.2), 54.0, *SIZE),
            (*placed, oncoming(back, road, 38.0, 46.0, seconds)),
        ),
        seconds,
        datetime(2026, 11, 23, 6, 22, tzinfo=UTC),
        (
            *_over(tipper, placed[0]),
            Violation("LD-01", tipper.identity, 0.0, 6.0, "The load is heaped above the boards and not covered."),
            *_over(semi, placed[1]),
        ),
        (
            *(RegistryEntry.of(vehicle) for vehicle in (tipper, semi, lawful, back)),
            RegistryEntry.of(car, use_nature="A"),
        ),
        weighed=True,
    )


def _over(vehicle: VehicleSpec, placed: PlacedVehicle) -> tuple[Violation, Violation]:
    """Over the road's limit and, since what is registered is as much, over the vehicle's own: two units' business."""
    assert vehicle.mass_kg is not None
    assert vehicle.limit_kg is not None
    over = vehicle.mass_kg - vehicle.limit_kg
    start, end = placed.way
    at = (0.0 - start.x_m) / (end.x_m - start.x_m) * end.t_s
    span = (round(at - 1, 1), round(at + 1, 1))
    limit = (
        f"The scale's mass of {vehicle.mass_kg:.0f} kg is {over:.0f} kg over the limit of {vehicle.limit_kg:.0f} kg."
    )
    mass = f"The same is {over / vehicle.limit_kg:.0%} over the registered mass."
    return Violation("OL-01", vehicle.identity, *span, limit), Violation("OL-02", vehicle.identity, *span, mass)


def passenger_hub() -> Sample:
    """A minivan without a permit takes people in outside the stop; a coach in the bay does what it should."""
    rng = np.random.default_rng(52)
    road, seconds = RoadSpec("town", 2, 3.5, 12), 16.5
    lane, kerb = lane_y(road, 1), -5.3
    van = sample_vehicle(rng, "minivan", identity="minivan", plate="闽H6T283")
    coach = sample_vehicle(rng, "coach", identity="coach", plate="闽H05518")
    taxi = sample_vehicle(rng, "taxi", identity="taxi", plate="闽H9X071")
    car = sample_vehicle(rng, "suv", identity="car", plate="闽H2W946")
    van_way = (
        Waypoint(0.0, -10.0, lane),
        Waypoint(0.9, -2.0, lane),
        Waypoint(2.6, 9.5, kerb),
        Waypoint(13.6, 9.5, kerb),
        Waypoint(15.2, 16.0, lane),
        Waypoint(16.5, 30.0, lane),
    )
    coach_way = (
        Waypoint(0.0, -62.0, lane),
        Waypoint(3.6, -26.0, lane),
        Waypoint(7.4, -3.6, -5.2),
        Waypoint(16.5, -3.6, -5.2),
    )
    persons = (
        PlacedPerson("boarding-1", 5, _walk(3.2, (13.6, -9.2), 6.6, (9.3, -5.6)), "walking", 6.5),
        PlacedPerson("boarding-2", 11, _walk(5.6, (14.6, -8.9), 10.2, (9.3, -5.6)), "walking", 10.1),
        PlacedPerson("waiting-1", 21, (Waypoint(0.0, -1.5, -8.3, 80.0),)),
        PlacedPerson("waiting-2", 34, (Waypoint(0.0, 1.2, -8.6, 100.0),)),
    )
    return Sample(
        SceneSpec(
            "passenger-hub",
            52,
            road,
            LightSpec("day", "clear", 300.0, 50.0),
            CameraSpec("side", (22.0, -10.6, 5.0), (3.0, -4.4, 0.9), 60.0, *SIZE),
            (
                PlacedVehicle(van, van_way, 1, door_open_s=(3.4, 12.4)),
                PlacedVehicle(coach, coach_way, 1),
                through(taxi, road, -88.0, 38.0, seconds),
                oncoming(car, road, 32.0, 40.0, seconds),
            ),
            persons,
        ),
        seconds,
        datetime(2026, 11, 23, 7, 10, tzinfo=UTC),
        (
            Violation("TR-02", van.identity, 2.6, 13.6, "It stands 11 s beside the stop's bay, where nobody may stop."),
            Violation("NP-01", van.identity, 2.6, 13.6, "It takes two people in and has no transport permit."),
            Violation("NP-03", van.identity, 0.0, 16.5, "Six passes a day between hub and hospital on five days."),
        ),
        (
            RegistryEntry.of(van, use_nature="A"),
            RegistryEntry.of(coach, use_nature="B", permit="客运班线", permit_valid_to="2027-06-30"),
            RegistryEntry.of(taxi, use_nature="D", permit="巡游出租", permit_valid_to="2027-03-31"),
            RegistryEntry.of(car, use_nature="A"),
        ),
        sightings=tuple(
            Sighting(
                van.front_plate.text, van.front_plate.type, f"2026-11-{day:02d}T{hour:02d}:{minute:02d}:00Z", hub, hub
            )
            for day in (16, 17, 18, 19, 20)
            for hour, minute, hub in (
                (0, 12, "客运枢纽"),
                (1, 5, "医院"),
                (2, 20, "客运枢纽"),
                (3, 31, "医院"),
                (6, 8, "客运枢纽"),
                (7, 2, "医院"),
            )
        )
        if van.front_plate
        else (),
    )


def _walk(from_s: float, start: tuple[float, float], to_s: float, end: tuple[float, float]) -> tuple[Waypoint, ...]:
    heading = float(np.degrees(np.arctan2(end[1] - start[1], end[0] - start[0])))
    return (Waypoint(from_s, *start, heading), Waypoint(to_s, *end, heading))


def dangerous_goods() -> Sample:
    """Before a tunnel closed to dangerous goods: a signed tank truck without leave, one without signs, a lawful one."""
    rng = np.random.default_rng(63)
    road, seconds = RoadSpec("tunnel", 2, 3.75, 5), 13.2
    closed = _tank(rng, "tank-closed", "闽H20817", signs=True)
    bare = _tank(rng, "tank-bare", "闽H34468", signs=False)
    lawful = _tank(rng, "tank-lawful", "闽H51927", signs=True)
    car = sample_vehicle(rng, "suv", identity="car", plate="闽H7P315")
    back = sample_vehicle(rng, "sedan", identity="oncoming", plate="闽A3D690")
    leave = "茫荡山隧道"
    return Sample(
        SceneSpec(
            "dangerous-goods",
            63,
            road,
            LightSpec("day", "clear", 200.0, 48.0),
            CameraSpec("rear", (-15.0, -7.4, 5.4), (16.0, -1.6, 1.6), 52.0, *SIZE),
            (
                through(closed, road, -24.0, 36.0, seconds),
                through(car, road, -44.0, 36.0, seconds),
                through(bare, road, -66.0, 36.0, seconds),
                through(lawful, road, -96.0, 36.0, seconds),
                oncoming(back, road, 70.0, 45.0, seconds),
            ),
        ),
        seconds,
        datetime(2026, 11, 23, 8, 5, tzinfo=UTC),
        (
            Violation("DG-03", closed.identity, 5.0, 7.0, "It enters the tunnel, which is closed to dangerous goods."),
            Violation("DG-01", bare.identity, 5.0, 12.0, "The registry says dangerous goods; it wears no sign."),
        ),
        (
            RegistryEntry.of(closed, use_nature="R", permit="危货", permit_valid_to="2027-05-31"),
            RegistryEntry.of(bare, use_nature="R", permit="危货", permit_valid_to="2027-01-31", sections=leave),
            RegistryEntry.of(lawful, use_nature="R", permit="危货", permit_valid_to="2027-08-31", sections=leave),
            RegistryEntry.of(car, use_nature="A"),
            RegistryEntry.of(back, use_nature="A"),
        ),
    )


def _tank(rng: np.random.Generator, identity: str, plate: str, signs: bool) -> VehicleSpec:
    """A rigid tank truck of petrol; the draw decides its looks alone."""
    vehicle = sample_vehicle(rng, "tank_truck", identity=identity, panel=signs, diamonds=signs, plate=plate)
    while len(vehicle.axle_groups) != 2:
        vehicle = sample_vehicle(rng, "tank_truck", identity=identity, panel=signs, diamonds=signs, plate=plate)
    return replace(vehicle, lifted_axles=())


SAMPLES: dict[str, Callable[[], Sample]] = {
    "overload-checkpoint": overload_checkpoint,
    "passenger-hub": passenger_hub,
    "dangerous-goods": dangerous_goods,
}
"""The clips by name."""
