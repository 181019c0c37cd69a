"""Judging: what is known of a pass held against the rules in force at its moment."""

from __future__ import annotations

from edge.rules.base import Finding, Judgement, Stage
from edge.rules.known import Known
from edge.rules.table import RuleBook


def try_rules(known: Known, book: RuleBook, stage: Stage | None = None) -> tuple[Judgement, ...]:
    """Try every rule in force on the local day of the pass, or those of one stage; tells of each why."""
    day = known.local(known.first_s).date()
    rules = (r for r in book.in_force(day) if stage is None or r.stage == stage)
    return tuple(rule.judge(known) for rule in rules)


def judge(known: Known, book: RuleBook, stage: Stage | None = None) -> tuple[Finding, ...]:
    """The findings of a pass: at most one per rule, and none of a rule that gives way to another that fires."""
    findings = [j.finding for j in try_rules(known, book, stage) if j.finding is not None]
    found = {f.rule.id for f in findings}
    return tuple(f for f in findings if not found.intersection(f.rule.gives_way_to))
