"""Renders a sample clip: the place once and well, then in each frame only what moves before it."""

from __future__ import annotations

import hashlib
import math
import pickle
import time
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from scripts.scenes.motion import pose_at
from scripts.scenes.projection import box_corners, projection_of
from scripts.scenes.render import Layers, Region, draw, prepare
from scripts.scenes.sensor import Exposure, Light, develop, exposure_for, sensor_of
from scripts.scenes.spec import SceneSpec
from scripts.scenes.stage import Actor, build_stage
from scripts.scenes.take import aired, save, seen_at
from scripts.scenes.truth import FrameTruth, scene_truth, write_truth

PLACE_SAMPLES = 40
"""Paths per pixel of the empty place, which all frames share."""
MARGIN_PX = 20
BIT_RATE = 1_900_000
"""Of the clip, bits a second: three clips of 14 s stay below 12 MB."""


def render_clip(name: str, out: Path, work: Path, samples: int, only: list[int] | None) -> None:
    """Render the sample `name` into `out`; frames already in `work` are kept. `only`: these frames and no clip."""
    from scripts.scenes.records import write_records
    from scripts.scenes.samples import SAMPLES

    sample = SAMPLES[name]()
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    count = round(sample.seconds * sample.fps)
    camera = _Camera(sample.scene, samples, folder / f"place-{_mark(sample.scene)}.pickle")
    start, done = time.monotonic(), 0
    for number in range(count) if only is None else only:
        picture, facts = folder / f"{number:04d}.png", folder / f"{number:04d}.pickle"
        if facts.exists() and only is None:
            continue
        save(*camera.take(number, number / sample.fps, facts, picture))
        done += 1
        each = (time.monotonic() - start) / done
        print(f"{name} {number + 1}/{count}, {each:.1f} s each, {each * (count - number - 1) / 60:.0f} min left")
    if only is not None:
        return
    frames = tuple(_kept(folder / f"{number:04d}.pickle") for number in range(count))
    out.mkdir(parents=True, exist_ok=True)
    encode([folder / f"{number:04d}.png" for number in range(count)], sample.fps, out / f"{name}.mp4")
    write_truth(out / f"{name}.truth.json", scene_truth(sample.scene, sample.fps, frames, sample.violations))
    write_records(sample, out / name)


class _Camera:
    """The built scene and what of it does not move."""

    def __init__(self, spec: SceneSpec, samples: int, kept: Path) -> None:
        self._spec = spec
        self._stage = build_stage(spec)
        self._place = self._empty_place(kept)
        self._exposure: Exposure = exposure_for(self._place.light, spec.light)
        self._sensor = sensor_of(spec.light, spec.seed, spec.camera.width)
        prepare(self._stage.scene, samples, spec.seed % (1 << 30), keep=True)

    def _empty_place(self, kept: Path) -> Layers:
        if kept.exists():
            layers = pickle.loads(kept.read_bytes())
            assert isinstance(layers, Layers)
            return layers
        for actor in self._stage.actors:
            actor.show(0.0, False)
        prepare(self._stage.scene, PLACE_SAMPLES, self._spec.seed % (1 << 30), keep=True)
        layers = draw(self._stage.scene)
        layers.light = aired(self._spec, layers)
        layers.numbers[:] = 0
        kept.write_bytes(pickle.dumps(layers))
        return layers

    def take(self, number: int, t_s: float, facts: Path, picture: Path) -> tuple[NDArray[np.uint8], Path]:
        """Write the frame's truth to `facts` and give its picture with the path it belongs to."""
        light, depth = self._place.light.copy(), self._place.depth_m.copy()
        numbers = self._place.numbers.copy()
        self._stage.move_to(t_s)
        regions = {a.shape.identity: _region(self._spec, a, t_s) for a in self._stage.actors if a.here(t_s)}
        for actor in self._stage.actors:
            actor.show(t_s, regions.get(actor.shape.identity) is not None)
        for region in _joined([region for region in regions.values() if region is not None]):
            x0, y0, x1, y1 = region
            drawn = draw(self._stage.scene, region)
            drawn.light = aired(self._spec, drawn)
            share = _changed(light[y0:y1, x0:x1], drawn)[..., None]
            light[y0:y1, x0:x1] = light[y0:y1, x0:x1] * (1 - share) + drawn.light * share
            depth[y0:y1, x0:x1], numbers[y0:y1, x0:x1] = drawn.depth_m, drawn.numbers
        truth = seen_at(self._stage, Layers(light, depth, numbers), t_s)
        shown = develop(light, self._exposure, self._spec.light, self._sensor, np.random.default_rng((3, number)))
        facts.write_bytes(pickle.dumps(truth))
        return shown, picture


