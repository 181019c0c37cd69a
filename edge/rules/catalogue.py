"""The catalogue of offences that a bureau goes after: what proves each, who gets its leads, whether it is on."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge.rules.base import Title

Proof = Literal["own_lead", "clue", "needs_data"]
"""`own_lead`: what the box sees, with scale and register, makes a lead; `clue`: it makes a hint for somebody else's
check; `needs_data`: video cannot see it, and leads come from other data or not at all."""


class Offence(BaseModel):
    """One class of offences."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z_]*$")
    """Name by which rules speak of it."""
    number: int = Field(ge=1)
    """Its number in the bureau's list."""
    title: Title
    proof: Proof
    """What kind of proof a box can give."""
    unit: str
    """Unit that gets its leads."""
    state: Literal["on", "off"]
    """Whether rules of this class are judged."""
    needs: str = ""
    """What it takes besides video, and why it is off."""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if (self.state == "off" or self.proof == "needs_data") and not self.needs:
            raise ValueError(f"class {self.id} is off or needs data: say in `needs` what it takes")
        return self


class Catalogue(BaseModel):
    """The file of all classes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    source: str
    """Decision it was made by."""
    offences: tuple[Offence, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names, numbers = [o.id for o in self.offences], [str(o.number) for o in self.offences]
        for what, values in (("id", names), ("number", numbers)):
            twice = sorted({v for v in values if values.count(v) > 1})
            if twice:
                raise ValueError(f"classes need different {what}s; used twice: {', '.join(twice)}")
        return self
