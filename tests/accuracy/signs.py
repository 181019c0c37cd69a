"""Measures the finder and the reader of signs on the real plates that they were not trained on.

`python -m tests.accuracy.signs` stores what it measures as the new baseline.
"""

from __future__ import annotations

import json

from detector.sign_look import SignLook
from models.lab.signs.evaluation import measure
from tests.accuracy.networks import BASELINES, DATA

STORED = BASELINES / "signs.json"
SHARES = ("crops_right", "scenes_found", "scenes_right")

if __name__ == "__main__":
    figures, missed = measure(SignLook.load(), DATA)
    STORED.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1), *missed, sep="\n")
