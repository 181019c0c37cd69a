"""Entries as JSON: one form in the register's file and in the answers of a register over HTTP.

The members are the fields of `VehicleEntry`, `Permit` and `Waybill`; those at their default may be left out, days are
`2026-11-23`, times `2026-11-23T08:00:00.000Z`. Members that nobody here knows are passed over.
"""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from edge.registry.entries import VehicleEntry, Waybill

Entry = TypeVar("Entry", VehicleEntry, Waybill)
_VEHICLE: Final = TypeAdapter(VehicleEntry)
_WAYBILL: Final = TypeAdapter(Waybill)


def vehicle_from_json(data: str | bytes, plate: str, plate_type: str) -> VehicleEntry:
    """That vehicle with its permits. Raises ValueError naming the member, never a number."""
    return _read(_VEHICLE, data, plate, plate_type)


def waybill_from_json(data: str | bytes, plate: str, plate_type: str) -> Waybill:
    """A waybill of that vehicle. Raises ValueError naming the member, never a number."""
    return _read(_WAYBILL, data, plate, plate_type)


def _read(adapter: TypeAdapter[Entry], data: str | bytes, plate: str, plate_type: str) -> Entry:
    try:
        entry = adapter.validate_json(data, strict=True)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in problem["loc"]) or "the entry"
        raise ValueError(f"{where}: {problem['msg']}") from None
    if (entry.plate, entry.plate_type) != (plate, plate_type):
        raise ValueError("plate: is of another vehicle than was asked for")
    return entry
