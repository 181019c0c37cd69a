"""What a rendered scene holds, as plain values: no Blender here, so that truth and tests need none.

World: metres, X along the road in the direction of travel, Y to the left, Z up, the road's surface at Z = 0.
A vehicle's own frame: X forward, Y left, Z up, origin on the ground below the middle of its length and width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.lab.signs.spec import PanelSpec, PlateSpec

Kind = Literal[
    "sedan",
    "suv",
    "taxi",
    "minivan",
    "coach",
    "light_truck",
    "rigid_truck",
    "tipper",
    "semi_trailer",
    "tank_truck",
    "motorcycle",
    "three_wheeler",
]
Body = Literal["none", "box", "stake", "flat", "tipper", "tank", "container", "mixer"]
Load = Literal["none", "empty", "level", "heaped", "covered"]
VEHICLE_WORD: dict[Kind, str] = {
    "sedan": "car",
    "suv": "car",
    "taxi": "car",
    "minivan": "van",
    "coach": "bus",
    "light_truck": "truck",
    "rigid_truck": "truck",
    "tipper": "truck",
    "semi_trailer": "truck",
    "tank_truck": "tank_truck",
    "motorcycle": "motorcycle",
    "three_wheeler": "three_wheeler",
}
"""What the taxonomy calls each kind."""


@dataclass(frozen=True, slots=True)
class VehicleSpec:
    """One vehicle, with everything that truth must say of it."""

    identity: str
    kind: Kind
    seed: int
    length_m: float
    width_m: float
    height_m: float
    axle_x_m: tuple[float, ...]
    """Axle positions along X in the vehicle's frame, front first."""
    axle_groups: tuple[int, ...]
    """Axles per group, front first: (1, 2, 3) for a six-axle semi."""
    body: Body = "none"
    colour: tuple[float, float, float] = (0.8, 0.8, 0.8)
    """Paint, linear RGB 0 to 1."""
    colour_name: str = "white"
    load: Load = "none"
    raised_boards: bool = False
    lifted_axles: tuple[int, ...] = ()
    """Numbers of the axles off the ground, counted from 0 at the front."""
    dirt: float = 0.2
    """0 clean to 1 caked."""
    front_plate: PlateSpec | None = None
    rear_plate: PlateSpec | None = None
    """On a semi-trailer combination the trailer's own plate."""
    panel: PanelSpec | None = None
    """Worn at front and rear."""
    diamonds: tuple[str, ...] = ()
    """Classes (3, 2.1, 8, ...) of the diamonds worn on both sides and the rear."""
    people_in_bed: int = 0
    mass_kg: float | None = None
    """True total mass."""
    limit_kg: float | None = None
    """Limit of the total mass by GB 1589-2016 for these axles."""


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Where something is at a time; between two waypoints it moves smoothly."""

    t_s: float
    x_m: float
    y_m: float
    heading_deg: float = 0.0
    """0 looks along +X; counter-clockwise."""


@dataclass(frozen=True, slots=True)
class PlacedVehicle:
    """A vehicle and its way through the scene; one waypoint stands still."""

    vehicle: VehicleSpec
    way: tuple[Waypoint, ...]
    lane: int | None = None
    """1 is the lane nearest the middle of the road."""
    door_open_s: tuple[float, float] | None = None
    """From when to when a minivan's sliding door stands open."""


@dataclass(frozen=True, slots=True)
class PlacedPerson:
    """Somebody on the road; gone from `until_s` on, as who has climbed into a van."""

    identity: str
    seed: int
    way: tuple[Waypoint, ...]
    pose: Literal["standing", "walking", "boarding"] = "standing"
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class RoadSpec:
    """The place."""

    setting: Literal["mountain", "tunnel", "checkpoint", "town"]
    lanes: Literal[2, 3, 4] = 2
    lane_width_m: float = 3.75
    seed: int = 0


@dataclass(frozen=True, slots=True)
class LightSpec:
    """Hour and weather."""

    time: Literal["day", "dusk", "night"] = "day"
    weather: Literal["clear", "rain", "haze"] = "clear"
    sun_azimuth_deg: float = 135.0
    sun_elevation_deg: float = 40.0


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """A fixed camera."""

    view: Literal["gantry", "side", "rear"]
    position_m: tuple[float, float, float]
    target_m: tuple[float, float, float]
    horizontal_fov_deg: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """One place, hour and camera with all that moves in it."""

    identity: str
    seed: int
    road: RoadSpec
    light: LightSpec
    camera: CameraSpec
    vehicles: tuple[PlacedVehicle, ...]
    persons: tuple[PlacedPerson, ...] = ()
