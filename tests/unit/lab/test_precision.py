"""Average precision: cases worked by hand, and what must hold for any boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from models.lab.labelled import as_boxes
from models.lab.precision import MOST_DETECTIONS, THRESHOLDS, Matches, average_precision, match

LABEL = as_boxes([[0, 0, 100, 100]])


def scores(*values: float) -> NDArray[np.float64]:
    return np.array(values, np.float64)


def precision(*pictures: Matches) -> NDArray[np.float64]:
    means = average_precision(pictures)
    assert means is not None
    return means


def test_a_box_on_each_label_and_no_other_is_perfect() -> None:
    assert precision(match(LABEL, scores(0.9), LABEL)) == pytest.approx(np.ones(10))


def test_one_of_two_labels_found_without_error_is_half_of_the_recalls() -> None:
    # Recalls 0, 0.01, ..., 0.50 are reached at precision 1: 51 of 101.
    assert precision(match(LABEL, scores(0.9), as_boxes([*LABEL, [200, 0, 300, 100]])))[0] == pytest.approx(51 / 101)


def test_a_surer_false_box_halves_the_precision_and_a_weaker_one_costs_nothing() -> None:
    boxes = as_boxes([*LABEL, [200, 0, 300, 100]])
    assert precision(match(boxes, scores(0.5, 0.9), LABEL))[0] == pytest.approx(0.5)
    assert precision(match(boxes, scores(0.9, 0.5), LABEL))[0] == pytest.approx(1)


def test_a_second_box_on_a_label_is_false() -> None:
    both = as_boxes([LABEL[0], LABEL[0]])
    assert match(both, scores(0.9, 0.8), LABEL).right[0].tolist() == [True, False]


def test_a_box_counts_up_to_the_overlap_it_has() -> None:
    seventy = match(as_boxes([[0, 0, 100, 72]]), scores(0.9), LABEL)
    assert seventy.right[:, 0].tolist() == [bool(t < 0.72) for t in THRESHOLDS]


def test_figures_are_those_of_pycocotools_on_its_own_kind_of_case() -> None:
    # Two pictures, three labels; ranked right, false, right, right: precision 1, 1/2, 2/3, 3/4 at recall 1/3, 2/3, 1.
    far = as_boxes([[0, 0, 100, 100], [500, 500, 600, 600]])
    first = match(as_boxes([[0, 0, 100, 100], [500, 500, 600, 600]]), scores(0.9, 0.6), far)
    second = match(as_boxes([[300, 0, 400, 100], [0, 0, 100, 100]]), scores(0.8, 0.7), LABEL)
    assert precision(first, second)[0] == pytest.approx((34 * 1 + 67 * 0.75) / 101)


def test_of_a_class_that_nobody_labelled_there_is_no_figure() -> None:
    assert average_precision([match(LABEL, scores(0.9), as_boxes([]))]) is None


def test_where_nothing_is_found_precision_is_nought() -> None:
    assert precision(match(as_boxes([]), scores(), LABEL)).tolist() == [0.0] * 10


def test_only_the_surest_hundred_boxes_of_a_picture_count() -> None:
    many = as_boxes([[1000, 1000, 1010, 1010]] * MOST_DETECTIONS + [LABEL[0]])
    assert precision(match(many, np.linspace(1, 0.1, len(many)), LABEL))[0] == 0


@given(
    arrays(np.float64, (12, 4), elements=st.floats(0, 100)),
    arrays(np.float64, 12, elements=st.floats(0.01, 1)),
    st.integers(1, 6),
)
def test_precision_is_a_share_and_knows_no_order_and_a_label_is_found_once_at_most(
    corners: NDArray[np.float64], sure: NDArray[np.float64], labels: int
) -> None:
    boxes = np.concatenate([corners[:, :2], corners[:, :2] + corners[:, 2:] + 1], axis=1)
    sure = sure + np.arange(12) * 1e-6
    truth = boxes[:labels] + 2
    means = precision(match(boxes, sure, truth))
    assert ((means >= 0) & (means <= 1)).all()
    assert precision(match(boxes[::-1], sure[::-1], truth)) == pytest.approx(means)
    assert match(boxes, sure, truth).right.sum(axis=1).max() <= labels
