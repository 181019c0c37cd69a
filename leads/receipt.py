"""The receipt: what the hub durably holds, or why it will not."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from leads.base import Ident, Prose, Sha256Hex, SignedMessage, UlidText, UtcMs

Reason = Literal[
    "too_large",
    "malformed_json",
    "unsupported_version",
    "schema_violation",
    "topic_mismatch",
    "unknown_box_key",
    "unsigned",
    "bad_signature",
    "id_conflict",
]
"""Why a lead is refused, as a machine word."""


class Receipt(SignedMessage):
    """Sent after the hub's own commit; only this takes a lead out of the box's outbox. Hub to box."""

    hub_id: Ident
    """Hub that answers."""
    lead_id: UlidText | None
    """Lead, or update of one, that it is about; null where the message was too malformed to have an id."""
    payload_sha256: Sha256Hex
    """SHA-256 of the exact bytes received, so that the box knows which message is meant."""
    outcome: Literal["accepted", "refused"]
    """Whether the hub holds the lead."""
    reason: Reason | None = None
    """Why it was refused; null when accepted."""
    detail: Prose = ""
    """The same for people, with the remedy."""
    stored_at: UtcMs
    """When the hub committed it."""
    duplicate: bool = False
    """Whether the hub held it before."""
    holds_evidence: bool = False
    """Whether the hub durably holds the evidence files too, so that the box may free their space."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.outcome == "accepted" and (self.reason is not None or self.lead_id is None):
            raise ValueError("an accepted lead has an id and no reason for refusal")
        if self.outcome == "refused" and (self.reason is None or self.holds_evidence):
            raise ValueError("a refusal needs its reason, and the hub holds no evidence of what it refused")
        return self
