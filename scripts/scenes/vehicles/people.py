"""People: walking, standing, climbing in, riding; dressed by their seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scripts.scenes import materials
from scripts.scenes.mesh import Material, Object, box, join
from scripts.scenes.vehicles.body import Array
from scripts.scenes.vehicles.small_limbs import ball, limb

Pose = Literal["standing", "walking", "boarding", "sitting", "driving", "riding"]
Colour = tuple[float, float, float]

_SKIN: tuple[Colour, ...] = ((0.52, 0.32, 0.21), (0.45, 0.26, 0.16), (0.36, 0.20, 0.12))
_HAIR: Colour = (0.010, 0.008, 0.007)
_TOPS: tuple[Colour, ...] = (
    (0.75, 0.75, 0.73), (0.02, 0.02, 0.025), (0.03, 0.05, 0.16), (0.35, 0.03, 0.03), (0.16, 0.17, 0.18),
    (0.07, 0.14, 0.06), (0.55, 0.42, 0.25), (0.60, 0.20, 0.28), (0.15, 0.32, 0.55), (0.65, 0.52, 0.08),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = (
    (0.015, 0.017, 0.03), (0.02, 0.02, 0.02), (0.05, 0.08, 0.16), (0.12, 0.12, 0.13), (0.22, 0.18, 0.12),
)  # fmt: skip
_HI_VIS: tuple[Colour, ...] = ((0.55, 0.85, 0.03), (0.95, 0.22, 0.01))
_HELMETS: tuple[Colour, ...] = ((0.02, 0.02, 0.02), (0.6, 0.02, 0.02), (0.75, 0.75, 0.75), (0.05, 0.15, 0.5))
_HARD_HATS: tuple[Colour, ...] = ((0.85, 0.55, 0.02), (0.02, 0.12, 0.5), (0.75, 0.05, 0.03), (0.8, 0.8, 0.8))

_TALL_M = 1.75
"""Height at which the figures below hold."""


@dataclass(frozen=True, slots=True)
class _Joints:
    """Where the joints are, metres, X forward, Y left; pairs are left, right."""

    hip: Array
    neck: Array
    hips: tuple[Array, Array]
    knees: tuple[Array, Array]
    ankles: tuple[Array, Array]
    shoulders: tuple[Array, Array]
    elbows: tuple[Array, Array]
    wrists: tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class _Clothes:
    top: Material
    legs: Material
    skin: Material
    shoes: Material
    hair: Material
    vest: Colour | None
    bare_arms: bool
    skirt: bool
    woman: bool
    stout: float


def build_person(seed: int, pose: Pose = "standing", hands: tuple[Array, Array] | None = None) -> Object:
    """One mesh, origin at the feet (in a seat: 0.10 m below the hips), X forward, 1.5 to 1.85 m tall.

    `hands` are where a driver or rider grips, left and right, relative to the hips.
    """
    rng = np.random.default_rng(seed)
    woman = bool(rng.random() < 0.42)
    tall = float(np.clip(rng.normal(1.60 if woman else 1.71, 0.055), 1.5, 1.85))
    scale = tall / _TALL_M
    joints = _posed(pose, rng, None if hands is None else (hands[0] / scale, hands[1] / scale))
    clothes = _dressed(rng, woman, pose)
    pieces = [*_torso(joints, clothes), *_head(joints, clothes, rng, pose)]
    for side in (0, 1):
        pieces += [*_leg(joints, side, clothes), *_arm(joints, side, clothes)]
    if clothes.skirt:
        pieces.append(_skirt(joints, clothes))
    if clothes.vest is not None:
        pieces += _vest(joints, clothes)
    afoot = pose in ("standing", "walking", "boarding")
    if afoot:
        pieces += _carried(joints, rng)
    person = join(f"person {seed} {pose}", pieces)
    points = np.empty(3 * len(person.data.vertices), np.float32)
    person.data.vertices.foreach_get("co", points)
    points *= np.float32(scale)
    if afoot:
        points[2::3] -= points[2::3].min()
    person.data.vertices.foreach_set("co", points)
    person.data.update()
    return person


def _posed(pose: Pose, rng: np.random.Generator, hands: tuple[Array, Array] | None) -> _Joints:
    """Joints from the angles of thighs, knees, upper arms and elbows, each in the vertical plane, forward positive."""
    lean, hip_z = 0.03, 0.93
    thighs, knees = (0.03, -0.02), (0.05, 0.04)
    arms, elbows = (0.02, -0.04), (0.15, 0.2)
    spread = 0.10
    if pose == "standing":
        thighs, knees = (0.06, -0.05), (0.02, 0.1)
        arms, elbows = (
            (rng.uniform(-0.1, 0.25), rng.uniform(-0.1, 0.25)),
            (rng.uniform(0.1, 1.7), rng.uniform(0.1, 0.5)),
        )
    elif pose == "walking":
        stride, turn = rng.uniform(0.32, 0.46), (1.0 if rng.random() < 0.5 else -1.0)
        thighs = (turn * stride, -turn * stride)
        knees = (0.12, 0.45) if turn > 0 else (0.45, 0.12)
        arms, elbows = (-turn * 0.42, turn * 0.42), (0.35, 0.35)
        lean, hip_z = 0.07, 0.905
    elif pose == "boarding":
        thighs, knees, lean = (1.15, -0.12), (1.25, 0.08), 0.38
        arms, elbows = (1.0, 0.5), (0.5, 0.9)
    elif pose == "sitting":
        thighs, knees, lean, hip_z, spread = (1.45, 1.35), (1.4, 1.5), -0.08, 0.10, 0.12
        arms, elbows = (0.45, 0.4), (0.7, 0.8)
    elif pose == "driving":
        thighs, knees, lean, hip_z, spread = (1.5, 1.45), (0.6, 0.6), -0.20, 0.10, 0.12
    elif pose == "riding":
        thighs, knees, lean, hip_z, spread = (1.12, 1.12), (1.25, 1.25), 0.14, 0.10, 0.24
    hip = np.array([0.0, 0.0, hip_z])
    neck = hip + 0.55 * np.array([math.sin(lean), 0.0, math.cos(lean)])
    side = (np.array([0.0, 1.0, 0.0]), np.array([0.0, -1.0, 0.0]))
    hip_joints = _pair(lambda n: hip + 0.095 * side[n])
    knee_joints = _pair(lambda n: hip_joints[n] + 0.43 * _down(thighs[n]) + (spread - 0.095) * side[n])
    ankle_joints = _pair(lambda n: knee_joints[n] + 0.42 * _down(thighs[n] - knees[n]))
    shoulder_joints = _pair(lambda n: neck + 0.19 * side[n] + 0.05 * _down(-lean))
    if hands is None:
        elbow_joints = _pair(lambda n: shoulder_joints[n] + 0.29 * _down(arms[n]) + 0.05 * side[n])
        wrists = _pair(lambda n: elbow_joints[n] + 0.25 * _down(arms[n] + elbows[n]) - 0.01 * side[n])
    else:
        wrists = _pair(lambda n: hip + hands[n])
        bend = np.array([-0.03, 0.0, -0.10])
        elbow_joints = _pair(lambda n: (shoulder_joints[n] + wrists[n]) / 2 + bend + 0.07 * side[n])
    return _Joints(hip, neck, hip_joints, knee_joints, ankle_joints, shoulder_joints, elbow_joints, wrists)


def _pair(made: Callable[[int], Array]) -> tuple[Array, Array]:
    return made(0), made(1)


def _down(angle: float) -> Array:
    """Direction hanging down, swung forward by an angle in radians."""
    return np.array([math.sin(angle), 0.0, -math.cos(angle)])


def _dressed(rng: np.random.Generator, woman: bool, pose: Pose) -> _Clothes:
    top, legs = _TOPS[int(rng.integers(len(_TOPS)))], _TROUSERS[int(rng.integers(len(_TROUSERS)))]
    afoot = pose in ("standing", "walking")
    return _Clothes(
        top=_cloth(top),
        legs=_cloth(legs),
        skin=materials.plastic(_SKIN[int(rng.integers(len(_SKIN)))], 0.55),
        shoes=materials.plastic((0.02, 0.018, 0.016) if rng.random() < 0.7 else (0.5, 0.5, 0.5), 0.6),
        hair=materials.plastic(_HAIR, 0.45),
        vest=_HI_VIS[int(rng.integers(2))] if afoot and rng.random() < 0.15 else None,
        bare_arms=bool(rng.random() < 0.4),
        skirt=woman and afoot and bool(rng.random() < 0.35),
        woman=woman,
        stout=float(rng.uniform(0.94, 1.12)),
    )


def _cloth(rgb: Colour) -> Material:
    return materials.plastic(rgb, 0.9)


def _torso(joints: _Joints, clothes: _Clothes) -> list[Object]:
    """Hips to shoulders in one skin; hips and chest of a woman, a stout one's belly."""
    up = joints.neck - joints.hip
    wide, waist = clothes.stout, (0.13 if clothes.woman else 0.152)
    shares = (-0.10, 0.06, 0.30, 0.55, 0.76, 0.90, 0.99)
    hips = 0.175 if clothes.woman else 0.163
    radii = [
        (0.105, hips), (0.118, hips), (0.108, waist), (0.122, 0.165), (0.115, 0.185), (0.095, 0.165), (0.06, 0.075),
    ]  # fmt: skip
    path = [joints.hip + share * up for share in shares]
    coat = limb("coat", path, [(wide * a, wide * b) for a, b in radii], clothes.top)
    seat = limb("seat", [joints.hip - 0.06 * up, joints.hip + 0.10 * up], [(0.112, hips - 0.01)] * 2, clothes.legs)
    return [coat, seat]


