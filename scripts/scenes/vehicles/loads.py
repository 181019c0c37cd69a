"""What lies on the bed: mounds of loose goods, tarpaulins, stacked goods, people."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from scripts.scenes import materials, mesh
from scripts.scenes.mesh import Object
from scripts.scenes.vehicles.assembly import Assembly
from scripts.scenes.vehicles.bodies import Bed

CLOTHS = ((0.02, 0.07, 0.22), (0.03, 0.14, 0.06), (0.16, 0.16, 0.15), (0.30, 0.06, 0.02), (0.02, 0.16, 0.30))

HEAP = 0.75
"""No heap is higher above its boards."""


def loose_goods(kit: Assembly) -> Any:
    """Gravel, sand, soil or coal, by the vehicle's seed."""
    return kit.one_of(materials.gravel, materials.gravel, materials.sand, materials.soil, materials.coal)()


def load_open(kit: Assembly, bed: Bed, rim: float) -> None:
    """Fill an open body whose boards end at `rim` as the spec says; a heap ends at the bed's top."""
    load = kit.spec.load
    if load == "level":
        kit.add(mound(kit, bed, rim - 0.22, rim - 0.08, loose_goods(kit)))
    elif load == "heaped":
        kit.part("heaped_load", mound(kit, bed, rim - 0.04, min(bed.top, rim + HEAP), loose_goods(kit)))
    elif load == "covered":
        kit.part("covered_load", cover(kit, bed, rim))


def mound(kit: Assembly, bed: Bed, edge: float, peak: float, material: Any) -> Object:
    """A surface of loose goods from height `edge` at the boards to about `peak`, tipped in by several buckets."""
    along, across = max(30, round(bed.length * 6)), 24
    xs = np.linspace(bed.rear + 0.07, bed.front - 0.07, along)
    ys = np.linspace(-bed.half + 0.07, bed.half - 0.07, across)
    x, y = np.meshgrid(xs, ys, indexing="ij")
    from_end = np.minimum(x - xs[0], xs[-1] - x) / (0.55 * bed.half + 0.3)
    from_side = np.minimum(y - ys[0], ys[-1] - y) / (0.9 * bed.half)
    slope = np.sin(np.clip(np.minimum(from_end, from_side), 0.0, 1.0) * math.pi / 2.0)
    buckets = max(2, round(bed.length / 2.2))
    centres = np.linspace(xs[0], xs[-1], buckets + 2)[1:-1] + kit.rng.uniform(-0.25, 0.25, buckets)
    tips = [np.exp(-(((x - centre) / (0.42 * bed.length / buckets)) ** 2)) for centre in centres]
    shape = slope * (0.62 + 0.38 * np.max(tips, axis=0))
    rough = _noise(kit.rng, x, y) * (0.03 + 0.06 * (peak - edge))
    rise = (peak - edge) * shape / shape.max() + rough * np.clip(slope * 3.0, 0.25, 1.0)
    z = edge + rise * (peak - edge) / rise.max()
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    return mesh.surface("load", points, _grid(along, across), material)


def _noise(rng: np.random.Generator, x: Any, y: Any) -> Any:
    """Waves of many directions and lengths, about -1 to 1."""
    total = rng.normal(0.0, 0.25, x.shape)
    for size in (1.6, 0.9, 0.55, 0.33):
        for _ in range(3):
            turn, phase = rng.uniform(0.0, 2.0 * math.pi, 2)
            wave = (x * math.cos(turn) + y * math.sin(turn)) * 2.0 * math.pi / size + phase
            total = total + 0.45 * size * np.sin(wave)
    return total


def _grid(rows: int, columns: int) -> list[tuple[int, ...]]:
    return [
        (a, a + columns, a + columns + 1, a + 1)
        for row in range(rows - 1)
        for a in range(row * columns, (row + 1) * columns - 1)
    ]


