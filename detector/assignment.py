"""Who is who: the cheapest one-to-one matching of tracks and detections, under a gate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.int64]


def assign(similarity: NDArray[np.float64], least: float) -> Pairs:
    """Match rows and columns so that the sum of similarities is greatest.

    `similarity`: float64 (R, C); pairs below `least` are never made. Returns int64 (M, 2) of row, column.

    On a road most vehicles stand clear of each other, so the gated pairs fall into small islands: those of
    one row and one column are taken at once and only the others are solved, each by itself.
    """
    allowed = similarity >= least
    if not allowed.any():
        return np.zeros((0, 2), np.int64)
    lonely = (allowed.sum(1) == 1)[:, None] & (allowed.sum(0) == 1)[None, :] & allowed
    pairs = [np.argwhere(lonely)]
    rest = allowed & ~lonely
    for rows, columns in _islands(rest):
        island = np.where(rest[np.ix_(rows, columns)], similarity[np.ix_(rows, columns)] - least + 1e-9, 0.0)
        pairs.extend(np.array([[rows[r], columns[c]]]) for r, c in _solve(island) if rest[rows[r], columns[c]])
    return np.concatenate(pairs).astype(np.int64)


def _islands(allowed: NDArray[np.bool_]) -> list[tuple[list[int], list[int]]]:
    """Connected groups of rows and columns of a boolean matrix."""
    islands = []
    todo = set(np.flatnonzero(allowed.any(1)).tolist())
    while todo:
        rows, columns = {todo.pop()}, set[int]()
        edge = set(rows)
        while edge:
            new_columns = set(np.flatnonzero(allowed[sorted(edge)].any(0)).tolist()) - columns
            columns |= new_columns
            edge = set(np.flatnonzero(allowed[:, sorted(new_columns)].any(1)).tolist()) - rows
            rows |= edge
        todo -= rows
        islands.append((sorted(rows), sorted(columns)))
    return islands


def _solve(gain: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Hungarian method with potentials, O(n²m) (Kuhn 1955, in the shortest-path form of Jonker and Volgenant)."""
    flipped = gain.shape[0] > gain.shape[1]
    cost = -(gain.T if flipped else gain)
    n, m = cost.shape
    u, v = np.zeros(n + 1), np.zeros(m + 1)
    match = np.zeros(m + 1, int)
    for i in range(1, n + 1):
        match[0], j0 = i, 0
        least, back, used = np.full(m + 1, np.inf), np.zeros(m + 1, int), np.zeros(m + 1, bool)
        while True:
            used[j0] = True
            row = match[j0]
            slack = cost[row - 1] - u[row] - v[1:]
            better = ~used[1:] & (slack < least[1:])
            least[1:][better] = slack[better]
            back[1:][better] = j0
            j1 = int(np.argmin(np.where(used, np.inf, least)))
            step = least[j1]
            u[match[used]] += step
            v[used] -= step
            least[~used] -= step
            j0 = j1
            if match[j0] == 0:
                break
        while j0:
            match[j0] = match[back[j0]]
            j0 = back[j0]
    found = [(int(match[j]) - 1, j - 1) for j in range(1, m + 1) if match[j]]
    return [(j, i) for i, j in found] if flipped else found
