"""Rows become entries: several rows of one vehicle are put together, and what contradicts itself is refused."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from edge.plate_codes import plate_fault
from edge.registry.columns import VEHICLE_COLUMNS, Column, Value, waybill_columns
from edge.registry.csv_file import Row

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_PERMIT = "permit_"
_NEW_VEHICLE = "INSERT OR IGNORE INTO vehicles (plate, plate_type, line, json) VALUES (?, ?, ?, ?)"
_SAME_VEHICLE = "SELECT rowid, line, json FROM vehicles WHERE plate = ? AND plate_type = ?"
_NEW_WAYBILL = (
    "INSERT OR IGNORE INTO waybills (plate, plate_type, number, un, starts_at, ends_at, line, json) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SAME_WAYBILL = "SELECT line, json FROM waybills WHERE plate = ? AND plate_type = ? AND number = ? AND un = ?"


class Desk(Protocol):
    """Takes the rows of one kind of file into a register's file."""

    columns: Sequence[Column]
    entries: int
    """How many entries came of them."""

    def take(self, row: Row) -> list[str]:
        """Take a row, or say what is wrong in it."""


class VehicleDesk:
    """Rows of vehicles.csv: one per vehicle and permit."""

    columns: Sequence[Column] = VEHICLE_COLUMNS

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write to this file."""
        self.entries = 0
        self._execute = connection.execute

    def take(self, row: Row) -> list[str]:
        """Take a row, or say what is wrong in it."""
        vehicle: dict[str, Any] = {}
        permit: dict[str, Any] = {}
        for name, value in row.values.items():
            if name.startswith(_PERMIT):
                permit[name[len(_PERMIT) :]] = value
            else:
                vehicle[name] = value
        if faults := list(_vehicle_faults(vehicle, permit)):
            return faults
        if permit:
            vehicle["permits"] = [permit]
        key = vehicle["plate"], vehicle["plate_type"]
        if self._execute(_NEW_VEHICLE, (*key, row.line, _ENCODE(vehicle))).rowcount:
            self.entries += 1
            return []
        rowid, line, text = self._execute(_SAME_VEHICLE, key).fetchone()
        known = json.loads(text)
        if faults := list(_merge(known, vehicle, line)):
            return faults
        self._execute("UPDATE vehicles SET json = ? WHERE rowid = ?", (_ENCODE(known), rowid))
        return []


def _vehicle_faults(vehicle: dict[str, Any], permit: dict[str, Any]) -> Iterator[str]:
    """What no single cell shows."""
    if fault := plate_fault(vehicle["plate"], vehicle["plate_type"]):
        yield f"plate: {fault}"
    if permit and "kind" not in permit:
        yield "permit_kind: is empty, but there is something of a permit: say what kind it is"
    if permit.get("valid_from", "") > permit.get("valid_to", "9999"):
        yield "permit_valid_to: lies before permit_valid_from"
    if vehicle.get("drive_axles", 0) > vehicle.get("axles", 99):
        yield "drive_axles: are more than axles"
    if vehicle.get("kerb_mass_kg", 0) > vehicle.get("max_mass_kg", float("inf")):
        yield "kerb_mass_kg: is more than max_mass_kg"


def _merge(known: dict[str, Any], row: dict[str, Any], line: int) -> Iterator[str]:
    """Put what a further row says into what is known, or say what contradicts it."""
    permits = row.pop("permits", [])
    for name, value in row.items():
        if known.setdefault(name, value) != value:
            yield _conflict(name, value, known[name], f"an earlier row of this vehicle (its first is line {line})")
    held = known.setdefault("permits", [])
    for permit in permits:
        number = permit.get("number")
        alike = [p for p in held if number and p["kind"] == permit["kind"] and p.get("number") == number]
        if alike and alike[0] != permit:
            name = next(n for n in sorted({*permit, *alike[0]}) if permit.get(n) != alike[0].get(n))
            where = "an earlier row of this permit"
            yield _conflict(_PERMIT + name, permit.get(name, ""), alike[0].get(name, ""), where)
        elif permit not in held:
            held.append(permit)


def _conflict(name: str, here: Value, there: Value, where: str) -> str:
    return f"{name}: {here!r} here, but {there!r} in {where}: make them agree"


class WaybillDesk:
    """Rows of waybills.csv: one per waybill and kind of goods."""

    def __init__(self, connection: sqlite3.Connection, zone: ZoneInfo) -> None:
        """Write to this file; times without an offset are of this zone."""
        self.columns: Sequence[Column] = waybill_columns(zone)
        self.entries = 0
        self._execute = connection.execute

    def take(self, row: Row) -> list[str]:
        """Take a row, or say what is wrong in it."""
        bill: dict[str, Any] = row.values
        if fault := plate_fault(bill["plate"], bill["plate_type"]):
            return [f"plate: {fault}"]
        if bill["starts_at"] > bill["ends_at"]:
            return ["ends_at: lies before starts_at"]
        key = bill["plate"], bill["plate_type"], bill["number"], bill["un"]
        values = (*key, bill["starts_at"], bill["ends_at"], row.line, _ENCODE(bill))
        if self._execute(_NEW_WAYBILL, values).rowcount:
            self.entries += 1
            return []
        line, text = self._execute(_SAME_WAYBILL, key).fetchone()
        known = json.loads(text)
        names = sorted({*known, *bill})
        return [
            _conflict(name, bill.get(name, ""), known.get(name, ""), f"line {line}")
            for name in names
            if known.get(name) != bill.get(name)
        ]
