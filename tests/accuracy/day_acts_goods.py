"""Goods traffic that is planted: too heavy, too large, badly loaded, dangerous; and what only looks so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.accuracy.day_acts import act, near_miss
from tests.accuracy.day_world import TODAY, County, Drive, waybill

LIMITS = {"truck2": 18000, "truck3": 25000, "tipper": 31000, "semi": 49000}
TUNNEL = "岭下隧道"


def weighed(c: County, model: str, kg: float) -> Drive:
    """A truck of such a mass on the scale, with a load that nobody can see."""
    drive = c.make(model, "gate")
    drive.kg, drive.load, drive.body = kg, "", "container"
    return drive


def share(c: County, low: float, high: float) -> float:
    """By lot."""
    return float(c.rng.uniform(low, high))


@act("OL-01", "OL-02")
def over_limit(c: County) -> Drive:
    model = c.one(list(LIMITS))
    return weighed(c, model, LIMITS[model] * share(c, 1.09, 1.8))


@act("OL-01", "OL-02")
def over_limit_with_a_lapsed_permit(c: County) -> Drive:
    return weighed(c, "semi", share(c, 55000, 70000)).permit("oversize", to=-1, max_mass_kg=90000)


@act("OL-02")
def over_mass_below_the_limit(c: County) -> Drive:
    return weighed(c, "light", share(c, 6000, 12000))


@near_miss
def over_within_the_tolerance(c: County) -> Drive:
    model = c.one(list(LIMITS))
    return weighed(c, model, LIMITS[model] * share(c, 1.0, 1.035))


@near_miss
def heavy_with_a_permit_until_today(c: County) -> Drive:
    drive = weighed(c, "semi", share(c, 55000, 70000)).entry(train_mass_kg=80000)
    return drive.permit("oversize", to=0, max_mass_kg=76000)


@near_miss
def heavy_and_exempt(c: County) -> Drive:
    if c.rng.random() < 0.5:
        return weighed(c, "tipper", share(c, 36000, 44000)).entry(vehicle_type="Z11", max_mass_kg=48000)
    return weighed(c, "semi", share(c, 51000, 53000)).entry(exempt="refrigerated", train_mass_kg=54000)


@act("OL-03")
def evades_the_scale(c: County) -> Drive:
    drive = weighed(c, c.one(("truck2", "truck3", "tipper")), 16000)
    drive.escapes = c.rng.random() < 0.5
    drive.straddles = not drive.escapes
    return drive


def tipper(c: County, camera: str, load: str) -> Drive:
    """A tipper without a scale under it, or a legal one over it."""
    drive = c.make("tipper", camera)
    drive.kg, drive.load = share(c, 24000, 29000), load
    return drive


@act("OL-04", "LD-01", "LD-02")
def heaped_behind_raised_boards(c: County) -> Drive:
    return replace(tipper(c, "tunnel", "heaped"), raised=True)


@act("LD-01")
def heaped(c: County) -> Drive:
    return tipper(c, c.one(("gate", "tunnel")), "heaped")


@near_miss
def high_and_covered(c: County) -> Drive:
    return replace(tipper(c, c.one(("gate", "tunnel")), "covered"), height_m=3.9)


@act("LD-02")
def raised_boards(c: County) -> Drive:
    return replace(tipper(c, c.one(("gate", "tunnel")), "covered"), raised=True, height_m=3.8)


@act("LD-03", LD_03=("axles", "lifted", "weighed"))
def axle_lifted_on_the_scale(c: County) -> Drive:
    return replace(weighed(c, "semi", share(c, 43200, 44500)), axles=5, lifted=1)


@act("LD-03", "LD-01", "OL-04", LD_03=("axles", "lifted", "load"), OL_04=("axles", "lifted", "load"))
def axle_lifted_under_a_load(c: County) -> Drive:
    return replace(c.make("semi", "tunnel"), axles=5, lifted=1, load="heaped", body="stake")


@near_miss
def axle_lifted_and_empty(c: County) -> Drive:
    return replace(weighed(c, "semi", share(c, 15000, 18000)), axles=5, lifted=1)


@act("LD-04")
def axle_added(c: County) -> Drive:
    return replace(weighed(c, "truck2", share(c, 12000, 17000)), axles=3)


@near_miss
def trailer_of_four_axles(c: County) -> Drive:
    drive = replace(weighed(c, "semi", share(c, 30000, 47000)), axles=7)
    assert drive.trailer is not None
    drive.trailer["axles"] = "4"
    return drive


@act("SZ-01")
def too_large(c: County) -> Drive:
    drive = weighed(c, c.one(("truck3", "semi")), 22000)
    if c.rng.random() < 0.5:
        return replace(drive, height_m=share(c, 4.35, 4.8))
    return replace(drive, width_m=share(c, 2.9, 3.4))


@near_miss
def large_with_a_permit_until_today(c: County) -> Drive:
    drive = replace(weighed(c, "semi", 22000), height_m=4.4, width_m=3.0)
    return drive.permit("oversize", to=0, height_m=4.5, width_m=3.2, max_mass_kg=49000)


@near_miss
def just_below_four_metres(c: County) -> Drive:
    return replace(weighed(c, "truck3", 22000), height_m=3.98)


def tank(c: County, camera: str, hours: tuple[float, float] | None = None) -> Drive:
    """A tank truck with its signs, its waybill, and leave for what is closed at its camera."""
    drive = c.make("tank", camera, hours)
    drive.permits[0]["permit_sections"] = TUNNEL if camera == "tunnel" else ""
    return drive


@act("DG-01")
def dangerous_goods_without_signs(c: County) -> Drive:
    return replace(tank(c, "gate"), panel=None, diamonds=())


@near_miss
def milk_tanker(c: County) -> Drive:
    drive = replace(tank(c, "gate"), panel=None, diamonds=(), waybills=[], permits=[]).entry(use_nature="F")
    return drive.permit("goods")


@act("DG-02")
def signs_without_permit(c: County) -> Drive:
    drive = replace(tank(c, "gate"), permits=[])
    if c.rng.random() < 0.5:
        return drive.permit("dangerous_goods", "3", to=-40)
    return drive.entry(use_nature="F")


@near_miss
def signs_with_a_permit_until_today(c: County) -> Drive:
    return replace(tank(c, "gate"), permits=[]).permit("dangerous_goods", "3", to=int(c.rng.integers(-1, 1)))


@act("DG-03")
def into_the_tunnel(c: County) -> Drive:
    drive = tank(c, "tunnel")
    drive.permits[0]["permit_sections"] = "其他路段"
    return drive


@near_miss
def into_the_tunnel_with_leave(c: County) -> Drive:
    return tank(c, "tunnel")


@near_miss
def milk_into_the_tunnel(c: County) -> Drive:
    drive = replace(tank(c, "tunnel"), panel=None, diamonds=(), waybills=[], permits=[]).entry(use_nature="F")
    return drive.permit("goods")


@act("DG-04")
def dangerous_goods_by_night(c: County) -> Drive:
    return tank(c, "motorway", (0.0, 5.9))


@near_miss
def empty_panel_by_night(c: County) -> Drive:
    return replace(tank(c, "motorway", (0.0, 5.9)), panel="empty", diamonds=(), waybills=[])


@act("DG-05")
def dangerous_goods_too_fast(c: County) -> Drive:
    return replace(tank(c, "motorway", (6.5, 22)), speed_kmh=share(c, 92, 110))


@near_miss
def dangerous_goods_at_the_limit(c: County) -> Drive:
    return replace(tank(c, "motorway", (6.5, 22)), speed_kmh=79.5)


@act("DG-06")
def dangerous_goods_standing(c: County) -> Drive:
    return replace(tank(c, "gate"), way="shoulder", stands_s=share(c, 320, 600))


@near_miss
def dangerous_goods_before_a_red_light(c: County) -> Drive:
    return replace(tank(c, "gate"), way="shoulder", stands_s=share(c, 60, 200))


@act("DG-07")
def waybill_missing_or_for_other_goods(c: County) -> Drive:
    drive = tank(c, "gate")
    drive.waybills = [] if c.rng.random() < 0.5 else [waybill(drive, "1830")]
    return drive


@near_miss
def two_goods_on_one_trip(c: County) -> Drive:
    drive = tank(c, "gate")
    drive.waybills.append(waybill(drive, "1830") | {"number": f"V-{drive.plate}"})
    return drive


@act("DG-08")
def diamond_of_other_goods(c: County) -> Drive:
    drive = tank(c, "gate")
    return replace(drive, diamonds=("6.1" if "8" in drive.diamonds else "8",))


@near_miss
def posted_before_midnight(c: County) -> Drive:
    """A waybill that began on the day before, of a trip that goes on."""
    drive = tank(c, "gate", (0.2, 6))
    drive.waybills[0] |= {"starts_at": str(TODAY - timedelta(days=1)), "ends_at": str(TODAY)}
    return drive
