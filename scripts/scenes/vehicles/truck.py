"""Trucks put together: where cab, chassis and body stand for each kind."""

from __future__ import annotations

from scripts.scenes.spec import VehicleSpec
from scripts.scenes.vehicles import Built, chassis
from scripts.scenes.vehicles.assembly import Assembly
from scripts.scenes.vehicles.bodies import Bed, build_box, build_container, build_flat, build_stake
from scripts.scenes.vehicles.cab import CabPlan, build_cab
from scripts.scenes.vehicles.loads import cover, load_open, people_in_bed, stacked_goods
from scripts.scenes.vehicles.mixer import build_mixer
from scripts.scenes.vehicles.tank import build_tank
from scripts.scenes.vehicles.tipper import build_tipper
from scripts.scenes.vehicles.wheels import HEAVY, LIGHT, WheelSize, hang_wheels


def is_combination(spec: VehicleSpec) -> bool:
    """Whether it is a tractor with a semi-trailer: its third group of axles is the trailer's."""
    return len(spec.axle_groups) == 3


def build_truck(spec: VehicleSpec, lamps: float) -> Built:
    """A light truck, rigid truck, tipper, tank truck or tractor with semi-trailer."""
    if sum(spec.axle_groups) != len(spec.axle_x_m):
        raise ValueError(f"{spec.identity}: axle groups {spec.axle_groups} do not fit {len(spec.axle_x_m)} axles")
    kit = Assembly(spec, lamps)
    light = spec.kind == "light_truck"
    size = LIGHT if light else HEAVY
    cab = _cab_plan(kit, light, size)
    build_cab(kit, cab)
    hang_wheels(kit, size, spec.axle_groups[0], spec.width_m / 2 - 0.02)
    for x in spec.axle_x_m[: spec.axle_groups[0]]:
        _front_fenders(kit, cab, x, size)
    if is_combination(spec):
        _tractor(kit, cab, size)
        bed = _trailer(kit, cab, size)
    else:
        bed = _rigid(kit, cab, size, light)
    _body(kit, bed, cab.roof)
    people_in_bed(kit, bed)
    return kit.finish()


def _cab_plan(kit: Assembly, light: bool, size: WheelSize) -> CabPlan:
    spec = kit.spec
    front = spec.length_m / 2
    combination = is_combination(spec)
    if light:
        roof, long = kit.between(2.12, 2.28), kit.between(1.55, 1.70)
    elif combination:
        roof, long = kit.between(2.95, 3.55), kit.between(2.10, 2.30)
    elif spec.kind == "tipper":
        roof, long = kit.between(2.82, 3.02), kit.between(1.75, 1.95)
    else:
        roof, long = kit.between(2.80, 3.15), kit.between(1.80, 2.15)
    # A flat body ends below the cab, so the cab's roof is the vehicle's height.
    roof = spec.height_m if spec.body == "flat" else min(roof, spec.height_m)
    deflector = None
    if spec.body in ("box", "container", "stake") and spec.height_m > roof + 0.3 and kit.rng.random() < 0.6:
        deflector = min(spec.height_m - 0.05, roof + kit.between(0.35, 0.75))
    half = min(spec.width_m / 2 - 0.03, 1.22 if not light else 1.0)
    overhang = front - spec.axle_x_m[0]
    return CabPlan(front, front - long, half, roof, light, deflector, overhang, size.radius)


def _front_fenders(kit: Assembly, cab: CabPlan, x: float, size: WheelSize) -> None:
    edge = kit.spec.width_m / 2 - 0.01
    for side in (-1, 1):
        y = sorted((side * edge, side * (edge - size.width - 0.06)))
        chassis.fender(kit, x, size.radius, (y[0], y[1]), kit.black, (5.0, 175.0))


