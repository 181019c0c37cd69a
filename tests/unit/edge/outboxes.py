"""Outboxes for tests, and what is put into them."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from edge.outbox import ActPlace, ChainHead, Outbox, RecoveredLead
from leads import Lead, Receipt, encode
from tests.unit.leads.samples import NOON, sample_lead, sample_receipt


def put(outbox: Outbox, number: int) -> Lead:
    """Add lead `number`, as link `number` of the chain."""
    lead = sample_lead(number)
    assert outbox.add(
        lead.lead_id, lead.one_act_key, encode(lead), lead.occurred_at, act=place(number), chain=link(number)
    )
    return lead


def place(number: int) -> ActPlace:
    """Where lead `number` was seen."""
    return ActPlace("closed-zone", "gantry-up", "outer-lane", (1.0, 2.0, 3.0, 4.0), NOON + timedelta(seconds=number))


def link(number: int) -> ChainHead:
    """A link of the chain."""
    return ChainHead(number, f"{number:064x}")


def on_disk(number: int) -> RecoveredLead:
    """Lead `number` as it is found in its evidence folder."""
    lead = sample_lead(number)
    return RecoveredLead(lead.lead_id, lead.one_act_key, encode(lead), lead.occurred_at, chain=link(number))


def accepted(lead: Lead, **changes: object) -> Receipt:
    """The hub holds it."""
    receipt = sample_receipt(hashlib.sha256(encode(lead)).hexdigest(), lead.lead_id)
    return Receipt.model_validate(receipt.model_dump() | changes)


def refused(lead: Lead) -> Receipt:
    """The hub does not know the box."""
    return accepted(lead, outcome="refused", reason="unknown_box_key", detail="register the box")


def queue(outbox: Outbox) -> list[str]:
    """Ids of the queued leads in order."""
    return [lead.lead_id for lead in outbox.due(10_000)]
