"""Outboxes for tests, and what is put into them."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from edge.outbox import ActPlace, ChainHead, Outbox, RecoveredLead
from leads import Lead, LeadUpdate, Receipt, encode
from tests.unit.leads.samples import NOON, sample_lead, sample_receipt, sample_update


def put(outbox: Outbox, number: int) -> Lead:
    """Add lead `number`, as link `number` of the chain."""
    lead = sample_lead(number)
    assert outbox.add(
        lead.lead_id, lead.one_act_key, encode(lead), lead.occurred_at, act=place(number), chain=link(number)
    )
    return lead


def put_update(outbox: Outbox, lead: Lead, time: int) -> LeadUpdate:
    """Add an update of a lead: its vehicle is seen again for the `time`-th time."""
    update = sample_update(lead, time)
    assert outbox.add(update.update_id, update.one_act_key, encode(update), update.occurred_at, of_lead=update.lead_id)
    return update


def as_version_1(path: Path) -> None:
    """Turn an outbox's file into what the first version wrote."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "DROP INDEX leads_vehicle; DROP INDEX leads_updates; ALTER TABLE leads DROP COLUMN plate;"
            "ALTER TABLE leads DROP COLUMN plate_type; ALTER TABLE leads DROP COLUMN of_lead; PRAGMA user_version=1;"
        )


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


def accepted(lead: Lead | LeadUpdate, **changes: object) -> Receipt:
    """The hub holds it."""
    name = lead.lead_id if isinstance(lead, Lead) else lead.update_id
    receipt = sample_receipt(hashlib.sha256(encode(lead)).hexdigest(), name)
    return Receipt.model_validate(receipt.model_dump() | changes)


def refused(lead: Lead | LeadUpdate) -> Receipt:
    """The hub does not know the box."""
    return accepted(lead, outcome="refused", reason="unknown_box_key", detail="register the box")


def queue(outbox: Outbox) -> list[str]:
    """Ids of the queued leads in order."""
    return [lead.lead_id for lead in outbox.due(10_000)]
