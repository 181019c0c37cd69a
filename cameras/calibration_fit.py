"""Least squares of a camera's view over marks on its road (Levenberg-Marquardt with numerical slopes)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cameras.calibration_settings import CalibrationSettings
from cameras.calibration_start import from_lines, from_points
from cameras.calibration_view import STEPS, Floats, View

ROUNDS = 60
SMALL = 1e-6
GIVEN = -1
"""Offset of a mark whose place along the road is as given."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What was marked: pixels (N, 2), metres along and across (N,), and which unknown offset adds to `along`.

    Dashes of different lines need not be level with each other, so each line begins at an offset of its own; a point of
    an unbroken line has one all to itself.
    """

    names: tuple[str, ...]
    pixels: Floats
    along_m: Floats
    across_m: Floats
    offset: NDArray[np.int64]
    """(N,): number of the offset, or GIVEN."""

    @staticmethod
    def of(settings: CalibrationSettings) -> Marks:
        """The marks of settings, in their order."""
        if settings.points:
            names = tuple(f"points {number}" for number in range(1, len(settings.points) + 1))
            values = np.array(settings.points, np.float64)
            none = np.full(len(values), GIVEN)
            return Marks(names, values[:, :2], values[:, 2], values[:, 3], none)
        rows: list[tuple[str, float, float, float, float, int]] = []
        used, anchored = 0, False
        for number, line in enumerate(settings.lines, 1):
            own = GIVEN
            if line.ends and anchored:
                own, used = used, used + 1
            anchored = anchored or bool(line.ends)
            for end, (x, y, along) in enumerate(line.ends, 1):
                rows.append((f"lines {number}, ends {end}", x, y, along, line.across_m, own))
            for point, (x, y) in enumerate(line.points, 1):
                rows.append((f"lines {number}, points {point}", x, y, 0.0, line.across_m, used))
                used += 1
        values = np.array([row[1:] for row in rows], np.float64)
        return Marks(
            tuple(row[0] for row in rows), values[:, :2], values[:, 2], values[:, 3], values[:, 4].astype(np.int64)
        )

    @property
    def offsets(self) -> int:
        """How many unknown offsets there are."""
        return int(self.offset.max()) + 1

    def road(self, offsets: Floats) -> Floats:
        """Places (N, 3) in metres with the offsets (G,) added."""
        added = np.where(self.offset >= 0, np.append(offsets, 0.0)[self.offset], 0.0)
        return np.stack([self.along_m + added, self.across_m, np.zeros(len(self.pixels))], axis=1)

    def without(self, row: int) -> Marks:
        """All but one, the offsets counted anew."""
        keep = np.arange(len(self.pixels)) != row
        _, offset = np.unique(np.append(self.offset[keep], GIVEN), return_inverse=True)
        names = tuple(name for name, kept in zip(self.names, keep, strict=True) if kept)
        return Marks(names, self.pixels[keep], self.along_m[keep], self.across_m[keep], offset[:-1] - 1)


@dataclass(frozen=True, slots=True)
class Solution:
    """A view and the offsets, with the view's covariance (8, 8) and the sum of squared whitened residuals."""

    view: View
    offsets: Floats
    covariance: Floats
    cost: float


def degrees_of_freedom(marks: Marks, settings: CalibrationSettings) -> int:
    """Readings more than unknowns."""
    return 2 * len(marks.pixels) - len(_free(settings)) - marks.offsets


def solve(marks: Marks, settings: CalibrationSettings) -> Solution | None:
    """The view under which the marks are likeliest; None where there is none or it is not determined."""
    found = [
        solution for start in _starts(marks, settings) if (solution := _descend(marks, start, settings)) is not None
    ]
    return min(found, key=lambda solution: solution.cost, default=None)


def residuals(marks: Marks, solution: Solution, settings: CalibrationSettings) -> Floats:
    """Errors (N, 2) of the marks in standard deviations of clicking and taping."""
    road = marks.road(solution.offsets)
    return _whitened(marks, solution.view, road, _whitening(solution.view, road, settings))


def _free(settings: CalibrationSettings) -> list[int]:
    """The steps of `View.moved` that are unknown."""
    return [*range(6), *([] if settings.horizontal_fov_deg else [6]), *([7] if settings.fit_distortion else [])]


