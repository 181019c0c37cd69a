"""Vehicles and records for tests of the weighing: a scale of two lanes before one camera."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from detector.estimates import Estimate
from edge.weighing.passes import ReadPlate, WeighedPass
from edge.weighing.settings import ScaleSettings
from leads import Plate, Scale, WeighRecord

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Twelve o'clock in Shanghai."""
SHANGHAI = ZoneInfo("Asia/Shanghai")
LANES = {
    "1": {"camera": "cam", "line": "strips-1"},
    "2": {"camera": "cam", "line": "strips-2"},
}


def scale(**more: Any) -> ScaleSettings:
    """The scale, with settings of its own."""
    return ScaleSettings.model_validate({"id": "scale-1", "lanes": LANES} | more)


def at(seconds: float) -> datetime:
    """A moment, counted from noon."""
    return NOON + timedelta(seconds=seconds)


def truck(
    name: str,
    at_s: float,
    *,
    lane: str = "1",
    plate: str = "",
    axles: int | None = None,
    speed_kmh: float | None = None,
    length_m: float | None = None,
    kind: str = "truck",
    touched: tuple[str, ...] = (),
    gone_s: float = 3.0,
    lifted: int = 0,
) -> WeighedPass:
    """A vehicle that crossed the line at a time and was seen for `gone_s` more."""
    return WeighedPass(
        passage_id=name,
        lane=lane,
        crossed_at=at(at_s),
        crossed_s=at_s,
        left_at=at(at_s + gone_s),
        time_error_s=0.05,
        speed_kmh=_within(speed_kmh, 0.04),
        length_m=_within(length_m, 0.08),
        axles=axles,
        axles_sure=axles is not None,
        lifted=lifted,
        plates=(ReadPlate(plate),) if plate else (),
        vehicle_class=kind,
        touched=touched,
    )


def _within(value: float | None, share: float) -> Estimate | None:
    return None if value is None else Estimate(value, value * (1 - share), value * (1 + share))


def weighed(
    name: str,
    at_s: float,
    *,
    lane: str = "1",
    plate: str = "",
    axles: int | None = None,
    speed_kmh: float | None = None,
    kg: float = 30_000,
    device: str = "scale-1",
    **more: Any,
) -> WeighRecord:
    """A record that was stamped at a time; a millisecond on, since whole seconds mean a cut time."""
    return WeighRecord(
        pass_id=name,
        site_id="yanping",
        weighed_at=at(at_s + 0.001),
        scale=Scale(device_id=device),
        lane=lane,
        speed_kmh=speed_kmh,
        plate_front=Plate(text=plate, score=0.9) if plate else None,
        axle_count=axles,
        total_kg=kg,
        **more,
    )
