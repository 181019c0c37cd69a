"""Several shots of one sign: what they agree on counts, what they do not is not made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.agreement import Agreed, Read, agree, distance
from tests.unit.detector.views import shot, sign

TEXTS = st.text("闽HA17-", max_size=8)


def reads(*texts: str, weight: float = 10.0, score: float = 0.9) -> list[Read]:
    return [Read(sign(text, score=score), shot(float(i), (0, 0, 200, 200)), weight) for i, text in enumerate(texts)]


def only(*texts: str) -> Agreed:
    (agreed,) = agree(reads(*texts))
    return agreed


def test_two_shots_that_read_the_same_agree() -> None:
    agreed = only("闽H31782", "闽H31782")
    assert (agreed.text, agreed.shots, agreed.doubt) == ("闽H31782", 2, "")
    assert agreed.confidence == pytest.approx(0.9)


def test_one_shot_alone_is_doubtful() -> None:
    agreed = only("闽H31782")
    assert (agreed.text, agreed.shots, agreed.doubt) == ("闽H31782", 1, "read in one shot alone")


def test_two_shots_that_read_the_same_with_little_confidence_are_doubtful() -> None:
    (agreed,) = agree(reads("闽H31782", "闽H31782", score=0.5))
    assert (agreed.shots, agreed.doubt) == (2, "the readings are not sure enough (0.50)")


def test_the_odd_one_out_is_outvoted_and_costs_confidence() -> None:
    agreed = only("闽H31782", "闽H31702", "闽H31782")
    assert (agreed.text, agreed.shots) == ("闽H31782", 2)
    assert agreed.confidence < only("闽H31782", "闽H31782").confidence


def test_a_character_that_two_shots_read_differently_stays_unread() -> None:
    agreed = only("闽H31782", "闽H31702")
    assert agreed.text == "闽H317-2"
    assert agreed.shots == 0
    assert agreed.doubt == "no two shots read the same"


def test_an_unread_character_is_filled_in_by_another_shot_but_does_not_make_it_two() -> None:
    agreed = only("闽H317-2", "闽H31782")
    assert (agreed.text, agreed.shots) == ("闽H31782", 1)
    assert agreed.doubt


def test_the_frame_that_proves_it_is_the_weightiest_that_read_just_this() -> None:
    small, large, other = reads("闽H31782", "闽H31782", "闽H31702")
    weighty = Read(large.sign, large.shot, 40.0)
    (agreed,) = agree([small, weighty, Read(other.sign, other.shot, 20.0)])
    assert agreed.best is weighty


def test_two_different_plates_stay_apart() -> None:
    assert [a.text for a in agree(reads("闽H31782", "闽H31782", "粤B8K520"))] == ["闽H31782", "粤B8K520"]


def test_one_shot_votes_once() -> None:
    twice = reads("闽H31782")
    (agreed,) = agree([*twice, Read(sign("闽H31782"), twice[0].shot, 5.0)])
    assert agreed.shots == 1


def test_nothing_read_is_nothing_agreed() -> None:
    assert agree(reads("-------", "")) == []


@given(TEXTS, TEXTS)
def test_distance_is_a_distance(a: str, b: str) -> None:
    assert distance(a, b) == distance(b, a)
    assert distance(a, a) == 0
    assert abs(len(a) - len(b)) <= distance(a, b) <= max(len(a), len(b))
