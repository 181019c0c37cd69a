"""What roads, slopes and houses are made of. Road surfaces use picture coordinates in metres (along, across)."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from scripts.scenes.materials import Sheet as Sheet
from scripts.scenes.world.layout import Layout
from scripts.scenes.world.pavement import PERIOD_M, pavement

Material = Any
Colour = tuple[float, float, float]


def asphalt(layout: Layout, wet: float, seed: int) -> Material:
    """Old asphalt from its picture; `wet` 0 dry to 1 streaming. Picture coordinates are metres along and across."""
    sheet = Sheet("asphalt")
    drawn = pavement(layout, seed)
    move, texture = sheet.node("ShaderNodeMapping"), sheet.node("ShaderNodeTexImage")
    wide = layout.left_end_m - layout.right_end_m
    move.inputs["Location"].default_value = (0.5, -layout.right_end_m / wide, 0.0)
    move.inputs["Scale"].default_value = (1 / PERIOD_M, 1 / wide, 1.0)
    sheet.join(uv(sheet), move.inputs["Vector"])
    sheet.join(move.outputs["Vector"], texture.inputs["Vector"])
    texture.image = linear_image("asphalt", drawn)
    colour, water = texture.outputs["Color"], texture.outputs["Alpha"]
    if wet:
        pools = sheet.steps(water, 0.95 - 0.75 * wet, 1.0)
        colour = sheet.blend(0.55 * wet, colour, (0.012, 0.012, 0.013))
        sheet.set("Roughness", sheet.blend_value(pools, 0.45 - 0.12 * wet, 0.07))
        sheet.set("Specular IOR Level", 0.6)
    else:
        sheet.set("Roughness", 0.88)
        sheet.set("Specular IOR Level", 0.25)
    sheet.set("Base Color", colour)
    return sheet.material


def linear_image(name: str, pixels: NDArray[np.float32]) -> Any:
    """An image of linear RGBA pixels (H, W, 4), top row first."""
    height, width, _ = pixels.shape
    image = bpy.data.images.new(name, width, height, alpha=True, float_buffer=True)
    image.colorspace_settings.name = "Non-Color"
    image.alpha_mode = "CHANNEL_PACKED"
    image.pixels.foreach_set(np.ascontiguousarray(pixels[::-1]).ravel())
    return image


def road_paint(rgb: Colour, wet: float) -> Material:
    """Thermoplastic marking, worn where wheels pass."""
    sheet = Sheet(f"marking {rgb[0]:.2f} {rgb[2]:.2f}")
    where = uv(sheet)
    worn = sheet.steps(noise(sheet, where, 5.0, 5.0), 0.52, 0.70)
    sheet.set("Base Color", sheet.blend(sheet.scaled(worn, 0.85), rgb, (0.09, 0.087, 0.082)))
    sheet.set("Roughness", 0.25 if wet else 0.6)
    return sheet.material


def plain(
    name: str,
    rgb: Colour,
    roughness: float = 0.8,
    metallic: float = 0.0,
    mottle: float = 0.0,
    grain: float = 1.0,
    glow: float = 0.0,
) -> Material:
    """A simple surface; `mottle` 0 to 1 lays darker stains over it, `grain` is their number per metre."""
    if found := bpy.data.materials.get(name):
        return found
    sheet = Sheet(name)
    colour: Any = rgb
    if mottle:
        dark = (rgb[0] * 0.35, rgb[1] * 0.35, rgb[2] * 0.33)
        stains = sheet.steps(noise(sheet, world(sheet), grain, 5.0), 0.40, 0.75)
        colour = sheet.blend(sheet.scaled(stains, mottle), rgb, dark)
    sheet.set("Base Color", colour)
    sheet.set("Roughness", roughness)
    sheet.set("Metallic", metallic)
    if glow:
        sheet.set("Emission Color", rgb)
        sheet.set("Emission Strength", glow)
    return sheet.material


def ground(name: str, low: Colour, high: Colour, grain: float) -> Material:
    """Earth or grass in two tones, rough."""
    if found := bpy.data.materials.get(name):
        return found
    sheet = Sheet(name)
    where = world(sheet)
    broad, fine = noise(sheet, where, grain * 0.25, 3.0), noise(sheet, where, grain * 9.0, 3.0)
    mixed = sheet.blend(sheet.steps(broad, 0.35, 0.65), low, high)
    dark = (low[0] * 0.35, low[1] * 0.35, low[2] * 0.35)
    sheet.set("Base Color", sheet.blend(sheet.scaled(sheet.steps(fine, 0.45, 0.7), 0.75), mixed, dark))
    sheet.set("Roughness", 1.0)
    sheet.set("Specular IOR Level", 0.0)
    return sheet.material


def rock() -> Material:
    """A cut rock face: grey and ochre, streaked from above, grass in the clefts."""
    sheet = Sheet("rock")
    where = world(sheet)
    colour = sheet.blend(
        sheet.steps(noise(sheet, where, 0.7, 6.0), 0.35, 0.68), (0.10, 0.085, 0.065), (0.33, 0.28, 0.21)
    )
    streaks = noise(sheet, stretched(sheet, where, (0.8, 0.8, 0.12)), 1.4, 4.0, 3)
    colour = sheet.blend(sheet.scaled(sheet.steps(streaks, 0.5, 0.7), 0.7), colour, (0.045, 0.04, 0.035))
    moss = sheet.steps(noise(sheet, where, 0.35, 5.0, 8), 0.55, 0.62)
    sheet.set("Base Color", sheet.blend(sheet.scaled(moss, 0.9), colour, (0.045, 0.075, 0.02)))
    sheet.set("Roughness", 0.95)
    sheet.set("Normal", sheet.bumps(noise(sheet, where, 2.2, 6.0, 2), 0.5))
    return sheet.material


def leaves(name: str, low: Colour, high: Colour) -> Material:
    """Foliage: each tree and each place in it its own green."""
    if found := bpy.data.materials.get(name):
        return found
    sheet = Sheet(name)
    info = sheet.node("ShaderNodeObjectInfo")
    spots = noise(sheet, world(sheet), 1.3, 2.0)
    mixed = sheet.blend(sheet.steps(spots, 0.3, 0.7), low, high)
    sheet.set("Base Color", sheet.blend(sheet.scaled(info.outputs["Random"], 0.55), mixed, (0.10, 0.115, 0.028)))
    sheet.set("Roughness", 0.75)
    sheet.set("Specular IOR Level", 0.2)
    return sheet.material


def uv(sheet: Sheet) -> Any:
    """Picture coordinates."""
    return sheet.node("ShaderNodeTexCoord").outputs["UV"]


def world(sheet: Sheet) -> Any:
    """Place in the world, in metres."""
    return sheet.node("ShaderNodeNewGeometry").outputs["Position"]


def stretched(sheet: Sheet, where: Any, scale: tuple[float, float, float]) -> Any:
    """Coordinates multiplied axis by axis."""
    node = sheet.node("ShaderNodeVectorMath")
    node.operation = "MULTIPLY"
    sheet.join(where, node.inputs[0])
    node.inputs[1].default_value = scale
    return node.outputs[0]


def noise(sheet: Sheet, where: Any, scale: float, detail: float, seed: int = 0) -> Any:
    """Noise 0 to 1 around 0.5."""
    move, made = sheet.node("ShaderNodeVectorMath"), sheet.node("ShaderNodeTexNoise")
    move.inputs[1].default_value = (11.3 * (seed % 83), 5.7 * (seed % 71), 0.0)
    sheet.join(where, move.inputs[0])
    made.inputs["Scale"].default_value = scale
    made.inputs["Detail"].default_value = detail
    sheet.join(move.outputs[0], made.inputs["Vector"])
    return made.outputs["Fac"]
