"""How much more likely a vehicle and a weigh record are of one pass than of two: natural logarithms of ratios, summed.

Each part compares how often a difference is met within one pass to how often between a vehicle and a stranger that
drives near it. Every part has a tail: one thing that is wrong, however much, weighs no more than that is rare.
`tests/accuracy/weighing.py` measures what the constants are worth together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from math import exp, hypot, log, pi, sqrt

from detector.sign import UNREAD
from edge.weighing.passes import ReadPlate, WeighedPass
from edge.weighing.settings import ScaleSettings
from leads import Plate, WeighRecord

REACH_S = 15.0
"""Farther apart in time, a vehicle and a record are never of one pass."""

NO_RECORD, NO_VEHICLE = 0.02, 0.03
"""Share of vehicles that a scale lacks, and that a camera lacks: assumed, some of each at any site."""
TRAFFIC_PER_S = 0.2
"""Vehicles per second in a busy lane; so often strange records come that belong to no vehicle seen."""

MISTIMED, MISTIMED_S = 0.003, 3.0
"""Share of records whose time is wrong by more than clocks explain, and by how much on average: assumed."""
WHOLE_SECONDS_S = 1 / sqrt(12)
"""Standard deviation of a time of which the fraction of the second was cut off."""

SPEED_WRONG, SCALE_SPEED, SCALE_SPEED_KMH, STRANGERS_KMH = 0.03, 0.04, 1.5, 6.0
"""Share of speeds that are wrong; a scale's error as a share and at least; and how much vehicles that follow each other
differ (standard deviation). The first is docs/accuracy.md's for the camera, the others are assumed."""

AXLES_RIGHT, AXLES_RIGHT_UNSURE, ONE_OFF = 0.95, 0.75, 0.7
"""Share of counts that are right (docs/accuracy.md: 95 %), that are where the count was told with a doubt (assumed),
and of the wrong ones those that are off by one."""
LIFTED_COUNTED = 0.1
"""Share of vehicles with a lifted axle of which the scale counts it too."""
AXLE_SHARES = {2: 0.6, 3: 0.08, 4: 0.09, 5: 0.04, 6: 0.18}
"""Share of vehicles with so many axles on trunk roads with much goods traffic: assumed; others are rare."""
RARE_AXLES = 0.01

LENGTH_ERROR, STRANGERS_LENGTH, LENGTH_WRONG = 0.08, 0.3, 0.05
"""Standard deviation of the logarithm of camera's and scale's length (docs/accuracy.md: 96 % within 8 %), of strangers'
lengths, and share of lengths that are wrong."""
WHEELBASE, WHEELBASE_ERROR, OVERHANG_M = 0.76, 0.12, 1.3
"""Distance from first to last axle as a share of the length, with the standard deviation of its logarithm; metres
before the first axle. Assumed, of cars as of semi-trailers."""
USUAL_LENGTH_M = {"car": 4.5, "van": 5.2, "bus": 10.5, "truck": 11.0, "tank_truck": 12.0}
USUAL_ERROR = 0.35
"""Length by class where nobody measured it, and the standard deviation of its logarithm."""

HEAVY_KG = 6000.0
HEAVY_SHARES = {"car": 0.03, "van": 0.05, "motorcycle": 0.01, "three_wheeler": 0.02, "truck": 0.7, "tank_truck": 0.9}
"""Share of heavier vehicles among those the camera calls so. Large trucks are called bus half of the time
(docs/accuracy.md), so a bus tells nothing, nor does any other word."""
HEAVY_SHARE = 0.4

PLATE_WRONG = 0.02
"""Share of plates that were read on another vehicle, or wrong beyond knowing."""
CHARACTER_WRONG, CHARACTER_WRONG_UNSURE = 0.03, 0.15
"""Share of characters that either side reads wrong (docs/accuracy.md; where doubtful, half the plates are right)."""
SAME_BY_CHANCE = (0.6, 0.5)
"""How often two strangers share the province and, then, the office: most vehicles are from here."""
SAME_CHARACTER = 0.06
CHARACTER_MORE = 0.005
"""Share of characters that one side has and the other lacks."""

