"""Records are matched to vehicles as well as when the baseline was stored, and confidence holds."""

from __future__ import annotations

import json

import pytest

from tests.accuracy.weighing import BASELINE, Figures, measure

POINT = 0.002
"""Five of the 2500 pairs of a condition."""


@pytest.fixture(scope="module")
def found() -> Figures:
    return measure()


def test_records_are_matched_no_worse_than_the_baseline(found: Figures) -> None:
    stored = json.loads(BASELINE.read_text())
    print(json.dumps(found, indent=1))
    assert found["passes"] == stored["passes"], "the simulated traffic has changed: the baseline holds no more"
    fallen = {
        name: (stored[name], found[name])
        for name in stored
        if name.endswith(("together precision", "together recall", "sure precision", "sure recall"))
        and found[name] < stored[name] - POINT
    }
    assert not fallen, f"fallen, from and to: {fallen}"


def test_matching_all_at_once_beats_the_nearest_in_time_and_says_how_sure_it_is(found: Figures) -> None:
    for word in ("ms", "unread", "seconds"):
        assert found[f"{word} together precision"] > found[f"{word} nearest precision"] + 0.04
        assert found[f"{word} together recall"] >= found[f"{word} likest recall"]
        assert found[f"{word} calibration gap"] < 0.005
