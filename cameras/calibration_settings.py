"""What a site engineer writes down to calibrate a camera: points or lane marks of the road, in pixels and metres."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MarkEnd = tuple[float, float, float]
RoadPoint = tuple[float, float, float, float]


class LaneLine(BaseModel):
    """One line along a straight road: ends of its marks, or any points of an unbroken line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    across_m: float
    """Metres from the first line, to the left of the way along; lanes are mostly 3.75 or 3.5 m wide."""
    ends: tuple[MarkEnd, ...] = ()
    """Pixel (x, y) of ends of marks, and metres along the road from the first end of this line, growing along it."""
    points: tuple[tuple[float, float], ...] = ()
    """Pixels (x, y) anywhere on the line, for a line that is not broken."""

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if len(self.ends) + len(self.points) < 2:
            raise ValueError("a line needs two ends of marks or two points")
        if len(self.ends) == 1:
            raise ValueError("one end of a mark tells no length: give both ends, or write it under points")
        return self


class SpeedMeterCertificate(BaseModel):
    """The certificate of a speed meter by legal metrology. Without it no speed is more than a clue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = Field(min_length=1)
    """Number of the certificate."""
    valid_until: date
    """Last day on which it holds."""


class CalibrationSettings(BaseModel):
    """What ties a camera's pixels to its road: `points`, or `lines` of known marks and distances."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: tuple[int, int]
    """Width and height of the picture that the pixels were read in."""
    points: tuple[RoadPoint, ...] = ()
    """Pixel (x, y) and place on the road (x, y in metres, y to the left of x): four or more, better eight."""
    lines: tuple[LaneLine, ...] = ()
    """Two or more parallel lines of a straight road, at least one with ends of marks."""
    horizontal_fov_deg: float | None = Field(default=None, gt=3, lt=150)
    """Angle of view from left to right, where the points cannot tell it."""
    fit_distortion: bool = False
    """Fit the lens's bend (one number) as well: for wide lenses, with ten or more points out to the edges."""
    click_px: float = Field(default=1.5, gt=0)
    """How far off a pixel may be read (one standard deviation)."""
    tape_m: float = Field(default=0.03, gt=0)
    """How far off a place on the road may be measured (one standard deviation)."""
    speed_meter_certified: SpeedMeterCertificate | None = None
    """Set it only where this camera with this calibration is a speed meter certified by legal metrology."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.points) == bool(self.lines):
            raise ValueError("give either points or lines")
        if self.points and len(self.points) < 4:
            raise ValueError(f"{len(self.points)} points are too few: give four or more, better eight")
        if self.lines and len(self.lines) < 2:
            raise ValueError("one line is too few: give two or more parallel ones")
        if self.lines and not any(line.ends for line in self.lines):
            raise ValueError("no line has ends of marks: their length along the road is needed")
        if min(self.size) < 16:
            raise ValueError(f"{self.size[0]}x{self.size[1]} is no size of a picture: width and height in pixels")
        return self

    def certified_at(self, at: datetime) -> bool:
        """Whether a speed measured then, in the site's local time, is that of a certified meter."""
        certificate = self.speed_meter_certified
        return certificate is not None and at.date() <= certificate.valid_until
