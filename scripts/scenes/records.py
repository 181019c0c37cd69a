"""The records beside a clip, as scale, registry and earlier days would give them."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.plate_codes import PLATE_CODES
from models.lab.signs.lettering import PLATE_COLOURS
from models.lab.signs.spec import PlateSpec
from scripts.scenes.motion import pose_at, speed_kmh
from scripts.scenes.spec import Kind, PlacedVehicle, VehicleSpec

if TYPE_CHECKING:
    from scripts.scenes.samples import Sample

SCALE = {
    "device_id": "scale-1",
    "scale_class": "5",
    "cert_no": "JL-2026-0117",
    "cert_valid_to": "2027-01-16T16:00:00.000Z",
}
"""A made-up scale of accuracy class 5 (JJG 907-2006) whose certificate holds."""
SCALE_ERROR = 1.012
"""Within the +-5 % that class 5 may err in service."""


VEHICLE_TYPES: dict[Kind, str] = {
    "sedan": "K33",
    "suv": "K31",
    "taxi": "K33",
    "minivan": "K39",
    "coach": "K11",
    "light_truck": "H31",
    "rigid_truck": "H11",
    "tipper": "H17",
    "semi_trailer": "Q11",
    "tank_truck": "H14",
    "motorcycle": "M21",
    "three_wheeler": "N11",
}
"""Type of the motor vehicle by GA/T 16.4."""
TRACTOR_AXLES, TRACTOR_KG = 3, 25_000
"""Of a tractor with two drive axles: its own axles and its own greatest mass."""


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """What the registry holds of a vehicle, in the columns that `lushao edge registry import` reads."""

    plate: str
    plate_type: str
    vehicle_type: str
    use_nature: str
    """Code of use by GA/T 16: A none commercial, B coach line, D taxi, F goods, R dangerous goods."""
    state: str
    axles: int
    drive_axles: int | None
    max_mass_kg: int
    train_mass_kg: int | None
    """Of a tractor: the most a combination with it may weigh."""
    permit_kind: str
    permit_number: str
    permit_valid_to: str
    permit_sections: str
    """Closed sections it may enter."""

    @staticmethod
    def of(
        vehicle: VehicleSpec, use_nature: str = "F", permit: str = "", permit_valid_to: str = "", sections: str = ""
    ) -> RegistryEntry:
        """The entry of a vehicle of a scene; a goods vehicle has its permit unless another is given."""
        plate = vehicle.front_plate or vehicle.rear_plate
        assert plate is not None
        if use_nature == "F" and not permit:
            permit, permit_valid_to = "普货", "2027-12-31"
        tractor = vehicle.kind == "semi_trailer"
        limit = round(vehicle.limit_kg or 0)
        return RegistryEntry(
            plate=plate.text,
            plate_type=plate.type,
            vehicle_type=VEHICLE_TYPES[vehicle.kind],
            use_nature=use_nature,
            state="A",
            axles=TRACTOR_AXLES if tractor else sum(vehicle.axle_groups),
            drive_axles=2 if tractor else None,
            max_mass_kg=TRACTOR_KG if tractor else limit,
            train_mass_kg=limit if tractor else None,
            permit_kind=permit,
            permit_number=f"闽交运{plate.text[2:]}" if permit else "",
            permit_valid_to=permit_valid_to,
            permit_sections=sections,
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """A passage of an earlier day."""

    plate: str
    plate_type: str
    at: str
    place: str
    hub: str


def write_records(sample: Sample, stem: Path) -> None:
    """Write STEM.weigh.json, STEM.registry.csv and, where there are any, STEM.sightings.csv."""
    records = [_weighed(sample, placed, serial) for serial, placed in enumerate(_crossing(sample), 1)]
    text = json.dumps(records, ensure_ascii=False, indent=1)
    stem.with_name(f"{stem.name}.weigh.json").write_text(text + "\n", encoding="utf-8")
    _table(stem.with_name(f"{stem.name}.registry.csv"), RegistryEntry, sample.registry)
    if sample.sightings:
        _table(stem.with_name(f"{stem.name}.sightings.csv"), Sighting, sample.sightings)


def _crossing(sample: Sample) -> list[PlacedVehicle]:
    """Vehicles that drive over the strips along +X within the clip, first come first."""
    if not sample.weighed:
        return []
    found = [p for p in sample.scene.vehicles if p.way[0].heading_deg == 0 and _crossed_s(p, sample.seconds)]
    return sorted(found, key=lambda placed: _crossed_s(placed, sample.seconds) or 0.0)


def _crossed_s(placed: PlacedVehicle, seconds: float) -> float | None:
    """When the last axle is over X = 0, to a hundredth of a second."""
    last = min(placed.vehicle.axle_x_m)
    times = (n / 100 for n in range(round(100 * seconds)))
    return next((t for t in times if pose_at(placed.way, t).x_m + last >= 0), None)


def _weighed(sample: Sample, placed: PlacedVehicle, serial: int) -> dict[str, Any]:
    """One weighing in the fields of WeighRecord, unsigned; t_s is its time in the clip."""
    vehicle, t_s = placed.vehicle, _crossed_s(placed, sample.seconds) or 0.0
    at = sample.started_at + timedelta(seconds=t_s)
    grounded = [x for axle, x in enumerate(vehicle.axle_x_m) if axle not in vehicle.lifted_axles]
    total = round((vehicle.mass_kg or 0.0) * SCALE_ERROR, -1)
    limit = vehicle.limit_kg
    return {
        "t_s": t_s,
        "pass_id": f"{at:%Y%m%d%H%M%S}-{serial:03d}",
        "site_id": "demo",
        "weighed_at": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        "scale": SCALE,
        "lane": str(placed.lane),
        "speed_kmh": round(speed_kmh(placed.way, t_s), 1),
        "plate_front": _plate(vehicle.front_plate),
        "plate_rear": _plate(vehicle.rear_plate),
        "axle_count": len(grounded),
        "total_kg": total,
        "axle_kg": _shared(total, grounded),
        "axle_spacing_m": [round(a - b, 2) for a, b in pairwise(grounded)],
        "limit_kg": limit,
        "over_kg": max(0.0, total - limit) if limit else None,
        "serial": serial,
    }


def _plate(plate: PlateSpec | None) -> dict[str, Any] | None:
    """A plate as the scale's own camera read it."""
    if plate is None:
        return None
    return {"text": plate.text, "type": PLATE_CODES[plate.type], "colour": PLATE_COLOURS[plate.type], "score": 0.97}


def _shared(total: float, axles: list[float]) -> list[float]:
    """The mass over the axles, the first bearing least; they sum up to the total."""
    weights = [0.7, *[1.0] * (len(axles) - 1)]
    shares = [round(total * weight / sum(weights), -1) for weight in weights]
    return [*shares[:-1], total - sum(shares[:-1])]


def _table(path: Path, kind: type[RegistryEntry] | type[Sighting], rows: tuple[RegistryEntry | Sighting, ...]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(kind)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
