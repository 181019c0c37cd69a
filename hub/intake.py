"""The intake: by bytes and topic alone a message is a lead, or an update of one, to be kept, or is refused and why."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from leads import (
    LEAD_MAX_BYTES,
    Lead,
    LeadUpdate,
    MalformedJsonError,
    Reason,
    SignatureError,
    UnsupportedVersionError,
    WireError,
    parse_json,
    read,
    verify,
)
from leads.topics import BoxAddress
from leads.wire import WireDict

KeysOf = Callable[[str], tuple[Ed25519PublicKey, ...]]
"""Public keys of a box, by its id."""
_UPDATE_ID: Final = "update_id"
"""The member by which an update is told from a lead."""
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message is refused."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A message with the verdict on it."""

    address: BoxAddress
    """Box whose topic it came on; what the body says of itself is not believed before its signature is."""
    payload: bytes
    payload_sha256: str
    lead_id: str | None
    """Id of the lead or update by the body, None where it has none: what the receipt is about."""
    lead: Lead | LeadUpdate | None
    """The lead, or the update of one; None when it is refused."""
    fault: Fault | None
    """Why it is refused, None when it is not."""


class _RefusedError(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.fault = Fault(reason, detail[:2000])


def judge(address: BoxAddress, payload: bytes, keys_of: KeysOf) -> Judged:
    """Judge what came in on a box's topic. Whether it was taken before is for the store to say.

    Raises KeyFileError when the hub cannot read the key it has of the box, which no lead can be blamed for.
    """
    sha256 = hashlib.sha256(payload).hexdigest()
    wire: WireDict = {}
    try:
        if len(payload) > LEAD_MAX_BYTES:
            raise _RefusedError("too_large", f"{len(payload)} bytes; a lead has at most {LEAD_MAX_BYTES}")
        wire = _parse(payload)
        lead = _read(wire)
        _check_address(lead, address)
        _check_signature(wire, keys_of, address.box_id)
    except _RefusedError as refusal:
        return Judged(address, payload, sha256, _id_of(wire), None, refusal.fault)
    return Judged(address, payload, sha256, _id_of(wire), lead, None)


def _parse(payload: bytes) -> WireDict:
    try:
        return parse_json(payload)
    except MalformedJsonError as error:
        raise _RefusedError("malformed_json", str(error)) from error


def _read(wire: WireDict) -> Lead | LeadUpdate:
    try:
        return read(LeadUpdate, wire) if _UPDATE_ID in wire else read(Lead, wire)
    except UnsupportedVersionError as error:
        raise _RefusedError("unsupported_version", str(error)) from error
    except WireError as error:
        raise _RefusedError("schema_violation", str(error)) from error


def _check_address(lead: Lead | LeadUpdate, address: BoxAddress) -> None:
    if (lead.site_id, lead.box_id) != (address.site_id, address.box_id):
        raise _RefusedError(
            "topic_mismatch",
            f"it says it is from {lead.site_id}/{lead.box_id} but came on the topic of "
            f"{address.site_id}/{address.box_id}: set the box's site and id as the broker knows them",
        )


def _check_signature(wire: WireDict, keys_of: KeysOf, box_id: str) -> None:
    keys = keys_of(box_id)
    if not keys:
        raise _RefusedError("unknown_box_key", f"the hub has no {box_id}.pub: register the box's public key there")
    if wire.get("signature") is None:
        raise _RefusedError("unsigned", "it is not signed: give the box its key")
    faults: list[str] = []
    for key in keys:
        try:
            verify(wire, key)
        except SignatureError as error:
            faults.append(str(error))
        else:
            return
    raise _RefusedError("bad_signature", "; ".join(faults))


def _id_of(wire: WireDict) -> str | None:
    lead_id = wire.get(_UPDATE_ID, wire.get("lead_id"))
    return lead_id if isinstance(lead_id, str) and _ULID.fullmatch(lead_id) else None
