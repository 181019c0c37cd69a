"""What truly is to be seen, beside each rendered picture or clip: plain values and their JSON. No Blender here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scripts.scenes.motion import pose_at, speed_kmh
from scripts.scenes.projection import road_points
from scripts.scenes.seen import Seen, SeenPart
from scripts.scenes.spec import VEHICLE_WORD, PlacedPerson, PlacedVehicle, SceneSpec, VehicleSpec

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels; x1 and y1 are the first ones outside."""

READABLE_PX = {1: (44, 10), 2: (34, 19)}
"""Least width and height in pixels of a plate of one or two lines that a person can read."""


@dataclass(frozen=True, slots=True)
class PartTruth:
    """A thing on a vehicle, as far as it can be seen."""

    word: str
    """A word of models.taxonomy.FEATURES."""
    box: Box
    visible: float
    """Share of its side towards the camera that is to be seen."""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectTruth:
    """A vehicle or person in one frame."""

    identity: str
    word: str
    """A word of models.taxonomy.VEHICLES."""
    kind: str
    box: Box
    """Of what is to be seen of the whole."""
    visible: float
    """Share of the whole that is neither hidden nor outside the picture."""
    lane: int | None
    speed_kmh: float
    x_m: float
    y_m: float
    parts: tuple[PartTruth, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """All that is to be seen at one time."""

    t_s: float
    objects: tuple[ObjectTruth, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """What a perfect observer with scale and registry would report."""

    rule: str
    """Code of the rule, such as DG-01 or OL-01."""
    vehicle: str
    from_s: float
    to_s: float
    why: str


@dataclass(frozen=True, slots=True)
class SceneTruth:
    """The truth of one picture or clip."""

    scene: str
    seed: int
    width: int
    height: int
    fps: float
    light: dict[str, Any]
    camera: dict[str, Any]
    vehicles: dict[str, dict[str, Any]]
    """By identity; persons are not among them."""
    frames: tuple[FrameTruth, ...]
    violations: tuple[Violation, ...] = ()


def scene_truth(
    spec: SceneSpec, fps: float, frames: tuple[FrameTruth, ...], violations: tuple[Violation, ...] = ()
) -> SceneTruth:
    """The head of a scene's truth, with its frames."""
    camera = spec.camera
    return SceneTruth(
        scene=spec.identity,
        seed=spec.seed,
        width=camera.width,
        height=camera.height,
        fps=fps,
        light={"time": spec.light.time, "weather": spec.light.weather, "setting": spec.road.setting},
        camera={
            "view": camera.view,
            "position_m": list(camera.position_m),
            "target_m": list(camera.target_m),
            "horizontal_fov_deg": camera.horizontal_fov_deg,
            "road_points": [list(point) for point in road_points(camera)],
        },
        vehicles={placed.vehicle.identity: _vehicle(placed.vehicle) for placed in spec.vehicles},
        frames=frames,
        violations=violations,
    )


def frame_truth(spec: SceneSpec, t_s: float, seen: dict[str, Seen]) -> FrameTruth:
    """One frame from what the camera sees of each identity; what is not in `seen` is left out."""
    objects = [
        _placed(placed, placed.vehicle, t_s, seen[placed.vehicle.identity])
        for placed in spec.vehicles
        if placed.vehicle.identity in seen
    ]
    objects += [_placed(placed, None, t_s, seen[placed.identity]) for placed in spec.persons if placed.identity in seen]
    return FrameTruth(round(t_s, 3), tuple(objects))


def write_truth(path: Path, truth: SceneTruth) -> None:
    """Write the JSON of a scene's truth, one frame a line."""
    head = asdict(truth)
    frames = head.pop("frames")
    for frame in frames:
        for thing in frame["objects"]:
            thing["class"] = thing.pop("word")
            thing["parts"] = [{"class": part.pop("word"), **part.pop("facts"), **part} for part in thing["parts"]]
    lines = ",\n".join(json.dumps(frame, ensure_ascii=False) for frame in frames)
    text = json.dumps({**head, "frames": []}, ensure_ascii=False, indent=1)
    path.write_text(text.replace('"frames": []', f'"frames": [\n{lines}\n]') + "\n", encoding="utf-8")


def read_truth(path: Path) -> SceneTruth:
    """Read what `write_truth` wrote. Raises ValueError naming the file when something is missing or unknown."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        frames = tuple(
            FrameTruth(frame["t_s"], tuple(_object(thing) for thing in frame["objects"])) for frame in data["frames"]
        )
        violations = tuple(Violation(**violation) for violation in data["violations"])
        return SceneTruth(**{**data, "frames": frames, "violations": violations})
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no truth of a scene: {error}") from error


def _object(data: dict[str, Any]) -> ObjectTruth:
    parts = tuple(_part(part) for part in data["parts"])
    known = {key: value for key, value in data.items() if key not in ("class", "parts", "box")}
    return ObjectTruth(word=data["class"], box=_box(data["box"]), parts=parts, **known)


def _part(data: dict[str, Any]) -> PartTruth:
    facts = {key: value for key, value in data.items() if key not in ("class", "box", "visible")}
    return PartTruth(data["class"], _box(data["box"]), data["visible"], facts)


def _box(values: list[int]) -> Box:
    x0, y0, x1, y1 = values
    return x0, y0, x1, y1


def _placed(placed: PlacedVehicle | PlacedPerson, vehicle: VehicleSpec | None, t_s: float, seen: Seen) -> ObjectTruth:
    pose = pose_at(placed.way, t_s)
    return ObjectTruth(
        identity=vehicle.identity if vehicle else seen.identity,
        word=VEHICLE_WORD[vehicle.kind] if vehicle else "person",
        kind=vehicle.kind if vehicle else "person",
        box=seen.box,
        visible=round(seen.visible, 3),
        lane=placed.lane if isinstance(placed, PlacedVehicle) else None,
        speed_kmh=round(speed_kmh(placed.way, t_s), 1),
        x_m=round(pose.x_m, 3),
        y_m=round(pose.y_m, 3),
        parts=tuple(PartTruth(part.word, part.box, round(part.visible, 3), _facts(part)) for part in seen.parts),
    )


def _facts(part: SeenPart) -> dict[str, Any]:
    if part.word != "plate":
        return dict(part.facts)
    width, height = READABLE_PX[int(part.facts["lines"])]
    x0, y0, x1, y1 = part.box
    return {**part.facts, "readable": x1 - x0 >= width and y1 - y0 >= height and part.visible > 0.9}


def _vehicle(vehicle: VehicleSpec) -> dict[str, Any]:
    return {
        "kind": vehicle.kind,
        "class": VEHICLE_WORD[vehicle.kind],
        "colour": vehicle.colour_name,
        "length_m": vehicle.length_m,
        "width_m": vehicle.width_m,
        "height_m": vehicle.height_m,
        "axle_groups": list(vehicle.axle_groups),
        "lifted_axles": list(vehicle.lifted_axles),
        "body": vehicle.body,
        "load": vehicle.load,
        "raised_boards": vehicle.raised_boards,
        "mass_kg": vehicle.mass_kg,
        "limit_kg": vehicle.limit_kg,
        "front_plate": asdict(vehicle.front_plate) if vehicle.front_plate else None,
        "rear_plate": asdict(vehicle.rear_plate) if vehicle.rear_plate else None,
        "panel": asdict(vehicle.panel) if vehicle.panel else None,
        "diamonds": list(vehicle.diamonds),
        "people_in_bed": vehicle.people_in_bed,
    }
