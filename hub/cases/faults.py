"""Why a step cannot be taken: a code for programs, and words for people in words/fault.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Code = Literal["not_found", "roles", "input", "stale", "not_now", "four_eyes", "same_act", "no_warning"]
"""What kind of fault it is; all but the first three are conflicts with how the entry stands."""


@dataclass(frozen=True)
class Fault:
    """Why a step cannot be taken."""

    code: Code
    text: str
    """Key in words/fault.yaml."""
    other: int | None = None
    """Number of the entry that stands against it."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What is filled into the text."""


class StepError(Exception):
    """A step that cannot be taken; nothing was changed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.code}: {fault.text}")
        self.fault = fault


def refuse(code: Code, text: str, **values: str) -> StepError:
    """The error for a fault without another entry."""
    return StepError(Fault(code, text, values=values))
