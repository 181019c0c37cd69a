"""A scene built in Blender: the place with its camera, and the actors that move in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from scripts.scenes.motion import Pose, pose_at, travelled_m
from scripts.scenes.projection import projection_of
from scripts.scenes.seen import STEP, PartShape, Shape
from scripts.scenes.spec import CameraSpec, LightSpec, PlacedPerson, PlacedVehicle, SceneSpec, Waypoint
from scripts.scenes.vehicles import build_vehicle
from scripts.scenes.vehicles.people import build_person
from scripts.scenes.world import sky
from scripts.scenes.world.build import build_world

Floats = NDArray[np.float64]
Object = Any

LAMPS = {"day": 0.0, "dusk": 4.0, "night": 12.0}
"""How brightly vehicles' lamps shine, in the lamps' own measure."""
BEAM_W = {"day": 0.0, "dusk": 25.0, "night": 130.0}
"""Power of one dipped beam."""
WHOLE_POINTS, PART_POINTS = 300, 48


@dataclass(slots=True)
class Actor:
    """Somebody or something that has a way through the scene."""

    way: tuple[Waypoint, ...]
    root: Object
    shape: Shape
    size_m: tuple[float, float, float]
    objects: list[Object]
    wheels: list[tuple[Object, float]] = field(default_factory=list)
    until_s: float | None = None
    opened: list[Object] = field(default_factory=list)
    """The same vehicle with its door open, shown instead of `objects` while it is."""
    open_s: tuple[float, float] = (0.0, 0.0)

    def here(self, t_s: float) -> bool:
        """Whether the actor is still in the scene."""
        return self.until_s is None or t_s < self.until_s

    def move_to(self, t_s: float) -> None:
        """Place the actor, its wheels turned by what it has rolled."""
        pose = pose_at(self.way, t_s)
        self.root.location = (pose.x_m, pose.y_m, 0.0)
        self.root.rotation_euler = (0.0, 0.0, math.radians(pose.heading_deg))
        for wheel, radius in self.wheels:
            rolled = travelled_m(self.way, t_s) * math.copysign(1.0, math.cos(math.radians(pose.heading_deg)))
            wheel.rotation_euler[1] = rolled / radius
        self.show(t_s, self.here(t_s))

    def show(self, t_s: float, shown: bool) -> None:
        """Show or hide the actor, its door as it is at a time."""
        is_open = bool(self.opened) and self.open_s[0] <= t_s < self.open_s[1]
        for thing in self.objects:
            thing.hide_render = is_open or not shown
        for thing in self.opened:
            thing.hide_render = not (is_open and shown)


@dataclass(slots=True)
class Stage:
    """The built scene."""

    spec: SceneSpec
    scene: Any
    actors: list[Actor]

    def move_to(self, t_s: float) -> None:
        """Place all actors where they are at a time."""
        for actor in self.actors:
            actor.move_to(t_s)

    def shapes(self, t_s: float) -> list[tuple[Shape, Pose]]:
        """What to look for in the picture of a time, and where it stands."""
        return [(actor.shape, pose_at(actor.way, t_s)) for actor in self.actors if actor.here(t_s)]


def build_stage(spec: SceneSpec) -> Stage:
    """Build a scene in a fresh Blender file; every actor stands where it is at 0 s."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    build_world(spec.road, spec.light, spec.camera)
    actors: list[Actor] = []
    for placed in spec.vehicles:
        actors.append(_vehicle(placed, spec.light, STEP * (len(actors) + 1)))
    for person in spec.persons:
        actors.append(_person(person, STEP * (len(actors) + 1)))
    _camera(spec.camera)
    stage = Stage(spec, bpy.context.scene, actors)
    stage.move_to(0.0)
    return stage


def _vehicle(placed: PlacedVehicle, light: LightSpec, number: int) -> Actor:
    actor = _built(placed, light, number, door_open=False)
    if placed.door_open_s is not None:
        other = _built(placed, light, number, door_open=True)
        other.root.parent = actor.root
        actor.opened, actor.open_s = other.objects, placed.door_open_s
    return actor


