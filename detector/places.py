"""Where a track went: zones it was in, lines it crossed, how long it stood still."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detector.detections import Box
from detector.plan import Anchor, Plan

HOLD_FRAMES = 2
"""Looked-at frames on the other side before a change of place counts: one jumping box is not a crossing."""


@dataclass(frozen=True, slots=True)
class ZoneVisit:
    """A stay in a zone, in seconds of the stream and pixels; the anchor is the middle of the box's lower edge."""

    zone: str
    entered_s: float
    last_s: float
    entered_at: Anchor
    last_at: Anchor
    frames: int
    over: bool = False

    @property
    def dwell_s(self) -> float:
        """Seconds from the first to the last frame in the zone."""
        return self.last_s - self.entered_s


@dataclass(frozen=True, slots=True)
class Crossing:
    """A line crossed, once per track. `forward`: from the left to the right of the line."""

    line: str
    at_s: float
    forward: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """A time during which the vehicle stood still, with its box (x0, y0, x1, y1) then."""

    from_s: float
    to_s: float
    box: Box

    @property
    def duration_s(self) -> float:
        """Seconds stood still."""
        return self.to_s - self.from_s


class PlaceLog:
    """Follows one track over the plan. Feed it every look; read `visits`, `crossings`, `stops`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._present: dict[int, ZoneVisit] = {}
        self._outside: dict[int, int] = {}
        self._past: list[ZoneVisit] = []
        self._lines = [_LineState() for _ in plan.lines]
        self.crossings: list[Crossing] = []
        self._still = _StillWatch()

    def look(self, t_s: float, box: Box) -> None:
        """Take the track's box of one looked-at frame."""
        anchor = ((box[0] + box[2]) / 2, box[3])
        self._look_zones(t_s, anchor)
        for i, state in enumerate(self._lines):
            crossing = state.look(self._plan, i, t_s, anchor)
            if crossing:
                self.crossings.append(crossing)
        self._still.look(t_s, box)

    @property
    def visits(self) -> tuple[ZoneVisit, ...]:
        """Stays of at least `HOLD_FRAMES` frames, in order of entering."""
        everything = [*self._past, *self._present.values()]
        return tuple(sorted((v for v in everything if v.frames >= HOLD_FRAMES), key=lambda v: v.entered_s))

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Times stood still, the present one last."""
        return self._still.stops

    def _look_zones(self, t_s: float, anchor: Anchor) -> None:
        inside = set(self._plan.zones_at(anchor))
        for i in inside:
            visit = self._present.get(i)
            self._outside[i] = 0
            self._present[i] = (
                replace(visit, last_s=t_s, last_at=anchor, frames=visit.frames + 1)
                if visit
                else ZoneVisit(self._plan.zones[i].id, t_s, t_s, anchor, anchor, 1)
            )
        for i in [i for i in self._present if i not in inside]:
            self._outside[i] += 1
            if self._outside[i] >= HOLD_FRAMES:
                self._past.append(replace(self._present.pop(i), over=True))


class _LineState:
    """One track against one line: held on one side, then held on the other, then done."""

    def __init__(self) -> None:
        self._side = 0
        self._held = 0
        self._settled = 0
        self._before: Anchor | None = None
        self._first_beyond: tuple[float, Anchor] | None = None
        self._done = False

    def look(self, plan: Plan, line: int, t_s: float, anchor: Anchor) -> Crossing | None:
        side = plan.side(line, anchor)
        if self._done or side == 0:
            return None
        self._held = self._held + 1 if side == self._side else 1
        self._side = side
        if side == self._settled:
            self._before, self._first_beyond = anchor, None
            return None
        if self._first_beyond is None:
            self._first_beyond = (t_s, anchor)
        if self._held < HOLD_FRAMES:
            return None
        before, (at_s, beyond) = self._before, self._first_beyond
        self._settled, self._before, self._first_beyond = side, anchor, None
        if before is None or not plan.meets(line, before, beyond):
            return None
        self._done = True
        return Crossing(plan.lines[line].id, at_s, side > 0)


class _StillWatch:
    """Finds stops: the box's centre stays within a share of its size of where it was."""

    TOLERANCE = 0.15
    """Of the box's size: a detector's box jitters by a few hundredths."""
    LEAST_S = 1.0

    def __init__(self) -> None:
        self._since_s = 0.0
        self._box: Box | None = None
        self._last_s = 0.0
        self._past: list[Stop] = []

    def look(self, t_s: float, box: Box) -> None:
        if self._box is None or self._moved(box):
            present = self._present()
            if present:
                self._past.append(present)
            self._box, self._since_s = box, t_s
        self._last_s = t_s

    @property
    def stops(self) -> tuple[Stop, ...]:
        present = self._present()
        return (*self._past, *((present,) if present else ()))

    def _present(self) -> Stop | None:
        if self._box is None or self._last_s - self._since_s < self.LEAST_S:
            return None
        return Stop(self._since_s, self._last_s, self._box)

    def _moved(self, box: Box) -> bool:
        a, b = np.asarray(self._box), np.asarray(box)
        size = float(np.sqrt(max((a[2] - a[0]) * (a[3] - a[1]), 1.0)))
        # The lower edge's middle and the centre: a vehicle coming on grows before its centre moves.
        far = max(abs((b[0] + b[2] - a[0] - a[2]) / 2), abs((b[1] + b[3] - a[1] - a[3]) / 2), abs(b[3] - a[3]))
        return bool(far > self.TOLERANCE * size)
