"""Small toolkit for building meshes: boxes, cylinders, skins through cross-sections, and their joining.

All shapes are made in the frame of their parent (for a vehicle: X forward, Y left, Z up, metres); the object itself
stays unmoved, so its local Z is the height above the ground, which the materials use for mud. Only `hung` moves an
object, for what must turn about its own middle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Literal

import bpy
import numpy as np

Object = Any
Material = Any
Point = tuple[float, float, float]
Axis = Literal["x", "y", "z"]

CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
"""Of a cube around the origin."""
SHARP_RAD = math.radians(38.0)
"""Edges bent more than this stay hard, others are shaded round."""


def surface(
    name: str,
    points: Sequence[Point] | np.ndarray[Any, Any],
    faces: Sequence[Sequence[int]],
    material: Material,
    uv: Sequence[tuple[float, float]] | None = None,
    smooth: bool = True,
) -> Object:
    """An object from points (N, 3) and faces of point numbers; `uv` holds one pair per face corner, in face order."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(map(float, point)) for point in points], [], faces, shade_flat=not smooth)
    if uv is not None:
        mesh.uv_layers.new(name="UVMap").data.foreach_set("uv", np.asarray(uv, np.float32).ravel())
    if smooth:
        mesh.set_sharp_from_angle(angle=SHARP_RAD)
    mesh.materials.append(material)
    made = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(made)
    return made


def box(name: str, size: Point, at: Point, material: Material, bevel: float = 0.0) -> Object:
    """A box of `size` around the middle `at`; `bevel` cuts its edges by that many metres."""
    half = np.asarray(size) / 2.0
    cut = min(bevel, 0.9 * float(half.min()))
    if cut <= 0.0:
        faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        return surface(name, CORNERS * half + at, faces, material, smooth=False)
    return surface(name, _bevelled_points(half, cut) + at, _bevelled_faces(), material, smooth=False)


def _bevelled_points(half: np.ndarray[Any, Any], cut: float) -> np.ndarray[Any, Any]:
    """Three points per corner (24, 3): point 3 * corner + axis lies on the face that looks along that axis."""
    points = np.repeat(CORNERS * (half - cut), 3, axis=0)
    for corner in range(8):
        for axis in range(3):
            points[3 * corner + axis, axis] = CORNERS[corner, axis] * half[axis]
    return points


@cache
def _bevelled_faces() -> list[Sequence[int]]:
    """The faces of a bevelled box; they are the same for every size."""
    corners = {tuple(sign): 3 * number for number, sign in enumerate(CORNERS.astype(int).tolist())}
    faces = _flats(corners) + _chamfers(corners) + [(c, c + 1, c + 2) for c in corners.values()]
    return _outward(_bevelled_points(np.ones(3), 0.2), faces)


