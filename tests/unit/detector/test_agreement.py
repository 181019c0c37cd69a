"""Several shots of one sign: what they agree on counts, what they do not is not made up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detector.agreement import Agreed, Read, agree, distance, joined
from detector.sign_alphabet import ALPHABET
from tests.unit.detector.views import shot, sign

TEXTS = st.text("闽HA17-", max_size=8)


def reads(*texts: str, weight: float = 10.0, score: float = 0.95, colour: str = "yellow") -> list[Read]:
    return [
        Read(sign(text, score=score, colour=colour), shot(float(i), (0, 0, 200, 200)), weight)
        for i, text in enumerate(texts)
    ]


def only(*texts: str) -> Agreed:
    (agreed,) = agree(reads(*texts))
    return agreed


def test_two_shots_that_read_the_same_are_surer_than_one() -> None:
    agreed = only("闽H31782", "闽H31782")
    assert (agreed.text, agreed.colour, agreed.shots, agreed.doubt) == ("闽H31782", "yellow", 2, "")
    assert agreed.confidence > only("闽H31782").confidence


def test_two_shots_know_less_than_two_that_share_no_blur() -> None:
    """Two independent experts would be multiplied: their powers would add up to 2."""
    slots = reads("闽H31782")[0].sign.chances.slots
    together = joined(reads("闽H31782", "闽H31782")).slots
    own, other = ALPHABET.index("8"), ALPHABET.index("A")
    alone = float(slots[5, own] - slots[5, other])
    assert alone < float(together[5, own] - together[5, other]) < 1.6 * alone


def test_one_shot_alone_is_doubtful() -> None:
    agreed = only("闽H31782")
    assert (agreed.text, agreed.shots, agreed.doubt) == ("闽H31782", 1, "read in one shot alone")


def test_two_shots_that_read_the_same_with_little_confidence_are_doubtful() -> None:
    (agreed,) = agree(reads("闽H31782", "闽H31782", score=0.6))
    assert agreed.shots == 2
    assert agreed.doubt == f"the readings are not sure enough ({agreed.confidence:.2f})"


def test_the_odd_one_out_is_outvoted_and_costs_confidence() -> None:
    agreed = only("闽H31782", "闽H31702", "闽H31782")
    assert (agreed.text, agreed.shots) == ("闽H31782", 2)
    assert agreed.confidence < only("闽H31782", "闽H31782", "闽H31782").confidence


def test_a_character_that_two_shots_read_differently_stays_unread() -> None:
    agreed = only("闽H31782", "闽H31702")
    assert (agreed.text, agreed.shots, agreed.doubt) == ("闽H317-2", 2, "not every character could be read")


def test_a_character_that_one_shot_cannot_read_is_filled_in_by_another() -> None:
    agreed = only("闽H317-2", "闽H31782", "闽H3178-")
    assert (agreed.text, agreed.shots, agreed.doubt) == ("闽H31782", 3, "")


def test_a_shot_that_reads_another_character_surely_supports_nothing() -> None:
    weak, strong = reads("闽H31702", score=0.7), reads("闽H31702", score=0.97)
    sure = [Read(sign("闽H31782", score=0.97), shot(5.0, (0, 0, 200, 200)), 40.0)]
    assert agree([*sure, *weak])[0].shots == 2
    (agreed,) = agree([*sure, *strong])
    assert (agreed.text, agreed.shots, agreed.doubt) == ("闽H31782", 1, "no two shots support it")


def test_three_characters_that_a_shot_cannot_read_are_no_support() -> None:
    (agreed, *_) = agree([*reads("闽H31782", weight=40), *reads("闽H3----")], most_apart=4)
    assert (agreed.text, agreed.shots) == ("闽H31782", 1)


def test_a_number_of_another_length_does_not_shift_the_others() -> None:
    """As it is painted large on the rear of a tank, with a stroke after the second character."""
    agreed = agree([*reads("闽H34468", "闽H34468"), *reads("闽H-34468", weight=30, colour="green")])
    assert (agreed[0].text, agreed[0].shots, agreed[0].doubt) == ("闽H34468", 2, "")


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
