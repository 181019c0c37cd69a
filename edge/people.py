"""People and a vehicle: who got on or off while it stood, and who rides in the load bed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from detector.geometry import share_inside
from detector.passage import Passage
from edge.rules.known import MARGIN_S, Boarding

NEAR = 0.5
"""Share of a person's box that must lie in the vehicle's, widened by `REACH`, for the person to be at the vehicle."""
REACH = 0.15
"""Of the vehicle's width and height, to every side: doors open outwards."""
WALKED = 0.5
"""A person who moved less than this share of the own height neither came nor went."""
SEEN_S = 0.5
"""A person who was seen for less is no person yet."""
ABOARD_S = 1.0
"""A person who rides along is seen in the bed for this long while the vehicle moves."""
ABOARD = 0.9
"""Share of the person's box inside the vehicle's."""
SMALL = 0.6
"""A person in the bed is at most this share of the vehicle's height."""
ABOVE = 0.2
"""The feet of a person in the bed are this share of the vehicle's height above the road."""


def boardings(vehicle: Passage, people: Sequence[Passage]) -> tuple[Boarding, ...]:
    """Who vanished at the standing vehicle, or appeared at it, in order. `people`: passages of persons, any camera."""
    found = []
    for person in _of(vehicle, people):
        if person.last_s - person.first_s < SEEN_S or _walked(person) < WALKED:
            continue
        if person.exit == "inside" and _stands(vehicle, person.last_s) and _at(vehicle, person, person.last_s):
            found.append(Boarding(person.last_s, into=True))
        elif person.entry == "inside" and _stands(vehicle, person.first_s) and _at(vehicle, person, person.first_s):
            found.append(Boarding(person.first_s, into=False))
    return tuple(sorted(found, key=lambda b: b.at_s))


def people_in_bed(vehicle: Passage, people: Sequence[Passage]) -> int:
    """How many ride above the wheels and behind the cab of a moving truck. 0 for other vehicles."""
    if vehicle.class_name not in ("truck", "three_wheeler"):
        return 0
    return sum(_rides(vehicle, person) for person in _of(vehicle, people))


def _of(vehicle: Passage, people: Iterable[Passage]) -> list[Passage]:
    place = (vehicle.camera, vehicle.session)
    return [
        p
        for p in people
        if (p.camera, p.session) == place and p.first_s <= vehicle.last_s + MARGIN_S and p.last_s >= vehicle.first_s
    ]


def _stands(vehicle: Passage, t_s: float) -> bool:
    return any(stop.from_s - MARGIN_S <= t_s <= stop.to_s + MARGIN_S for stop in vehicle.stops)


def _at(vehicle: Passage, person: Passage, t_s: float) -> bool:
    x0, y0, x1, y1 = (float(v) for v in vehicle.box_at(t_s))
    dx, dy = REACH * (x1 - x0), REACH * (y1 - y0)
    wide = np.array([[x0 - dx, y0 - dy, x1 + dx, y1 + dy]])
    return bool(share_inside(person.box_at(t_s)[None, :].astype(np.float64), wide)[0, 0] >= NEAR)


def _walked(person: Passage) -> float:
    """Way from the first to the last foot point, in own heights."""
    first, last = _foot(person.boxes[0]), _foot(person.boxes[-1])
    heights = person.boxes[:, 3] - person.boxes[:, 1]
    return float(np.hypot(*(last - first)) / max(float(np.median(heights)), 1.0))


def _foot(box: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.array([(box[0] + box[2]) / 2, box[3]], np.float64)


def _rides(vehicle: Passage, person: Passage) -> bool:
    """Whether the person stays in the moving vehicle's box, above the road and behind the cab."""
    forward = vehicle.direction
    times = person.times_s[(person.times_s >= vehicle.first_s) & (person.times_s <= vehicle.last_s)]
    if forward is None or not len(times):
        return False
    aboard = [t for t in times.tolist() if not _stands(vehicle, t) and _in_bed(vehicle, person, t, forward[0])]
    return len(aboard) >= 0.8 * len(times) and aboard[-1] - aboard[0] >= ABOARD_S if aboard else False


def _in_bed(vehicle: Passage, person: Passage, t_s: float, forward_x: float) -> bool:
    truck, one = vehicle.box_at(t_s).astype(np.float64), person.box_at(t_s).astype(np.float64)
    height, width = truck[3] - truck[1], truck[2] - truck[0]
    small = one[3] - one[1] <= SMALL * height and one[3] <= truck[3] - ABOVE * height
    inside = share_inside(one[None, :], truck[None, :])[0, 0] >= ABOARD
    # Who sits behind the windscreen is in the front third.
    middle = ((one[0] + one[2]) / 2 - truck[0]) / width
    ahead = middle if forward_x > 0 else 1 - middle
    return bool(small and inside and (abs(forward_x) < 0.3 or ahead < 2 / 3))
