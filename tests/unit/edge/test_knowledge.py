"""What a register's answer is worth where a plate's colour, and so its type, may have been taken for another."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge.knowledge import vehicle_of, waybill_of
from edge.registry.entries import NO_WAYBILL, NOT_ASKED, Lookup, VehicleEntry, Waybill
from edge.rules.known import Identity

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
TRUCK = VehicleEntry("闽H31782", "01", "H14", "R")
TRIP = Waybill("1", "闽H31782", "01", "1203")


class Register:
    """One truck and its trip."""

    def vehicle(self, plate: str, plate_type: str) -> Lookup[VehicleEntry]:
        return Lookup("found", TRUCK) if (plate, plate_type) == ("闽H31782", "01") else Lookup("absent")

    def waybill(self, plate: str, plate_type: str, at: datetime) -> Lookup[Waybill]:
        return Lookup("found", TRIP) if (plate, plate_type) == ("闽H31782", "01") else Lookup("absent")

    def close(self) -> None:
        pass


def test_a_vehicle_and_its_trip_are_found_under_number_and_type() -> None:
    assert vehicle_of(Register(), Identity("闽H31782", "01")).entry == TRUCK
    assert waybill_of(Register(), Identity("闽H31782", "01"), NOON).entry == TRIP


def test_a_yellow_plate_taken_for_blue_is_not_without_permit_or_waybill() -> None:
    assert vehicle_of(Register(), Identity("闽H31782", "02")) == NOT_ASKED
    assert waybill_of(Register(), Identity("闽H31782", "02"), NOON) == NO_WAYBILL


@pytest.mark.parametrize("who", [Identity("闽H00000", "02"), Identity("闽H31782", "23")])
def test_a_number_that_no_such_plate_bears_is_absent(who: Identity) -> None:
    assert vehicle_of(Register(), who).answered == "absent"
    assert waybill_of(Register(), who, NOON).answered == "absent"


def test_nobody_is_not_asked_for() -> None:
    assert vehicle_of(Register(), None) == NOT_ASKED
