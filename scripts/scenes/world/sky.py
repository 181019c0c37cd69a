"""Sky, sun and lamps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from scripts.scenes.spec import CameraSpec, LightSpec
from scripts.scenes.world.surfaces import linear_image
from scripts.scenes.world.terrain import bumps

Colour = tuple[float, float, float]


def build_sky(light: LightSpec, seed: int) -> None:
    """The world's light and, unless it is night or overcast, the sun."""
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    bpy.context.scene.world = world
    tree = world.node_tree
    tree.nodes.clear()
    dome, shade = tree.nodes.new("ShaderNodeTexEnvironment"), tree.nodes.new("ShaderNodeBackground")
    dome.image = linear_image("sky", sky_picture(light, seed))
    out = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(dome.outputs["Color"], shade.inputs["Color"])
    tree.links.new(shade.outputs[0], out.inputs["Surface"])
    world.cycles.sampling_method = "MANUAL"
    world.cycles.sample_map_resolution = 128
    _sun(light)


def sky_picture(light: LightSpec, seed: int, height: int = 384) -> NDArray[np.float32]:
    """The dome as linear RGBA (H, 2 H, 4): rows from the zenith down to straight below, clouds by the weather."""
    rng = np.random.default_rng((seed, 4))
    low, high, cloud_tone, strength = _tones(light)
    rise = np.sin(np.linspace(math.pi / 2, -math.pi / 2, height))[:, None]
    up = np.clip((rise + 0.02) / 0.62, 0, 1)[..., None] ** 0.7
    clear = np.array(low) * (1 - up) + np.array(high) * up
    cover = {"clear": 0.0, "haze": 0.1, "rain": 0.5}[light.weather] + rng.uniform(-0.3, 0.2)
    # Clouds lie on a plane overhead: near the horizon they crowd together.
    azimuth = np.linspace(0, 2 * math.pi, 2 * height, endpoint=False)[None, :]
    away = 1 / np.maximum(rise, 0.03)
    x, y = away * np.cos(azimuth), away * np.sin(azimuth)
    clouds = np.clip((bumps(x, y, 1.3, seed) + 0.5 * bumps(x, y, 0.3, seed + 1) + cover) / 0.5, 0, 1)
    clouds *= 0.8 * np.clip(rise / 0.12, 0, 1)
    sky = clear * (1 - clouds[..., None]) + np.array(cloud_tone) * clouds[..., None]
    below = np.clip(-rise / 0.05, 0, 1)[..., None]
    sky = strength * (sky * (1 - below) + np.array([0.06, 0.06, 0.05]) * below)
    return np.concatenate([sky, np.ones((height, 2 * height, 1))], axis=-1).astype(np.float32)


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
