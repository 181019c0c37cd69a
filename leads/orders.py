"""Orders to a unit on the road, and what the unit answers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from leads.base import Colour, Ident, Label, Part, Prose, SignedMessage, UlidText, UtcMs
from leads.lead import Vehicle


class Position(Part):
    """A point on the earth, WGS 84 degrees."""

    longitude: Annotated[float, Field(ge=-180, le=180)]
    """Degrees east."""
    latitude: Annotated[float, Field(ge=-90, le=90)]
    """Degrees north."""


class Order(SignedMessage):
    """What a unit is sent to do. Hub to unit."""

    order_id: UlidText
    """Id of the order; taken twice, it is still one order."""
    unit_id: Ident
    """Unit it is for."""
    hub_id: Ident
    """Hub that sends it."""
    issued_at: UtcMs
    """When it was issued."""
    reply_by: UtcMs | None = None
    """Until when the unit has to accept or decline."""
    case_id: Label | None = None
    """Case it belongs to."""
    lead_ids: tuple[UlidText, ...] = ()
    """Leads it rests on."""
    task: Literal["intercept", "inspect", "patrol", "cancel"]
    """What to do; `cancel` takes back the order `cancels`."""
    cancels: UlidText | None = None
    """Order taken back."""
    colour: Colour
    """Urgency by risk colour."""
    vehicle: Vehicle | None = None
    """Vehicle sought."""
    place: Prose
    """Where, for people."""
    position: Position | None = None
    """Where, for a map."""
    instruction: Prose
    """What to look for, and what the evidence says so far."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.task == "cancel") != (self.cancels is not None):
            raise ValueError("`cancels` names the order taken back: it stands with the task cancel, and only there")
        return self


class OrderReply(SignedMessage):
    """What the unit did with an order. Unit to hub."""

    reply_id: UlidText
    """Id of the reply; taken twice, it is still one reply."""
    order_id: UlidText
    """Order it answers."""
    unit_id: Ident
    """Unit that answers."""
    at: UtcMs
    """When."""
    step: Literal["accepted", "declined", "arrived", "result"]
    """How far the unit is."""
    eta_s: Annotated[float, Field(ge=0)] | None = None
    """Seconds until it is there, with `accepted`."""
    result: Literal["confirmed", "not_confirmed", "not_found", "handed_over"] | None = None
    """What was found, with `result`."""
    detail: Prose = ""
    """The same for people; the reason of a refusal."""
    officer: Label | None = None
    """Who answers."""
    position: Position | None = None
    """Where the unit is."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.step == "result") != (self.result is not None):
            raise ValueError("`result` stands with the step result, and only there")
        return self
