"""The hull of a car: what its numbers promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scripts.scenes.vehicles.body import GLASS, Array, Face, Hull, Shape, smooth

WAGON = Shape(
    top=((0.0, 0.5), (0.1, 0.6), (0.25, 0.68), (0.4, 0.95), (0.5, 1.0), (0.9, 0.98), (1.0, 0.7)),
    belt=((0.0, 0.45), (0.3, 0.62), (1.0, 0.66)),
    plan=((0.0, 0.75), (0.05, 0.9), (0.3, 1.0), (0.8, 1.0), (1.0, 0.75)),
    flank=((0.1, 0.92), (0.4, 1.0), (0.7, 0.95)),
    nose=((0.1, 0.1), (0.3, 0.0), (0.5, 0.05)),
    tail=((0.1, 0.1), (0.3, 0.0), (0.9, 0.2)),
    windscreen=(0.26, 0.42),
    side_windows=((0.32, 0.55), (0.57, 0.8)),
)
LENGTH, WIDTH, HEIGHT, HUB, ARCH, AXLES = 4.5, 1.8, 1.5, 0.31, 0.36, (1.35, -1.3)


@pytest.fixture
def hull() -> Hull:
    return Hull(WAGON, LENGTH, WIDTH, HEIGHT, AXLES, ARCH, HUB)


def middles(hull: Hull) -> tuple[Array, Array]:
    """Middles (faces, 3) of the skin's faces, and their material slots."""
    points, faces, slots = hull.skin_grid()
    return np.array([points[list(face)].mean(axis=0) for face in faces]), np.array(slots)


def test_the_skin_fills_the_size_it_was_told(hull: Hull) -> None:
    points, _, _ = hull.skin_grid()
    front, rear = WAGON.bulge_m
    assert points[:, 2].max() == pytest.approx(HEIGHT, abs=0.01)
    assert points[:, 1].max() == pytest.approx(WIDTH / 2, abs=0.01)
    assert points[:, 0].max() == pytest.approx(LENGTH / 2 + front, abs=0.02)
    assert points[:, 0].min() == pytest.approx(-LENGTH / 2 - rear, abs=0.02)


def test_left_and_right_are_alike(hull: Hull) -> None:
    points, _, _ = hull.skin_grid()
    left = {tuple(point) for point in np.round(points, 6).tolist()}
    right = {(x, -y + 0.0, z) for x, y, z in left}
    assert left == right


def test_the_flank_ends_above_the_wheels(hull: Hull) -> None:
    x = np.array([*AXLES, AXLES[0] + ARCH + 0.01, 0.0])
    assert hull.lower_edge(x) == pytest.approx([HUB + ARCH, HUB + ARCH, WAGON.sill_m, WAGON.sill_m])


def test_without_arches_the_flank_ends_at_the_sill() -> None:
    plain = Hull(WAGON, LENGTH, WIDTH, HEIGHT, AXLES, 0.0, HUB)
    assert plain.lower_edge(np.array(AXLES)) == pytest.approx(WAGON.sill_m)


def test_glass_is_above_the_belt_line_and_between_the_told_shares(hull: Hull) -> None:
    at, slots = middles(hull)
    glass = at[slots == GLASS]
    share = 0.5 - glass[:, 0] / LENGTH
    assert len(glass) > 100
    assert (glass[:, 2] > hull.drawn(WAGON.belt, share)).all()
    assert share.min() > 0.25
    assert share.max() < 0.81


def test_an_open_door_is_a_hole_in_the_right_side_alone() -> None:
    open_hull = Hull(replace(WAGON, doorway=(0.57, 0.8)), LENGTH, WIDTH, HEIGHT, AXLES, ARCH, HUB)
    at, _ = middles(open_hull)
    share = 0.5 - at[:, 0] / LENGTH
    doorway = (share > 0.6) & (share < 0.66) & (at[:, 2] > 0.4) & (at[:, 2] < 1.2)
    assert (doorway & (at[:, 1] > 0.6)).any()
    assert not (doorway & (at[:, 1] < -0.6)).any()


@pytest.mark.parametrize("face", ["front", "rear", "left", "right"])
def test_patches_lie_on_the_skin(hull: Hull, face: Face) -> None:
    points, _, _ = hull.skin_grid()
    along = (-0.5, 0.5)
    patch = hull.patch_grid(face, along, 0.5, 0.6, proud_m=0.0).reshape(-1, 3)
    away = np.linalg.norm(patch[:, None] - points[None], axis=2).min(axis=1)
    assert away.max() < 0.12, "nearest corner of the skin's grid"
    outer = hull.patch_grid(face, along, 0.5, 0.6, proud_m=0.05).reshape(-1, 3)
    assert np.linalg.norm(outer - patch, axis=1) == pytest.approx(0.05, abs=0.005)
    assert (np.linalg.norm(outer[:, :2], axis=1) > np.linalg.norm(patch[:, :2], axis=1)).all()


@pytest.mark.parametrize(("face", "axis", "sign"), [("front", 1, 1), ("rear", 1, -1), ("left", 0, -1), ("right", 0, 1)])
def test_lettering_on_a_patch_reads_from_left_to_right(hull: Hull, face: Face, axis: int, sign: int) -> None:
    for along in ((-0.4, 0.4), (0.4, -0.4)):
        row = hull.patch_grid(face, along, 0.5, 0.6, proud_m=0.0)[0]
        assert (np.sign(np.diff(row[:, axis])) == sign).all()


def test_a_slanting_patch_keeps_each_height_at_its_end(hull: Hull) -> None:
    grid = hull.patch_grid("left", (1.0, -1.0), (0.4, 0.5), (0.6, 0.8), proud_m=0.0)
    first, last = grid[:, 0], grid[:, -1]
    assert (first[0, 2], first[-1, 2]) == pytest.approx((0.4, 0.6))
    assert (last[0, 2], last[-1, 2]) == pytest.approx((0.5, 0.8))


def test_curves_pass_their_points_and_never_overshoot() -> None:
    table = ((0.0, 0.3), (0.2, 0.5), (0.3, 1.0), (0.7, 1.0), (1.0, 0.2))
    shares = np.array([share for share, _ in table])
    assert smooth(table, shares) == pytest.approx([height for _, height in table])
    between = smooth(table, np.linspace(0.0, 1.0, 400))
    assert between.max() <= 1.0 + 1e-9
    assert (np.diff(between[:120]) >= -1e-9).all()
    assert smooth(table, np.array([-1.0, 2.0])) == pytest.approx([0.3, 0.2])
