"""Counts axles in held-out side views of trucks with the bundled features network, as the second look does.

`python -m tests.accuracy.axles` stores what it measures as the new baseline: to be done when it has risen. With `train`
it measures on the pictures the network was trained on instead, for choosing thresholds, and stores nothing.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from detector.axles import LEAST, count_axles
from detector.detections import Detections
from detector.network import Network
from detector.settings import DetectorSettings
from models.bundled import bundled_weights
from tests.accuracy.networks import BASELINES, DATA

PICTURES = DATA / "axles"
BASELINE = BASELINES / "axles.json"
SQUEEZED = 16 / 9
"""The pictures of the set were squeezed to squares; where they are widened by this the wheels are round."""


@dataclass(frozen=True)
class Tally:
    """How many pictures were counted right, wrong, and not at all."""

    pictures: int
    right: int
    unknown: int
    misses: tuple[str, ...]
    """One line per picture that was not counted right."""

    def kept(self) -> dict[str, float]:
        """What the baseline holds."""
        told = self.pictures - self.unknown
        return {
            "pictures": self.pictures,
            "right": round(self.right / self.pictures, 4),
            "right_of_told": round(self.right / told, 4) if told else 0.0,
        }


def measure(part: str = "valid") -> Tally:
    """Count the axles of every picture of a part of the set."""
    network = Network.load(DetectorSettings(model=bundled_weights("features"), min_score=LEAST, threads=1, lanes=1))
    pictures = right = unknown = 0
    misses = []
    for path in sorted((PICTURES / part / "images").iterdir()):
        truth = len((PICTURES / part / "labels" / f"{path.stem}.txt").read_text().splitlines())
        if not truth:
            continue
        pictures += 1
        told = _count(network, path)
        right += told == truth
        unknown += isinstance(told, str)
        if told != truth:
            misses.append(f"{path.name}: {truth} axles, told {told}")
    return Tally(pictures, right, unknown, tuple(misses))


def _count(network: Network, path: Path) -> int | str:
    picture = cv2.imread(str(path))
    assert picture is not None, path
    wide = cv2.resize(picture, (round(SQUEEZED * picture.shape[1]), picture.shape[0]))
    found = _wheels(network, network.detect([np.asarray(wide, np.uint8)])[0])
    lifted = found.class_ids == network.class_names.index("lifted_wheel")
    view = count_axles(found.boxes, found.scores, lifted)
    return view if isinstance(view, str) else view.axles.count + view.axles.lifted


def _wheels(network: Network, found: Detections) -> Detections:
    words = [network.class_names.index(word) for word in ("wheel", "lifted_wheel")]
    return found[np.isin(found.class_ids, words)]


if __name__ == "__main__":
    part = "train" if "train" in sys.argv else "valid"
    tally = measure(part)
    print("\n".join(tally.misses))
    print(part, tally.kept())
    if part == "valid":
        BASELINE.write_text(json.dumps(tally.kept(), indent=1) + "\n")
