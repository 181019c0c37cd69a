"""The steel tipping body: ribbed walls, hood over the cab, tail board, boards welded on top."""

from __future__ import annotations

import numpy as np

from scripts.scenes import materials, mesh
from scripts.scenes.vehicles.assembly import Assembly
from scripts.scenes.vehicles.bodies import Bed, big_number, ink_for, rear_marks, ribbed_boards, side_marks
from scripts.scenes.vehicles.loads import HEAP, load_open


def build_tipper(kit: Assembly, bed: Bed, roof: float | None) -> None:
    """The body with its load; above a cab's `roof` of this height a hood protects its rear, None for a trailer."""
    spec = kit.spec
    load_rise = {"heaped": min(HEAP, 0.36 * (bed.top - bed.floor)), "covered": 0.16}.get(spec.load, 0.0)
    rim = bed.top - load_rise
    boards = rim
    steel = materials.worn(spec.colour, 0.4 + 0.6 * spec.dirt, spec.seed % 4)
    if spec.raised_boards:
        boards = bed.floor + (rim - bed.floor) * kit.between(0.56, 0.66)
        _raised(kit, bed, boards, rim)
    kit.box((bed.length, 2 * bed.half - 0.1, 0.12), (bed.middle, 0.0, bed.floor - 0.04), steel)
    for side in (-1, 1):
        kit.box((bed.length - 0.3, 0.10, 0.22), (bed.middle, side * 0.45, bed.floor - 0.19), kit.frame)
    ribbed_boards(kit, bed, boards, steel, kit.one_of(0.55, 0.7, 0.85), rear=False)
    for side in (-1, 1):
        for share in kit.one_of((0.45,), (0.36, 0.68), ()):
            z = bed.floor + share * (boards - bed.floor)
            kit.box((bed.length, 0.045, 0.09), (bed.middle, side * (bed.half - 0.026), z), steel)
    _tail_board(kit, bed, boards, steel)
    if roof is not None:
        _hood(kit, bed, boards, steel, kit.between(0.35, 0.75) if boards > roof + 0.2 else 0.28)
    side_marks(kit, bed, bed.floor + 0.14)
    load_open(kit, bed, rim)


def _hood(kit: Assembly, bed: Bed, top: float, steel: materials.Material, reach: float) -> None:
    """The protecting roof before the front wall, its posts and the lifting ram."""
    kit.box((reach, 1.7, 0.05), (bed.front + reach / 2 - 0.02, 0.0, top - 0.10), steel, 0.01)
    kit.box((0.05, 1.7, 0.16), (bed.front + reach, 0.0, top - 0.08), steel)
    for y in (-0.6, 0.0, 0.6):
        kit.box((0.10, 0.10, top - 0.15 - bed.floor), (bed.front + 0.03, y, (top - 0.15 + bed.floor) / 2), steel)
    kit.rod(0.13, top - bed.floor - 0.4, "z", (bed.front + 0.14, 0.0, bed.floor + 0.45), kit.chrome, 14)


def _tail_board(kit: Assembly, bed: Bed, top: float, steel: materials.Material) -> None:
    tall, x = top - bed.floor, bed.rear
    kit.box((0.05, 2 * bed.half - 0.12, tall), (x + 0.03, 0.0, bed.floor + tall / 2), steel)
    for share in (0.04, 0.5, 0.96):
        kit.box((0.09, 2 * bed.half - 0.10, 0.10), (x, 0.0, bed.floor + share * tall), steel, 0.01)
    for y in np.linspace(-bed.half + 0.12, bed.half - 0.12, 5):
        kit.box((0.08, 0.10, tall), (x, float(y), bed.floor + tall / 2), steel)
    for side in (-1, 1):
        kit.rod(0.045, 0.16, "y", (x - 0.02, side * (bed.half - 0.05), top + 0.03), kit.frame)
        kit.box((0.07, 0.07, 0.22), (x - 0.03, side * (bed.half - 0.2), bed.floor), kit.frame)
    rear_marks(kit, bed, top)
    at = (x - 0.055, 0.0, bed.floor + 0.74 * tall)
    plate = kit.spec.rear_plate
    if plate is not None:
        back = (0.01, 0.165 * 10.5, 0.30)
        kit.box(back, (x - 0.045, 0.0, at[2]), steel)
    big_number(kit, at, ink_for(kit.spec.colour), 0.21)


def _raised(kit: Assembly, bed: Bed, start: float, top: float) -> None:
    """Boards of other plate, welded on with posts that do not meet the body's ribs."""
    tone = kit.one_of((0.16, 0.10, 0.07), (0.22, 0.22, 0.21), (0.30, 0.16, 0.06))
    plate = materials.worn(tone, 0.9, 3)
    tall, middle = top - start, (top + start) / 2
    for side in (-1, 1):
        kit.box((bed.length - 0.06, 0.02, tall), (bed.middle, side * (bed.half - 0.06), middle), plate)
        kit.add(
            mesh.bar(
                "edge",
                (bed.rear + 0.03, side * (bed.half - 0.06), top),
                (bed.front, side * (bed.half - 0.06), top),
                0.025,
                plate,
            )
        )
        for x in np.linspace(bed.rear + 0.2, bed.front - 0.2, max(4, round(bed.length / 0.95))):
            kit.box((0.05, 0.05, tall + 0.18), (float(x), side * (bed.half - 0.035), middle - 0.09), plate)
    for x in (bed.rear + 0.05, bed.front - 0.05):
        kit.box((0.02, 2 * bed.half - 0.12, tall), (x, 0.0, middle), plate)
    for y in np.linspace(-bed.half + 0.3, bed.half - 0.3, 4):
        kit.box((0.05, 0.05, tall + 0.15), (bed.rear + 0.02, float(y), middle - 0.07), plate)
