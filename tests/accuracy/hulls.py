"""Outer shapes of rendered vehicles, so that their boxes can be projected without Blender.

`python -m tests.accuracy.hulls` (with bpy, see samples/README.md) builds vehicles by lot and stores of each its truth
and the corners of its outer shape: all that the box around it in any picture depends on.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.scenes.kinds import KINDS
from scripts.scenes.sampling import sample_vehicle
from scripts.scenes.spec import VEHICLE_WORD, VehicleSpec

HULLS = Path(__file__).parent / "baselines/hulls.json"
DIRECTIONS = 300


@dataclass(frozen=True)
class Hull:
    """One vehicle: its class, its size, and points (N, 3) of its outer shape in its own frame, metres."""

    kind: str
    word: str
    length_m: float
    width_m: float
    height_m: float
    points: NDArray[np.float64]


def read_hulls(path: Path = HULLS) -> list[Hull]:
    """The stored vehicles."""
    return [
        Hull(**{**vehicle, "points": np.array(vehicle["points"]) / 100})
        for vehicle in json.loads(path.read_text(encoding="utf-8"))
    ]


def _write(path: Path, each: int, seed: int) -> None:
    lines = []
    for kind in KINDS:
        for number in range(each):
            spec = sample_vehicle(np.random.default_rng((seed, number)), kind)
            hull = {
                "kind": kind,
                "word": VEHICLE_WORD[kind],
                "length_m": spec.length_m,
                "width_m": spec.width_m,
                "height_m": spec.height_m,
                "points": np.round(_corners(spec) * 100).astype(int).tolist(),
            }
            lines.append(json.dumps(hull, separators=(",", ":")))
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def _corners(spec: VehicleSpec) -> NDArray[np.float64]:
    """The vertices (N, 3) that lie farthest out in some direction."""
    import bpy

    from scripts.scenes.vehicles import build_vehicle

    bpy.ops.wm.read_factory_settings(use_empty=True)
    built = build_vehicle(spec)
    bpy.context.view_layer.update()
    found = []
    for thing in bpy.context.scene.objects:
        if thing.type == "MESH" and len(thing.data.vertices):
            places = np.empty(len(thing.data.vertices) * 3, np.float32)
            thing.data.vertices.foreach_get("co", places)
            matrix = np.array(built.root.matrix_world.inverted() @ thing.matrix_world)
            found.append(places.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])
    vertices = np.concatenate(found)
    number = np.arange(DIRECTIONS) + 0.5
    up, turn = 1 - 2 * number / DIRECTIONS, np.pi * (1 + 5**0.5) * number
    level = np.sqrt(1 - up**2)
    ways = np.stack([level * np.cos(turn), level * np.sin(turn), up], axis=1)
    return np.asarray(np.unique(np.round(vertices[np.argmax(vertices @ ways.T, axis=0)], 2), axis=0))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HULLS)
    parser.add_argument("--each", type=int, default=8, help="vehicles of each kind")
    parser.add_argument("--seed", type=int, default=4000)
    given = parser.parse_args()
    _write(given.out, given.each, given.seed)
