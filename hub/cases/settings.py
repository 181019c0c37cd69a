"""What a bureau sets about its cases: due times, reasons, when two acts are one, when a warning will do."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Self

from pydantic import Field, field_validator, model_validator

from hub.cases.machine import REMARKS, TRANSITIONS, Action, State
from hub.settings import Part
from leads.base import Ident, Label, Prose

_CASE_NUMBER_LENGTH: Final = 40
"""As the table has it; seven of them are kept for years with many cases."""


class Words(Part):
    """A text in both languages."""

    zh: Label
    en: Label


class ReasonCode(Part):
    """A reason that can be given for a step."""

    code: Annotated[Ident, Field(max_length=40)]
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
    case_number: str
    """How a case is numbered: `{year}`, the local one, and `{number:05d}` of that year."""
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
        lacking = {t.action for t in TRANSITIONS + REMARKS if t.needs_reason} - {
            a for r in self.reasons for a in r.actions
        }
        if lacking:
            raise ValueError(f"no reason can be given for {', '.join(sorted(lacking))}: add one for each")
        codes = [reason.code for reason in self.reasons]
        if len(set(codes)) != len(codes):
            raise ValueError("two reasons have one code: each code may stand once")
        return self

    @field_validator("case_number")
    @classmethod
    def _numbers_cases(cls, pattern: str) -> str:
        try:
            made = {pattern.format(year=year, number=number) for year in (2026, 2027) for number in (1, 2)}
        except (LookupError, ValueError) as error:
            raise ValueError("only {year} and {number}, or {number:05d}, can stand in braces") from error
        if len(made) < 4:
            raise ValueError("two cases would have one number: {year} and {number} must both stand in it")
        if max(map(len, made)) > _CASE_NUMBER_LENGTH - 7:
            raise ValueError(f"a case number has at most {_CASE_NUMBER_LENGTH} characters: make it shorter")
        return pattern

    def reasons_for(self, action: Action) -> tuple[ReasonCode, ...]:
        """The reasons of a step, in the order of the file."""
        return tuple(reason for reason in self.reasons if action in reason.actions)