def _built(placed: PlacedVehicle, light: LightSpec, number: int, door_open: bool) -> Actor:
    vehicle = placed.vehicle
    built = build_vehicle(vehicle, LAMPS[light.time], door_open)
    objects = _with_children([built.root, *built.objects, *(part.object for part in built.parts)])
    bpy.context.view_layer.update()
    for thing in objects:
        thing.pass_index = number
    parts: list[PartShape] = []
    for part in built.parts:
        own = number + len(parts) + 1
        pieces = _with_children([part.object])
        for piece in pieces:
            piece.pass_index = own
        points, normals = _surface_points(pieces, built.root, PART_POINTS)
        parts.append(PartShape(own, part.word, points, normals, dict(part.facts)))
    if len(parts) >= STEP:
        raise ValueError(f"{vehicle.identity} has {len(parts)} parts, more than the {STEP - 1} that have numbers")
    points, _ = _surface_points(objects, built.root, WHOLE_POINTS)
    size = (vehicle.length_m, vehicle.width_m, vehicle.height_m)
    if BEAM_W[light.time]:
        sky.head_lamps(built.root, size[0], size[1], BEAM_W[light.time])
    shape = Shape(vehicle.identity, number, points, tuple(parts))
    return Actor(placed.way, built.root, shape, size, objects, built.wheels)


def _person(placed: PlacedPerson, number: int) -> Actor:
    root = build_person(placed.seed, placed.pose)
    objects = _with_children([root])
    bpy.context.view_layer.update()
    for thing in objects:
        thing.pass_index = number
    points, _ = _surface_points(objects, root, WHOLE_POINTS)
    return Actor(
        placed.way, root, Shape(placed.identity, number, points), (0.7, 0.7, 1.8), objects, until_s=placed.until_s
    )


def _camera(camera: CameraSpec) -> None:
    from mathutils import Matrix

    data = bpy.data.cameras.new("camera")
    data.sensor_fit, data.angle = "HORIZONTAL", math.radians(camera.horizontal_fov_deg)
    data.clip_end = 5000.0
    made = bpy.data.objects.new("camera", data)
    right, down, forward = projection_of(camera).axes
    columns = np.stack([right, -down, -forward], axis=1)
    made.matrix_world = Matrix(columns.tolist()).to_4x4()
    made.location = camera.position_m
    scene = bpy.context.scene
    scene.collection.objects.link(made)
    scene.camera = made
    scene.render.resolution_x, scene.render.resolution_y = camera.width, camera.height
    scene.render.resolution_percentage = 100


def _with_children(things: Sequence[Object]) -> list[Object]:
    found: dict[str, Object] = {}
    for thing in things:
        for one in (thing, *thing.children_recursive):
            found[one.name] = one
    return list(found.values())


def _surface_points(things: Sequence[Object], root: Object, count: int) -> tuple[Floats, Floats]:
    """Points (count, 3) and normals on the meshes, spread by area, in the root's frame."""
    corners = [_triangles(thing, root) for thing in things if thing.type == "MESH" and len(thing.data.polygons)]
    if not corners:
        raise ValueError(f"{root.name} has no surface")
    triangles = np.concatenate(corners)
    one, two = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    normals = np.cross(one, two)
    areas = np.linalg.norm(normals, axis=1)
    rng = np.random.default_rng(len(triangles))
    chosen = rng.choice(len(triangles), count, p=areas / areas.sum())
    u, v = np.sort(rng.uniform(0, 1, (2, count)), axis=0)
    points = triangles[chosen, 0] * (1 - v)[:, None] + triangles[chosen, 1] * u[:, None]
    points += triangles[chosen, 2] * (v - u)[:, None]
    return points, normals[chosen] / areas[chosen][:, None]


def _triangles(thing: Object, root: Object) -> Floats:
    """Corners (T, 3, 3) of a mesh object's triangles in the root's frame."""
    mesh = thing.data
    mesh.calc_loop_triangles()
    places = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", places)
    corners = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    matrix = np.array(root.matrix_world.inverted() @ thing.matrix_world)
    moved = places.reshape(-1, 3).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return np.asarray(moved[corners].reshape(-1, 3, 3))
