"""What things are made of: materials by name, made once and then shared.

Mud and wear are computed from the object's own coordinates, whose Z is the height above the ground in metres
(see `mesh`), so they stay on a moving vehicle.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

Material = Any
Node = Any
Colour = tuple[float, float, float]

MUD: Colour = (0.20, 0.145, 0.095)
"""Dried red-brown earth of the hills, linear RGB."""


def paint(rgb: Colour, dirt: float = 0.2, seed: int = 0) -> Material:
    """Car paint under clear coat; dirt 0 to 1 rises as mud from below and lies as dust in patches."""
    name = f"paint {_tag(rgb)} {dirt:.2f} {seed}"
    if found := bpy.data.materials.get(name):
        return found
    made = Sheet(name)
    muddy = made.mud(dirt, seed)
    made.set("Base Color", made.blend(muddy, rgb, MUD))
    made.set("Roughness", made.blend_value(muddy, 0.32, 0.9))
    made.set("Coat Weight", made.blend_value(muddy, 0.6, 0.0))
    made.set("Coat Roughness", 0.06)
    return made.material


def worn(rgb: Colour, dirt: float = 0.3, seed: int = 0) -> Material:
    """Matt painted steel of truck bodies and frames: no clear coat, rust and dust in patches."""
    name = f"worn {_tag(rgb)} {dirt:.2f} {seed}"
    if found := bpy.data.materials.get(name):
        return found
    made = Sheet(name)
    patches = made.steps(made.noise(3.5, seed + 11, detail=6.0), 0.56, 0.68)
    rusty = made.blend(made.scaled(patches, 0.25 + 0.6 * dirt), rgb, (0.17, 0.075, 0.035))
    made.set("Base Color", made.blend(made.mud(dirt, seed), rusty, MUD))
    made.set("Roughness", 0.62)
    return made.material


def glass(dark: float = 1.0) -> Material:
    """Window glass: 1 shows only reflections over black, less lets through what is behind."""
    name = f"glass {dark:.2f}"
    if found := bpy.data.materials.get(name):
        return found
    made = Sheet(name)
    made.set("Base Color", (0.008, 0.010, 0.012, 1.0))
    made.set("Roughness", 0.04)
    made.set("IOR", 1.5)
    if dark < 1.0:
        made.see_through(dark)
    return made.material


def rubber() -> Material:
    """Tyre rubber, greyed by dust."""
    return _plain("rubber", (0.022, 0.021, 0.020), roughness=0.85)


def metal(rgb: Colour = (0.6, 0.6, 0.62), roughness: float = 0.35) -> Material:
    """Bare metal."""
    return _plain(f"metal {_tag(rgb)} {roughness:.2f}", rgb, roughness=roughness, metallic=1.0)


def plastic(rgb: Colour = (0.03, 0.03, 0.03), roughness: float = 0.5) -> Material:
    """Plastic of bumpers, grilles, mud-guards."""
    return _plain(f"plastic {_tag(rgb)} {roughness:.2f}", rgb, roughness=roughness)


def lamp(rgb: Colour, strength: float = 0.0) -> Material:
    """A lamp's lens; `strength` is how brightly it shines, 0 by day."""
    name = f"lamp {_tag(rgb)} {strength:.2f}"
    if found := bpy.data.materials.get(name):
        return found
    made = Sheet(name)
    made.set("Base Color", (*rgb, 1.0))
    made.set("Roughness", 0.12)
    made.set("Coat Weight", 0.8)
    made.set("Emission Color", (*rgb, 1.0))
    made.set("Emission Strength", strength)
    return made.material


def reflector(rgb: Colour, glow: float = 0.0) -> Material:
    """Retro-reflecting sheet: by night it gives back `glow` times its colour."""
    name = f"reflector {_tag(rgb)} {glow:.2f}"
    if found := bpy.data.materials.get(name):
        return found
    made = Sheet(name)
    made.set("Base Color", (*rgb, 1.0))
    made.set("Roughness", 0.3)
    made.set("Emission Color", (*rgb, 1.0))
    made.set("Emission Strength", glow)
    return made.material


