"""What every register can be asked, whatever it is kept in."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from edge.registry.entries import Lookup, VehicleEntry, Waybill


class RegistryError(Exception):
    """A register cannot be used; the text names it and the remedy."""


class Registry(Protocol):
    """A register of vehicles, of waybills, or of both.

    Numbers are whole and as `normal_plate` writes them, types two digits of GA/T 16.7. No look-up raises: what went
    wrong is logged, once per burst and without numbers, and answered `unreachable`. A register may be opened in one
    thread and asked in another, but only by one thread at a time.
    """

    def vehicle(self, plate: str, plate_type: str) -> Lookup[VehicleEntry]:
        """The vehicle with its permits."""

    def waybill(self, plate: str, plate_type: str, at: datetime) -> Lookup[Waybill]:
        """The waybill of dangerous goods under which it is on its way at a moment (UTC)."""

    def close(self) -> None:
        """Let go of file or connection."""