def _flats(corners: dict[tuple[int, ...], int]) -> list[tuple[int, ...]]:
    faces = []
    for axis in range(3):
        for side in (-1, 1):
            ring = [_placed(axis, side, a, b) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            faces.append(tuple(corners[sign] + axis for sign in ring))
    return faces


def _chamfers(corners: dict[tuple[int, ...], int]) -> list[tuple[int, ...]]:
    faces: list[tuple[int, ...]] = []
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        for a in (-1, 1):
            for b in (-1, 1):
                low, high = corners[_placed(axis, -1, a, b)], corners[_placed(axis, 1, a, b)]
                faces.append((low + one, low + two, high + two, high + one))
    return faces


def _placed(axis: int, side: int, a: int, b: int) -> tuple[int, ...]:
    sign = [0, 0, 0]
    sign[axis], sign[(axis + 1) % 3], sign[(axis + 2) % 3] = side, a, b
    return tuple(sign)


def _outward(points: np.ndarray[Any, Any], faces: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    """Turn each face of a convex body around the origin so that it looks out."""
    turned = []
    for face in faces:
        a, b, c = (points[number] for number in face[:3])
        outward = float(np.dot(np.cross(b - a, c - a), points[list(face)].mean(axis=0))) > 0.0
        turned.append(face if outward else face[::-1])
    return turned


def cylinder(
    name: str, radius: float, length: float, axis: Axis, at: Point, material: Material, segments: int = 24
) -> Object:
    """A closed cylinder around the middle `at`, its length along `axis`."""
    half = length / 2.0
    return turned(name, [(-half, 0.0), (-half, radius), (half, radius), (half, 0.0)], axis, at, material, segments)


def bar(name: str, start: Point, end: Point, radius: float, material: Material, segments: int = 6) -> Object:
    """A thin round bar from `start` to `end`, open at its ends."""
    one, two = np.asarray(start, float), np.asarray(end, float)
    along = (two - one) / np.linalg.norm(two - one)
    across = np.cross(along, (0.0, 0.0, 1.0) if abs(along[2]) < 0.9 else (1.0, 0.0, 0.0))
    across /= np.linalg.norm(across)
    other = np.cross(along, across)
    turns = np.linspace(0.0, 2.0 * math.pi, segments, endpoint=False)
    ring = radius * (np.outer(np.cos(turns), across) + np.outer(np.sin(turns), other))
    faces = [(n, (n + 1) % segments, segments + (n + 1) % segments, segments + n) for n in range(segments)]
    return surface(name, np.concatenate([one + ring, two + ring]), faces, material)


def turned(
    name: str,
    profile: Sequence[tuple[float, float]],
    axis: Axis,
    at: Point,
    material: Material,
    segments: int = 24,
) -> Object:
    """A body turned on a lathe: `profile` is (place along `axis`, radius), from one end to the other."""
    along = "xyz".index(axis)
    angles = np.linspace(0.0, 2.0 * math.pi, segments, endpoint=False)
    points: list[np.ndarray[Any, Any]] = []
    rings: list[list[int]] = []
    for place, radius in profile:
        count = segments if radius > 0.0 else 1
        ring = np.zeros((count, 3))
        ring[:, along] = place
        ring[:, (along + 1) % 3] = radius * np.cos(angles[:count])
        ring[:, (along + 2) % 3] = radius * np.sin(angles[:count])
        start = sum(len(other) for other in points)
        rings.append([start + number % count for number in range(segments)])
        points.append(ring)
    faces: list[tuple[int, ...]] = []
    for one, two in pairwise(rings):
        for number in range(segments):
            after = (number + 1) % segments
            corners = dict.fromkeys((one[number], one[after], two[after], two[number]))
            if len(corners) > 2:
                faces.append(tuple(corners))
    return surface(name, np.concatenate(points) + at, _facing_out(np.concatenate(points), faces), material)


def loft(
    name: str,
    sections: Sequence[Sequence[Point]],
    material: Material,
    closed: bool = True,
    caps: bool = True,
    smooth: bool = True,
) -> Object:
    """Skin through cross-sections of equal numbers of points; `closed` joins each section's last point to its first."""
    count = len(sections[0])
    if any(len(section) != count for section in sections):
        raise ValueError(f"{name}: every section needs {count} points, as the first has")
    points = np.asarray(sections, float).reshape(-1, 3)
    faces: list[tuple[int, ...]] = []
    for row in range(len(sections) - 1):
        for column in range(count if closed else count - 1):
            a, b = row * count + column, row * count + (column + 1) % count
            faces.append((a, b, b + count, a + count))
    if closed and caps:
        last = (len(sections) - 1) * count
        faces += [tuple(reversed(range(count))), tuple(range(last, last + count))]
    out = _facing_out(points, faces) if closed else faces
    return surface(name, points, out, material, smooth=smooth)


def _facing_out(points: np.ndarray[Any, Any], faces: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """All faces turned round if together they enclose a negative volume."""
    fans = np.array([(face[0], one, two) for face in faces for one, two in pairwise(face[1:])])
    a, b, c = (points[fans[:, corner]] - points.mean(axis=0) for corner in range(3))
    volume = float(np.einsum("ij,ij->", a, np.cross(b, c)))
    return list(faces) if volume >= 0.0 else [face[::-1] for face in faces]


def panel(name: str, corners: Sequence[Point], material: Material) -> Object:
    """A quad showing a picture: corners bottom left, bottom right, top right, top left, as its reader sees them."""
    return surface(
        name, corners, [(0, 1, 2, 3)], material, uv=[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)], smooth=False
    )


def hung(thing: Object, at: Point) -> Object:
    """The object moved to `at`, its shape staying around its own origin, so that it can turn there."""
    thing.location = at
    return thing


def twin(thing: Object) -> Object:
    """A second object that shares the first one's mesh."""
    made = bpy.data.objects.new(thing.name, thing.data)
    bpy.context.scene.collection.objects.link(made)
    return made


def join(name: str, objects: Sequence[Object]) -> Object:
    """Merge into one new object, keeping material slots and picture coordinates; the merged objects are removed."""
    materials: list[Material] = []
    points, loops, starts, slots, sharp_faces, sharp_edges, edges, uvs = [], [], [], [], [], [], [], []
    point_count = loop_count = 0
    for thing in objects:
        mesh = thing.data
        slot_of = np.zeros(max(1, len(mesh.materials)), np.int32)
        for number, material in enumerate(mesh.materials):
            if material not in materials:
                materials.append(material)
            slot_of[number] = materials.index(material)
        matrix = np.array(thing.matrix_basis)
        points.append(_read(mesh.vertices, "co", np.float32, 3) @ matrix[:3, :3].T + matrix[:3, 3])
        loops.append(_read(mesh.loops, "vertex_index", np.int32) + point_count)
        starts.append(_read(mesh.polygons, "loop_start", np.int32) + loop_count)
        slots.append(slot_of[_read(mesh.polygons, "material_index", np.int32)])
        sharp_faces.append(~_read(mesh.polygons, "use_smooth", bool))
        edges.append(_read(mesh.edges, "vertices", np.int32, 2) + point_count)
        sharp_edges.append(_read(mesh.edges, "use_edge_sharp", bool))
        layer = mesh.uv_layers.active
        uvs.append(_read(layer.data, "uv", np.float32, 2) if layer else np.zeros((len(mesh.loops), 2), np.float32))
        point_count += len(mesh.vertices)
        loop_count += len(mesh.loops)
    mesh = bpy.data.meshes.new(name)
    _write(mesh.vertices, "co", np.concatenate(points).astype(np.float32))
    _write(mesh.edges, "vertices", np.concatenate(edges))
    _write(mesh.loops, "vertex_index", np.concatenate(loops))
    _write(mesh.polygons, "loop_start", np.concatenate(starts))
    mesh.update(calc_edges=True)
    for material in materials:
        mesh.materials.append(material)
    mesh.polygons.foreach_set("material_index", np.concatenate(slots))
    mesh.polygons.foreach_set("use_smooth", ~np.concatenate(sharp_faces))
    mesh.edges.foreach_set("use_edge_sharp", np.concatenate(sharp_edges))
    mesh.uv_layers.new(name="UVMap").data.foreach_set("uv", np.concatenate(uvs).ravel())
    mesh.validate()
    made = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(made)
    meshes = [thing.data for thing in objects]
    bpy.data.batch_remove(objects)
    bpy.data.batch_remove([mesh for mesh in meshes if mesh.users == 0])
    return made


def _read(items: Any, attribute: str, kind: Any, width: int = 1) -> np.ndarray[Any, Any]:
    values = np.empty(len(items) * width, kind)
    items.foreach_get(attribute, values)
    return values.reshape(-1, width) if width > 1 else values


def _write(items: Any, attribute: str, values: np.ndarray[Any, Any]) -> None:
    items.add(len(values))
    items.foreach_set(attribute, values.ravel())


def parented(root: Object, objects: Sequence[Object]) -> Object:
    """Hang objects on the root, so that they move with it; gives the root back."""
    for thing in objects:
        thing.parent = root
    return root


def empty(name: str) -> Object:
    """A new root: an object without a mesh at the origin."""
    made = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(made)
    return made