def _leg(joints: _Joints, side: int, clothes: _Clothes) -> list[Object]:
    hip, knee, ankle = joints.hips[side], joints.knees[side], joints.ankles[side]
    skirted = clothes.skin if clothes.skirt else clothes.legs
    loose = 0.0 if clothes.skirt else 0.012
    thigh = limb("thigh", [hip, (hip + knee) / 2, knee], [0.092, 0.080, 0.060 + loose], skirted)
    calf_at = knee + 0.35 * (ankle - knee)
    shin = limb("shin", [knee, calf_at, ankle], [0.060 + loose, 0.057 + loose, 0.042 + 2 * loose], skirted)
    toes = ankle - knee
    ahead = np.array([-toes[2], 0.0, toes[0]])
    ahead = ahead / np.linalg.norm(ahead)
    ahead[2] = max(-0.5, min(0.35, float(ahead[2])))
    heel, sole = ankle - 0.05 * ahead, 0.045 * toes / np.linalg.norm(toes)
    path = [heel + sole, ankle + 0.06 * ahead + sole, ankle + 0.16 * ahead + 1.3 * sole]
    shoe = limb("shoe", path, [(0.042, 0.04), (0.045, 0.045), (0.028, 0.042)], clothes.shoes)
    return [thigh, shin, shoe]