def _mark(spec: SceneSpec) -> str:
    """Changes with the scene and with what builds its place, so that no kept place is mistaken for another."""
    digest = hashlib.sha256(repr(spec).encode())
    for path in sorted((Path(__file__).parent / "world").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _region(spec: SceneSpec, actor: Actor, t_s: float) -> Region | None:
    """Where in the picture an actor and its shadow on the road may be; None where neither is in it."""
    pose = pose_at(actor.way, t_s)
    corners = box_corners(pose.x_m, pose.y_m, pose.heading_deg, actor.size_m, 0.3)
    reach = actor.size_m[2] / math.tan(math.radians(spec.light.sun_elevation_deg))
    turn = math.radians(spec.light.sun_azimuth_deg)
    shade = corners * [1, 1, 0] - [reach * math.cos(turn), reach * math.sin(turn), 0]
    pixels, depth = projection_of(spec.camera).pixels(np.concatenate([corners, shade]))
    ahead = depth > 0.3
    if not ahead.any():
        return None
    size = np.array([spec.camera.width, spec.camera.height])
    low = np.clip(np.floor(pixels[ahead].min(axis=0)) - MARGIN_PX, 0, size).astype(int)
    high = np.clip(np.ceil(pixels[ahead].max(axis=0)) + MARGIN_PX, 0, size).astype(int)
    if not ahead.all():
        high[1] = size[1]
    if (high - low < 8).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _joined(regions: list[Region]) -> list[Region]:
    """Regions made one where that costs fewer pixels than drawing both."""
    left = list(regions)
    for i in range(len(left)):
        for j in range(i + 1, len(left)):
            a, b = left[i], left[j]
            both = min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
            if _pixels(both) < 1.15 * (_pixels(a) + _pixels(b)):
                return _joined([*left[:i], *left[i + 1 : j], *left[j + 1 :], both])
    return left


def _pixels(region: Region) -> int:
    return (region[2] - region[0]) * (region[3] - region[1])


def _changed(place: Light, drawn: Layers) -> NDArray[np.float32]:
    """Share 0 to 1 of the newly drawn light in each pixel: 1 on things and shadows, 0 where only noise differs."""
    weights = np.array([0.2126, 0.7152, 0.0722], np.float32)
    before, after = cv2.GaussianBlur(place @ weights, (0, 0), 2.0), cv2.GaussianBlur(drawn.light @ weights, (0, 0), 2.0)
    differs = np.abs(after - before) / (before + 0.02 * float(before.mean()) + 1e-6)
    share = np.clip((differs - 0.05) / 0.05, 0, 1).astype(np.float32)
    thing = cv2.dilate((drawn.numbers > 0).astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(np.maximum(share, thing), (0, 0), 1.0), np.float32)


def _kept(path: Path) -> FrameTruth:
    truth = pickle.loads(path.read_bytes())
    assert isinstance(truth, FrameTruth)
    return truth


def encode(pictures: list[Path], fps: float, target: Path) -> None:
    """H.264, 4:2:0, a key frame every two seconds and no B-frames, as cameras send it."""
    with av.open(str(target), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=round(fps))
        stream.height, stream.width = _picture(pictures[0]).shape[:2]
        stream.pix_fmt, stream.bit_rate = "yuv420p", BIT_RATE
        stream.gop_size, stream.max_b_frames = round(2 * fps), 0
        stream.options = {"preset": "slow", "profile": "high"}
        for path in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(_picture(path), format="bgr24")))
        container.mux(stream.encode(None))


def _picture(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path))
    if picture is None:
        raise OSError(f"{path} is no picture: delete it with its .pickle, and it is rendered anew")
    return np.asarray(picture, np.uint8)