def cover(kit: Assembly, bed: Bed, rim: float, drop: float = 0.32) -> Object:
    """A tarpaulin over the boards, domed by the load, hanging down outside and lashed with ropes."""
    along = max(20, round(bed.length * 6))
    shares = np.concatenate([[1.0, 1.0], np.linspace(1.0, -1.0, 15), [-1.0, -1.0]])
    rise = min(0.30, max(0.06, bed.top - rim - 0.02))
    rows = []
    phase = kit.rng.uniform(0.0, 6.0)
    for number, x in enumerate(np.linspace(bed.rear - 0.02, bed.front + 0.02, along)):
        end = min(1.0, min(number, along - 1 - number) / (0.12 * along))
        sag = 1.0 - 0.28 * math.sin(x * 3.1 + phase) ** 2
        hang = drop * (0.94 + 0.04 * math.sin(x * 2.3 + phase) + 0.02 * math.sin(x * 7.1))
        row: list[mesh.Point] = []
        for column, share in enumerate(shares):
            outside = column < 2 or column > len(shares) - 3
            z = rim + 0.015 + rise * end * sag * math.cos(share * math.pi / 2.0) ** 0.8 if not outside else rim
            if column in (0, len(shares) - 1):
                z = rim - hang
            y = share * (bed.half + (0.03 + 0.012 * math.sin(x * 9.0) if outside else 0.0))
            row.append((float(x), float(y), float(z)))
        rows.append(row)
    _lash(kit, bed, rim - 0.93 * drop, rim - 0.93 * drop - 0.4)
    cloth = materials.tarpaulin(kit.one_of(*CLOTHS), kit.spec.seed % 4)
    behind, before = (
        [(x, y, min(z, rim - drop)) for _, y, z in row]
        for x, row in ((bed.rear - 0.035, rows[0]), (bed.front + 0.035, rows[-1]))
    )
    return mesh.loft("cover", [behind, *rows, before], cloth, closed=False)


def _lash(kit: Assembly, bed: Bed, hem: float, foot: float) -> None:
    """Ropes in a zigzag from the cloth's hem to the boards."""
    rope = materials.plastic((0.35, 0.32, 0.25), 0.9)
    places = np.linspace(bed.rear + 0.2, bed.front - 0.2, max(4, round(bed.length / 0.55)))
    foot = max(foot, bed.floor)
    for side in (-1, 1):
        y = side * (bed.half + 0.035)
        for number, (one, two) in enumerate(pairwise(places)):
            ends = (hem, foot) if number % 2 else (foot, hem)
            kit.add(mesh.bar("rope", (float(one), y, ends[0]), (float(two), y, ends[1]), 0.008, rope, 3))


def stacked_goods(kit: Assembly, bed: Bed, top: float) -> None:
    """Pallets, crates or sacks side by side up to about `top`."""
    tones = kit.one_of(
        ((0.35, 0.12, 0.06), (0.30, 0.10, 0.05)),
        ((0.42, 0.30, 0.16), (0.36, 0.25, 0.13), (0.45, 0.33, 0.20)),
        ((0.62, 0.60, 0.54), (0.55, 0.53, 0.47)),
        ((0.30, 0.17, 0.07), (0.35, 0.21, 0.09)),
    )
    long = kit.between(0.95, 1.3)
    for x in np.arange(bed.rear + 0.15 + long / 2, bed.front - long / 2, long + 0.04):
        for side in (-1, 1):
            tall = (top - bed.floor) * kit.between(0.75, 1.0)
            wide = bed.half - 0.12
            tone = tones[int(kit.rng.integers(len(tones)))]
            at = (float(x), side * (wide / 2 + 0.01), bed.floor + tall / 2)
            kit.box((long, wide - 0.02, tall), at, materials.worn(tone, 0.2, 2), 0.03)


def people_in_bed(kit: Assembly, bed: Bed) -> None:
    """People standing on the bed (a light truck's floor, or its load when level)."""
    count = kit.spec.people_in_bed
    if not count:
        return
    from scripts.scenes.vehicles.people import build_person

    places = np.linspace(bed.rear + 0.5, bed.front - 0.5, (count + 1) // 2)
    for number in range(count):
        person = build_person(int(kit.rng.integers(1 << 30)), "standing")
        side = -1 if number % 2 else 1
        x = float(places[number // 2]) + kit.between(-0.15, 0.15)
        mesh.hung(person, (x, side * kit.between(0.25, 0.6 * bed.half), bed.floor))
        person.rotation_euler.z = kit.between(-math.pi, math.pi)
        kit.ride(person)
