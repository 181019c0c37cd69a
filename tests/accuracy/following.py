"""How many labelled trucks that come close to the camera are followed as one passage each."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cameras import CameraSettings
from detector.geometry import iou_matrix
from detector.network import Network
from detector.passage import Passage
from detector.settings import DetectorSettings
from edge.replay import Replay, watch_settings
from tests.accuracy.labels import Vehicle, read_vehicles

NEAR_PX = 90.0
LEAST_FRAMES = 3
SAME_IOU = 0.4


@dataclass
class Following:
    """The outcome for one video."""

    near: int = 0
    """Labelled trucks at least NEAR_PX wide on at least LEAST_FRAMES frames."""
    one: int = 0
    """Of them followed by one passage over at least half of those frames, and by no second one."""
    split: int = 0
    """Followed by two or more passages."""
    lost: list[str] = field(default_factory=list)
    """The rest: when and where."""
    called: Counter[str] = field(default_factory=Counter)
    """What the passages of the followed ones were called."""


def passages_of(video: Path, model: Path) -> list[Passage]:
    """Every passage of a video, every frame looked at."""
    passages: list[Passage] = []
    source = CameraSettings(id="gantry", url=str(video), mode="replay")
    work = Replay(
        source,
        Network.load(DetectorSettings(model=model)),
        watch_settings(None, None),
        None,
        passages.append,
        lambda finding, passage: None,
    )
    work.run(threading.Event())
    return passages


def follow(video: Path, labels: Path, fps: float, model: Path) -> Following:
    """Hold the passages of a video against its labels."""
    passages = passages_of(video, model)
    outcome = Following()
    for vehicle in read_vehicles(labels, fps, (960, 540)):
        near = vehicle.near(NEAR_PX)
        if vehicle.kind != "truck" or len(near) < LEAST_FRAMES:
            continue
        outcome.near += 1
        shares = sorted(((_share(vehicle, near, p), p) for p in passages), key=lambda s: -s[0])
        if shares[0][0] < 0.5:
            box = vehicle.boxes[near[0]].round().astype(int).tolist()
            outcome.lost.append(f"{vehicle.times_s[near[0]]:.1f} s at {box}: best {shares[0][0]:.0%}")
        elif shares[1][0] > 0.2:
            outcome.split += 1
        else:
            outcome.one += 1
            outcome.called[shares[0][1].class_name] += 1
    return outcome


def _share(vehicle: Vehicle, rows: list[int], passage: Passage) -> float:
    """Share of the vehicle's rows at which the passage has a box on it."""
    hits = 0
    for row in rows:
        t_s = vehicle.times_s[row]
        nearest = int(np.argmin(np.abs(passage.times_s - t_s)))
        if abs(passage.times_s[nearest] - t_s) < 0.02:
            both = np.array([vehicle.boxes[row], passage.boxes[nearest]], np.float32)
            hits += bool(iou_matrix(both[:1], both[1:])[0, 0] >= SAME_IOU)
    return hits / len(rows)
