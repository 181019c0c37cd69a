"""Ways over the picture: passages of vehicles and of the people round them, without pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from detector.passage import Passage
from detector.places import PlaceLog
from detector.plan import Plan
from tests.accuracy.day_site import PLANS, SIZE, WAYS
from tests.accuracy.day_world import MIDNIGHT, Drive

Floats = NDArray[np.float64]
BOXES = {"car": (90, 60), "van": (100, 75), "bus": (220, 120), "truck": (190, 120), "tank_truck": (190, 120)}
"""Width and height of a vehicle in the picture, pixels."""
VIEW_M = 60.0
STOP_AT = 500.0
PERSON = (20.0, 50.0)
TRACK_LOST = 0.25
"""Share of people who are lost before they reach the vehicle, or found only when they are away from it: assumed, and so
are the next two."""
TRACK_BROKEN = 0.08
"""Share of those who walk past a vehicle that are lost beside it, and found anew."""
RIDER_LOST = 0.35


@cache
def _plan(camera: str) -> Plan:
    return Plan(PLANS[camera], SIZE)


def passage(name: str, camera: str, times: Floats, boxes: Floats, votes: Mapping[str, float]) -> Passage:
    """What a tracker would make of boxes (N, 4) at seconds of the day (N,)."""
    log = PlaceLog(_plan(camera))
    if "person" not in votes:
        for t, box in zip(times.tolist(), boxes.tolist(), strict=True):
            log.look(t, tuple(box))
    best = max(votes, key=lambda word: votes[word])
    first, last = (MIDNIGHT + timedelta(seconds=float(times[i])) for i in (0, -1))
    return Passage(
        name, crc32(name.encode()), camera, 1, SIZE, best, 0.8 * votes[best], votes, times, boxes.astype(np.float32),
        np.full(len(times), 0.8, np.float32), np.ones(len(times), bool), first, last, log.visits,
        tuple(log.crossings), log.stops, (), True,
    )  # fmt: skip


def driven(rng: np.random.Generator, drive: Drive) -> tuple[Floats, Floats]:
    """Times (N,) in seconds of the day and boxes (N, 4) of a vehicle that drives through, or stops half-way."""
    width, height = BOXES[drive.kind]
    took = VIEW_M / (drive.speed_kmh / 3.6)
    looks = int(np.clip(took * 5, 9, 24))
    x, t = np.linspace(width / 2 + 1, SIZE[0] - width / 2 - 1, looks), np.linspace(0, took, looks)
    if drive.stands_s:
        still = max(3, min(int(drive.stands_s * 2), 60))
        before = x < STOP_AT
        at = float(t[before][-1]) + 0.3
        x = np.concatenate([x[before], np.full(still, STOP_AT), x[~before]])
        t = np.concatenate([t[before], at + np.linspace(0, drive.stands_s, still), t[~before] + drive.stands_s + 0.6])
    if drive.back:
        x = x[::-1]
    y = np.full(len(x), WAYS[drive.camera][drive.way])
    if drive.straddles:
        y = np.where(np.arange(len(x)) % 4 < 2, 245.0, 255.0)
    jitter = rng.normal(0, 0.008, (len(x), 2)) * (width, height)
    boxes = _boxes(x + jitter[:, 0], y + jitter[:, 1] * 0.5, width, height)
    return t + (drive.at - MIDNIGHT).total_seconds(), boxes


def _boxes(x: Floats, y: Floats, width: float, height: float) -> Floats:
    return np.stack([x - width / 2, y - height, x + width / 2, y], axis=1)


def people(rng: np.random.Generator, drive: Drive, times: Floats, boxes: Floats) -> tuple[list[Passage], bool]:
    """Passages of the people round a vehicle, and whether those who got on or off, or ride, were all followed."""
    found, whole = [], True
    for n, (kind, walk) in enumerate(_walks(rng, drive, times)):
        lost = rng.random() < TRACK_LOST and kind != "stroller"
        whole &= not lost
        for part, (t, x) in enumerate(_parts(rng, kind, walk, lost=lost)):
            y = np.full(len(t), WAYS[drive.camera][drive.way] + 6.0)
            name = f"{drive.plate}-{drive.at:%H%M%S}-person-{n}-{part}"
            found.append(passage(name, drive.camera, t, _boxes(x, y, *PERSON), {"person": 1.0}))
    for n in range(drive.riders):
        if rng.random() < RIDER_LOST:
            continue
        middle = boxes[:, 0] + (boxes[:, 2] - boxes[:, 0]) * rng.uniform(0.15, 0.55)
        feet = boxes[:, 3] - 0.35 * (boxes[:, 3] - boxes[:, 1])
        name = f"{drive.plate}-{drive.at:%H%M%S}-rider-{n}"
        found.append(passage(name, drive.camera, times, _boxes(middle, feet, 16, 40), {"person": 1.0}))
    if drive.riders:
        whole = bool(found)
    return found, whole


Walk = tuple[Floats, Floats]


def _walks(rng: np.random.Generator, drive: Drive, times: Floats) -> Iterator[tuple[str, Walk]]:
    """Who walks to the vehicle, from it, or past it: times and pixels from the left."""
    if not drive.stands_s:
        return
    stop = float(times[0]) + VIEW_M / (drive.speed_kmh / 3.6) * 0.5
    door, side = STOP_AT - 20, float(rng.choice([-1, 1]))
    looks = np.linspace(0, 1, 15)
    for _ in range(drive.boards):
        end = stop + float(rng.uniform(0.3, 0.95)) * drive.stands_s
        yield "boards", (end - 3 + 3 * looks, door + side * 160 * (1 - looks))
    for _ in range(drive.alights):
        begin = stop + float(rng.uniform(0.05, 0.5)) * drive.stands_s
        yield "alights", (begin + 3 * looks, door + side * 160 * looks)
    for _ in range(drive.strollers):
        begin = stop + float(rng.uniform(0, 0.5)) * drive.stands_s
        yield "stroller", (begin + 12 * np.linspace(0, 1, 40), np.linspace(11, SIZE[0] - 11, 40))


def _parts(rng: np.random.Generator, kind: str, walk: Walk, *, lost: bool) -> Iterator[Walk]:
    """The tracks that come of a walk."""
    t, x = walk
    if kind == "stroller" and rng.random() < TRACK_BROKEN:
        cut = int(np.argmin(np.abs(x - STOP_AT)))
        yield t[:cut], x[:cut]
        yield t[cut + 1 :], x[cut + 1 :]
    elif lost:
        # Ten looks away from the door.
        yield (t[:10], x[:10]) if kind == "boards" else (t[5:], x[5:])
    else:
        yield t, x
