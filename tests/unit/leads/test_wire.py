"""What is written can be read back; what is not a message is refused in one way; an older reader takes a newer one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads import (
    SCHEMA_VERSION,
    Lead,
    LeadUpdate,
    MalformedJsonError,
    Receipt,
    SchemaViolationError,
    Sighting,
    UnsupportedVersionError,
    WatchList,
    WireError,
    decode,
    encode,
    parse_json,
)
from tests.unit.leads.samples import (
    NEWER,
    NOON,
    ZEROS,
    any_lead,
    sample_lead,
    sample_receipt,
    sample_sighting,
    sample_update,
)


def _wire(lead: Lead | None = None) -> dict[str, Any]:
    wire: dict[str, Any] = json.loads(encode(lead or sample_lead()))
    return wire


def _bytes(wire: dict[str, Any]) -> bytes:
    return json.dumps(wire, ensure_ascii=False).encode()


@settings(max_examples=150)
@given(any_lead())
def test_any_lead_is_read_back_as_it_was_written(lead: Lead) -> None:
    payload = encode(lead)
    again = decode(Lead, payload)
    assert again == lead
    assert encode(again) == payload


@settings(max_examples=400)
@given(st.data())
def test_a_mutated_lead_is_refused_in_one_way_or_is_a_lead(data: st.DataObject) -> None:
    payload = bytearray(encode(sample_lead()))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(payload) - 1))
        end = data.draw(st.integers(start, min(len(payload), start + 40)))
        payload[start:end] = data.draw(st.binary(max_size=8) | st.sampled_from([b"{", b"}", b'"', b",", b"null", b"9"]))
        if not payload:
            break
    try:
        lead = decode(Lead, bytes(payload))
    except WireError:
        return
    assert decode(Lead, encode(lead)) == lead


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.data())
def test_a_lead_with_any_other_value_in_it_is_refused_in_one_way_or_is_a_lead(data: st.DataObject) -> None:
    wire = _wire()
    part: Any = wire
    while True:
        key = data.draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
        if not part[key] or not isinstance(part[key], dict | list) or data.draw(st.booleans()):
            break
        part = part[key]
    part[key] = data.draw(JSON_VALUES)
    try:
        lead = decode(Lead, _bytes(wire))
    except WireError:
        return
    assert decode(Lead, encode(lead)) == lead


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_in_one_way(payload: bytes) -> None:
    with pytest.raises(WireError):
        decode(Receipt, payload)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b"{}{}", id="two objects"),
        pytest.param(b"\xff{}", id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": Infinity}', id="Infinity"),
        pytest.param(b'{"a": 1e999}', id="a number beyond all"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="5000 digits"),
        pytest.param(b'{"a": 1, "a": 2}', id="a member twice"),
        pytest.param(b'{"a": {"b": 1, "b": 1}}', id="a member twice, deeper"),
        pytest.param(b'{"a": "\\ud800"}', id="half a surrogate pair"),
        pytest.param(b'{"\\ud800": 1}', id="half a surrogate pair as a name"),
        pytest.param(b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", id="40 levels"),
        pytest.param(b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", id="200,000 levels"),
    ],
)
def test_what_readers_could_take_differently_is_no_json_here(payload: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        parse_json(payload)


def test_an_unknown_member_is_a_fault_at_every_depth() -> None:
    wire = _wire()
    wire["vehicle"]["plate"]["country"] = "CN"
    with pytest.raises(SchemaViolationError, match=r"vehicle\.plate\.country"):
        decode(Lead, _bytes(wire))


def test_an_older_reader_leaves_out_what_a_newer_version_adds() -> None:
    wire = _wire() | {"schema_version": NEWER, "added": 1}
    wire["vehicle"]["plate"]["country"] = "CN"
    lead = decode(Lead, _bytes(wire))
    assert lead == sample_lead(schema_version=NEWER)


def test_a_newer_version_still_has_to_hold_what_this_one_wants() -> None:
    wire = _wire() | {"schema_version": NEWER}
    del wire["camera"]
    with pytest.raises(SchemaViolationError, match="camera"):
        decode(Lead, _bytes(wire))


@pytest.mark.parametrize("version", ["2.0", "0.9", "10.0"])
def test_another_major_version_is_refused(version: str) -> None:
    with pytest.raises(UnsupportedVersionError, match=version):
        decode(Lead, _bytes(_wire() | {"schema_version": version}))


@pytest.mark.parametrize("version", [None, 1, 1.0, "", "1", "1.", ".0", "1.x", "1.-1", "1.0.0", "1.٠", "01.0", "1.00"])
def test_a_version_that_is_none_is_refused(version: object) -> None:
    with pytest.raises(SchemaViolationError, match="schema_version"):
        decode(Lead, _bytes(_wire() | {"schema_version": version}))


def test_the_version_has_to_stand_in_the_message() -> None:
    wire = _wire()
    del wire["schema_version"]
    with pytest.raises(SchemaViolationError, match="schema_version"):
        decode(Lead, _bytes(wire))


def test_a_fault_names_the_member_and_many_faults_are_cut_short() -> None:
    with pytest.raises(SchemaViolationError, match=r"not a Lead: lead_id: .*; and \d+ more"):
        decode(Lead, _bytes({"schema_version": SCHEMA_VERSION}))


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-23T04:00:00Z",
        "2026-11-23T04:00:00.000000Z",
        "2026-11-23T12:00:00.000+08:00",
        "2026-11-23T04:00:00.000",
        "2026-11-23 04:00:00.000Z",
        "2026-02-30T04:00:00.000Z",
        "2026-11-23T04:00:00.000Z\n",
        "٢٠٢٦-11-23T04:00:00.000Z",
        1_795_000_000,
        None,
    ],
)
def test_a_time_in_any_other_form_is_refused(time: object) -> None:
    with pytest.raises(SchemaViolationError, match="occurred_at"):
        decode(Lead, _bytes(_wire() | {"occurred_at": time}))


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", ".", "a/../b", "a//b", "a/", "a\n"])
def test_no_evidence_folder_leads_out_of_the_root(name: str) -> None:
    wire = _wire()
    wire["evidence"]["folder"] = name
    with pytest.raises(SchemaViolationError, match=r"evidence\.folder"):
        decode(Lead, _bytes(wire))


def test_numbers_are_not_read_out_of_texts() -> None:
    wire = _wire()
    wire["vehicle"]["class_score"] = "0.9"
    with pytest.raises(SchemaViolationError, match=r"vehicle\.class_score"):
        decode(Lead, _bytes(wire))


def test_a_receipt_is_of_one_outcome() -> None:
    for changes in (
        {"reason": "unsigned"},
        {"lead_id": None},
        {"outcome": "refused"},
        {"outcome": "refused", "reason": "unsigned", "holds_evidence": True},
    ):
        wire = json.loads(encode(sample_receipt(ZEROS, sample_lead().lead_id))) | changes
        with pytest.raises(SchemaViolationError):
            decode(Receipt, _bytes(wire))


def test_updates_and_sightings_are_read_back_as_they_were_written() -> None:
    update, sighting = sample_update(sample_lead()), sample_sighting()
    assert decode(LeadUpdate, encode(update)) == update
    assert decode(Sighting, encode(sighting)) == sighting


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"plate": "闽H12-45"}, "plate"),
        ({"plate_type": "unknown"}, "plate_type"),
        ({"lat": None}, "both lon and lat"),
        ({"lat": 91.0}, "lat"),
    ],
)
def test_a_sighting_is_of_a_sure_identity_at_a_whole_place(changes: dict[str, Any], said: str) -> None:
    wire = json.loads(encode(sample_sighting())) | changes
    with pytest.raises(SchemaViolationError, match=said):
        decode(Sighting, _bytes(wire))


def test_an_update_counts_at_least_itself() -> None:
    wire = json.loads(encode(sample_update(sample_lead()))) | {"repeat_count": 0}
    with pytest.raises(SchemaViolationError, match="repeat_count"):
        decode(LeadUpdate, _bytes(wire))


def test_a_watch_entry_says_how_many_acts_came_before_or_that_it_does_not_know() -> None:
    entry = {"plate": "闽H12345", "plate_type": "02", "colour": "red", "reason": "多次", "kind": "repeat"}
    wire = {"schema_version": SCHEMA_VERSION, "shard": "c", "revision": 1, "issued_at": _wire()["made_at"]}
    entry["since"] = _wire()["made_at"]
    for told, known in (({}, None), ({"prior_count": 3}, 3)):
        (held,) = decode(WatchList, _bytes(wire | {"entries": [entry | told]})).entries
        assert (held.prior_count, held.since) == (known, NOON.replace(second=9))
