"""Sky, sun and lamps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
from mathutils import Vector

from scripts.scenes.spec import CameraSpec, LightSpec

Colour = tuple[float, float, float]


def build_sky(light: LightSpec, seed: int) -> None:
    """The world's light and, unless it is night or overcast, the sun."""
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    bpy.context.scene.world = world
    tree = world.node_tree
    tree.nodes.clear()
    where, parts = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeSeparateXYZ")
    tree.links.new(where.outputs["Generated"], parts.inputs[0])
    ramp = tree.nodes.new("ShaderNodeMapRange")
    ramp.inputs["From Min"].default_value, ramp.inputs["From Max"].default_value = -0.02, 0.6
    tree.links.new(parts.outputs["Z"], ramp.inputs["Value"])
    low, high, cloud, strength = _tones(light)
    mix = _mix(tree, ramp.outputs["Result"], low, high)
    clouds = tree.nodes.new("ShaderNodeTexNoise")
    clouds.inputs["Scale"].default_value, clouds.inputs["Detail"].default_value = 2.6, 5.0
    move = tree.nodes.new("ShaderNodeMapping")
    move.inputs["Location"].default_value = (seed % 13, seed % 7, 0.0)
    move.inputs["Scale"].default_value = (1.0, 1.0, 2.6)
    tree.links.new(where.outputs["Generated"], move.inputs["Vector"])
    tree.links.new(move.outputs["Vector"], clouds.inputs["Vector"])
    cover = tree.nodes.new("ShaderNodeMapRange")
    edge = {"clear": 0.55, "haze": 0.45, "rain": 0.30}[light.weather]
    cover.inputs["From Min"].default_value, cover.inputs["From Max"].default_value = edge, edge + 0.18
    cover.inputs["To Max"].default_value = 0.75
    tree.links.new(clouds.outputs["Fac"], cover.inputs["Value"])
    below = tree.nodes.new("ShaderNodeMapRange")
    below.inputs["From Min"].default_value, below.inputs["From Max"].default_value = 0.0, -0.05
    tree.links.new(parts.outputs["Z"], below.inputs["Value"])
    dark = (0.06, 0.06, 0.05)
    share = {"clear": 0.25, "haze": 0.4, "rain": 0.6}[light.weather]
    even = _mix(tree, below.outputs["Result"], _mix(tree, share, mix, cloud), dark)
    cloudy = _mix(tree, below.outputs["Result"], _mix(tree, cover.outputs["Result"], mix, cloud), dark)
    choice, out = tree.nodes.new("ShaderNodeMixShader"), tree.nodes.new("ShaderNodeOutputWorld")
    # Only the camera looks at clouds: whatever else asks for the sky's light is spared their noise.
    tree.links.new(tree.nodes.new("ShaderNodeLightPath").outputs["Is Camera Ray"], choice.inputs["Fac"])
    for slot, colour in ((1, even), (2, cloudy)):
        shade = tree.nodes.new("ShaderNodeBackground")
        tree.links.new(colour, shade.inputs["Color"])
        shade.inputs["Strength"].default_value = strength
        tree.links.new(shade.outputs[0], choice.inputs[slot])
    tree.links.new(choice.outputs[0], out.inputs["Surface"])
    world.cycles.sampling_method = "MANUAL"
    world.cycles.sample_map_resolution = 128
    _sun(light)


def fog(light: LightSpec) -> tuple[Colour, float]:
    """Colour and extinction per metre of the air; Koschmieder: sight = 3.912 / extinction."""
    low, _, cloud, strength = _tones(light)
    colour = tuple(0.5 * strength * (a + b) for a, b in zip(low, cloud, strict=True))
    sight_m = {"clear": 9000.0, "rain": 2200.0, "haze": 850.0}[light.weather]
    return (colour[0], colour[1], colour[2]), 3.912 / sight_m


def sun_direction(light: LightSpec) -> tuple[float, float, float] | None:
    """Unit vector towards the sun where it casts shadows."""
    if light.time == "night" or light.weather == "rain":
        return None
    turn, rise = math.radians(light.sun_azimuth_deg), math.radians(light.sun_elevation_deg)
    return math.cos(rise) * math.cos(turn), math.cos(rise) * math.sin(turn), math.sin(rise)


