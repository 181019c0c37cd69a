"""Every case of the shipped case files comes out as it says, and every rule has cases for and against it."""

from pathlib import Path

import pytest

from edge.rules import load_book
from edge.rules.cases import Case, load_cases, try_case

RULES = Path(__file__).resolve().parents[4] / "configs/rules"
BOOK = load_book(RULES)
FILES = sorted((RULES / "cases").glob("*.yaml"))
CASES = [(file.stem, case) for file in FILES for case in load_cases(file)]


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{file}: {case.name}") for file, case in CASES])
def test_case(case: Case) -> None:
    wrong = [
        f"{t.rule_id} {t.became}: {t.judgement and t.judgement.checks}" for t in try_case(case, BOOK) if not t.right
    ]

    assert not wrong


@pytest.mark.parametrize("rule_id", sorted({rule.id for rule in BOOK.rules}))
def test_each_rule_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(rule_id: str) -> None:
    asked = {case.expect[rule_id] for _, case in CASES if rule_id in case.expect}

    assert "fires" in asked
    assert asked & {"holds off", "unknown"}