def _arm(joints: _Joints, side: int, clothes: _Clothes) -> list[Object]:
    shoulder, elbow, wrist = joints.shoulders[side], joints.elbows[side], joints.wrists[side]
    lower = clothes.skin if clothes.bare_arms else clothes.top
    reach = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    return [
        limb("upper arm", [shoulder, (shoulder + elbow) / 2, elbow], [0.064, 0.054, 0.046], clothes.top),
        limb("forearm", [elbow, (elbow + wrist) / 2, wrist], [0.045, 0.042, 0.034], lower),
        limb("hand", [wrist + 0.01 * reach, wrist + 0.09 * reach], [(0.038, 0.024), (0.032, 0.02)], clothes.skin),
    ]


def _head(joints: _Joints, clothes: _Clothes, rng: np.random.Generator, pose: Pose) -> list[Object]:
    up = (joints.neck - joints.hip) / np.linalg.norm(joints.neck - joints.hip)
    up = (up + np.array([0.0, 0.0, 1.0])) / 2.0
    middle = joints.neck + 0.16 * up + np.array([0.02, 0.0, 0.0])
    made = [
        limb("neck", [joints.neck - 0.03 * up, joints.neck + 0.09 * up], [0.056, 0.052], clothes.skin),
        ball("head", middle, (0.096, 0.077, 0.120), clothes.skin),
        ball("nose", middle + np.array([0.094, 0.0, -0.01]), (0.018, 0.014, 0.022), clothes.skin),
    ]
    draw = rng.random()
    if pose == "riding":
        return [*made, *_helmet(middle, rng)]
    if clothes.vest is not None and draw < 0.7:
        hat = materials.plastic(_HARD_HATS[int(rng.integers(len(_HARD_HATS)))], 0.3)
        brim = middle + np.array([0.02, 0.0, 0.045])
        crown = ball("hard hat", middle + np.array([0.0, 0.0, 0.06]), (0.122, 0.108, 0.088), hat)
        return [*made, crown, ball("brim", brim, (0.150, 0.122, 0.012), hat)]
    made.append(ball("hair", middle + np.array([-0.018, 0.0, 0.030]), (0.098, 0.086, 0.108), clothes.hair))
    if clothes.woman:
        back = middle + np.array([-0.055, 0.0, -0.08])
        made.append(ball("long hair", back, (0.062, 0.082, 0.17 if draw < 0.6 else 0.09), clothes.hair))
    elif draw < 0.25:
        cap = _cloth(_TOPS[int(rng.integers(len(_TOPS)))])
        made.append(ball("cap", middle + np.array([-0.006, 0.0, 0.065]), (0.108, 0.090, 0.075), cap))
        made.append(ball("peak", middle + np.array([0.10, 0.0, 0.055]), (0.075, 0.072, 0.010), cap))
    return made


