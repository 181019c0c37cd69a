"""Speed and size of a vehicle from its passage before a calibrated camera, each with its 95 % interval.

What cannot be told is None: the track is too short, the vehicle hardly moved, or the interval says nothing. A speed is
never more than a clue unless the camera is a speed meter certified by legal metrology.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

import numpy as np

from cameras.calibration import Calibration, calibrate
from cameras.calibration_settings import CalibrationSettings
from cameras.calibration_view import View
from detector.estimates import Estimate, Measurement
from detector.forms import FORMS, Form
from detector.motion_on_road import PATH, Fit, Floats, Looks, fit_form
from detector.passage import Passage

WINDOWS_S = (4.0, 1.8)
"""Times round the best view over which the way is taken for an arc: the shorter one where the longer does not fit."""
MOST_LOOKS = 24
LEAST_LOOKS, LEAST_S, LEAST_WAY_M = 6, 0.4, 3.0
MISFIT = 3.0
"""Squared error per reading, in expected ones, from which on a fit explains nothing."""
UNEVEN = 1.5
"""A vehicle so many times faster in one half of the time than in the other brakes or sets off: no even acceleration."""
LEAST_PX = 24.0
WIDEST = 0.15
"""Half of an interval, as a share of the value, from which on it says nothing."""
LEARNT = 0.6
"""What is known of a size afterwards must be so much narrower than what one knows of such vehicles anyway."""
SIZED = frozenset({"car", "van", "bus", "truck", "tank_truck"})
"""Others have no outline of their own: riders and loads make it."""
UNLIKELY = 12.0
"""Cost above the best form's from which on a form is out."""


class Meter:
    """A calibrated camera."""

    def __init__(self, settings: CalibrationSettings, zone: tzinfo) -> None:
        """`zone`: the site's own time, in which a certificate ends. Raises CalibrationError for a bad fit."""
        self._settings = settings
        self._zone = zone
        self._calibration = calibrate(settings)

    def measure(self, passage: Passage) -> Measurement | None:
        """Speed and size of the vehicle; None where nothing can be told."""
        return measure(passage, self._calibration)

    def certified_at(self, at: datetime) -> bool:
        """Whether a speed measured then is that of a certified meter."""
        return self._settings.certified_at(at.astimezone(self._zone))


def measure(passage: Passage, calibration: Calibration | None) -> Measurement | None:
    """Measure a passage; None without a calibration of its picture's shape, or where nothing can be told."""
    if calibration is None or passage.class_name not in FORMS:
        return None
    try:
        calibration = calibration.resized(passage.size)
    except ValueError:
        return None
    for window_s in WINDOWS_S:
        looks = _looks(passage, window_s)
        if looks is None:
            continue
        fits = _fits(FORMS[passage.class_name], looks, calibration)
        if fits and min(fits, key=lambda fit: fit.cost).misfit < MISFIT:
            return _measurement(passage.class_name, fits, looks)
    return None


def _looks(passage: Passage, window_s: float) -> Looks | None:
    """The looks round the vehicle's largest view that lies wholly in the picture."""
    boxes = passage.boxes.astype(np.float64)
    sides = boxes[:, 2:] - boxes[:, :2]
    good = passage.seen & (sides.min(axis=1) >= LEAST_PX)
    if good.sum() < LEAST_LOOKS:
        return None
    looks = Looks.of(passage.times_s[good], boxes[good], passage.size)
    worth = np.sqrt(sides[good].prod(axis=1)) * np.where(looks.whole.all(axis=1), 1.0, 0.3)
    times = looks.times_s
    best = float(times[int(np.argmax(worth))])
    start = float(np.clip(best - window_s / 2, times[0], max(times[0], times[-1] - window_s)))
    rows = np.flatnonzero((times >= start) & (times <= start + window_s))
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(MOST_LOOKS, len(rows))).astype(int))]
    if len(rows) < LEAST_LOOKS or times[rows[-1]] - times[rows[0]] < LEAST_S:
        return None
    return looks[rows]


