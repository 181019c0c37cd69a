"""A vehicle's way on the road, its speed and its size, from the boxes of its track.

A rough solid of the vehicle's form drives along an arc of even acceleration; its outline in the picture gives a box for
each look. Speed, size and place are those under which these boxes come closest to the seen ones (Gauss-Newton with
Cauchy's weights), with what is known of such vehicles as a prior. The interval is the fit's covariance, widened by what
neighbouring looks have in common and by how far off the calibration may be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cameras.calibration import Calibration
from cameras.calibration_view import STEPS, View
from detector.forms import SHAPE, Form

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PATH = 6
"""Numbers of a way: x, y, speed, heading, acceleration, curvature; at the middle of the time."""
EDGES = 4
"""And behind the shape's: how far each edge of the detector's boxes lies off all along the track, in standard
deviations of one look."""

EDGE_PX, EDGE_SHARE = 1.5, 0.02
"""How far an edge lies off in one look (one standard deviation): pixels, and a share of the box's side. Measured with
the bundled network on the sample clips: 1 to 4 %, of which half is the same for half a second."""
EDGE_BIAS = 1.0
"""What an edge lies off all along a track, by that of one look: shadows, mirrors, loose labels."""
ALIKE_S = 0.25
"""Time over which errors of a detector's boxes resemble each other."""
ACCELERATION, CURVATURE = 1.0, 0.004
"""Deviations of acceleration (m/s²) and curvature (1/m) on roads."""
CAUCHY = 2.4
"""Errors beyond so many deviations hardly count: what they show is another vehicle, or a part of this one."""
ROUNDS, STEPS_PER_ROUND = 4, 5
INSIDE = 2.0
"""An edge nearer to the picture's border than so many of its own deviations may be where the picture ends."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What was seen: seconds (T,), boxes (T, 4) in pixels, and which edges lie inside the picture (T, 4)."""

    times_s: Floats
    boxes: Floats
    whole: Bools

    @staticmethod
    def of(times_s: Floats, boxes: Floats, size: tuple[int, int]) -> Looks:
        """Looks at a picture of this width and height."""
        room = np.concatenate([boxes[:, :2], np.array(size) - boxes[:, 2:]], axis=1)
        return Looks(times_s, boxes, room > INSIDE * _deviation(boxes))

    @property
    def deviation(self) -> Floats:
        """(T, 4): how far each edge may lie off in a look, pixels."""
        return _deviation(self.boxes)

    def __getitem__(self, rows: NDArray[np.int64]) -> Looks:
        return Looks(self.times_s[rows], self.boxes[rows], self.whole[rows])


def _deviation(boxes: Floats) -> Floats:
    size = boxes[:, 2:] - boxes[:, :2]
    return np.hypot(EDGE_PX, EDGE_SHARE * np.concatenate([size, size], axis=1))


@dataclass(frozen=True, slots=True)
class Fit:
    """The likeliest way and shape of a vehicle of a form."""

    form: Form
    values: Floats
    """(16,): way, shape, edges."""
    covariance: Floats
    """(16, 16), with the calibration's part."""
    cost: float
    """Minus twice the log of its likelihood, but for a constant."""
    misfit: float
    """Squared error per reading in expected ones: 1 where all is as expected."""
    readings: int


def fit_form(form: Form, looks: Looks, calibration: Calibration, start: Floats) -> Fit | None:
    """Fit a form's way and shape, from a first way (6,); None where it runs out of the picture."""
    view = calibration.view
    values = np.concatenate([start, form.expected, np.zeros(EDGES)])
    prior = _Prior.of(form, values)
    weights = np.ones_like(looks.boxes)
    for _ in range(ROUNDS):
        inside = looks.whole & _inside(form, values, looks, view)
        if inside.sum() < PATH + 4:
            return None
        values = _descend(form, values, looks, view, np.where(inside, np.sqrt(weights), 0.0), prior)
        errors = _errors(form, values[None], looks, view)[0]
        if not np.isfinite(errors[inside]).all():
            return None
        weights = 1 / (1 + (np.where(inside, errors, 0.0) / CAUCHY) ** 2)
    return _told(form, values, looks, calibration, inside, weights, prior)


@dataclass(frozen=True, slots=True)
class _Prior:
    expected: Floats
    deviation: Floats

    @staticmethod
    def of(form: Form, start: Floats) -> _Prior:
        """Place, speed and heading are free."""
        free = np.full(4, np.inf)
        deviation = [*free, ACCELERATION, CURVATURE, *form.deviation, *np.full(EDGES, EDGE_BIAS)]
        return _Prior(np.concatenate([start[:4], [0, 0], form.expected, np.zeros(EDGES)]), np.array(deviation))

    def errors(self, values: Floats) -> Floats:
        return (values - self.expected) / self.deviation


