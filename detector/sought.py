"""What was looked for and not found: only a plate that would have been seen is missing.

How large a thing on a vehicle would show is told by the vehicle's box, as if the vehicle were as large as any of its
class: what is told is then rather too little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from detector.estimates import Estimate, Measurement
from detector.facts import FacingEnd, PlateSought, Proof, Sides
from detector.heading import facing_end, heading_at
from detector.passage import Passage
from detector.shots import Shot
from detector.sights import Sight

LARGEST_M = {
    "car": (5.3, 1.95, 1.8),
    "van": (6.0, 2.1, 2.7),
    "bus": (13.7, 2.55, 4.0),
    "truck": (18.1, 2.55, 4.0),
    "tank_truck": (17.5, 2.55, 4.0),
}
"""Length, width and height that hardly a vehicle of the class exceeds; of trucks and buses GB 1589-2016 allows no more.
Of other vehicles nothing is looked for: a motorcycle bears no plate in front, and a small one behind."""
FORESHORTENED = 0.7
"""Of the size that the box gives, so much is there at least: on 528 boxes of rendered vehicles before three cameras
plates were 0.71 to 1.41 times as wide."""
PLATE_M, LEAST_PLATE_PX = 0.44, 60.0
"""The smaller width of a car's plate (GA 36-2018). Of 37 plates in real pictures made so wide the networks of the
second look found all, and so they did when these were blurred by 1.5 pixels, or had 0.3 of the light."""
DIAMOND_M, LEAST_DIAMOND_PX = 0.25, 16.0
"""Side of the diamond of small vehicles (GB 13392-2023), and how large it must be to be found."""
LEAST_FIND = 0.1
"""Score of the features network from which on a plate is taken for found: a doubtful one is not missing."""
LEAST_DETAIL = 30.0
"""Variance of the Laplacian where a plate is LEAST_PLATE_PX wide: a blur of 2 pixels, with which one plate in six is
missed, leaves 3 to 36."""
LEAST_LIGHT = 40.0
"""Grey level that one pixel in twenty must exceed; at 0.3 of daylight 32 to 64."""
GLARE, MOST_GLARE = 250, 0.2
"""Where so large a share is at least so bright, lamps or the sun blind the camera."""


def plates_sought(passage: Passage, sights: Sequence[Sight], measured: Measurement | None) -> tuple[PlateSought, ...]:
    """For each end that was seen well enough to show a plate: in how many shots, and in how many one was found."""
    seen: dict[FacingEnd, list[tuple[float, Sight]]] = {}
    for sight in sights:
        end = facing_end(passage, sight.shot.t_s)
        wide = PLATE_M * face_scale(passage.class_name, sight.shot, measured)
        if end is None or wide < LEAST_PLATE_PX or not clear(sight.shot, wide) or "plate" not in sight.class_names:
            continue
        seen.setdefault(end, []).append((wide, sight))
    return tuple(_sought(end, seen[end]) for end in sorted(seen))


def sides_seen(passage: Passage, shots: Iterable[Shot], measured: Measurement | None) -> Sides:
    """In how many shots each side of the vehicle was so large that a diamond on it would have been found."""
    counts: Counter[str] = Counter()
    least = LEAST_DIAMOND_PX / DIAMOND_M
    for shot in shots:
        scale = face_scale(passage.class_name, shot, measured)
        if scale < least or not clear(shot, PLATE_M * scale):
            continue
        end, heading = facing_end(passage, shot.t_s), heading_at(passage, shot.t_s)
        if end is not None:
            counts[end] += 1
        # Who drives to the right of the picture shows his right side, whether he comes or goes.
        if heading is not None and _side_scale(passage.class_name, shot, measured) >= least:
            counts[heading] += 1
    return Sides(**counts)


def face_scale(class_name: str, shot: Shot, measured: Measurement | None = None) -> float:
    """Pixels per metre across the end that a vehicle shows, at least; 0 where its class has no known size."""
    size = _size_m(class_name, measured)
    if size is None:
        return 0.0
    x0, y0, x1, y1 = shot.box
    return FORESHORTENED * min((x1 - x0) / size[1], (y1 - y0) / size[2])


def _side_scale(class_name: str, shot: Shot, measured: Measurement | None) -> float:
    """Pixels per metre along the side that a vehicle shows, at least."""
    size = _size_m(class_name, measured)
    if size is None:
        return 0.0
    x0, y0, x1, y1 = shot.box
    # What the box is wider than an end could be, seen straight from ahead, is the side's.
    return float((x1 - x0) - (y1 - y0) / size[2] * size[1]) / size[0]


def _size_m(class_name: str, measured: Measurement | None) -> tuple[float, float, float] | None:
    """Length, width and height that the vehicle has at most."""
    largest = LARGEST_M.get(class_name)
    if largest is None or measured is None:
        return largest
    found = (measured.length_m, measured.width_m, measured.height_m)
    length, width, height = (_most(one, most) for one, most in zip(found, largest, strict=True))
    return length, width, height


def _most(estimate: Estimate | None, largest: float) -> float:
    return largest if estimate is None else estimate.high


def clear(shot: Shot, plate_px: float) -> bool:
    """Whether the lower half of the vehicle, where plates are, is whole, uncovered, bright and sharp.

    `plate_px`: width of a plate in it, pixels.
    """
    if shot.cut or _covered(shot):
        return False
    x0, y0, x1, y1 = (round(v) for v in shot.own_box)
    part = shot.crop[max((y0 + y1) // 2, 0) : y1, max(x0, 0) : x1]
    if min(part.shape[:2]) < 3:
        return False
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    if float(np.percentile(grey, 95)) < LEAST_LIGHT or float((grey >= GLARE).mean()) > MOST_GLARE:
        return False
    shrink = LEAST_PLATE_PX / plate_px
    if shrink < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var()) >= LEAST_DETAIL


def _covered(shot: Shot) -> bool:
    """Whether a nearer vehicle's box meets the lower half of this one's."""
    x0, y0, x1, y1 = shot.box
    nearer = shot.others[shot.others[:, 3] > y1]
    meets = (nearer[:, 0] < x1) & (nearer[:, 2] > x0) & (nearer[:, 3] > (y0 + y1) / 2)
    return bool(meets.any())


def _sought(end: FacingEnd, seen: Sequence[tuple[float, Sight]]) -> PlateSought:
    found = [bool(sight.reads("plate")) or len(sight.found("plate", LEAST_FIND)) > 0 for _, sight in seen]
    _, best = max(seen, key=lambda pair: pair[0])
    return PlateSought(end, len(seen), sum(found), Proof(best.shot))
