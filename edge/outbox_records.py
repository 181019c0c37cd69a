"""What the outbox keeps and gives: records of leads, acts and the chain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from detector.detections import Box
from detector.sign import UNREAD
from leads import UNKNOWN


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest link of the box's chain of evidence."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class ActPlace:
    """Where an act was seen, so that it is known again after a restart, when track ids are new."""

    rule_id: str
    camera: str
    zone: str | None = None
    box: Box | None = None
    seen_at: datetime | None = None
    """When it was last seen (UTC); None means when it occurred."""
    plate: str | None = None
    plate_type: str | None = None
    """The vehicle's identity, where it is sure; then the act is known again before other cameras too."""

    def named(self, plate: str, plate_type: str) -> ActPlace:
        """The same with the vehicle's identity, where that is whole and none is known yet."""
        if self.plate is not None or plate_type == UNKNOWN or UNREAD in plate:
            return self
        return replace(self, plate=plate, plate_type=plate_type)


@dataclass(frozen=True, slots=True)
class KnownAct:
    """An act that a lead was made of."""

    lead_id: str
    zone: str | None
    box: Box | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class QueuedLead:
    """A lead the hub does not hold yet."""

    lead_id: str
    payload: bytes
    payload_sha256: str


@dataclass(frozen=True, slots=True)
class RefusedLead:
    """A lead the hub will not take, and why."""

    lead_id: str
    reason: str
    detail: str
    refused_at: datetime
    payload: bytes


@dataclass(frozen=True, slots=True)
class RecoveredLead:
    """A lead found in an evidence folder, which is the ground truth."""

    lead_id: str
    act_key: str
    payload: bytes
    occurred_at: datetime
    act: ActPlace | None = None
    chain: ChainHead | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """Ids of the leads that left the queue on the hub's receipts."""

    accepted: tuple[str, ...]
    refused: tuple[str, ...]
