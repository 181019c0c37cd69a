"""Puts a place together from its spec."""

from __future__ import annotations

import numpy as np

from scripts.scenes.materials import picture
from scripts.scenes.spec import CameraSpec, LightSpec, RoadSpec
from scripts.scenes.world import boards, sky
from scripts.scenes.world.checkpoint import build_checkpoint
from scripts.scenes.world.layout import Layout, clear_view, layout_of
from scripts.scenes.world.mountain import build_mountain, build_tunnel, hood_trees
from scripts.scenes.world.roadway import build_roadway
from scripts.scenes.world.town import build_town

SODIUM = (1.0, 0.62, 0.28)
LED = (1.0, 0.93, 0.82)


def build_world(road: RoadSpec, light: LightSpec, camera: CameraSpec, reach_m: float | None = None) -> Layout:
    """Road, roadside, sky and street lamps in the current scene; nothing hides traffic up to `reach_m` away."""
    layout, free = layout_of(road), clear_view(camera, reach_m)
    rng = np.random.default_rng((road.seed, 1))
    dark = light.time == "night"
    wet = 0.9 if light.weather == "rain" else 0.0
    glow = 0.5 if dark else 0.0
    sky.build_sky(light, road.seed)
    build_roadway(layout, wet, road.seed)
    lamps: list[tuple[float, float, float]] = []
    if road.setting in ("mountain", "tunnel"):
        build_mountain(layout, free, rng)
    if road.setting == "tunnel":
        name = boards.board(("茫荡山隧道",), boards.WHITE, boards.RED, 5.25)
        tube = build_tunnel(layout, True, picture("tunnel name", name, glow))
        hood_trees(layout, free, rng)
        for at in tube[:10]:
            sky.lamp((at[0], at[1] * 0.9, at[2] - 0.2), 160.0, SODIUM)
    elif road.setting == "checkpoint":
        lamps = build_checkpoint(layout, free, rng, glow)
    elif road.setting == "town":
        lamps = build_town(layout, free, rng, glow)
    if dark:
        warm = bool(rng.random() < 0.5)
        if rng.random() < 0.85:
            sky.camera_lamp(camera)
        for at in sorted(lamps, key=lambda place: abs(place[0]))[:6]:
            sky.lamp(at, 900.0, SODIUM if warm else LED)
    return layout
