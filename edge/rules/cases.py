"""Cases in a text file: what is given, and which rules should fire; tried without any video."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge.rules.base import Judgement
from edge.rules.given import Given
from edge.rules.judge import judge, try_rules
from edge.rules.table import RuleBook
from leads.settings_file import SettingsError, load_settings

Expected = Literal["fires", "holds off", "unknown", "gives way", "not in force"]


class Case(BaseModel):
    """One case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """What it shows, as a sentence."""
    expect: Mapping[str, Expected] = Field(min_length=1)
    """Rule ids and what should become of each. Of other rules nothing is asked, unless `only` is set."""
    only: bool = False
    """Whether no other rule may fire."""
    given: Given = Given()
    """What is known of the pass."""

    @model_validator(mode="after")
    def _can_be_made(self) -> Case:
        self.given.known()
        return self


class CaseFile(BaseModel):
    """A file of cases."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cases: tuple[Case, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one rule in one case."""

    case: Case
    rule_id: str
    expected: Expected | None
    """None where nothing was asked of this rule, and it fired where `only` forbids it."""
    became: Expected
    judgement: Judgement | None
    """None where the rule is not in force."""

    @property
    def right(self) -> bool:
        """Whether it became what was expected."""
        return self.became == self.expected


def load_cases(path: Path) -> tuple[Case, ...]:
    """Read a file of cases. Raises SettingsError naming file, line, key and remedy."""
    return load_settings(path, CaseFile).cases


def try_case(case: Case, book: RuleBook) -> Iterator[Tried]:
    """Try a case: each rule that is asked for, and, with `only`, every other that fires.

    Raises SettingsError for a rule that the book does not have.
    """
    missing = sorted(set(case.expect) - {rule.id for rule in book.rules})
    if missing:
        raise SettingsError([f"case {case.name!r}: the book has no rule {', '.join(missing)}; correct its name"])
    known = case.given.known()
    judged = {j.rule.id: j for j in try_rules(known, book)}
    leads = {f.rule.id for f in judge(known, book)}
    for rule_id, expected in case.expect.items():
        judgement = judged.get(rule_id)
        yield Tried(case, rule_id, expected, _became(judgement, leads), judgement)
    if case.only:
        for rule_id in sorted(leads - set(case.expect)):
            yield Tried(case, rule_id, None, "fires", judged[rule_id])


def _became(judgement: Judgement | None, leads: set[str]) -> Expected:
    if judgement is None:
        return "not in force"
    if judgement.outcome == "fires" and judgement.rule.id not in leads:
        return "gives way"
    return judgement.outcome
