"""Messages to try things on: one full lead, and hypothesis strategies that give any valid one."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from leads import (
    SCHEMA_VERSION,
    Act,
    CameraRef,
    EvidenceRef,
    Fact,
    FileRef,
    Lead,
    LeadUpdate,
    ModelRef,
    PassageRef,
    Plate,
    Receipt,
    Sighting,
    Vehicle,
    deterministic_ulid,
)

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ZEROS = "0" * 64
NEWER = f"1.{int(SCHEMA_VERSION.partition('.')[2]) + 1}"
"""The version after the one written here."""


def sample_lead(number: int = 1, *, site: str = "site-1", box: str = "box-1", **changes: Any) -> Lead:
    """A full lead; each `number` is another act."""
    at = NOON + timedelta(seconds=number)
    files = (
        FileRef(name="clip.mp4", kind="clip", sha256="a" * 64, bytes=1_234_567),
        FileRef(name="panorama-1.jpg", kind="panorama", sha256="b" * 64, bytes=345_678),
    )
    members: dict[str, Any] = {
        "lead_id": deterministic_ulid(at, box, str(number)),
        "site_id": site,
        "box_id": box,
        "occurred_at": at,
        "made_at": at + timedelta(seconds=8),
        "camera": CameraRef(
            id="gantry-up", place="岭下超限检测点", road_code="G316", stake="K123+400", direction="上行"
        ),
        "passage": PassageRef(
            id=f"gantry-up-{number}", first_seen=at, last_seen=at + timedelta(seconds=3), entry="top"
        ),
        "vehicle": Vehicle(
            vehicle_class="truck",
            class_score=0.93,
            plate=Plate(text="闽H·12345", type="01", colour="yellow", score=0.88),
        ),
        "act": Act(
            rule_id="closed-zone",
            rule_version="1",
            code="closed-zone",
            title="闯禁行",
            summary="疑似货车驶入禁行区域",
            zone="outer-lane",
            legal_basis=("《道路交通安全法》第三十九条",),
        ),
        "suspect_level": "medium",
        "evidence_grade": "A",
        "facts": (Fact(name="zone", value="outer-lane", confidence=0.9, shots=12, proof="panorama-1.jpg"),),
        "models": (ModelRef(name="yolox_nano_coco", sha256="c" * 64, provider="CPUExecutionProvider"),),
        "rules_sha256": "d" * 64,
        "clock_error_ms": 1.5,
        "evidence": EvidenceRef(
            folder="20261123/x", manifest_sha256="e" * 64, chain_seq=1, chain_prev=ZEROS, files=files, complete=True
        ),
        "one_act_key": f"closed-zone|{box}|gantry-up-{number}",
    }
    return Lead(**(members | changes))


def sample_receipt(payload_sha256: str, lead_id: str) -> Receipt:
    """A receipt of acceptance."""
    return Receipt(
        hub_id="hub-1",
        lead_id=lead_id,
        payload_sha256=payload_sha256,
        outcome="accepted",
        stored_at=NOON + timedelta(minutes=1),
    )


def sample_update(lead: Lead, time: int = 1, **changes: Any) -> LeadUpdate:
    """The vehicle of a lead is seen again, for the `time`-th time, ten minutes after the last."""
    at = lead.occurred_at + timedelta(minutes=10 * time)
    members: dict[str, Any] = {
        "update_id": deterministic_ulid(at, lead.lead_id),
        "lead_id": lead.lead_id,
        "site_id": lead.site_id,
        "box_id": lead.box_id,
        "rule_id": lead.act.rule_id,
        "camera": CameraRef(id="layby", place="岭下港湾"),
        "passage": PassageRef(id=f"layby-{time}", first_seen=at, last_seen=at + timedelta(seconds=3)),
        "occurred_at": at,
        "repeat_count": time,
        "facts": (Fact(name="zone", value="layby"),),
        "one_act_key": f"{lead.act.rule_id}|{lead.box_id}|layby-{at:%H%M%S}",
    }
    return LeadUpdate(**(members | changes))


def sample_sighting(number: int = 1, **changes: Any) -> Sighting:
    """A pass at a neighbour's, each `number` a minute later."""
    members: dict[str, Any] = {
        "site_id": "station",
        "box_id": "box-7",
        "camera": "gate",
        "place": "南平汽车站",
        "hub": "客运枢纽",
        "lon": 118.17,
        "lat": 26.64,
        "plate": "闽H12345",
        "plate_type": "02",
        "at": NOON + timedelta(minutes=number),
        "vehicle_class": "car",
    }
    return Sighting(**(members | changes))