def _helmet(middle: Array, rng: np.random.Generator) -> list[Object]:
    shell = materials.plastic(_HELMETS[int(rng.integers(len(_HELMETS)))], 0.2)
    made = [ball("helmet", middle + np.array([-0.015, 0.0, 0.035]), (0.138, 0.118, 0.128), shell)]
    made.append(ball("visor", middle + np.array([0.055, 0.0, 0.0]), (0.085, 0.095, 0.062), materials.glass()))
    if rng.random() < 0.5:
        made.append(ball("chin", middle + np.array([0.055, 0.0, -0.085]), (0.085, 0.085, 0.045), shell))
    return made


def _skirt(joints: _Joints, clothes: _Clothes) -> Object:
    knees = (joints.knees[0] + joints.knees[1]) / 2
    stride = abs(float(joints.knees[0][0] - joints.knees[1][0])) / 2
    waist = joints.hip + 0.14 * (joints.neck - joints.hip)
    hem = knees + np.array([0.0, 0.0, 0.03])
    path = [waist, joints.hip, (joints.hip + hem) / 2, hem]
    return limb(
        "skirt", path, [(0.105, 0.14), (0.13, 0.18), (0.14 + stride / 2, 0.20), (0.15 + stride, 0.22)], clothes.legs
    )


def _vest(joints: _Joints, clothes: _Clothes) -> list[Object]:
    """High-visibility vest with two reflecting bands."""
    up, wide = joints.neck - joints.hip, clothes.stout
    cloth = materials.lamp(clothes.vest or _HI_VIS[0], 0.05)
    band = materials.plastic((0.8, 0.8, 0.8), 0.3)
    path = [joints.hip + share * up for share in (0.05, 0.30, 0.55, 0.76, 0.88)]
    radii = [(0.132, 0.182), (0.130, 0.172), (0.137, 0.178), (0.13, 0.196), (0.11, 0.17)]
    made = [limb("vest", path, [(wide * a, wide * b) for a, b in radii], cloth)]
    for share in (0.28, 0.50):
        ring = [joints.hip + (share - 0.04) * up, joints.hip + (share + 0.04) * up]
        made.append(limb("band", ring, [(wide * 0.139, wide * 0.179)] * 2, band))
    return made


def _carried(joints: _Joints, rng: np.random.Generator) -> list[Object]:
    """A rucksack, a handbag, a woven sack or a suitcase on wheels; nothing for half of them."""
    colour = _cloth(_TOPS[int(rng.integers(1, len(_TOPS)))])
    draw = rng.random()
    if draw < 0.18:
        back = joints.hip + 0.62 * (joints.neck - joints.hip) + np.array([-0.19, 0.0, 0.0])
        return [box("rucksack", (0.16, 0.28, 0.40), _at(back), colour, bevel=0.05)]
    hand = joints.wrists[1]
    if draw < 0.34:
        bag = hand + np.array([0.0, 0.0, -0.26])
        strap = limb("strap", [hand + np.array([0.0, 0.0, -0.05]), bag], [0.012, 0.012], colour)
        return [strap, box("bag", (0.30, 0.10, 0.22), _at(bag), colour, bevel=0.03)]
    if draw < 0.48:
        case = np.array([hand[0] - 0.22, hand[1] - 0.05, 0.33])
        bar = limb(
            "bar", [hand + np.array([0.0, 0.0, -0.05]), case + np.array([0.0, 0.0, 0.2])], [0.011, 0.011], colour
        )
        return [bar, box("suitcase", (0.24, 0.38, 0.55), _at(case), colour, bevel=0.04)]
    return []


def _at(point: Array) -> tuple[float, float, float]:
    return float(point[0]), float(point[1]), float(point[2])