def _rigid(kit: Assembly, cab: CabPlan, size: WheelSize, light: bool) -> Bed:
    spec = kit.spec
    rear, half = -spec.length_m / 2, spec.width_m / 2
    top = 0.70 if light else 1.00
    floor = top + (0.16 if light else 0.24 if spec.body != "tipper" else 0.34)
    chassis.rails(kit, rear + 0.15, cab.back + 0.6, top, 0.16 if light else 0.24)
    _between_axles(kit, size, top, cab)
    chassis.mud_flaps(kit, spec.axle_x_m[-1] - size.radius - 0.14, half - 0.02, top)
    chassis.rear_end(kit, rear, half, top, 0.42 if light else 0.50)
    if not light:
        kit.box(
            (0.30, 0.42, cab.roof - 1.25),
            (cab.back - 0.13, 0.75 * cab.half, (cab.roof + 1.0) / 2 - 0.1),
            kit.black,
            0.04,
        )
    gap = 0.10 if light else 0.34
    return Bed(rear, cab.back - gap, half, floor, spec.height_m)


def _between_axles(kit: Assembly, size: WheelSize, top: float, cab: CabPlan) -> None:
    """Tank, batteries and guards in the gap between the steered and the driven axles."""
    spec = kit.spec
    steer = spec.axle_groups[0]
    front = spec.axle_x_m[steer - 1] - size.radius - 0.12
    rear = spec.axle_x_m[steer] + size.radius + 0.12
    half = spec.width_m / 2
    if front - rear > 1.4 and not cab.light:
        chassis.fuel_tank(kit, front - 0.75, half - 0.05, top, left=kit.rng.random() < 0.5)
        chassis.gear(kit, front - 0.45, half - 0.05, top, left=kit.rng.random() < 0.5)
        front -= 1.5
    elif cab.light:
        kit.box((0.7, 0.35, 0.30), (front - 0.6, half - 0.25, top - 0.2), kit.black, 0.04)
    chassis.side_guard(kit, rear, front, half, top + 0.1)
    chassis.spare_wheel(kit, spec.axle_x_m[-1] - size.radius - 0.65, top - 0.42, size)


def _tractor(kit: Assembly, cab: CabPlan, size: WheelSize) -> None:
    spec = kit.spec
    steer, drive = spec.axle_groups[0], spec.axle_groups[1]
    last = spec.axle_x_m[steer + drive - 1]
    top, half = 0.98, spec.width_m / 2
    chassis.rails(kit, last - 0.75, cab.back + 0.6, top)
    front = spec.axle_x_m[steer - 1] - size.radius - 0.15
    chassis.fuel_tank(kit, front - 0.65, half - 0.05, top, left=True)
    chassis.gear(kit, front - 0.35, half - 0.05, top, left=False)
    for x in spec.axle_x_m[steer : steer + drive]:
        for side in (-1, 1):
            y = sorted((side * (half - 0.01), side * (half - 0.64)))
            chassis.fender(kit, x, size.radius, (y[0], y[1]), kit.black, (25.0, 155.0))
    fifth = spec.axle_x_m[steer] - (0.65 if drive > 1 else 0.0)
    kit.box((0.9, 0.85, 0.12), (fifth, 0.0, top + 0.10), kit.frame, 0.02)
    chassis.mud_flaps(kit, last - size.radius - 0.14, half - 0.02, 0.95)
    kit.box(
        (0.35, 0.50, cab.roof - 1.5), (cab.back - 0.18, 0.62 * cab.half, (cab.roof + 0.9) / 2 - 0.1), kit.black, 0.05
    )
    kit.box((0.6, 1.6, 0.04), (cab.back - 0.5, 0.0, top + 0.03), kit.chrome)