def picture(name: str, pixels: np.ndarray[Any, Any], glow: float = 0.0, roughness: float = 0.45) -> Material:
    """A picture as surface: `pixels` uint8 (height, width, 3 or 4) sRGB, top row first; alpha 0 is not there.

    `glow` stands for retro-reflection at night: the share of its colour that it gives off by itself.
    The name must tell different pictures apart.
    """
    full = f"picture {name} {glow:.2f}"
    if found := bpy.data.materials.get(full):
        return found
    made = Sheet(full)
    texture = made.node("ShaderNodeTexImage")
    texture.image = _image(full, pixels)
    texture.extension = "EXTEND"
    made.set("Base Color", texture.outputs["Color"])
    made.set("Roughness", roughness)
    if glow > 0.0:
        made.set("Emission Color", texture.outputs["Color"])
        made.set("Emission Strength", glow)
    if pixels.shape[2] == 4:
        made.set("Alpha", texture.outputs["Alpha"])
    return made.material


def gravel() -> Material:
    """Crushed grey stone."""
    return _heap("gravel", (0.09, 0.087, 0.08), (0.26, 0.25, 0.23), grain=14.0, bump=0.05)


def coal() -> Material:
    """Black coal with a little shine."""
    return _heap("coal", (0.008, 0.008, 0.009), (0.035, 0.035, 0.038), grain=16.0, bump=0.05, roughness=0.5)


def sand() -> Material:
    """Yellow river sand."""
    return _heap("sand", (0.36, 0.26, 0.15), (0.50, 0.38, 0.24), grain=45.0, bump=0.012)


def soil() -> Material:
    """Red-brown dug earth."""
    return _heap("soil", (0.14, 0.075, 0.04), (0.27, 0.15, 0.085), grain=11.0, bump=0.06)


def tarpaulin(rgb: Colour, seed: int = 0) -> Material:
    """Coated cloth, with folds."""
    name = f"tarpaulin {_tag(rgb)} {seed}"
    if found := bpy.data.materials.get(name):
        return found
    made = Sheet(name)
    dusty = made.scaled(made.steps(made.noise(0.9, seed, detail=5.0), 0.4, 0.7), 0.3)
    made.set("Base Color", made.blend(dusty, rgb, (0.35, 0.31, 0.25)))
    made.set("Roughness", 0.6)
    made.set("Normal", made.bumps(made.noise(2.6, seed + 1, detail=3.0), 0.06))
    return made.material


def _tag(rgb: Colour) -> str:
    return "/".join(f"{value:.3f}" for value in rgb)


def _plain(name: str, rgb: Colour, roughness: float, metallic: float = 0.0) -> Material:
    if found := bpy.data.materials.get(name):
        return found
    made = Sheet(name)
    made.set("Base Color", (*rgb, 1.0))
    made.set("Roughness", roughness)
    made.set("Metallic", metallic)
    return made.material


def _heap(name: str, dark: Colour, light: Colour, grain: float, bump: float, roughness: float = 0.9) -> Material:
    if found := bpy.data.materials.get(name):
        return found
    made = Sheet(name)
    stones = made.node("ShaderNodeTexVoronoi")
    stones.inputs["Scale"].default_value = grain
    made.join(made.place(0), stones.inputs["Vector"])
    shade = made.node("ShaderNodeSeparateColor")
    made.join(stones.outputs["Color"], shade.inputs["Color"])
    made.set("Base Color", made.blend(shade.outputs["Red"], dark, light))
    made.set("Roughness", roughness)
    made.set("Normal", made.bumps(stones.outputs["Distance"], bump, turned=True))
    return made.material


def _image(name: str, pixels: np.ndarray[Any, Any]) -> Any:
    height, width, channels = pixels.shape
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :channels] = pixels[::-1].astype(np.float32) / 255.0
    image = bpy.data.images.new(name, width, height, alpha=channels == 4)
    image.pixels.foreach_set(rgba.ravel())
    image.pack()
    return image


