"""What comes in at a hub, for tests."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hub.intake.judge import Judged, judge
from leads import Lead, encode, sign
from leads.topics import BoxAddress, BoxTopic
from tests.hub_worlds import BOX_KEY
from tests.unit.leads.samples import sample_lead, sample_update

OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ADDRESS = BoxAddress("site-1", "box-1", BoxTopic.LEADS)


def keys_of(box_id: str) -> tuple[Ed25519PublicKey, ...]:
    """The hub knows box-1 and box-2, which have the same key here."""
    return (BOX_KEY.public_key(),) if box_id in ("box-1", "box-2") else ()


def signed(number: int = 1, **changes: object) -> bytes:
    """The bytes of a lead as its box would send it."""
    lead: Lead = sample_lead(number).model_copy(update=changes)
    return encode(sign(lead, BOX_KEY))


def signed_update(number: int = 1, time: int = 1, **changes: object) -> bytes:
    """The bytes of an update of lead `number` as its box would send it."""
    return encode(sign(sample_update(sample_lead(number), time).model_copy(update=changes), BOX_KEY))


def judged(payload: bytes, address: BoxAddress = ADDRESS) -> Judged:
    """The verdict on it."""
    return judge(address, payload, keys_of)