def _trailer(kit: Assembly, cab: CabPlan, size: WheelSize) -> Bed:
    spec = kit.spec
    first = spec.axle_groups[0] + spec.axle_groups[1]
    rear, half = -spec.length_m / 2, spec.width_m / 2
    front, top = cab.back - kit.between(0.55, 0.75), 1.30
    neck = spec.axle_x_m[first - 1] - size.radius - 0.5
    for side in (-1, 1):
        kit.box((neck - rear - 0.1, 0.10, 0.42), ((neck + rear) / 2, side * 0.5, top - 0.21), kit.frame)
        kit.box((front - neck, 0.10, 0.16), ((neck + front) / 2, side * 0.5, top - 0.08), kit.frame)
        leg = (neck - 0.35, side * 0.62)
        kit.box((0.14, 0.14, 0.75), (*leg, 0.92), kit.frame)
        kit.box((0.26, 0.26, 0.04), (*leg, 0.54), kit.frame)
    chassis.side_guard(kit, spec.axle_x_m[first] + size.radius + 0.2, neck - 0.6, half, top)
    kit.box((0.9, 0.45, 0.45), (neck - 1.4, -(half - 0.35), 0.95), kit.black, 0.03)
    chassis.spare_wheel(kit, neck - 2.1, 0.92, size)
    for x in spec.axle_x_m[first:]:
        for side in (-1, 1):
            y = sorted((side * (half - 0.03), side * (half - 0.62)))
            chassis.fender(kit, x, size.radius, (y[0], y[1]), kit.black, (40.0, 140.0))
    chassis.mud_flaps(kit, spec.axle_x_m[-1] - size.radius - 0.14, half - 0.02, 1.1)
    chassis.rear_end(kit, rear, half, top - 0.1, 0.55)
    return Bed(rear, front, half, top + 0.12, spec.height_m)


def _body(kit: Assembly, bed: Bed, roof: float) -> None:
    spec = kit.spec
    if spec.body != "tank":
        _goods_signs(kit, bed)
    if spec.body == "box":
        build_box(kit, bed)
    elif spec.body == "container":
        build_container(kit, bed)
    elif spec.body == "tank":
        build_tank(kit, bed)
    elif spec.body == "mixer":
        build_mixer(kit, bed)
    elif spec.body == "tipper":
        build_tipper(kit, bed, None if is_combination(spec) else roof)
    elif spec.body == "stake":
        _stake(kit, bed)
    elif spec.body == "flat":
        _flat(kit, bed)


def _goods_signs(kit: Assembly, bed: Bed) -> None:
    """Panel and diamonds on a body that is no tank."""
    kit.orange_panel((bed.rear - 0.06, -0.6, bed.floor + 0.35), forward=False)
    kit.diamonds((bed.rear - 0.06, 0.6, bed.floor + 0.35), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), 0.28)
    for side in (-1, 1):
        at = (bed.rear + 1.0, side * (bed.half + 0.05), bed.floor + 0.4)
        kit.diamonds(at, (-float(side), 0.0, 0.0), (0.0, 0.0, 1.0), 0.30)


def _stake(kit: Assembly, bed: Bed) -> None:
    build_stake(kit, bed)
    if kit.spec.load == "covered":
        low = bed.floor + 0.9
        kit.part("covered_load", cover(kit, bed, bed.top - 0.12, kit.between(0.3, bed.top - low)))
    elif kit.spec.load == "heaped":
        stacked_goods(kit, bed, bed.top - 0.2)
    if kit.spec.load in ("covered", "level"):
        stacked_goods(kit, bed, bed.floor + 0.7 * (bed.top - bed.floor))


def _flat(kit: Assembly, bed: Bed) -> None:
    """Drop-sides on rigid trucks, a bare platform on semi-trailers; loose goods need the boards."""
    load = kit.spec.load
    loose = load == "heaped" or not is_combination(kit.spec)
    boards = min(0.42 if kit.spec.kind == "light_truck" else 0.6, bed.top - bed.floor) if loose else 0.0
    build_flat(kit, bed, boards)
    if loose:
        load_open(kit, bed, bed.floor + boards)
    elif load == "level":
        stacked_goods(kit, bed, bed.top)
    elif load == "covered":
        stacked_goods(kit, bed, bed.top - 0.35)
        kit.part("covered_load", cover(kit, bed, bed.top - 0.3, 0.8 * (bed.top - bed.floor)))
