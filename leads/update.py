"""The update: the vehicle of a lead was seen at the same act again, which makes no second lead (一事不再罚)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from leads.base import Ident, SignedMessage, UlidText, UtcMs
from leads.lead import CameraRef, Fact, PassageRef


class LeadUpdate(SignedMessage):
    """The act of a lead was seen once more, by its vehicle's plate. Box to hub, receipted as a lead is."""

    update_id: UlidText
    """Id of the update; the same sighting always gets the same one. Its receipt bears it as `lead_id`."""
    lead_id: UlidText
    """The lead."""
    site_id: Ident
    """Site of the box."""
    box_id: Ident
    """Box that made both."""
    rule_id: Ident
    """Rule of the rule table."""
    camera: CameraRef
    """Camera and place of this sighting."""
    passage: PassageRef
    """Pass of the vehicle."""
    occurred_at: UtcMs
    """When the act was seen again, by the stream's clock."""
    repeat_count: Annotated[int, Field(ge=1, le=2**53 - 1)]
    """How often it was seen again so far, this time included."""
    facts: Annotated[tuple[Fact, ...], Field(max_length=20)] = ()
    """What the rule went by; no evidence is kept of it."""
    one_act_key: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    """The key that a lead made of this sighting would bear: a sighting is one or the other, once."""
