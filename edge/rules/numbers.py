"""Numbers of law and practice as they stand in the tables: each with its unit, its source and who checked it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

Confidence = Literal["verified", "unverified"]


class Quantity(BaseModel):
    """A number of law or practice, with where it comes from. It holds as long as the version of its rule does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    """The number."""
    unit: str
    """Its unit, as the number's place in the rule wants it."""
    source: str
    """Law, standard or decision it is taken from; `operator` if the bureau may set it."""
    confidence: Confidence = "unverified"
    """verified once somebody has checked the official text."""


def _in(unit: str) -> AfterValidator:
    """A number in another unit than it is reckoned in would be another law."""

    def check(quantity: Quantity) -> Quantity:
        if quantity.unit != unit:
            raise ValueError(f"this number is reckoned in {unit}: convert it from {quantity.unit}")
        return quantity

    return AfterValidator(check)


Seconds = Annotated[Quantity, _in("s")]
Hour = Annotated[Quantity, _in("h")]
Days = Annotated[Quantity, _in("day")]
Share = Annotated[Quantity, _in("ratio")]
Percent = Annotated[Quantity, _in("%")]
BoxSizes = Annotated[Quantity, _in("box sizes")]
Degrees = Annotated[Quantity, _in("degree")]
Kilograms = Annotated[Quantity, _in("kg")]
Metres = Annotated[Quantity, _in("m")]
Kilometres = Annotated[Quantity, _in("km")]
KmPerHour = Annotated[Quantity, _in("km/h")]
Yuan = Annotated[Quantity, _in("CNY")]
Number = Annotated[Quantity, _in("count")]
"""A bare count: passes, people, pictures."""
