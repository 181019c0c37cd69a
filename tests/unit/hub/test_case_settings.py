"""What a bureau sets about its cases: the shipped file holds, and what cannot work is refused with its remedy."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from hub.cases.machine import CLOSED, REMARKS, TRANSITIONS, State
from hub.cases.settings import CaseSettings
from leads.settings_file import load_settings
from tests.hub_worlds import CASES, ROOT


def _shipped(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return told | changes


def test_the_shipped_file_says_all_that_a_case_needs() -> None:
    settings = load_settings(CASES, CaseSettings)
    assert set(settings.due_hours) == set(State) - CLOSED
    for step in TRANSITIONS + REMARKS:
        assert bool(settings.reasons_for(step.action)) or not step.needs_reason
    assert "unverified" in settings.source


def test_offences_named_in_it_are_in_the_catalogue() -> None:
    settings = load_settings(CASES, CaseSettings)
    catalogue = yaml.safe_load((ROOT / "configs/rules/classes.yaml").read_text(encoding="utf-8"))
    known = {offence["id"] for offence in catalogue["offences"]}
    assert set(settings.warning.offences) | set(settings.same_act.offences) <= known


@pytest.mark.parametrize("pattern", ["{number:05d}", "{year}", "案件", "{year}-{number}-{box}", "{year}{number:x!}"])
def test_a_case_number_needs_year_and_number_and_nothing_else(pattern: str) -> None:
    with pytest.raises(ValidationError, match="case_number"):
        CaseSettings.model_validate(_shipped(case_number=pattern))


def test_a_case_number_fits_its_column() -> None:
    CaseSettings.model_validate(_shipped(case_number="延交执罚〔{year}〕{number:05d}号"))
    with pytest.raises(ValidationError, match="make it shorter"):
        CaseSettings.model_validate(
            _shipped(case_number="延平区交通运输综合执法大队行政处罚案件卷宗编号〔{year}〕第{number:05d}号")
        )


def test_a_step_that_needs_a_reason_has_one_to_choose() -> None:
    reasons = [reason for reason in _shipped()["reasons"] if "other_act" not in reason["actions"]]
    with pytest.raises(ValidationError, match="no reason can be given for other_act"):
        CaseSettings.model_validate(_shipped(reasons=reasons))


def test_a_reason_stands_once_and_fits_its_column() -> None:
    reasons = _shipped()["reasons"]
    with pytest.raises(ValidationError, match="two reasons have one code"):
        CaseSettings.model_validate(_shipped(reasons=[*reasons, reasons[0]]))
    with pytest.raises(ValidationError, match="at most 40"):
        CaseSettings.model_validate(_shipped(reasons=[*reasons, reasons[0] | {"code": "x" * 41}]))


def test_an_offence_may_have_hours_of_its_own() -> None:
    same_act = load_settings(CASES, CaseSettings).same_act
    assert (same_act.hours_of("dangerous_goods"), same_act.hours_of("traffic")) == (12, 24)