_FIRST = string.ascii_letters + string.digits
IDENTS = st.builds(str.__add__, st.sampled_from(_FIRST), st.text(_FIRST + "._-", max_size=63))
LABELS = st.text(min_size=1, max_size=200)
PROSE = st.text(max_size=300)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
SCORES = st.floats(0, 1)
COUNTS = st.integers(0, 2**53 - 1)
SHA256S = st.binary(min_size=32, max_size=32).map(bytes.hex)
FILES = st.builds(FileRef, name=IDENTS, kind=IDENTS, sha256=SHA256S, bytes=COUNTS)
NUMBERS = st.one_of(st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False))
PLATES = st.builds(
    Plate,
    text=st.text(min_size=1, max_size=16),
    type=st.sampled_from(["01", "02", "unknown"]),
    colour=st.sampled_from(["blue", "yellow_green", "unknown"]),
    score=SCORES,
)
CAMERAS = st.builds(
    CameraRef, id=IDENTS, place=PROSE, road_code=st.none() | LABELS, stake=st.none() | LABELS, lane=st.none() | LABELS
)
ACTS = st.builds(
    Act,
    rule_id=IDENTS,
    rule_version=LABELS,
    code=IDENTS,
    title=LABELS,
    summary=PROSE,
    zone=st.none() | LABELS,
    legal_basis=st.lists(PROSE, max_size=2).map(tuple),
    confidence=st.sampled_from(["verified", "unverified"]),
)
VEHICLES = st.builds(Vehicle, vehicle_class=LABELS, class_score=SCORES, plate=st.none() | PLATES)
MODELS = st.builds(ModelRef, name=LABELS, sha256=SHA256S, provider=LABELS)


@st.composite
def _passages(draw: st.DrawFn) -> PassageRef:
    first, last = sorted([draw(MOMENTS), draw(MOMENTS)])
    return PassageRef(id=draw(LABELS), first_seen=first, last_seen=last, entry=draw(st.none() | LABELS))


@st.composite
def _evidence(draw: st.DrawFn) -> EvidenceRef:
    missing = tuple(draw(st.lists(LABELS, max_size=2)))
    return EvidenceRef(
        folder="/".join(draw(st.lists(IDENTS, min_size=1, max_size=8))),
        manifest_sha256=draw(SHA256S),
        chain_seq=draw(COUNTS),
        chain_prev=draw(SHA256S),
        files=tuple(draw(st.lists(FILES, max_size=3, unique_by=lambda file: file.name))),
        complete=not missing and draw(st.booleans()),
        missing=missing,
    )


@st.composite
def any_lead(draw: st.DrawFn) -> Lead:
    """Any valid lead, without a signature."""
    evidence = draw(_evidence())
    proofs = st.sampled_from([None, *(file.name for file in evidence.files)])
    facts = st.builds(
        Fact,
        name=IDENTS,
        value=NUMBERS | PROSE,
        unit=st.none() | LABELS,
        confidence=st.none() | SCORES,
        shots=COUNTS,
        proof=proofs,
    )
    return Lead(
        lead_id=deterministic_ulid(draw(MOMENTS), draw(LABELS)),
        site_id=draw(IDENTS),
        box_id=draw(IDENTS),
        occurred_at=draw(MOMENTS),
        made_at=draw(MOMENTS),
        camera=draw(CAMERAS),
        passage=draw(_passages()),
        vehicle=draw(VEHICLES),
        act=draw(ACTS),
        suspect_level=draw(st.sampled_from(["low", "medium", "high"])),
        evidence_grade=draw(st.sampled_from(["A", "B", "C", "none"])),
        facts=tuple(draw(st.lists(facts, max_size=3))),
        models=tuple(draw(st.lists(MODELS, max_size=2))),
        rules_sha256=draw(SHA256S),
        clock_error_ms=draw(st.none() | st.floats(allow_nan=False, allow_infinity=False)),
        evidence=evidence,
        one_act_key=draw(LABELS),
    )
