"""Stored baselines: a change that follows fewer vehicles than these fails, one that follows more raises them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.accuracy.following import follow

DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
MODEL = DATA / "weights/yolox_nano_coco.onnx"

BASELINES = {
    # video: frames per second, labelled trucks that come close, followed as one passage, as more than one
    "gantry-day": (5.0, 49, 41, 4),
    "gantry-rain": (10.0, 35, 23, 2),
}


@pytest.mark.parametrize("name", BASELINES)
def test_near_trucks_are_followed_as_one_passage_each(name: str) -> None:
    fps, near, one, split = BASELINES[name]
    found = follow(DATA / f"video/{name}.mp4", DATA / f"video/{name}.boxes.csv", fps, MODEL)
    print(f"{name}: {found.near} near trucks, {found.one} as one passage, {found.split} split, called {found.called}")
    print("not followed:", *found.lost, sep="\n  ")
    assert found.near == near, "the labels or their linking have changed: the baseline holds no more"
    assert found.one >= one
    assert found.split <= split
