"""Calibration of a camera: from what the engineer marked to a view, with how far off it may be.

A bad fit is refused: a calibration is either good enough to measure with or there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cameras.calibration_fit import Marks, Solution, degrees_of_freedom, residuals, solve
from cameras.calibration_settings import CalibrationSettings
from cameras.calibration_view import Floats, View

WORST_ERROR = 4.0
"""Error of a mark, in what clicking and taping explain, from which on it is wrong and no accident."""
FOCAL_ERROR = 0.15
"""Error (95 %) of the focal length from which on it is as good as unknown."""
SCALE_ERROR = 0.08
"""Error (95 %) of distances on the road from which on nothing can be measured."""


class CalibrationError(Exception):
    """A calibration that cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class MarkError:
    """How far one mark is off."""

    name: str
    """As a person finds it in the settings: `points 3`, or `lines 2, ends 1`."""
    pixel: tuple[float, float]
    """Where it was marked."""
    seen: tuple[float, float]
    """Where the fitted camera sees that place."""
    error_px: float
    error_m: float
    """On the road, between the place given and the place at the pixel."""
    error: float
    """In standard deviations of what clicking and taping explain."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A camera's view of its road."""

    view: View
    covariance: Floats
    """(8, 8) of the steps of `View.moved`."""
    marks: tuple[MarkError, ...]
    rms_px: float
    scale_error: float
    """Half-width of the 95 % interval of a distance on the road amid the marks, as a share of it."""
    spare: int
    """Readings more than needed: with 0 or 1 the errors tell nothing."""

    def resized(self, size: tuple[int, int]) -> Calibration:
        """The same for a picture of another size and the same shape. ValueError for another shape."""
        return self if size == self.view.size else replace(self, view=self.view.resized(size))


def calibrate(settings: CalibrationSettings) -> Calibration:
    """Fit a camera to the marks. Raises CalibrationError, naming the worst mark, where the fit cannot be used."""
    calibration = fitted(settings)
    problem = fault_of(calibration, settings)
    if problem:
        raise CalibrationError(problem)
    return calibration


def fitted(settings: CalibrationSettings) -> Calibration:
    """Fit a camera to the marks, good or bad. Raises CalibrationError where no camera fits at all."""
    marks = Marks.of(settings)
    if degrees_of_freedom(marks, settings) < 0:
        raise CalibrationError("too few marks to tell the camera: add points, or ends of marks on a second line")
    solution = solve(marks, settings)
    if solution is None:
        raise CalibrationError(
            "no camera sees these marks so: they lie on one line, or pixels and metres belong to different places"
        )
    if solution.view.position_m[2] < 0:
        raise CalibrationError(
            "the marks are mirrored: y must grow to the left of x (and across_m to the left of the way along)"
        )
    return _judged(marks, solution, settings)


def fault_of(calibration: Calibration, settings: CalibrationSettings) -> str | None:
    """What is wrong with a fit, with the remedy; None where it can be used."""
    worst = max(calibration.marks, key=lambda mark: mark.error)
    if worst.error > WORST_ERROR:
        name, mark = _culprit(settings) or worst.name, worst
        mark = next(m for m in calibration.marks if m.name == name)
        return (
            f"bad fit: {name} at pixel ({mark.pixel[0]:g}, {mark.pixel[1]:g}) is off by {mark.error_px:.1f} px, "
            f"{mark.error_m * 100:.0f} cm on the road: measure or mark it anew, or take it out"
        )
    focal_error = 1.96 * float(np.sqrt(calibration.covariance[6, 6]))
    if focal_error > FOCAL_ERROR:
        return (
            f"the marks do not tell the lens (focal length ± {focal_error:.0%}): add marks nearer and farther and to "
            "both sides, or give horizontal_fov_deg"
        )
    if calibration.scale_error > SCALE_ERROR:
        return (
            f"distances on the road would be off by ± {calibration.scale_error:.0%}: spread the marks over more of "
            "the picture, or add some"
        )
    return None


def _judged(marks: Marks, solution: Solution, settings: CalibrationSettings) -> Calibration:
    seen = solution.view.pixels(marks.road(solution.offsets))
    there = solution.view.road(marks.pixels)
    off_px = np.linalg.norm(seen - marks.pixels, axis=1)
    off_m = np.linalg.norm(there - marks.road(solution.offsets)[:, :2], axis=1)
    whitened = np.linalg.norm(residuals(marks, solution, settings), axis=1)
    errors = tuple(
        MarkError(name, (float(p[0]), float(p[1])), (float(s[0]), float(s[1])), float(px), float(m), float(w))
        for name, p, s, px, m, w in zip(marks.names, marks.pixels, seen, off_px, off_m, whitened, strict=True)
    )
    spare = degrees_of_freedom(marks, settings)
    rms = float(np.sqrt(np.mean(off_px**2)))
    return Calibration(solution.view, solution.covariance, errors, rms, _scale_error(marks, solution), spare)


def _scale_error(marks: Marks, solution: Solution) -> float:
    """Of short ways up and across the picture at each mark, the median over the marks of the worse one."""
    up, across = np.array([0.0, 4.0]), np.array([4.0, 0.0])

    def lengths(view: View) -> Floats:
        ends = [view.road(marks.pixels + way) - view.road(marks.pixels - way) for way in (up, across)]
        return np.asarray(np.log(np.linalg.norm(ends, axis=2)))

    small = 1e-6
    base = lengths(solution.view)
    steps = np.eye(len(solution.covariance)) * small
    slope = np.stack([(lengths(solution.view.moved(step)) - base) / small for step in steps], axis=-1)
    deviation = np.sqrt(np.einsum("wmi,ij,wmj->wm", slope, solution.covariance, slope))
    known = deviation.max(axis=0)[np.isfinite(deviation).all(axis=0)]
    return float(1.96 * np.median(known)) if len(known) else float("inf")


def _culprit(settings: CalibrationSettings) -> str | None:
    """The mark without which the others fit best; None where too few would be left to tell."""
    marks = Marks.of(settings)
    best: tuple[float, str] | None = None
    for row, name in enumerate(marks.names):
        rest = marks.without(row)
        if degrees_of_freedom(rest, settings) < 2:
            return None
        solution = solve(rest, settings)
        if solution is not None and (best is None or solution.cost < best[0]):
            best = (solution.cost, name)
    return best[1] if best else None
