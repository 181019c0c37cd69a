"""What was measured of a vehicle, with intervals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def surely_over(self, limit: float) -> bool:
        """Whether even the lower end is over a limit: only then may the value support a lead."""
        return self.low > limit


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured of one passage; None where it cannot be told."""

    from_s: float
    to_s: float
    """Stream time of the first and the last look that was used."""
    looks: int
    speed_kmh: Estimate | None
    """Mean speed over ground in that time."""
    length_m: Estimate | None
    width_m: Estimate | None
    """Without mirrors."""
    height_m: Estimate | None
    """With the load."""
