"""Measures the finder and the reader of signs on the real plates that they were not trained on, and what several shots
of one plate tell together on drawn ones.

`python -m tests.accuracy.signs` stores what it measures as the new baseline.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np

from detector.agreement import Read, agree
from detector.detections import Detections
from detector.plate_facts import NAMES
from detector.shots import Shot
from detector.sights import Sight
from detector.sign_look import SignLook
from detector.sign_reader import SignReader
from models.bundled import WEIGHTS
from models.lab.signs.evaluation import measure
from models.lab.signs.pool import patches
from tests.accuracy.networks import BASELINES, DATA
from tests.accuracy.sign_tracks import DrawnShot, DrawnTrack, drawn_tracks

STORED = BASELINES / "signs.json"
SHARES = ("crops_right", "scenes_found", "scenes_right")
TRACKS, SEED = 300, 11
BACKGROUNDS = 24


def measure_tracks(count: int = TRACKS, seed: int = SEED) -> dict[str, float]:
    """Of drawn plates 25 to 60 pixels wide, in two to six shots each: how many are told without doubt."""
    reader = SignReader(WEIGHTS / "sign_reader.onnx")
    right, wrong = 0, 0
    for track in drawn_tracks(count, seed, patches(DATA / "plates/scenes", BACKGROUNDS, seed)):
        told = agree(reads_of(track, reader))
        if told and not told[0].doubt and told[0].confidence >= NAMES:
            right += told[0].text == track.text
            wrong += told[0].text != track.text
    return {"tracks": count, "tracks_sure_right": round(right / count, 4), "tracks_sure_wrong": round(wrong / count, 4)}


def reads_of(track: DrawnTrack, reader: SignReader) -> list[Read]:
    """What the reader says of each shot, as the second look weighs it."""
    return [read for number, shot in enumerate(track.shots) for read in _reads(shot, number / 5, reader)]


def _reads(drawn: DrawnShot, t_s: float, reader: SignReader) -> list[Read]:
    height, width = drawn.picture.shape[:2]
    box, nobody = (0.0, 0.0, float(width), float(height)), np.zeros((0, 4), np.float32)
    taken_at = datetime.fromtimestamp(t_s, UTC)
    shot = Shot(t_s, taken_at, box, 1.0, drawn.picture, (0, 0), nobody, cut=False)
    signs = tuple(sign for sign in reader.read(drawn.picture, [drawn.corners]) if sign is not None)
    return Sight(shot, (), Detections.empty(), signs).reads("plate")


if __name__ == "__main__":
    figures, missed = measure(SignLook.load(), DATA)
    figures |= measure_tracks()
    STORED.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1), *missed, sep="\n")
