"""A bank of Kalman filters, one per track, over box centre and size, in pixels and seconds.

Constant velocity with white-noise acceleration in continuous time, so the filter is right at any frame rate
and for missed frames: for a step dt and spectral density q the added covariance of (value, rate) is
q [dt³/3, dt²/2; dt²/2, dt] (Bar-Shalom, Li, Kirubarajan: Estimation with Applications to Tracking and
Navigation, 2001, eq. 6.2.2-4). Noise is relative to the size of the box, as in DeepSORT (Wojke et al. 2017),
since a vehicle near the camera moves more pixels than one far away. The four coordinates do not interact,
so each is a filter of two states and the whole bank is a handful of array operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def boxes_to_states(boxes: NDArray[np.float32] | Floats) -> Floats:
    """Turn boxes (N, 4) x0 y0 x1 y1 into (N, 4) centre x, centre y, width, height."""
    b = np.asarray(boxes, np.float64)
    return np.stack([(b[:, 0] + b[:, 2]) / 2, (b[:, 1] + b[:, 3]) / 2, b[:, 2] - b[:, 0], b[:, 3] - b[:, 1]], axis=1)


def states_to_boxes(states: Floats) -> Floats:
    """Turn (N, 4) centre x, centre y, width, height into boxes (N, 4) x0 y0 x1 y1."""
    half = states[:, 2:4] / 2
    return np.concatenate([states[:, :2] - half, states[:, :2] + half], axis=1)


@dataclass(frozen=True, slots=True)
class Noise:
    """How much a box may jitter and manoeuvre, relative to its size."""

    measurement: float = 0.04
    """Standard deviation of a detected coordinate, in box sizes."""
    acceleration: float = 1.5
    """Root of the spectral density of the acceleration, in box sizes per s^1.5."""
    first_rate: float = 2.0
    """Standard deviation of an unknown velocity, in box sizes per second: the fastest vehicle near a gantry."""
    growth: float = 0.5
    """Share of the two figures above that holds for width and height."""


class BoxFilterBank:
    """Mean (N, 4, 2): value and rate per second of centre x, centre y, width, height; covariance (N, 4, 3)."""

    def __init__(self, noise: Noise) -> None:
        self._noise = noise
        self._share = np.array([1.0, 1.0, noise.growth, noise.growth])
        self.mean: Floats = np.zeros((0, 4, 2))
        self.cov: Floats = np.zeros((0, 4, 3))

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def first_rate(self) -> float:
        """Spread of an unknown velocity in box sizes per second."""
        return self._noise.first_rate

    @property
    def boxes(self) -> Floats:
        """Present boxes (N, 4)."""
        return states_to_boxes(self.mean[:, :, 0])

    @property
    def sizes(self) -> Floats:
        """Geometric mean of width and height (N,), at least one pixel."""
        return np.sqrt(np.clip(self.mean[:, 2, 0], 1.0, None) * np.clip(self.mean[:, 3, 0], 1.0, None))

    @property
    def position_std(self) -> Floats:
        """Standard deviation of the centre (N, 2) in pixels."""
        return np.sqrt(self.cov[:, :2, 0])

    def add(self, boxes: NDArray[np.float32], rates: Floats | None = None, rate_std: Floats | None = None) -> None:
        """Append filters for boxes (N, 4); `rates` (N, 2) pixels/s and their `rate_std` (N,) where known."""
        states = boxes_to_states(boxes)
        n = len(states)
        mean = np.zeros((n, 4, 2))
        mean[:, :, 0] = states
        size = np.sqrt(np.clip(states[:, 2] * states[:, 3], 1.0, None))[:, None]
        std = self._noise.first_rate * size * self._share
        if rates is not None and rate_std is not None:
            mean[:, :2, 1] = rates
            std[:, :2] = rate_std[:, None]
        cov = np.zeros((n, 4, 3))
        cov[:, :, 0] = (self._noise.measurement * size) ** 2
        cov[:, :, 2] = std**2
        self.mean = np.concatenate([self.mean, mean])
        self.cov = np.concatenate([self.cov, cov])

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Drop the filters whose row is False."""
        self.mean, self.cov = self.mean[rows], self.cov[rows]

    def copy(self, source: int, target: int) -> None:
        """Make one filter the same as another."""
        self.mean[target], self.cov[target] = self.mean[source], self.cov[source]

    def predict(self, dt_s: float) -> None:
        """Move every filter `dt_s` seconds on."""
        q = (self._noise.acceleration * self.sizes[:, None] * self._share) ** 2
        p00, p01, p11 = self.cov[:, :, 0], self.cov[:, :, 1], self.cov[:, :, 2]
        self.mean[:, :, 0] += dt_s * self.mean[:, :, 1]
        self.mean[:, 2:, 0] = np.maximum(self.mean[:, 2:, 0], 1.0)
        self.cov = np.stack(
            [
                p00 + 2 * dt_s * p01 + dt_s**2 * p11 + q * dt_s**3 / 3,
                p01 + dt_s * p11 + q * dt_s**2 / 2,
                p11 + q * dt_s,
            ],
            axis=2,
        )

    def correct(self, rows: NDArray[np.int64], boxes: NDArray[np.float32]) -> None:
        """Take measured boxes (M, 4) into the filters `rows` (M,)."""
        if not len(rows):
            return
        mean, cov = self.mean[rows], self.cov[rows]
        residual = boxes_to_states(boxes) - mean[:, :, 0]
        spread = cov[:, :, 0] + (self._noise.measurement * self.sizes[rows][:, None]) ** 2
        gain = cov[:, :, :2] / spread[:, :, None]
        mean = mean + gain * residual[:, :, None]
        p00, p01, p11 = cov[:, :, 0], cov[:, :, 1], cov[:, :, 2]
        self.mean[rows] = mean
        self.cov[rows] = np.stack(
            [(1 - gain[:, :, 0]) * p00, (1 - gain[:, :, 0]) * p01, p11 - gain[:, :, 1] * p01], axis=2
        )
