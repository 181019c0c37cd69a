"""The records beside a clip, as scale, registry and earlier days would give them."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.lab.signs.lettering import PLATE_COLOURS
from models.lab.signs.spec import PlateSpec, PlateType
from scripts.scenes.motion import pose_at, speed_kmh
from scripts.scenes.spec import PlacedVehicle, VehicleSpec

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


PLATE_CODES: dict[PlateType, str] = {
    "large_car": "01",
    "small_car": "02",
    "motorcycle": "07",
    "low_speed": "13",
    "trailer": "15",
    "learner": "16",
    "police": "23",
    "large_nev": "51",
    "small_nev": "52",
}
"""Plate types by GA/T 16.7."""


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """What the registry holds of a vehicle; a vehicle without an entry is unknown to it."""

    plate: str
    plate_type: str
    kind: str
    use_nature: str
    """Code of use by GA/T 16: A none commercial, B coach line, D taxi, F goods, R dangerous goods."""
    permit: str
    permit_valid_to: str
    axles: int
    limit_kg: int
    dangerous_goods: bool
    sections: str
    """Closed sections it may enter."""

    @staticmethod
    def of(
        vehicle: VehicleSpec,
        use_nature: str = "F",
        permit: str = "",
        permit_valid_to: str = "",
        dangerous: bool = False,
        sections: str = "",
    ) -> RegistryEntry:
        """The entry of a vehicle of a scene; a goods vehicle has its permit unless another is given."""
        plate = vehicle.front_plate or vehicle.rear_plate
        assert plate is not None
        if use_nature == "F" and not permit:
            permit, permit_valid_to = "普货", "2027-12-31"
        return RegistryEntry(
            plate=plate.text,
            plate_type=plate.type,
            kind=vehicle.kind,
            use_nature=use_nature,
            permit=permit,
            permit_valid_to=permit_valid_to,
            axles=sum(vehicle.axle_groups),
            limit_kg=round(vehicle.limit_kg or 0),
            dangerous_goods=dangerous,
            sections=sections,
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """A passage of an earlier day."""

    plate: str
    at: str
    place: str


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
