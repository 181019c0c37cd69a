"""The report: a lead from elsewhere (hot line, informant, another department), which comes by HTTP."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from leads.base import Ident, Label, Message, Prose, UlidText, UtcMs
from leads.lead import FileRef, Plate


class Report(Message):
    """What somebody saw or found, in words; the token it comes with says who sends it."""

    report_id: UlidText
    """Id of the report, given by the sender; sent twice, it is still one report."""
    occurred_at: UtcMs
    """When it happened, as far as is known."""
    offence: Ident
    """Class of the catalogue of offences, e.g. overload, or `other`."""
    title: Label
    """Short name of the act."""
    summary: Prose
    """What is said to have happened."""
    place: Prose = ""
    """Where, for people."""
    vehicle_class: Label = "unknown"
    """Kind of vehicle, or `unknown`."""
    plate: Plate | None = None
    """The plate, null where it is not known."""
    suspect_level: Literal["low", "medium", "high"] = "low"
    """How strong the suspicion is."""
    reference: Label | None = None
    """The sender's own number, for asking back."""
    one_act_key: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None
    """Key of the act, where the sender knows the lead it is about."""
    files: tuple[FileRef, ...] = ()
    """Pictures or clips, sent afterwards to the same door."""

    @model_validator(mode="after")
    def _names(self) -> Self:
        names = [file.name for file in self.files]
        if len(set(names)) != len(names):
            raise ValueError("two files have one name: each name may stand once")
        return self
