"""One row of the outbox's leads, and how a damaged one is told."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from leads import WireError, parse_json, parse_time

Row = tuple[Any, ...]
"""Values in the order of `COLUMNS`."""
COLUMNS_1: Final = (
    "seq, lead_id, act_key, occurred_at, added_at, payload, payload_sha256, state, settled_at, holds_evidence,"
    " reason, detail, rule_id, camera, zone, box, seen_at"
)
"""Those of version 1, which knew no plates and no updates."""
COLUMNS: Final = f"{COLUMNS_1}, plate, plate_type, of_lead"


def is_whole(row: Row) -> bool:
    """Whether a row is what was once written: a damaged page may give one that is not, of other types even."""
    seq, lead_id, act_key, occurred_at, added_at, payload, sha256, state, settled_at, holds_evidence = row[:10]
    reason, detail, rule_id, camera, zone, box, seen_at, plate, plate_type, of_lead = row[10:]
    return (
        isinstance(seq, int)
        and isinstance(holds_evidence, int)
        and all(isinstance(text, str) for text in (lead_id, act_key, sha256))
        and all(
            isinstance(text, str | None) for text in (reason, detail, rule_id, camera, zone, plate, plate_type, of_lead)
        )
        and all(_is_time(text) for text in (occurred_at, added_at, seen_at))
        and (settled_at is None) == (state == "queued")
        and (settled_at is None or _is_time(settled_at))
        and (box is None or _is_box(box))
        and (plate is None) == (plate_type is None)
        and (payload is None if state == "held" else state in _WAITING and _is_payload(payload, row))
    )


_WAITING: Final = ("queued", "refused")


def _is_time(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(parse_time(text))
    except ValueError:
        return False


def _is_box(text: object) -> bool:
    try:
        corners = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return False
    return isinstance(corners, list) and len(corners) == 4 and all(isinstance(c, int | float) for c in corners)


def _is_payload(payload: object, row: Row) -> bool:
    """Whether the payload is the one that was written, and of the lead or update and act that the row is said to be."""
    lead_id, act_key, sha256, of_lead = row[1], row[2], row[6], row[19]
    if not isinstance(payload, bytes) or hashlib.sha256(payload).hexdigest() != sha256:
        return False
    try:
        wire = parse_json(payload)
    except WireError:
        return False
    ids = (wire.get("lead_id"), None) if of_lead is None else (wire.get("update_id"), wire.get("lead_id"))
    return (*ids, wire.get("one_act_key")) == (lead_id, of_lead, act_key)
