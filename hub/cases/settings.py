"""What a bureau sets about its cases: due times, reasons, when two acts are one, when a warning will do."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from hub.cases.machine import TRANSITIONS, Action, State
from hub.settings import Part
from leads.base import Ident, Label, Prose


class Words(Part):
    """A text in both languages."""

    zh: Label
    en: Label


class ReasonCode(Part):
    """A reason that can be given for a step."""

    code: Ident
    """The word that is stored."""
    words: Words
    """What people read."""
    actions: Annotated[tuple[Action, ...], Field(min_length=1)]
    """Steps it can be given for."""


class SameAct(Part):
    """When two leads of one vehicle are one act (一事不再罚)."""

    hours: Annotated[float, Field(gt=0)]
    """Acts of one offence of one vehicle within this time of each other are one."""
    offences: dict[Ident, float] = Field(default_factory=dict)
    """Other hours for these offences."""

    def hours_of(self, offence: str) -> float:
        """Hours for an offence."""
        return self.offences.get(offence, self.hours)


class WarningTerms(Part):
    """When a first offence may end with a warning (首违警告)."""

    offences: tuple[Ident, ...]
    """Offences it may be given for."""
    highest_level: Annotated[int, Field(ge=1, le=3)]
    """Strongest suspicion it may be given for: 1 low, 2 medium, 3 high."""
    within_days: Annotated[int, Field(ge=1)]
    """No act of the vehicle may have been pursued in so many days before."""


class CaseSettings(Part):
    """One file, `configs/cases.yaml`, dated and with its source."""

    effective_from: date
    """Since when it holds."""
    source: Prose
    """Where its numbers come from."""
    case_number: Annotated[str, Field(pattern=r"\{number")]
    """How a case is numbered: `{year}` and `{number:05d}` of that year."""
    due_hours: dict[State, float]
    """Hours within which each state should be left."""
    undo_minutes: Annotated[float, Field(gt=0)]
    """How long a person may take the last step back."""
    same_act: SameAct
    """When two acts are one."""
    warning: WarningTerms
    """When a warning will do."""
    reasons: tuple[ReasonCode, ...]
    """Reasons to choose from."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        lacking = {t.action for t in TRANSITIONS if t.needs_reason} - {a for r in self.reasons for a in r.actions}
        if lacking:
            raise ValueError(f"no reason can be given for {', '.join(sorted(lacking))}: add one for each")
        codes = [reason.code for reason in self.reasons]
        if len(set(codes)) != len(codes):
            raise ValueError("two reasons have one code: each code may stand once")
        return self

    def reasons_for(self, action: Action) -> tuple[ReasonCode, ...]:
        """The reasons of a step, in the order of the file."""
        return tuple(reason for reason in self.reasons if action in reason.actions)
