"""Draws a stage with Cycles on the processor: light, depth and object numbers, of the whole picture or a region."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from scripts.scenes.exr import read_exr

Region = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels."""


@dataclass(slots=True)
class Layers:
    """What the renderer saw, linear and before any camera."""

    light: NDArray[np.float32]
    """(H, W, 3) linear RGB."""
    depth_m: NDArray[np.float32]
    """(H, W) along the camera's axis; sky is beyond 1e6."""
    numbers: NDArray[np.int32]
    """(H, W) object numbers, 0 for the place."""


def prepare(scene: Any, samples: int, seed: int, keep: bool = False) -> None:
    """Set Cycles up for few samples and a denoiser; `keep` holds what stays unchanged between renders in memory."""
    scene.render.engine = "CYCLES"
    scene.render.use_persistent_data = keep
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples, cycles.seed = samples, seed
    cycles.use_adaptive_sampling = False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_prefilter, cycles.denoising_quality = "NONE", "FAST" if samples < 12 else "BALANCED"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 2, 2
    cycles.transmission_bounces, cycles.transparent_max_bounces, cycles.volume_bounces = 2, 4, 0
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect, cycles.sample_clamp_direct = 3.0, 30.0
    cycles.light_sampling_threshold = 0.02
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = True
    image = scene.render.image_settings
    image.media_type, image.file_format = "MULTI_LAYER_IMAGE", "OPEN_EXR_MULTILAYER"
    image.exr_codec, image.color_depth, image.use_exr_interleave = "NONE", "32", True


def draw(scene: Any, region: Region | None = None) -> Layers:
    """Render the whole picture, or only a region of it."""
    render = scene.render
    width, height = render.resolution_x, render.resolution_y
    render.use_border = render.use_crop_to_border = region is not None
    if region is not None:
        x0, y0, x1, y1 = region
        render.border_min_x, render.border_max_x = (x0 + 0.01) / width, (x1 + 0.01) / width
        render.border_min_y, render.border_max_y = 1 - (y1 - 0.01) / height, 1 - (y0 - 0.01) / height
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layers.exr"
        render.filepath = str(path)
        with _hushed():
            bpy.ops.render.render(write_still=True)
        channels = read_exr(path)
    light = np.stack([channels[f"ViewLayer.Combined.{name}"] for name in "RGB"], axis=-1)
    if region is not None and light.shape[:2] != (region[3] - region[1], region[2] - region[0]):
        raise ValueError(f"asked for the region {region}, got a picture of {light.shape[1]}x{light.shape[0]}")
    numbers = np.rint(channels["ViewLayer.Object Index.X"]).astype(np.int32)
    return Layers(np.maximum(light, 0), channels["ViewLayer.Depth.Z"], numbers)


@contextmanager
def _hushed() -> Iterator[None]:
    """Blender prints a line per render to the process's own output; keep it off the progress shown there."""
    kept = os.dup(1)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)
