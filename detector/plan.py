"""The plan of a camera's picture: zones, lanes and lines that an engineer drew on it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

Fraction = Annotated[float, Field(ge=0, le=1)]
Point = tuple[Fraction, Fraction]
Anchor = tuple[float, float]


class Purpose(StrEnum):
    """What a zone is for; rules name the purpose they look at."""

    CLOSED = "closed"
    NO_STOP = "no_stop"
    LANE = "lane"
    NO_DANGEROUS_GOODS = "no_dangerous_goods"
    """Closed to dangerous goods: a tunnel, a bridge, a source of drinking water."""
    BAY = "bay"
    """Where passengers may get on and off, or vehicles may be parked."""


class ZoneSettings(BaseModel):
    """An area of the road as the camera sees it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    """Name by which rules and leads speak of the zone."""
    purpose: Purpose
    """closed, no_stop, lane, no_dangerous_goods or bay."""
    title: str = ""
    """Name for people, by which permits speak of a closed section."""
    polygon: tuple[Point, ...] = Field(min_length=3)
    """Corners as fractions of the picture's width and height, so that they hold for any stream size."""
    direction: tuple[Point, Point] | None = None
    """For a lane: an arrow from, to, along which traffic has to drive."""

    @model_validator(mode="after")
    def _lane_has_direction(self) -> Self:
        if self.purpose is Purpose.LANE and self.direction is None:
            raise ValueError(f"lane {self.id} needs a direction: [[x0, y0], [x1, y1]] along the traffic")
        if self.direction is not None and self.direction[0] == self.direction[1]:
            raise ValueError(f"direction of {self.id} has no length: give two different points")
        return self


class LineSettings(BaseModel):
    """A line across the road."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    """Name by which rules and leads speak of the line."""
    start: Point
    """One end, as fractions of the picture."""
    end: Point
    """The other end. Crossing from left to right, seen from start to end, is forward."""


class PlanSettings(BaseModel):
    """All that is drawn on one camera's picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zones: tuple[ZoneSettings, ...] = ()
    """Closed areas, no-stop areas and lanes."""
    lines: tuple[LineSettings, ...] = ()
    """Lines whose crossings are counted."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [z.id for z in self.zones] + [line.id for line in self.lines]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"zones and lines of one camera need different ids; used twice: {', '.join(twice)}")
        return self


class Plan:
    """`PlanSettings` in pixels of one picture size (width, height)."""

    def __init__(self, settings: PlanSettings, size: tuple[int, int]) -> None:
        self.zones = settings.zones
        self.lines = settings.lines
        self._polygons = [_pixels(z.polygon, size) for z in settings.zones]
        self._ends = [_pixels((line.start, line.end), size).astype(np.float64) for line in settings.lines]

    def zones_at(self, anchor: Anchor) -> list[int]:
        """Indices of the zones that hold the point where a vehicle stands on the road."""
        return [i for i, p in enumerate(self._polygons) if cv2.pointPolygonTest(p, anchor, False) >= 0]

    def side(self, line: int, anchor: Anchor) -> int:
        """+1 to the right of a line seen from its start, -1 to the left, 0 on it."""
        a, b = self._ends[line]
        return int(np.sign((b[0] - a[0]) * (anchor[1] - a[1]) - (b[1] - a[1]) * (anchor[0] - a[0])))

    def meets(self, line: int, before: Anchor, after: Anchor) -> bool:
        """Whether the way from one point to another goes through the line between its ends."""
        a, b = self._ends[line]
        p, q = np.asarray(before), np.asarray(after)
        return _turn(a, b, p) != _turn(a, b, q) and _turn(p, q, a) != _turn(p, q, b)


def _pixels(points: tuple[Point, ...], size: tuple[int, int]) -> NDArray[np.float32]:
    return (np.array(points, np.float64) * size).astype(np.float32)


def _turn(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> bool:
    return bool((b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0]))
