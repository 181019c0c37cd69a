"""The weigh record: what a scale says of a pass."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from leads.base import Count, Ident, Label, Part, Score, SignedMessage, UtcMs
from leads.lead import Plate

NonNegative = Annotated[float, Field(ge=0)]


class Measure(Part):
    """A length with its error."""

    mm: NonNegative
    """Measured length in millimetres."""
    error_mm: NonNegative | None = None
    """Error of the device, plus or minus, in millimetres; null where unknown."""


class Scale(Part):
    """The scale and its certificate."""

    device_id: Ident
    """Id of the scale."""
    scale_class: Label | None = None
    """Accuracy class by JJG 907, e.g. 5; null where unknown."""
    cert_no: Label | None = None
    """Number of the verification certificate."""
    cert_valid_to: UtcMs | None = None
    """Until when the certificate holds."""


class WeighRecord(SignedMessage):
    """One weighing of one pass. Scale to box. Fields after the published data table of non-stop inspection."""

    pass_id: Label
    """The scale's id of the pass: station, time, serial (previewCode)."""
    site_id: Ident
    """Site of the scale."""
    station_code: Label | None = None
    """Code of the station (previewStationCode)."""
    weighed_at: UtcMs
    """When the last axle was weighed (previewDate)."""
    snapshot_at: UtcMs | None = None
    """When the scale's own camera took its picture (snapshotTime)."""
    scale: Scale
    """Scale and certificate."""
    measure_type: Label | None = None
    """How it was measured, in the scale's own word (measureType)."""
    lane: Label
    """Lane, by the site's own numbering (laneNo)."""
    speed_kmh: NonNegative | None = None
    """Speed over the scale."""
    plate_front: Plate | None = None
    """Plate at the front (licenseCodeFront, licensePlateColor)."""
    plate_rear: Plate | None = None
    """Plate at the rear (licenseCodeBack)."""
    vehicle_type: Label | None = None
    """Type of vehicle, in the scale's own word (vehicleType)."""
    axle_count: Annotated[int, Field(ge=1, le=50)] | None = None
    """Number of axles (axisNum)."""
    total_kg: NonNegative
    """Total mass in kilograms, as measured, no tolerance taken off (totalWeight)."""
    axle_kg: tuple[NonNegative, ...] = ()
    """Mass per axle in kilograms, from the front (axle1Weight...); empty where not given."""
    axle_spacing_m: tuple[NonNegative, ...] = ()
    """Distances between axles in metres, from the front; empty where not given."""
    limit_kg: NonNegative | None = None
    """Limit that the scale went by; the box goes by its own rule table."""
    over_kg: NonNegative | None = None
    """What the scale says is over its limit (overLimitWeight)."""
    over_rate: NonNegative | None = None
    """The same as a share of the limit, 0.1 being 10 % (overLimitRate)."""
    straddle: bool | None = None
    """Whether the vehicle straddled lanes; null where unknown."""
    escape: bool | None = None
    """Whether the scale says the vehicle evaded weighing (isEscape)."""
    match_confidence: Score | None = None
    """The scale's confidence that mass and plate are of one vehicle."""
    length: Measure | None = None
    """Length of the vehicle."""
    width: Measure | None = None
    """Width of the vehicle."""
    height: Measure | None = None
    """Height of the vehicle."""
    serial: Count | None = None
    """Running number of the record at the scale, where it has one: a gap means a lost record."""
