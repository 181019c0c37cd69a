"""Labelled vehicles of the gantry videos, linked to one chain per vehicle without any part of the tracker."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.geometry import iou_matrix

Box = NDArray[np.float64]


@dataclass(frozen=True)
class Vehicle:
    """One labelled vehicle: times in seconds (N,), boxes in pixels (N, 4)."""

    kind: str
    times_s: NDArray[np.float64]
    boxes: NDArray[np.float64]

    def near(self, width: float) -> list[int]:
        """Rows where the box is at least `width` pixels wide."""
        return [int(i) for i in np.flatnonzero(self.boxes[:, 2] - self.boxes[:, 0] >= width)]


class _Chain:
    def __init__(self, kind: str, t_s: float, box: Box) -> None:
        self.kinds = [kind]
        self.times = [t_s]
        self.boxes = [box]

    def add(self, kind: str, t_s: float, box: Box) -> None:
        self.kinds.append(kind)
        self.times.append(t_s)
        self.boxes.append(box)

    def expected(self, t_s: float) -> Box:
        """Where the next label should be: on, as between the last two."""
        if len(self.boxes) < 2:
            return self.boxes[-1]
        pace = (self.boxes[-1] - self.boxes[-2]) / (self.times[-1] - self.times[-2])
        return self.boxes[-1] + pace * (t_s - self.times[-1])


def read_vehicles(path: Path, fps: float, size: tuple[int, int], gap_s: float = 1.0) -> list[Vehicle]:
    """Read labels (frame, class, source class, centre and size as shares) and link them over frames, best first."""
    frames: dict[int, list[tuple[str, Box]]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            x, y, w, h = (float(row[k]) for k in ("x_centre", "y_centre", "width", "height"))
            box = np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2]) * [*size, *size]
            frames.setdefault(int(row["frame"]), []).append((row["class"], box))
    done: list[_Chain] = []
    chains: list[_Chain] = []
    for index in sorted(frames):
        t_s, labels = index / fps, frames[index]
        done += [c for c in chains if t_s - c.times[-1] > gap_s]
        chains = [c for c in chains if t_s - c.times[-1] <= gap_s]
        for kind, box in _link(chains, t_s, labels):
            chains.append(_Chain(kind, t_s, box))
    return [
        Vehicle(max(set(c.kinds), key=c.kinds.count), np.array(c.times), np.array(c.boxes)) for c in [*done, *chains]
    ]


def _link(chains: list[_Chain], t_s: float, labels: list[tuple[str, Box]]) -> list[tuple[str, Box]]:
    """Add each label to the chain it overlaps most; returns those that begin a new one."""
    if not chains:
        return labels
    expected = np.array([c.expected(t_s) for c in chains], np.float32)
    overlap = iou_matrix(expected, np.array([box for _, box in labels], np.float32))
    free = set(range(len(labels)))
    taken: set[int] = set()
    for flat in np.argsort(-overlap, axis=None):
        chain, label = divmod(int(flat), len(labels))
        if overlap[chain, label] < 0.25:
            break
        if chain not in taken and label in free:
            taken.add(chain)
            free.remove(label)
            chains[chain].add(labels[label][0], t_s, labels[label][1])
    return [labels[i] for i in sorted(free)]
