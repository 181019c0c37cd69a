"""The rule book in configs/rules: dated tables that a bureau reads, dates and changes without touching code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge.rules.base import RuleBase
from edge.rules.catalogue import Catalogue, Offence
from edge.rules.goods import GoodsRule
from edge.rules.loads import LoadRule
from edge.rules.passenger import PassengerRule
from edge.rules.plates import PlateRule
from edge.rules.sizes import OverSizeRule
from edge.rules.suspicion import LooksOverloadedRule
from edge.rules.traffic import ClosedZoneRule, NoStopRule, WrongWayRule
from edge.rules.weight import WeightRule
from leads.settings_file import SettingsError, load_settings

CATALOGUE: Final = "classes.yaml"
"""The catalogue of offences, beside the tables."""

Rule = Annotated[
    ClosedZoneRule
    | NoStopRule
    | WrongWayRule
    | WeightRule
    | OverSizeRule
    | LoadRule
    | LooksOverloadedRule
    | PassengerRule
    | GoodsRule
    | PlateRule,
    Field(discriminator="kind"),
]


class RuleTable(BaseModel):
    """One file of rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Name of the table."""
    version: str
    """Version of the table as published, for example 2026.1."""
    rules: tuple[Rule, ...]
    """The rules; two versions of one may stand side by side with different dates."""

    @model_validator(mode="after")
    def _versions_are_unique(self) -> Self:
        twice = _twice(self.rules)
        if twice:
            raise ValueError(f"rules stand twice: {', '.join(twice)}")
        return self


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All tables of a site and the catalogue they belong to."""

    tables: tuple[RuleTable, ...]
    catalogue: Catalogue
    sha256: str
    """Over the files as loaded."""
    _by_day: dict[date, tuple[RuleBase, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def rules(self) -> tuple[RuleBase, ...]:
        """Every version of every rule, in order of the files."""
        return tuple(rule for table in self.tables for rule in table.rules)

    def offence(self, rule: RuleBase) -> Offence:
        """The class of a rule."""
        return next(o for o in self.catalogue.offences if o.id == rule.offence)

    def unit(self, rule: RuleBase) -> str:
        """The unit that gets the leads of a rule."""
        return rule.unit or self.offence(rule).unit

    def is_on(self, rule: RuleBase) -> bool:
        """Whether the rule's class is judged."""
        return self.offence(rule).state == "on"

    def in_force(self, day: date) -> tuple[RuleBase, ...]:
        """The rules of a local day, one version of each: the one that came into force last, of two the higher."""
        if day not in self._by_day:
            newest: dict[str, RuleBase] = {}
            for rule in (r for r in self.rules if r.dated(day) and self.is_on(r)):
                other = newest.get(rule.id)
                if other is None or (other.effective_from, other.version) < (rule.effective_from, rule.version):
                    newest[rule.id] = rule
            self._by_day.clear()
            self._by_day[day] = tuple(newest.values())
        return self._by_day[day]

    def with_rules(self, rules: Sequence[RuleBase]) -> RuleBook:
        """A book of these rules alone, under the same catalogue."""
        table = self.tables[0].model_copy(update={"rules": tuple(rules)})
        return RuleBook((table,), self.catalogue, self.sha256)


def load_book(path: Path) -> RuleBook:
    """Read a folder of tables, or one table with the catalogue beside it.

    Raises `SettingsError` naming file, line, key and remedy.
    """
    folder = path if path.is_dir() else path.parent
    files = sorted(p for p in folder.glob("*.yaml") if p.name != CATALOGUE) if path.is_dir() else [path]
    if not files:
        raise SettingsError([f"{path}: holds no rule table (*.yaml); copy those of configs/rules"])
    tables = tuple(load_settings(file, RuleTable) for file in files)
    catalogue = load_settings(folder / CATALOGUE, Catalogue)
    digest = sha256()
    for file in (*files, folder / CATALOGUE):
        digest.update(sha256(file.read_bytes()).digest())
    book = RuleBook(tables, catalogue, digest.hexdigest())
    problems = list(_problems(files, book, whole=path.is_dir()))
    if problems:
        raise SettingsError(problems)
    return book


def _problems(files: Sequence[Path], book: RuleBook, *, whole: bool) -> Iterator[str]:
    offences = {o.id for o in book.catalogue.offences}
    ids = {rule.id for rule in book.rules}
    stages = {rule.id: rule.stage for rule in book.rules}
    for file, table in zip(files, book.tables, strict=True):
        for rule in table.rules:
            if rule.offence not in offences:
                known = ", ".join(sorted(offences))
                yield f"{file}: {rule.id}: no class {rule.offence!r} in {CATALOGUE}; it has {known}"
            for other in rule.gives_way_to:
                if whole and other not in ids:
                    yield f"{file}: {rule.id}: gives way to {other}, which no table has: correct or remove it"
                elif stages.get(other, rule.stage) != rule.stage:
                    yield f"{file}: {rule.id}: gives way to {other}, which is judged at another time: remove it"
    for name in _twice(book.rules):
        yield f"{files[0].parent}: {name} stands in two tables: keep one"


def _twice(rules: Sequence[RuleBase]) -> list[str]:
    names = [(r.id, r.version) for r in rules]
    return sorted({f"{i} version {v}" for i, v in names if names.count((i, v)) > 1})
