"""What is known of a vehicle: each fact with its value, how sure, from how many shots, and the shot that proves it.

A fact that was not seen, or not well enough, is unknown: it has no value, and says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from detector.axles import Axles
from detector.detections import Box
from detector.estimates import Measurement
from detector.shots import Shot

Value = TypeVar("Value")
PlateEnd = Literal["front", "rear", "trailer", "unknown"]
FacingEnd = Literal["front", "rear"]
Load = Literal["empty", "level", "heaped", "covered"]
"""An empty bed, one filled no higher than its boards, heaped above them, or under a cover."""
Agreement = Literal["agree", "disagree"]


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a fact can be looked at."""

    shot: Shot
    box: Box | None = None
    """Of what was seen, in pixels of the shot's crop; None where the whole vehicle shows it."""


@dataclass(frozen=True, slots=True)
class Fact(Generic[Value]):
    """One fact; `unknown()` makes one without a value."""

    value: Value | None
    confidence: float
    """0 to 1; 0 of what is unknown."""
    shots: int
    """In how many shots it was seen alike."""
    proof: Proof | None
    doubt: str = ""
    """Why it is unknown, or why it must not be relied on; empty where nothing speaks against it."""

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None

    @property
    def sure(self) -> bool:
        """Whether there is a value that nothing speaks against."""
        return self.known and not self.doubt


def unknown(why: str) -> Fact[Value]:
    """A fact that is not known, and why."""
    return Fact(None, 0.0, 0, None, why)


@dataclass(frozen=True, slots=True)
class PlateRead:
    """A number plate; a vehicle's identity is (`text`, `type`)."""

    text: str
    """Both lines as one; `-` stands for a character on which the shots do not agree."""
    type: str
    """As in `detector.plate_types`, or `unknown`."""
    colour: str
    end: PlateEnd


@dataclass(frozen=True, slots=True)
class Panel:
    """An orange panel (GB 13392-2023)."""

    hazard: str
    """Hazard identification number, with X where the goods must not meet water; empty on an empty panel."""
    un: str
    """UN number, four digits; empty on an empty panel."""


@dataclass(frozen=True, slots=True)
class PlateSought:
    """How well one end of a vehicle was seen that should bear a plate.

    Two shots or more with none found speak for there being no plate; none found in no shots says nothing.
    """

    end: FacingEnd
    shots: int
    """Shots in which a plate there would have been 60 pixels wide or more, in good light, sharp and not hidden."""
    found: int
    """Of these, shots in which a plate was found on the vehicle, read or not."""
    proof: Proof
    """The largest of these shots."""


@dataclass(frozen=True, slots=True)
class Sides:
    """In how many shots each side of a vehicle was seen so large that a diamond of 250 mm would be 16 pixels or more.

    Only on a side that was seen can a sign be missing.
    """

    front: int = 0
    rear: int = 0
    left: int = 0
    """As the driver sits."""
    right: int = 0


NOT_LOOKED = "no second look was taken"
"""Why facts are unknown that nobody looked for."""


def _unlooked() -> Fact[Value]:
    return unknown(NOT_LOOKED)


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of one passage."""

    looked_at: tuple[float, ...] = ()
    """Stream times of the shots that were looked at, in seconds."""
    plates: tuple[Fact[PlateRead], ...] = ()
    """One per end of the vehicle that was seen, surest first."""
    plate_sought: tuple[PlateSought, ...] = ()
    """One per end that was seen well enough to show a plate; an end that is not named was not."""
    sides: Sides = Sides()
    """Which sides were seen well enough to show a diamond."""
    axles: Fact[Axles] = field(default_factory=_unlooked)
    load: Fact[Load] = field(default_factory=_unlooked)
    panel: Fact[Panel] = field(default_factory=_unlooked)
    diamonds: tuple[Fact[str], ...] = ()
    """Class of each diamond that was seen."""
    signs_agree: Fact[Agreement] = field(default_factory=_unlooked)
    """Whether panel and diamonds tell of the same goods."""
    colour: Fact[str] = field(default_factory=_unlooked)
    """Of the body."""
    body: Fact[str] = field(default_factory=_unlooked)
    """Kind of body: box, flat, stake, tipper, mixer, tank, container; `open` where no more is known."""
    raised_boards: Fact[bool] = field(default_factory=_unlooked)
    """Whether a tipper's boards were built higher."""
    taxi_lamp: Fact[bool] = field(default_factory=_unlooked)
    measured: Measurement | None = None
    """Speed and size, where the camera is calibrated and they can be told."""
    speed_certified: bool = False
    """Whether the camera was a speed meter certified by legal metrology when it measured."""

    @property
    def plate(self) -> Fact[PlateRead] | None:
        """The plate of the motor vehicle itself, not of its trailer; None where none was read."""
        return next((p for p in self.plates if p.value is not None and p.value.end != "trailer"), None)
