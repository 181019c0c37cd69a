"""Vehicles under watch, told to the boxes in shards so that a change does not resend the whole list."""

from __future__ import annotations

import hashlib
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from leads.base import Colour, Count, Label, Part, Prose, SignedMessage, UtcMs
from leads.lead import PlateColour

ShardName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]$")]
"""One of 16 shards, as a hexadecimal digit."""


def watch_shard(plate: str, plate_type: str) -> str:
    """Tell which of the 16 shards a vehicle is in: first hexadecimal digit of the SHA-256 of its identity."""
    return hashlib.sha256(f"{plate}\n{plate_type}".encode()).hexdigest()[0]


class WatchEntry(Part):
    """One vehicle under watch."""

    plate: Annotated[str, StringConstraints(min_length=1, max_length=16)]
    """Plate number."""
    plate_type: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
    """Plate type by GA/T 16.7; with the number it is the vehicle's identity."""
    plate_colour: PlateColour = "unknown"
    """Plate colour as a word."""
    colour: Colour
    """Risk colour."""
    reason: Prose
    """Why it is under watch."""
    kind: Label
    """Kind of suspicion, as a machine word."""
    since: UtcMs
    """From when."""
    until: UtcMs | None = None
    """Until when; null while open-ended."""
    prior_count: Count | None = None
    """Acts found and closed against it in the last 365 days, as the hub knows; null where it does not say."""

    @property
    def identity(self) -> tuple[str, str]:
        """(plate number, plate type)."""
        return self.plate, self.plate_type


class WatchList(SignedMessage):
    """All entries of one shard; the newest replaces what was there. Hub to boxes, retained."""

    shard: ShardName
    """The shard."""
    revision: Count
    """Grows with each change of the shard; a lower one than the box holds is old."""
    issued_at: UtcMs
    """When it was issued."""
    entries: tuple[WatchEntry, ...] = Field(default=(), max_length=20_000)
    """The vehicles."""

    @model_validator(mode="after")
    def _in_their_shard(self) -> Self:
        seen: set[tuple[str, str]] = set()
        for entry in self.entries:
            if watch_shard(*entry.identity) != self.shard:
                raise ValueError(f"an entry lies in shard {self.shard} but belongs to {watch_shard(*entry.identity)}")
            if entry.identity in seen:
                raise ValueError("one vehicle stands twice in a shard: put its reasons into one entry")
            seen.add(entry.identity)
        return self
