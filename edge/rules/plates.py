"""Plates: missing or covered ones, one number at two places, and numbers that belong to another kind of vehicle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator

from edge.registry.entries import VehicleEntry
from edge.rules.base import Judgement, Trial
from edge.rules.known import Known, PastPass
from edge.rules.numbers import Hour, Kilometres, KmPerHour, Metres, Number, Seconds, Share
from edge.rules.on_record import RegistryStateRule, WatchedRule
from edge.rules.passes import PassRule, count
from edge.rules.permits import LOW, by_register, graded, sure
from leads import Fact
from models.taxonomy import VEHICLES

ENDS = {"front": "车头", "rear": "车尾"}


class HiddenPlateRule(PassRule):
    """No plate at an end of the vehicle where several shots should have shown one: covered, missing, or a paper one."""

    kind: Literal["hidden_plate"]
    shots: Number
    """Shots that should have shown the plate of an end."""
    exempt_types: tuple[str, ...]
    """Plate types (GA/T 16.7) of vehicles that bear none at one end, or paper ones behind glass."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether an end was looked at often enough and was bare each time; both ends say more than one."""
        known, least = trial.known, self.shots.value
        bare = [e for e in ENDS if (seen := known.plate_sought.get(e)) and seen[0] >= least and seen[1] == 0]
        enough = any(shots >= least for shots, _ in known.plate_sought.values()) and "facts" in known.looked_for
        told = ", ".join(f"{end} {found} of {shots}" for end, (shots, found) in sorted(known.plate_sought.items()))
        met = True if bare and enough else False if enough else None
        if not trial.check("an end without plate", met, told or "no end well seen", f"0 of {least:g} shots"):
            return trial.ends()
        identity = known.identity
        read = identity is not None and identity.source != "camera"
        if not trial.check("no other camera read a plate", not read):
            return trial.ends()
        exempt = identity is not None and identity.plate_type in self.exempt_types
        if not trial.check("bears plates at both ends", not exempt, identity.plate_type if identity else ""):
            return trial.ends()
        words = "、".join(ENDS[end] for end in bare)
        return self.told(
            trial,
            f"{words}多个画面中均未见号牌，或为遮挡、缺失，也可能为临时号牌；须现场核查",
            *(count(f"{end}_shots_without_plate", known.plate_sought[end][0]) for end in bare),
            level=self.level if len(bare) == len(ENDS) and identity is None else LOW,
        )


class ClonedPlateRule(PassRule):
    """The same number and type was elsewhere, too far away for the time between."""

    kind: Literal["cloned_plate"]
    speed: KmPerHour
    """As the crow flies; no vehicle is that fast by road."""
    least_apart: Kilometres
    """Nearer places prove nothing: clocks and places have errors."""
    clock_error: Seconds
    """By which the clocks of two boxes may differ."""
    within: Hour
    """Older passes are not looked at."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether an earlier pass is out of reach; the one that would need the highest speed counts."""
        known = trial.known
        if not trial.check("plate read without doubt", True if sure(known.identity) else None):
            return trial.ends()
        worst = max(((self._speed(p, known), i) for i, p in enumerate(self._recent(known))), default=(0.0, 0))
        speed, most = worst[0], self.speed.value
        met = True if speed > most else False if "history" in known.looked_for else None
        if not trial.check("speed from an earlier pass", met, f"{speed:.0f} km/h", f"over {most:g} km/h"):
            return trial.ends()
        past = known.history[worst[1]]
        minutes = abs(known.at(known.first_s) - past.at).total_seconds() / 60
        return self.told(
            trial,
            f"同一号牌 {minutes:.0f} 分钟前在直线 {past.distance_km:.0f} km 外的{past.place or past.site}；疑为套牌",
            Fact(name="distance_km", value=round(past.distance_km or 0.0, 1), unit="km"),
            Fact(name="minutes_between", value=round(minutes, 1), unit="min"),
            Fact(name="speed_needed", value=round(speed), unit="km/h"),
            Fact(name="other_place", value=past.place or past.site),
        )

    def _recent(self, known: Known) -> list[PastPass]:
        now, within_s = known.at(known.first_s), self.within.value * 3600
        older = (i for i, p in enumerate(known.history) if (now - p.at).total_seconds() > within_s)
        return list(known.history[: next(older, len(known.history))])

    def _speed(self, past: PastPass, known: Known) -> float:
        if past.distance_km is None or past.distance_km < self.least_apart.value:
            return 0.0
        seconds = abs((known.at(known.first_s) - past.at).total_seconds()) + self.clock_error.value
        return past.distance_km / max(seconds, 1.0) * 3600


