"""How traffic moves at each place of a fixed camera's picture, learned from the tracks themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class FlowField:
    """A grid of mean velocities in box sizes per second, with their spread.

    At 5 frames/s a car near the camera moves more than its own length between two looks. Where earlier cars
    went is then the best guess of where a new one goes; a cell that has seen few, or that sees both
    directions, has a wide spread and says so.
    """

    def __init__(self, columns: int = 16, rows: int = 9, memory: float = 50.0) -> None:
        """`memory`: observations after which older ones have faded to 1/e."""
        self._shape = (columns, rows)
        self._fade = 1 - 1 / memory
        self._weight = np.zeros((rows, columns))
        self._sum = np.zeros((rows, columns, 2))
        self._square = np.zeros((rows, columns))

    def learn(self, boxes: Floats, rates: Floats, size: tuple[int, int]) -> None:
        """Take the boxes (N, 4) and velocities (N, 2), pixels/s, of settled tracks in a picture of `size`."""
        scale = _scale(boxes)
        for (row, column), rate in zip(self._cells(boxes, size), rates / scale[:, None], strict=True):
            self._weight[row, column] = self._weight[row, column] * self._fade + 1
            self._sum[row, column] = self._sum[row, column] * self._fade + rate
            self._square[row, column] = self._square[row, column] * self._fade + float(rate @ rate)

    def first_guess(
        self, boxes: NDArray[np.float32], size: tuple[int, int], unknown_std: float
    ) -> tuple[Floats, Floats]:
        """Velocity (N, 2) in pixels/s and its standard deviation (N,) for new boxes (N, 4).

        `unknown_std`: spread in box sizes/s where nothing is known.
        """
        scale = _scale(boxes)
        rates, stds = np.zeros((len(boxes), 2)), np.full(len(boxes), unknown_std)
        for i, (row, column) in enumerate(self._cells(boxes, size)):
            weight = self._weight[row, column]
            if weight >= 8:
                mean = self._sum[row, column] / weight
                variance = max(self._square[row, column] / weight - float(mean @ mean), 0.0)
                rates[i] = mean
                stds[i] = min(unknown_std, max(np.sqrt(variance), 0.25 * unknown_std))
        return rates * scale[:, None], stds * scale

    def _cells(self, boxes: Floats | NDArray[np.float32], size: tuple[int, int]) -> list[tuple[int, int]]:
        columns, rows = self._shape
        x = np.clip((boxes[:, 0] + boxes[:, 2]) / 2 / size[0] * columns, 0, columns - 1).astype(int)
        y = np.clip((boxes[:, 1] + boxes[:, 3]) / 2 / size[1] * rows, 0, rows - 1).astype(int)
        return list(zip(y.tolist(), x.tolist(), strict=True))


def _scale(boxes: Floats | NDArray[np.float32]) -> Floats:
    b = np.asarray(boxes, np.float64)
    return np.asarray(np.sqrt(np.clip((b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]), 1.0, None)), np.float64)
