"""The sighting: a vehicle passed here. Boxes tell their neighbours, so that repeated trips and copied plates show."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from leads.base import Ident, Label, Prose, SignedMessage, UtcMs


class Sighting(SignedMessage):
    """One pass of a vehicle whose identity is sure. Box to its neighbours, not kept if lost."""

    site_id: Ident
    """Site of the box."""
    box_id: Ident
    """Box that saw it."""
    camera: Ident
    """Id of the camera within its site."""
    place: Prose = ""
    """Name of the place, for people."""
    hub: Label | None = None
    """Kind of passenger hub that the camera watches; null where it is none."""
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    """Longitude in degrees (WGS 84); null where the site does not say."""
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    """Latitude in degrees (WGS 84)."""
    plate: Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=r"^[^-]+$")]
    """Plate number, every character of it read."""
    plate_type: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
    """Plate type by GA/T 16.7."""
    at: UtcMs
    """When it was first seen."""
    vehicle_class: Label
    """Class by the detector's vote, or `unknown`."""

    @model_validator(mode="after")
    def _whole_place(self) -> Self:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a place has both lon and lat, or neither")
        return self
