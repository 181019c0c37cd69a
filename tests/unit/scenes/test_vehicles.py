"""Drawn vehicles fit together: sizes, axles, masses, plates and signs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from scripts.scenes.kinds import KIND_SHARES, KINDS
from scripts.scenes.sampling import limit_kg, sample_vehicle
from scripts.scenes.spec import VEHICLE_WORD, Kind, VehicleSpec


def many(count: int = 150, **wishes: object) -> list[VehicleSpec]:
    rng = np.random.default_rng(20)
    return [sample_vehicle(rng, **wishes) for _ in range(count)]  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_vehicle() -> None:
    one, two = (sample_vehicle(np.random.default_rng(5), identity="same") for _ in range(2))
    assert one == two


def test_all_kinds_pass_and_have_a_word() -> None:
    assert set(KIND_SHARES) == set(KINDS) == set(VEHICLE_WORD)
    assert sum(KIND_SHARES.values()) == pytest.approx(1.0)
    assert {vehicle.kind for vehicle in many(400)} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_axles_lie_in_order_within_the_vehicle(kind: Kind) -> None:
    for vehicle in many(40, kind=kind):
        assert len(vehicle.axle_x_m) == sum(vehicle.axle_groups)
        assert all(before > after for before, after in pairwise(vehicle.axle_x_m))
        assert vehicle.axle_x_m[0] < vehicle.length_m / 2 - 0.25
        assert vehicle.axle_x_m[-1] > -vehicle.length_m / 2 + 0.25


def test_wheels_of_neighbouring_axles_do_not_touch() -> None:
    for vehicle in many(60, kind="semi_trailer") + many(60, kind="tipper"):
        assert all(before - after > 1.1 for before, after in pairwise(vehicle.axle_x_m))


@pytest.mark.parametrize(
    ("axles", "combination", "tonnes"),
    [
        (2, False, 18),
        (3, False, 25),
        (4, False, 31),
        (3, True, 27),
        (4, True, 36),
        (5, True, 43),
        (6, True, 49),
    ],
)
def test_the_limit_follows_the_axles(axles: int, combination: bool, tonnes: int) -> None:
    assert limit_kg(axles, combination) == tonnes * 1000


def test_there_is_no_limit_for_five_axles_without_a_trailer() -> None:
    with pytest.raises(ValueError, match="no limit known for 5 axles"):
        limit_kg(5, combination=False)


def test_a_lifted_axle_does_not_count_for_the_limit() -> None:
    vehicle = sample_vehicle(np.random.default_rng(1), "semi_trailer", groups=(1, 2, 3), lifted_axles=(3,))
    assert vehicle.limit_kg == 43000


@pytest.mark.parametrize("kind", ["rigid_truck", "tipper", "semi_trailer", "tank_truck"])
def test_sizes_stay_within_the_law(kind: Kind) -> None:
    for vehicle in many(80, kind=kind, load="empty", raised_boards=False):
        combination = len(vehicle.axle_groups) == 3
        assert vehicle.length_m <= (17.1 if combination else 12.0)
        assert vehicle.width_m <= 2.55
        assert vehicle.height_m <= 4.0


def test_a_light_truck_wears_blue_and_so_stays_below_six_metres_and_four_and_a_half_tonnes() -> None:
    for vehicle in many(40, kind="light_truck"):
        assert vehicle.front_plate is not None
        assert vehicle.front_plate.type == "small_car"
        assert vehicle.length_m < 6.0
        assert vehicle.limit_kg is not None
        assert vehicle.limit_kg < 4500


def test_most_vehicles_keep_to_their_limit() -> None:
    drawn = many(600)
    over = [v for v in drawn if v.mass_kg is not None and v.limit_kg is not None and v.mass_kg > v.limit_kg]
    assert 0 < len(over) < 0.08 * len(drawn)


@pytest.mark.parametrize("over_limit", [True, False])
def test_overload_comes_when_asked_for(over_limit: bool) -> None:
    for vehicle in many(30, kind="tipper", load="heaped", over_limit=over_limit, lifted_axles=()):
        assert vehicle.mass_kg is not None
        assert vehicle.limit_kg is not None
        assert (vehicle.mass_kg > vehicle.limit_kg) is over_limit


def test_an_empty_truck_weighs_less_than_a_full_one() -> None:
    empty, full = (many(20, kind="tipper", groups=(2, 2), load=load, over_limit=False) for load in ("empty", "level"))
    assert max(v.mass_kg or 0 for v in empty) < min(v.mass_kg or 0 for v in full)


def test_a_heap_makes_the_truck_higher() -> None:
    level, heaped = (many(60, kind="tipper", load=load, raised_boards=False) for load in ("level", "heaped"))
    assert np.mean([v.height_m for v in heaped]) > np.mean([v.height_m for v in level]) + 0.4


def test_a_large_rear_plate_repeats_the_front_in_two_lines() -> None:
    for vehicle in many(20, kind="rigid_truck"):
        assert vehicle.front_plate is not None
        assert vehicle.rear_plate is not None
        assert vehicle.rear_plate.text == vehicle.front_plate.text
        assert (vehicle.front_plate.lines, vehicle.rear_plate.lines) == (1, 2)


def test_a_trailer_wears_its_own_plate() -> None:
    for vehicle in many(20, kind="semi_trailer"):
        assert vehicle.front_plate is not None
        assert vehicle.rear_plate is not None
        assert vehicle.rear_plate.type == "trailer"
        assert vehicle.rear_plate.text.endswith("挂")
        assert vehicle.front_plate.type == "large_car"


def test_two_wheelers_wear_a_plate_only_behind() -> None:
    for vehicle in many(20, kind="motorcycle"):
        assert vehicle.front_plate is None
        assert vehicle.rear_plate is not None


def test_only_tank_trucks_wear_danger_signs_unasked() -> None:
    drawn = many(400)
    assert {vehicle.kind for vehicle in drawn if vehicle.panel or vehicle.diamonds} == {"tank_truck"}


def test_signs_can_be_left_off() -> None:
    for vehicle in many(30, kind="tank_truck", panel=False, diamonds=True):
        assert vehicle.panel is None
        assert vehicle.diamonds


def test_a_wish_that_does_not_exist_is_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"no tipper with axle groups \(1, 2, 3\)"):
        sample_vehicle(np.random.default_rng(0), "tipper", groups=(1, 2, 3))


def test_a_cage_of_bars_holds_no_heap() -> None:
    assert {vehicle.body for vehicle in many(40, kind="semi_trailer", load="heaped")} == {"flat", "tipper"}
    with pytest.raises(ValueError, match="body stake and load heaped"):
        sample_vehicle(np.random.default_rng(0), "rigid_truck", body="stake", load="heaped")


@pytest.mark.parametrize("kind", ["light_truck", "rigid_truck", "three_wheeler"])
def test_people_stand_on_open_beds(kind: Kind) -> None:
    for vehicle in many(20, kind=kind, people_in_bed=3):
        assert vehicle.people_in_bed == 3
        assert vehicle.body in ("stake", "flat", "none")


def test_closed_bodies_show_no_load() -> None:
    for vehicle in many(200):
        assert (vehicle.load == "none") == (vehicle.body in ("none", "box", "container", "tank"))


def test_the_wished_number_is_on_the_front() -> None:
    vehicle = sample_vehicle(np.random.default_rng(2), "tipper", plate="闽H12345")
    assert vehicle.front_plate is not None
    assert vehicle.front_plate.text == "闽H12345"
