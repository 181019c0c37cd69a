"""Rules about a vehicle's size: over what the road allows, with its load."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from detector.estimates import Estimate
from edge.rules.base import Check, Judgement, RuleBase, Trial
from edge.rules.known import Known
from edge.rules.limits import begins, is_combination, oversize_permits
from edge.rules.numbers import Metres, Share
from leads import Fact, Measure

Side = Literal["height", "width", "length"]
SIDES: dict[Side, str] = {"height": "车货总高", "width": "车货总宽", "length": "车货总长"}
BY = {"profiler": "外廓检测设备", "camera": "已标定相机"}


@dataclass(frozen=True, slots=True)
class Size:
    """One measured side, in metres."""

    side: Side
    measured: Estimate
    by: Literal["profiler", "camera"]
    limit: float
    """Infinite where what is allowed is not known."""

    @property
    def over(self) -> bool | None:
        """Whether even its lower end is over the limit; None where the limit lies in the interval."""
        if math.isinf(self.limit):
            return None
        return True if self.measured.surely_over(self.limit) else None if self.measured.high > self.limit else False


class LongerCombination(BaseModel):
    """Combinations that GB 1589 lets be longer than others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trailer_types: tuple[str, ...]
    """Beginnings of the trailer's registered type (GA/T 16.4)."""
    most: Metres


class OverSizeRule(RuleBase):
    """Higher, wider or longer, with its load, than the road allows."""

    kind: Literal["over_size"]
    least_match: Share
    """Least confidence that a profiler's record and the vehicle belong together."""
    most_height: Metres
    most_width: Metres
    most_width_refrigerated: Metres
    most_length: Metres
    longer: tuple[LongerCombination, ...]
    exempt: tuple[str, ...] = ()
    """Words of the register for vehicles that are held to no such limit."""
    exempt_types: tuple[str, ...] = ()
    """Beginnings of their vehicle types (GA/T 16.4)."""

    def judge(self, known: Known) -> Judgement:
        """Try every side that was measured: one that is surely over is enough."""
        trial = Trial(self, known)
        if not (self.concerns(trial) and self._is_held(trial) and self.in_hours(trial, known.first_s)):
            return trial.ends()
        sizes = list(self._sizes(known))
        over = [size for size in sizes if size.over]
        for size in sizes:
            found = f"{size.measured.low:.2f} to {size.measured.high:.2f} m by the {size.by}"
            trial.check(size.side, size.over, found, f"surely over {size.limit:g} m")
        unclear = not sizes or any(size.over is None for size in sizes)
        told = ", ".join(size.side for size in over) or ("no side is measured" if not sizes else "none surely")
        if not trial.check("a side is over", True if over else None if unclear else False, told):
            return trial.ends()
        profiled = any(size.by == "profiler" for size in over)
        return trial.fires(
            "；".join(map(_in_words, over)) + "；以现场核量为准",
            known.first_s,
            known.last_s,
            facts=[fact for size in over for fact in _facts(size)],
            level=self.level if profiled else "low",
            conditions=(Check("measured by a profiler", profiled),),
        )

    def _is_held(self, trial: Trial) -> bool:
        entry = trial.known.entry
        exempt = [] if entry is None else [word for word in entry.exempt if word in self.exempt]
        if entry is not None and begins(entry.vehicle_type, self.exempt_types):
            exempt.append(entry.vehicle_type)
        return trial.check("is held to the limits of size", not exempt, ", ".join(exempt))

    def _sizes(self, known: Known) -> Iterator[Size]:
        """The sides that are measured; a profiler's word counts before a camera's."""
        weighing, measured = known.weighing, known.facts.measured
        record = weighing.record if weighing and weighing.confidence >= self.least_match.value else None
        for side in get_args(Side):
            limit = self._limit(known, side)
            profiled = _profiled(getattr(record, side, None))
            seen: Estimate | None = getattr(measured, f"{side}_m", None)
            if profiled is not None:
                yield Size(side, profiled, "profiler", limit)
            elif seen is not None:
                yield Size(side, seen, "camera", limit)

    def _limit(self, known: Known, side: Side) -> float:
        own = {"height": self.most_height.value, "width": self._width(known), "length": self._length(known)}[side]
        allowed = [getattr(permit, f"{side}_m") for permit in oversize_permits(known)]
        return max(own, *(math.inf if size is None else float(size) for size in allowed)) if allowed else own

    def _width(self, known: Known) -> float:
        entries = (known.entry, known.trailer_registry.entry)
        cold = any(entry is not None and "refrigerated" in entry.exempt for entry in entries)
        return (self.most_width_refrigerated if cold else self.most_width).value

    def _length(self, known: Known) -> float:
        """By the kind of combination; where that is not known, the longest that may be."""
        usual = self.most_length.value
        trailer = known.trailer_registry.entry
        if trailer is not None and trailer.vehicle_type:
            longer = [row.most.value for row in self.longer if begins(trailer.vehicle_type, row.trailer_types)]
            return max(longer, default=usual)
        axles = known.facts.axles
        if is_combination(known, axles.value.count if axles.sure and axles.value else None) is False:
            return usual
        return max((row.most.value for row in self.longer), default=usual)


def _profiled(measure: Measure | None) -> Estimate | None:
    """A profiler's length with its error; without an error it proves nothing."""
    if measure is None or measure.error_mm is None:
        return None
    mm, error = measure.mm, measure.error_mm
    return Estimate(mm / 1000, (mm - error) / 1000, (mm + error) / 1000)


def _in_words(size: Size) -> str:
    measured = size.measured
    return (
        f"{SIDES[size.side]} {measured.value:.2f} m（{measured.low:.2f}～{measured.high:.2f} m，{BY[size.by]}），"
        f"限值 {size.limit:g} m"
    )


def _facts(size: Size) -> Iterator[Fact]:
    yield Fact(name=f"{size.side}_limit_m", value=size.limit, unit="m")
    yield Fact(name=f"{size.side}_least_m", value=round(size.measured.low, 3), unit="m")
    yield Fact(name=f"{size.side}_by", value=size.by)