def lamp(at: tuple[float, float, float], power_w: float, colour: Colour, cone_deg: float = 150.0) -> Any:
    """A lamp that shines straight down."""
    data = bpy.data.lights.new("lamp", "SPOT")
    data.energy, data.color, data.shadow_soft_size = power_w, colour, 0.15
    data.spot_size, data.spot_blend = math.radians(cone_deg), 0.6
    made = bpy.data.objects.new("lamp", data)
    made.location = at
    bpy.context.scene.collection.objects.link(made)
    return made


def camera_lamp(camera: CameraSpec) -> Any:
    """The white lamp beside a night camera (补光灯), as bright on its target from near as from far."""
    data = bpy.data.lights.new("camera lamp", "SPOT")
    away = math.dist(camera.position_m, camera.target_m)
    data.energy, data.color, data.shadow_soft_size = 16.0 * away**2, (1.0, 0.97, 0.92), 0.1
    data.spot_size, data.spot_blend = math.radians(min(100.0, camera.horizontal_fov_deg * 1.5)), 0.9
    made = bpy.data.objects.new("camera lamp", data)
    x, y, z = camera.position_m
    made.location = (x, y, z + 0.35)
    way = Vector(camera.target_m) - Vector(camera.position_m)
    made.rotation_euler = way.to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(made)
    return made


def head_lamps(root: Any, length_m: float, width_m: float, power_w: float) -> Sequence[Any]:
    """Two dipped beams at a vehicle's front, hung on its root."""
    made = []
    for side in (-1, 1):
        data = bpy.data.lights.new("beam", "SPOT")
        data.energy, data.color, data.shadow_soft_size = power_w, (1.0, 0.92, 0.78), 0.08
        data.spot_size, data.spot_blend = math.radians(58), 0.8
        beam = bpy.data.objects.new("beam", data)
        beam.location = (length_m / 2 + 0.12, side * (width_m / 2 - 0.3), 0.8)
        # A spot shines along its own -Z: turned to look forward and 4 degrees down.
        beam.rotation_euler = (0.0, math.radians(-86), 0.0)
        beam.parent = root
        bpy.context.scene.collection.objects.link(beam)
        made.append(beam)
    return made


def _sun(light: LightSpec) -> None:
    if sun_direction(light) is None:
        return
    data = bpy.data.lights.new("sun", "SUN")
    strong, colour = {
        "day": (4.2, (1.0, 0.95, 0.87)),
        "dusk": (0.5, (1.0, 0.55, 0.28)),
    }[light.time]
    data.energy = strong * (0.3 if light.weather == "haze" else 1.0)
    data.color = colour
    data.angle = math.radians(12.0 if light.weather == "haze" else 1.2)
    made = bpy.data.objects.new("sun", data)
    made.rotation_euler = (0.0, math.radians(90 - light.sun_elevation_deg), math.radians(light.sun_azimuth_deg))
    bpy.context.scene.collection.objects.link(made)


def _tones(light: LightSpec) -> tuple[Colour, Colour, Colour, float]:
    """Colours at the horizon, overhead and of clouds, and their strength."""
    if light.time == "night":
        glow = (0.10, 0.085, 0.07) if light.weather != "clear" else (0.05, 0.055, 0.07)
        return glow, (0.014, 0.018, 0.032), glow, 0.12
    if light.time == "dusk":
        if light.weather == "clear":
            return (0.85, 0.48, 0.30), (0.13, 0.20, 0.38), (0.55, 0.38, 0.36), 0.32
        return (0.40, 0.41, 0.46), (0.25, 0.29, 0.38), (0.34, 0.35, 0.40), 0.30
    if light.weather == "clear":
        return (0.62, 0.74, 0.90), (0.13, 0.30, 0.68), (0.95, 0.95, 0.96), 1.0
    if light.weather == "haze":
        return (0.74, 0.73, 0.70), (0.52, 0.58, 0.66), (0.80, 0.80, 0.79), 1.05
    return (0.58, 0.61, 0.64), (0.50, 0.54, 0.58), (0.34, 0.36, 0.39), 0.85


def _mix(tree: Any, share: Any, one: Any, two: Any) -> Any:
    node = tree.nodes.new("ShaderNodeMix")
    node.data_type = "RGBA"
    if isinstance(share, float):
        node.inputs["Factor"].default_value = share
    else:
        tree.links.new(share, node.inputs["Factor"])
    for slot, value in ((6, one), (7, two)):
        if isinstance(value, tuple):
            node.inputs[slot].default_value = (*value, 1.0)
        else:
            tree.links.new(value, node.inputs[slot])
    return node.outputs[2]