class Sheet:
    """One material's node tree in the making, around a Principled shader."""

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self._tree = self.material.node_tree
        self._tree.nodes.clear()
        self._shader = self.node("ShaderNodeBsdfPrincipled")
        self._out = self.node("ShaderNodeOutputMaterial")
        self.join(self._shader.outputs["BSDF"], self._out.inputs["Surface"])

    def node(self, kind: str) -> Node:
        return self._tree.nodes.new(kind)

    def join(self, output: Any, socket: Any) -> None:
        self._tree.links.new(output, socket)

    def give(self, socket: Any, value: Any) -> None:
        """Join an output or write a constant; a colour may lack its alpha."""
        if isinstance(value, bpy.types.NodeSocket):
            self.join(value, socket)
        elif isinstance(value, tuple) and len(value) == 3 and socket.type == "RGBA":
            socket.default_value = (*value, 1.0)
        else:
            socket.default_value = value

    def set(self, name: str, value: Any) -> None:
        self.give(self._shader.inputs[name], value)

    def see_through(self, dark: float) -> None:
        clear, mix = self.node("ShaderNodeBsdfTransparent"), self.node("ShaderNodeMixShader")
        clear.inputs["Color"].default_value = (0.75, 0.8, 0.78, 1.0)
        mix.inputs["Fac"].default_value = dark
        self.join(clear.outputs["BSDF"], mix.inputs[1])
        self.join(self._shader.outputs["BSDF"], mix.inputs[2])
        self.join(mix.outputs["Shader"], self._out.inputs["Surface"])

    def place(self, seed: int) -> Any:
        """The object's own coordinates, moved by the seed."""
        where, move = self.node("ShaderNodeTexCoord"), self.node("ShaderNodeVectorMath")
        move.inputs[1].default_value = (7.3 * (seed % 97), 3.1 * (seed % 89), 0.0)
        self.join(where.outputs["Object"], move.inputs[0])
        return move.outputs["Vector"]

    def noise(self, scale: float, seed: int, detail: float = 3.0) -> Any:
        made = self.node("ShaderNodeTexNoise")
        made.inputs["Scale"].default_value = scale
        made.inputs["Detail"].default_value = detail
        self.join(self.place(seed), made.inputs["Vector"])
        return made.outputs["Fac"]

    def steps(self, value: Any, low: float, high: float) -> Any:
        """The value mapped from low..high to 0..1 and held there."""
        made = self.node("ShaderNodeMapRange")
        made.inputs["From Min"].default_value = low
        made.inputs["From Max"].default_value = high
        self.join(value, made.inputs["Value"])
        return made.outputs["Result"]

    def scaled(self, value: Any, by: Any) -> Any:
        made = self.node("ShaderNodeMath")
        made.operation = "MULTIPLY"
        self.give(made.inputs[0], value)
        self.give(made.inputs[1], by)
        return made.outputs["Value"]

    def mud(self, dirt: float, seed: int) -> Any:
        """0 to 0.9: thick below, thin above, in patches; at dirt 1 it reaches some two metres."""
        where, height = self.node("ShaderNodeTexCoord"), self.node("ShaderNodeSeparateXYZ")
        self.join(where.outputs["Object"], height.inputs["Vector"])
        rising = self.steps(height.outputs["Z"], 0.5 + 2.0 * dirt, 0.15)
        patches = self.steps(self.noise(1.7, seed, detail=5.0), 0.35, 0.65)
        lower = self.scaled(self.scaled(rising, patches), 1.3 * min(1.0, 0.3 + dirt))
        add = self.node("ShaderNodeMath")
        add.use_clamp = True
        self.join(lower, add.inputs[0])
        self.join(self.scaled(patches, 0.22 * dirt), add.inputs[1])
        return self.scaled(add.outputs["Value"], 0.9)

    def blend(self, share: Any, one: Any, two: Any) -> Any:
        made = self.node("ShaderNodeMix")
        made.data_type = "RGBA"
        self.give(made.inputs["Factor"], share)
        self.give(made.inputs[6], one)
        self.give(made.inputs[7], two)
        return made.outputs[2]

    def blend_value(self, share: Any, one: float, two: float) -> Any:
        made = self.node("ShaderNodeMix")
        self.give(made.inputs[0], share)
        made.inputs[2].default_value = one
        made.inputs[3].default_value = two
        return made.outputs[0]

    def bumps(self, height: Any, distance: float, turned: bool = False) -> Any:
        made = self.node("ShaderNodeBump")
        made.invert = turned
        made.inputs["Distance"].default_value = distance
        self.join(height, made.inputs["Height"])
        return made.outputs["Normal"]
