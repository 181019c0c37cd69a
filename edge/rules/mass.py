"""What a scale proves of a vehicle: its mass less the scale's error, its axles, and what speaks against either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from edge.rules.base import Check, Trial
from edge.rules.known import Known, Weighing
from edge.rules.numbers import Number, Percent, Seconds, Share

GOODS = ("H", "Q", "Z", "N", "T")
"""Vehicle types (GA/T 16.4) that carry goods or work: trucks, tractors, special vehicles, low-speed ones."""


class ScaleTerms(BaseModel):
    """What a scale's word is worth."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    in_service: Mapping[str, Percent] = Field(min_length=1)
    """Greatest permissible error in service of each class of JJG 907. A scale of unknown class has the worst."""
    least_match: Share
    """Least confidence that record and vehicle belong together; below it the record says nothing of the vehicle."""
    most_apart: Seconds
    """Most time between weighing and the nearest picture that was looked at."""
    most_axles_apart: Number
    """Most axles by which scale and camera may differ: the larger number holds."""


@dataclass(frozen=True, slots=True)
class Mass:
    """Mass of a vehicle."""

    weighing: Weighing
    measured_kg: float
    tolerance: float
    """Percent of the measured mass, taken off in the driver's favour."""
    effective_kg: float
    """Measured mass less the tolerance."""
    faults: tuple[str, ...]
    """Why it supports a suspicion only, in Chinese; empty where it proves."""


def mass_of(weighing: Weighing, terms: ScaleTerms) -> Mass:
    """Mass with the error of the scale's class taken off (JJG 907-2006, in service), and what makes it doubtful."""
    error = terms.in_service.get(weighing.scale_class or "")
    tolerance = max(e.value for e in terms.in_service.values()) if error is None else error.value
    doubts = {
        "衡器准确度等级不详": error is None,
        "衡器检定证书已过期": weighing.certified is False,
        "衡器检定情况不详": weighing.certified is None,
        "跨道行驶": weighing.straddling is True,
        "与他车并行过磅": weighing.alongside is True,
    }
    measured = weighing.record.total_kg
    effective = round(measured * (1 - tolerance / 100), 1)
    return Mass(weighing, measured, tolerance, effective, tuple(d for d, there in doubts.items() if there))


def weighed(trial: Trial, terms: ScaleTerms) -> Weighing | None:
    """The vehicle's weigh record, by the conditions that there is one, that it is its own, and whole."""
    found = matched(trial, terms)
    if found is None:
        return None
    evaded = found.record.escape is True
    whole = trial.check("whole mass was weighed", None if evaded else True, "scale says it evaded" if evaded else "")
    return found if whole else None


def matched(trial: Trial, terms: ScaleTerms) -> Weighing | None:
    """The vehicle's weigh record, by the conditions that there is one and that it is its own."""
    found = trial.known.weighing
    if not trial.check("there is a weigh record", None if found is None else True):
        return None
    assert found is not None
    least = terms.least_match.value
    own = True if found.confidence >= least else None
    sure = trial.check("record is this vehicle's", own, f"confidence {found.confidence:.2f}", f"at least {least:g}")
    return found if sure else None


def mass_known(known: Known, least_match: Share) -> bool | None:
    """Whether a scale has told the vehicle's mass, so that its look adds nothing; None before that was looked for."""
    found = known.weighing
    if found is None:
        return False if "weighing" in known.looked_for else None
    passed = not (found.record.escape or found.straddling or found.alongside)
    return passed and found.confidence >= least_match.value


def axles_on_ground(trial: Trial, weighing: Weighing, terms: ScaleTerms) -> int | None:
    """Axles that scale and camera agree on, by that condition; of slightly different counts the larger."""
    record, seen = weighing.record, trial.known.facts.axles
    by_scale = record.axle_count or len(record.axle_kg) or None
    by_camera = seen.value.count if seen.sure and seen.value else None
    counts = [count for count in (by_scale, by_camera) if count is not None]
    agree = bool(counts) and max(counts) - min(counts) <= terms.most_axles_apart.value
    found = f"{by_scale or 'unknown'} by the scale, {by_camera or 'unknown'} by the camera"
    return max(counts) if trial.check("axles are known", True if agree else None, found) else None


def weigh_conditions(known: Known, weighing: Weighing, terms: ScaleTerms) -> tuple[Check, ...]:
    """What the grade of the evidence hangs on, as far as it is known when judging: grade A takes all of it."""
    apart = min((abs(weighing.at_s - t) for t in known.facts.looked_at), default=None)
    most, least = terms.most_apart.value, terms.least_match.value
    scale_class = weighing.scale_class
    vehicle_type = known.entry.vehicle_type if known.entry else ""
    return (
        Check(
            "weigh record is this vehicle's", weighing.confidence >= least, f"{weighing.confidence:.2f}", f"{least:g}"
        ),
        Check(
            "weighed and pictured together",
            None if apart is None else apart <= most,
            "unknown" if apart is None else f"{apart:.1f} s apart",
            f"at most {most:g} s",
        ),
        Check("did not straddle lanes", _no(weighing.straddling)),
        Check("no other vehicle was beside it", _no(weighing.alongside)),
        Check("class of the scale is known", scale_class in terms.in_service, scale_class or "unknown"),
        Check("certificate of the scale is valid", weighing.certified),
        Check("point was made public", weighing.announced),
        Check("plate is the same on head and scale", _same_plate(known, weighing)),
        Check("registered type is plausible", vehicle_type.startswith(GOODS) if vehicle_type else None, vehicle_type),
        Check("register was asked for exemptions and permits", _answered(known)),
    )


def _no(value: bool | None) -> bool | None:
    return None if value is None else not value


def _same_plate(known: Known, weighing: Weighing) -> bool | None:
    """Whether the box and the scale's own camera read the same number."""
    identity, read = known.identity, weighing.record.plate_front
    if identity is None or identity.source == "scale" or read is None:
        return None
    return read.text == identity.plate


def _answered(known: Known) -> bool | None:
    fresh = known.registry.answered == "found" and not known.registry.stale
    return True if fresh and known.identity is not None and known.identity.sure else None
