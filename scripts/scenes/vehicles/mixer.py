"""The concrete mixer: a tilted drum on its stands, with hopper, chute and water tank."""

from __future__ import annotations

import math

import numpy as np

from scripts.scenes import materials, mesh
from scripts.scenes.vehicles.assembly import Assembly
from scripts.scenes.vehicles.bodies import Bed, big_number, side_marks

PROFILE = ((0.0, 0.42), (0.06, 0.60), (0.36, 1.0), (0.54, 1.0), (0.82, 0.70), (1.0, 0.46))
"""The drum from its drive to its mouth: share of its length, share of its largest radius."""
STRIPES = ((0.02, 0.09, 0.35), (0.45, 0.02, 0.02), (0.03, 0.22, 0.08), (0.60, 0.25, 0.01))
TURNS = 1.6
"""Of each painted stripe round the drum."""


def build_mixer(kit: Assembly, bed: Bed) -> None:
    """The drum lies low behind the cab and opens high at the rear."""
    drum = _Drum((bed.front - 0.55, bed.floor + 0.95), (bed.rear + 1.15, bed.top - 0.72), min(1.15, bed.half - 0.06))
    tone = kit.one_of((0.82, 0.82, 0.80), (0.82, 0.82, 0.80), (0.55, 0.56, 0.57), kit.spec.colour)
    shell = [drum.ring(share, radius) for share, radius in PROFILE]
    kit.add(mesh.loft("drum", shell, materials.paint(tone, 0.4 + 0.6 * kit.spec.dirt, kit.spec.seed % 3)))
    paint = materials.paint(kit.one_of(*STRIPES), kit.spec.dirt, 1)
    for start in (0.0, math.pi):
        kit.add(mesh.loft("stripe", drum.stripe(start), paint, closed=False))
    _stands(kit, bed, drum)
    _mouth(kit, bed, drum)
    kit.rod(0.30, 1.5, "y", (bed.front - 0.10, 0.0, bed.floor + 0.55), kit.chrome, 18)
    side_marks(kit, bed, bed.floor - 0.02)
    big_number(kit, (bed.rear + 0.02, 0.0, bed.floor + 0.45), (20, 20, 24), 0.16)


class _Drum:
    """A body of revolution round a tilted axis."""

    def __init__(self, drive: tuple[float, float], mouth: tuple[float, float], radius: float) -> None:
        """`drive` and `mouth`: X and Z of the ends of its axis."""
        self.drive, self.mouth, self.radius = np.array(drive), np.array(mouth), radius
        along = (self.mouth - self.drive) / np.linalg.norm(self.mouth - self.drive)
        self._up = np.array([along[1], -along[0]])

    def middle(self, share: float) -> tuple[float, float]:
        """X and Z of the axis."""
        x, z = self.drive + share * (self.mouth - self.drive)
        return float(x), float(z)

    def point(self, share: float, radius: float, turn: float) -> mesh.Point:
        """On the skin; `radius` in shares of the largest."""
        x, z = self.middle(share)
        across, high = self.radius * radius * math.sin(turn), self.radius * radius * math.cos(turn)
        return (x + high * float(self._up[0]), across, z + high * float(self._up[1]))

    def ring(self, share: float, radius: float) -> list[mesh.Point]:
        return [self.point(share, radius, float(t)) for t in np.linspace(0.0, 2.0 * math.pi, 36, endpoint=False)]

    def stripe(self, start: float) -> list[list[mesh.Point]]:
        """A painted band that winds round it."""
        shares, radii = zip(*PROFILE, strict=True)
        rows = []
        for share in np.linspace(0.08, 0.96, 60):
            radius = float(np.interp(share, shares, radii)) + 0.008
            turn = start + 2.0 * math.pi * TURNS * float(share)
            rows.append([self.point(float(share), radius, turn + aside) for aside in (-0.22, -0.07, 0.07, 0.22)])
        return rows


def _stands(kit: Assembly, bed: Bed, drum: _Drum) -> None:
    """Gearbox in front, two stands with rollers behind."""
    x, z = drum.middle(0.0)
    kit.box((0.5, 0.8, z - bed.floor + 0.3), (x + 0.12, 0.0, (z + bed.floor) / 2), kit.frame, 0.03)
    x, z = drum.middle(0.84)
    foot = z - 0.6 * drum.radius
    for side in (-1, 1):
        kit.box((0.16, 0.14, foot - bed.floor + 0.2), (x, side * 0.72, (foot + bed.floor) / 2), kit.frame)
        kit.rod(0.16, 0.18, "x", (x, side * 0.5, foot), kit.chrome, 14)
    kit.box((0.16, 1.6, 0.12), (x, 0.0, foot - 0.12), kit.frame)
    kit.box((bed.length - 0.4, 1.0, 0.14), (bed.middle, 0.0, bed.floor - 0.08), kit.frame)
    for side in (-1, 1):
        kit.box((bed.length - 0.6, 0.42, 0.05), (bed.middle, side * (bed.half - 0.24), bed.floor - 0.06), kit.frame)


def _mouth(kit: Assembly, bed: Bed, drum: _Drum) -> None:
    """Hopper above the mouth, chute below it, and the ladder."""
    x, z = drum.middle(1.0)
    steel = materials.worn(kit.spec.colour, 0.3 + 0.7 * kit.spec.dirt, 2)
    top, low = bed.top, z + 0.1
    wide = [(x - 0.75, -0.55, top), (x + 0.15, -0.55, top), (x + 0.15, 0.55, top), (x - 0.75, 0.55, top)]
    tight = [(x - 0.35, -0.25, low), (x + 0.05, -0.25, low), (x + 0.05, 0.25, low), (x - 0.35, 0.25, low)]
    kit.add(mesh.loft("hopper", [tight, wide], steel, caps=False, smooth=False))
    tip = bed.floor - 0.1
    rows = []
    for share in np.linspace(0.0, 1.0, 6):
        at_x, at_z = x - 0.25 - 0.75 * float(share), z - 0.25 - float(share) * (z - 0.25 - tip)
        rows.append([(at_x, 0.3 * math.sin(t), at_z - 0.22 * math.cos(t)) for t in np.linspace(-1.5, 1.5, 9)])
    kit.add(mesh.loft("chute", rows, steel, closed=False))
    for y in (0.62, 0.98):
        kit.add(mesh.bar("ladder", (bed.rear, y, bed.floor - 0.3), (x - 0.2, y, top - 0.1), 0.022, kit.frame))
    for share in np.linspace(0.05, 0.95, 8):
        at = (bed.rear + share * (x - 0.2 - bed.rear), bed.floor - 0.3 + share * (top + 0.2 - bed.floor))
        one, two = (float(at[0]), 0.62, float(at[1])), (float(at[0]), 0.98, float(at[1]))
        kit.add(mesh.bar("rung", one, two, 0.018, kit.frame))
