"""What is a lead is taken; what is not is refused, with the reason and the remedy."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.intake.judge import judge
from leads import LEAD_MAX_BYTES, KeyFileError, LeadUpdate, canonical_json, encode, sign, sign_bytes
from leads.topics import BoxAddress, BoxTopic
from tests.hub_worlds import BOX_KEY
from tests.unit.hub.intakes import ADDRESS, OTHER_KEY, judged, keys_of, signed, signed_update
from tests.unit.leads.samples import NEWER, sample_lead


def _changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(signed()) | changes).encode()


def test_a_signed_lead_of_a_known_box_is_taken_as_it_came() -> None:
    verdict = judged(signed())
    assert verdict.fault is None
    assert verdict.message is not None
    assert (verdict.entry_id, verdict.payload) == (sample_lead().lead_id, signed())


@pytest.mark.parametrize(
    ("payload", "reason", "detail", "has_id"),
    [
        pytest.param(b"\xff", "malformed_json", "UTF-8", False, id="not UTF-8"),
        pytest.param(signed()[:-1], "malformed_json", "JSON", False, id="cut short"),
        pytest.param(b" " * (LEAD_MAX_BYTES + 1), "too_large", "262144", False, id="too large"),
        pytest.param(_changed(schema_version="2.0"), "unsupported_version", "upgrade", True, id="another version"),
        pytest.param(_changed(added=1), "schema_violation", "added", True, id="unknown member"),
        pytest.param(_changed(lead_id="x"), "schema_violation", "lead_id", False, id="no id"),
        pytest.param(_changed(signature=None), "unsigned", "key", True, id="unsigned"),
        pytest.param(_changed(suspect_level="high"), "bad_signature", "changed", True, id="changed"),
        pytest.param(encode(sign(sample_lead(), OTHER_KEY)), "bad_signature", "not by", True, id="another key"),
    ],
)
def test_what_is_wrong_is_said(payload: bytes, reason: str, detail: str, has_id: bool) -> None:
    verdict = judged(payload)
    assert verdict.message is None
    assert verdict.fault is not None
    assert verdict.fault.reason == reason
    assert detail in verdict.fault.detail
    assert verdict.entry_id == (sample_lead().lead_id if has_id else None)


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_an_act_in_a_year_that_local_days_cannot_be_reckoned_for_is_refused(year: int) -> None:
    at = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    for payload in (signed(occurred_at=at), signed_update(occurred_at=at)):
        fault = judged(payload).fault
        assert fault is not None
        assert (fault.reason, fault.detail) == (
            "schema_violation",
            f"occurred_at: an act in the year {year}: set the sender's clock",
        )


def test_a_box_does_not_speak_for_another() -> None:
    fault = judged(signed(), BoxAddress("site-1", "box-2", BoxTopic.LEADS)).fault
    assert fault is not None
    assert fault.reason == "topic_mismatch"
    assert "site-1/box-1 but came on the topic of site-1/box-2" in fault.detail


def test_a_box_the_hub_does_not_know_is_told_where_its_key_belongs() -> None:
    address = BoxAddress("site-1", "box-9", BoxTopic.LEADS)
    fault = judged(signed(box_id="box-9"), address).fault
    assert fault is not None
    assert (fault.reason, "box-9.pub" in fault.detail) == ("unknown_box_key", True)


def test_a_key_that_cannot_be_read_is_the_hubs_fault_and_no_lead_is_refused_for_it() -> None:
    def broken(_box_id: str) -> tuple[Ed25519PublicKey, ...]:
        raise KeyFileError("box-1.pub holds no public key")

    with pytest.raises(KeyFileError, match="holds no public key"):
        judge(ADDRESS, signed(), broken)


def test_while_a_box_changes_its_key_either_counts() -> None:
    both = (OTHER_KEY.public_key(), BOX_KEY.public_key())
    assert judge(ADDRESS, signed(), lambda _: both).fault is None


def test_a_lead_of_a_newer_version_is_verified_with_what_it_adds() -> None:
    wire = json.loads(encode(sample_lead(schema_version=NEWER))) | {"added": {"by": "a newer box"}}
    payload = json.dumps(wire | {"signature": _signature(wire)}).encode()
    verdict = judged(payload)
    assert verdict.fault is None
    assert verdict.payload == payload
    fault = judged(payload.replace(b"a newer box", b"somebody else")).fault
    assert fault is not None
    assert fault.reason == "bad_signature"


def _signature(wire: dict[str, Any]) -> dict[str, str]:
    return sign_bytes(canonical_json(wire), BOX_KEY).model_dump()


@settings(max_examples=200)
@given(st.data())
def test_whatever_comes_in_is_judged(data: st.DataObject) -> None:
    payload = bytearray(signed())
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=10))
    verdict = judge(ADDRESS, bytes(payload), keys_of)
    assert (verdict.message is None) != (verdict.fault is None)
    if verdict.message is not None:
        assert json.loads(payload) == json.loads(signed())


def test_an_update_is_held_to_the_same_as_a_lead() -> None:
    verdict = judged(signed_update())
    assert isinstance(verdict.message, LeadUpdate)
    assert (verdict.fault, verdict.entry_id) == (None, verdict.message.update_id)
    wire = json.loads(signed_update())
    for changes, reason in (
        ({"repeat_count": 7}, "bad_signature"),
        ({"signature": None}, "unsigned"),
        ({"repeat_count": 0}, "schema_violation"),
        ({"box_id": "box-2"}, "topic_mismatch"),
    ):
        refused = judged(json.dumps(wire | changes).encode())
        assert refused.fault is not None
        assert (refused.fault.reason, refused.message, refused.entry_id) == (reason, None, verdict.entry_id)
