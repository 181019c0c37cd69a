"""Truck wheels: tyres with grooves, steel rims with nuts, single and in pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scripts.scenes import materials, mesh
from scripts.scenes.mesh import Object
from scripts.scenes.vehicles.assembly import Assembly

SEGMENTS = 32

BACK = ((-0.20, 0.0), (-0.20, 0.96))
"""The rim's closed rear, unseen: it tells out from in."""


@dataclass(frozen=True, slots=True)
class WheelSize:
    """Of one tyre and its rim, metres."""

    radius: float
    width: float
    rim: float
    nuts: int


HEAVY = WheelSize(radius=0.52, width=0.285, rim=0.295, nuts=10)
"""12R22.5 and 11.00R20 are near this."""
LIGHT = WheelSize(radius=0.385, width=0.205, rim=0.21, nuts=6)
"""7.00R16."""


def hang_wheels(kit: Assembly, size: WheelSize, singles: int, track_half: float) -> None:
    """All wheels of the vehicle: the first `singles` axles have one tyre a side, the others two.

    `track_half` is the outer face of the outermost tyre from the middle of the vehicle.
    """
    grey = kit.one_of((0.42, 0.42, 0.42), (0.30, 0.30, 0.31), (0.50, 0.49, 0.47))
    dust = 0.5 * kit.spec.dirt
    red, green, blue = ((1 - dust) * tone + dust * mud for tone, mud in zip(grey, (0.24, 0.18, 0.12), strict=True))
    lift = kit.between(0.12, 0.20)
    patterns: dict[tuple[bool, int], Object] = {}
    for axle, x in enumerate(kit.spec.axle_x_m):
        dual = axle >= singles
        for side, sign in (("left", 1), ("right", -1)):
            key = (dual, sign)
            if key not in patterns:
                patterns[key] = _wheel(size, dual, sign, (red, green, blue))
                thing = patterns[key]
            else:
                thing = mesh.twin(patterns[key])
            reach = size.width * (1.06 if dual else 0.5)
            height = size.radius + (lift if axle in kit.spec.lifted_axles else 0.0)
            kit.wheel(thing, (x, sign * (track_half - reach), height), size.radius, axle, side)
        _axle(kit, x, size, track_half, height, steer=not dual)


def _axle(kit: Assembly, x: float, size: WheelSize, track_half: float, height: float, steer: bool) -> None:
    inner = track_half - size.width * (1.0 if steer else 2.1)
    kit.rod(0.16 * size.radius, 2 * inner, "y", (x, 0.0, height), kit.frame)
    if not steer:
        kit.add(mesh.turned("axle", _bulge(size.radius), "y", (x, 0.0, height), kit.frame, 16))
    for side in (-1, 1):
        kit.box((1.5 * size.radius * 1.6, 0.08, 0.10), (x, side * 0.42, height + 0.16), kit.frame)


def _bulge(radius: float) -> list[tuple[float, float]]:
    return [(-0.5 * radius, 0.0), (-0.3 * radius, 0.25 * radius), (0.3 * radius, 0.25 * radius), (0.5 * radius, 0.0)]


def _wheel(size: WheelSize, dual: bool, sign: int, rim: tuple[float, float, float]) -> Object:
    """Around the origin, its outer face towards +Y for sign 1, -Y for -1."""
    pieces: list[Object] = []
    outer = 0.56 * size.width if dual else 0.0
    places = (outer, -outer) if dual else (0.0,)
    pieces += [_turn("tyre", _tyre(size, place), sign, materials.rubber()) for place in places]
    steel, hub = materials.plastic(rim, 0.45), materials.plastic((0.05, 0.045, 0.04), 0.6)
    edge = outer + 0.38 * size.width
    disc, centre = (_deep(size, edge), -0.15) if dual else (_flat(size, edge), 0.015)
    pieces.append(_turn("rim", disc, sign, steel))
    pieces.append(_turn("hub", _hub(size, edge, dual), sign, hub if dual else steel))
    unit = size.rim / 0.295
    for number in range(size.nuts):
        turn = 2.0 * math.pi * number / size.nuts
        nut = 0.55 * size.rim
        at = (nut * math.cos(turn), sign * (edge + (centre + 0.018) * unit), nut * math.sin(turn))
        pieces.append(mesh.cylinder("nut", 0.019 * unit, 0.05 * unit, "y", at, hub, 6))
        hole = 0.775 * size.rim
        turn += math.pi / size.nuts
        at = (hole * math.cos(turn), sign * (edge + (-0.142 if dual else -0.03) * unit), hole * math.sin(turn))
        pieces.append(mesh.cylinder("hole", 0.032 * unit, 0.03 * unit, "y", at, materials.rubber(), 8))
    return mesh.join("wheel", pieces)


def _turn(name: str, profile: list[tuple[float, float]], sign: int, material: materials.Material) -> Object:
    placed = [(sign * place, radius) for place, radius in profile]
    return mesh.turned(name, placed, "y", (0.0, 0.0, 0.0), material, SEGMENTS)


def _tyre(size: WheelSize, at: float) -> list[tuple[float, float]]:
    wide, top, rim = size.width, size.radius, size.rim
    high = top - rim
    half = [(-0.40, rim), (-0.47, rim + 0.25 * high), (-0.50, rim + 0.5 * high), (-0.47, top - 0.12 * high)]
    half += [(-0.42, top - 0.02 * high), (-0.36, top), (-0.26, top), (-0.25, top - 0.016), (-0.19, top - 0.016)]
    half += [(-0.18, top), (-0.04, top), (-0.03, top - 0.016)]
    return [(at + share * wide, radius) for share, radius in half + [(-s, r) for s, r in reversed(half)]]


def _flat(size: WheelSize, edge: float) -> list[tuple[float, float]]:
    """Rim of a steered wheel, its disc bulging outwards."""
    unit = size.rim / 0.295
    shape = [*BACK, (-0.02, 1.0), (0.005, 1.015), (0.0, 0.985), (-0.03, 0.955), (-0.075, 0.90), (-0.07, 0.84)]
    shape += [(-0.01, 0.70), (0.012, 0.64), (0.015, 0.44), (0.015, 0.0)]
    return [(edge + place * unit, share * size.rim) for place, share in shape]


def _deep(size: WheelSize, edge: float) -> list[tuple[float, float]]:
    """Rim of the outer wheel of a pair: a deep dish."""
    unit = size.rim / 0.295
    shape = [*BACK, (-0.02, 1.0), (0.005, 1.015), (0.0, 0.985), (-0.05, 0.94), (-0.13, 0.92), (-0.145, 0.88)]
    shape += [(-0.15, 0.66), (-0.15, 0.0)]
    return [(edge + place * unit, share * size.rim) for place, share in shape]


def _hub(size: WheelSize, edge: float, dual: bool) -> list[tuple[float, float]]:
    unit = size.rim / 0.295
    start, end = (-0.15, -0.01) if dual else (0.015, 0.075)
    shape = [(start - 0.02, 0.0), (start - 0.02, 0.42), (end - 0.04, 0.38), (end - 0.01, 0.33), (end, 0.26), (end, 0.0)]
    return [(edge + place * unit, share * size.rim) for place, share in shape]
