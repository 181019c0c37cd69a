"""Commands of the rule book: `lushao edge rules ...`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, get_args, get_origin

import typer
from pydantic import BaseModel
from rich.console import Console

from edge.rules.base import RuleBase
from edge.rules.cases import Case, Tried, load_cases, try_case
from edge.rules.given import Given
from edge.rules.numbers import Quantity
from edge.rules.table import RuleBook, load_book
from leads.settings_file import SettingsError

app = typer.Typer(help="The rule book: list it, explain a rule, try a case.", no_args_is_help=True)
out, err = Console(highlight=False), Console(stderr=True, highlight=False)
DEFAULT = Path("configs/rules")
BookPath = Annotated[Path, typer.Option("--rules", help="Folder of rule tables, or one table.")]


def _book(path: Path) -> RuleBook:
    try:
        return load_book(path)
    except SettingsError as error:
        raise _failed(*error.problems) from None


def _failed(*lines: str) -> typer.Exit:
    for line in lines:
        err.print(line, style="red", soft_wrap=True, markup=False)
    return typer.Exit(1)


@app.command("list")
def list_rules(rules: BookPath = DEFAULT) -> None:
    """List the classes of offences and the rules of each, with versions and dates."""
    book = _book(rules)
    _line(f"{book.catalogue.name} {book.catalogue.version} ({book.catalogue.source})")
    for offence in sorted(book.catalogue.offences, key=lambda o: o.number):
        off = "" if offence.state == "on" else " (off)"
        _line(f"\n{offence.number} {offence.title.zh} / {offence.title.en}{off}: {offence.proof}, to {offence.unit}")
        mine = [rule for rule in book.rules if rule.offence == offence.id]
        if not mine and offence.needs:
            _line(f"  needs {offence.needs}")
        for rule in mine:
            _line(f"  {rule.id} v{rule.version}  {rule.title.zh} / {rule.title.en}")
            unit = f", to {rule.unit}" if rule.unit else ""
            _line(f"            {rule.effective_from} to {rule.effective_to or 'open'}, {rule.confidence}{unit}")


def _line(text: str) -> None:
    """Print as it stands: no colours by words, and a terminal, not the line, decides where it wraps."""
    out.print(text, markup=False, soft_wrap=True)


@app.command()
def explain(rule: Annotated[str, typer.Argument(help="Its id, for example OL-01.")], rules: BookPath = DEFAULT) -> None:
    """Tell all that stands of a rule: what it is about, its law, its dates, and every number with its source."""
    book = _book(rules)
    found = [r for r in book.rules if r.id == rule]
    if not found:
        raise _failed(f"no rule {rule}; there are {', '.join(sorted({r.id for r in book.rules}))}")
    for version in found:
        _explain(version, book)


def _explain(rule: RuleBase, book: RuleBook) -> None:
    offence = book.offence(rule)
    on = "" if book.is_on(rule) else " (class is off: the rule is not judged)"
    out.print(f"[bold]{rule.id} v{rule.version}[/] {rule.title.zh} / {rule.title.en}{on}")
    out.print(f"  {(type(rule).__doc__ or '').splitlines()[0]}", markup=False)
    out.print(f"  class     {offence.number} {offence.title.zh}; leads go to {book.unit(rule)}; proof: {offence.proof}")
    out.print(f"  holds     {rule.jurisdiction}, from {rule.effective_from} to {rule.effective_to or 'open'}")
    if rule.hours:
        out.print(f"  hours     {', '.join(map(str, rule.hours))}")
    if rule.classes:
        out.print(f"  vehicles  {', '.join(rule.classes)}")
    if rule.gives_way_to:
        out.print(f"  gives way to {', '.join(rule.gives_way_to)}, where one of them fires")
    for basis in rule.legal_basis:
        _line(f"  law       {basis} ({rule.confidence})")
    out.print(f"  numbers   their ids begin with {_prefix(rule)}")
    for number, quantity in numbers_of(rule):
        name = number.removeprefix(_prefix(rule))
        _line(f"    {name:<46}{quantity.value:>8g} {quantity.unit}\n        {quantity.source} ({quantity.confidence})")


def _prefix(rule: RuleBase) -> str:
    return f"{rule.id}.v{rule.version}."


def numbers_of(rule: RuleBase) -> list[tuple[str, Quantity]]:
    """Every number of a rule with its id, RULE.vN.place; numbers hold as long as their version of the rule."""
    return [(f"{_prefix(rule)}{place}", number) for place, number in _numbers(rule, "")]


def _numbers(value: object, place: str) -> list[tuple[str, Quantity]]:
    if isinstance(value, Quantity):
        return [(place, value)]
    parts: list[tuple[object, object]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, tuple | list):
        parts = list(enumerate(value))
    elif isinstance(value, BaseModel):
        parts = [(name, getattr(value, name)) for name in type(value).model_fields]
    return [n for key, part in parts for n in _numbers(part, f"{place}.{key}" if place else str(key))]


@app.command("test")
def try_cases(
    cases: Annotated[list[Path], typer.Argument(metavar="CASES.yaml...", help="Files of cases.")],
    rules: BookPath = DEFAULT,
    why: Annotated[bool, typer.Option("--why", help="Tell of right ones, too, why they came out so.")] = False,
) -> None:
    """Try cases written down in text files, and tell of each rule why it fires or not."""
    book = _book(rules)
    wrong = tried = 0
    try:
        for case in (case for path in cases for case in load_cases(path)):
            results = list(try_case(case, book))
            bad = [t for t in results if not t.right]
            tried, wrong = tried + 1, wrong + bool(bad)
            if why or bad:
                _tell(case, results if why else bad)
    except SettingsError as error:
        raise _failed(*error.problems) from None
    if wrong:
        raise _failed(f"{wrong} of {tried} cases came out otherwise than expected")
    out.print(f"[green]{tried} of {tried} cases came out as expected[/]")


def _tell(case: Case, results: list[Tried]) -> None:
    out.print(f"[bold]{case.name}[/]", soft_wrap=True)
    for tried in results:
        colour = "green" if tried.right else "red"
        expected = "" if tried.right else f", expected {tried.expected or 'nothing'}"
        version = f" v{tried.judgement.rule.version}" if tried.judgement else ""
        out.print(f"  [{colour}]{tried.rule_id}{version} {tried.became}{expected}[/]")
        for check in tried.judgement.checks if tried.judgement else ():
            sign = {True: "+", False: "-", None: "?"}[check.met]
            wanted = f" (wanted: {check.wanted})" if check.wanted else ""
            out.print(f"    {sign} {check.what}: {check.found}{wanted}", markup=False, soft_wrap=True)


@app.command("given")
def list_given() -> None:
    """List what may be given in a case, with what it means."""
    for line in _given(Given, ""):
        out.print(line, markup=False, soft_wrap=True)


def _given(model: type[BaseModel], indent: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kinds = [k for k in (field.annotation, *get_args(field.annotation)) if isinstance(k, type)]
        parts = next((k for k in kinds if issubclass(k, BaseModel)), None)
        listed = get_origin(field.annotation) is tuple
        told = " ".join((field.description or (parts.__doc__ if parts else None) or "").split())
        yield f"{indent}{name}{' (a list)' if listed else ''}{': ' if told else ''}{told}"
        if parts is not None:
            yield from _given(parts, indent + "  ")
