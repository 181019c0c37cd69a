"""What lies below the body: rails, tanks, guards, mud-flaps, the rear bar with its lamps and plate."""

from __future__ import annotations

import math

import numpy as np

from scripts.scenes import materials, mesh
from scripts.scenes.mesh import Material
from scripts.scenes.vehicles.assembly import Assembly
from scripts.scenes.vehicles.cab import AMBER, LENS, RED
from scripts.scenes.vehicles.wheels import WheelSize

ALUMINIUM = (0.70, 0.71, 0.73)


def rails(kit: Assembly, rear: float, front: float, top: float, depth: float = 0.24) -> None:
    """The two long beams and some cross-beams."""
    for side in (-1, 1):
        kit.box((front - rear, 0.075, depth), ((front + rear) / 2, side * 0.43, top - depth / 2), kit.frame)
    for x in np.arange(rear + 0.3, front - 0.3, 1.2):
        kit.box((0.10, 0.80, 0.7 * depth), (float(x), 0.0, top - depth / 2), kit.frame)


def fender(
    kit: Assembly, x: float, wheel: float, y: tuple[float, float], material: Material, ends: tuple[float, float]
) -> None:
    """A mud-guard: an arc around a wheel of this radius, from `ends[0]` to `ends[1]` degrees (0 forward, 90 above)."""
    rows: list[list[mesh.Point]] = []
    inner, outer = wheel + 0.08, wheel + 0.10
    for turn in np.radians(np.linspace(*ends, 13)):
        c, s = math.cos(turn), math.sin(turn)
        corners = ((inner, y[0]), (inner, y[1]), (outer, y[1]), (outer, y[0]))
        rows.append([(x + radius * c, at, wheel + radius * s) for radius, at in corners])
    kit.add(mesh.loft("fender", rows, material))


def side_guard(kit: Assembly, rear: float, front: float, half: float, top: float) -> None:
    """Two rails between the axles that keep people from under the wheels (GB 11567)."""
    if front - rear < 0.7:
        return
    tone = kit.one_of((0.55, 0.55, 0.55), (0.62, 0.60, 0.55), (0.10, 0.10, 0.10))
    material = materials.worn(tone, kit.spec.dirt, 1)
    middle, long = (front + rear) / 2, front - rear
    for side in (-1, 1):
        for z in (0.48, 0.78):
            kit.box((long, 0.03, 0.10), (middle, side * (half - 0.03), z), material)
        for x in np.linspace(rear + 0.25, front - 0.25, max(2, round(long / 1.5))):
            kit.box((0.06, 0.04, top - 0.45), (float(x), side * (half - 0.06), (top + 0.45) / 2), kit.frame)


def fuel_tank(kit: Assembly, x: float, half: float, top: float, left: bool) -> None:
    """A rounded aluminium tank with its straps."""
    side = 1 if left else -1
    long, tall = kit.between(0.9, 1.3), min(0.62, top - 0.38)
    y, z = side * (half - 0.36), top - tall / 2 - 0.02
    shine = materials.metal(ALUMINIUM, 0.3)
    sections = []
    for place in (-0.5, -0.47, 0.47, 0.5):
        wide = 0.31 if abs(place) < 0.49 else 0.27
        sections.append(_rounded(x + place * long, y, z, wide, tall * wide / 0.62, 0.14))
    kit.add(mesh.loft("tank", sections, shine))
    for share in (-0.28, 0.28):
        kit.box((0.05, 0.64, tall + 0.03), (x + share * long, y, z), kit.black)


def _rounded(x: float, y: float, z: float, wide: float, tall: float, corner: float) -> list[mesh.Point]:
    ring: list[mesh.Point] = []
    for start, cy, cz in ((0, 1, 1), (90, -1, 1), (180, -1, -1), (270, 1, -1)):
        for turn in np.radians(np.linspace(start, start + 90, 5)):
            at_y = y + cy * (wide - corner) + corner * math.cos(turn)
            ring.append((x, at_y, z + cz * (tall - corner) + corner * math.sin(turn)))
    return ring


def gear(kit: Assembly, x: float, half: float, top: float, left: bool) -> None:
    """Battery box and air bottles."""
    side = 1 if left else -1
    kit.box((0.62, 0.5, 0.42), (x, side * (half - 0.32), top - 0.30), kit.black, 0.03)
    for lower in (0.0, 0.2):
        bottle = (x - 0.75, side * (half - 0.25), top - 0.22 - lower)
        kit.rod(0.10, 0.65, "x", bottle, materials.plastic((0.06, 0.06, 0.065)), 12)


def spare_wheel(kit: Assembly, x: float, z: float, size: WheelSize) -> None:
    """A tyre lying under the frame."""
    profile = [(-0.5 * size.width, 0.3), (-0.5 * size.width, size.radius - 0.05), (-0.3 * size.width, size.radius)]
    profile += [(-place, radius) for place, radius in reversed(profile)]
    kit.add(mesh.turned("spare", profile, "z", (x, 0.0, z), materials.rubber(), 24))


def mud_flaps(kit: Assembly, x: float, half: float, top: float) -> None:
    """Rubber flaps behind the last wheels."""
    for side in (-1, 1):
        kit.box((0.015, 0.58, top - 0.22), (x, side * (half - 0.31), (top + 0.22) / 2), materials.rubber())


def rear_end(kit: Assembly, x: float, half: float, top: float, bar: float = 0.50) -> None:
    """Under-run bar, lamps and the rear plate; `x` is the vehicle's rear face, `top` the frame's."""
    inner = half - 0.12
    kit.box((0.10, 2 * inner, 0.14), (x + 0.08, 0.0, bar), kit.frame, 0.01)
    kit.stripes((x + 0.028, inner, bar - 0.03), (0.0, -1.0, 0.0), 2 * inner, (0.0, 0.0, 1.0))
    for side in (-1, 1):
        kit.box((0.08, 0.08, top - bar), (x + 0.13, side * 0.45, (top + bar) / 2), kit.frame)
    z = bar + 0.24
    kit.box((0.06, 2 * inner, 0.10), (x + 0.12, 0.0, z), kit.frame)
    for side in (-1, 1):
        y = side * (inner - 0.22)
        kit.box((0.05, 0.46, 0.17), (x + 0.09, y, z), kit.black, 0.01)
        for offset, rgb, share in ((0.14, RED, 0.25), (0.0, AMBER, 0.02), (-0.14, LENS, 0.0)):
            kit.lens((0.03, 0.12, 0.12), (x + 0.06, y + side * offset, z), rgb, share)
    kit.plate(kit.spec.rear_plate, (x + 0.035, 0.0, z), forward=False)