def outline(form: Form, values: Floats, times_s: Floats, view: View) -> Floats:
    """Pixels (K, T, P, 2) of the points of vehicles (K, 16) at times (T,)."""
    middle = (times_s[0] + times_s[-1]) / 2
    x, y, speed, heading, gain, curve = (column[:, None] for column in values[:, :PATH].T)
    after = times_s - middle
    way = speed * after + gain * after**2 / 2
    cos, sin = np.cos(heading), np.sin(heading)
    aside = curve * way**2 / 2
    places = np.stack([x + way * cos - aside * sin, y + way * sin + aside * cos], axis=-1)
    turn = heading + curve * way
    points = form.points(values[:, PATH : PATH + SHAPE])
    cos, sin = np.cos(turn)[..., None], np.sin(turn)[..., None]
    px, py, pz = (points[:, None, :, axis] for axis in range(3))
    world = np.stack(
        [
            places[..., :1] + px * cos - py * sin,
            places[..., 1:] + px * sin + py * cos,
            np.broadcast_to(pz, cos.shape[:2] + pz.shape[2:]),
        ],
        axis=-1,
    )
    return view.pixels(world)


def _boxes(form: Form, values: Floats, looks: Looks, view: View) -> Floats:
    pixels = outline(form, values, looks.times_s, view)
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(pixels, axis=2), np.fmax.reduce(pixels, axis=2)
    return np.concatenate([low, high], axis=2) + values[:, None, -EDGES:] * looks.deviation


def _errors(form: Form, values: Floats, looks: Looks, view: View) -> Floats:
    """Errors (K, T, 4) of the edges in standard deviations."""
    return np.asarray((_boxes(form, values, looks, view) - looks.boxes) / looks.deviation)


def _inside(form: Form, values: Floats, looks: Looks, view: View) -> Bools:
    """Edges (T, 4) whose outermost point is in the picture: of a vehicle half outside, others end the box."""
    pixels = outline(form, values[None], looks.times_s, view)[0]
    known = np.isfinite(pixels).all(axis=2)
    filled = np.where(known[..., None], pixels, 0.0)
    rows = np.arange(len(pixels))
    corners = [filled[rows, filled[..., axis].argmin(axis=1)] for axis in (0, 1)]
    corners += [filled[rows, filled[..., axis].argmax(axis=1)] for axis in (0, 1)]
    margin = 0.02 * max(view.size)
    size = np.array(view.size)
    good = [((c > -margin) & (c < size + margin)).all(axis=1) & known.all(axis=1) for c in corners]
    return np.stack(good, axis=1)


def _descend(form: Form, values: Floats, looks: Looks, view: View, weights: Floats, prior: _Prior) -> Floats:
    """Some Levenberg-Marquardt steps with fixed weights (T, 4)."""
    used = weights > 0
    common = 1 / np.sqrt(_alike(looks))

    def seen(many: Floats) -> Floats:
        return np.asarray((_errors(form, many, looks, view) * weights * common)[:, used])

    damping = 1e-2
    for _ in range(STEPS_PER_ROUND):
        now, slope = _sloped(seen, values)
        tied = prior.errors(values)
        curve = slope.T @ slope + np.diag(1 / prior.deviation**2)
        pull = slope.T @ now + tied / prior.deviation
        cost = now @ now + tied @ tied
        for _ in range(6):
            step = np.linalg.solve(curve + damping * np.diag(np.diag(curve) + 1e-9), -pull)
            then, tied = seen((values + step)[None])[0], prior.errors(values + step)
            if then @ then + tied @ tied <= cost:
                break
            damping *= 8
        else:
            return values
        values, damping = values + step, damping / 8
    return values


def _sloped(function: Callable[[Floats], Floats], values: Floats) -> tuple[Floats, Floats]:
    """Value (R,) and slope (R, K) of a function of many vectors (N, K) at one."""
    small = 1e-5 * np.maximum(1.0, np.abs(values) / 10)
    many = function(np.concatenate([values[None], values + np.diag(small)]))
    return many[0], ((many[1:] - many[0]) / small[:, None]).T


def _alike(looks: Looks) -> float:
    """How many looks tell as much as one independent one."""
    step = float(np.median(np.diff(looks.times_s)))
    alike = np.exp(-step / ALIKE_S)
    return float((1 + alike) / (1 - alike))


def _told(
    form: Form, values: Floats, looks: Looks, calibration: Calibration, inside: Bools, weights: Floats, prior: _Prior
) -> Fit | None:
    view = calibration.view
    scale = np.sqrt(weights / _alike(looks))[inside]
    now, slope = _sloped(lambda many: _errors(form, many, looks, view)[:, inside] * scale, values)
    errors = _errors(form, values[None], looks, view)[0][inside]
    readings = int(inside.sum())
    misfit = float((weights[inside] * errors**2).sum()) / readings
    tied = prior.errors(values)
    worse = max(1.0, misfit)
    curve = slope.T @ slope / worse + np.diag(1 / prior.deviation**2)
    try:
        covariance = np.linalg.inv(curve)
    except np.linalg.LinAlgError:
        return None
    small = 1e-5
    moved = [
        (_errors(form, values[None], looks, view.moved(step))[0][inside] * scale - now) / small
        for step in np.eye(STEPS) * small
    ]
    gain = -covariance @ slope.T @ np.stack(moved, axis=1) / worse
    covariance = covariance + gain @ calibration.covariance @ gain.T
    # Of forms that explain the boxes alike the one that needs less stretching is likelier.
    logs = 2 * np.log(prior.deviation[PATH : PATH + SHAPE]).sum() - np.linalg.slogdet(covariance)[1]
    spread = readings / _alike(looks) * np.log(worse)
    cost = float(now @ now / worse + spread + tied @ tied + logs - 2 * np.log(form.share))
    return Fit(form, values, covariance, cost, misfit, readings)
