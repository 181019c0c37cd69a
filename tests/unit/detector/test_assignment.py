from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detector.assignment import assign

SMALL = arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    elements=st.floats(0, 1, width=32, allow_subnormal=False),
)


def best_by_trying_all(similarity: np.ndarray, least: float) -> float:
    gain = np.where(similarity >= least, similarity - least + 1e-9, 0.0)
    if gain.shape[0] > gain.shape[1]:
        gain = gain.T
    rows = range(gain.shape[0])
    return max(
        float(sum(gain[r, c] for r, c in zip(rows, p, strict=True)))
        for p in permutations(range(gain.shape[1]), len(rows))
    )


@given(SMALL, st.floats(0.05, 0.9))
def test_no_other_matching_is_better(similarity: np.ndarray, least: float) -> None:
    pairs = assign(similarity, least)
    found = sum(similarity[r, c] - least + 1e-9 for r, c in pairs)
    assert abs(found - best_by_trying_all(similarity, least)) < 1e-6


@given(SMALL, st.floats(0.05, 0.9))
def test_each_row_and_column_is_used_once_and_the_gate_holds(similarity: np.ndarray, least: float) -> None:
    pairs = assign(similarity, least)
    assert len(set(pairs[:, 0].tolist())) == len(pairs)
    assert len(set(pairs[:, 1].tolist())) == len(pairs)
    assert all(similarity[r, c] >= least for r, c in pairs)


def test_a_greedy_choice_is_not_made_where_it_costs_another_vehicle_its_match() -> None:
    similarity = np.array([[0.9, 0.8], [0.85, 0.0]])
    assert sorted(map(tuple, assign(similarity, 0.3).tolist())) == [(0, 1), (1, 0)]


def test_nothing_to_match() -> None:
    assert assign(np.zeros((0, 3)), 0.3).shape == (0, 2)
    assert assign(np.zeros((2, 0)), 0.3).shape == (0, 2)