def _fits(forms: Sequence[Form], looks: Looks, calibration: Calibration) -> list[Fit]:
    found = []
    for form in forms:
        start = _first_way(form, looks, calibration.view)
        if start is not None and (fit := fit_form(form, looks, calibration, start)) is not None:
            found.append(fit)
    best = min((fit.cost for fit in found), default=0.0)
    return [fit for fit in found if fit.cost < best + UNLIKELY]


def _first_way(form: Form, looks: Looks, view: View) -> Floats | None:
    """A way (6,) from where the boxes' lower edges lie on the road (Theil 1950: median of the slopes)."""
    all_of_it = np.flatnonzero(looks.whole.all(axis=1))
    rows = all_of_it if len(all_of_it) >= LEAST_LOOKS else np.flatnonzero(looks.whole[:, 3])
    if len(rows) < 4:
        return None
    boxes, times = looks.boxes[rows], looks.times_s[rows]
    near = view.road(np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1))
    known = np.isfinite(near).all(axis=1)
    near, times = near[known], times[known]
    if len(times) < 4:
        return None
    middle = (looks.times_s[0] + looks.times_s[-1]) / 2
    velocity = _velocity(near, times)
    speed = float(np.linalg.norm(velocity))
    if speed * (looks.times_s[-1] - looks.times_s[0]) < LEAST_WAY_M:
        return None
    half = len(times) // 2
    halves = [float(np.linalg.norm(_velocity(near[part], times[part]))) for part in (slice(half), slice(-half, None))]
    if max(halves) > UNEVEN * min(halves):
        return None
    place = np.median(near - velocity * (times - middle)[:, None], axis=0)
    ahead, away = velocity / speed, place - view.position_m[:2]
    away /= np.linalg.norm(away)
    turned = abs(float(ahead @ away))
    place = place + away * (turned * form.size_m[0] + np.sqrt(1 - min(turned, 1.0) ** 2) * form.size_m[1]) / 2
    return np.array([*place, speed, np.arctan2(ahead[1], ahead[0]), 0.0, 0.0])


def _velocity(places: Floats, times_s: Floats) -> Floats:
    i, j = np.triu_indices(len(times_s), 1)
    return np.asarray(np.median((places[j] - places[i]) / (times_s[j] - times_s[i])[:, None], axis=0))


def _measurement(word: str, fits: Sequence[Fit], looks: Looks) -> Measurement | None:
    shares = _normal(np.exp([-(fit.cost - fits[0].cost) / 2 for fit in fits]))
    means, variances = np.array([fit.values for fit in fits]), np.array([np.diag(fit.covariance) for fit in fits])
    mean, deviation = _mixed(shares, means, variances)
    forms = FORMS[word]
    common = _normal(np.array([form.share for form in forms]))
    _, before = _mixed(common, np.array([f.expected for f in forms]), np.array([f.deviation**2 for f in forms]))

    def size(number: int) -> Estimate | None:
        known = word in SIZED and deviation[PATH + number] < LEARNT * before[number]
        return _estimate(mean[PATH + number], deviation[PATH + number]) if known else None

    speed = _estimate(3.6 * mean[2], 3.6 * deviation[2])
    length, width, height = (size(number) for number in range(3))
    if speed is length is width is height is None:
        return None
    start, end = float(looks.times_s[0]), float(looks.times_s[-1])
    return Measurement(start, end, len(looks.times_s), speed, length, width, height)


def _normal(shares: Floats) -> Floats:
    return np.asarray(shares / shares.sum())


def _mixed(shares: Floats, means: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation (K,) of a mixture of distributions (N, K)."""
    mean = shares @ means
    return mean, np.sqrt(shares @ (variances + (means - mean) ** 2))


def _estimate(value: float, deviation: float) -> Estimate | None:
    half = 1.96 * deviation
    if not np.isfinite(half) or value <= 0 or half > WIDEST * value:
        return None
    return Estimate(float(value), float(value - half), float(value + half))