OTHER_LANE, STRADDLED_LANE = 0.2, 0.5
"""Of vehicles that the record says straddled, those under the lane beside; of those seen to, under either lane."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What each thing says; 0 where it says nothing."""

    base: float
    time: float
    lane: float
    speed: float
    axles: float
    length: float
    kind: float
    plate: float

    @property
    def total(self) -> float:
        """The sum: above 0, one pass is more likely than two."""
        return self.base + self.time + self.lane + self.speed + self.axles + self.length + self.kind + self.plate


def likeness(weighed: WeighedPass, record: WeighRecord, scale: ScaleSettings, clock_off_s: float) -> Parts | None:
    """Compare; None where the two cannot be one: another lane, or too far apart in time."""
    lane = _lane(weighed, record, scale)
    expected_s, error_s = lag_s(weighed, record, scale)
    late_s = lateness_s(weighed, record, expected_s + clock_off_s)
    if lane is None or abs(late_s) > REACH_S:
        return None
    error_s = hypot(error_s, scale.clock_error_s, weighed.time_error_s, WHOLE_SECONDS_S if _cut(record) else 0.0)
    apart = (1 - MISTIMED) * _normal(late_s, error_s) + MISTIMED * exp(-abs(late_s) / MISTIMED_S) / (2 * MISTIMED_S)
    return Parts(
        base=log((1 - NO_RECORD) / NO_RECORD) - log(NO_VEHICLE * TRAFFIC_PER_S),
        time=log(apart),
        lane=lane,
        speed=_speed(weighed, record),
        axles=_axles(weighed, record),
        length=_length(weighed, record),
        kind=_kind(weighed, record),
        plate=plates_likeness(weighed.plates, record),
    )


def lateness_s(weighed: WeighedPass, record: WeighRecord, expected_s: float) -> float:
    """Seconds by which a record is stamped later than `expected_s` after the crossing."""
    cut = timedelta(seconds=0.5) if _cut(record) else timedelta()
    return (record.weighed_at + cut - weighed.crossed_at).total_seconds() - expected_s


def lag_s(weighed: WeighedPass, record: WeighRecord | None, scale: ScaleSettings) -> tuple[float, float]:
    """How long after the crossing the last axle is over the strips and the record is stamped, and its error."""
    lane = scale.lanes[weighed.lane]
    speed_kmh = weighed.speed_kmh.value if weighed.speed_kmh else record.speed_kmh if record else None
    speed_mps = max(speed_kmh or 40.0, 3.0) / 3.6
    way_m, error_m = lane.line_to_strips_m, 0.1 * abs(lane.line_to_strips_m)
    if lane.sees == "front":
        length_m, share = _rest_m(weighed, record)
        way_m, error_m = way_m + length_m, hypot(error_m, share * length_m)
    slow = 0.1 if speed_kmh else 0.4
    return scale.seconds_after_line + way_m / speed_mps, hypot(error_m, slow * way_m) / speed_mps


def _rest_m(weighed: WeighedPass, record: WeighRecord | None) -> tuple[float, float]:
    """Metres from the front to the last axle, with the error as a share."""
    if record is not None and record.axle_spacing_m:
        return OVERHANG_M + sum(record.axle_spacing_m), 0.08
    if weighed.length_m is not None:
        return OVERHANG_M + WHEELBASE * weighed.length_m.value, WHEELBASE_ERROR
    return OVERHANG_M + WHEELBASE * USUAL_LENGTH_M.get(weighed.vehicle_class, 7.0), USUAL_ERROR


def _cut(record: WeighRecord) -> bool:
    """Whether its time seems cut to whole seconds, as the published form has it."""
    return record.weighed_at.microsecond == 0


def _normal(value: float, deviation: float) -> float:
    return exp(-((value / deviation) ** 2) / 2) / (deviation * sqrt(2 * pi))


def _lane(weighed: WeighedPass, record: WeighRecord, scale: ScaleSettings) -> float | None:
    if record.lane in weighed.touched:
        return log(STRADDLED_LANE)
    if record.lane == weighed.lane:
        return 0.0
    return log(OTHER_LANE) if record.straddle and scale.adjacent(record.lane, weighed.lane) else None


def _speed(weighed: WeighedPass, record: WeighRecord) -> float:
    if weighed.speed_kmh is None or record.speed_kmh is None:
        return 0.0
    own = (weighed.speed_kmh.high - weighed.speed_kmh.low) / 3.92  # a 95 % interval is so many standard deviations
    error = hypot(own, SCALE_SPEED_KMH, SCALE_SPEED * record.speed_kmh)
    off = weighed.speed_kmh.value - record.speed_kmh
    strangers = _normal(off, max(hypot(STRANGERS_KMH, error), abs(off) / 3))
    return log(((1 - SPEED_WRONG) * _normal(off, error) + SPEED_WRONG * strangers) / strangers)


