"""Passenger traffic, plates and driving that are planted; and what only looks like an offence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from leads import WatchEntry
from tests.accuracy.day_acts import act, near_miss
from tests.accuracy.day_world import MIDNIGHT, TODAY, County, Drive

AWAY = {"site": "hospital", "camera": "gate", "place": "市第一医院", "hub": "医院", "lon": 118.19, "lat": 26.65}
FAR = {"site": "shaowu", "camera": "gantry", "place": "邵武收费站", "hub": None, "lon": 117.49, "lat": 27.34}
"""A neighbour, 102 km away."""


def at_hub(c: County, model: str, hours: tuple[float, float] = (7, 21), **changes: object) -> Drive:
    """A vehicle that comes by the hub with nothing to do there."""
    drive = c.make(model, "hub", hours)
    drive.stands_s, drive.boards, drive.alights, drive.strollers = 0.0, 0, 0, 0
    return replace(drive, **changes)  # type: ignore[arg-type]


def went_to_and_fro(drive: Drive, days: range, boarded: int = 0) -> Drive:
    """Let it have gone between hub and hospital five times on each of these days; `boarded` times with people."""
    for day in days:
        last = int(drive.clock[:2]) if day == 0 else 20
        for n, hour in enumerate(range(last - 1, last - 6, -1)):
            place = AWAY if n % 2 == 0 else {}
            drive.seen_before(day, f"{hour:02d}:10", **place, boarded=int(len(drive.history) < boarded))
    return drive


@act("NP-01")
def takes_people_for_hire(c: County) -> Drive:
    drive = at_hub(c, c.one(("car", "van")), boards=int(c.rng.integers(2, 4)), stands_s=float(c.rng.uniform(40, 240)))
    for day, clock in ((1, "09:20"), (2, "14:05"), (3, "11:40"), (5, "16:30"), (6, "20:10")):
        drive.seen_before(day, clock, boarded=2)
    return drive


@act("NP-01", "NP-03", NP_01=("plate",))
def waits_and_shuttles(c: County) -> Drive:
    return went_to_and_fro(at_hub(c, "van", (12, 21), stands_s=float(c.rng.uniform(200, 300))), range(4))


@act("NP-02")
def shuttles_for_two_days(c: County) -> Drive:
    return went_to_and_fro(at_hub(c, "car", (12, 21)), range(2), boarded=2)


@act("NP-03", "NP-02")
def shuttles_for_days(c: County) -> Drive:
    return went_to_and_fro(at_hub(c, "van", (12, 21)), range(5), boarded=1)


@near_miss
def commutes(c: County) -> Drive:
    drive = at_hub(c, "car", (7.6, 8.4), alights=1, stands_s=20.0)
    for day in range(1, 6):
        drive.seen_before(day, "08:00", boarded=1).seen_before(day, "17:50", boarded=1)
        drive.seen_before(day, "08:20", **AWAY).seen_before(day, "17:30", **AWAY)
    return drive


@near_miss
def shares_rides(c: County) -> Drive:
    drive = at_hub(c, "car", (15, 21), boards=1, stands_s=30.0)
    for day in range(1, 7):
        drive.seen_before(day, "09:00").seen_before(day, "13:00", **AWAY).seen_before(day, "16:00")
    return drive


@near_miss
def fetches_the_family(c: County) -> Drive:
    return at_hub(c, c.one(("car", "van")), boards=3, stands_s=float(c.rng.uniform(190, 290)))


@near_miss
def line_bus_to_and_fro(c: County) -> Drive:
    return went_to_and_fro(at_hub(c, "coach", (12, 21), way="bay", stands_s=60.0, boards=2), range(6), boarded=9)


@near_miss
def hailed_by_phone(c: County) -> Drive:
    drive = at_hub(c, "car", (12, 21), boards=2, stands_s=30.0).entry(use_nature="T").permit("ride_hailing", to=0)
    return went_to_and_fro(drive, range(6), boarded=20)


@act("NP-04")
def night_van_from_elsewhere(c: County) -> Drive:
    drive = c.make("van", "motorway", (1.1, 3.9), begin=c.one("浙赣粤") + "C").entry(seats=int(c.rng.integers(7, 10)))
    for day in (1, 2, 4):
        drive.seen_before(day, "02:30", camera="motorway", hub=None)
    return drive


@near_miss
def night_van_once(c: County) -> Drive:
    return c.make("van", "motorway", (1.1, 3.9), begin="赣C").entry(seats=7).seen_before(3, "02:30", hub=None)


@act("NP-05")
def coach_by_night(c: County) -> Drive:
    drive = c.make("coach", "motorway", (2.05, 4.9))
    return replace(drive, permits=[]).permit("scheduled", "南平-上海")


@near_miss
def short_line_at_three(c: County) -> Drive:
    drive = replace(c.make("coach", "motorway", (2.05, 4.9)), permits=[])
    return drive.permit("scheduled", c.one(("南平-建阳;100公里以内", "机场专线", "接驳")))


@act("NP-06")
def boards_on_the_motorway(c: County) -> Drive:
    drive = c.make("coach", "motorway", (6, 22))
    return replace(drive, way="shoulder", stands_s=float(c.rng.uniform(15, 60)), boards=int(c.rng.integers(1, 4)))


@act("NP-06", "TR-02")
def boards_at_the_kerb(c: County) -> Drive:
    return at_hub(c, "coach", way="kerb", stands_s=float(c.rng.uniform(15, 60)), boards=int(c.rng.integers(1, 4)))


@near_miss
def breakdown_on_the_motorway(c: County) -> Drive:
    return replace(c.make("coach", "motorway", (6, 22)), way="shoulder", stands_s=60.0)


@act("NP-07")
def taxi_from_elsewhere(c: County) -> Drive:
    drive = replace(c.make("taxi", "hub", (14, 21), begin="闽A"), permits=[]).permit("taxi", "3501")
    for clock in ("08:10", "10:05", "11:30", "13:20"):
        drive.seen_before(0, clock)
    return drive


@near_miss
def taxi_brings_a_guest(c: County) -> Drive:
    drive = replace(c.make("taxi", "hub", (14, 21), begin="闽A"), permits=[]).permit("taxi", "3501")
    return drive.seen_before(0, "12:40")


@act("NP-08")
def charter_like_a_line(c: County) -> Drive:
    drive = at_hub(c, "coach", (8, 20), way="bay", stands_s=60.0, boards=2, permits=[]).permit("charter", "福建省")
    for day in range(1, 7):
        drive.seen_before(day, drive.clock, boarded=3)
    return drive


@near_miss
def charter_now_and_then(c: County) -> Drive:
    drive = at_hub(c, "coach", (8, 20), way="bay", stands_s=60.0, boards=2, permits=[]).permit("tourist", "福建省")
    return drive.seen_before(2, "07:00", boarded=9).seen_before(4, drive.clock, boarded=9)


@act("NP-09")
def permit_run_out(c: County) -> Drive:
    drive = replace(c.make("coach", c.one(("hub", "motorway")), (6, 22)), permits=[])
    return drive.permit("scheduled", "南平-福州", to=-int(c.rng.integers(10, 200)))


@near_miss
def permit_until_today_or_yesterday(c: County) -> Drive:
    drive = replace(c.make("coach", c.one(("hub", "motorway")), (6, 22)), permits=[])
    return drive.permit("scheduled", "南平-福州", to=int(c.rng.integers(-1, 1)))


@act("NP-10")
def yellow_plate_on_a_car(c: County) -> Drive:
    drive = c.make("car", "motorway", (7.1, 17.9))
    return replace(drive, plate=c.number("01"), code="01", colour="yellow", row=None)


@act("NP-11")
def people_in_the_bed(c: County) -> Drive:
    drive = c.make(c.one(("light", "truck2")), c.one(("gate", "tunnel")), (6, 20))
    return replace(drive, riders=int(c.rng.integers(1, 5)), body="stake", load="empty")


@act("PL-01")
def covered_plate(c: County) -> Drive:
    return replace(c.make(c.one(("car", "truck2", "tipper")), c.one(("gate", "tunnel", "hub"))), bare=True)


@act("PL-02")
def scrapped_or_stolen(c: County) -> Drive:
    return c.make(c.one(("car", "light", "truck2")), c.one(("gate", "tunnel"))).entry(state=c.one("CEMPQ"))


@near_miss
def inspection_ended_this_week(c: County) -> Drive:
    drive = c.make("car", "gate").entry(inspection_valid_to=TODAY - timedelta(days=int(c.rng.integers(1, 8))))
    return drive.entry(state=c.one("AG"))


@act("PL-03")
def same_plate_far_away(c: County) -> Drive:
    drive = c.make(c.one(("car", "light")), c.one(("gate", "tunnel", "hub")), (6, 22))
    return before(drive, minutes=int(c.rng.integers(5, 25)))


@near_miss
def came_from_far_away(c: County) -> Drive:
    return before(c.make("car", "gate", (6, 22)), minutes=int(c.rng.integers(58, 90)))


def before(drive: Drive, minutes: int) -> Drive:
    """Seen at the far neighbour, so many minutes before."""
    clock = drive.at - MIDNIGHT - timedelta(minutes=minutes)
    return drive.seen_before(0, f"{int(clock.total_seconds()) // 3600}:{int(clock.total_seconds()) // 60 % 60}", **FAR)


@act("PL-04")
def plate_of_a_car_on_a_truck(c: County) -> Drive:
    truck, car = c.make("light", "gate"), c.make("car", "gate")
    return replace(truck, plate=car.plate, code=car.code, colour=car.colour, row=car.row, permits=[])


@act("WL-01")
def under_watch(c: County) -> Drive:
    drive = c.make(c.one(("car", "van", "truck2")), c.one(("gate", "tunnel", "hub", "motorway")))
    return watch(drive, days_left=30)


@near_miss
def no_longer_under_watch(c: County) -> Drive:
    return watch(c.make("car", "gate"), days_left=-1)


@near_miss
def nearly_the_number_under_watch(c: County) -> Drive:
    drive = c.make("car", "gate")
    other = drive.plate[:-1] + ("8" if drive.plate[-1] != "8" else "3")
    return watch(drive, days_left=30, plate=other)


def watch(drive: Drive, days_left: int, plate: str = "") -> Drive:
    """Put a number on the watch list."""
    drive.watch = WatchEntry(
        plate=plate or drive.plate,
        plate_type=drive.code,
        colour="orange",
        reason="一年内三次超限运输",
        kind="overload",
        since=MIDNIGHT - timedelta(days=60),
        until=MIDNIGHT + timedelta(days=days_left),
    )
    return drive


@act("TR-01")
def truck_over_the_closed_bridge(c: County) -> Drive:
    return replace(c.make(c.one(("truck2", "tipper")), "gate"), way="closed")


@near_miss
def car_over_the_closed_bridge(c: County) -> Drive:
    return replace(c.make("car", "gate"), way="closed")


@act("TR-02")
def stops_at_the_kerb(c: County) -> Drive:
    return at_hub(c, c.one(("car", "van")), way="kerb", stands_s=float(c.rng.uniform(12, 120)))


@near_miss
def halts_at_the_kerb(c: County) -> Drive:
    return at_hub(c, "car", way="kerb", stands_s=float(c.rng.uniform(3, 8)), alights=1)


@act("TR-03")
def against_the_traffic(c: County) -> Drive:
    return replace(c.make(c.one(("car", "van", "light")), c.one(("gate", "tunnel", "motorway"))), back=True)
