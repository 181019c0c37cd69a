"""CSV files of a small register, and the registers made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.registry.file import FileRegistry
from edge.registry.importing import Order, import_registry
from edge.registry.store import Declared

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
HEADER = "plate,plate_type,use_nature,axles,max_mass_kg,permit_kind,permit_number,permit_valid_to"
TRUCK = "闽H12345,01,F,4,31000,普货,350700001,2027-12-31"
WAYBILLS = "number,plate,plate_type,un,danger,goods,starts_at,ends_at"


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    """A CSV file of these lines."""
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def make(
    folder: Path,
    vehicles: Sequence[str] = (TRUCK,),
    *,
    complete_for: tuple[Declared, ...] = (),
    as_of: datetime = AS_OF,
    skip_bad: bool = False,
    waybills: Sequence[str] | None = None,
) -> Path:
    """A register of rows under the usual headers."""
    source = write(folder / "vehicles.csv", HEADER, *vehicles)
    bills = None if waybills is None else write(folder / "waybills.csv", WAYBILLS, *waybills)
    order = Order(folder / "test.registry", "延平运管", as_of, complete_for, source, bills, skip_bad=skip_bad)
    import_registry(order)
    return order.into


def opened(path: Path, *, days_later: float = 1, stale_after_days: float = 30) -> FileRegistry:
    """A register as a box sees it some days after the data were taken out."""
    return FileRegistry(path, timedelta(days=stale_after_days), lambda: AS_OF + timedelta(days=days_later))