def _axles(weighed: WeighedPass, record: WeighRecord) -> float:
    if weighed.axles is None or record.axle_count is None:
        return 0.0
    right = AXLES_RIGHT if weighed.axles_sure else AXLES_RIGHT_UNSURE
    strangers = AXLE_SHARES.get(record.axle_count, RARE_AXLES)
    off = abs(weighed.axles - record.axle_count)
    if off == 0:
        return log(right / strangers)
    if record.axle_count == weighed.axles + weighed.lifted:
        return log(LIFTED_COUNTED / strangers)
    wrong = (1 - right) * (ONE_OFF / 2 if off == 1 else (1 - ONE_OFF) * strangers)
    return min(log(wrong / strangers), 0.0)


def _length(weighed: WeighedPass, record: WeighRecord) -> float:
    """Little more than the axles say already, so strangers are those that look alike."""
    if weighed.length_m is None:
        return 0.0
    if record.length is not None and record.length.mm > 0:
        length_m, error = record.length.mm / 1000, LENGTH_ERROR
    elif record.axle_spacing_m and sum(record.axle_spacing_m) > 0:
        length_m, error = sum(record.axle_spacing_m) / WHEELBASE, hypot(LENGTH_ERROR, WHEELBASE_ERROR)
    else:
        return 0.0
    off = log(weighed.length_m.value / length_m)
    strangers = _normal(off, max(hypot(STRANGERS_LENGTH, error), abs(off) / 3))
    return log(((1 - LENGTH_WRONG) * _normal(off, error) + LENGTH_WRONG * strangers) / strangers)


def _kind(weighed: WeighedPass, record: WeighRecord) -> float:
    """Whether so heavy a vehicle goes with the class; where axles were counted, they have said it already."""
    share = HEAVY_SHARES.get(weighed.vehicle_class)
    if share is None or weighed.axles is not None:
        return 0.0
    return log(share / HEAVY_SHARE) if record.total_kg > HEAVY_KG else log((1 - share) / (1 - HEAVY_SHARE))


def plates_likeness(plates: tuple[ReadPlate, ...], record: WeighRecord) -> float:
    """The best of the vehicle's own plates and the best of its trailer's, each against the record's of its kind."""
    theirs = [p for p in (record.plate_front, record.plate_rear) if p is not None]
    wrong = max(PLATE_WRONG, 1 - record.match_confidence) if record.match_confidence is not None else PLATE_WRONG
    return sum(max(_pairs(plates, theirs, trailer, wrong), default=0.0) for trailer in (False, True))


def _pairs(ours: tuple[ReadPlate, ...], theirs: list[Plate], trailer: bool, wrong: float) -> Iterator[float]:
    for own in ours:
        for other in theirs:
            if own.text.endswith("挂") == other.text.endswith("挂") == trailer:
                same = text_likeness(own.text, other.text, CHARACTER_WRONG if own.sure else CHARACTER_WRONG_UNSURE)
                yield log((1 - wrong) * exp(same) + wrong)


@lru_cache(maxsize=4096)
def text_likeness(ours: str, theirs: str, character_wrong: float) -> float:
    """Two texts laid side by side as well as they go (Needleman and Wunsch 1970); unread characters are free."""
    gap = log(CHARACTER_MORE)
    row = [gap * n for n in range(len(theirs) + 1)]
    for i, a in enumerate(ours):
        before, row = row, [gap * (i + 1)]
        chance = SAME_BY_CHANCE[i] if i < len(SAME_BY_CHANCE) else SAME_CHARACTER
        same, other = log((1 - character_wrong) / chance), log(character_wrong / (1 - chance))
        for j, b in enumerate(theirs):
            met = 0.0 if UNREAD in (a, b) or a == b == "挂" else same if a == b else other
            row.append(max(before[j] + met, row[j] + gap, before[j + 1] + gap))
    return row[-1]


def plate_backed(parts: Parts) -> bool:
    """Whether the plates alone say that the two are one."""
    return parts.plate > log(1 / (NO_VEHICLE * NO_RECORD))
