"""The intake's judgement: by bytes and topic alone a message is something to be kept, or is refused and why."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from leads import (
    LEAD_MAX_BYTES,
    Lead,
    LeadUpdate,
    MalformedJsonError,
    Message,
    Reason,
    Report,
    SignatureError,
    UnsupportedVersionError,
    WireError,
    parse_json,
    read,
    verify,
)
from leads.topics import BoxAddress
from leads.wire import WireDict

M = TypeVar("M", bound=Message)
KeysOf = Callable[[str], tuple[Ed25519PublicKey, ...]]
"""Public keys of a box, by its id."""
Kind = Literal["lead", "update", "report"]
BOX: Final = "box"
"""The source of all that boxes send; no token bears this name."""
_UPDATE_ID: Final = "update_id"
"""The member by which an update is told from a lead."""
_YEARS: Final = range(1970, 9999)
"""Years of acts; with these, local days and their ends can be reckoned in every time zone."""
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a message, as the broker or the token tells; what the body says of itself is not believed before."""

    source: str
    """`box`, or the name of the token a report came by."""
    site_id: str = ""
    """Site of the box; empty for other sources."""
    box_id: str = ""
    """The box; empty for other sources."""

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return f"box {self.box_id}" if self.source == BOX else f"source {self.source}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message is refused."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A message with the verdict on it."""

    sender: Sender
    payload: bytes
    payload_sha256: str
    entry_id: str | None
    """Id of the lead, update or report by the body, None where it has none: what the receipt is about."""
    message: Lead | LeadUpdate | Report | None
    """What it is; None when it is refused."""
    fault: Fault | None
    """Why it is refused, None when it is not."""

    @property
    def kind(self) -> Kind | None:
        """What it is, in a word; None when it is refused."""
        if self.message is None:
            return None
        if isinstance(self.message, Lead):
            return "lead"
        return "update" if isinstance(self.message, LeadUpdate) else "report"


class RefusedError(Exception):
    """A message is not taken; `fault` tells why."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.fault = Fault(reason, detail[:2000])


def judge(address: BoxAddress, payload: bytes, keys_of: KeysOf) -> Judged:
    """Judge what came in on a box's topic. Whether it was taken before is for the store to say.

    Raises KeyFileError when the hub cannot read the key it has of the box, which no lead can be blamed for.
    """
    sender = Sender(BOX, address.site_id, address.box_id)
    sha256 = hashlib.sha256(payload).hexdigest()
    wire: WireDict = {}
    try:
        wire = parse_wire(payload)
        message: Lead | LeadUpdate = read_wire(LeadUpdate, wire) if _UPDATE_ID in wire else read_wire(Lead, wire)
        check_time(message)
        _check_address(message, address)
        _check_signature(wire, keys_of, address.box_id)
    except RefusedError as refusal:
        return Judged(sender, payload, sha256, id_in(wire, _UPDATE_ID, "lead_id"), None, refusal.fault)
    return Judged(sender, payload, sha256, id_in(wire, _UPDATE_ID, "lead_id"), message, None)


def parse_wire(payload: bytes) -> WireDict:
    """The JSON of a message. Raises RefusedError for one that is too large or malformed."""
    if len(payload) > LEAD_MAX_BYTES:
        raise RefusedError("too_large", f"{len(payload)} bytes; a message has at most {LEAD_MAX_BYTES}")
    try:
        return parse_json(payload)
    except MalformedJsonError as error:
        raise RefusedError("malformed_json", str(error)) from error


def check_time(message: Lead | LeadUpdate | Report) -> None:
    """Raise RefusedError for an act in a year that no calendar of the hub reckons with: a wrong clock, or a trap."""
    if message.occurred_at.year not in _YEARS:
        raise RefusedError(
            "schema_violation", f"occurred_at: an act in the year {message.occurred_at.year}: set the sender's clock"
        )


def read_wire(kind: type[M], wire: WireDict) -> M:
    """The message in the JSON. Raises RefusedError for one of another version or against the schema."""
    try:
        return read(kind, wire)
    except UnsupportedVersionError as error:
        raise RefusedError("unsupported_version", str(error)) from error
    except WireError as error:
        raise RefusedError("schema_violation", str(error)) from error


def id_in(wire: WireDict, *names: str) -> str | None:
    """The id that a body gives itself under the first of these names that it has; None where that is no ULID."""
    found = next((wire[name] for name in names if name in wire), None)
    return found if isinstance(found, str) and _ULID.fullmatch(found) else None


def _check_address(lead: Lead | LeadUpdate, address: BoxAddress) -> None:
    if (lead.site_id, lead.box_id) != (address.site_id, address.box_id):
        raise RefusedError(
            "topic_mismatch",
            f"it says it is from {lead.site_id}/{lead.box_id} but came on the topic of "
            f"{address.site_id}/{address.box_id}: set the box's site and id as the broker knows them",
        )


def _check_signature(wire: WireDict, keys_of: KeysOf, box_id: str) -> None:
    keys = keys_of(box_id)
    if not keys:
        raise RefusedError("unknown_box_key", f"the hub has no {box_id}.pub: register the box's public key there")
    if wire.get("signature") is None:
        raise RefusedError("unsigned", "it is not signed: give the box its key")
    faults: list[str] = []
    for key in keys:
        try:
            verify(wire, key)
        except SignatureError as error:
            faults.append(str(error))
        else:
            return
    raise RefusedError("bad_signature", "; ".join(faults))
