"""What a box says of itself: birth, death and telemetry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from leads.base import Count, Ident, Label, Message, Part, Prose, Sha256Hex, UtcMs
from leads.lead import ModelRef

CameraState = Literal["connecting", "running", "stalled", "lost", "ended"]
"""State of a camera's stream."""


class CameraBirth(Part):
    """A camera that the box watches."""

    id: Ident
    """Id of the camera within its site."""
    place: Prose = ""
    """Name of the place, for people."""


class Status(Message):
    """Birth and death of a box; retained, and the death is the last will. Box to all."""

    site_id: Ident
    """Site of the box."""
    box_id: Ident
    """The box."""
    session_id: Ident
    """One run of the box's process; a death of an older session says nothing of the present one."""
    state: Literal["online", "offline"]
    """Birth or death."""
    at: UtcMs | None = None
    """When; null in the last will, which the broker sends at a time the box could not know."""
    reason: Literal["stopped", "connection_lost"] | None = None
    """Why it is offline; null at birth."""
    software: Label | None = None
    """Version of the software."""
    models: tuple[ModelRef, ...] = ()
    """Networks in use."""
    rules_sha256: Sha256Hex | None = None
    """SHA-256 of the rule table in force."""
    cameras: tuple[CameraBirth, ...] = ()
    """Cameras of the box."""


class CameraTelemetry(Part):
    """How one camera fares."""

    id: Ident
    """Id of the camera."""
    state: CameraState
    """State of its stream."""
    fps: Annotated[float, Field(ge=0)]
    """Frames received per second."""
    frames: Count = 0
    """Frames received since the start."""
    dropped: Count = 0
    """Frames not looked at because a newer one was there."""
    reconnects: Count = 0
    """Times it was connected anew."""
    stalls: Count = 0
    """Times it gave no frame for too long."""


class Telemetry(Message):
    """Counts, rates and temperatures of a box. Box to hub, not kept if lost."""

    site_id: Ident
    """Site of the box."""
    box_id: Ident
    """The box."""
    session_id: Ident
    """Run of the box's process."""
    at: UtcMs
    """When it was measured."""
    uptime_s: Annotated[float, Field(ge=0)]
    """Seconds since the process started."""
    cameras: tuple[CameraTelemetry, ...] = ()
    """Cameras, one by one."""
    stage_ms: dict[Ident, float] = Field(default_factory=dict)
    """Mean ms per stage since the start."""
    counters: dict[Ident, Count] = Field(default_factory=dict)
    """Counts since the start, by name."""
    outbox_depth: Count = 0
    """Leads not yet held by the hub."""
    outbox_oldest_s: Annotated[float, Field(ge=0)] | None = None
    """Age of the oldest of them in seconds; null when there is none."""
    clock_error_ms: float | None = None
    """How far the clock is off, in ms; null where unknown."""
    cpu_percent: float | None = None
    """Load of all cores, in per cent."""
    memory_bytes: Count | None = None
    """Resident memory of the process."""
    disk_free_bytes: Count | None = None
    """Free space where the evidence lies."""
    temperature_c: float | None = None
    """Hottest sensor, in degrees Celsius."""
