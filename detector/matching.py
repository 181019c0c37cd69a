"""Which box belongs to which track: how well they overlap, and who chooses first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.assignment import assign
from detector.kalman import BoxFilterBank

Floats = NDArray[np.float64]

_BEYOND_DOUBT = 0.5
"""Similarity from which a sure box is a confirmed track's. Below it a weak box that lies better goes first: the sure
one may be another vehicle that drives into the place."""


def similarity(bank: BoxFilterBank, boxes: Floats) -> Floats:
    """Overlap (T, D) of predicted boxes and boxes (D, 4), both widened by the prediction's uncertainty."""
    predicted = bank.boxes
    widen = np.minimum(bank.position_std, 0.5 * bank.sizes[:, None])[:, None, :]
    low = np.maximum(predicted[:, None, :2], boxes[None, :, :2]) - widen
    high = np.minimum(predicted[:, None, 2:], boxes[None, :, 2:]) + widen
    inter = np.prod(np.clip(high - low, 0, None), axis=2)
    area_p = np.prod(predicted[:, None, 2:] - predicted[:, None, :2] + 2 * widen, axis=2)
    area_d = np.prod(boxes[None, :, 2:] - boxes[None, :, :2] + 2 * widen, axis=2)
    overlap = inter / np.maximum(area_p + area_d - inter, 1e-9)
    # A box of quite another size is another vehicle, however well it is placed.
    size_p = bank.sizes[:, None]
    size_d = np.sqrt(np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 1.0, None), axis=1))[None, :]
    ratio = np.minimum(size_p, size_d) / np.maximum(size_p, size_d)
    return np.asarray(overlap * np.where(ratio < 0.4, 0.0, np.sqrt(ratio)), np.float64)


def match(similar: Floats, confirmed: NDArray[np.bool_], sure: NDArray[np.bool_], least: float) -> NDArray[np.int64]:
    """Pairs (M, 2) of track and box, none twice; `similar` (T, D), `confirmed` (T,), `sure` (D,).

    Confirmed tracks choose first, what is beyond doubt before the rest; the unconfirmed take what is left.
    """
    free_tracks, free_boxes = np.ones(len(confirmed), bool), np.ones(len(sure), bool)
    clear = max(least, _BEYOND_DOUBT)
    found = [np.zeros((0, 2), np.int64)]
    for tracks, boxes, needed in (
        (confirmed, sure, clear),
        (confirmed, ~sure, clear),
        (confirmed, sure | ~sure, least),
        (~confirmed, sure, least),
        (~confirmed, ~sure, least),
    ):
        rows = np.flatnonzero(tracks & free_tracks)
        columns = np.flatnonzero(boxes & free_boxes)
        pairs = assign(similar[np.ix_(rows, columns)], needed)
        found.append(np.stack([rows[pairs[:, 0]], columns[pairs[:, 1]]], axis=1))
        free_tracks[found[-1][:, 0]] = False
        free_boxes[found[-1][:, 1]] = False
    return np.concatenate(found)
