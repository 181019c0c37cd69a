"""Takes the picture of a stage: render, air, camera, and the truth that belongs to it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from scripts.scenes.projection import projection_of
from scripts.scenes.render import Layers, draw, prepare
from scripts.scenes.seen import look
from scripts.scenes.sensor import Light, Picture, develop, exposure_for, sensor_of, through_air
from scripts.scenes.spec import SceneSpec
from scripts.scenes.stage import Stage, build_stage
from scripts.scenes.truth import FrameTruth, frame_truth, scene_truth, write_truth
from scripts.scenes.world.sky import fog


def take_still(spec: SceneSpec, samples: int, picture_path: Path) -> None:
    """Render a scene at 0 s; writes the JPEG and beside it its truth as JSON, the truth last."""
    stage = build_stage(spec)
    prepare(stage.scene, samples, spec.seed % (1 << 30))
    layers = draw(stage.scene)
    light = aired(spec, layers)
    sensor = sensor_of(spec.light, spec.seed, spec.camera.width)
    picture = develop(light, exposure_for(light, spec.light), spec.light, sensor, np.random.default_rng(spec.seed))
    save(picture, picture_path, sensor.jpeg)
    write_truth(picture_path.with_suffix(".json"), scene_truth(spec, 0.0, (seen_at(stage, layers, 0.0),)))


def aired(spec: SceneSpec, layers: Layers) -> Light:
    """The light with the air between."""
    colour, extinction = fog(spec.light)
    return through_air(layers.light, layers.depth_m, colour, extinction)


def seen_at(stage: Stage, layers: Layers, t_s: float) -> FrameTruth:
    """The truth of a time from the object numbers of the whole picture."""
    seen = look(layers.numbers, projection_of(stage.spec.camera), stage.shapes(t_s))
    return frame_truth(stage.spec, t_s, seen)


def save(picture: Picture, path: Path, jpeg: int | None = None) -> None:
    """Write a picture whole or not at all, as JPEG of a quality or as PNG. Raises OSError when it cannot."""
    kind, options = (".jpg", [cv2.IMWRITE_JPEG_QUALITY, jpeg]) if jpeg is not None else (".png", [])
    done, data = cv2.imencode(kind, picture[..., ::-1], options)
    if not done:
        raise OSError(f"{path} could not be encoded as {kind}")
    part = path.with_suffix(".part")
    part.write_bytes(data.tobytes())
    part.replace(path)
