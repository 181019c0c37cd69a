"""The axles of a vehicle, agreed over its shots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from detector.agreement import ENOUGH
from detector.axles import Axles, AxleView, Heading, count_axles
from detector.facts import Fact, Proof, unknown
from detector.heading import heading_at
from detector.passage import Passage
from detector.sights import Sight

LEAST_WHEEL = 10.0
"""Pixels of a wheel's height below which two wheels of a tandem run into one."""
LEAST_SPAN = 0.25
"""From the first to the last wheel, as a share of the width of the vehicle's box: 0.3 and more where it is seen from
behind at 60 degrees, more from the side."""
AGREED = 0.6
"""Share of all shots' confidence that those with the same count must have."""
SAME_PATTERN = 0.7
"""Share of the shots that tell a pattern at all that must tell the same: groups are told less well than counts."""
ALONE_WHEEL, ALONE_SURE = 30.0, 0.5
"""A single shot is told where its wheels are so large (pixels) and it is so sure, and at half its confidence."""


def axle_fact(passage: Passage, sights: Sequence[Sight]) -> Fact[Axles]:
    """Count and groups that at least two shots agree on; one large sharp view alone is told with a doubt."""
    views: list[tuple[Sight, AxleView]] = []
    refusals: list[str] = []
    for sight in sights:
        view = axles_in(sight, heading_at(passage, sight.shot.t_s))
        if isinstance(view, str):
            refusals.append(view)
        else:
            views.append((sight, view))
    if not views:
        return unknown(max(set(refusals), key=refusals.count) if refusals else "no shot of the vehicle was had")
    sums: dict[tuple[int, int], float] = {}
    for _, view in views:
        key = (view.axles.count, view.axles.lifted)
        sums[key] = sums.get(key, 0.0) + view.confidence
    best = max(sums, key=lambda k: sums[k])
    same = sorted(
        ((s, v) for s, v in views if (v.axles.count, v.axles.lifted) == best), key=lambda pair: -pair[1].confidence
    )
    share = sums[best] / sum(sums.values())
    if share < AGREED:
        return unknown("the shots disagree: " + ", ".join(sorted(f"{v.axles.count} axles" for _, v in views)))
    sight, view = same[0]
    proof = Proof(sight.shot, _round(view))
    if len(same) >= ENOUGH:
        confidence = share * (1 - float(np.prod([1 - v.confidence for _, v in same])))
        return Fact(Axles(best[0], _pattern(v for _, v in same), best[1]), confidence, len(same), proof)
    if _tallest(view) < ALONE_WHEEL or view.confidence < ALONE_SURE:
        return unknown("one shot alone shows the wheels, and not well enough")
    return Fact(view.axles, share * view.confidence / 2, 1, proof, "counted in one shot alone")


def _pattern(views: Iterable[AxleView]) -> str:
    """The pattern of two shots at least, and of nearly all; empty where there is none."""
    patterns = [view.axles.pattern for view in views if view.axles.pattern]
    best = max(patterns, key=patterns.count, default="")
    return best if patterns.count(best) >= max(ENOUGH, SAME_PATTERN * len(patterns)) else ""


def axles_in(sight: Sight, heading: Heading | None) -> AxleView | str:
    """The axles that one shot shows, or in words why they cannot be counted."""
    if sight.shot.cut:
        return "the vehicle goes on beyond the picture's edge"
    wheels, lifted = sight.found("wheel", 0.0), sight.found("lifted_wheel", 0.0)
    boxes = np.concatenate([wheels.boxes, lifted.boxes])
    scores = np.concatenate([wheels.scores, lifted.scores])
    view = count_axles(boxes, scores, np.arange(len(boxes)) >= len(wheels), heading)
    if isinstance(view, str):
        return view
    if _tallest(view) < LEAST_WHEEL:
        return "the wheels are too small in the picture"
    x0, _, x1, _ = sight.shot.own_box
    if float(view.wheels[-1, 2] - view.wheels[0, 0]) < LEAST_SPAN * (x1 - x0):
        return "the wheels that are seen are all at one end of the vehicle"
    return view


def _tallest(view: AxleView) -> float:
    return float((view.wheels[:, 3] - view.wheels[:, 1]).max())


def _round(view: AxleView) -> tuple[float, float, float, float]:
    """The box round all wheels."""
    x0, y0 = (float(v) for v in view.wheels[:, :2].min(axis=0))
    x1, y1 = (float(v) for v in view.wheels[:, 2:].max(axis=0))
    return (x0, y0, x1, y1)
