"""The receipt says what became of a message, and is signed where the hub has a key."""

from __future__ import annotations

import pytest

from hub.intake.entry import to_datetime
from hub.intake.receive import make_receipt
from hub.intake.take import take
from leads import Receipt, SignatureError, decode, encode, parse_json, verify
from tests.hub_worlds import BOX_KEY, HubWorld
from tests.unit.hub.intakes import OTHER_KEY, judged, signed
from tests.unit.leads.samples import sample_lead


def test_a_lead_held_has_a_receipt_with_its_id_hash_and_time(hub: HubWorld) -> None:
    verdict = judged(signed())
    first, second = (make_receipt("hub-1", take(hub.parts, [verdict])[0], None) for _ in range(2))
    assert first == Receipt(
        hub_id="hub-1",
        lead_id=sample_lead().lead_id,
        payload_sha256=verdict.payload_sha256,
        outcome="accepted",
        stored_at=to_datetime(hub.clock()),
    )
    assert second == first.model_copy(update={"duplicate": True})


def test_a_refusal_has_reason_and_remedy_even_without_an_id(hub: HubWorld) -> None:
    verdict = judged(b"\xff" * 5000)
    receipt = make_receipt("hub-1", take(hub.parts, [verdict])[0], None)
    assert (receipt.lead_id, receipt.outcome, receipt.reason) == (None, "refused", "malformed_json")
    assert receipt.payload_sha256 == verdict.payload_sha256
    assert receipt.detail
    assert decode(Receipt, encode(receipt)) == receipt


def test_a_hub_with_a_key_signs(hub: HubWorld) -> None:
    wire = parse_json(encode(make_receipt("hub-1", take(hub.parts, [judged(signed())])[0], OTHER_KEY)))
    verify(wire, OTHER_KEY.public_key())
    with pytest.raises(SignatureError):
        verify(wire, BOX_KEY.public_key())
