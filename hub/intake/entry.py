"""What a lead or report says, in the columns that are searched and shown."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.cases.machine import State
from hub.cases.settings import CaseSettings
from hub.intake.judge import Judged
from leads import UNKNOWN, CameraRef, Lead, Plate, Report

LEVELS: Final = {"low": 1, "medium": 2, "high": 3}
"""Strength of a suspicion as it is sorted."""
NO_EVIDENCE: Final = 0
AT_BOX: Final = 1
"""Something is still where it was made; 2 will be all here."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_HOUR_MS: Final = 3_600_000
_SEPARATORS: Final = str.maketrans(dict.fromkeys(" \t\xa0\u3000·•・‧∙●.") | {"O": "0"})


def to_ms(moment: datetime) -> int:
    """Milliseconds of UTC since 1970."""
    return (moment - _EPOCH) // _MS


def to_datetime(ms: int) -> datetime:
    """The moment of milliseconds of UTC since 1970."""
    return _EPOCH + ms * _MS


def normal_plate(text: str) -> str:
    """A number as it is stored and looked up: half-width capitals without dots and spaces, and 0 for the letter O."""
    return unicodedata.normalize("NFKC", text).upper().translate(_SEPARATORS)[:16]


def storable(text: str) -> str:
    """A text without the NUL that PostgreSQL cannot store; the bytes as they came keep it."""
    return text.replace("\0", "\ufffd")


def entry_row(judged: Judged, number: int, now_ms: int, cases: CaseSettings) -> dict[str, Any]:
    """The columns of a new row of `entries`: a clue, with all that its lead or report says.

    `judged` must hold a lead or report. Texts that are not known are empty.
    """
    message = judged.message
    assert isinstance(message, Lead | Report), "updates and refused messages make no entries"
    due_hours = cases.due_hours.get(State.CLUE)
    return {
        "number": number,
        "entry_id": judged.entry_id,
        "kind": judged.kind,
        "source": judged.sender.source,
        "site_id": judged.sender.site_id,
        "box_id": judged.sender.box_id,
        "payload_sha256": judged.payload_sha256,
        "occurred_ms": to_ms(message.occurred_at),
        "received_ms": now_ms,
        "times_received": 1,
        "level": LEVELS[message.suspect_level],
        "state": State.CLUE.value,
        "state_ms": now_ms,
        "due_ms": None if due_hours is None else now_ms + round(due_hours * _HOUR_MS),
        "version": 1,
        "outcome": "",
        **(_of_lead(message) if isinstance(message, Lead) else _of_report(message)),
    }


def _of_lead(lead: Lead) -> dict[str, Any]:
    return {
        "camera_id": lead.camera.id,
        "rule_id": lead.act.rule_id,
        "code": lead.act.code,
        # A box of the first version names no class of the catalogue: its codes stand for themselves.
        "offence": lead.act.offence or lead.act.code,
        "title": storable(lead.act.title),
        "unit": storable(lead.act.unit or ""),
        "grade": lead.evidence_grade,
        "vehicle_class": storable(_known(lead.vehicle.vehicle_class)),
        "place": storable(_place(lead.camera)),
        "act_key": storable(lead.one_act_key),
        "repeats": lead.repeat_count,
        "evidence": AT_BOX if lead.evidence.files else NO_EVIDENCE,
        **_of_plate(lead.vehicle.plate),
    }


def _of_report(report: Report) -> dict[str, Any]:
    return {
        "camera_id": "",
        "rule_id": "",
        "code": "",
        "offence": report.offence,
        "title": storable(report.title),
        "unit": "",
        "grade": "",
        "vehicle_class": storable(_known(report.vehicle_class)),
        "place": storable(report.place),
        "act_key": storable(report.one_act_key or ""),
        "repeats": 0,
        "evidence": AT_BOX if report.files else NO_EVIDENCE,
        **_of_plate(report.plate),
    }


def _of_plate(plate: Plate | None) -> dict[str, Any]:
    text = "" if plate is None else storable(normal_plate(plate.text))
    return {
        "plate": text,
        "plate_tail": text[2:],
        "plate_type": "" if plate is None else _known(plate.type),
        "plate_colour": "" if plate is None else _known(plate.colour),
    }


def _place(camera: CameraRef) -> str:
    """Where it was, for people and for search: name, road, stake, direction."""
    return " ".join(part for part in (camera.place, camera.road_code, camera.stake, camera.direction) if part)


def _known(word: str) -> str:
    return "" if word == UNKNOWN else word