class OtherVehicle(BaseModel):
    """Registered or plated as one kind of vehicle, and seen as another that nobody would take for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: tuple[str, ...] = Field(min_length=1)
    """Beginnings of registered vehicle types (GA/T 16.4), or plate types (GA/T 16.7)."""
    seen: tuple[str, ...] = Field(min_length=1)
    """Classes that the vehicle's look must not be."""

    @field_validator("seen")
    @classmethod
    def _known_classes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in value if name not in VEHICLES]:
            raise ValueError(f"unknown vehicle classes {unknown}; use some of {', '.join(VEHICLES)}")
        return value


class OtherTypeRule(PassRule):
    """Seen as another kind of vehicle than is registered under its plate: a false or a cloned one.

    The class vote alone is wrong far oftener than a plate is false: something else must contradict the register too.
    """

    kind: Literal["other_type"]
    contradictions: tuple[OtherVehicle, ...]
    least_share: Share
    """Of the class vote that must fall on what it is not."""
    goods_bodies: tuple[str, ...]
    """Kinds of body that no car or bus has."""
    off_length: Metres
    """By how much the interval of the measured length must miss the registered one."""

    def tries(self, trial: Trial) -> Judgement:
        """Whether the register's type and the look cannot be one vehicle."""
        known, entry = trial.known, trial.known.entry
        registered = entry.vehicle_type if entry else ""
        if not trial.check("registered type is known", True if registered else None, known.registry.answered):
            return trial.ends()
        if not trial.check("plate read without doubt", True if sure(known.identity) else None):
            return trial.ends()
        shares = [known.share(c.seen) for c in self.contradictions if registered.startswith(c.of)]
        share, least = max(shares, default=0.0), self.least_share.value
        told = f"{registered}, seen as {known.class_name} ({known.share((known.class_name,)):.0%})"
        if not trial.check("seen as another kind", share >= least, told, f"at least {least:.0%}"):
            return trial.ends()
        assert entry is not None
        marks = list(self._marks(known, entry))
        if not trial.check(
            "axles, body or length contradict the register too", True if marks else None, ", ".join(marks)
        ):
            return trial.ends()
        return self.told(
            trial,
            f"登记车型 {registered} 与所见 {known.class_name} 不符，疑为套牌或假牌",
            Fact(name="contradicted_by", value=", ".join(marks)),
            Fact(name="registered_type", value=registered),
            Fact(name="seen_as", value=known.class_name, confidence=min(1.0, share)),
            level=graded(known, self.level),
            conditions=by_register(known),
        )

    def _marks(self, known: Known, entry: VehicleEntry) -> Iterator[str]:
        """What else is seen that the registered vehicle does not have."""
        axles, body, measured = known.facts.axles, known.facts.body, known.facts.measured
        if axles.sure and axles.value is not None and entry.axles is not None and known.trailer is None:
            seen = axles.value.count + axles.value.lifted
            if seen != entry.axles:
                yield f"{seen} axles"
        if body.sure and body.value in self.goods_bodies and entry.vehicle_type[:1] in ("K", "M"):
            yield f"body {body.value}"
        length = measured.length_m if measured else None
        if length is not None and entry.length_m is not None:
            off = self.off_length.value
            if length.low > entry.length_m + off or length.high < entry.length_m - off:
                yield f"length {length.value:.1f} m"


class PlateClassRule(PassRule):
    """A type of plate that such a vehicle cannot bear: a large vehicle's on a car, a small one's on a coach."""

    kind: Literal["plate_class"]
    contradictions: tuple[OtherVehicle, ...]
    least_share: Share

    def tries(self, trial: Trial) -> Judgement:
        """Whether the plate's type and the look cannot be one vehicle."""
        known, identity = trial.known, trial.known.identity
        if not trial.check("plate read without doubt", True if sure(identity) else None):
            return trial.ends()
        assert identity is not None
        shares = [known.share(c.seen) for c in self.contradictions if identity.plate_type in c.of]
        share, least = max(shares, default=0.0), self.least_share.value
        told = f"type {identity.plate_type}, seen as {known.class_name}"
        if not trial.check("no such plate on such a vehicle", share >= least, told, f"at least {least:.0%}"):
            return trial.ends()
        asked = known.registry.answered
        unheld = {"absent": True, "found": False}.get(asked)
        if not trial.check("no register holds the number under this type", unheld, asked):
            return trial.ends()
        return self.told(
            trial,
            f"号牌种类 {identity.plate_type} 与所见 {known.class_name} 不符；须排除号牌颜色误判",
            Fact(name="plate_type", value=identity.plate_type),
            Fact(name="seen_as", value=known.class_name, confidence=min(1.0, share)),
        )


PlateRule: TypeAlias = (
    HiddenPlateRule | RegistryStateRule | ClonedPlateRule | OtherTypeRule | PlateClassRule | WatchedRule
)
