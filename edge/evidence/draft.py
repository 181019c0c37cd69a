"""The draft of a lead: what is on disk from the moment of the finding until the evidence is sealed.

A draft is a folder under `pending/`. Everything that sealing needs is in it, so a box that loses power between
the finding and the end of the post-roll seals the folder as it stands when it comes back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from detector.passage import Passage
from edge.durable import write_durably
from edge.evidence.facts import ProofPicture
from edge.outbox_records import ActPlace
from edge.rules.base import ProofTerms
from leads import Act, CameraRef, Check, Fact, ModelRef, PassageRef, RegistryRef, Vehicle, WeighRef
from leads.base import Ident, Sha256Hex, UlidText, UtcMs

DRAFT = "draft.json"
TRACK = "track.json"
CLIP = "clip.mp4"


class ClipState(BaseModel):
    """The clip in the draft folder, in seconds of the stream."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    codec: str
    start_s: float
    end_s: float
    offset_s: float
    complete: bool
    missing: str | None = None


class Draft(BaseModel):
    """A lead to be: all of it but the evidence. Times `_s` are seconds of the stream."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lead_id: UlidText
    act_key: str
    place: ActPlace
    """Where the act was seen, for knowing it again."""
    site_id: Ident
    box_id: Ident
    occurred_at: UtcMs
    camera: CameraRef
    passage: PassageRef
    vehicle: Vehicle
    act: Act
    suspect_level: str
    facts: tuple[Fact, ...]
    checks: tuple[Check, ...] = ()
    """Why the rule fired."""
    conditions: tuple[Check, ...] = ()
    """What the grade of the evidence hangs on, besides pictures and clip."""
    proof: ProofTerms | None = None
    """What pictures, clip and clock have to show for the best grade, by the rule."""
    weigh: WeighRef | None = None
    registry: RegistryRef | None = None
    prior_count: int | None = None
    models: tuple[ModelRef, ...]
    rules_sha256: Sha256Hex
    clock_error_ms: float | None
    anchor_at: UtcMs
    """UTC time of `anchor_s`."""
    anchor_s: float
    act_from_s: float
    act_proven_s: float
    moments_s: tuple[float, ...]
    """When the panoramas are taken."""
    one_act_within_s: float | None = None
    """The same vehicle at the same act within this time, at any camera, makes no second lead; None: no such rule."""
    pictures: tuple[ProofPicture, ...] = ()
    """Shots of the vehicle, the best one and those that prove a fact."""
    clip: ClipState | None = None
    missing: tuple[str, ...] = ()
    """What could not be kept, and why."""


def write_draft(folder: Path, draft: Draft) -> None:
    """Write or replace the draft."""
    write_durably(folder / DRAFT, draft.model_dump_json(indent=1).encode())


def read_draft(folder: Path) -> Draft:
    """Read a draft back. Raises ValueError when it is not whole, FileNotFoundError when there is none."""
    return Draft.model_validate_json((folder / DRAFT).read_bytes())


def write_track(folder: Path, passage: Passage) -> None:
    """Write the boxes of the track; rows are stream seconds, x0, y0, x1, y1, score, seen (1) or filled in (0)."""
    rows = [
        [round(float(t), 3), *(round(float(v), 1) for v in box), round(float(score), 3), int(seen)]
        for t, box, score, seen in zip(passage.times_s, passage.boxes, passage.scores, passage.seen, strict=True)
    ]
    track = {
        "passage": passage.id,
        "camera": passage.camera,
        "session": passage.session,
        "width": passage.size[0],
        "height": passage.size[1],
        "votes": {name: round(share, 4) for name, share in passage.votes.items()},
        "boxes": rows,
    }
    write_durably(folder / TRACK, json.dumps(track, separators=(",", ":")).encode())


def read_track(folder: Path) -> dict[str, Any]:
    """Read the boxes of the track back."""
    track: dict[str, Any] = json.loads((folder / TRACK).read_bytes())
    return track


def track_box(track: dict[str, Any], t_s: float) -> Sequence[float] | None:
    """The box (x0, y0, x1, y1) nearest to a stream time, if there is one within a second."""
    rows = np.array(track["boxes"], np.float64).reshape(-1, 7)
    if not len(rows):
        return None
    nearest = int(np.argmin(np.abs(rows[:, 0] - t_s)))
    if abs(rows[nearest, 0] - t_s) > 1.0:
        return None
    return tuple(float(v) for v in rows[nearest, 1:5])
