"""Body and load are told as often and as rightly as when the baseline was stored."""

from __future__ import annotations

import pytest

from tests.accuracy.bodies import baseline, figures, on_photographs, on_samples

ONE_VEHICLE = 0.025
"""A photograph more or less: another build of the arithmetic library tips one over a bar."""


def test_photographs_are_told_as_before() -> None:
    stored, told = baseline()["photographs"], on_photographs()
    print(told)
    assert told["body_vehicles"] == stored["body_vehicles"], "the photographs have changed: the baseline holds no more"
    fallen = {name: (stored[name], told[name]) for name in stored if told[name] < stored[name] - ONE_VEHICLE}
    assert not fallen, f"fallen, from and to: {fallen}"


@pytest.mark.timeout(900)
def test_the_trucks_of_the_sample_clips_are_told_as_before_and_none_wrongly() -> None:
    answers = on_samples()
    print(*(f"{name}: {answer}" for name, answer in answers.items()), sep="\n")
    told, stored = figures(answers), baseline()["samples"]
    assert told["asked"] >= stored["asked"]
    assert told["right"] >= stored["right"]
    wrong = {name: answer for name, answer in answers.items() if answer[2] not in (None, answer[1])}
    assert not wrong, f"question, truth, answer: {wrong}"
