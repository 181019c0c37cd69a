"""Non-maximum suppression against its definition."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.detections import Boxes
from detector.geometry import iou_matrix
from detector.nms import MOST_CANDIDATES, suppress


def naive(boxes: Boxes, scores: list[float], groups: list[int], iou: float, limit: int) -> list[int]:
    """Take the best box, drop what overlaps it within its group, go on."""
    left = sorted(range(len(scores)), key=lambda i: -scores[i])
    kept: list[int] = []
    while left and len(kept) < limit:
        best, *left = left
        kept.append(best)
        overlap = iou_matrix(boxes[best : best + 1], boxes)[0]
        left = [i for i in left if groups[i] != groups[best] or overlap[i] <= iou]
    return kept


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Boxes, list[float], list[int]]:
    """Boxes that overlap often, with scores that are often equal."""
    n = draw(st.integers(0, 30))
    corner = st.integers(0, 20)
    side = st.integers(1, 20)
    rows = draw(st.lists(st.tuples(corner, corner, side, side), min_size=n, max_size=n))
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in rows], np.float32).reshape(-1, 4)
    scores = draw(st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), min_size=n, max_size=n))
    groups = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    return boxes, scores, groups


@given(scenes(), st.sampled_from([0.1, 0.45, 0.65]), st.integers(1, 30))
def test_it_keeps_what_the_definition_keeps_in_the_same_order(
    scene: tuple[Boxes, list[float], list[int]], iou: float, limit: int
) -> None:
    boxes, scores, groups = scene
    found = suppress(boxes, np.array(scores, np.float32), np.array(groups, np.int64), iou, limit)
    assert found.dtype == np.int64
    assert found.tolist() == naive(boxes, scores, groups, iou, limit)


def test_an_overlap_of_just_the_limit_is_allowed() -> None:
    boxes = np.array([(0, 0, 2, 2), (0, 0, 2, 1)], np.float32)
    scores, groups = np.array([0.9, 0.8], np.float32), np.zeros(2, np.int64)
    assert suppress(boxes, scores, groups, 0.5, 9).tolist() == [0, 1]
    assert suppress(boxes, scores, groups, 0.49, 9).tolist() == [0]


def test_a_picture_full_of_noise_is_bounded_in_time() -> None:
    rng = np.random.default_rng(1)
    corners = rng.uniform(0, 600, (8400, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 40, (8400, 2))], axis=1).astype(np.float32)
    scores = rng.uniform(0.1, 1, 8400).astype(np.float32)
    start = time.process_time()
    found = suppress(boxes, scores, np.zeros(8400, np.int64), 0.65, 300)
    assert time.process_time() - start < 1
    assert len(found) == 300
    # The best thousand are compared; no weaker one comes through.
    assert scores[found].min() >= np.sort(scores)[-MOST_CANDIDATES]
