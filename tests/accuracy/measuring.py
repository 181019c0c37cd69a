"""Measures how well speed and size are told: on tracks by lot with known truth, and on the sample clips.

`python -m tests.accuracy.measuring` stores what it measures as the new baselines: to be done when they have risen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cameras.calibration import calibrate
from cameras.calibration_view import View
from detector.estimates import Estimate, Measurement
from detector.geometry import iou_matrix
from detector.measuring import measure
from detector.passage import Passage
from edge.settings import load_site
from models.bundled import bundled_weights
from scripts.scenes.truth import ObjectTruth, SceneTruth, read_truth
from tests.accuracy.following import passages_of
from tests.accuracy.hulls import read_hulls
from tests.accuracy.tracks import drive

ROOT = Path(__file__).resolve().parents[2]
BASELINE = Path(__file__).parent / "baselines/measuring.json"
DRIVES = 240
BARS = {"speed_kmh": 0.05, "length_m": 0.08, "width_m": 0.08, "height_m": 0.08}
"""How far off a value may be, as a share of the true one."""
SAME_IOU = 0.4


@dataclass(frozen=True)
class Reading:
    """One measured value against the truth."""

    what: str
    """A key of BARS."""
    where: str
    """View or clip."""
    error: float
    """Share of the true value by which the value is off."""
    half: float
    """Half of the interval, as a share of the value."""
    held: bool
    """Whether the interval holds the truth."""


def readings(where: str, found: Measurement, truth: dict[str, float]) -> Iterable[Reading]:
    """What was measured of one vehicle."""
    for what in BARS:
        value: Estimate | None = getattr(found, what)
        if value is not None:
            half = (value.high - value.low) / 2 / value.value
            error = value.value / truth[what] - 1
            yield Reading(what, where, error, half, value.low <= truth[what] <= value.high)


def by_lot(count: int = DRIVES) -> tuple[int, list[Reading], list[float]]:
    """How many tracks, what was measured of them, and the errors of the speed of the lower edge alone."""
    hulls = read_hulls()
    vehicles = 0
    found: list[Reading] = []
    plain: list[float] = []
    for seed in range(count):
        hull = hulls[seed * 37 % len(hulls)]
        one = drive(hull, seed)
        if one is None:
            continue
        vehicles += 1
        told = measure(one.passage, one.calibration)
        if told is None:
            continue
        truth = {"length_m": hull.length_m, "width_m": hull.width_m, "height_m": hull.height_m}
        truth["speed_kmh"] = one.speed_kmh(told.from_s, told.to_s)
        found += readings(one.view, told, truth)
        if told.speed_kmh is not None:
            plain.append(_plain_kmh(one.passage, told, one.calibration.view) / truth["speed_kmh"] - 1)
    return vehicles, found, plain


def _plain_kmh(passage: Passage, told: Measurement, view: View) -> float:
    """Speed of the middle of the lower edge, by least squares: what one would do without any outline."""
    times, boxes = passage.times_s, passage.boxes.astype(np.float64)
    rows = (times >= told.from_s) & (times <= told.to_s) & passage.seen & (boxes[:, 3] < 0.97 * passage.size[1])
    if rows.sum() < 3:
        return float("nan")
    places = view.road(np.stack([boxes[rows][:, [0, 2]].mean(axis=1), boxes[rows][:, 3]], axis=1))
    return float(np.linalg.norm(np.polyfit(times[rows], places, 1)[0]) * 3.6)


def on_samples() -> tuple[int, list[Reading]]:
    """How many vehicles the clips hold, and what was measured of them with the bundled network and the site's file."""
    site = load_site(ROOT / "configs/sites/samples.yaml")
    vehicles = 0
    found: list[Reading] = []
    for camera in site.cameras:
        truth = read_truth(Path(camera.source.url).with_suffix(".truth.json"))
        vehicles += len(truth.vehicles)
        assert camera.source.calibration is not None
        calibration = calibrate(camera.source.calibration)
        for passage in passages_of(Path(camera.source.url), bundled_weights("vehicles")):
            told = measure(passage, calibration)
            identity = identity_of(passage, truth)
            if told is not None and identity is not None:
                found += readings(camera.source.id, told, _truth(truth, identity, told))
    return vehicles, found


def identity_of(passage: Passage, truth: SceneTruth) -> str | None:
    """The vehicle that most of the passage's boxes lie on."""
    hits: dict[str, int] = {}
    for t_s, box in zip(passage.times_s, passage.boxes, strict=True):
        things = _things(truth, float(t_s))
        if things:
            overlap = iou_matrix(box[None], np.array([thing.box for thing in things], np.float32))[0]
            if overlap.max() >= SAME_IOU:
                name = things[int(overlap.argmax())].identity
                hits[name] = hits.get(name, 0) + 1
    return max(hits, key=lambda name: hits[name]) if hits else None


def _things(truth: SceneTruth, t_s: float) -> list[ObjectTruth]:
    frame = min(truth.frames, key=lambda frame: abs(frame.t_s - t_s))
    near = abs(frame.t_s - t_s) < 0.5 / truth.fps
    return [thing for thing in frame.objects if near and thing.identity in truth.vehicles]


def _truth(truth: SceneTruth, identity: str, told: Measurement) -> dict[str, float]:
    speeds = [
        thing.speed_kmh
        for frame in truth.frames
        if told.from_s - 0.01 <= frame.t_s <= told.to_s + 0.01
        for thing in frame.objects
        if thing.identity == identity
    ]
    sizes = {what: float(truth.vehicles[identity][what]) for what in ("length_m", "width_m", "height_m")}
    return {**sizes, "speed_kmh": float(np.mean(speeds)) if speeds else float("nan")}


def figures(vehicles: int, found: list[Reading]) -> dict[str, float]:
    """Of each value: share of the vehicles of which it is told, share of these within its bar and in the interval."""
    told: dict[str, float] = {"vehicles": vehicles}
    for what, bar in BARS.items():
        of_it = [reading for reading in found if reading.what == what]
        told[f"{what} told"] = round(len(of_it) / vehicles, 3)
        told[f"{what} within"] = round(float(np.mean([abs(r.error) <= bar for r in of_it])) if of_it else 0.0, 3)
        told[f"{what} held"] = round(float(np.mean([r.held for r in of_it])) if of_it else 0.0, 3)
    return told


def table(found: list[Reading]) -> Iterable[str]:
    """A line per value and place."""
    for what, bar in BARS.items():
        for where in ("", *sorted({reading.where for reading in found})):
            some = [r for r in found if r.what == what and where in ("", r.where)]
            if some:
                errors, halves = np.array([r.error for r in some]), np.array([r.half for r in some])
                yield (
                    f"{what:10s} {where or 'all':20s} {len(some):4d} told, {np.mean(abs(errors) <= bar):4.0%} within "
                    f"{bar:.0%}, median {np.median(errors):+.1%}, nine of ten within "
                    f"{np.quantile(abs(errors), 0.9):.1%}, interval ± {np.median(halves):.1%}, "
                    f"holds the truth in {np.mean([r.held for r in some]):.0%}"
                )


def baseline() -> dict[str, dict[str, float]]:
    """Stored figures."""
    stored: dict[str, dict[str, float]] = json.loads(BASELINE.read_text())
    return stored


if __name__ == "__main__":
    count, lot, _ = by_lot()
    clips, clip_readings = on_samples()
    new = {"by lot": figures(count, lot), "samples": figures(clips, clip_readings)}
    BASELINE.write_text(json.dumps(new, indent=1) + "\n")
    print(*table(lot), *table(clip_readings), sep="\n")
