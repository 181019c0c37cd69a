"""Pictures of one scene are found and stay on one side of the split."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.lab.scenes import alike, by_order, difference_hash, side
from models.lab.sources import Scenes
from tests.unit.lab.sets import photo


def test_a_picture_saved_again_smaller_and_darker_is_of_the_same_scene_as_before() -> None:
    first, other = photo(1, 320, 240), photo(2, 320, 240)
    again = np.asarray(cv2.resize(first, (160, 120)) * 0.7, np.uint8)
    hashes = np.array([difference_hash(p) for p in (first, other, again)])
    assert alike(hashes, ["a", "b", "c"]) == [0, 1, 0]


def test_black_bars_do_not_make_pictures_alike_or_unlike() -> None:
    first, other = photo(1, 320, 120), photo(2, 320, 120)
    barred = [np.pad(p, ((100, 100), (0, 0), (0, 0))) for p in (first, other)]
    hashes = np.array([difference_hash(p) for p in (first, *barred)])
    assert alike(hashes, ["a", "b", "c"]) == [0, 0, 2]


def test_cut_outs_of_one_picture_hang_together_by_name() -> None:
    hashes = np.array([difference_hash(photo(seed)) for seed in (1, 2, 3)])
    assert alike(hashes, ["scene", "other", "scene"]) == [0, 1, 0]


def test_likeness_goes_on_from_picture_to_picture() -> None:
    row = np.zeros((3, 64), bool)
    row[1, :8], row[2, :16] = True, True
    assert alike(row, ["a", "b", "c"], bits=8) == [0, 0, 0]
    assert alike(row, ["a", "b", "c"], bits=7) == [0, 1, 2]


def test_about_the_wanted_share_of_scenes_is_held_out_and_always_the_same() -> None:
    names = [f"scene-{i}" for i in range(2000)]
    held_out = [name for name in names if side(name, 0.12) == "val"]
    assert len(held_out) == pytest.approx(240, rel=0.15)
    assert held_out == [name for name in names if side(name, 0.12) == "val"]


@given(st.lists(st.integers(0, 2000), min_size=2, unique=True), st.floats(0.05, 0.5), st.integers(0, 100))
def test_no_training_picture_lies_nearer_than_the_gap_to_one_held_out(numbers: list[int], val: float, gap: int) -> None:
    sides = by_order(numbers, Scenes(by="order", val=val, gap=gap))
    train = [n for n, s in zip(numbers, sides, strict=True) if s == "train"]
    held_out = [n for n, s in zip(numbers, sides, strict=True) if s == "val"]
    assert max(numbers) in held_out
    assert not train or min(held_out) - max(train) > gap