def _starts(marks: Marks, settings: CalibrationSettings) -> list[tuple[View, Floats]]:
    size, fov = settings.size, settings.horizontal_fov_deg
    focal = size[0] / 2 / math.tan(math.radians(fov) / 2) if fov else None
    if settings.points:
        road = np.stack([marks.along_m, marks.across_m], axis=1)
        return [(view, np.zeros(0)) for view in from_points(marks.pixels, road, size, focal)]
    of_line = {line.across_m: marks.pixels[marks.across_m == line.across_m] for line in settings.lines}
    long = {across: pixels for across, pixels in of_line.items() if len(pixels) > 1}
    if len(long) < 2:
        return []
    return [(view, _offsets(marks, view)) for view in from_lines(list(long.values()), list(long), size, focal)]


def _offsets(marks: Marks, view: View) -> Floats:
    ahead = view.road(marks.pixels)[:, 0] - marks.along_m
    return np.array([np.nanmean(ahead[marks.offset == number]) for number in range(marks.offsets)])


def _descend(marks: Marks, start: tuple[View, Floats], settings: CalibrationSettings) -> Solution | None:
    view, offsets = start
    free = _free(settings)
    damping = 1e-3
    for _ in range(ROUNDS):
        road = marks.road(offsets)
        whitening = _whitening(view, road, settings)
        now = _whitened(marks, view, road, whitening).ravel()
        if not np.isfinite(now).all():
            return None
        slope = _slope(marks, view, offsets, whitening, free)
        curve, pull = slope.T @ slope, slope.T @ now
        while True:
            damped = curve + damping * np.diag(np.diag(curve) + 1e-12)
            step = np.asarray(np.linalg.lstsq(damped, -pull, rcond=None)[0], np.float64)
            moved, shifted = _stepped(view, offsets, step, free)
            then = _whitened(marks, moved, marks.road(shifted), whitening).ravel()
            if np.isfinite(then).all() and then @ then <= now @ now:
                break
            damping *= 10
            if damping > 1e8:
                return _solution(marks, view, offsets, settings)
        view, offsets = moved, shifted
        damping = max(damping / 10, 1e-9)
        if now @ now - then @ then < 1e-9 * (1 + now @ now):
            break
    return _solution(marks, view, offsets, settings)


def _solution(marks: Marks, view: View, offsets: Floats, settings: CalibrationSettings) -> Solution | None:
    free = _free(settings)
    road = marks.road(offsets)
    whitening = _whitening(view, road, settings)
    errors = _whitened(marks, view, road, whitening).ravel()
    slope = _slope(marks, view, offsets, whitening, free)
    cost = float(errors @ errors)
    if not np.isfinite(slope).all() or np.linalg.cond(slope / np.linalg.norm(slope, axis=0)) > 1e7:
        return None
    spare = degrees_of_freedom(marks, settings)
    # Readings worse than expected widen the errors; readings better than expected may be luck.
    worse = max(1.0, cost / spare) if spare > 0 else 1.0
    inverse = np.linalg.inv(slope.T @ slope) * worse
    covariance = np.zeros((STEPS, STEPS))
    covariance[np.ix_(free, free)] = inverse[: len(free), : len(free)]
    return Solution(view, offsets, covariance, cost)


def _stepped(view: View, offsets: Floats, step: Floats, free: list[int]) -> tuple[View, Floats]:
    whole = np.zeros(STEPS)
    whole[free] = step[: len(free)]
    whole[3:7] = np.clip(whole[3:7], -0.5, 0.5)
    return view.moved(whole), offsets + step[len(free) :]


def _slope(marks: Marks, view: View, offsets: Floats, whitening: Floats, free: list[int]) -> Floats:
    base = _whitened(marks, view, marks.road(offsets), whitening).ravel()
    columns = []
    for step in np.eye(len(free) + len(offsets)) * SMALL:
        moved, shifted = _stepped(view, offsets, step, free)
        columns.append((_whitened(marks, moved, marks.road(shifted), whitening).ravel() - base) / SMALL)
    return np.stack(columns, axis=1)


def _whitened(marks: Marks, view: View, road: Floats, whitening: Floats) -> Floats:
    return np.asarray(np.einsum("nij,nj->ni", whitening, view.pixels(road) - marks.pixels))


def _whitening(view: View, road: Floats, settings: CalibrationSettings) -> Floats:
    """Matrices (N, 2, 2) that turn pixel errors into standard deviations: of clicking, and of taping seen in pixels."""
    base = view.pixels(road)
    per_m = np.stack([(view.pixels(road + step) - base) / 0.01 for step in np.eye(3)[:2] * 0.01], axis=2)
    covariance = settings.click_px**2 * np.eye(2) + settings.tape_m**2 * per_m @ per_m.transpose(0, 2, 1)
    good = np.isfinite(covariance).all(axis=(1, 2))
    covariance[~good] = np.eye(2)
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))
