"""What a lead may say: each fact's proof is there, times are in order, nothing is invented."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from leads import EvidenceRef, Fact, FileRef, PassageRef, Status, WatchEntry, WatchList, format_time, watch_shard
from tests.unit.leads.samples import NOON, ZEROS, sample_lead


def test_a_fact_whose_proof_is_not_among_the_evidence_is_refused() -> None:
    with pytest.raises(ValidationError, match="proof of axles"):
        sample_lead(facts=(Fact(name="axles", value=5, proof="axles.jpg"),))


def test_a_proof_that_could_not_be_kept_is_said_to_be_missing() -> None:
    evidence = sample_lead().evidence.model_copy(update={"complete": False, "missing": ("axles.jpg",)})
    lead = sample_lead(evidence=evidence, facts=(Fact(name="axles", value=5, proof="axles.jpg"),))
    assert not lead.evidence.complete


def _evidence(**changes: Any) -> EvidenceRef:
    members: dict[str, Any] = {
        "folder": "x",
        "manifest_sha256": ZEROS,
        "chain_seq": 1,
        "chain_prev": ZEROS,
        "complete": True,
    }
    return EvidenceRef(**(members | changes))


def test_evidence_is_not_complete_while_something_is_missing() -> None:
    with pytest.raises(ValidationError, match=r"clip\.mp4"):
        _evidence(missing=("clip.mp4",))


def test_two_evidence_files_of_one_name_are_refused() -> None:
    file = FileRef(name="a.jpg", kind="panorama", sha256=ZEROS, bytes=1)
    with pytest.raises(ValidationError, match="one name"):
        _evidence(files=(file, file))


def test_a_passage_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValidationError, match="before"):
        PassageRef(id="1", first_seen=NOON, last_seen=NOON - timedelta(milliseconds=1))


def test_a_fact_not_seen_is_unknown() -> None:
    assert not Fact(name="axles", value="unknown").known
    assert Fact(name="axles", value=0).known


def test_a_message_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        sample_lead().lead_id = "x"  # type: ignore[misc]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_that_json_cannot_write(value: float) -> None:
    with pytest.raises(ValidationError):
        Fact(name="speed", value=value)


def test_times_are_utc_cut_to_the_millisecond() -> None:
    shanghai = timezone(timedelta(hours=8))
    lead = sample_lead(occurred_at=datetime(2026, 11, 23, 12, 0, 0, 123_999, shanghai))
    assert format_time(lead.occurred_at) == "2026-11-23T04:00:00.123Z"


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValidationError, match="ambiguous"):
        sample_lead(occurred_at=NOON.replace(tzinfo=None))


def test_the_will_of_a_box_has_no_time() -> None:
    will = Status(site_id="s", box_id="b", session_id="1", state="offline", reason="connection_lost")
    assert will.at is None


def _watched(plate: str) -> WatchEntry:
    return WatchEntry(plate=plate, plate_type="01", colour="red", reason="三次超限", kind="overload", since=NOON)


def test_a_watched_vehicle_lies_in_its_shard_once() -> None:
    shard = watch_shard("闽H12345", "01")
    entry, other = _watched("闽H12345"), next(f"闽A{n}" for n in range(100) if watch_shard(f"闽A{n}", "01") != shard)
    assert WatchList(shard=shard, revision=1, issued_at=NOON, entries=(entry,)).entries[0].identity == (
        "闽H12345",
        "01",
    )
    with pytest.raises(ValidationError, match="twice"):
        WatchList(shard=shard, revision=1, issued_at=NOON, entries=(entry, entry))
    with pytest.raises(ValidationError, match="belongs to"):
        WatchList(shard=shard, revision=1, issued_at=NOON, entries=(_watched(other),))
