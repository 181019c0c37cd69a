"""Settings of the passage memory and of what is told to, and taken from, neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from leads.base import Ident


class NeighbourSettings(BaseModel):
    """A box whose sightings are taken into the memory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site: Ident
    """Its site."""
    box: Ident
    """Its id."""
    key: Path | None = None
    """Its public key (.pub); with it, only what it signed is believed."""


class MemorySettings(BaseModel):
    """What is remembered of vehicles that passed, for how long, and with whom it is shared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    """SQLite file of the passes."""
    keep_days: float = Field(default=7.0, gt=0, le=366)
    """Days after which a pass is forgotten. Seven are what repeated trips are judged by; keep no longer than needed."""
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    """Longitude of the site in degrees (WGS 84); with it, distances from the neighbours' are known."""
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    """Latitude of the site in degrees (WGS 84)."""
    import_csv: Path | None = None
    """Earlier passes to begin with: columns plate, plate_type (may be left out), at, place, hub (may be left out)."""
    share: bool = False
    """Tell the passes of this box to its neighbours."""
    neighbours: tuple[NeighbourSettings, ...] = ()
    """Boxes whose passes are taken in; each of them needs `share: true`."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a place has both lon and lat, or neither: add the other")
        names = [f"{n.site}/{n.box}" for n in self.neighbours]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"neighbours stand twice: {', '.join(twice)}")
        return self


def memory_problems(settings: MemorySettings) -> Iterator[str]:
    """What the settings point to that is not there, with key and remedy."""
    if settings.import_csv is not None and not settings.import_csv.is_file():
        yield f"memory.import_csv: no file {settings.import_csv}; put it there, or leave import_csv out"
    for number, neighbour in enumerate(settings.neighbours):
        if neighbour.key is not None and not neighbour.key.is_file():
            yield f"memory.neighbours.{number}.key: no file {neighbour.key}; copy the neighbour's .pub there"
